//! Supply of a feed: the feeds above, its battery, its generator.
//!
//! Model: a feed with a battery or a generator has an automaton of its own, `a/supply`:
//!
//! ```text
//! mains   -> waits              no feed above works; the generator will start, with the probability `starts`
//! mains   -> alone              no feed above works; there is no generator, or it will not start
//! waits   -> unlit              the battery is empty before the generator carries the feed
//! alone   -> dark               the battery is empty
//! waits, unlit -> runs          the generator carries the feed, `after` the loss
//! runs    -> dark               it has run for `runs`
//! all     -> mains              a feed above works again
//! ```
//!
//! Without a battery, `mains` leads to `unlit` or `dark` at once, and to `runs` if the generator needs no time either.
//! The feed has no power in `unlit` and `dark`. The draw of the generator is keyed by the feed and the ordinal of the
//! loss. In a drill it always starts.
//!
//! Leaves out: a battery that is not full yet when the next loss comes, the switch back.

use crate::engine::law::DurationLaw;
use crate::health::declare::{Automaton, Effect, Expr, Quantifier, State, Timer, Transition};
use crate::kinds::feed::plan::feed;
use crate::kinds::feed::spec::FeedSpec;
use crate::plan::Draft;
use crate::plan::availability::surrogate::covered;
use crate::plan::faults::Mechanisms;
use crate::plan::feeds;
use crate::plan::program::law_of;
use crate::scenario::law::LawSpec;
use crate::scenario::value::Spanned;
use crate::units::SimDuration;

/// Cause of a generator that did not start.
const NO_GENERATOR: &str = "failed-generator";
/// Role of the feeds above.
const ABOVE: &str = "above";

/// Adds the supplies of feeds with a battery or a generator.
pub(super) fn declare(draft: &Draft, into: &mut Mechanisms<'_>) {
    for (index, (_, spec)) in draft.scenario.feed.iter().enumerate() {
        let above: Vec<String> =
            feeds::of(draft, feed(index)).into_iter().map(|part| part.name(draft)).collect();
        if let Some(supply) = feeds::supply(draft, feed(index)) {
            into.add(automaton(&supply, &above, spec, into.is_live()));
        }
    }
}

/// Returns the law of a time, if it is any time at all.
fn some(law: Option<&Spanned<LawSpec<SimDuration>>>) -> Option<DurationLaw> {
    law.map(|law| law_of(law)).filter(|law| law.mean() > 0.0).map(DurationLaw)
}

fn automaton(name: &str, above: &[String], spec: &FeedSpec, live: bool) -> Automaton {
    let bridged = |name: &str| State { sound: false, ..State::serving(name) };
    let without = |name: &str| State::failed(name, Effect::Refuse);
    let mut states = vec![State::serving("mains")];
    states.extend(["waits", "alone", "runs"].map(bridged));
    states.extend(["unlit", "dark"].map(without));
    let battery = some(spec.battery.as_ref());
    let generator = spec.generator.as_ref();
    let after = generator.and_then(|generator| some(generator.after.as_ref()));
    let starts = match (after.is_some(), battery.is_some()) {
        (false, _) => "runs",
        (true, true) => "waits",
        (true, false) => "unlit",
    };
    let fails = if battery.is_some() { "alone" } else { "dark" };
    let above: Vec<&str> = above.iter().map(String::as_str).collect();
    let fed = Expr::members(Quantifier::Any, ABOVE, "fit");
    let coverage = generator.map_or(0.0, |generator| generator.starts.value.get());
    let loss = |to| Transition::when(!fed.clone(), &["mains"], to);
    let loss = match generator {
        None => loss(fails),
        Some(_) if !live || coverage >= 1.0 => loss(starts),
        Some(_) => covered(loss(starts), "generator", coverage, (starts, fails), NO_GENERATOR),
    };
    let lost = ["waits", "alone", "runs", "unlit", "dark"];
    let mut all = Automaton::new(name, states)
        .bind(ABOVE, &above)
        .transition(loss)
        .transition(Transition::when(fed, &lost, "mains"));
    if let Some(battery) = battery {
        all = all
            .timer(Timer::new("battery", battery))
            .transition(Transition::on("battery", &["alone"], "dark"))
            .transition(Transition::on("battery", &["waits"], "unlit"));
    }
    if let Some(after) = after {
        let carries = Transition::on("start", &["waits", "unlit"], "runs");
        all = all.timer(Timer::new("start", after)).transition(carries);
    }
    if let Some(runs) = generator.and_then(|generator| some(generator.runs.as_ref())) {
        all = all.timer(Timer::new("fuel", runs)).transition(Transition::on(
            "fuel",
            &["runs"],
            "dark",
        ));
    }
    all.fact("is dark", Expr::within(&["unlit", "dark"]))
}
