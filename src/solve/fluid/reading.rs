//! A history of the traffic read at instants in between: what was wanted and lost up to there, and how
//! everything stands.
//!
//! Holds: readings of one history may be taken off each other, and those of neighbouring stretches add
//! up to those of both. What a stall has cost at an instant is what it would cost if it ended there.

use super::users::{Crowd, Endured};
use super::{Live, set};
use crate::convert::table;
use crate::health::View;
use crate::plan::fluid::FluidPlan;
use crate::plan::fluid::state::{Bits, Input};
use crate::units::SimTime;

/// Above this share of failing or waiting views nothing is served to speak of.
const ALL: f64 = 0.99;

/// What one class has wanted and lost since time zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassReading {
    /// Views wanted.
    pub intended: f64,
    /// Views lost, by cause of the plan; the last is overload.
    pub lost: Vec<f64>,
    /// Views not asked for: the session had ended.
    pub never_born: f64,
    /// Views that will not be asked for: the session has ended.
    pub to_come: f64,
    /// 5-minute intervals in which 1 % or more is lost or stands still; whole at their ends.
    pub bad_intervals: f64,
}

/// What all have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// By class.
    pub classes: Vec<ClassReading>,
    /// 5-minute intervals that are bad for one class at least; whole at their ends.
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
    /// What came since an earlier reading. Who had gone then took along what he would have asked for
    /// since, where something `begins` there; where it `ends` here, who has gone takes along the rest.
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

/// How everything stands at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// A part is broken, slow, not believed in, cut off or on its way, or the traffic is another than
    /// by its profile. Who has an address or a role does not matter, as long as somebody has it.
    pub wrong: bool,
    /// Somebody still waits because of what was wrong.
    pub waits: bool,
    /// Hardly a view of any class is served.
    pub dark: bool,
    /// More may be asked for than can be done.
    pub strained: bool,
}

/// Which inputs say that something is wrong.
#[derive(Clone, Debug)]
pub struct Wellness {
    well: Bits,
    matters: Bits,
}

impl Wellness {
    /// Of a plan.
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

    /// What was wanted and lost up to now, at the end of a 5-minute interval.
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
        let mut all: Vec<ClassReading> = self.rows.iter().map(of).collect();
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

    /// What stalls under way have cost, as if they ended here: cause, workload, cost and its users then.
    fn stalls_so_far(&self) -> impl Iterator<Item = (u32, usize, Endured, Crowd<'p>)> + '_ {
        let stalls = self.stalls.iter().enumerate();
        stalls.filter_map(|(group, stall)| Some((group, stall.as_ref()?))).flat_map(
            |(group, stall)| {
                let lasted = self.from.since(stall.since).seconds();
                let seen = if lasted > 0.0 {
                    self.stalled_so_far(group, stall, lasted)
                } else {
                    Vec::new()
                };
                seen.into_iter()
                    .map(|(workload, endured, crowd)| (stall.cause, workload, endured, crowd))
            },
        )
    }

    /// Sessions that have ended with a lost view and would have gone on, by workload. What a stall under way
    /// has cost so far is in it as if it ended here.
    #[must_use]
    pub fn gone(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self.crowds.iter().map(|crowd| crowd.gone).collect();
        for (_, workload, _, crowd) in self.stalls_so_far() {
            all[workload] = crowd.gone;
        }
        all
    }

    /// How everything stands.
    #[must_use]
    pub fn looks(&self, wellness: &Wellness) -> Looks {
        let load = &self.load.classes;
        Looks {
            wrong: wellness.is_wrong(&self.bits) || self.level.iter().any(|level| *level != 0),
            waits: self.stalls.iter().any(Option::is_some)
                || self.rows.iter().any(|row| row.waiting > 0.0 && !row.settled),
            dark: load.iter().all(|class| class.fails + class.stalls >= ALL),
            strained: self.memo.cells[self.cell as usize].strained,
        }
    }

    /// The oldest cause of what is wrong, by place; that of overload where nothing is broken.
    pub fn blame(&mut self, wellness: &Wellness, view: View<'_>) -> u32 {
        match wellness.wrong(&self.bits) {
            inputs if inputs.is_empty() => self.overload_place(),
            inputs => self.why(&inputs, view),
        }
    }

    /// The place of overload among the causes.
    #[must_use]
    pub fn overload_place(&self) -> u32 {
        self.rows.first().map_or(0, |row| table::u32(row.tally.lost.len()) - 1)
    }

    /// By CDN: since when nobody answers its edges, where nobody does.
    #[must_use]
    pub fn silent(&self) -> &[Option<SimTime>] {
        &self.silent
    }

    /// When the level of the traffic changes next.
    #[must_use]
    pub const fn level_ends(&self) -> SimTime {
        self.level_ends
    }
}
