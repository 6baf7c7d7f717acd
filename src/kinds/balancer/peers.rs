//! Automata of the addresses that the units of a balancer share as peers.
//!
//! Model: the addresses that a unit owns while all are healthy are one automaton, `front-1/addresses`:
//!
//! ```text
//! home   -> unseen     the unit is silent
//! home   -> away       the same, announced: planned work takes it out
//! unseen -> home       it is back before its silence is detected
//! unseen -> away       the others have formed their ring anew without it
//! away   -> unseen     no other unit is left, and this one is silent
//! away   -> home       it has been back for `mature`, and for the rounds until the last address moves
//! ```
//!
//! The unit serves them at `home`, the other units serve them `away`, and none serves them `unseen`.
//! In the event loop, `kinds::balancer::live` simulates the mechanism. The law of the timer `ring` is
//! its surrogate, U(`token` + `gather`, `token` + `gather` + `form`).
//!
//! Leaves out: the place of each single address, which depends on the order of failures.

use crate::engine::law::{DurationLaw, Law};
use crate::health::declare::{Automaton, Effect, Expr, Fate, State, Timer, Transition};
use crate::kinds::balancer::spec::{BalancerSpec, PeersSpec};
use crate::plan::Draft;
use crate::plan::faults::{IS_PLANNED, Mechanisms};
use crate::plan::part::Part;
use crate::units::SimDuration;

/// Adds the addresses of the units of every balancer that shares them among peers.
pub(super) fn declare(draft: &Draft, into: &mut Mechanisms<'_>) {
    for (balancer, (_, spec)) in draft.scenario.balancer.iter().enumerate() {
        let Some(peers) = &spec.peers else { continue };
        let unit = |member| Part::Balancer { balancer, member };
        let names: Vec<String> =
            (0..spec.count.value).map(|member| unit(member).name(draft)).collect();
        for (member, name) in (0..).zip(&names) {
            let others: Vec<&str> =
                names.iter().filter(|other| *other != name).map(String::as_str).collect();
            let leaves = into.is_taken_out(unit(member));
            into.add(addresses(name, &others, spec, peers, leaves));
        }
    }
}

fn addresses(
    unit: &str,
    others: &[&str],
    spec: &BalancerSpec,
    peers: &PeersSpec,
    leaves: bool,
) -> Automaton {
    let silent = |name: &str| State::failed(name, Effect::Lose);
    let taken = State {
        effect: Effect::Redirect("others".into()),
        capacity: 1.0,
        sound: false,
        ..State::serving("away")
    };
    let heard = || Expr::of(unit, "serving");
    let any = || Expr::Any(others.iter().map(|other| Expr::of(other, "serving")).collect());
    let least = peers.token.value + peers.gather.value;
    let law = if peers.form.value.is_zero() {
        Law::constant(least.seconds())
    } else {
        Law::uniform(least.seconds(), (least + peers.form.value).seconds())
    };
    let law = DurationLaw(law.expect("lengths of time make a law"));
    let anew = Fate::Restart { redraw: true };
    let ring = Timer::new("ring", law).guarded(any()).fate(anew).surrogate_of("ring");
    let settled = Timer::held("mature", heard(), peers.mature.value + rounds(spec, peers));
    let mut all = Automaton::new(
        &format!("{unit}/addresses"),
        vec![State::serving("home"), silent("unseen"), taken],
    )
    .bind("others", others)
    .timer(ring)
    .timer(settled);
    if leaves {
        let said = (!heard()).and(Expr::of(unit, IS_PLANNED)).and(any());
        all = all.transition(Transition::when(said, &["home"], "away"));
    }
    all.transition(Transition::when(!heard(), &["home"], "unseen"))
        .transition(Transition::when(heard(), &["unseen"], "home"))
        .transition(Transition::on("ring", &["unseen"], "away"))
        .transition(Transition::when((!any()).and(!heard()), &["away"], "unseen"))
        .transition(Transition::on("mature", &["away"], "home"))
        .fact("unheard", Expr::within(&["unseen"]))
        .fact("are away", Expr::within(&["away"]))
}

/// Returns the duration of the rounds in which a unit that is mature again gets its share back.
fn rounds(spec: &BalancerSpec, peers: &PeersSpec) -> SimDuration {
    let Some(balance) = &peers.balance else { return SimDuration::ZERO };
    let share = peers.addresses.value / spec.count.value;
    balance.every.value.saturating_mul(u64::from(share.div_ceil(balance.moves.value)))
}
