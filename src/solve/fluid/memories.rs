//! Object caches and RAM caches that have lost their content, in a trajectory: each fills by the look-ups that reach it.

use super::{Live, Memo, STEP, set_age};
use crate::plan::fluid::FluidPlan;
use crate::plan::fluid::state::Input;
use crate::units::{SimDuration, SimTime};

/// Content of a memory, as it fills.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filling {
    /// True while its content is lost, and nothing enters it.
    lost: bool,
    /// True if a fault has emptied it at this instant.
    emptied: bool,
    /// Step at which it is, from 1; 0 when it is warm.
    step: u32,
    /// Look-ups left in the step.
    left: f64,
    /// Instant up to which look-ups are counted, and their number per second from then on.
    counted: SimTime,
    rate: f64,
    /// True if no class looks anything up in this state of the parts, at any rate.
    is_idle: bool,
}

impl Filling {
    /// Begins at the first step, empty.
    fn empty(&mut self, first: Option<f64>, at: SimTime) {
        self.step = u32::from(first.is_some());
        (self.left, self.counted, self.rate) = (first.unwrap_or(0.0), at, 0.0);
    }

    /// Counts the look-ups up to `at`.
    fn count(&mut self, at: SimTime) {
        self.left -= self.rate * at.since(self.counted).seconds();
        self.counted = at;
    }

    /// Counts the look-ups up to `at`, and goes on to the step that these reach. `steps` has the look-ups of each step.
    fn advance(&mut self, steps: impl Fn(u32) -> Option<f64>, at: SimTime) {
        self.count(at);
        // The instant at which a step ends is rounded to a nanosecond.
        let tiny = self.rate * 2e-9;
        while self.step > 0 && self.left <= tiny {
            self.step += 1;
            match steps(self.step) {
                Some(more) => self.left += more,
                None => self.step = 0,
            }
        }
    }

    /// Returns the instant at which its step ends at the present rate, or at which the rate is to be taken anew.
    fn ends(&self) -> SimTime {
        if self.step == 0 || self.lost || self.is_idle {
            return SimTime::NEVER;
        }
        let most = SimDuration::HOUR.seconds();
        let left = if self.rate > 0.0 { self.left / self.rate } else { most };
        // The rate changes with the hour; a long step needs it less often.
        let wait =
            if left > STEP.seconds() { (left / 4.0).clamp(STEP.seconds(), most) } else { left };
        self.counted + SimDuration::from_seconds_f64(wait.max(1e-6))
    }
}

/// Returns all memories: warm, but for contents that nothing looks up while all parts are up.
pub(super) fn all(plan: &FluidPlan) -> Vec<Filling> {
    let begins = |at: usize| {
        let mut filling = Filling {
            lost: false,
            emptied: false,
            step: 0,
            left: 0.0,
            counted: SimTime::ZERO,
            rate: 0.0,
            is_idle: false,
        };
        if plan.network.memories[at].begins_empty {
            filling.empty(look_ups(plan, at, 1), SimTime::ZERO);
        }
        filling
    };
    (0..plan.network.memories.len()).map(begins).collect()
}

/// Returns the look-ups in a step of a memory; `None` after the last.
fn look_ups(plan: &FluidPlan, memory: usize, step: u32) -> Option<f64> {
    let steps = &plan.network.memories[memory].steps;
    steps.get((step as usize).checked_sub(1)?).map(|step| step.look_ups)
}

impl Live<'_, '_> {
    /// Empties the memories whose content is lost by an input that holds from now on, however short.
    pub(super) fn forget(&mut self, input: u32, at: SimTime) {
        let plan = self.memo.plan;
        if let Input::Lost(memory) = plan.inputs[input as usize] {
            let memory = memory as usize;
            self.memories[memory].empty(look_ups(plan, memory, 1), at);
            self.memories[memory].emptied = true;
        }
    }

    /// Takes over which memories are without content in the state that is entered; returns whether one has lost it or begins to
    /// fill.
    pub(super) fn refill(&mut self) -> bool {
        let (plan, at) = (self.memo.plan, self.from);
        let mut any = false;
        for (memory, lost) in self.load.lost.iter().enumerate() {
            let filling = &mut self.memories[memory];
            any |= std::mem::take(&mut filling.emptied);
            if filling.lost != *lost {
                filling.lost = *lost;
                filling.empty(look_ups(plan, memory, 1), at);
                any = true;
            }
        }
        any
    }

    /// Counts what the memories were asked up to now, and writes the steps at which they are into the bits of the state.
    pub(super) fn fill(&mut self) {
        let (plan, at) = (self.memo.plan, self.from);
        for (memory, filling) in self.memories.iter_mut().enumerate() {
            filling.advance(|step| look_ups(plan, memory, step), at);
            set_age(&mut self.bits, plan.step_at(memory), filling.step);
        }
    }

    /// Sets the look-ups per second of the memories that fill, in the state that was entered; returns the instant at which
    /// the first of them has to be looked at again.
    pub(super) fn pace(&mut self) -> SimTime {
        if self.memories.iter().all(|filling| filling.step == 0) {
            return SimTime::NEVER;
        }
        let rates = self.by_flow(self.rates_at(self.from).into_iter());
        let state = self.memo.cells[self.cell as usize].state;
        let mut asked = vec![0.0; self.memories.len()];
        let mut is_idle = vec![true; self.memories.len()];
        for class in 0..rates.len() {
            // A full queue refuses views before they look anything up.
            let enters = rates[class] * (1.0 - self.memo.refused(state, class, &rates));
            for (memory, count) in &self.load.flows[class].look_ups {
                asked[*memory as usize] += enters * count;
                is_idle[*memory as usize] = false;
            }
        }
        let mut next = SimTime::NEVER;
        for ((filling, rate), is_idle) in self.memories.iter_mut().zip(asked).zip(is_idle) {
            filling.count(self.from);
            filling.is_idle = is_idle;
            filling.rate = if filling.lost { 0.0 } else { rate };
            next = next.min(filling.ends());
        }
        next
    }
}

impl Memo<'_> {
    /// Returns the share of the views of `class` for which nothing is looked up at these rates, because full queues refuse them.
    fn refused(&mut self, state: u32, class: usize, rates: &[f64]) -> f64 {
        let bounded = self.refusals_of(class).is_some();
        if !bounded {
            return 0.0;
        }
        let excess = self.excess(state, class, rates);
        (excess.noisy - excess.wasted).clamp(0.0, 1.0)
    }
}
