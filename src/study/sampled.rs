//! Windows drawn from the trajectories of `flows`, simulated by `requests`, and the correction that follows from their
//! differences.
//!
//! Takes the long-horizon run of a scenario and its blueprint. Its first trajectories are cut into pieces ([`frame`]),
//! some pieces are drawn with known probabilities, and each is simulated by both solvers: [`crate::solve::sampled`].
//! [`estimate`] computes the corrected figures, [`agreement`] compares the solvers.
//!
//! Holds: the windows drawn follow from the plan and its seed alone, not from threads; no figure of the long-horizon
//! run itself changes. Memory: the drawn windows, each with two histograms per class.
//! Leaves out: state that `requests` cannot take over from `flows` at a window's start, see [`frame`]; closed users and
//! recorded traffic, which `flows` does not know.

pub mod agreement;
pub mod estimate;

use rayon::prelude::*;

use crate::convert::{self, nearest, whole};
use crate::kinds::balancer::{address, beliefs};
use crate::kinds::database::failover;
use crate::model::blueprint::{Arrivals, Blueprint, Config};
use crate::model::ids::{ComponentId, WorkloadId};
use crate::model::outage::{Failed, Hangs, Past};
use crate::plan::Draft;
use crate::plan::faults::PLANNED;
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};
use crate::plan::fluid::FluidPlan;
use crate::plan::load::open_rates;
use crate::plan::part::Part;
use crate::plan::warming;
use crate::scenario::suggest;
use crate::solve::fluid::reading::Reading;
use crate::solve::fluid::{BAD, Known};
use crate::solve::frame::{self, LEAD_IN, Of, Offered, Piece, Role, RoleMoved, Silence, Sizes};
use crate::solve::requests::Breach;
use crate::solve::sampled::{self, Counted, Seen};
use crate::stats::sampling::allocate;
use crate::study::underway;
use crate::study::window::{Ending, Watch};
use crate::study::work;
use crate::study::years::YearsPlan;
use crate::study::years::load::{self, Loss};
use crate::units::{SimDuration, SimTime};

/// Default sizes of the sample.
pub const SIZES: Sizes = Sizes { replications: 16, quiet: 3, episodes: 48, least: 2 };
/// Minimum number of trajectories, under heavy traffic.
pub const FEWEST: u64 = 4;
/// Expected cost of all windows, in page views, above which the sample is reduced.
pub const VIEWS: f64 = 2e6;
/// Expected cost of all windows, in page views, above which none are drawn.
pub const MOST_VIEWS: f64 = 8e6;
/// Simulated time of a quiet window and of one in an episode, warm-up and drain included.
const QUIET_COSTS: SimDuration = SimDuration::from_secs(450);
const EPISODE_COSTS: SimDuration = SimDuration::from_secs(1_500);

/// Figure that windows correct.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OfWindows {
    /// Served over intended views of a class (by place among those counted); `None` for all together.
    Request(Option<usize>),
    /// Share of 5-minute intervals with less than 1 % not served and the p95 latency in its objective; `None` for every
    /// class.
    Objective(Option<usize>),
    /// The same share by losses alone.
    Failing(Option<usize>),
    /// Views of one kind not served per year.
    Lost(usize, Loss),
    /// Quantile of the latency in seconds, of a class's requests or (`true`) of its views.
    Latency(usize, bool, f64),
}

/// Figure that was asked for.
#[derive(Clone, Debug)]
pub struct SampledFigure {
    /// Its path.
    pub path: String,
    /// Figure, parsed.
    pub figure: Figure,
    /// Figure, resolved.
    pub of: OfWindows,
}

/// Plan of the windows.
#[derive(Clone, Debug)]
pub struct SampledPlan {
    /// Sizes of the sample.
    pub sizes: Sizes,
    /// Classes counted, in the order of the long-horizon traffic.
    pub classes: Vec<Counted>,
    /// Cause of the blueprint per cause of the long-horizon run (the last is overload), by equal name.
    pub causes: Vec<Option<usize>>,
    /// Component per database of the draft.
    pub groups: Vec<Option<ComponentId>>,
    /// Component per balancer of the draft.
    pub pairs: Vec<Option<ComponentId>>,
    /// Component per CDN of the draft.
    pub cdns: Vec<Option<ComponentId>>,
    /// Number in the blueprint per workload of the long-horizon run.
    workloads: Vec<Option<WorkloadId>>,
    /// Automata of failovers and takeovers in the long-horizon run, with the component that decides in `requests`.
    pub reacting: Vec<(String, ComponentId)>,
    /// Automata of a balancer's beliefs about members in the long-horizon run, with the balancer and the member's
    /// number.
    pub believed: Vec<(String, ComponentId, usize)>,
    /// Cause of the blueprint for planned work.
    pub planned: Option<usize>,
    /// Reason why the two solvers need not agree; `None` if they must.
    pub apart: Option<String>,
    /// Figures asked for.
    pub figures: Vec<SampledFigure>,
}

impl SampledPlan {
    /// Returns the largest number of windows that are drawn, as a rule.
    #[must_use]
    pub fn most(&self) -> usize {
        convert::index(self.sizes.replications * self.sizes.quiet) + self.sizes.episodes
    }

    /// Plans the windows that can be drawn from the long-horizon run of a draft.
    ///
    /// # Errors
    ///
    /// A message for the user, with the reason why none are drawn.
    pub fn of(draft: &Draft, plan: &Blueprint, years: &YearsPlan) -> Result<Self, String> {
        let Some(fluid) = &years.of.fluid else {
            return Err("no workload in this scenario has a rate".into());
        };
        can_begin(draft, fluid)?;
        let [mean, _] = fluid.mean_and_top_rates();
        let sizes = affordable(SIZES, mean.iter().sum(), u64::from(years.replications.0))?;
        let counted = |class: &crate::plan::fluid::FluidClass| {
            let number = plan.routes.classes.iter().position(|other| other.name == class.name)?;
            let asks = |(at, workload): (usize, &crate::model::blueprint::Workload)| {
                let open = matches!(workload.arrivals, Arrivals::Described(_));
                (open && workload.class.index() == number).then_some(at)
            };
            let objective = draft.scenario.objective.get(&class.name);
            let latency = objective.and_then(|objective| objective.latency.as_ref());
            Some(Counted {
                name: class.name.clone(),
                class: number,
                workloads: plan.workloads.iter().enumerate().filter_map(asks).collect(),
                p95: latency.and_then(|latency| latency.p95.as_ref()).map(|most| most.value),
            })
        };
        let classes: Option<Vec<Counted>> = fluid.classes.iter().map(counted).collect();
        let classes = classes.ok_or("a class of the years is not one of the requests")?;
        let place = |name: &str| plan.causes.iter().position(|cause| cause == name);
        let mut causes: Vec<Option<usize>> =
            years.of.causes.iter().map(|cause| place(cause)).collect();
        causes.push(Some(crate::model::ids::CauseId::OVERLOAD.index()));
        let reacting = reacting(plan);
        let decides = |automaton: String| {
            let (_, component) = reacting.iter().find(|(name, _)| *name == automaton)?;
            Some(*component)
        };
        let databases = draft.scenario.database.iter().map(|(name, _)| failover::name(&name.text));
        let balancers = draft.scenario.balancer.iter().map(|(name, _)| address::name(&name.text));
        let cdn_of = |cdn: usize| {
            let edge = Part::Edge { cdn, member: 0 }.name(draft);
            plan.parts.iter().find(|part| part.name == edge).and_then(|part| match part.config {
                Config::Edge(edge) => Some(edge.cdn),
                _ => None,
            })
        };
        let cdns = (0..draft.scenario.cdn.len()).map(cdn_of);
        let workload = |name: &str| {
            let at = plan.workloads.iter().position(|workload| workload.name == name);
            at.map(WorkloadId::at)
        };
        Ok(Self {
            sizes,
            apart: apart(plan, fluid),
            classes,
            causes,
            planned: place(PLANNED),
            groups: databases.map(decides).collect(),
            pairs: balancers.map(decides).collect(),
            cdns: cdns.collect(),
            workloads: fluid.workloads.iter().map(|of| workload(&of.name)).collect(),
            reacting,
            believed: believed(plan),
            figures: Vec::new(),
        })
    }

    /// Returns the state that the window of a piece takes over from its trajectory.
    #[must_use]
    pub fn past(&self, history: &frame::Read, piece: &Piece) -> Past {
        let moves = history.moves.iter().take_while(|moved| moved.at < piece.start);
        let moved = |moved: &RoleMoved| {
            let (all, number) = match moved.role {
                Role::Primary(database) => (&self.groups, database),
                Role::Address(balancer) => (&self.pairs, balancer),
            };
            let of = all.get(number as usize).copied().flatten()?;
            Some((moved.at, of, moved.member as usize))
        };
        let failed = |failed: &frame::Failed| {
            let (_, of) = self.reacting.iter().find(|(name, _)| *name == failed.of)?;
            let (from, until, people) = (failed.from, failed.until, failed.people);
            Some(Failed { of: *of, from, until, people })
        };
        let hang = |(name, unseen): &(String, Vec<(SimTime, SimTime)>)| {
            let (_, of, member) = self.believed.iter().find(|(belief, ..)| belief == name)?;
            Some(Hangs { of: *of, member: *member, unseen: unseen.clone() })
        };
        let silent = |silence: &Silence| {
            let goes_on = silence.from < piece.start && piece.start < silence.until;
            Some((self.cdns.get(silence.cdn).copied().flatten()?, silence.from)).filter(|_| goes_on)
        };
        let gone = history.gone.iter().find(|(at, _)| *at == piece.from);
        let gone = gone.map_or(&[][..], |(_, gone)| gone);
        let of_workload = |(workload, gone): (&Option<WorkloadId>, &f64)| {
            Some((workload.as_ref().copied()?, nearest(*gone)))
        };
        Past {
            gone: self.workloads.iter().zip(gone).filter_map(of_workload).collect(),
            moves: moves.filter_map(moved).collect(),
            silent: history.silences.iter().filter_map(silent).collect(),
            failed: history.failed.iter().filter_map(failed).collect(),
            hangs: history.hangs.iter().filter_map(hang).collect(),
        }
    }

    /// Returns the name of a stratum.
    #[must_use]
    pub fn stratum<'a>(&self, years: &'a YearsPlan, of: Of) -> &'a str {
        match of {
            Of::Quiet => "quiet",
            Of::Episode(cause) => {
                years.of.causes.get(cause as usize).map_or("overload", String::as_str)
            }
        }
    }

    /// Resolves a figure of windows drawn from the horizon.
    ///
    /// # Errors
    ///
    /// [`NoSuchFigure`], if the scenario has no such figure.
    pub fn resolve(&self, years: &YearsPlan, figure: &Figure) -> Result<OfWindows, NoSuchFigure> {
        let names: Vec<&str> = self.classes.iter().map(|class| class.name.as_str()).collect();
        let known = |name: &str| names.iter().position(|other| *other == name);
        let (class, view) = match (known(&figure.scope), figure.scope.strip_suffix("-view")) {
            (Some(class), _) => (class, false),
            (None, Some(page)) if figure.metric == Metric::Latency && known(page).is_some() => {
                (known(page).unwrap_or(0), true)
            }
            _ => {
                let message =
                    format!("`{figure}`: no workload asks for `{}` at a rate", figure.scope);
                let help = suggest::help(&figure.scope, &names, "asked for are");
                return Err(NoSuchFigure::new(message).help_if(help));
            }
        };
        match (figure.metric, figure.stat) {
            (Metric::Request, None | Some(Stat::Mean)) => Ok(OfWindows::Request(Some(class))),
            (Metric::Objective, None | Some(Stat::Mean)) => Ok(OfWindows::Objective(Some(class))),
            (Metric::Latency, Some(Stat::Quantile(q))) => Ok(OfWindows::Latency(class, view, q)),
            (Metric::Lost, None | Some(Stat::Mean)) => {
                Ok(OfWindows::Lost(class, load::loss(&years.of, figure)?))
            }
            _ => Err(NoSuchFigure::new(format!("`{figure}` is no figure of windows of years"))),
        }
    }
}

/// Checks that windows can begin in the state that the years have then.
fn can_begin(draft: &Draft, fluid: &FluidPlan) -> Result<(), String> {
    if let Some(of) = fluid.scaled.first() {
        let name = &of.name;
        return Err(format!("`requests` cannot begin with the members that `{name}` has then"));
    }
    let slowest = warming::slowest(draft, &open_rates(draft));
    match slowest.filter(|slow| slow.takes > LEAD_IN) {
        Some(slow) => {
            let (name, takes) = (slow.name, warming::whole(slow.takes));
            Err(format!(
                "the memory of `{name}` would be empty when they begin; it takes {takes} until it is warm, and their warm-up is {LEAD_IN}"
            ))
        }
        None => Ok(()),
    }
}

/// Returns the components that decide on failovers and takeovers, by the name of the automaton that is their surrogate.
fn reacting(plan: &Blueprint) -> Vec<(String, ComponentId)> {
    let automaton = |part: &crate::model::blueprint::Part| match &part.config {
        Config::Database(group) => Some(failover::name(&group.name)),
        Config::Balancer(balancer) => Some(address::name(&balancer.name)),
        _ => None,
    };
    let all = plan.parts.iter().enumerate();
    all.filter_map(|(at, part)| Some((automaton(part)?, ComponentId::at(at)))).collect()
}

/// Returns the beliefs of a balancer about its members, by the name of the automaton in the long-horizon run.
fn believed(plan: &Blueprint) -> Vec<(String, ComponentId, usize)> {
    let mut all = Vec::new();
    for (at, part) in plan.parts.iter().enumerate() {
        let Config::Balancer(balancer) = &part.config else { continue };
        let of = ComponentId::at(at);
        let members = balancer.members.iter().enumerate();
        all.extend(
            members
                .map(|(member, behind)| (beliefs::name(&balancer.name, &behind.name), of, member)),
        );
    }
    all
}

/// Reduces the sample for scenarios with more traffic, so that windows cost about the same everywhere.
fn affordable(sizes: Sizes, rate: f64, years: u64) -> Result<Sizes, String> {
    let costs = |sizes: Sizes| {
        let quiet = (sizes.replications * sizes.quiet) as f64 * QUIET_COSTS.seconds();
        rate * (quiet + sizes.episodes as f64 * EPISODE_COSTS.seconds())
    };
    let share = (VIEWS / costs(sizes)).min(1.0);
    let scaled = |count: u64| nearest(count as f64 * share.sqrt());
    let replications = scaled(sizes.replications).max(FEWEST).min(years);
    let quiet = scaled(sizes.quiet).max(1);
    let episodes = whole::usize(sizes.episodes as f64 * share).max(sizes.least * 4);
    let sizes = Sizes { replications, quiet, episodes, ..sizes };
    if costs(sizes) > MOST_VIEWS {
        return Err(format!(
            "at {rate:.0} page views a second few windows of years would be {:.0} million views",
            costs(sizes) / 1e6
        ));
    }
    Ok(sizes)
}

/// Utilisation above which the fluid is not compared with requests.
const MOST_BUSY: f64 = 0.5;

/// Share of users abandoning within `SOON` above which many leave without any failure.
const HASTY: f64 = 1e-3;
const SOON: SimDuration = SimDuration::from_nanos(100_000_000);

/// Returns the reason why `flows` need not lose the same views as `requests`.
fn apart(plan: &Blueprint, fluid: &FluidPlan) -> Option<String> {
    // The fluid models patience in stalls and overload only, not users who leave a healthy system.
    let hasty = fluid.classes.iter().map(|class| class.patience.gone(SOON.seconds()));
    let hasty = hasty.fold(0.0, f64::max);
    if hasty > HASTY {
        return Some(format!("{:.1} % of the users abandon within {SOON}", hasty * 100.0));
    }
    let retries = |part: &crate::model::blueprint::Part| matches!(&part.config, crate::model::blueprint::Config::Balancer(b) if b.retries > 0);
    if let Some(part) = plan.parts.iter().find(|part| retries(part)) {
        return Some(format!("{} retries", part.name));
    }
    if plan.workloads.iter().any(|workload| !matches!(workload.arrivals, Arrivals::Described(_))) {
        return Some("some of the traffic is recorded or of closed users".into());
    }
    let [_, mut top] = fluid.mean_and_top_rates();
    let state = fluid.state(&fluid.well());
    state.publish(&mut top);
    let used = state.utilization(&top);
    let busiest = used
        .into_iter()
        .enumerate()
        .filter(|(at, _)| fluid.network.resources[*at].resource.is_limit());
    let (at, most) = busiest.max_by(|a, b| a.1.total_cmp(&b.1))?;
    (most > MOST_BUSY).then(|| {
        let name = &fluid.network.resources[at].name;
        format!("load above 50 %: {name} at {:.0} % in the busiest hour", most * 100.0)
    })
}

/// Window, as simulated by both solvers.
#[derive(Clone, Debug)]
pub struct Lived {
    /// Piece of the trajectory.
    pub piece: Piece,
    /// Probability with which it was drawn.
    pub probability: f64,
    /// Result of `flows`.
    pub flows: Reading,
    /// Result of `requests`.
    pub seen: Seen,
}

impl Lived {
    /// Returns the weight of one unit of it.
    #[must_use]
    pub fn weight(&self) -> f64 {
        1.0 / self.probability
    }

    /// Returns the 5-minute intervals that fail, and those that fail or are slow, in `requests`, and those that are bad
    /// in `flows`. Without a class: those that are so for at least one.
    #[must_use]
    pub fn bad(&self, class: Option<usize>) -> ((u32, u32), f64) {
        match class {
            Some(class) => {
                let seen = &self.seen.classes[class];
                let flows = &self.flows.classes[class];
                ((seen.failing_cells, seen.bad_cells), flows.bad_intervals)
            }
            None => ((self.seen.failing_cells, self.seen.bad_cells), self.flows.bad_intervals),
        }
    }

    /// Returns the intended views of a class in `requests` per view that `flows` expects.
    #[must_use]
    pub fn traffic(&self, class: usize) -> f64 {
        let expected = self.flows.classes[class].intended;
        if expected > 0.0 { self.seen.classes[class].intended as f64 / expected } else { 1.0 }
    }
}

/// Results of the windows.
#[derive(Clone, Debug)]
pub struct SampledResult {
    /// Number of trajectories that were cut into pieces.
    pub replications: usize,
    /// Windows, by trajectory, then by time.
    pub windows: Vec<Lived>,
    /// Episodes in these trajectories.
    pub episodes: u64,
    /// Pieces that the episodes were cut into.
    pub pieces: u64,
    /// Views expected in the episodes, and in total.
    pub views: (f64, f64),
    /// Episodes from which no window can be drawn.
    pub left_out: u64,
    /// End of the run.
    pub ending: Ending,
}

impl SampledResult {
    /// Returns the weighted sum over the windows, per trajectory.
    #[must_use]
    pub fn totals(&self, value: impl Fn(&Lived) -> f64) -> Vec<f64> {
        let mut totals = vec![0.0; self.replications];
        for window in &self.windows {
            totals[convert::index(window.piece.replication)] += value(window) * window.weight();
        }
        totals
    }

    /// Returns the reason why a window stopped early, if one did.
    #[must_use]
    pub fn stopped(&self) -> Option<&str> {
        self.windows.iter().find_map(|window| window.seen.stop.as_deref())
    }
}

/// Windows as they were drawn, before they are simulated.
pub(super) struct Drawn {
    /// The numbers of the sample, with no window.
    result: SampledResult,
    /// Pieces of the trajectories, each with its probability and the result of `flows`.
    pieces: Vec<(Piece, f64, Reading)>,
    /// Histories of the trajectories, from which a piece takes its state.
    flows: Vec<frame::Read>,
}

impl Drawn {
    /// Draws windows. Where there is nothing to draw from, the result counts as interrupted.
    ///
    /// # Errors
    ///
    /// [`Breach`] when an invariant is broken.
    pub(super) fn new(asked: &SampledPlan, years: &YearsPlan) -> Result<Self, Breach> {
        let mut result = SampledResult {
            replications: convert::index(asked.sizes.replications),
            windows: Vec::new(),
            episodes: 0,
            pieces: 0,
            views: (0.0, 0.0),
            left_out: 0,
            ending: Ending::Interrupted,
        };
        let known = Known::default();
        let breach = |error: crate::engine::lane::NoProgress, replication: u64| Breach {
            what: error.to_string(),
            during: format!("frame of years, replication {replication}"),
        };
        let survey = |replication: u64| {
            let offered = frame::survey(&years.of, &known, asked.sizes, replication);
            offered.map_err(|error| breach(error, replication))
        };
        let offered: Vec<Option<Offered>> = (0..result.replications)
            .into_par_iter()
            .with_max_len(1)
            .map(|replication| survey(replication as u64))
            .collect::<Result<_, Breach>>()?;
        let all = offered.into_iter().flatten().reduce(|mut all, next| {
            all.append(next);
            all
        });
        let Some(all) = all else {
            return Ok(Self { result, pieces: Vec::new(), flows: Vec::new() });
        };
        (result.episodes, result.pieces, result.views) = (all.episodes, all.pieces, all.views);
        result.left_out = all.left_out;
        let strata: Vec<(f64, u64)> = all.strata.values().map(|s| (s.size, s.count)).collect();
        let shares = allocate(asked.sizes.episodes, asked.sizes.least, &strata);
        let drawn = all.strata.into_values().zip(shares).flat_map(|(stratum, n)| stratum.draw(n));
        let mut drawn: Vec<(Piece, f64)> = drawn.chain(all.quiet).collect();
        drawn.sort_by_key(|(piece, _)| (piece.replication, piece.from));
        result.ending = Ending::Fixed;
        let read = |replication: u64| {
            let own = drawn.iter().filter(|(piece, _)| piece.replication == replication);
            let own: Vec<Piece> = own.map(|(piece, _)| *piece).collect();
            let read = frame::read(&years.of, &known, replication, &own);
            read.map_err(|error| breach(error, replication))
        };
        let flows: Vec<frame::Read> = (0..result.replications)
            .into_par_iter()
            .with_max_len(1)
            .map(|replication| read(replication as u64))
            .collect::<Result<_, Breach>>()?;
        let traffic = flows.iter().flat_map(|history| history.traffic.iter().cloned());
        let pieces = drawn.iter().zip(traffic);
        let pieces = pieces.map(|((piece, chance), flows)| (*piece, *chance, flows)).collect();
        Ok(Self { result, pieces, flows })
    }

    /// Returns the number of windows.
    pub(super) fn count(&self) -> usize {
        self.pieces.len()
    }

    /// Simulates the window at `place`; `None` when it is stopped.
    ///
    /// # Errors
    ///
    /// [`Breach`] when an invariant is broken.
    pub(super) fn live(
        &self,
        (plan, asked): (&Blueprint, &SampledPlan),
        place: usize,
        watch: &Watch,
    ) -> Result<Option<Seen>, Breach> {
        let (piece, ..) = &self.pieces[place];
        let past = asked.past(&self.flows[convert::index(piece.replication)], piece);
        let at = format!("window of years at {}, replication {}", piece.from, piece.replication);
        let seen = underway::during(at, || {
            let told_to_stop = || watch.told_to_stop();
            sampled::live(plan, (piece, past), &asked.classes, BAD, &told_to_stop)
                .map_err(|breach| Breach { what: breach.what, during: underway::now() })
        })?;
        watch.one_done();
        Ok(seen)
    }
}

/// Draws windows and simulates them.
///
/// # Errors
///
/// [`Breach`] when an invariant is broken.
pub fn run(
    plan: &Blueprint,
    asked: &SampledPlan,
    years: &YearsPlan,
    watch: &Watch,
) -> Result<SampledResult, Breach> {
    let drawn = Drawn::new(asked, years)?;
    if drawn.result.ending == Ending::Interrupted {
        return Ok(drawn.result);
    }
    watch.sampled.store(drawn.count(), std::sync::atomic::Ordering::Relaxed);
    let all = || (0..drawn.count()).map(|at| work::Piece::Drawn(convert::place(at)));
    // An incomplete sample is not used.
    let stopped = |drawn: Drawn| Ok(SampledResult { ending: Ending::Interrupted, ..drawn.result });
    if watch.work.lacks(all()) {
        return stopped(drawn);
    }
    let one = |at: usize| {
        let simulate = || drawn.live((plan, asked), at, watch);
        watch.work.get(work::Piece::Drawn(convert::place(at)), simulate)
    };
    let seen: Vec<Option<Seen>> = (0..drawn.count())
        .into_par_iter()
        .with_max_len(1)
        .map(one)
        .collect::<Result<_, Breach>>()?;
    let Some(seen) = seen.into_iter().collect::<Option<Vec<Seen>>>() else {
        return stopped(drawn);
    };
    let Drawn { mut result, pieces, .. } = drawn;
    let lived = pieces.into_iter().zip(seen);
    result.windows = lived
        .map(|((piece, probability, flows), seen)| Lived { piece, probability, flows, seen })
        .collect();
    Ok(result)
}
