//! Levels of the rates: factors on the planned rates, in steps of [`LEVEL`].

use super::{Live, STEP};
use crate::convert::whole;
use crate::engine::special::ln;
use crate::plan::fluid::LEVEL;
use crate::units::SimTime;

impl Live<'_, '_> {
    /// Updates the level of every workload, and the end of its validity.
    pub(super) fn look_at_level(&mut self) {
        self.level_ends = SimTime::NEVER;
        for (level, varying) in self.level.iter_mut().zip(&mut self.varying) {
            let Some(varying) = varying else { continue };
            let (factor, until) = varying.stretch(self.from, STEP);
            *level =
                if factor > 0.0 { whole::i32((ln(factor) / ln(LEVEL)).round()) } else { i32::MIN };
            self.level_ends = self.level_ends.min(until);
        }
    }

    /// Enters the next level of the rates.
    pub(super) fn level_turns(&mut self) {
        self.look_at_level();
        self.enter();
        // With an autoscaler what waits is followed from the level on that makes it act.
        let acts = !self.scalers.is_empty();
        self.rows.iter_mut().for_each(|row| row.settled &= !acts);
    }
}
