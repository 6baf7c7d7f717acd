//! Parts that can fail: brokers, each a process in its zone.

use std::collections::BTreeSet;

use crate::convert::table;
use crate::kinds::queue::plan::{Queue, broker};
use crate::plan::Draft;
use crate::plan::between;
use crate::plan::faults::Shown;
use crate::plan::kind::parts::{PartName, Parts, Sort, none};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::{Does, each};
use crate::plan::simulatable::NotYet;
use crate::plan::targets;

const BROKER: Sort = Sort { word: "broker", ..Sort::ROLE };

/// Returns the number of brokers of the queue at `index`.
fn brokers(draft: &Draft, index: usize) -> u32 {
    table::u32(draft.scenario.queue[index].1.in_.value.0.len())
}

/// Returns whether the work of a message of a queue leads to further messages of that queue.
fn publishes_again(draft: &Draft, queue: usize) -> bool {
    let (mut seen, mut left) = (BTreeSet::new(), vec![queue]);
    while let Some(at) = left.pop() {
        let Some(class) = draft.links.own.queues[at].class else { continue };
        each(&draft.routes[class].steps, &mut |step| {
            if let Does::Ask(ask) = &step.does
                && let (Kind::Queue, to) = ask.of()
                && ask.awaits().is_none()
                && seen.insert(to)
            {
                left.push(to);
            }
        });
    }
    seen.contains(&queue)
}

impl Parts for Queue {
    none!(
        words, way_back, role, life, publishes, memory, remembers, mechanisms, surrogates, passing,
        converging, size, priced
    );

    /// Returns queues whose brokers, consumers or producers stand at two sites with a link between them, and requests that wait for
    /// their messages.
    fn not_yet(&self, draft: &Draft) -> Vec<NotYet> {
        let mut found = Vec::new();
        for (index, (name, _)) in draft.scenario.queue.iter().enumerate() {
            let brokers = self.parts(draft, index);
            let class = draft.links.own.queues[index].class;
            let enters = class.and_then(|class| draft.links.enters[class]);
            let mut all = enters.map_or_else(Vec::new, |enters| between::at_work(draft, enters));
            all.extend(&brokers);
            let what = format!("messages of `{name}`");
            found.extend(between::not_yet(draft, &brokers, &all, &what, name.span));
            between::each_place(draft, &mut |here, step| {
                if matches!(&step.does, Does::Ask(ask) if ask.of() == (Kind::Queue, index)) {
                    found.extend(between::not_yet(draft, here, &brokers, &what, step.span));
                }
            });
        }
        for (index, (name, _)) in draft.scenario.queue.iter().enumerate() {
            if publishes_again(draft, index) {
                let what = format!("the work of messages of `{name}` publishes to `{name}` again");
                found.push(NotYet::over_years(what, name.span));
            }
        }
        for route in &draft.routes {
            each(&route.steps, &mut |step| {
                let Does::Ask(ask) = &step.does else { return };
                if let Some(span) = ask.awaits() {
                    let what = "a request waits until its messages are done".to_string();
                    found.push(NotYet::over_years(what, span));
                }
            });
        }
        found
    }

    fn came_later(&self) -> bool {
        true
    }

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        (0..brokers(draft, index)).map(|member| broker(index, member)).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let members = targets::members(member, word, brokers(draft, index))?;
        Some(members.map(|member| broker(index, member)).collect())
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &BROKER
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::member(&draft.scenario.queue[part.index()].0, part.number())
    }

    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part> {
        let brokers = &draft.links.own.queues[part.index()].brokers;
        let (zone, member) = *brokers.get(part.number() as usize)?;
        Some(Part::Zone { zone, member })
    }

    fn shows(&self, shown: &mut Shown<'_>, _: Part) {
        shown.process();
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
