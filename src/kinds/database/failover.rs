//! Surrogate automata of a database's failover: which member is primary, and which members follow it.
//!
//! ```text
//! served   -> unseen       the primary stops serving; with the probability `coverage`, drawn at once
//! served   -> doomed       the same, and the failover will not work
//! unseen   -> seeks        detected: U(0, interval) + (fall - 1) x pace + time-out, where pace is the longer
//!                          of interval and time-out; U(0, interval) + (fall - 1) x interval when its
//!                          host refuses for it
//! doomed   -> people       detected, after the same time
//! unseen, doomed -> served the primary serves again before that
//! seeks    -> promotes-k   member k follows, runs, and (remount) the volume answers
//! seeks    -> served       no member can be promoted, and the old primary is back
//! promotes-k -> served     after `promote`: k is primary, the old one is out
//! promotes-k -> seeks      k failed meanwhile
//! people   -> served       after `manual-repair`, the old primary runs
//! people   -> by-people -> served   after `manual-repair`, it does not: the first member that can is promoted
//! ```
//!
//! With `switch-over`, planned work that takes the primary out announces it:
//!
//! ```text
//! served     -> announced   the primary is taken out as planned
//! announced  -> switches-k  a nanosecond later, when all that is taken out at that instant is out: k can be promoted
//! announced  -> as after a crash   no member can be
//! switches-k -> served      after `switch-over`: k is primary, and the old one follows once it is back
//! switches-k -> seeks       k failed meanwhile
//! ```
//!
//! The script of a database with members at both ends of a link runs on the first running replica:
//!
//! ```text
//! served   -> cut-off, cut-doomed   the primary serves, and a cut link is between it and the script
//! cut-off, cut-doomed -> served     the script sees it again
//! cut-off  -> seeks                 detected, after the time of a silent primary
//! cut-doomed -> people              the same
//! ```
//!
//! In these two states the primary serves. The script promotes only a replica that it reaches; people reach all.
//!
//! An automaton beside it says whether the members at the other site than the primary have seen it since its promotion:
//!
//! ```text
//! known    -> unknown               a replica has become primary while the link is cut
//! unknown  -> known                 the link is back
//! ```
//!
//! Until then these members do not watch it, and have no script.
//!
//! While it is served, failovers of a healthy primary occur at their own rate. Detection needs another
//! member that runs. The mechanism is `kinds::database::live::failover`; in this surrogate, promotion has
//! no writes left to apply. Where no `rebuild` is declared, a member that is out follows again as soon
//! as it and a primary run, since people repair it within the years.

use crate::convert::{place, table};
use crate::engine::law::{DurationLaw, Law};
use crate::health::Declaration;
use crate::health::declare::{
    Automaton, Effect, Expr, Fate, Move, Opens, State, Timer, Transition,
};
use crate::kinds::database::far::{self, Ends};
use crate::kinds::database::links::Role;
use crate::kinds::database::role;
use crate::kinds::database::spec::{DatabaseFailoverSpec, DatabaseSpec, Promotion};
use crate::plan::Draft;
use crate::plan::availability::recovery::{Passing, RoleKind};
use crate::plan::availability::surrogate::{
    covered, implies, law, noticed, planned, publish_states,
};
use crate::plan::availability::volume;
use crate::plan::graph::{Graph, Takeover};
use crate::plan::part::Part;
use crate::units::Bandwidth;

/// State in which the primary does not serve, and that is not detected yet.
const UNSEEN: &str = "unseen";
/// State in which planned work has taken the primary out, until all that it takes out at that instant is out.
const ANNOUNCED: &str = "announced";
/// States in which the primary serves and no script sees it: a cut link is between them; the same, and the failover will not
/// work.
const CUT_OFF: &str = "cut-off";
const CUT_DOOMED: &str = "cut-doomed";
/// States of what the members at the other site than the primary know: they have seen it since its promotion, or not.
const KNOWN: &str = "known";
const UNKNOWN: &str = "unknown";

/// Cause of a failover that does not work, and needs people.
pub(crate) const FAILED_FAILOVER: &str = "failed-failover";
/// Cause of a failover of a primary that is healthy.
pub(crate) const FALSE_FAILOVER: &str = "false-failover";
use crate::plan::program::law_of;
use crate::plan::space;

/// Returns the name of the automaton of the phases of a failover.
pub fn name(database: &str) -> String {
    format!("{database}/failover")
}

/// Returns the name of the automaton of what the members at the other site of a link know of the primary.
fn sight(database: &str) -> String {
    format!("{database}/sight")
}

/// Returns the name of the state in which planned work has announced that a member becomes primary.
pub fn switches(member: usize) -> String {
    format!("switches-{}", member + 1)
}

/// Returns the name of the automaton of a member's standing: it follows, or is out.
fn standing(member: &str) -> String {
    format!("{member}/standing")
}

/// Returns the condition that a member of a database runs and follows.
pub fn copies(draft: &Draft, database: usize, member: usize) -> Expr {
    let part = Part::Database { database, member: place(member) };
    let serves = Expr::of(&part.name(draft), "serving").and(follows(draft, database, member));
    let serves = match far::ends(draft, database) {
        Some(ends) => serves.and(is_reached(draft, database, &ends, member)),
        None => serves,
    };
    let Some(store) = draft.links.databases[database].members[member].store else { return serves };
    let full = space::filled(draft, store, part).into_iter();
    full.fold(serves, |copies, (set, _)| copies.and(!Expr::of(&set.name(draft), "is full")))
}

/// Returns the condition that the link between members is not cut.
fn is_fit(draft: &Draft, ends: &Ends) -> Expr {
    Expr::of(&ends.link.name(draft), "fit")
}

/// Returns the condition that the primary of a database is at the end of the link at which a member is.
fn is_beside(draft: &Draft, database: usize, ends: &Ends, member: usize) -> Expr {
    let name = &draft.scenario.database[database].0;
    let near = (0..ends.sides.len()).filter(|other| !ends.are_apart(member, *other));
    Expr::Any(near.map(|other| role::has(name, other)).collect())
}

/// Returns the condition that no cut link is between a member of a database and its primary.
fn is_reached(draft: &Draft, database: usize, ends: &Ends, member: usize) -> Expr {
    is_fit(draft, ends).or(is_beside(draft, database, ends, member))
}

/// Returns the condition that a member of a database follows, running or not.
pub fn follows(draft: &Draft, database: usize, member: usize) -> Expr {
    let part = Part::Database { database, member: place(member) };
    Expr::of(&standing(&part.name(draft)), "follows")
}

/// Returns the condition that the primary serves and no failover is under way, from the condition of each member. Only
/// the condition of the primary counts, so that an outage is never attributed to another member.
pub fn served(draft: &Draft, database: usize, members: Vec<Expr>) -> Expr {
    let database = &draft.scenario.database[database].0;
    let has = |member| role::has(database, member);
    let mut all: Vec<Expr> =
        members.into_iter().enumerate().map(|(k, member)| implies(has(k), member)).collect();
    all.push(Expr::of(&name(database), "served"));
    Expr::All(all)
}

/// Returns the roles of primary that pass between members, for databases whose automaton is in `declaration`.
pub(super) fn passing(draft: &Draft, declaration: &Declaration) -> Vec<Passing> {
    let mut all = Vec::new();
    for (database, (name, _)) in draft.scenario.database.iter().enumerate() {
        let phases = self::name(name);
        if declaration.automaton(&phases).is_none() {
            continue;
        }
        let members = 0..draft.links.databases[database].members.len();
        let holds = members.map(|member| role::has(name, member)).collect();
        all.push(Passing::new(name, RoleKind::Primary, Expr::of(&phases, "served"), holds));
    }
    all
}

/// Adds the automata of every database with a failover on which a request class depends.
pub(super) fn declare(draft: &Draft, graph: &Graph, declaration: &mut Declaration) {
    for (database, (_, spec)) in draft.scenario.database.iter().enumerate() {
        let has = graph.nodes().any(|(id, _)| {
            matches!(graph.takeover(id), Some(Takeover::Primary(other, _)) if *other == database)
        });
        if let Some(failover) = spec.failover.as_ref().filter(|_| has) {
            let ends = far::ends(draft, database);
            let group = Group { draft, database, spec, failover, ends };
            group.declare(graph, declaration);
        }
    }
}

/// Returns the condition that both hold, or that the first does where there is no other.
fn both(one: Expr, other: Option<Expr>) -> Expr {
    match other {
        Some(other) => one.and(other),
        None => one,
    }
}

struct Group<'a> {
    draft: &'a Draft,
    database: usize,
    spec: &'a DatabaseSpec,
    failover: &'a DatabaseFailoverSpec,
    /// Link between the members.
    ends: Option<Ends>,
}

impl Group<'_> {
    fn name(&self) -> &str {
        &self.draft.scenario.database[self.database].0
    }

    fn count(&self) -> usize {
        self.draft.links.databases[self.database].members.len()
    }

    fn part(&self, member: usize) -> Part {
        Part::Database { database: self.database, member: place(member) }
    }

    fn member(&self, member: usize) -> String {
        self.part(member).name(self.draft)
    }

    fn standing(&self, member: usize) -> String {
        standing(&self.member(member))
    }

    fn serving(&self, member: usize) -> Expr {
        Expr::of(&self.member(member), "serving")
    }

    fn has_role(&self, member: usize) -> Expr {
        role::has(self.name(), member)
    }

    /// Returns the condition that `what` holds for the member that is primary.
    fn primary(&self, what: impl Fn(usize) -> Expr) -> Expr {
        Expr::All((0..self.count()).map(|m| implies(self.has_role(m), what(m))).collect())
    }

    /// Returns the condition that the process is down and its reachable host refuses for it.
    fn refuses(&self, member: usize) -> Expr {
        let down = Expr::of(&self.member(member), "is down");
        match self.part(member).stands_on(self.draft) {
            Some(host) => down.and(Expr::of(&host.name(self.draft), "reachable")),
            None => down,
        }
    }

    fn declare(&self, graph: &Graph, declaration: &mut Declaration) {
        let count = self.count();
        role::declare(self.name(), count, declaration, |role| role);
        for member in 0..count {
            declaration.add(self.standing_of(member));
        }
        if let Some(sight) = self.knowledge() {
            declaration.add(sight);
        }
        let announced = self.announced(declaration);
        declaration.add(self.phases(graph, announced));
    }

    /// Returns the automaton of a member's standing: it follows the primary, or is out until it is rebuilt.
    fn standing_of(&self, member: usize) -> Automaton {
        let states = vec![State::idle("follows"), State::idle("out")];
        let all = Automaton::new(&self.standing(member), states);
        let served = Expr::of(&name(self.name()), "served");
        // The copy needs a primary that runs.
        let able = self.serving(member).and(served).and(self.primary(|m| self.serving(m)));
        let reached = |ends: &Ends| is_reached(self.draft, self.database, ends, member);
        let able = both(able, self.ends.as_ref().map(reached));
        let all = match &self.spec.rebuild {
            None => all.transition(Transition::when(able, &["out"], "follows")),
            Some(rebuild) => {
                let copies =
                    |all: Automaton, timer: &str, time: f64, able: Expr| {
                        let copy = Timer::new(timer, law(Law::constant(time))).guarded(able);
                        all.timer(copy.fate(Fate::Restart { redraw: true }))
                            .transition(Transition::on(timer, &["out"], "follows"))
                    };
                let by_rate = rebuild.rate.value.time_for(rebuild.size.value).seconds();
                match self.far_from(member) {
                    None => copies(all, "rebuild", by_rate, able),
                    Some((far, bandwidth)) => {
                        let over = bandwidth.time_for(rebuild.size.value).seconds();
                        let near = able.clone().and(!far.clone());
                        let all = copies(all, "rebuild", by_rate, near);
                        copies(all, "rebuild-over-link", by_rate.max(over), able.and(far))
                    }
                }
            }
        };
        publish_states(all)
    }

    /// Returns the condition that the volume of the first primary answers; always true without remounts.
    fn volume(&self, graph: &Graph) -> Expr {
        if self.failover.promotion.value != Promotion::Remount {
            return Expr::Always;
        }
        let links = &self.draft.links.databases[self.database];
        let primary = links.of(Role::Primary).next().unwrap_or(0) as usize;
        volume(self.draft, graph, self.part(primary), links.members[primary].store)
    }

    /// Returns the condition that planned work takes the primary out, and the law of the time of a switch-over; `None` if none is
    /// announced.
    fn announced(&self, declaration: &Declaration) -> Option<(Expr, DurationLaw)> {
        let law = DurationLaw(law_of(self.failover.switch_over.as_ref()?));
        let taken_out = |member: usize| {
            let planned = planned(self.draft, declaration, self.part(member))?;
            Some(self.has_role(member).and(planned))
        };
        let all: Vec<Expr> = (0..self.count()).filter_map(taken_out).collect();
        (!all.is_empty()).then_some((Expr::Any(all), law))
    }

    /// Lets a failover that begins with a transition work, or not, by its coverage.
    fn dies(&self, transition: Transition) -> Transition {
        let coverage = self.failover.coverage.value.get();
        let ways = (UNSEEN, "doomed");
        covered(transition, "failover-works", coverage, ways, FAILED_FAILOVER)
    }

    /// Adds the switch-over of a primary that does not serve, because of planned work, to a replica that may take over.
    fn switches_over(
        &self,
        mut all: Automaton,
        announced: Option<(Expr, DurationLaw)>,
        well: &Expr,
        may: &dyn Fn(usize) -> Expr,
    ) -> Automaton {
        let Some((planned, lasts)) = announced else { return all };
        let anew = Fate::Restart { redraw: true };
        let out = |name: &str| State::failed(name, Effect::Refuse);
        all.states.push(out(ANNOUNCED));
        let begins = (!well.clone()).and(planned);
        all = all
            .transition(Transition::when(begins, &["served"], ANNOUNCED))
            .timer(Timer::new(ANNOUNCED, law(Law::constant(1e-9))).fate(anew));
        for member in 0..self.count() {
            let to = switches(member);
            all.states.push(out(&to));
            all = all
                .transition(Transition::on(ANNOUNCED, &[ANNOUNCED], &to).given(may(member)))
                .transition(Transition::when(!self.serving(member), &[&to], "seeks"));
            for old in (0..self.count()).filter(|old| *old != member) {
                let done = Transition::on("switch-over", &[&to], "served");
                let done = done.given(self.has_role(old)).also(&self.role_moves(old, member));
                all = all.transition(done);
            }
        }
        // No member can take over: the work is detected like a crash.
        all.transition(self.dies(Transition::on(ANNOUNCED, &[ANNOUNCED], UNSEEN)))
            .transition(Transition::when(well.clone(), &[ANNOUNCED], "served"))
            .timer(Timer::new("switch-over", lasts).fate(anew))
    }

    fn phases(&self, graph: &Graph, announced: Option<(Expr, DurationLaw)>) -> Automaton {
        let count = self.count();
        let out = |name: &str| State::failed(name, Effect::Refuse);
        let promotes = |member: usize| format!("promotes-{}", member + 1);
        let mut states = vec![State::serving("served")];
        states.extend(["unseen", "doomed", "seeks", "people", "by-people"].map(out));
        states.extend((0..count).map(|member| out(&promotes(member))));
        let mut all = Automaton::new(&name(self.name()), states);
        all.stream = Some(self.name().to_string());
        let well = self.primary(|member| self.serving(member));
        let others = |what: &dyn Fn(usize) -> Expr| {
            let each = (0..count).map(|member| (!self.has_role(member)).and(what(member)));
            Expr::Any(each.collect())
        };
        let volume = self.volume(graph);
        let can = |member: usize| {
            let follows = Expr::of(&self.standing(member), "follows");
            let able = self.serving(member).and(follows).and(volume.clone());
            (!self.has_role(member)).and(able)
        };
        // A replica that the script does not reach is not promoted.
        let may = |member: usize| both(can(member), self.is_chosen(member));
        let watched = others(&|member| both(self.serving(member), self.knows(member)));
        let promotable = self.waits_for_others().then(|| others(&may));
        let watched = both(watched, promotable);
        let silent = !self.primary(|member| self.refuses(member));
        let detect = &self.failover.detect;
        let anew = Fate::Restart { redraw: true };
        let [by_silence, by_refusal] = noticed(
            (detect.interval.value, detect.time_out.value, detect.fall.value),
            ("detect", watched.clone().and(silent.clone())),
            ("detect-refusal", watched.and(!silent)),
        );
        all = all.timer(by_silence).timer(by_refusal);
        let coverage = self.failover.coverage.value.get();
        let cover = |transition: Transition, purpose: &str, to: (&str, &str)| {
            covered(transition, purpose, coverage, to, FAILED_FAILOVER)
        };
        all = self.switches_over(all, announced, &well, &may);
        all = all
            .transition(self.dies(Transition::when(!well.clone(), &["served"], UNSEEN)))
            .transition(Transition::when(well.clone(), &[UNSEEN, "doomed"], "served"));
        for timer in ["detect", "detect-refusal"] {
            all = all
                .transition(Transition::on(timer, &["unseen"], "seeks"))
                .transition(Transition::on(timer, &["doomed"], "people"));
        }
        if let Some(rate) = self.failover.false_rate.as_ref().map(|rate| rate.value.in_per_second())
            && rate > 0.0
        {
            let gap = Timer::new(FALSE_FAILOVER, law(Law::exponential(1.0 / rate)));
            let able = well.clone().and(others(&may));
            let begins = Transition::on(FALSE_FAILOVER, &["served"], "seeks");
            let begins = begins.given(able).opens(Opens::Always);
            all = all.timer(gap.fate(Fate::Freeze)).transition(cover(
                begins,
                "false-failover-works",
                ("seeks", "people"),
            ));
        }
        for member in 0..count {
            all = all.transition(Transition::when(may(member), &["seeks"], &promotes(member)));
        }
        all = all
            .transition(Transition::when(well.clone(), &["seeks"], "served"))
            .timer(Timer::new("promote", DurationLaw(law_of(&self.failover.promote))).fate(anew));
        for member in 0..count {
            let from = promotes(member);
            let gone = Transition::when(!self.serving(member), &[&from], "seeks");
            all = all.transition(gone);
            for old in (0..count).filter(|old| *old != member) {
                let done = |cut: Option<Expr>| {
                    let given = both(self.has_role(old), cut);
                    Transition::on("promote", &[&from], "served").given(given)
                };
                all = self.promoted(all, (old, member), &done);
            }
        }
        let failed =
            Timer::new("failed-failover.repair", DurationLaw(law_of(&self.failover.manual_repair)));
        all = all
            .timer(failed.fate(anew))
            .transition(
                Transition::on("failed-failover.repair", &["people"], "served").given(well.clone()),
            )
            .transition(Transition::on("failed-failover.repair", &["people"], "by-people"));
        for member in 0..count {
            for old in (0..count).filter(|old| *old != member) {
                let able = can(member).and(self.has_role(old));
                let done = |cut: Option<Expr>| {
                    Transition::when(both(able.clone(), cut), &["by-people"], "served")
                };
                all = self.promoted(all, (old, member), &done);
            }
        }
        all = all.transition(Transition::when(well.clone(), &["by-people"], "served"));
        self.loses_sight(all, well, coverage)
    }

    /// Adds the transitions by which `member` becomes primary after `old`: while the link between members is cut, those at the
    /// other site do not know of it.
    fn promoted(
        &self,
        mut all: Automaton,
        (old, member): (usize, usize),
        done: &dyn Fn(Option<Expr>) -> Transition,
    ) -> Automaton {
        if let Some(cut) = self.is_cut() {
            let unknown = Move::of(&sight(self.name()), &[KNOWN], UNKNOWN);
            let unseen = self.hands_over(done(Some(cut)), old, member).also(&unknown);
            all = all.transition(unseen);
        }
        all.transition(self.hands_over(done(None), old, member))
    }

    fn role_moves(&self, old: usize, new: usize) -> Move {
        role::passes(self.name(), old, new)
    }

    /// Adds to a transition that the role moves from `old` to `new`, and that `old` is out.
    fn hands_over(&self, transition: Transition, old: usize, new: usize) -> Transition {
        let moved = self.role_moves(old, new);
        let out = Move::of(&self.standing(old), &["follows"], "out");
        transition.also(&moved).also(&out)
    }
}

/// The link between members at both of its ends.
impl Group<'_> {
    /// Returns the condition that the link is cut; `None` if no link is between the members.
    fn is_cut(&self) -> Option<Expr> {
        let ends = self.ends.as_ref()?;
        Some(!is_fit(self.draft, ends))
    }

    /// Returns the automaton of what the members at the other site know of the primary; `None` if no link is between members.
    fn knowledge(&self) -> Option<Automaton> {
        let back = !self.is_cut()?;
        let states = vec![State::idle(KNOWN), State::idle(UNKNOWN)];
        let all = Automaton::new(&sight(self.name()), states);
        Some(publish_states(all.transition(Transition::when(back, &[UNKNOWN], KNOWN))))
    }

    /// Returns the condition that a member has seen the primary since its promotion; `None` if no link is between members.
    fn knows(&self, member: usize) -> Option<Expr> {
        let ends = self.ends.as_ref()?;
        let beside = is_beside(self.draft, self.database, ends, member);
        Some(Expr::of(&sight(self.name()), KNOWN).or(beside))
    }

    /// Returns the condition that the primary stands at the other end of a link than `member`, and the bandwidth of the link; `None`
    /// if no link is between the members.
    fn far_from(&self, member: usize) -> Option<(Expr, Bandwidth)> {
        let ends = self.ends.as_ref()?;
        let far = !is_beside(self.draft, self.database, ends, member);
        Some((far, self.draft.scenario.link[ends.link.index()].1.bandwidth.value))
    }

    /// Returns whether a promotion over the link needs other replicas for its writes.
    fn waits_for_others(&self) -> bool {
        self.ends.is_some() && self.spec.wait_for(table::u32(self.count() - 1)).is_some()
    }

    /// Returns the condition that the script runs on a member: the first replica that runs, follows and knows the primary.
    fn has_script(&self, member: usize) -> Expr {
        let runs = |m: usize| {
            let follows = Expr::of(&self.standing(m), "follows");
            both((!self.has_role(m)).and(self.serving(m)).and(follows), self.knows(m))
        };
        let before = (0..member).map(|other| !runs(other));
        Expr::All(before.chain([runs(member)]).collect())
    }

    /// Returns the condition that the script reaches a replica, and with `wait-for` that this reaches enough others; `None` if no link
    /// is between the members.
    fn is_chosen(&self, member: usize) -> Option<Expr> {
        let ends = self.ends.as_ref()?;
        let fit = || is_fit(self.draft, ends);
        let near = |m: usize| (0..ends.sides.len()).filter(move |other| !ends.are_apart(m, *other));
        let scripts = Expr::Any(near(member).map(|other| self.has_script(other)).collect());
        let reached = fit().or(scripts);
        let Some(least) = self.spec.wait_for(table::u32(self.count() - 1)) else {
            return Some(reached);
        };
        let others = (0..self.count()).filter(|other| *other != member).map(|other| {
            let follows = Expr::of(&self.standing(other), "follows");
            let runs = (!self.has_role(other)).and(self.serving(other)).and(follows);
            if ends.are_apart(member, other) { runs.and(fit()) } else { runs }
        });
        Some(reached.and(Expr::AtLeast(least, others.collect())))
    }

    /// Adds that the script loses sight of a primary that serves, and publishes that it serves meanwhile.
    fn loses_sight(&self, mut all: Automaton, well: Expr, coverage: f64) -> Automaton {
        let Some(ends) = &self.ends else { return publish_states(all) };
        let out = |name: &str| State::failed(name, Effect::Refuse);
        all.states.extend([CUT_OFF, CUT_DOOMED].map(out));
        let beside = |member: usize| is_beside(self.draft, self.database, ends, member);
        let sees = |member: usize| implies(self.has_script(member), beside(member));
        let sees = is_fit(self.draft, ends).or(Expr::All((0..self.count()).map(sees).collect()));
        let cut = Transition::when(well.clone().and(!sees.clone()), &["served"], CUT_OFF);
        all = all
            .transition(covered(
                cut,
                "failover-works",
                coverage,
                (CUT_OFF, CUT_DOOMED),
                FAILED_FAILOVER,
            ))
            .transition(Transition::when(!well.clone(), &[CUT_OFF], UNSEEN))
            .transition(Transition::when(!well, &[CUT_DOOMED], "doomed"))
            .transition(Transition::when(sees, &[CUT_OFF, CUT_DOOMED], "served"))
            .transition(Transition::on("detect", &[CUT_OFF], "seeks"))
            .transition(Transition::on("detect", &[CUT_DOOMED], "people"));
        let mut all = publish_states(all);
        for (fact, expr) in &mut all.facts {
            if fact == "served" {
                *expr = Expr::within(&["served", CUT_OFF, CUT_DOOMED]);
            }
        }
        all
    }
}
