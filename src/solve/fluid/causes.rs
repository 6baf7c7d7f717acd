//! Attribution of the present failures of a class to their causes.
//!
//! The oldest cause has the share of the views that fails by it alone, each further one what it adds to those before it. The shares
//! change with the facts, and with the age of what caches and buffers hold.

use crate::health::{CauseId, View};
use crate::plan::fluid::state::FlowLoad;

use super::Live;

/// One cause of the present failures of a class.
#[derive(Clone, Debug, Default)]
pub(super) struct Blamed {
    /// The cause, by its place.
    pub(super) cause: u32,
    /// Its share of the failures.
    pub(super) share: f64,
    /// Inputs of the state that it explains.
    inputs: Vec<u32>,
}

impl Live<'_, '_> {
    /// Finds the causes of the present failures of a class, and their shares. Without failures the first cause remains: what
    /// waits may still be lost to it.
    pub(super) fn attribute(&mut self, class: usize, load: &FlowLoad, view: View<'_>) {
        self.rows[class].blamed.clear();
        if load.fails <= 0.0 {
            return;
        }
        let mut found: Vec<(u64, u32, u32)> = Vec::with_capacity(load.because.len());
        for input in &load.because {
            let Some(fact) = self.facts[*input as usize] else { continue };
            if let Some((order, id)) = view.first_cause(fact, &mut self.explanation) {
                found.push((order, self.places[id.index()], *input));
            }
        }
        found.sort_unstable();
        let row = &mut self.rows[class];
        row.cause = match found.first() {
            Some((_, place, _)) => *place,
            None => self.places[CauseId::UNEXPLAINED.index()],
        };
        if found.iter().all(|(_, place, _)| *place == row.cause) {
            return;
        }
        for (_, cause, input) in found {
            match row.blamed.iter_mut().find(|one| one.cause == cause) {
                Some(one) => one.inputs.push(input),
                None => row.blamed.push(Blamed { cause, share: 0.0, inputs: vec![input] }),
            }
        }
        self.divide(class);
    }

    /// Divides the failures of a class, as they are in the present state, among its causes.
    fn divide(&mut self, class: usize) {
        let blamed = &mut self.rows[class].blamed;
        let well = self.memo.plan.well();
        let (mut bits, mut fails) = (self.bits.clone(), 0.0_f64);
        let take = |bits: &mut [u64], from: &[u64], inputs: &[u32]| {
            for input in inputs {
                let (word, bit) = (*input as usize / 64, 1 << (input % 64));
                bits[word] = bits[word] & !bit | from[word] & bit;
            }
        };
        blamed.iter().for_each(|one| take(&mut bits, &well, &one.inputs));
        for one in blamed.iter_mut() {
            take(&mut bits, &self.bits, &one.inputs);
            let so_far = self.memo.shared.state(self.memo.plan, &bits).flows[class].fails;
            one.share = (so_far - fails).max(0.0);
            fails = fails.max(so_far);
        }
        if fails > 0.0 {
            blamed.iter_mut().for_each(|one| one.share /= fails);
        } else {
            blamed.clear();
        }
    }

    /// Divides the failures of all classes anew, after what is held has grown older.
    pub(super) fn divide_again(&mut self) {
        for class in 0..self.rows.len() {
            if !self.rows[class].blamed.is_empty() {
                self.divide(class);
            }
        }
    }
}
