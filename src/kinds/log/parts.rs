//! Parts that can fail: subscribers, each a process in its zone.

use crate::convert::table;
use crate::kinds::log::plan::{Log, subscriber};
use crate::kinds::log::spec::Mode;
use crate::plan::Draft;
use crate::plan::between;
use crate::plan::faults::Shown;
use crate::plan::kind::parts::{PartName, Parts, Sort, none};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::Does;
use crate::plan::simulatable::NotYet;
use crate::plan::targets;

const SUBSCRIBER: Sort = Sort { word: "subscriber", ..Sort::ROLE };

/// Returns the number of subscribers of the log at `index`.
fn subscribers(draft: &Draft, index: usize) -> u32 {
    table::u32(draft.scenario.log[index].1.to.value.0.len())
}

impl Parts for Log {
    none!(
        words, way_back, role, life, publishes, memory, remembers, mechanisms, surrogates, passing,
        converging, size, priced
    );

    /// Returns logs whose records are sniffed or multicast between two sites with a link between them.
    fn not_yet(&self, draft: &Draft) -> Vec<NotYet> {
        let mut found = Vec::new();
        for (index, (name, log)) in draft.scenario.log.iter().enumerate() {
            if !matches!(log.mode.value, Mode::Sniff | Mode::Multicast) {
                continue;
            }
            let subscribers = self.parts(draft, index);
            let what = format!("records of `{name}`");
            between::each_place(draft, &mut |here, step| {
                if matches!(&step.does, Does::Ask(ask) if ask.of() == (Kind::Log, index)) {
                    let span = log.mode.span;
                    found.extend(between::not_yet(draft, here, &subscribers, &what, span));
                }
            });
        }
        found
    }

    fn came_later(&self) -> bool {
        true
    }

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        (0..subscribers(draft, index)).map(|member| subscriber(index, member)).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let members = targets::members(member, word, subscribers(draft, index))?;
        Some(members.map(|member| subscriber(index, member)).collect())
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &SUBSCRIBER
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::member(&draft.scenario.log[part.index()].0, part.number())
    }

    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part> {
        let subscribers = &draft.links.own.logs[part.index()].subscribers;
        let (zone, member) = *subscribers.get(part.number() as usize)?;
        Some(Part::Zone { zone, member })
    }

    fn shows(&self, shown: &mut Shown<'_>, _: Part) {
        shown.process();
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
