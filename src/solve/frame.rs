//! The frame from which windows of requests are drawn: the history of `flows`, cut into pieces.
//!
//! Model: time is cut into *cells* of five minutes, the intervals of which the objective availability is
//! a share. An *episode* lasts from before something goes wrong until all is well again and nobody waits
//! any more, with what it takes to be back, in whole cells; episodes whose cells meet are one. All other
//! cells are *quiet*. Who has an address or a role makes no episode, as long as somebody has it.
//!
//! Pieces, which together are all time, each once:
//! - an episode of [`SHORT`] or less is one; of a longer one every run of cells around changes of state
//!   is one (in parts of [`SHORT`] at most), and each cell in between;
//! - each quiet cell is one.
//!
//! What is drawn: of pieces of episodes a [`Priority`] sample a stratum, which is the first cause of the
//! episode, over all replications; of quiet cells a systematic sample a replication, in proportion to
//! the views expected, so that hours weigh as their traffic. Draws are keyed by the number of the
//! piece's first cell, under a purpose of their own: no draw of anything else moves.
//!
//! Memory: what one replication's open episode changed ([`MOST_MARKS`] at most), and what the samples
//! keep; nothing that grows with the horizon.
//!
//! Each piece also has the instant from which `requests` has to live for it. Queues and workers cannot be
//! taken over from a fluid (they are never invented). What breaks and what is repaired, with all ages, is
//! the history's own at any instant; so is who is master and who has an address, which failovers and
//! takeovers do not work, when people are done with those, and which hangs probes do not see: a piece
//! late in an episode is there because it took long. What else reacts (probes, detection, a failover or a takeover under way, cold memory)
//! begins anew with the window. So it begins [`LEAD_IN`] before an episode, and that far back too for later
//! pieces within [`WITHIN`] of its start, and for those within [`FURTHEST`] where a failover or takeover
//! did not work and people have to end that. Else it begins [`LONG_LEAD_IN`] before the piece: longer than
//! detection, failover and takeover; who went away while they are found out anew, in the first
//! [`REACTED`] of it, is forgotten.
//!
//! Left out: episodes that begin with a failover without a death. `requests` draws these at other instants,
//! so there `flows` alone says what they cost, and in the windows there are none.

use std::collections::BTreeMap;

use crate::convert::place;
use crate::engine::draw::{Key, Lineage};
use crate::engine::lane::NoProgress;
use crate::health::{AutomatonId, FactId, Kernel, Listener, Moved, Net, StateId, View};
use crate::kinds::database::failover::FALSE_FAILOVER;
use crate::plan::availability::AvailabilityPlan;
use crate::plan::fluid::FluidPlan;
use crate::plan::fluid::state::Input;
use crate::solve::fluid::reading::{Looks, Reading, Wellness};
use crate::solve::fluid::{INTERVAL, Known, Live, Memo};
use crate::stats::sampling::Priority;
use crate::units::{SimDuration, SimTime};
use crate::workload::rate::RateCurve;

/// A cell.
pub const CELL: SimDuration = INTERVAL;
/// An episode begins so long before its onset: who is under way then is hurt too.
pub const BEFORE: SimDuration = SimDuration::from_secs(60);
/// It ends so long after the all-clear, and a change of state is over so long after it.
pub const AFTER: SimDuration = SimDuration::from_secs(300);
/// The longest episode that is one piece, and the longest piece.
pub const SHORT: SimDuration = SimDuration::from_secs(1_800);
/// Lived through and not counted before a piece.
pub const LEAD_IN: SimDuration = SimDuration::from_secs(120);
/// The same in the middle of an episode.
pub const LONG_LEAD_IN: SimDuration = SimDuration::from_secs(600);
/// In the middle of an episode everything has reacted by then to what was broken at the start.
pub const REACTED: SimDuration = SimDuration::from_secs(300);
/// Pieces that begin so soon after their episode are lived through from before its start.
pub const WITHIN: SimDuration = SimDuration::from_secs(1_800);
/// The furthest back that anything begins.
pub const FURTHEST: SimDuration = SimDuration::from_secs(6 * 3_600);
/// Changes of state of one episode that are told apart; beyond them it counts as constant.
pub const MOST_MARKS: usize = 10_000;

/// How often it is looked whether everybody is served again.
const LOOK: SimDuration = SimDuration::from_secs(60);
/// Nobody is waited for any longer: what is left belongs to quiet time.
const MOST_WAIT: SimDuration = SimDuration::from_secs(6 * 3_600);
/// Seconds of views that may differ around a change of state.
const CHANGE_S: f64 = 60.0;
/// Share of the views that may differ while hardly any is served, while too much may be asked for, else.
const DARK: f64 = 0.05;
const STRAINED: f64 = 0.5;
const STEADY: f64 = 0.005;

/// Purpose of the draws.
const PURPOSE: &str = "years-windows";

/// What a piece is a piece of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// Of an episode with this first cause, by place; the one behind the last is overload.
    Episode(u32),
    /// Of quiet time.
    Quiet,
}

/// A piece of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which history.
    pub replication: u64,
    /// Its first instant, at the start of a cell.
    pub from: SimTime,
    /// Its end: of a cell, or of the horizon.
    pub to: SimTime,
    /// What it is lived through from.
    pub start: SimTime,
    /// It begins in the middle of its episode, long after its start.
    pub midway: bool,
    /// It is the first of its episode, or quiet; and the last. Who has gone then takes along what he would
    /// have asked for later.
    pub ends: [bool; 2],
    /// What it is of.
    pub of: Of,
}

impl Piece {
    /// Its cells, in order.
    pub fn cells(&self) -> impl Iterator<Item = (SimTime, SimTime)> + use<> {
        let (from, to) = (self.from, self.to);
        let first = from.nanos() / CELL.nanos();
        let last = to.nanos().div_ceil(CELL.nanos());
        let at = |cell: u64| SimTime::from_nanos(cell * CELL.nanos());
        (first..last).map(move |cell| (at(cell).max(from), at(cell + 1).min(to)))
    }
}

/// How much is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Histories cut into pieces: the first ones of the years.
    pub replications: u64,
    /// Quiet pieces of each.
    pub quiet: u64,
    /// Pieces of episodes, of all.
    pub episodes: usize,
    /// Of these, at least so many of each stratum.
    pub least: usize,
}

/// What is expected to be asked for, by the profiles alone.
#[derive(Clone, Debug)]
pub struct Expected(Vec<RateCurve>);

impl Expected {
    /// Of a plan.
    #[must_use]
    pub fn of(plan: &FluidPlan) -> Self {
        Self(plan.workloads.iter().map(|workload| workload.traffic.curve()).collect())
    }

    /// Views in a stretch of time.
    #[must_use]
    pub fn between(&self, from: SimTime, to: SimTime) -> f64 {
        self.0.iter().map(|curve| curve.between(from, to)).sum()
    }

    /// The cell in which so many views have come since time zero; of several the first.
    fn cell_of(&self, views: f64, cells: u64) -> u64 {
        let (mut low, mut high) = (0, cells.saturating_sub(1));
        while low < high {
            let middle = low.midpoint(high);
            let end = SimTime::from_nanos((middle + 1) * CELL.nanos());
            let come: f64 = self.0.iter().map(|curve| curve.cumulated(end)).sum();
            if come > views { high = middle } else { low = middle + 1 }
        }
        low
    }
}

/// What one history offers to the sample.
#[derive(Clone, Debug)]
pub struct Offered {
    /// By first cause.
    pub strata: BTreeMap<u32, Priority<Piece>>,
    /// Quiet cells drawn, with their probabilities.
    pub quiet: Vec<(Piece, f64)>,
    /// Episodes.
    pub episodes: u64,
    /// Pieces of them.
    pub pieces: u64,
    /// Views expected in the episodes, and in all.
    pub views: (f64, f64),
    /// Episodes left out: they begin with something that `requests` draws for itself.
    pub left_out: u64,
}

impl Offered {
    /// Puts in what the next history offers.
    pub fn append(&mut self, other: Self) {
        for (cause, stratum) in other.strata {
            match self.strata.get_mut(&cause) {
                Some(mine) => mine.append(stratum),
                None => {
                    self.strata.insert(cause, stratum);
                }
            }
        }
        self.quiet.extend(other.quiet);
        self.episodes += other.episodes;
        self.pieces += other.pieces;
        self.left_out += other.left_out;
        self.views = (self.views.0 + other.views.0, self.views.1 + other.views.1);
    }
}

/// One history with its traffic, watched.
struct Watching<'m, 'p> {
    net: &'p Net,
    live: Live<'m, 'p>,
    wellness: Wellness,
    course: Option<Course>,
    failing: Vec<Failing>,
    /// By fact of the whole: who has the role or the address while it holds.
    roles: Vec<Option<(Role, u32)>>,
    moves: Vec<RoleMoved>,
    failed: Vec<Failed>,
    silences: Vec<Silence>,
    beliefs: Vec<Belief>,
}

/// What a balancer believes of a member that may hang unseen.
struct Belief {
    of: AutomatonId,
    missed: StateId,
    unseen: Vec<(SimTime, SimTime)>,
}

/// The automaton of a failover or of a takeover.
struct Failing {
    of: AutomatonId,
    /// The states in which it does not work.
    states: Vec<StateId>,
    /// Of these the one in which people are at it.
    people: Option<StateId>,
}

/// A failover or a takeover that did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The name of its automaton.
    pub of: String,
    /// Since when, which is the death it answers.
    pub from: SimTime,
    /// When people were done with it, if they were at it.
    pub people: Option<SimTime>,
    /// Till when; the end of the horizon where that comes first.
    pub until: SimTime,
}

/// Nobody answered the edges of a CDN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The CDN, by number.
    pub cdn: usize,
    /// Since when.
    pub from: SimTime,
    /// Till when; after everything where that is not known.
    pub until: SimTime,
}

/// What one of several has at a time, by number of the database or the balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The role of master.
    Master(u32),
    /// The address of a pair.
    Address(u32),
}

/// A role or an address went to another member or unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleMoved {
    /// When.
    pub at: SimTime,
    /// Which.
    pub role: Role,
    /// To whom.
    pub member: u32,
}

impl Watching<'_, '_> {
    /// Notes who fell silent, and who answers again. Who surveys keeps nothing that grows with the horizon.
    fn listen(&mut self, at: SimTime) {
        if self.course.is_some() {
            return;
        }
        for (cdn, silent) in self.live.silent().iter().enumerate() {
            let open = |silence: &&mut Silence| silence.until == SimTime::NEVER;
            let of = self.silences.iter_mut().rev().find(|silence| silence.cdn == cdn);
            match (of.filter(open), *silent) {
                (None, Some(from)) => {
                    self.silences.push(Silence { cdn, from, until: SimTime::NEVER });
                }
                (Some(last), None) => last.until = at,
                _ => {}
            }
        }
    }

    fn look(&mut self, at: SimTime, view: View<'_>) {
        let looks = self.live.looks(&self.wellness);
        let Some(course) = &mut self.course else { return };
        if looks.wrong && !course.is_open() {
            let cause = self.live.blame(&self.wellness, view);
            course.open(at, cause);
        }
        course.note(at, looks);
        let fails = |failing: &Failing| failing.states.contains(&view.state(failing.of));
        if course.is_open() && self.failing.iter().any(fails) {
            course.fails();
        }
    }
}

impl Listener for Watching<'_, '_> {
    #[inline]
    fn fact(&mut self, at: SimTime, fact: FactId, value: bool, view: View<'_>) {
        self.live.fact(at, fact, value, view);
        if let (true, None, Some((role, member))) = (value, &self.course, self.roles[fact.index()])
        {
            self.moves.push(RoleMoved { at, role, member });
        }
    }

    #[inline]
    fn settled(&mut self, at: SimTime, view: View<'_>) {
        self.live.settled(at, view);
        self.listen(at);
        self.look(at, view);
    }

    fn moved(&mut self, moved: &Moved) {
        // Who surveys keeps nothing that grows with the horizon.
        if self.course.is_some() {
            return;
        }
        if let Some(belief) = self.beliefs.iter_mut().find(|belief| belief.of == moved.automaton) {
            if moved.to == belief.missed {
                belief.unseen.push((moved.at, SimTime::NEVER));
            } else if moved.from == belief.missed
                && let Some(last) = belief.unseen.last_mut()
            {
                last.1 = moved.at;
            }
            return;
        }
        let Some(failing) = self.failing.iter().find(|failing| failing.of == moved.automaton)
        else {
            return;
        };
        let [was, fails] = [moved.from, moved.to].map(|state| failing.states.contains(&state));
        let people = failing.people;
        let name = self.net.name(moved.automaton);
        if !was && fails {
            let (of, until) = (name.to_string(), SimTime::NEVER);
            self.failed.push(Failed { of, from: moved.at, people: None, until });
        }
        let Some(last) = self.failed.iter_mut().rev().find(|failed| failed.of == name) else {
            return;
        };
        if people == Some(moved.from) {
            last.people = Some(moved.at);
        }
        if was && !fails {
            last.until = moved.at;
        }
    }
}

fn begin<'m, 'p>(
    plan: &'p AvailabilityPlan,
    memo: &'m mut Memo<'p>,
    replication: u64,
    course: Option<Course>,
) -> Result<Option<(Kernel<'p>, Watching<'m, 'p>)>, NoProgress> {
    let net = &plan.nets[0];
    let lineage = Lineage::replication(replication);
    let kernel = Kernel::without(&net.net, plan.seed, lineage, plan.start, &net.alone)?;
    let Some(fluid) = &plan.fluid else { return Ok(None) };
    let Some(live) = Live::new(plan, net, memo, replication, kernel.view()) else {
        return Ok(None);
    };
    let facts = net.load.iter().flat_map(|load| &load.facts);
    let mut roles = vec![None; net.net.facts_of_whole().count()];
    for (input, fact) in fluid.inputs.iter().zip(facts) {
        let role = match input {
            Input::Holds(database, member) => Some((Role::Master(*database), *member)),
            Input::At(balancer, unit) => Some((Role::Address(*balancer), *unit)),
            _ => None,
        };
        if let (Some(role), Some(fact)) = (role, fact) {
            roles[fact.index()] = Some(role);
        }
    }
    let failing = failing(&net.net);
    let wellness = Wellness::of(fluid);
    let mut watching = Watching {
        net: &net.net,
        live,
        wellness,
        course,
        failing,
        roles,
        moves: Vec::new(),
        failed: Vec::new(),
        silences: Vec::new(),
        beliefs: beliefs(&net.net),
    };
    watching.listen(SimTime::ZERO);
    Ok(Some((kernel, watching)))
}

/// What balancers believe of members that may hang unseen.
fn beliefs(net: &Net) -> Vec<Belief> {
    let belief = |of: AutomatonId| {
        let missed = net.state(of, "missed")?;
        Some(Belief { of, missed, unseen: Vec::new() })
    };
    net.automata().filter_map(belief).collect()
}

/// Automata that say who takes over from whom, with their states of failure.
fn failing(net: &Net) -> Vec<Failing> {
    let words = ["doomed", "people", "by-people", "doomed-1", "doomed-2"];
    let of = |automaton: AutomatonId| {
        let name = net.name(automaton);
        let takes_over = name.ends_with("/failover") || name.ends_with("/address");
        let states: Vec<StateId> =
            words.iter().filter_map(|word| net.state(automaton, word)).collect();
        let people = net.state(automaton, "people");
        (takes_over && !states.is_empty()).then_some(Failing { of: automaton, states, people })
    };
    net.automata().filter_map(of).collect()
}

/// Cuts a history of all faults into pieces and offers them; `None` where there is no traffic.
///
/// # Errors
///
/// [`NoProgress`] when the declaration goes in circles at one instant: our mistake.
pub fn survey(
    plan: &AvailabilityPlan,
    known: &Known,
    sizes: Sizes,
    replication: u64,
) -> Result<Option<Offered>, NoProgress> {
    let Some(fluid) = &plan.fluid else { return Ok(None) };
    let mut memo = Memo::new(fluid, known);
    let end = SimTime::ZERO + plan.horizon;
    let course = Course::new(plan, fluid, sizes, replication);
    let Some((mut kernel, mut watching)) = begin(plan, &mut memo, replication, Some(course))?
    else {
        return Ok(None);
    };
    watching.look(SimTime::ZERO, kernel.view());
    loop {
        let next = kernel.next_at().unwrap_or(SimTime::NEVER).min(end);
        while let Some(look) = watching.next_look().filter(|look| *look < next) {
            watching.live.live_until(look);
            watching.look(look, kernel.view());
        }
        if next >= end {
            break;
        }
        kernel.step(&mut watching)?;
    }
    Ok(watching.course.map(|course| course.finish(end)))
}

impl Watching<'_, '_> {
    /// When to look again, if nothing breaks before.
    fn next_look(&self) -> Option<SimTime> {
        let level = self.live.level_ends();
        // The new level is there from the instant after the end of the old one.
        let level = (level < SimTime::NEVER).then(|| SimTime::from_nanos(level.nanos() + 1));
        let waits = self.course.as_ref().and_then(Course::looks_again);
        [level, waits].into_iter().flatten().min()
    }
}

/// What the traffic was in stretches of one history, which do not overlap and are in order; and the roles
/// that moved, the failovers and takeovers that did not work and the origins that fell silent, up to the end of
/// the last: a few a year, the one thing here that grows with the horizon.
///
/// # Errors
///
/// As [`survey`].
pub fn read(
    plan: &AvailabilityPlan,
    known: &Known,
    replication: u64,
    pieces: &[Piece],
) -> Result<Read, NoProgress> {
    let Some(fluid) = &plan.fluid else { return Ok(Read::default()) };
    let mut memo = Memo::new(fluid, known);
    let Some((mut kernel, mut watching)) = begin(plan, &mut memo, replication, None)? else {
        return Ok(Read::default());
    };
    let mut all = Vec::with_capacity(pieces.len());
    let mut gone = Vec::new();
    for piece in pieces {
        let mut ends = Vec::with_capacity(2);
        for at in [piece.from, piece.to] {
            while kernel.next_at().is_some_and(|next| next < at) {
                kernel.step(&mut watching)?;
            }
            watching.live.live_until(at);
            if at == piece.from && piece.midway {
                gone.push((at, watching.live.gone()));
            }
            ends.push(watching.live.read());
        }
        all.push(ends[1].since(&ends[0], piece.ends));
    }
    // What has failed at the end of the last is seen to its end.
    let end = SimTime::ZERO + plan.horizon;
    let open = |failed: &Failed| failed.until == SimTime::NEVER;
    while watching.failed.iter().any(open) && kernel.next_at().is_some_and(|next| next < end) {
        kernel.step(&mut watching)?;
    }
    for failed in watching.failed.iter_mut().filter(|failed| open(failed)) {
        failed.until = end;
        failed.people = failed.people.or(Some(end));
    }
    let name = |belief: Belief| (watching.net.name(belief.of).to_string(), belief.unseen);
    let hangs = watching.beliefs.into_iter().map(name).collect();
    let Watching { moves, failed, silences, .. } = watching;
    Ok(Read { traffic: all, moves, failed, silences, hangs, gone })
}

/// What is read of a history.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// By piece, what the traffic was.
    pub traffic: Vec<Reading>,
    /// The roles and addresses that moved, in order.
    pub moves: Vec<RoleMoved>,
    /// The failovers and takeovers that did not work, in order.
    pub failed: Vec<Failed>,
    /// When nobody answered the edges of a CDN, in order.
    pub silences: Vec<Silence>,
    /// By automaton of what a balancer believes of a member: from when to when it hung and no probe saw it.
    pub hangs: Vec<(String, Vec<(SimTime, SimTime)>)>,
    /// Where a piece begins midway: by workload, sessions that had ended and would have gone on.
    pub gone: Vec<(SimTime, Vec<f64>)>,
}

/// From then on everything stood so.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: SimTime,
    looks: Looks,
}

/// Something that is wrong, or was so shortly ago that the next is the same.
#[derive(Clone, Debug)]
struct Episode {
    cause: u32,
    marks: Vec<Mark>,
    /// A failover or a takeover did not work.
    failed: bool,
    /// When it was looked at last.
    looked: SimTime,
    /// When nothing was wrong any more, and when nobody waited any more either.
    mended: Option<SimTime>,
    clear: Option<SimTime>,
}

/// One history on its way into pieces.
struct Course {
    expected: Expected,
    replication: u64,
    end: SimTime,
    sizes: Sizes,
    /// First cause of episodes that are left out.
    left_out: Option<u32>,
    episode: Option<Episode>,
    /// Everything before is in pieces.
    done: SimTime,
    draws: Key,
    /// Views between two points of the quiet sample, those before the next.
    every: f64,
    next_point: f64,
    offered: Offered,
}

fn cell_at(at: SimTime) -> SimTime {
    SimTime::from_nanos(at.nanos() / CELL.nanos() * CELL.nanos())
}

fn back(at: SimTime, by: SimDuration) -> SimTime {
    SimTime::from_nanos(at.nanos().saturating_sub(by.nanos()))
}

/// The cells that a change at `at` spoils.
fn around(at: SimTime) -> (SimTime, SimTime) {
    let after = at + AFTER;
    let to = after.nanos().div_ceil(CELL.nanos()).saturating_mul(CELL.nanos());
    (cell_at(back(at, BEFORE)), SimTime::from_nanos(to))
}

impl Course {
    fn new(plan: &AvailabilityPlan, fluid: &FluidPlan, sizes: Sizes, replication: u64) -> Self {
        let (expected, end) = (Expected::of(fluid), SimTime::ZERO + plan.horizon);
        let lineage = Lineage::replication(replication);
        let all = expected.between(SimTime::ZERO, end);
        let left_out = plan.causes.iter().position(|cause| cause == FALSE_FAILOVER);
        let every = all / sizes.quiet.max(1) as f64;
        let first = Key::derive(plan.seed, lineage, PURPOSE, "quiet").uniform(0, 0) * every;
        Self {
            expected,
            replication,
            end,
            sizes,
            left_out: left_out.map(|at| place(at)),
            episode: None,
            done: SimTime::ZERO,
            draws: Key::derive(plan.seed, lineage, PURPOSE, "episodes"),
            every,
            next_point: if sizes.quiet > 0 { first } else { f64::INFINITY },
            offered: Offered {
                strata: BTreeMap::new(),
                quiet: Vec::new(),
                episodes: 0,
                pieces: 0,
                views: (0.0, all),
                left_out: 0,
            },
        }
    }

    fn is_open(&self) -> bool {
        self.episode.as_ref().is_some_and(|episode| episode.clear.is_none())
    }

    /// When to look whether everybody is served again.
    fn looks_again(&self) -> Option<SimTime> {
        let episode = self.episode.as_ref().filter(|episode| episode.clear.is_none())?;
        episode.mended.map(|_| episode.looked + LOOK)
    }

    /// Something goes wrong.
    fn open(&mut self, at: SimTime, cause: u32) {
        let (from, _) = around(at);
        if let Some(episode) = &mut self.episode {
            let ended = episode.clear.map_or(at, |clear| around(clear).1);
            if from <= ended {
                (episode.clear, episode.mended) = (None, None);
                return;
            }
            self.close();
        }
        let marks = Vec::new();
        let (failed, looked, mended, clear) = (false, at, None, None);
        self.episode = Some(Episode { cause, marks, failed, looked, mended, clear });
    }

    /// A failover or a takeover does not work.
    fn fails(&mut self) {
        if let Some(episode) = &mut self.episode {
            episode.failed = true;
        }
    }

    fn note(&mut self, at: SimTime, looks: Looks) {
        let Some(episode) = &mut self.episode else { return };
        if episode.clear.is_some() {
            return;
        }
        episode.looked = at;
        // While it is waited for the last ones to be served nothing else changes.
        let waiting = episode.mended.is_some() && !looks.wrong;
        if !waiting && episode.marks.len() < MOST_MARKS {
            episode.marks.push(Mark { at, looks });
        }
        if looks.wrong {
            episode.mended = None;
            return;
        }
        let mended = *episode.mended.get_or_insert(at);
        if !looks.waits || at.since(mended) >= MOST_WAIT {
            episode.clear = Some(at);
        }
    }

    /// The episode is over for good: into pieces with it, and with the quiet time before.
    fn close(&mut self) {
        let Some(episode) = self.episode.take() else { return };
        let Some(first) = episode.marks.first() else { return };
        let from = around(first.at).0.max(self.done);
        let to = episode.clear.map_or(self.end, |clear| around(clear).1).min(self.end);
        if to <= from {
            return;
        }
        self.quiet_until(from);
        self.offered.episodes += 1;
        self.offered.views.0 += self.expected.between(from, to);
        if Some(episode.cause) == self.left_out {
            self.offered.left_out += 1;
        } else if to.since(from) <= SHORT {
            self.offer(&episode, (from, to), (from, to), (from, true));
        } else {
            self.cut(&episode, (from, to));
        }
        self.done = to;
    }

    /// A long episode: runs of cells around changes, and single cells in between.
    fn cut(&mut self, episode: &Episode, (from, to): (SimTime, SimTime)) {
        let mut spoilt: Vec<(SimTime, SimTime)> = Vec::new();
        let changes = episode.marks.iter().map(|mark| mark.at).chain(episode.clear);
        for (a, b) in changes.map(around) {
            let (a, b) = (a.max(from), b.min(to));
            match spoilt.last_mut() {
                Some(last) if a <= last.1 => last.1 = last.1.max(b),
                _ => spoilt.push((a, b)),
            }
        }
        let mut at = from;
        let mut runs = spoilt.into_iter().peekable();
        while at < to {
            let step = |by: SimDuration| (at + by).min(to);
            let (until, changes) = match runs.peek() {
                Some((a, b)) if *a <= at => (step(SHORT).min(*b), true),
                Some((a, _)) => (step(CELL).min(*a), false),
                None => (step(CELL), false),
            };
            let since = at.since(from);
            let from_onset = since <= WITHIN || (episode.failed && since <= FURTHEST);
            let start = if from_onset { from } else { back(at, LONG_LEAD_IN) + LEAD_IN };
            self.offer(episode, (from, to), (at, until), (start, changes));
            at = until;
            if runs.peek().is_some_and(|(_, b)| *b <= at) {
                runs.next();
            }
        }
    }

    /// A piece of an episode comes into its stratum.
    fn offer(
        &mut self,
        episode: &Episode,
        all: (SimTime, SimTime),
        (from, to): (SimTime, SimTime),
        (start, changes): (SimTime, bool),
    ) {
        let replication = self.replication;
        let views = self.expected.between(from, to);
        let seconds = to.since(from).seconds();
        // The share that may differ, in the mean over the piece.
        let first = episode.marks.partition_point(|mark| mark.at <= from).saturating_sub(1);
        let mut differs = 0.0;
        for (at, mark) in episode.marks.iter().enumerate().skip(first) {
            if mark.at >= to {
                break;
            }
            let until = episode.marks.get(at + 1).map_or(to, |next| next.at.min(to));
            let share = match mark.looks {
                Looks { dark: true, .. } => DARK,
                Looks { strained: true, .. } => STRAINED,
                _ => STEADY,
            };
            differs += share * until.since(mark.at.max(from)).seconds() / seconds;
        }
        let change = if changes { (CHANGE_S / seconds).min(1.0) } else { 0.0 };
        let size = views * (differs + change + STEADY / 2.0) + 1e-9;
        let start = back(start, LEAD_IN);
        let midway = from.since(start) == LONG_LEAD_IN;
        let of = Of::Episode(episode.cause);
        let ends = [from == all.0, to == all.1];
        let piece = Piece { replication, from, to, start, midway, ends, of };
        let uniform = self.draws.uniform(from.nanos() / CELL.nanos(), 0);
        let room = self.sizes.episodes;
        let stratum = self.offered.strata.entry(episode.cause);
        stratum.or_insert_with(|| Priority::new(room)).offer(size, uniform, || piece);
        self.offered.pieces += 1;
    }

    /// Quiet cells up to `to` that a point of the systematic sample falls into.
    fn quiet_until(&mut self, to: SimTime) {
        let cells = self.end.nanos().div_ceil(CELL.nanos());
        while self.next_point.is_finite() {
            let cell = self.expected.cell_of(self.next_point, cells);
            let from = SimTime::from_nanos(cell * CELL.nanos());
            if from >= to {
                return;
            }
            let until = (from + CELL).min(self.end);
            let known = self.offered.quiet.last().is_some_and(|(piece, _)| piece.from == from);
            if from >= self.done && !known {
                let chance = (self.expected.between(from, until) / self.every).min(1.0);
                let (replication, start) = (self.replication, back(from, LEAD_IN));
                let (midway, of) = (false, Of::Quiet);
                let ends = [true, true];
                let piece = Piece { replication, from, to: until, start, midway, ends, of };
                self.offered.quiet.push((piece, chance));
            }
            self.next_point += self.every;
            if self.next_point >= self.offered.views.1 {
                self.next_point = f64::INFINITY;
            }
        }
    }

    fn finish(mut self, end: SimTime) -> Offered {
        self.close();
        self.quiet_until(end);
        self.offered
    }
}
