//! The head that serves the volumes of a head: takeover by the partner, and giveback.
//!
//! Model: in a file server with two heads and a `failover`, the volumes of each head have an automaton
//! of their own, `store.head-1/volumes`:
//!
//! ```text
//! home     -> unseen            the head falls silent; covered, with the probability `coverage`, sampled at once
//! home     -> orphan            the head falls silent; not covered: the takeover will fail
//! home     -> takeover          the head is taken out as planned: no detection time
//! unseen   -> takeover          the partner has heard nothing for `detect`
//! unseen, orphan -> home        the head is back
//! takeover -> partner           after `takeover`
//! partner  -> giveback -> home  the head has been back for `giveback.after`, at most 10 s in a drill; stalls for
//!                               `giveback.lasts`
//! takeover, partner -> adrift   the partner falls silent
//! giveback -> unseen, orphan    the head falls silent again
//! adrift   -> unseen            the partner alone is back: it takes over once more
//! adrift   -> retake -> home    the head hears nothing of the partner for `detect`, and takes them back
//! ```
//!
//! Volumes are served in the states `home` and `partner`; in every other state they stall. A head is silent when
//! it is down, hangs, is stalled, is cut off, or when its rack or site is down. The heads hear each
//! other over a cable of their own, so a dead switch does not silence a head. A slow head is not silent.
//!
//! The draw of coverage is keyed by the head's volumes and the ordinal of the silence: it is the
//! same in every scenario that has the pair. Failures in a drill are always covered, and so is planned work.
//!
//! Leaves out: a manual takeover by people after a failed one (the repair of the head ends
//! the stall), fencing (a head that hangs does no harm once its volumes are taken).

use crate::engine::law::{DurationLaw, Law};
use crate::health::Declaration;
use crate::health::declare::{Automaton, Effect, Expr, Fate, State, Timer, Transition};
use crate::kinds::nas::components::head_name;
use crate::kinds::nas::parts::GIVEBACK_WAIT;
use crate::model::spec::takeover::TakeoverSpec;
use crate::plan::Draft;
use crate::plan::availability::recovery::{Passing, RoleKind};
use crate::plan::availability::surrogate::{FAILED_TAKEOVER, covered, implies};
use crate::plan::faults::{IS_PLANNED, Mechanisms};
use crate::plan::part::Part;
use crate::plan::program::law_of;

/// Adds the automata of the volumes of every pair of heads, and the effects of their states.
pub(super) fn declare(draft: &Draft, into: &mut Mechanisms<'_>) {
    for (nas, (_, spec)) in draft.scenario.nas.iter().enumerate() {
        let Some(failover) = spec.takeover() else { continue };
        for number in 0..2 {
            let head = |number| Part::Head { nas, number };
            let (owner, partner) = (head(number).name(draft), head(1 - number).name(draft));
            let (live, planned) = (into.is_live(), into.is_taken_out(head(number)));
            let pair = Pair { owner: &owner, partner: &partner, live, planned };
            let volumes = pair.volumes(failover);
            let other = head_name(draft, nas, 1 - number);
            let facts = [("stall", None), ("are with the partner", Some(other.as_str()))];
            into.hands(&head_name(draft, nas, number), &volumes.name, &facts);
            into.add(volumes);
        }
    }
}

/// Returns the name of the automaton of the volumes of a head.
pub(crate) fn name(head: &str) -> String {
    format!("{head}/volumes")
}

/// Returns the condition that the volumes of head `owner` are with a head that is up; `heads` holds the condition
/// under which each head serves.
pub(crate) fn served(draft: &Draft, nas: usize, owner: u32, heads: Vec<Expr>) -> Expr {
    let volumes = name(&Part::Head { nas, number: owner }.name(draft));
    let with_partner = Expr::of(&volumes, "are with the partner");
    let stall = Expr::of(&volumes, "stall");
    let home = !(with_partner.clone().or(stall.clone()));
    let own = owner as usize;
    Expr::All(vec![
        implies(home, heads[own].clone()),
        implies(with_partner, heads[1 - own].clone()),
        !stall,
    ])
}

/// Returns the volumes that pass between heads, for the file servers whose automata are in `declaration`.
pub(super) fn passing(draft: &Draft, declaration: &Declaration) -> Vec<Passing> {
    let mut all = Vec::new();
    for (nas, (name, spec)) in draft.scenario.nas.iter().enumerate() {
        let heads = (0..spec.heads.value).map(|number| Part::Head { nas, number }.name(draft));
        let volumes: Vec<String> = heads.map(|head| self::name(&head)).collect();
        if volumes.len() > 1 && volumes.iter().all(|one| declaration.automaton(one).is_some()) {
            let stall = volumes.iter().map(|one| !Expr::of(one, "stall")).collect();
            let away = volumes.iter().map(|one| Expr::of(one, "are with the partner")).collect();
            all.push(Passing::new(name, RoleKind::Volumes, Expr::All(stall), away));
        }
    }
    all
}

struct Pair<'a> {
    owner: &'a str,
    partner: &'a str,
    live: bool,
    /// True if planned work can take the owner out.
    planned: bool,
}

impl Pair<'_> {
    /// Returns the automaton of the volumes of the owner.
    fn volumes(&self, spec: &TakeoverSpec) -> Automaton {
        let stalled = |name: &str| State::failed(name, Effect::Stall);
        let served = State {
            effect: Effect::Redirect("partner".into()),
            capacity: 1.0,
            ..stalled("partner")
        };
        let stalls = ["unseen", "takeover", "giveback", "orphan", "adrift", "retake"];
        let mut states = vec![State::serving("home"), served];
        states.extend(stalls.map(stalled));
        let owner = || Expr::of_role("owner", "beats");
        let partner = || Expr::of_role("partner", "beats");
        let anew = Fate::Restart { redraw: true };
        let detect = |name: &str, by: Expr| {
            let silence = Timer::new(name, DurationLaw(law_of(&spec.detect)));
            silence.guarded(by).fate(anew).surrogate_of("heartbeat")
        };
        let mut all = Automaton::new(&name(self.owner), states)
            .bind("owner", &[self.owner])
            .bind("partner", &[self.partner])
            .timer(detect("detect", partner()))
            .timer(detect("detect-partner", owner()));
        if self.planned {
            let asked = Expr::of_role("owner", IS_PLANNED).and(partner());
            let asked = Transition::when((!owner()).and(asked), &["home"], "takeover");
            all = all.transition(asked);
        }
        all = all
            .transition(self.silence(spec, !owner()))
            .transition(Transition::when(owner(), &["unseen", "orphan"], "home"))
            .transition(Transition::when(!partner(), &["takeover", "partner"], "adrift"))
            .transition(Transition::when(partner().and(!owner()), &["adrift"], "unseen"))
            .transition(Transition::when(!owner(), &["retake"], "adrift"))
            .transition(Transition::on("detect", &["unseen"], "takeover"))
            .transition(Transition::on("detect-partner", &["adrift"], "retake"));
        let takes = spec.takeover.as_ref().map(|law| law_of(law));
        let takes = DurationLaw(
            takes.unwrap_or_else(|| Law::constant(0.0).expect("nothing is a length of time")),
        );
        for (timer, from, to) in [("takeover", "takeover", "partner"), ("retake", "retake", "home")]
        {
            all = all.timer(Timer::new(timer, takes.clone())).transition(Transition::on(
                timer,
                &[from],
                to,
            ));
        }
        if let Some(back) = &spec.giveback {
            let after = back.after.value;
            let after = if self.live { after } else { after.min(GIVEBACK_WAIT) };
            all = all
                .timer(Timer::held("settled", owner(), after))
                .timer(Timer::new("giveback", DurationLaw(law_of(&back.lasts))))
                .transition(Transition::on("settled", &["partner"], "giveback"))
                .transition(Transition::on("giveback", &["giveback"], "home"));
        }
        all.fact("stall", Expr::within(&stalls))
            .fact("are with the partner", Expr::within(&["partner"]))
    }

    /// Returns the transition taken when the owner falls silent.
    fn silence(&self, spec: &TakeoverSpec, silent: Expr) -> Transition {
        let from = &["home", "giveback"];
        let coverage = spec.coverage.value.get();
        let noticed = Transition::when(silent, from, "unseen");
        if !self.live || coverage >= 1.0 {
            return noticed;
        }
        covered(noticed, "takeover", coverage, ("unseen", "orphan"), FAILED_TAKEOVER)
    }
}
