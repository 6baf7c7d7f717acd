//! Who comes over one of several links, or to one of several edges: cut off when it dies, until
//! routes have converged.
//!
//! ```text
//! carries -> cut       the link is dead
//! cut     -> around    after the convergence time of its site: the others carry its users
//! cut, around -> carries   it works again
//! ```

use crate::engine::law::Law;
use crate::health::Declaration;
use crate::health::declare::{Automaton, Effect, Expr, Fate, State, Timer, Transition};
use crate::plan::Draft;
use crate::plan::part::Part;
use crate::units::SimDuration;

use super::law;

/// The name of the automaton of a link or an edge.
pub fn name(draft: &Draft, part: Part) -> String {
    format!("{}/routes", part.name(draft))
}

/// The links of a site that are cut off for a while when they die, and how long.
pub fn of_site(draft: &Draft, site: usize) -> Option<(u32, SimDuration)> {
    let uplinks = draft.scenario.site[site].1.uplinks.as_ref()?;
    let (count, time) = (uplinks.count.value, uplinks.convergence.value);
    (count > 1 && time > SimDuration::ZERO).then_some((count, time))
}

/// The edges or shields of a CDN that are cut off for a while when they die, and how long. Edges go round
/// their only shield, too.
pub fn of_cdn(draft: &Draft, cdn: usize) -> Option<(u32, SimDuration)> {
    let spec = &draft.scenario.cdn[cdn].1;
    let (count, time) = (spec.count.value, spec.convergence.value);
    let others = count > 1 || draft.links.edges_of(cdn).is_some();
    (others && time > SimDuration::ZERO).then_some((count, time))
}

/// Adds the automata of all links and edges that have some.
pub fn declare(draft: &Draft, declaration: &mut Declaration) {
    let mut all = Vec::new();
    for site in 0..draft.scenario.site.len() {
        if let Some((count, time)) = of_site(draft, site) {
            all.extend((0..count).map(|number| (Part::Uplink { site, number }, time)));
        }
    }
    for cdn in 0..draft.scenario.cdn.len() {
        if let Some((count, time)) = of_cdn(draft, cdn) {
            all.extend((0..count).map(|member| (Part::Edge { cdn, member }, time)));
        }
    }
    for (part, time) in all {
        let fit = || Expr::of(&part.name(draft), "fit");
        let states = vec![
            State::serving("carries"),
            State::failed("cut", Effect::Lose),
            State::idle("around"),
        ];
        let converged = Timer::new("converges", law(Law::constant(time.seconds())));
        declaration.add(
            Automaton::new(&name(draft, part), states)
                .timer(converged.fate(Fate::Restart { redraw: true }))
                .transition(Transition::when(!fit(), &["carries"], "cut"))
                .transition(Transition::when(fit(), &["cut", "around"], "carries"))
                .transition(Transition::on("converges", &["cut"], "around"))
                .fact("cuts", Expr::within(&["cut"])),
        );
        declaration.fact(&name(draft, part), Expr::of(&name(draft, part), "cuts"));
    }
}
