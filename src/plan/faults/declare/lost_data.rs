//! Loss of a database's data with its disks: an automaton per database, which takes all members out until the data are
//! restored from a backup.
//!
//! ```text
//! armed     -> lost        no member has the data
//! lost      -> restoring   at once
//! restoring -> armed       the data are restored from a backup
//! ```
//! The restore needs the host of a member and its disks; it begins, or begins anew, once both are there.
//!
//! A database of one member loses its data with the disks of that. One of several has an automaton per member:
//!
//! ```text
//! whole, bare -> gone      a set of its disks is lost
//! gone        -> bare      it has disks again
//! bare        -> whole     its data are copied from another member, or restored with the database
//! ```

use super::{DISKS, Declarer, Hit};
use crate::engine::law::{DurationLaw, Law};
use crate::health::declare::{
    Automaton, Effect, Expr, Fate, Length, Move, Opens, State, Timer, Transition,
};
use crate::plan::faults::restores::{self, Bearer, LOST, Losing, RESTORING};

/// State of the automaton of a database that has its data.
const ARMED: &str = "armed";
/// State of members of a database while it is restored.
const DATA_LOST: &str = "data-lost";

const WHOLE: &str = "whole";
const GONE: &str = "gone";
const BARE: &str = "bare";

impl Declarer<'_> {
    /// Adds the losses of databases whose disks some of these faults take.
    pub(super) fn lost_data(&mut self, hits: &[Hit<'_>]) {
        let counts = |fault: &str| hits.iter().any(|hit| hit.name == fault);
        for losing in restores::losing(self.draft, counts) {
            self.loses_data(&losing);
        }
    }

    fn loses_data(&mut self, losing: &Losing) {
        let members: Option<Vec<usize>> =
            losing.members.iter().map(|member| self.at(member.part)).collect();
        let (Some(members), Ok(none)) = (members, Law::constant(0.0)) else { return };
        let name = restores::lost_automaton(&losing.name);
        let taken: Vec<Expr> = losing.members.iter().map(|member| self.is_taken(member)).collect();
        let holds = members.iter().zip(&losing.members).map(|(at, of)| self.can_restore(*at, of));
        let mut able: Vec<Expr> = holds.collect();
        let back = format!("{name}.restore");
        let mut restored = Transition::on(&back, &[RESTORING], ARMED);
        let gone = match taken.as_slice() {
            [only] => only.clone(),
            several => {
                let copies = self.copies(losing, &members, several);
                for (able, copy) in able.iter_mut().zip(&copies) {
                    *able = able.clone().and(Expr::of(copy, BARE));
                }
                for copy in &copies {
                    restored = restored.also(&Move::of(copy, &[BARE], WHOLE));
                }
                Expr::All(copies.iter().map(|copy| !Expr::of(copy, WHOLE)).collect())
            }
        };
        // It keeps the cause of the loss.
        let found = format!("{name}.found");
        let at_once = Timer::of_length(&found, Length::Discovery(DurationLaw(none)), Fate::Resume);
        let begins = Transition::on(&found, &[LOST], RESTORING).opens(Opens::Never);
        let restore = Length::Restore(losing.restore.clone());
        let anew = Fate::Restart { redraw: false };
        let restore = Timer::of_length(&back, restore, anew).guarded(Expr::Any(able));
        let states = vec![
            State::serving(ARMED),
            State::failed(LOST, Effect::Refuse),
            State::failed(RESTORING, Effect::Refuse),
        ];
        self.groups.push(
            Automaton::new(&name, states)
                .transition(Transition::when(gone, &[ARMED], LOST))
                .transition(begins)
                .transition(restored)
                .timer(at_once)
                .timer(restore)
                .fact(RESTORING, Expr::within(&[LOST, RESTORING])),
        );
        self.down_while(&members, &Expr::of(&name, RESTORING), DATA_LOST);
    }

    /// Returns the condition that a fault has taken a set of a member's disks.
    fn is_taken(&self, member: &Bearer) -> Expr {
        let losses = member.losses.iter();
        let taken =
            losses.map(|(set, fault)| Expr::of(&set.name(self.draft), &format!("in {fault}")));
        Expr::Any(taken.collect())
    }

    /// Returns the condition that data can be restored to a member: its host and all its disks are there.
    fn can_restore(&self, at: usize, member: &Bearer) -> Expr {
        let mut able = vec![self.can_hold(at)];
        // `can_hold` asks for the disks of its own server.
        if !self.sketches[at].roles.iter().any(|(role, _)| role == DISKS) {
            let sets = member.sets.iter();
            able.extend(sets.map(|set| !Expr::of(&set.name(self.draft), "is down")));
        }
        Expr::All(able)
    }

    /// Adds the automaton of each member's copy of the data; returns their names.
    fn copies(&mut self, losing: &Losing, members: &[usize], taken: &[Expr]) -> Vec<String> {
        let parts: Vec<&str> = members.iter().map(|at| self.sketches[*at].name.as_str()).collect();
        let names: Vec<String> = parts.iter().map(|part| format!("{part}/copy")).collect();
        let Ok(length) = Law::constant(losing.rebuild.seconds()) else { return names };
        let mut all = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let others = names.iter().zip(&parts).enumerate().filter(|(other, _)| *other != place);
            let source = others
                .map(|(_, (copy, part))| Expr::of(copy, WHOLE).and(Expr::of(part, "serving")));
            let able = self.can_restore(members[place], &losing.members[place]);
            let copied = format!("{name}.copied");
            let timer = Timer::new(&copied, DurationLaw(length.clone()))
                .guarded(able.and(Expr::Any(source.collect())))
                .fate(Fate::Restart { redraw: true });
            let states = vec![
                State::serving(WHOLE),
                State::failed(GONE, Effect::Refuse),
                State::failed(BARE, Effect::Refuse),
            ];
            let is_taken = taken[place].clone();
            all.push(
                Automaton::new(name, states)
                    .transition(Transition::when(is_taken.clone(), &[WHOLE, BARE], GONE))
                    .transition(Transition::when(!is_taken, &[GONE], BARE))
                    .transition(Transition::on(&copied, &[BARE], WHOLE))
                    .timer(timer)
                    .fact(WHOLE, Expr::within(&[WHOLE]))
                    .fact(BARE, Expr::within(&[BARE])),
            );
        }
        self.groups.extend(all);
        names
    }
}
