//! Purges at edges: which look-ups find an old copy, and what a message removes or replaces.
//!
//! In: `meets`, `receives`. Holds: as [`copies`](crate::mechanism::copies); the last change of an object is known to all edges, the
//! copies that a purge has removed to each.

use super::content::EdgeContent;
use super::{Cdn, State, earlier};
use crate::convert::low;
use crate::mechanism::copies::{ALL, Message};
use crate::units::SimTime;

impl Cdn {
    /// Counts a look-up of `object` at `edge`, if purges reach it.
    pub(super) fn meets(&mut self, now: SimTime, edge: usize, object: u32, hit: bool) {
        let State { held: Some(held), met: Some(met), .. } = &mut self.edges[edge] else { return };
        if hit {
            let since = earlier(now, held.age(now, object));
            met.found(self.versions.as_ref().is_some_and(|all| all.is_old(object, since)));
        } else {
            met.missed(object);
        }
    }

    /// Receives a message about copies of a class: the object in the `need` of a request has changed, or its copy at the edge
    /// in its `local` is to be removed or replaced.
    pub(super) fn receives(
        &mut self,
        now: SimTime,
        (need, edge): (u64, u32),
        (message, row): (Message, u32),
    ) {
        let EdgeContent::Objects(objects) = &self.config.content else { return };
        let rows = &objects.rows[..row as usize];
        let before: u32 = rows.iter().map(|row| row.popularity.count()).sum();
        let (first, end) = match need {
            ALL => (before, before + objects.rows[row as usize].popularity.count()),
            object => (before + low(object), before + low(object) + 1),
        };
        if message == Message::Changed {
            if let Some(versions) = &mut self.versions {
                versions.change(now, first, end);
            }
            return;
        }
        let State { held: Some(held), met: Some(met), .. } = &mut self.edges[edge as usize] else {
            return;
        };
        for object in first..end {
            if message == Message::Store {
                held.replace(now, object);
                met.stored(object);
            } else if held.remove(now, object) {
                met.removed(object);
            }
        }
    }
}
