//! Long-horizon solver: structural availability from fault to fault, without requests.
//!
//! Takes an [`AvailabilityPlan`], one of its nets and a replication. Returns, for every subject, how much was lost over
//! the horizon, the causes, and the outages. The trajectory is that of the health kernel under the seed of the scenario
//! and the number of the replication: a fault in a window of `requests` occurs here at the same instant.
//!
//! Model: at any instant a share of the users is not served: all while the subject's fact does not hold, a part while
//! other facts do not. Downtime is the integral of that share. An *outage* lasts while the share is not zero. Two
//! outages less than [`MERGE_GAP`] apart are one. An outage shorter than the plan's `shortest_outage` in total does not
//! count (its downtime does). The first cause at an instant is the oldest that explains it; the others contribute. The
//! first cause of an outage is that of its first instant.
//!
//! For a *fleet* (members that serve independently) the share lost is that of the failed members, and every failure of
//! at least that length is an outage. Members that nothing else depends on are simulated one by one
//! ([`Kernel::live_alone`]).
//!
//! Holds: downtime by first cause sums to downtime, exactly; times are whole nanoseconds. Memory does not grow with the
//! horizon, except for 24 bytes per year with downtime, 16 per year of each fleet, and 16 per outage of meters whose
//! outage starts are asked for. Traffic is a fluid beside it: [`crate::solve::fluid`].
//!
//! If asked for, outages that may be reported are kept beside it ([`kept`]); such a trajectory is simulated again to
//! record them ([`journal`]).

mod beyond;
pub mod disk_sets;
pub mod journal;
pub mod kept;
pub mod recovery;
pub mod restores;
mod steps;

use crate::convert::{self, table};
use crate::engine::draw::Lineage;
use crate::engine::lane::NoProgress;
use crate::health::{
    AutomatonId, CauseId, Explanation, FactId, Kernel, Listener, Moved, Net, View,
};
use crate::observe::histogram::Histogram;
use crate::plan::availability::{AvailabilityNet, AvailabilityPlan, Fleet, Meter, WHOLE};
use crate::solve::fluid::{Live, Memo, TrafficTally};
use crate::units::{SimDuration, SimTime};
use kept::{Keep, Kept, Outage};
use recovery::{Recoveries, RoleTally};
use steps::{Acts, next_at, step};

/// Outages less than this apart count as one.
pub const MERGE_GAP: SimDuration = SimDuration::from_secs(60);

/// Losses due to one cause, in parts of [`WHOLE`] of a nanosecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CauseLoss {
    /// Loss while it was the first cause.
    pub first: u128,
    /// Loss while it contributed.
    pub contributing: u128,
    /// Outages that began with it.
    pub outages: u64,
}

/// Results of one replication for one meter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lost, in parts of [`WHOLE`] of a nanosecond.
    pub lost: u128,
    /// Number of outages that began in it, or were in progress at its start.
    pub outages: u64,
    /// Length of all outages, whatever the share that they cost, in nanoseconds.
    pub length: u128,
    /// Instant at which the first began.
    pub first_failure: Option<SimTime>,
    /// Losses per cause of the plan.
    pub causes: Vec<CauseLoss>,
    /// Number of whole years.
    pub whole_years: u64,
    /// Downtime of the whole years that have any, in nanoseconds, in their order.
    pub years: Vec<u64>,
    /// Downtime in nanoseconds of the years in which a cause was the first of some downtime, with that cause.
    pub cause_years: Vec<(u32, u64)>,
    /// Start and first cause of each outage, in the order in which they end; empty unless asked for.
    pub begun: Vec<(SimTime, u32)>,
    /// Lengths of outages.
    pub lengths: Histogram,
    /// Largest loss of one outage, in parts of [`WHOLE`] of a nanosecond.
    pub worst: u128,
    /// Outages that may be reported, where they were asked for.
    pub kept: Option<Box<Kept>>,
}

impl Tally {
    /// Returns the length of all outages in seconds.
    #[must_use]
    pub fn length_s(&self) -> f64 {
        self.length as f64 / 1e9
    }

    /// Returns the downtime in seconds: a share lost counts as that share of the time.
    #[must_use]
    pub fn downtime_s(&self) -> f64 {
        seconds(self.lost)
    }
}

/// Converts parts of nanoseconds to seconds.
#[must_use]
pub fn seconds(parts: u128) -> f64 {
    parts as f64 / f64::from(WHOLE) / 1e9
}

/// Results of one replication.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// Tallies, in the order of the meters.
    pub tallies: Vec<Tally>,
    /// Tallies, in the order of the roles.
    pub roles: Vec<RoleTally>,
    /// Tallies, in the order of the databases that faults corrupt.
    pub restores: Vec<restores::RestoreTally>,
    /// Tallies, in the order of the sets of disks that fail one by one.
    pub disk_sets: Vec<disk_sets::DiskSetTally>,
    /// Traffic, where it was asked for.
    pub traffic: Option<TrafficTally>,
    /// Number of kernel steps.
    pub steps: u64,
}

/// Maximum time past its horizon for which a replication continues until the requested first outages.
pub const FIRST_OUTAGE_WITHIN: SimDuration = SimDuration::YEAR.saturating_mul(500);

/// Simulates the horizon once. With `until_failed` (meters, by place), continues until each of these has had its first
/// outage, of which only the instant is kept.
///
/// # Errors
///
/// `NoProgress` when the declaration is circular at one instant, which is a defect of fivenines.
pub fn run(
    plan: &AvailabilityPlan,
    net: usize,
    replication: u64,
    until_failed: &[usize],
) -> Result<Observation, NoProgress> {
    whole(plan, net, replication, until_failed, None)
}

/// Simulates the horizon as [`run`] does, with the traffic too; `memo` holds states computed by other replications.
///
/// # Errors
///
/// `NoProgress` when the declaration is circular at one instant.
pub fn run_with_traffic<'p>(
    plan: &'p AvailabilityPlan,
    net: usize,
    replication: u64,
    until_failed: &[usize],
    memo: &mut Memo<'p>,
) -> Result<Observation, NoProgress> {
    whole(plan, net, replication, until_failed, Some(memo))
}

fn whole<'p>(
    plan: &'p AvailabilityPlan,
    net: usize,
    replication: u64,
    until_failed: &[usize],
    memo: Option<&mut Memo<'p>>,
) -> Result<Observation, NoProgress> {
    let wanted = Wanted { memo, ..Wanted::default() };
    let seen = run_unless(plan, net, replication, until_failed, wanted, &|| false)?;
    Ok(seen.expect("nothing stopped it"))
}

/// Number of kernel steps between two checks whether to stop.
const STEPS: u64 = 1 << 10;

/// Additional results requested of one replication.
#[derive(Default)]
pub struct Wanted<'a, 'p> {
    /// Meters, by place, whose outages are kept if they may be reported.
    pub stories: &'a [usize],
    /// Meters, by place, for which the start of each outage is kept.
    pub begun: &'a [usize],
    /// Simulates the traffic too; holds states computed by other replications.
    pub memo: Option<&'a mut Memo<'p>>,
}

/// Simulates the horizon as [`run`] does, with the `wanted` results. `None` as soon as `told_to_stop` is true: a
/// replication counts whole or not at all.
///
/// # Errors
///
/// `NoProgress` when the declaration is circular at one instant.
pub fn run_unless<'p>(
    plan: &'p AvailabilityPlan,
    net: usize,
    replication: u64,
    until_failed: &[usize],
    Wanted { stories, begun, memo }: Wanted<'_, 'p>,
    told_to_stop: &dyn Fn() -> bool,
) -> Result<Option<Observation>, NoProgress> {
    let which = &plan.nets[net];
    let lineage = Lineage::replication(replication);
    let aside = &which.alone;
    let mut kernel = Kernel::without(&which.net, plan.seed, lineage, plan.start, aside)?;
    let mut keep = vec![Keep::Nothing; which.meters.len()];
    for meter in stories {
        // A fleet has no outage of its own to report.
        if let Some(keep) = keep.get_mut(*meter) {
            *keep = Keep::Best(Box::new(Kept::of(replication)));
        }
    }
    let end = SimTime::ZERO + plan.horizon;
    let mut meters = Meters::new((plan, which, lineage), keep, kernel.view(), end);
    meters.keep_begun(begun);
    let mut steps = 0;
    let looks = |steps: u64| steps.is_multiple_of(STEPS) && told_to_stop();
    let fluid = memo.and_then(|memo| Live::new(plan, which, memo, replication, kernel.view()));
    let traffic = match fluid {
        None => {
            while kernel.next_at().is_some_and(|next| next < end) {
                kernel.step(&mut meters)?;
                steps += 1;
                if looks(steps) {
                    return Ok(None);
                }
            }
            None
        }
        Some(fluid) => {
            let mut fluid = fluid.unless(told_to_stop);
            while next_at(&kernel, Some(&fluid)).is_some_and(|next| next < end) {
                step(&mut kernel, &mut (&mut meters, &mut fluid))?;
                steps += 1;
                if looks(steps) {
                    return Ok(None);
                }
            }
            Some(fluid.close())
        }
    };
    for member in aside {
        kernel.live_alone(*member, end, |moved| {
            steps += 1;
            meters.member_moves(moved);
        })?;
        if told_to_stop() {
            return Ok(None);
        }
    }
    meters.rows.iter_mut().for_each(|row| row.close(end));
    let fleets = std::mem::take(&mut meters.fleets);
    let (roles, restores, disk_sets) = Recoveries::close(meters.recoveries.take(), end);
    meters.fleet_of.clear();
    let latest = SimTime::ZERO + FIRST_OUTAGE_WITHIN;
    let waits = |meters: &Meters<'_>| {
        until_failed.iter().any(|at| meters.rows[*at].tally.first_failure.is_none())
    };
    while waits(&meters) && kernel.next_at().is_some_and(|next| next < latest) {
        kernel.step(&mut meters)?;
        steps += 1;
        if looks(steps) {
            return Ok(None);
        }
    }
    // The traffic stops early too.
    if told_to_stop() {
        return Ok(None);
    }
    let rows = meters.rows.into_iter().map(Row::tally);
    let tallies = rows.chain(fleets.into_iter().map(FleetRow::close)).collect();
    Ok(Some(Observation { tallies, roles, restores, disk_sets, traffic, steps }))
}

impl<'m, 'p> Acts<'m, 'p> for (&mut Meters<'p>, &mut Live<'m, 'p>) {
    fn traffic(&mut self) -> Option<&mut Live<'m, 'p>> {
        Some(self.1)
    }
}

/// All subjects in one trajectory.
struct Meters<'p> {
    /// Rows that read each system-level fact.
    readers: Vec<Vec<u32>>,
    rows: Vec<Row<'p>>,
    explanation: Explanation,
    net: &'p Net,
    fleets: Vec<FleetRow<'p>>,
    /// Fleet and place in it per automaton; empty where there are no fleets.
    fleet_of: Vec<Option<(u32, u32)>>,
    /// `None` once the horizon is over.
    recoveries: Option<Recoveries<'p>>,
}

impl<'p> Meters<'p> {
    /// Creates the meters. `keep` selects the records kept per meter; `end` is the end of the horizon.
    fn new(
        (plan, of, lineage): (&AvailabilityPlan, &'p AvailabilityNet, Lineage),
        keep: Vec<Keep>,
        view: View<'_>,
        end: SimTime,
    ) -> Self {
        let (causes, shortest) = (plan.causes.len(), plan.shortest_outage);
        let mut readers = vec![Vec::new(); of.net.facts_of_whole().count()];
        for (row, meter) in of.meters.iter().enumerate() {
            let facts = std::iter::once(meter.up).chain(meter.shares.iter().map(|(fact, _)| *fact));
            for fact in facts {
                readers[fact.index()].push(table::u32(row));
            }
        }
        let rows = of.meters.iter().zip(keep);
        let rows = rows
            .map(|(meter, keep)| Row { keep, shortest, ..Row::new(of, meter, causes) })
            .collect();
        let explanation = Explanation::default();
        let fleet = |fleet| FleetRow { shortest, ..FleetRow::new(fleet, causes, view, end) };
        let fleets: Vec<FleetRow<'_>> = of.fleets.iter().map(fleet).collect();
        let mut fleet_of = Vec::new();
        for (at, fleet) in of.fleets.iter().enumerate() {
            fleet_of.resize(of.net.automata().count(), None);
            for (place, member) in fleet.members.iter().enumerate() {
                fleet_of[member.index()] = Some((table::u32(at), table::u32(place)));
            }
        }
        let recoveries = Some(Recoveries::new((plan, of, lineage), (readers.len(), causes), view));
        let net = &of.net;
        let mut meters = Self { readers, rows, explanation, net, fleets, fleet_of, recoveries };
        meters.look(SimTime::ZERO, view);
        meters
    }

    /// Makes these meters keep the start of each outage: rows, then fleets.
    fn keep_begun(&mut self, wanted: &[usize]) {
        for at in wanted {
            match at.checked_sub(self.rows.len()) {
                None => self.rows[*at].keeps_begun = true,
                Some(fleet) => self.fleets[fleet].keeps_begun = true,
            }
        }
    }

    /// Handles a move of a fleet member.
    #[inline]
    fn member_moves(&mut self, moved: &Moved) {
        let place = self.fleet_of.get(moved.automaton.index()).copied().flatten();
        let Some((fleet, place)) = place else { return };
        let was = self.net.is_sound(moved.automaton, moved.from);
        let is = self.net.is_sound(moved.automaton, moved.to);
        match (was, is) {
            (true, false) => self.fleets[fleet as usize].falls(place as usize, moved.at),
            (false, true) => self.fleets[fleet as usize].rises(place as usize, moved.at),
            _ => {}
        }
    }

    fn look(&mut self, at: SimTime, view: View<'_>) {
        for row in &mut self.rows {
            if row.dirty || row.level > 0 {
                row.look(at, view, &mut self.explanation);
            }
        }
        if let Some(recoveries) = &mut self.recoveries {
            recoveries.look(at, view, &mut self.explanation);
        }
    }
}

impl Listener for Meters<'_> {
    #[inline]
    fn fact(&mut self, _: SimTime, fact: FactId, _: bool, _: View<'_>) {
        for row in &self.readers[fact.index()] {
            self.rows[*row as usize].dirty = true;
        }
        if let Some(recoveries) = &mut self.recoveries {
            recoveries.stir(fact);
        }
    }

    #[inline]
    fn moved(&mut self, moved: &Moved) {
        self.member_moves(moved);
        self.recoveries.iter_mut().for_each(|all| all.moved(moved));
    }

    #[inline]
    fn settled(&mut self, at: SimTime, view: View<'_>) {
        self.look(at, view);
    }
}

/// A fleet in one trajectory.
struct FleetRow<'p> {
    of: &'p Fleet,
    tally: Tally,
    /// Start of each member's present failure.
    since: Vec<Option<SimTime>>,
    /// Loss of all members together, in nanoseconds, and by year; the last year may be partial.
    lost: u128,
    years: Vec<u128>,
    end: SimTime,
    /// Minimum length of an outage.
    shortest: SimDuration,
    keeps_begun: bool,
}

impl<'p> FleetRow<'p> {
    fn new(of: &'p Fleet, causes: usize, view: View<'_>, end: SimTime) -> Self {
        let years = end.nanos() / SimDuration::YEAR.nanos() + 1;
        let since = |member: &AutomatonId| (!view.is_sound(*member)).then_some(SimTime::ZERO);
        Self {
            of,
            tally: Tally { causes: vec![CauseLoss::default(); causes], ..Tally::default() },
            since: of.members.iter().map(since).collect(),
            lost: 0,
            years: vec![0; convert::index(years)],
            end,
            shortest: SimDuration::ZERO,
            keeps_begun: false,
        }
    }

    #[inline]
    fn falls(&mut self, place: usize, at: SimTime) {
        self.since[place] = Some(at);
    }

    #[inline]
    fn rises(&mut self, place: usize, at: SimTime) {
        let Some(from) = self.since[place].take() else { return };
        let length = at.since(from);
        self.lost += u128::from(length.nanos());
        let year = SimDuration::YEAR.nanos();
        let (mut since, to) = (from.nanos(), at.nanos());
        while since < to {
            let number = since / year;
            let until = to.min((number + 1) * year);
            self.years[convert::index(number)] += u128::from(until - since);
            since = until;
        }
        if length < self.shortest {
            return;
        }
        self.tally.outages += 1;
        self.tally.length += u128::from(length.nanos());
        self.tally.lengths.record_duration(length);
        self.tally.worst = self.tally.worst.max(u128::from(length.nanos()));
        if self.keeps_begun {
            self.tally.begun.push((from, self.of.cause));
        }
        let first = self.tally.first_failure.get_or_insert(from);
        *first = from.min(*first);
    }

    /// Ends the horizon: members that are down are counted and cut there.
    fn close(mut self) -> Tally {
        for place in 0..self.since.len() {
            self.rises(place, self.end);
        }
        let members = (self.of.members.len() as u128).max(1);
        let mean = |lost: u128| lost * u128::from(WHOLE) / members;
        let cause = self.of.cause as usize;
        self.tally.lost = mean(self.lost);
        self.tally.worst = mean(self.tally.worst);
        if self.lost > 0 {
            self.tally.causes[cause].first = self.tally.lost;
            self.tally.causes[cause].outages = self.tally.outages;
        }
        let whole = self.years.len() - 1;
        self.tally.whole_years = whole as u64;
        for lost in &self.years[..whole] {
            let lost = of_year(lost / members);
            if lost > 0 {
                self.tally.years.push(lost);
                self.tally.cause_years.push((self.of.cause, lost));
            }
        }
        self.tally
    }
}

/// Converts the nanoseconds of one year.
fn of_year(nanos: u128) -> u64 {
    u64::try_from(nanos).expect("a part of a year")
}

/// An outage in progress, or one that ended so recently that another would be merged with it.
#[derive(Clone, Copy, Debug)]
struct Episode {
    begun: SimTime,
    /// Instant at which full service was restored; `None` until then.
    ended: Option<SimTime>,
    cause: u32,
    /// Loss accumulated before it.
    before: u128,
}

/// One subject in one trajectory.
struct Row<'p> {
    meter: &'p Meter,
    /// Mapping from causes of the net to those of the plan.
    places: &'p [u32],
    tally: Tally,
    dirty: bool,
    /// Present loss, in parts of the users.
    level: u32,
    /// Instant up to which losses are accounted for.
    accounted: SimTime,
    /// Causes of the present loss, oldest first, each once.
    why: Vec<u32>,
    episode: Option<Episode>,
    keep: Keep,
    /// All causes of the present outage, where it may be kept.
    whole_why: Vec<u32>,
    /// End of the present year, and what was lost in it.
    year: SimTime,
    lost_in_year: u128,
    /// Loss in the present year by first cause.
    first_in_year: Vec<u128>,
    /// Minimum length of an outage.
    shortest: SimDuration,
    keeps_begun: bool,
    /// True once the horizon is over.
    over: bool,
    /// Begin and end of the latest loss beyond the horizon; no end while it lasts.
    beyond: Option<(SimTime, Option<SimTime>)>,
}

impl<'p> Row<'p> {
    fn new(of: &'p AvailabilityNet, meter: &'p Meter, causes: usize) -> Self {
        Self {
            meter,
            places: &of.causes,
            tally: Tally { causes: vec![CauseLoss::default(); causes], ..Tally::default() },
            dirty: true,
            level: 0,
            accounted: SimTime::ZERO,
            why: Vec::new(),
            episode: None,
            keep: Keep::Nothing,
            whole_why: Vec::new(),
            year: SimTime::ZERO + SimDuration::YEAR,
            lost_in_year: 0,
            first_in_year: vec![0; causes],
            shortest: SimDuration::ZERO,
            keeps_begun: false,
            over: false,
            beyond: None,
        }
    }

    fn look(&mut self, at: SimTime, view: View<'_>, explanation: &mut Explanation) {
        self.dirty = false;
        let up = view.fact(self.meter.up);
        let level = self.meter.level(|fact| view.fact(fact));
        if self.over {
            return self.look_beyond(at, level > 0);
        }
        if level == 0 && self.level == 0 {
            return;
        }
        self.account(at);
        self.why.clear();
        if level > 0 {
            let found = self.explained(up, view, explanation);
            for (_, id) in found {
                let place = self.places[id.index()];
                if !self.why.contains(&place) {
                    self.why.push(place);
                }
            }
            if self.why.is_empty() {
                self.why.push(self.places[CauseId::UNEXPLAINED.index()]);
            }
        }
        let before = std::mem::replace(&mut self.level, level);
        match (before, level) {
            (0, _) => self.fall(at),
            (_, 0) => {
                if let Some(episode) = &mut self.episode {
                    episode.ended = Some(at);
                }
            }
            _ => {}
        }
        if !matches!(self.keep, Keep::Nothing) {
            for place in &self.why {
                if !self.whole_why.contains(place) {
                    self.whole_why.push(*place);
                }
            }
        }
    }

    /// Returns the causes of the present loss, oldest first, with their numbers.
    fn explained(
        &self,
        up: bool,
        view: View<'_>,
        explanation: &mut Explanation,
    ) -> Vec<(u64, CauseId)> {
        let add = |fact: FactId, explanation: &mut Explanation| {
            view.explain(fact, explanation);
            explanation.causes.iter().map(|cause| (cause.order, cause.id)).collect::<Vec<_>>()
        };
        if !up {
            return add(self.meter.up, explanation);
        }
        let mut found = Vec::new();
        let shares = self.meter.counted(|fact| view.fact(fact));
        for (fact, _) in shares.iter().filter(|(fact, _)| view.fact(*fact)) {
            found.extend(add(*fact, explanation));
        }
        found.sort_unstable();
        found
    }

    /// Accounts for the loss since the last change.
    fn account(&mut self, at: SimTime) {
        let from = std::mem::replace(&mut self.accounted, at);
        let mut since = from;
        while self.year <= at {
            self.book_year(since, self.year);
            since = self.year;
            self.end_year();
        }
        self.book_year(since, at);
        let lost = self.parts(from, at);
        if lost == 0 {
            return;
        }
        self.tally.lost += lost;
        for (number, place) in self.why.iter().enumerate() {
            let cause = &mut self.tally.causes[*place as usize];
            *(if number == 0 { &mut cause.first } else { &mut cause.contributing }) += lost;
        }
    }

    fn book_year(&mut self, from: SimTime, to: SimTime) {
        let lost = self.parts(from, to);
        if lost > 0 {
            self.lost_in_year += lost;
            self.first_in_year[self.why[0] as usize] += lost;
        }
    }

    fn parts(&self, from: SimTime, to: SimTime) -> u128 {
        u128::from(to.since(from).nanos()) * u128::from(self.level)
    }

    fn end_year(&mut self) {
        let parts = std::mem::take(&mut self.lost_in_year);
        self.keep.year(self.year, parts);
        let lost = of_year(parts / u128::from(WHOLE));
        self.tally.whole_years += 1;
        if lost > 0 {
            self.tally.years.push(lost);
            for (cause, lost) in self.first_in_year.iter_mut().enumerate().filter(|(_, l)| **l > 0)
            {
                let lost = std::mem::take(lost) / u128::from(WHOLE);
                self.tally.cause_years.push((table::u32(cause), of_year(lost)));
            }
        }
        self.year = self.year + SimDuration::YEAR;
    }

    fn fall(&mut self, at: SimTime) {
        let cause = self.why.first().copied().unwrap_or(0);
        match &mut self.episode {
            Some(episode) if episode.ended.is_some_and(|end| at.since(end) < MERGE_GAP) => {
                episode.ended = None;
            }
            _ => {
                self.end_episode();
                self.whole_why.clear();
                let before = self.tally.lost;
                self.episode = Some(Episode { begun: at, ended: None, cause, before });
            }
        }
    }

    fn end_episode(&mut self) {
        let Some(Episode { begun, ended: Some(ended), cause, before }) = self.episode.take() else {
            return;
        };
        let length = ended.since(begun);
        if length < self.shortest {
            return;
        }
        self.tally.outages += 1;
        self.tally.length += u128::from(length.nanos());
        self.tally.lengths.record_duration(length);
        self.tally.first_failure.get_or_insert(begun);
        if self.keeps_begun {
            self.tally.begun.push((begun, cause));
        }
        self.tally.causes[cause as usize].outages += 1;
        let lost = self.tally.lost - before;
        self.tally.worst = self.tally.worst.max(lost);
        if !matches!(self.keep, Keep::Nothing) {
            let also = self.whole_why.iter().copied().filter(|other| *other != cause).collect();
            self.keep.outage(Outage { begun, ended, lost, cause, also });
        }
    }

    fn tally(mut self) -> Tally {
        self.ends_beyond();
        let kept = match self.keep {
            Keep::Best(mut kept) => {
                (kept.lost, kept.outages) = (self.tally.lost, self.tally.outages);
                Some(kept)
            }
            Keep::Nothing | Keep::Again(_) => None,
        };
        Tally { kept, ..self.tally }
    }

    /// Ends the horizon: an outage in progress is counted and cut there.
    fn close(&mut self, end: SimTime) {
        self.account(end);
        self.beyond = self.episode.as_ref().map(|episode| (episode.begun, episode.ended));
        if let Some(episode) = &mut self.episode {
            episode.ended.get_or_insert(end);
        }
        self.end_episode();
        (self.over, self.level) = (true, 0);
    }
}
