//! Readings of the traffic of a trajectory at intermediate instants: the intended and lost views so far, and the
//! present condition.
//!
//! Holds: readings of one trajectory may be subtracted, and those of adjacent intervals add up to those of both. The
//! cost of a stall at an instant is the cost it would have if it ended there.

use super::users::{Crowd, Endured};
use super::{Live, set};
use crate::convert::table;
use crate::health::View;
use crate::plan::fluid::FluidPlan;
use crate::plan::fluid::state::{Bits, Input};
use crate::units::SimTime;

/// Share of failing or waiting views above which almost nothing is served.
const ALL: f64 = 0.99;

/// Intended and lost views of one class since time zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassReading {
    /// Intended views.
    pub intended: f64,
    /// Views lost, by cause of the plan; the last is overload.
    pub lost: Vec<f64>,
    /// Views never requested: the session had ended.
    pub never_born: f64,
    /// Views that will not be requested: the session has ended.
    pub to_come: f64,
    /// 5-minute intervals in which at least 1 % is lost or stalled; whole at their ends.
    pub bad_intervals: f64,
}

/// Readings of all classes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Readings per class.
    pub classes: Vec<ClassReading>,
    /// 5-minute intervals that are bad for at least one class; whole at their ends.
    pub bad_intervals: f64,
}

impl Reading {
    /// See [`ClassReading::since`].
    #[must_use]
    pub fn since(&self, earlier: &Self, ends: [bool; 2]) -> Self {
        let classes = self.classes.iter().zip(&earlier.classes);
        Self {
            classes: classes.map(|(now, then)| now.since(then, ends)).collect(),
            bad_intervals: self.bad_intervals - earlier.bad_intervals,
        }
    }
}

impl ClassReading {
    /// Returns the difference to an earlier reading. If something `begins` at the earlier one, the later views of users
    /// who had left by then are taken out. If it `ends` here, the remaining views of departed users are included.
    #[must_use]
    pub fn since(&self, earlier: &Self, [begins, ends]: [bool; 2]) -> Self {
        let before = if begins { earlier.to_come } else { 0.0 };
        let after = if ends { self.to_come } else { 0.0 };
        let lost = self.lost.iter().zip(&earlier.lost).map(|(now, then)| now - then);
        Self {
            intended: self.intended - earlier.intended,
            lost: lost.collect(),
            never_born: self.never_born - earlier.never_born - before + after,
            to_come: self.to_come,
            bad_intervals: self.bad_intervals - earlier.bad_intervals,
        }
    }
}

/// Condition at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// True if a part is broken, slow, not believed alive, cut off or in transit, or the traffic deviates from its
    /// profile. The holder of a virtual IP or role does not matter as long as there is one.
    pub wrong: bool,
    /// True if requests still wait because of an earlier failure.
    pub waits: bool,
    /// True if almost no view of any class is served.
    pub dark: bool,
    /// True if the load may exceed the capacity.
    pub strained: bool,
}

/// Inputs that show a failure.
#[derive(Clone, Debug)]
pub struct Wellness {
    well: Bits,
    matters: Bits,
}

impl Wellness {
    /// Determines the inputs of a plan.
    #[must_use]
    pub fn of(plan: &FluidPlan) -> Self {
        let well = plan.well();
        let mut matters: Bits = vec![0; well.len()].into();
        for (at, input) in plan.inputs.iter().enumerate() {
            if !matches!(input, Input::At(..) | Input::Holds(..)) {
                set(&mut matters, at, true);
            }
        }
        Self { well, matters }
    }

    fn is_wrong(&self, bits: &Bits) -> bool {
        let words = bits.iter().zip(&self.well).zip(&self.matters);
        words.into_iter().any(|((now, well), matters)| (now ^ well) & matters != 0)
    }

    fn wrong(&self, bits: &Bits) -> Vec<u32> {
        let differs = |at: usize| {
            let word = (bits[at / 64] ^ self.well[at / 64]) & self.matters[at / 64];
            word >> (at % 64) & 1 == 1
        };
        (0..bits.len() * 64).filter(|at| differs(*at)).map(|at| table::u32(at)).collect()
    }
}

impl<'p> Live<'_, 'p> {
    /// Accounts for everything up to `at`, which is not before the last change.
    pub fn live_until(&mut self, at: SimTime) {
        self.account(at.min(self.end));
    }

    /// Returns the intended and lost views up to now, at the end of a 5-minute interval.
    pub fn read(&mut self) -> Reading {
        self.rows.iter_mut().for_each(super::row::Row::end_interval);
        self.gather();
        let of = |row: &super::row::Row| ClassReading {
            intended: row.tally.intended,
            lost: row.tally.lost.clone(),
            never_born: row.tally.never_born,
            to_come: 0.0,
            bad_intervals: row.tally.bad_intervals,
        };
        let mut all: Vec<ClassReading> = self.views_rows().iter().map(of).collect();
        for (of, crowd) in self.memo.plan.workloads.iter().zip(&self.crowds) {
            all[of.class].to_come += crowd.to_come();
        }
        for (cause, workload, endured, crowd) in self.stalls_so_far() {
            let class = self.memo.plan.workloads[workload].class;
            all[class].lost[cause as usize] += endured.lost;
            all[class].never_born += endured.never_born;
            all[class].to_come += crowd.to_come() - self.crowds[workload].to_come();
        }
        Reading { classes: all, bad_intervals: self.bad }
    }

    /// Returns the cost of stalls in progress, as if they ended here: cause, workload, cost and its users at that time.
    fn stalls_so_far(&self) -> impl Iterator<Item = (u32, usize, Endured, Crowd<'p>)> + '_ {
        let stalls = self.stalls.iter().enumerate();
        stalls.filter_map(|(group, stall)| Some((group, stall.as_ref()?))).flat_map(
            |(group, stall)| {
                let lasted = self.from.since(stall.since).seconds();
                let seen = if lasted > 0.0 {
                    self.stalled_so_far(group, stall, lasted, &self.load)
                } else {
                    Vec::new()
                };
                seen.into_iter()
                    .map(|(workload, endured, crowd)| (stall.cause, workload, endured, crowd))
            },
        )
    }

    /// Returns the sessions that have ended with a lost view and would have continued, by workload. Stalls in progress
    /// are included as if they ended here.
    #[must_use]
    pub fn gone(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self.crowds.iter().map(|crowd| crowd.gone).collect();
        for (_, workload, _, crowd) in self.stalls_so_far() {
            all[workload] = crowd.gone;
        }
        all
    }

    /// Returns the present condition.
    #[must_use]
    pub fn looks(&self, wellness: &Wellness) -> Looks {
        let load = &self.load.flows[..self.load.messages().start];
        Looks {
            wrong: wellness.is_wrong(&self.bits) || self.level.iter().any(|level| *level != 0),
            waits: self.stalls.iter().any(Option::is_some)
                || self.rows.iter().any(|row| row.waiting > 0.0 && !row.settled),
            dark: load.iter().all(|class| class.fails + class.stalls >= ALL),
            strained: self.memo.cells[self.cell as usize].strained,
        }
    }

    /// Returns the oldest cause of the present failures, by place; that of overload where nothing is broken.
    pub fn blame(&mut self, wellness: &Wellness, view: View<'_>) -> u32 {
        match wellness.wrong(&self.bits) {
            inputs if inputs.is_empty() => self.overload_place(),
            inputs => self.why(&inputs, view),
        }
    }

    /// Returns the place of overload among the causes.
    #[must_use]
    pub fn overload_place(&self) -> u32 {
        self.rows.first().map_or(0, |row| table::u32(row.tally.lost.len()) - 1)
    }

    /// Returns the start of the present silence of the origin, per CDN; `None` while an origin answers.
    #[must_use]
    pub fn silent(&self) -> &[Option<SimTime>] {
        &self.silent
    }

    /// Returns the instant of the next change of the traffic level.
    #[must_use]
    pub const fn level_ends(&self) -> SimTime {
        self.level_ends
    }
}
