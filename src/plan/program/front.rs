//! What stands in front of the services a class works in: edges, their shields, name services.

use super::{CdnPlan, Compiler};
use crate::convert::place;
use crate::kinds::cdn::live::{AtCdn, SHIELD};
use crate::model::route::{Branch, Op};
use crate::plan::links::Entrance;
use crate::plan::route::{Io, Step};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::source::Span;

impl Compiler<'_> {
    /// A look-up at an edge: a hit ends there, a miss goes on to the origin and back.
    pub(super) fn by_edge(&mut self, index: usize, name: &str, steps: &[Step]) {
        let plan = &self.targets.cdns[index];
        let owner = format!("{name}.{}", plan.name);
        let round_trip = plan.round_trip.as_ref();
        let round_trip = round_trip.map(|law| self.demand("round-trip", &plan.name, law));
        let key = self.key("edge-hit", &owner);
        let at = AtCdn { cdn: plan.component, row: row_at(plan, name), key };
        self.edge = Some(([Some(at), None], round_trip));
        self.service_time(plan, &owner);
        let look = self.emit(Op::End);
        self.emit(Op::End);
        let miss = self.here();
        self.routes.ops[look] = Op::Edge { miss };
        self.there_and_back(plan, &owner, |compiler| match plan.to {
            Some(Entrance::Cdn(shield)) => {
                compiler.by_shield((index, at), shield, name, steps);
            }
            Some(to) => compiler.enter_at(to, name, steps),
            None => {}
        });
    }

    /// The time that an edge or a shield takes before it answers or passes a request on.
    fn service_time(&mut self, plan: &CdnPlan, owner: &str) {
        if let Some(law) = &plan.service_time {
            let key = self.key("edge-time", owner);
            let demand = self.demand_of(key, law, 1.0, true);
            self.emit(Op::Delay { demand });
        }
    }

    /// What edges have not: half of their way before what is `behind`, half after it.
    fn there_and_back(&mut self, plan: &CdnPlan, owner: &str, behind: impl FnOnce(&mut Self)) {
        let way = plan.origin.as_ref().map(|law| {
            let key = self.key("origin-trip", owner);
            self.demand_of(key, law, 0.5, true)
        });
        if let Some(demand) = way {
            self.emit(Op::Delay { demand });
        }
        behind(self);
        if let Some(demand) = way {
            self.emit(Op::Delay { demand });
        }
    }

    /// A look-up at a shield of the edges `at`: a hit goes back from there, a miss on to the origin. Objects
    /// are those that the edges were asked for.
    fn by_shield(&mut self, (edges, at): (usize, AtCdn), index: usize, name: &str, steps: &[Step]) {
        let [edges, plan] = [&self.targets.cdns[edges], &self.targets.cdns[index]];
        let owner = format!("{name}.{}", plan.name);
        let mut shield = AtCdn { cdn: plan.component, ..at };
        if !(edges.by_object && plan.by_object) {
            shield.row = row_at(plan, name);
            shield.key = self.key("shield-hit", &owner);
        }
        if let Some((cdns, _)) = &mut self.edge {
            cdns[SHIELD] = Some(shield);
        }
        self.service_time(plan, &owner);
        let look = self.emit(Op::End);
        let hit = self.emit(Op::End);
        let miss = self.here();
        self.routes.ops[look] = Op::Shield { miss };
        self.there_and_back(plan, &owner, |compiler| {
            if let Some(to) = plan.to {
                compiler.enter_at(to, name, steps);
            }
        });
        self.emit(Op::Shielded);
        self.routes.ops[hit] = Op::Jump { to: self.here() };
    }

    /// Of several services behind one name not all need have the mount that a step names.
    pub(super) fn no_mount(&mut self, io: &Io, service: Option<usize>, span: Span) {
        let names = |service: usize| {
            let mounts = self.targets.services[service].mounts.iter();
            mounts.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
        };
        let wanted = io.mounts.first().map_or("", |(service, place)| names(*service)[*place]);
        let known = service.map_or(Vec::new(), names);
        let message = format!("the service around this step has no mount `{wanted}`");
        let help = crate::scenario::suggest::help(wanted, &known, "its mounts are");
        self.out.push(Diagnostic::new(Code::NoSuchName, span, message).help_if(help));
    }

    /// To each of the targets of a name service: the same steps there, with the same draws.
    pub(super) fn by_name(&mut self, index: usize, name: &str, steps: &[Step]) {
        let plan = &self.targets.names[index];
        let first = self.routes.branches.len();
        let branch = Branch { below: 0.0, to: 0 };
        self.routes.branches.extend(plan.to.iter().map(|_| branch));
        self.emit(Op::Resolve { names: plan.component, first: place(first) });
        let seen = self.seen.clone();
        let mut ends = Vec::new();
        for (place, to) in plan.to.iter().enumerate() {
            self.seen.clone_from(&seen);
            self.routes.branches[first + place].to = self.here();
            self.enter_at(*to, name, steps);
            self.land_jumps();
            self.labels.clear();
            ends.push(self.emit(Op::Jump { to: 0 }));
        }
        let to = self.here();
        for end in ends {
            self.routes.ops[end] = Op::Jump { to };
        }
    }
}

/// The row of a class among what edges hold; the largest where they hold nothing of it.
fn row_at(plan: &CdnPlan, class: &str) -> u32 {
    plan.classes.iter().position(|name| name == class).map_or(u32::MAX, place)
}
