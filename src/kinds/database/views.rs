//! Surrogate automata of the view of a database whose members agree on every write, and of the primary that it elects.
//!
//! One automaton per member:
//!
//! ```text
//! in       -> silent       the member does not serve: writes wait for it
//! silent   -> overdue      after `suspect-after`
//! overdue  -> evicted      at least two other members (a group) or one other remain in the view
//! evicted  -> behind       a write can be committed, which the member lacks from then on
//! silent, overdue, evicted -> in   the member serves again
//! behind   -> in           the same, and another member of the view serves, from which it has what it lacks
//! ```
//!
//! One for the role, if the primary takes all writes and the members elect it:
//!
//! ```text
//! member-k -> member-j     k is evicted, and j is the first member in the view that serves
//! ```
//!
//! The mechanism is `kinds::database::live::views`. In this surrogate a write follows every eviction at once where one can be committed, and
//! a member that is back has nothing to apply. Left out is a write in progress that the survivors of `three-phase` commit after the
//! primary has been evicted.

use std::collections::BTreeMap;

use crate::convert::place;
use crate::engine::law::Law;
use crate::health::Declaration;
use crate::health::declare::{Automaton, Effect, Expr, Fate, State, Timer, Transition};
use crate::kinds::database::role;
use crate::mechanism::commit::Protocol;
use crate::plan::Draft;
use crate::plan::availability::recovery::{Passing, RoleKind};
use crate::plan::availability::surrogate::{implies, law, publish_states};
use crate::plan::faults::holder;
use crate::plan::fluid::state::Input;
use crate::plan::graph::{Graph, Takeover};
use crate::plan::part::Part;

/// State in which a member is in the view and serves.
const IN: &str = "in";
/// State of a member that does not serve and is waited for.
const SILENT: &str = "silent";
/// State after `suspect-after`, while the view may not lose the member.
const OVERDUE: &str = "overdue";
/// State in which the view goes on without the member, and has committed nothing since.
const EVICTED: &str = "evicted";
/// State in which the member lacks what the view has committed.
const BEHIND: &str = "behind";
/// Fact that the others wait for the member.
const AWAITED: &str = "is awaited";
/// Fact that the view goes on without the member.
const OUT: &str = "is evicted";

/// Returns the name of the automaton of a member's place in the view.
fn name(draft: &Draft, database: usize, member: usize) -> String {
    format!("{}/view", member_of(draft, database, member))
}

fn member_of(draft: &Draft, database: usize, member: usize) -> String {
    Part::Database { database, member: place(member) }.name(draft)
}

fn members(draft: &Draft, database: usize) -> std::ops::Range<usize> {
    0..draft.links.databases[database].members.len()
}

/// Returns the condition that a member has the role of primary, which the members elect.
fn holds(draft: &Draft, database: usize, member: usize) -> Expr {
    role::has(&draft.scenario.database[database].0, member)
}

/// Returns the condition that the other members wait for a silent one.
pub(crate) fn is_awaited(draft: &Draft, database: usize, member: usize) -> Expr {
    Expr::of(&name(draft, database, member), AWAITED)
}

/// Returns the condition that the view goes on without a member.
pub(crate) fn is_evicted(draft: &Draft, database: usize, member: usize) -> Expr {
    Expr::of(&name(draft, database, member), OUT)
}

/// Returns the inputs of the traffic over years: the members that are awaited or evicted, by number of their part, and, where the
/// members elect the primary, the member that has the role.
pub(crate) fn inputs(
    draft: &Draft,
    database: usize,
    numbers: &BTreeMap<Part, u32>,
    known: &dyn Fn(&str, &str) -> bool,
) -> Vec<(Input, Expr)> {
    let spec = &draft.scenario.database[database].1;
    let mut all = Vec::new();
    for member in members(draft, database) {
        let part = Part::Database { database, member: place(member) };
        let number = numbers.get(&part).filter(|_| known(&name(draft, database, member), AWAITED));
        let Some(number) = number else { continue };
        all.push((Input::Awaited(*number), is_awaited(draft, database, member)));
        all.push((Input::Evicted(*number), is_evicted(draft, database, member)));
        if spec.elects() {
            all.push((
                Input::Holds(place(database), place(member)),
                holds(draft, database, member),
            ));
        }
    }
    all
}

/// Returns the condition that queries are served, from the condition of each member: writes, or reads. Members that take such
/// queries are `any` of them, or the primary.
pub(crate) fn served(
    draft: &Draft,
    database: usize,
    (writes, any): (bool, bool),
    nodes: Vec<Expr>,
) -> Expr {
    let spec = &draft.scenario.database[database].1;
    let serves = |(member, up): (usize, Expr)| up.and(!is_evicted(draft, database, member));
    let serving: Vec<Expr> = nodes.into_iter().enumerate().map(serves).collect();
    let served = if any {
        Expr::Any(serving)
    } else if spec.elects() {
        let each = serving.into_iter().enumerate();
        let each = each.map(|(member, serves)| implies(holds(draft, database, member), serves));
        Expr::All(each.collect())
    } else {
        serving.into_iter().next().unwrap_or(Expr::Never)
    };
    if !writes {
        return served;
    }
    let awaited = members(draft, database).map(|member| !is_awaited(draft, database, member));
    Expr::All(awaited.chain([served]).collect())
}

/// Adds the automata of every database with a view on which a request class depends.
pub(super) fn declare(draft: &Draft, graph: &Graph, declaration: &mut Declaration) {
    for (database, (database_name, spec)) in draft.scenario.database.iter().enumerate() {
        let has = graph.nodes().any(|(id, _)| {
            matches!(graph.takeover(id), Some(Takeover::View { database: of, .. }) if *of == database)
        });
        if !has {
            continue;
        }
        for member in members(draft, database) {
            declaration.add(of_member(draft, database, member));
        }
        if spec.elects() {
            let count = members(draft, database).len();
            role::declare(database_name, count, declaration, |role| elects(draft, database, role));
        }
    }
}

/// Returns the primaries that are elected, for databases whose automata are in `declaration`.
pub(super) fn passing(draft: &Draft, declaration: &Declaration) -> Vec<Passing> {
    let mut all = Vec::new();
    for (database, (database_name, spec)) in draft.scenario.database.iter().enumerate() {
        let is_declared = |member| declaration.automaton(&name(draft, database, member)).is_some();
        if !spec.elects() || !members(draft, database).any(is_declared) {
            continue;
        }
        let has = |member| holds(draft, database, member);
        let serves = |member| implies(has(member), is_in(draft, database, member));
        let served = Expr::All(members(draft, database).map(serves).collect());
        let each = members(draft, database).map(has).collect();
        all.push(Passing::new(database_name, RoleKind::Primary, served, each));
    }
    all
}

/// Returns the condition that a member is in the view and serves.
fn is_in(draft: &Draft, database: usize, member: usize) -> Expr {
    Expr::of(&name(draft, database, member), IN)
}

/// Returns the automaton of a member's place in the view.
fn of_member(draft: &Draft, database: usize, member: usize) -> Automaton {
    let spec = &draft.scenario.database[database].1;
    let serving = || Expr::of(&member_of(draft, database, member), "serving");
    let out = |state: &str, effect| State::failed(state, effect);
    let states = vec![
        State::serving(IN),
        out(SILENT, Effect::Stall),
        out(OVERDUE, Effect::Stall),
        out(EVICTED, Effect::Refuse),
        out(BEHIND, Effect::Refuse),
    ];
    // A group keeps at least two members in its view, any other database one.
    let least = if spec.protocol() == Some(Protocol::Ordered) { 3 } else { 2 };
    let viewed = members(draft, database).map(|other| !is_evicted(draft, database, other));
    let may_leave = Expr::AtLeast(least, viewed.collect());
    let others = members(draft, database).filter(|other| *other != member);
    let others_serve = Expr::Any(others.map(|other| is_in(draft, database, other)).collect());
    let suspect = law(Law::constant(spec.suspect_after().seconds()));
    let suspect = Timer::new("suspect", suspect).fate(Fate::Restart { redraw: true });
    let all = Automaton::new(&name(draft, database, member), states)
        .timer(suspect)
        .transition(Transition::when(!serving(), &[IN], SILENT))
        .transition(Transition::when(serving(), &[SILENT, OVERDUE, EVICTED], IN))
        .transition(Transition::on("suspect", &[SILENT], OVERDUE))
        .transition(Transition::when(may_leave, &[OVERDUE], EVICTED))
        .transition(Transition::when(commits(draft, database), &[EVICTED], BEHIND))
        .transition(Transition::when(serving().and(others_serve), &[BEHIND], IN));
    publish_states(all)
        .fact(AWAITED, Expr::within(&[SILENT, OVERDUE]))
        .fact(OUT, Expr::within(&[EVICTED, BEHIND]))
}

/// Returns the condition that writes can be committed: no member is awaited, and one that takes writes is in the view and serves.
fn commits(draft: &Draft, database: usize) -> Expr {
    let spec = &draft.scenario.database[database].1;
    let all = || members(draft, database);
    let takes = if spec.all_write() {
        Expr::Any(all().map(|member| is_in(draft, database, member)).collect())
    } else if spec.elects() {
        let serves = |member| holds(draft, database, member).and(is_in(draft, database, member));
        Expr::Any(all().map(serves).collect())
    } else {
        is_in(draft, database, 0)
    };
    Expr::All(all().map(|member| !is_awaited(draft, database, member)).chain([takes]).collect())
}

/// Adds to the automaton of the role that the view elects another primary when it has evicted its own.
fn elects(draft: &Draft, database: usize, role: Automaton) -> Automaton {
    let mut all = role;
    for old in members(draft, database) {
        for new in members(draft, database).filter(|new| *new != old) {
            let before = (0..new).filter(|other| *other != old);
            let none_before = before.map(|other| !is_in(draft, database, other));
            let may = [is_evicted(draft, database, old), is_in(draft, database, new)];
            let elected = Expr::All(may.into_iter().chain(none_before).collect());
            all = all.transition(Transition::when(elected, &[&holder(old)], &holder(new)));
        }
    }
    all
}
