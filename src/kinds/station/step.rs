//! Visits at a station: resolving the step, and its operations in the event loop.

use crate::convert::place;
use crate::kinds::station::components::{GROUP, Visitors};
use crate::kinds::station::spec::{DisciplineWord, VisitStep};
use crate::model::route::Op;
use crate::plan::checks::{inert_if, missing};
use crate::plan::names::{Kind, member_name};
use crate::plan::program::Compiler;
use crate::plan::route::Visit;
use crate::plan::route::resolve::Resolver;

impl Visit {
    /// Resolves a step as written; `None` if a mistake was reported.
    pub(crate) fn resolve(step: &VisitStep, resolver: &mut Resolver<'_, '_>) -> Option<Self> {
        let (text, span) = (&step.visit.text, step.visit.span);
        let found = resolver.find(text, span, &[Kind::Station])?;
        let spec = &resolver.scenario().station[found.index].1;
        if step.service.is_none() && spec.service.is_none() {
            let why = format!("neither the step nor the station `{text}` has one");
            missing(step.span, "service", &why, resolver.out());
        }
        let ranks = [DisciplineWord::Priority, DisciplineWord::PriorityPreemptive];
        if !ranks.contains(&spec.discipline.value) {
            let word = spec.discipline.value.word();
            let message = format!("ranks have no effect at `{text}`: its discipline is \"{word}\"");
            let help = "set discipline = \"priority\" there, or remove `priority`";
            inert_if(step.priority.as_ref(), &message, help, resolver.out());
        }
        let service = step.service.as_ref().or(spec.service.as_ref())?.law().clone();
        let rank = step.priority.as_ref().map_or(0, |rank| rank.value.saturating_sub(1));
        let (station, member) = (found.index, found.member);
        Some(Self {
            station,
            member,
            service,
            rank: u8::try_from(rank).expect("its key takes 1 to 64"),
        })
    }

    /// Compiles the visit into an operation of the event loop.
    pub(crate) fn compile(&self, compiler: &mut Compiler<'_>) {
        let of = (Kind::Station, self.station);
        let name = &compiler.draft().scenario.station[self.station].0;
        let Some(pool) = compiler.pool_of(of, self.member.unwrap_or(GROUP)) else { return };
        let name = self.member.map_or(name.text.clone(), |member| member_name(name, member));
        let law = &self.service;
        // A visit without work samples nothing: it is numbered apart from visits with work.
        let kind = if law.is_constant() && law.mean() == 0.0 { "pass" } else { "visit" };
        let owner = compiler.owner(kind, &name);
        let demand = compiler.demand("service", &owner, law);
        let op = compiler.emit(Op::Visit { pool, demand, priority: self.rank });
        compiler.note(of, Visitors { op: place(op), owner });
    }
}
