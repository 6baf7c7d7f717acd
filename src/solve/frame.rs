//! Frame from which windows of requests are drawn: the trajectory of `flows`, cut into pieces.
//!
//! Model: time is cut into *cells* of five minutes, the intervals of which the objective availability is a share. An
//! *episode* lasts from before a failure until everything is healthy and no request waits any more, plus a margin, in
//! whole cells; episodes whose cells meet are one. All other cells are *quiet*. A virtual IP or role that merely moves
//! makes no episode, as long as there is a holder.
//!
//! Pieces, which together cover all time, each once:
//! - an episode of [`SHORT`] or less is one; of a longer one every run of cells around changes of state is one (in
//!   parts of [`SHORT`] at most), and each cell in between;
//! - each quiet cell is one.
//!
//! Sampling: of pieces of episodes a [`Priority`] sample per stratum, which is the first cause of the episode, over all
//! replications. Of quiet cells a systematic sample per replication, in proportion to the views expected, so that hours
//! weigh as their traffic. Draws are keyed by the number of the piece's first cell, under a purpose of their own: no
//! other draw moves.
//!
//! Memory: the changes of one replication's open episode ([`MOST_MARKS`] at most), and the samples; nothing that grows
//! with the horizon.
//!
//! Each piece also has the instant at which `requests` begins to simulate it. Queues and workers cannot be taken over
//! from a fluid (they are never invented). Faults and repairs, with all ages, are those of the trajectory at any
//! instant. So are the holders of roles and virtual IPs, failovers and takeovers that do not work, the end of their
//! repair by operators, and hangs that probes do not detect: a piece late in an episode exists because the episode took
//! long. Other reactions (probes, detection, a failover or a takeover in progress, cold memory) begin anew with the
//! window. So it begins [`LEAD_IN`] before an episode. It begins there too for later pieces within [`WITHIN`] of its
//! start, and for those within [`FURTHEST`] where a failover or takeover did not work and operators have to end that.
//! Otherwise it begins [`LONG_LEAD_IN`] before the piece: longer than detection, failover and takeover. Users who leave
//! while failures are detected anew, in the first [`REACTED`] of it, are forgotten.
//!
//! Leaves out: episodes that begin with a failover without a failure. `requests` draws these at other instants, so
//! `flows` alone estimates their cost, and the windows have none.

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

/// Length of a cell.
pub const CELL: SimDuration = INTERVAL;
/// Margin of an episode before its onset: requests in flight then are affected too.
pub const BEFORE: SimDuration = SimDuration::from_secs(60);
/// Margin after the all clear, and time after which a change of state is over.
pub const AFTER: SimDuration = SimDuration::from_secs(300);
/// Maximum length of an episode that is one piece, and of a piece.
pub const SHORT: SimDuration = SimDuration::from_secs(1_800);
/// Warm-up before a piece.
pub const LEAD_IN: SimDuration = SimDuration::from_secs(120);
/// Warm-up before a piece in the middle of an episode.
pub const LONG_LEAD_IN: SimDuration = SimDuration::from_secs(600);
/// Time by which, in the middle of an episode, all reactions to failures present at the start are over.
pub const REACTED: SimDuration = SimDuration::from_secs(300);
/// Maximum time from the start of its episode for a piece that is simulated from before that start.
pub const WITHIN: SimDuration = SimDuration::from_secs(1_800);
/// Maximum length of any warm-up.
pub const FURTHEST: SimDuration = SimDuration::from_secs(6 * 3_600);
/// Maximum number of distinct changes of state in one episode; beyond them it counts as constant.
pub const MOST_MARKS: usize = 10_000;

/// Interval between checks whether all users are served again.
const LOOK: SimDuration = SimDuration::from_secs(60);
/// Maximum time for which the last users are waited for; a longer wait belongs to quiet time.
const MOST_WAIT: SimDuration = SimDuration::from_secs(6 * 3_600);
/// Seconds of views that may differ around a change of state.
const CHANGE_S: f64 = 60.0;
/// Share of the views that may differ while almost none is served, while there may be overload, and otherwise.
const DARK: f64 = 0.05;
const STRAINED: f64 = 0.5;
const STEADY: f64 = 0.005;

/// Purpose of the draws.
const PURPOSE: &str = "years-windows";

/// Origin of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// An episode with this first cause, by place; the number after the last is overload.
    Episode(u32),
    /// Quiet time.
    Quiet,
}

/// Piece of a trajectory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Number of the trajectory.
    pub replication: u64,
    /// Its first instant, at the start of a cell.
    pub from: SimTime,
    /// End of the piece: of a cell, or of the horizon.
    pub to: SimTime,
    /// Start of the simulation for it.
    pub start: SimTime,
    /// True if it begins in the middle of its episode, long after the start.
    pub midway: bool,
    /// True for the first piece of its episode, and for the last; both for a quiet one. At an end, the later views of
    /// users who have left are accounted for.
    pub ends: [bool; 2],
    /// Origin of the piece.
    pub of: Of,
}

impl Piece {
    /// Returns its cells, in order.
    pub fn cells(&self) -> impl Iterator<Item = (SimTime, SimTime)> + use<> {
        let (from, to) = (self.from, self.to);
        let first = from.nanos() / CELL.nanos();
        let last = to.nanos().div_ceil(CELL.nanos());
        let at = |cell: u64| SimTime::from_nanos(cell * CELL.nanos());
        (first..last).map(move |cell| (at(cell).max(from), at(cell + 1).min(to)))
    }
}

/// Sizes of the sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Number of trajectories cut into pieces: the first ones of the long-horizon run.
    pub replications: u64,
    /// Number of quiet pieces of each.
    pub quiet: u64,
    /// Total number of pieces of episodes.
    pub episodes: usize,
    /// Minimum number of these per stratum.
    pub least: usize,
}

/// Expected traffic, by the profiles alone.
#[derive(Clone, Debug)]
pub struct Expected(Vec<RateCurve>);

impl Expected {
    /// Computes the expected traffic of a plan.
    #[must_use]
    pub fn of(plan: &FluidPlan) -> Self {
        Self(plan.workloads.iter().map(|workload| workload.traffic.curve()).collect())
    }

    /// Returns the expected views in an interval.
    #[must_use]
    pub fn between(&self, from: SimTime, to: SimTime) -> f64 {
        self.0.iter().map(|curve| curve.between(from, to)).sum()
    }

    /// Returns the cell by which this number of views has arrived since time zero; the first of several.
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

/// Contribution of one trajectory to the sample.
#[derive(Clone, Debug)]
pub struct Offered {
    /// Pieces of episodes by first cause.
    pub strata: BTreeMap<u32, Priority<Piece>>,
    /// Quiet cells drawn, with their probabilities.
    pub quiet: Vec<(Piece, f64)>,
    /// Episodes.
    pub episodes: u64,
    /// Number of pieces of the episodes.
    pub pieces: u64,
    /// Views expected in the episodes, and in total.
    pub views: (f64, f64),
    /// Number of episodes left out: they begin with an event that `requests` draws itself.
    pub left_out: u64,
}

impl Offered {
    /// Appends the contribution of the next trajectory.
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

/// Observer of one trajectory with its traffic.
struct Watching<'m, 'p> {
    net: &'p Net,
    live: Live<'m, 'p>,
    wellness: Wellness,
    course: Option<Course>,
    failing: Vec<Failing>,
    /// Role and holder per system-level fact that assigns them.
    roles: Vec<Option<(Role, u32)>>,
    moves: Vec<RoleMoved>,
    failed: Vec<Failed>,
    silences: Vec<Silence>,
    beliefs: Vec<Belief>,
}

/// Belief of a balancer about a member that may hang undetected.
struct Belief {
    of: AutomatonId,
    missed: StateId,
    unseen: Vec<(SimTime, SimTime)>,
}

/// Automaton of a failover or of a takeover.
struct Failing {
    of: AutomatonId,
    /// States in which it does not work.
    states: Vec<StateId>,
    /// The one of these states in which operators are at work.
    people: Option<StateId>,
}

/// Failover or takeover that did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Name of its automaton.
    pub of: String,
    /// Start, which is the failure that it answers.
    pub from: SimTime,
    /// End of the operators' work, if there was any.
    pub people: Option<SimTime>,
    /// End; the end of the horizon where that comes first.
    pub until: SimTime,
}

/// Interval in which no origin answered the edges of a CDN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Number of the CDN.
    pub cdn: usize,
    /// Start.
    pub from: SimTime,
    /// End; later than any instant where it is unknown.
    pub until: SimTime,
}

/// Role that one of several holds at a time, by number of the database or the balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Primary of a database.
    Primary(u32),
    /// Virtual IP of a balancer pair.
    Address(u32),
}

/// Move of a role or virtual IP to another member or unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleMoved {
    /// When.
    pub at: SimTime,
    /// Role that moved.
    pub role: Role,
    /// New holder.
    pub member: u32,
}

impl Watching<'_, '_> {
    /// Records origins that become silent or answer again. A survey keeps nothing that grows with the horizon.
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
        // A survey keeps nothing that grows with the horizon.
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
            Input::Holds(database, member) => Some((Role::Primary(*database), *member)),
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

/// Returns the beliefs of balancers about members that may hang undetected.
fn beliefs(net: &Net) -> Vec<Belief> {
    let belief = |of: AutomatonId| {
        let missed = net.state(of, "missed")?;
        Some(Belief { of, missed, unseen: Vec::new() })
    };
    net.automata().filter_map(belief).collect()
}

/// Returns the automata of failovers and takeovers, with their states of failure.
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

/// Cuts a trajectory with all faults into pieces and offers them; `None` where there is no traffic.
///
/// # Errors
///
/// [`NoProgress`] when the declaration is circular at one instant, which is a defect of fivenines.
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
    /// Returns the instant of the next check, if nothing breaks before.
    fn next_look(&self) -> Option<SimTime> {
        let level = self.live.level_ends();
        // The new level is valid from the instant after the end of the old one.
        let level = (level < SimTime::NEVER).then(|| SimTime::from_nanos(level.nanos() + 1));
        let waits = self.course.as_ref().and_then(Course::looks_again);
        [level, waits].into_iter().flatten().min()
    }
}

/// Reads the traffic in intervals of one trajectory, which do not overlap and are in order. Also reads moved roles,
/// failovers and takeovers that did not work, and silent origins up to the last end: a few per year, the only part that
/// grows with the horizon.
///
/// # Errors
///
/// [`NoProgress`] when the declaration is circular at one instant.
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
    // Failures open at the end of the last piece are followed to their end.
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

/// Readings of a trajectory.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// Traffic per piece.
    pub traffic: Vec<Reading>,
    /// Moves of roles and virtual IPs, in order.
    pub moves: Vec<RoleMoved>,
    /// Failovers and takeovers that did not work, in order.
    pub failed: Vec<Failed>,
    /// Silences of a CDN's origin, in order.
    pub silences: Vec<Silence>,
    /// Intervals of undetected hangs of a member, by automaton of a balancer's belief.
    pub hangs: Vec<(String, Vec<(SimTime, SimTime)>)>,
    /// Sessions per workload that had ended and would have continued, at the start of each piece that begins midway.
    pub gone: Vec<(SimTime, Vec<f64>)>,
}

/// Condition from an instant on.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: SimTime,
    looks: Looks,
}

/// Failure in progress, or one so recent that the next is merged with it.
#[derive(Clone, Debug)]
struct Episode {
    cause: u32,
    marks: Vec<Mark>,
    /// True if a failover or a takeover did not work.
    failed: bool,
    /// Instant of the last check.
    looked: SimTime,
    /// Instant at which nothing was failed any more, and at which no request waited any more.
    mended: Option<SimTime>,
    clear: Option<SimTime>,
}

/// Trajectory that is being cut into pieces.
struct Course {
    expected: Expected,
    replication: u64,
    end: SimTime,
    sizes: Sizes,
    /// First cause of episodes that are left out.
    left_out: Option<u32>,
    episode: Option<Episode>,
    /// End of the time that is cut into pieces.
    done: SimTime,
    draws: Key,
    /// Views between two points of the quiet sample, and views before the next point.
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

/// Returns the cells that a change at `at` affects.
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

    /// Returns the instant of the next check whether all users are served again.
    fn looks_again(&self) -> Option<SimTime> {
        let episode = self.episode.as_ref().filter(|episode| episode.clear.is_none())?;
        episode.mended.map(|_| episode.looked + LOOK)
    }

    /// Begins or continues an episode at a failure.
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

    /// Records that a failover or a takeover does not work.
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
        // While the last requests are waited for nothing else changes.
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

    /// Ends the episode and cuts it into pieces, with the quiet time before it.
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

    /// Cuts a long episode: runs of cells around changes, and single cells in between.
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

    /// Offers a piece of an episode to its stratum.
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
        // Mean share that may differ, over the piece.
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

    /// Offers the quiet cells up to `to` that contain a point of the systematic sample.
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
                let probability = (self.expected.between(from, until) / self.every).min(1.0);
                let (replication, start) = (self.replication, back(from, LEAD_IN));
                let (midway, of) = (false, Of::Quiet);
                let ends = [true, true];
                let piece = Piece { replication, from, to: until, start, midway, ends, of };
                self.offered.quiet.push((piece, probability));
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
