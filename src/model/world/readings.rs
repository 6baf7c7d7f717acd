//! Readings of a world: its clock, its counts, the gauges of its components.

use serde::{Deserialize, Serialize};

use crate::kinds::scaler::live::Scaler;
use crate::kinds::service::live::Service;
use crate::kinds::zone::live::Cpu;
use crate::mechanism::cpu_share::ZoneLedger;
use crate::model::blueprint::ZoneMeter;
use crate::model::gauge::{Gauge, Quantity};
use crate::model::ids::{CauseId, ComponentId};
use crate::model::record::Record;
use crate::model::request::{Hold, Owner};
use crate::model::world::World;
use crate::model::{Component, Held};
use crate::units::SimTime;

/// Failures up to an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unrest {
    /// True if a failure is present.
    pub broken: bool,
    /// Instant of the last repair or loss of memory, with the cause of the failure.
    pub over: Option<(SimTime, CauseId)>,
}

impl World<'_> {
    /// Readings of all components, with the sojourn times of requests still inside.
    #[must_use]
    pub fn gauges(&self) -> Vec<Gauge> {
        let all = 0..self.around.components.len();
        let mut gauges: Vec<Gauge> = all.map(|at| self.gauge(ComponentId::at(at))).collect();
        for (_, request) in self.around.requests.iter() {
            let frames = &request.frames[..usize::from(request.depth)];
            for (depth, frame) in frames.iter().enumerate() {
                let stay = u128::from((self.around.now - frame.since).nanos());
                if frame.hold == Hold::Inside {
                    gauges[frame.at.index()].stayed += stay;
                }
                if frame.behind
                    && let Some(balancer) = self.bounded_by(frames[depth - 1].at, frame.at)
                {
                    gauges[balancer.index()].stayed += stay;
                }
            }
            let Some(component) = self.around.components.get(request.at.index()) else { continue };
            if component.keeps_place() {
                let stay = u128::from((self.around.now - request.since).nanos());
                gauges[request.at.index()].stayed += stay;
            }
        }
        gauges
    }

    /// Returns the component of which `unit` is a part, if it bounds the open requests at `member`.
    fn bounded_by(&self, unit: ComponentId, member: ComponentId) -> Option<ComponentId> {
        let whole = self.around.plan.parts[unit.index()].balancer?;
        self.around.component(whole).bounds(member).then_some(whole)
    }

    /// Reading of one component, without the sojourn times of requests still inside.
    #[must_use]
    pub fn gauge(&self, id: ComponentId) -> Gauge {
        let own = self.around.component(id);
        let now = self.around.now;
        let of_whole = |whole| self.around.component(whole).part_reading(id, now);
        own.whole().and_then(of_whole).unwrap_or_else(|| own.gauge(now))
    }

    /// Quantities that each component follows over the window up to now, by id.
    #[must_use]
    pub fn quantities(&self) -> Vec<Vec<Quantity>> {
        let of = |component: &Component| component.quantities(self.around.now);
        self.around.components.iter().map(of).collect()
    }

    /// Member-time of every scaler up to now, in members × ns: of members that serve, and of those that cost.
    #[must_use]
    pub fn member_times(&self) -> Vec<[u128; 2]> {
        let of = |component: &Component| Some(Scaler::of(component)?.member_time(self.around.now));
        self.around.components.iter().filter_map(of).collect()
    }

    /// Reading of every zone's share of its processor, against its cap.
    #[must_use]
    pub fn zone_gauges(&self) -> Vec<Gauge> {
        (0..self.around.plan.zones.len()).map(|zone| self.zone_gauge(zone)).collect()
    }

    /// Processor ledger of every zone, by its place in the blueprint.
    #[must_use]
    pub fn zone_ledgers(&self) -> Vec<ZoneLedger> {
        let ledger = |zone: &ZoneMeter| {
            self.around.held::<Cpu>(zone.place.cpu).zone(self.around.now, zone.place.zone)
        };
        self.around.plan.zones.iter().map(ledger).collect()
    }

    /// Reading of one zone as in [`Self::zone_gauges`], by its place in the blueprint.
    #[must_use]
    pub fn zone_gauge(&self, zone: usize) -> Gauge {
        let zone = &self.around.plan.zones[zone];
        let cpu = self.around.held::<Cpu>(zone.place.cpu);
        let now = self.around.now;
        let ledger = cpu.zone(now, zone.place.zone);
        let away = zone.member.map_or(0, |member| self.around.held::<Service>(member).away(now));
        Gauge {
            busy: ledger.used.steps(),
            capacity: cpu.capacity_of(now, zone.place.zone, zone.cap).steps()
                - u128::from(zone.cap.steps()) * away,
            ..Gauge::default()
        }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.around.now
    }

    /// Number of events handled so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Digest of all events handled so far, in order.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Number of requests in flight, with messages that wait in queues.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        let held = self.around.components.iter().filter_map(Component::holds);
        self.around.requests.len() + held.map(|(_, number)| number).sum::<usize>()
    }

    /// Failures up to now.
    #[must_use]
    pub fn unrest(&self) -> Unrest {
        Unrest { broken: !self.around.account.active.is_empty(), over: self.around.account.calm }
    }

    /// Number of requests in flight of each class, with abandoned ones, without probes and without writes that
    /// database members apply: these are of no class.
    #[must_use]
    pub fn in_flight_by_class(&self) -> Vec<u64> {
        let mut counts = vec![0; self.around.plan.routes.classes.len()];
        for (_, request) in self.around.requests.iter() {
            if !matches!(request.owner, Owner::Probe(_) | Owner::Database(_) | Owner::Group(_)) {
                counts[request.class.index()] += 1;
            }
        }
        for (class, number) in self.around.components.iter().filter_map(Component::holds) {
            counts[class.index()] += number as u64;
        }
        counts
    }

    /// Describes the position of each request in flight and what it waits for, to find a request that never ends.
    #[must_use]
    pub fn whereabouts(&self) -> Vec<String> {
        let name = |id: ComponentId| {
            self.around.plan.parts.get(id.index()).map_or("", |p| p.name.as_str())
        };
        let of = |(id, request): (_, &crate::model::request::Request)| {
            let frames = request.frames[..usize::from(request.depth)].iter();
            let frames: Vec<_> =
                frames.map(|frame| format!("{} ({:?})", name(frame.at), frame.hold)).collect();
            format!(
                "{id:?} of {}: {:?} at `{}` since {}, {:?}, before {:?}, inside {}, {} children, {:?}",
                self.around.plan.routes.classes[request.class.index()].name,
                request.waits,
                name(request.at),
                request.since,
                request.stage,
                self.around.ops[request.pc as usize],
                frames.join(" > "),
                request.children,
                request.owner,
            )
        };
        self.around.requests.iter().map(of).collect()
    }

    /// Largest number of requests in flight at one time.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.around.requests.most()
    }

    /// Number of counted page views and messages that have not ended.
    #[must_use]
    pub fn counted_open(&self) -> u64 {
        self.around.record.open() + self.around.record.messages_open()
    }

    /// Record of the window.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.around.record
    }

    /// Returns a component.
    #[must_use]
    pub(crate) fn component(&self, id: ComponentId) -> &Component {
        &self.around.components[id.index()]
    }
}
