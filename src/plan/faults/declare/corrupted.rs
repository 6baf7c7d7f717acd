//! Corruption of a database's data: an automaton per database and fault, which takes all members out while the data are
//! restored.
//!
//! ```text
//! armed     -> corrupt     the data are corrupted, in all copies; the members go on serving
//! corrupt   -> restoring   people detect it: all members are down
//! restoring -> armed       the data are restored from a backup
//! ```
//! The restore needs the host of a member, with its disks where these carry the data; without any it begins anew once
//! there is one. A member that is down for another reason meanwhile comes back only after the restore.

use std::collections::BTreeMap;

use super::{DISKS, Declarer, HOST, Harm, Hit, UP, onset, state_of};
use crate::engine::law::{DurationLaw, Law};
use crate::health::declare::{Automaton, Effect, Expr, Fate, Length, State, Timer, Transition};
use crate::plan::faults::restores::{self, CORRUPT, Corrupted, RESTORING};
use crate::plan::part::Part;
use crate::plan::program::law_of;

impl Declarer<'_> {
    /// Adds the corruptions of the databases that a fault hits.
    pub(super) fn corrupted(&mut self, hit: &Hit<'_>) {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for at in &hit.members {
            if let Part::Database { database, .. } = self.sketches[*at].part {
                members.entry(database).or_default().push(*at);
            }
        }
        for database in restores::of_fault(self.draft, hit.name, hit.spec) {
            let members = members.remove(&database.database).unwrap_or_default();
            self.corrupted_one(hit, &database, &members);
        }
    }

    fn corrupted_one(&mut self, hit: &Hit<'_>, restored: &Corrupted, members: &[usize]) {
        let Some(onset) = onset(hit, 1.0) else { return };
        let found = match &hit.spec.detected_by_people {
            Some(law) => law_of(law),
            None => match Law::constant(0.0) {
                Ok(law) => law,
                Err(_) => return,
            },
        };
        let alive = members.iter().map(|at| Expr::of(&self.sketches[*at].name, "alive"));
        let alive = Expr::Any(alive.collect());
        let able = Expr::Any(members.iter().map(|at| self.can_hold(*at)).collect());
        let clock = hit.spec.at.is_some();
        let onset = Timer { name: format!("{}.onset", hit.name), ..onset };
        let onset = if clock { onset } else { onset.guarded(alive).fate(Fate::Freeze) };
        // Its name is the label of the cause, which begins with the discovery.
        let found = Length::Discovery(DurationLaw(found));
        let found = Timer::of_length(hit.name, found, Fate::Resume);
        let back = format!("{}.restore", hit.name);
        let restore = Length::Restore(restored.restore.clone());
        // One that is interrupted begins anew, with the same draw.
        let anew = Fate::Restart { redraw: false };
        let restore = Timer::of_length(&back, restore, anew).guarded(able);
        let name = restored.automaton();
        let states = vec![
            State::serving("armed"),
            State::serving(CORRUPT),
            State::failed(RESTORING, Effect::Refuse),
        ];
        self.groups.push(
            Automaton::new(&name, states)
                .transition(Transition::on(&onset.name, &["armed"], CORRUPT))
                .transition(Transition::on(&found.name, &[CORRUPT], RESTORING))
                .transition(Transition::on(&back, &[RESTORING], "armed"))
                .timer(onset)
                .timer(found)
                .timer(restore)
                .fact(RESTORING, Expr::within(&[RESTORING])),
        );
        self.down_while(members, &Expr::of(&name, RESTORING), &state_of(hit.name));
    }

    /// Takes members of a database down while a condition holds, in the given state.
    pub(super) fn down_while(&mut self, members: &[usize], restoring: &Expr, state: &str) {
        self.change(
            members,
            |_, _| (),
            |mould, ()| {
                let healthy: Vec<String> =
                    std::iter::once(UP.to_string()).chain(mould.sound.iter().cloned()).collect();
                let healthy: Vec<&str> = healthy.iter().map(String::as_str).collect();
                mould.add_harm(Harm::Down, state, false);
                mould.turn(Transition::when(restoring.clone(), &healthy, state));
                mould.turn(Transition::when(!restoring.clone(), &[state], UP));
            },
        );
    }

    /// Returns the condition that data can be copied to a member: its host is there, with the disks that it needs.
    pub(super) fn can_hold(&self, at: usize) -> Expr {
        let sketch = &self.sketches[at];
        let bound = |role: &str| sketch.roles.iter().any(|(name, _)| name == role);
        let mut able = Expr::Always;
        if bound(HOST) {
            able = able.and(Expr::Fact(sketch.subject(HOST), "alive".into()));
        }
        if bound(DISKS) {
            able = able.and(!Expr::Fact(sketch.subject(DISKS), "is down".into()));
        }
        able
    }
}
