//! Autoscalers in the trajectory: what each measures, and the members that it launches and removes.
//!
//! Model: the [loop](crate::kinds::scaler::mechanism) is that of `requests`, with the same draws. Over a period a member that
//! serves is busy with the work of the views of all classes that are served in it, at most all the time. Views that wait at
//! its end are served later. Where requests are counted, they are those of all views that arrive, also of views that
//! overload loses, and deep probes. A removed member is gone at once: its open requests last for seconds.
//!
//! Quiet time is not stepped through. While nothing comes and nothing is to be repeated, the members wanted rise with the
//! load. So if neither the lowest nor the highest rate from now on up to an instant changes their number, because it is the one
//! wanted or by a cool-down, no rate in between does, and no period up to then is measured. That instant is found by bisection, before the rate turns or its level
//! changes. A change of a part's state ends the quiet time: the period in which it falls is measured as any other.
//!
//! Beside a scaler overload is followed at the rates of the moment: the sums over the hours of the week, in which a settled
//! overload is counted elsewhere, would hide what a period measures.
//!
//! Holds: with and without quiet time the same is decided. Hourly noise and modulation are those of `requests`: the levels of
//! the rate turn with them. Leaves out: members after the horizon, where they stay as they are; that a view lost to overload sends
//! fewer requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Live;
use crate::engine::draw::{Key, Lineage, Seed};
use crate::health::{AutomatonId, FactId, StateId, View};
use crate::kinds::scaler::account::Tallied;
use crate::kinds::scaler::mechanism::{Control, Due, Sight, State, Tenants};
use crate::kinds::scaler::rules::{LAUNCH, SERVER};
use crate::kinds::scaler::spec::ScalerMetric;
use crate::mechanism::scaling::{Act, Seen};
use crate::model::route::uniform_of;
use crate::model::spec::runs::MoveOrder;
use crate::plan::fluid::FluidPlan;
use crate::plan::fluid::scaled::{Scaled, ScaledNet};
use crate::plan::fluid::state::{FlowLoad, StateLoad};
use crate::units::SimTime;
use crate::workload::rate::RateCurve;

/// Steps in which the end of quiet time is searched for.
const BISECTIONS: u32 = 10;

/// Members of one scaler over a replication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScalerTally {
    /// Hours that members served, summed.
    pub served_h: f64,
    /// Hours that members cost, summed.
    pub paid_h: f64,
    /// Launches begun.
    pub launches: u64,
    /// Launches that failed.
    pub failed: u64,
    /// Launches for which no server was left.
    pub refused: u64,
    /// Members removed.
    pub removed: u64,
    /// Members terminated because they had not worked for long.
    pub replaced: u64,
    /// Members that planned moves have brought elsewhere.
    pub moved: u64,
}

/// Moves of members from one state of their presence to the other.
pub type Moves = Vec<(AutomatonId, StateId)>;

/// Fact of which a scaler hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// A server works, by number.
    Works(usize),
    /// The process of a slot is down or cut off.
    Lost(usize),
    /// The process of a slot works.
    Member(usize),
}

/// One scaler in one trajectory.
struct One<'p> {
    plan: &'p Scaled,
    net: &'p ScaledNet,
    control: Control,
    /// Keys of the draws of a launch, and of those by which servers are ranked.
    keys: [Key; 2],
    /// Core-seconds for which each member was busy in the present period, or requests that arrived.
    amount: Vec<f64>,
    /// Members of other scalers, and ends of their launches, on each of its servers.
    others: Vec<Tenants>,
}

/// All scalers in one trajectory.
#[derive(Default)]
pub(super) struct Scalers<'p> {
    all: Vec<One<'p>>,
    /// Their numbers, by name: the order in which those act that are due at one instant.
    order: Vec<usize>,
    ears: BTreeMap<FactId, Vec<(usize, Heard)>>,
    /// Views that arrived in the present interval, by class, also those that overload loses.
    asked: Vec<f64>,
}

/// The parts as a scaler sees them.
struct Eyes<'a> {
    net: &'a ScaledNet,
    others: &'a [Tenants],
    keys: [Key; 2],
    view: View<'a>,
}

impl Sight for Eyes<'_> {
    fn can_launch(&self) -> bool {
        self.view.fact(self.net.launches)
    }

    fn server_works(&self, host: usize) -> bool {
        self.view.fact(self.net.servers[host])
    }

    fn member_works(&self, slot: usize) -> bool {
        self.view.fact(self.net.members[slot].process.works)
    }

    fn others(&self, host: usize) -> Tenants {
        self.others[host].clone()
    }

    fn draw(&self, launch: u64, index: u64) -> f64 {
        uniform_of(self.keys[0], launch, index)
    }

    fn rank(&self, launch: u64, host: u64) -> f64 {
        uniform_of(self.keys[1], launch, host)
    }
}

impl<'p> One<'p> {
    fn new(plan: &'p Scaled, net: &'p ScaledNet, of: (Seed, Lineage), view: View<'_>) -> Self {
        let mut control = Control::new(plan.rules.clone(), SimTime::ZERO);
        for (host, server) in net.servers.iter().enumerate() {
            if !view.fact(*server) {
                control.hears(SimTime::ZERO, host, false);
            }
        }
        for (slot, member) in net.members.iter().enumerate() {
            if !view.fact(member.process.works) {
                control.hears_of_member(SimTime::ZERO, slot, false);
            }
        }
        control.begin(SimTime::ZERO, true);
        let key = |purpose| Key::derive(of.0, of.1, purpose, &plan.name);
        let amount = vec![0.0; plan.rules.slots.len()];
        let others = vec![Tenants::default(); plan.rules.hosts.len()];
        Self { plan, net, control, keys: [key(LAUNCH), key(SERVER)], amount, others }
    }

    fn counts_requests(&self) -> bool {
        self.plan.rules.metric == ScalerMetric::Requests
    }

    /// Returns the core-seconds for which a member is busy at these views and constant work over `seconds`, or the requests
    /// and deep probes that enter it.
    fn adds(&self, slot: usize, load: &StateLoad, views: &[f64], seconds: f64) -> f64 {
        if !self.counts_requests() {
            return self.share(slot, load, views, seconds) * self.capacity(slot) * seconds;
        }
        let Some(process) = self.plan.processes[slot] else { return 0.0 };
        let of = |all: &[(u32, f64)]| {
            let found = all.binary_search_by_key(&process, |(at, _)| *at);
            found.map_or(0.0, |found| all[found].1)
        };
        let views = load.flows.iter().zip(views);
        of(&load.probed) * seconds
            + views.map(|(class, views)| of(&class.enters) * views).sum::<f64>()
    }

    /// Returns what a member's amount of a second is divided by.
    fn capacity(&self, slot: usize) -> f64 {
        if self.counts_requests() { 1.0 } else { self.plan.rules.host(slot).capacity }
    }

    /// Returns the share of its time for which a member is busy, at these views and constant work over `seconds`.
    fn share(&self, slot: usize, load: &StateLoad, views: &[f64], seconds: f64) -> f64 {
        let Some(processor) = self.plan.processors[slot] else { return 0.0 };
        let at = processor as usize;
        let each = load.flows.iter().zip(views);
        let work: f64 = each.map(|(flow, views)| flow.work_at(processor) * views).sum();
        ((work + load.constant[at] * seconds) / (load.capacity[at] * seconds)).min(1.0)
    }

    /// Returns the number of members that requests reach; those that serve, if none does.
    fn reached(&self, load: &StateLoad) -> usize {
        let of = |slot: usize, class: &Arc<FlowLoad>| {
            let at = self.plan.processors[slot];
            let found = |at: u32| class.work.binary_search_by_key(&at, |(at, _)| *at).is_ok();
            at.is_some_and(found)
        };
        let here = |slot: &usize| load.flows.iter().any(|class| of(*slot, class));
        let serving = || (0..self.amount.len()).filter(|slot| self.serves(*slot));
        match serving().filter(here).count() {
            0 => serving().count(),
            some => some,
        }
    }

    fn serves(&self, slot: usize) -> bool {
        matches!(self.control.states()[slot], State::Serves(..))
    }

    /// Returns what would be measured of the members that serve, at constant rates.
    fn seen_at(&self, load: &StateLoad, rates: &[f64]) -> Seen {
        let (mut amount, mut capacity, mut members) = (0.0, 0.0, 0.0);
        for slot in (0..self.amount.len()).filter(|slot| self.serves(*slot)) {
            amount += self.adds(slot, load, rates, 1.0);
            capacity += self.capacity(slot);
            members += 1.0;
        }
        Seen { value: if capacity > 0.0 { amount / capacity } else { 0.0 }, members }
    }

    /// Returns the measurement of the period that ends now, and clears it.
    fn measure(&mut self, now: SimTime) -> Option<Seen> {
        let (mut amount, mut capacity, mut time) = (0.0, 0.0, 0.0);
        for slot in 0..self.amount.len() {
            let own = std::mem::take(&mut self.amount[slot]);
            let Some(served) = self.control.served(now, slot) else { continue };
            amount += own;
            capacity += served.seconds() * self.capacity(slot);
            time += served.seconds();
        }
        let value = if capacity > 0.0 { amount / capacity } else { 0.0 };
        self.control.seen(value, time)
    }

    fn eyes<'a>(&'a self, view: View<'a>) -> Eyes<'a> {
        Eyes { net: self.net, others: &self.others, keys: self.keys, view }
    }

    fn launches_missing(&mut self, now: SimTime, view: View<'_>) {
        for _ in 0..self.control.missing() {
            let launch = self.control.next_launch(now, &self.eyes(view), None);
            self.control.launches(now, launch, None);
        }
    }

    /// Launches the replacement of a moved member, by its number.
    fn launches_elsewhere(&mut self, now: SimTime, view: View<'_>, moved: u64) {
        let launch = self.control.next_launch(now, &self.eyes(view), Some(moved));
        self.control.launches(now, launch, Some(moved));
    }

    /// Begins a planned move.
    fn moves(&mut self, now: SimTime, of: usize, view: View<'_>, moves: &mut Moves) {
        let order = self.control.order(of);
        for (moved, slot) in self.control.begins_move(now, of) {
            if order == MoveOrder::StopFirst {
                self.ends(now, slot, moves);
            }
            self.launches_elsewhere(now, view, moved);
        }
    }

    /// Ends a member.
    fn ends(&mut self, now: SimTime, slot: usize, moves: &mut Moves) {
        let member = &self.net.members[slot];
        self.control.turn(now, slot, State::Absent);
        moves.push((member.automaton, member.absent));
    }

    /// Does what is due, but for a measurement.
    fn happens(&mut self, now: SimTime, due: Due, view: View<'_>, moves: &mut Moves) {
        let members = &self.net.members;
        match due {
            Due::Measured | Due::Looked(_) => {}
            Due::Seen(seen) => match self.control.acts(now, seen) {
                Act::Stay => {}
                Act::Out(_) => self.launches_missing(now, view),
                Act::In(fewer) => {
                    for _ in 0..fewer {
                        let Some(slot) = self.control.youngest() else { return };
                        self.control.account_mut().count(Tallied::Removed);
                        self.ends(now, slot, moves);
                    }
                }
            },
            Due::Provisioned(slot, launch) => {
                let boot = self.control.time_to_boot(launch, &self.eyes(view));
                self.control.boots(now, slot, launch, boot);
            }
            Due::Booted(slot, _) if view.fact(members[slot].process.lost) => {
                self.control.fails(now, slot);
            }
            Due::Booted(slot, launch) => {
                self.amount[slot] = 0.0;
                self.control.turn(now, slot, State::Serves(now, launch));
                moves.push((members[slot].automaton, members[slot].present));
                if let Some(old) = self.control.arrives(now, slot) {
                    self.ends(now, old, moves);
                }
            }
            Due::Repeated => self.launches_missing(now, view),
            Due::Terminated(slot) => {
                self.control.terminates(now, slot, State::Absent);
                moves.push((members[slot].automaton, members[slot].absent));
                self.launches_missing(now, view);
            }
            Due::Moves(of) => self.moves(now, of, view, moves),
            Due::Again(moved) => {
                if self.control.moves_again(moved) {
                    self.launches_elsewhere(now, view, moved);
                }
            }
            Due::Failed(slot) => self.control.fails(now, slot),
        }
    }
}

impl<'p> Scalers<'p> {
    /// Starts the scalers of a plan in a net.
    pub(super) fn new(
        plan: &'p FluidPlan,
        nets: &'p [ScaledNet],
        of: (Seed, Lineage),
        view: View<'_>,
    ) -> Self {
        let mut ears: BTreeMap<FactId, Vec<(usize, Heard)>> = BTreeMap::new();
        for (at, (net, plan)) in nets.iter().zip(&plan.scaled).enumerate() {
            for (host, server) in net.servers.iter().enumerate() {
                ears.entry(*server).or_default().push((at, Heard::Works(host)));
            }
            for (slot, member) in net.members.iter().enumerate() {
                let process = member.process;
                ears.entry(process.lost).or_default().push((at, Heard::Lost(slot)));
                if plan.rules.replace.is_some() {
                    ears.entry(process.works).or_default().push((at, Heard::Member(slot)));
                }
            }
        }
        let all = plan.scaled.iter().zip(nets);
        let all = all.map(|(plan, net)| One::new(plan, net, of, view)).collect();
        let mut order: Vec<usize> = (0..plan.scaled.len()).collect();
        order.sort_by_key(|at| &plan.scaled[*at].name);
        Self { all, order, ears, asked: vec![0.0; plan.flows()] }
    }

    /// Lets a scaler see the members of the others on its servers.
    fn look_around(&mut self, index: usize) {
        let rules = &self.all[index].plan.rules;
        if rules.neighbours.is_empty() {
            return;
        }
        let control = |at: usize| &self.all[rules.neighbours[at].scaler].control;
        let on = |host| rules.others_on(host, |at, theirs| control(at).tenants_on(theirs));
        self.all[index].others = (0..rules.hosts.len()).map(on).collect();
    }

    /// Returns whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Notes the views of a class that arrive in the present interval, also those that overload loses.
    pub(super) fn asks(&mut self, class: usize, views: f64) {
        if !self.all.is_empty() {
            self.asked[class] = views;
        }
    }

    /// Hears of a server or member.
    pub(super) fn hear(&mut self, at: SimTime, fact: FactId, value: bool) {
        for (scaler, heard) in self.ears.get(&fact).into_iter().flatten() {
            let control = &mut self.all[*scaler].control;
            match *heard {
                Heard::Works(host) => control.hears(at, host, value),
                Heard::Lost(slot) if value => control.loses(slot),
                Heard::Lost(_) => {}
                Heard::Member(slot) => control.hears_of_member(at, slot, value),
            }
        }
    }

    /// Ends quiet time: the period in which `at` falls is measured.
    pub(super) fn wake(&mut self, at: SimTime) {
        self.all.iter_mut().for_each(|one| one.control.wakes(at));
    }

    /// Returns the share of the workers and waiting places of these services that exists at present.
    pub(super) fn rooms(&self, plan: &FluidPlan, load: &StateLoad, services: &[usize]) -> f64 {
        let there = |of: &Scaled| {
            let one = self.all.iter().find(|one| one.plan.service == of.service);
            one.map_or(0.0, |one| one.reached(load) as f64)
        };
        plan.rooms(services, there).unwrap_or(1.0)
    }

    /// Returns what the members did up to the end.
    pub(super) fn tallies(&self, end: SimTime) -> Vec<ScalerTally> {
        let one = |one: &One<'_>| {
            let tally = one.control.account().tally(end);
            let count = |of: Tallied| u64::try_from(tally[of as usize]).unwrap_or(u64::MAX);
            let hours = |of: Tallied| tally[of as usize] as f64 / 3.6e12;
            ScalerTally {
                served_h: hours(Tallied::Members),
                paid_h: hours(Tallied::Paid),
                launches: count(Tallied::Launches),
                failed: count(Tallied::Failed),
                refused: count(Tallied::Refused),
                removed: count(Tallied::Removed),
                replaced: count(Tallied::Replaced),
                moved: count(Tallied::Moved),
            }
        };
        self.all.iter().map(one).collect()
    }
}

impl Live<'_, '_> {
    /// Returns the instant at which a scaler has something to do.
    #[must_use]
    pub fn due(&self) -> Option<SimTime> {
        self.scalers.all.iter().filter_map(|one| one.control.next_at()).min()
    }

    /// Lets the scalers do what is due at `at`; returns the members that come and go.
    pub fn act(&mut self, at: SimTime, view: View<'_>) -> Moves {
        self.account(at);
        if self.level_ends <= at {
            self.level_turns();
        }
        let mut scalers = std::mem::take(&mut self.scalers);
        let mut moves = Vec::new();
        for place in 0..scalers.order.len() {
            let index = scalers.order[place];
            while let Some(due) = scalers.all[index].control.next_due(at) {
                scalers.look_around(index);
                let one = &mut scalers.all[index];
                if due == Due::Measured {
                    let seen = one.measure(at);
                    match seen.and_then(|seen| self.rests_until(one, seen, at)) {
                        Some(next) => one.control.rests(at, next),
                        None => one.control.measured(at, seen),
                    }
                } else {
                    one.happens(at, due, view, &mut moves);
                }
            }
        }
        self.scalers = scalers;
        moves
    }

    /// Returns the highest rate of each workload from now on up to `to`. `None` without a scaler, where a rate turns in between,
    /// or where views wait or are asked for again.
    pub(super) fn most_until(&self, to: SimTime) -> Option<Vec<f64>> {
        let waits = self.rows.iter().any(|row| row.waiting > 0.0);
        let again = self.tries.iter().any(|tries| *tries > 1.0);
        let one_way = |curve: &RateCurve| curve.one_way_until(self.from) >= to;
        if self.scalers.is_empty() || waits || again || !self.memo.curves.iter().all(one_way) {
            return None;
        }
        let [now, then] = [self.rates_at(self.from), self.rates_at(to)];
        Some(now.into_iter().zip(then).map(|(now, then)| now.max(then)).collect())
    }

    /// Returns whether a class loses nothing to overload in the present state while no workload asks for more than `most`.
    pub(super) fn is_calm(&mut self, class: usize, most: &[f64]) -> bool {
        let state = self.memo.cells[self.cell as usize].state;
        self.memo.is_calm(state, class, most)
    }

    /// Returns the views that wait, by class; nothing without a scaler.
    pub(super) fn waiting(&self) -> Vec<f64> {
        let rows = if self.scalers.is_empty() { &[][..] } else { &self.rows };
        rows.iter().map(|row| row.waiting).collect()
    }

    /// Adds to the periods of the scalers the work of an interval in the present cell: that of the views carried, without
    /// those that wait at its end, and with those that waited at its start.
    pub(super) fn meter(
        &mut self,
        (from, to): (SimTime, SimTime),
        views: &[f64],
        carried: &[f64],
        waited: &[f64],
    ) {
        if self.scalers.is_empty() {
            return;
        }
        let mut scalers = std::mem::take(&mut self.scalers);
        let done = (0..views.len())
            .map(|class| (carried[class] + waited[class] - self.rows[class].waiting).max(0.0));
        let done: Vec<f64> = done.collect();
        let (mut came, mut part) = (Vec::new(), Vec::new());
        for one in &mut scalers.all {
            let begin = from.max(one.control.since());
            if begin >= to {
                continue;
            }
            part.clone_from(if one.counts_requests() { &scalers.asked } else { &done });
            if begin > from {
                // It rests before: nothing waits then, and all views are carried.
                let (mut some, mut all) = (Vec::new(), views.to_vec());
                self.came(begin, to, &mut came, &mut some);
                self.load.publish(&mut some);
                self.load.publish(&mut all);
                for ((views, some), all) in part.iter_mut().zip(some).zip(all) {
                    *views *= if all > 0.0 { some / all } else { 0.0 };
                }
            }
            let seconds = to.since(begin).seconds();
            for slot in 0..one.amount.len() {
                if one.serves(slot) {
                    one.amount[slot] += one.adds(slot, &self.load, &part, seconds);
                }
            }
        }
        self.scalers = scalers;
    }

    /// Returns the end of the next period to be measured, if none before it can change anything.
    fn rests_until(&self, one: &One<'_>, seen: Seen, at: SimTime) -> Option<SimTime> {
        let control = &one.control;
        let paused = control.stays_until(seen);
        let waits = self.rows.iter().any(|row| row.waiting > 0.0);
        let again = self.load.flows.iter().any(|class| class.fails > 0.0)
            || self.crowds.iter().any(|crowd| !crowd.is_empty())
            || self.stalls.iter().any(Option::is_some);
        if !control.is_quiet() || waits || again || paused <= at {
            return None;
        }
        let turns = self.memo.curves.iter().map(|curve| curve.one_way_until(at));
        let last = turns.min()?.min(self.level_ends).min(self.age_ends).min(self.end);
        let last = last.min(SimTime::from_nanos(paused.nanos() - 1));
        let now = self.rates_at(at);
        let holds = |until: SimTime| {
            let then = self.rates_at(until);
            let of = |best: fn(f64, f64) -> f64| {
                let each = now.iter().zip(&then).map(|(now, then)| best(*now, *then));
                until < control.stays_until(one.seen_at(&self.load, &self.by_flow(each)))
            };
            of(f64::min) && of(f64::max)
        };
        let period = one.plan.rules.period;
        let until = match holds(last) {
            true => last,
            false => {
                let (mut low, mut high) = (at, last);
                for _ in 0..BISECTIONS {
                    let middle = SimTime::from_nanos(u64::midpoint(low.nanos(), high.nanos()));
                    if holds(middle) { low = middle } else { high = middle }
                }
                low
            }
        };
        // Periods that end by then are not measured.
        let periods = until.since(at).nanos() / period.nanos();
        (periods > 0).then(|| at + period.saturating_mul(periods + 1))
    }

    /// Returns the rate of each workload at an instant, per second.
    pub(super) fn rates_at(&self, at: SimTime) -> Vec<f64> {
        let memo = &self.memo;
        let factors = &memo.factors[memo.cells[self.cell as usize].level as usize];
        let curves = memo.curves.iter().zip(factors);
        curves.map(|(curve, factor)| curve.rate(at).in_per_second() * factor).collect()
    }

    /// Returns the rate of each flow from those of the workloads.
    pub(super) fn by_flow(&self, rates: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut flows = vec![0.0; self.rows.len()];
        for (workload, rate) in self.memo.plan.workloads.iter().zip(rates) {
            flows[workload.class] += rate;
        }
        self.load.publish(&mut flows);
        flows
    }
}
