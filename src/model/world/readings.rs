//! What can be read off a world: its clock, its counts, the gauges of its components.

use crate::mechanism::cpu_share::ZoneLedger;
use crate::model::Component;
use crate::model::blueprint::ZoneMeter;
use crate::model::gauge::Gauge;
use crate::model::ids::{CauseId, ComponentId};
use crate::model::record::Record;
use crate::model::request::{Hold, Owner};
use crate::model::world::World;
use crate::units::SimTime;

/// What was broken up to an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unrest {
    /// Something is.
    pub broken: bool,
    /// When something was repaired last, or lost what it had in memory, and why it was broken.
    pub over: Option<(SimTime, CauseId)>,
}

impl World<'_> {
    /// A reading of every component, with the stays of requests that are inside.
    #[must_use]
    pub fn gauges(&self) -> Vec<Gauge> {
        let mut gauges: Vec<Gauge> =
            self.components.iter().map(|component| component.gauge(self.now)).collect();
        if let Some(network) = &self.plan.network
            && let Component::Links(links) = &self.components[network.links.index()]
        {
            for (link, reading) in links.readings(self.now) {
                gauges[link.index()] = reading;
            }
        }
        for component in &self.components {
            if let Component::Cdn(cdn) = component {
                for (edge, reading) in cdn.readings() {
                    gauges[edge.index()] = reading;
                }
            }
        }
        for (_, request) in self.requests.iter() {
            let frames = &request.frames[..usize::from(request.depth)];
            for (depth, frame) in frames.iter().enumerate() {
                let stay = u128::from((self.now - frame.since).nanos());
                if frame.hold == Hold::Inside {
                    gauges[frame.at.index()].stayed += stay;
                }
                if frame.behind
                    && let Some(balancer) = self.bounded_by(frames[depth - 1].at, frame.at)
                {
                    gauges[balancer.index()].stayed += stay;
                }
            }
            let Some(component) = self.components.get(request.at.index()) else { continue };
            let keeps_line = matches!(
                component,
                Component::Station(_)
                    | Component::Head(_)
                    | Component::Cpu(_)
                    | Component::Links(_)
                    | Component::Balancer(_)
            );
            if keeps_line {
                let stay = u128::from((self.now - request.since).nanos());
                gauges[request.at.index()].stayed += stay;
            }
        }
        gauges
    }

    /// A reading of one component, without the stays of requests that are inside.
    #[must_use]
    pub fn gauge(&self, id: ComponentId) -> Gauge {
        let own = self.components[id.index()].gauge(self.now);
        match &self.components[id.index()] {
            Component::Link(_) => {
                let network = self.plan.network.as_ref();
                let links = network.map(|network| &self.components[network.links.index()]);
                let Some(Component::Links(links)) = links else { return own };
                let mut readings = links.readings(self.now);
                readings.find(|(link, _)| *link == id).map_or(own, |(_, reading)| reading)
            }
            Component::Edge(_) => {
                let cdns = self.components.iter().filter_map(|component| match component {
                    Component::Cdn(cdn) => Some(cdn),
                    _ => None,
                });
                let mut readings = cdns.flat_map(|cdn| cdn.readings());
                readings.find(|(edge, _)| *edge == id).map_or(own, |(_, reading)| reading)
            }
            _ => own,
        }
    }

    /// What every replicated database has to say of the window.
    #[must_use]
    pub fn databases(&self) -> Vec<crate::kinds::database::live::Reading> {
        let reading = |component: &Component| match component {
            Component::Database(database) => Some(database.reading(self.now)),
            _ => None,
        };
        self.components.iter().filter_map(reading).collect()
    }

    /// A reading of every zone's part of its processor, against its cap.
    #[must_use]
    pub fn zone_gauges(&self) -> Vec<Gauge> {
        (0..self.plan.zones.len()).map(|zone| self.zone_gauge(zone)).collect()
    }

    /// The account of every zone, by its place in the blueprint.
    #[must_use]
    pub fn zone_ledgers(&self) -> Vec<ZoneLedger> {
        let ledger = |zone: &ZoneMeter| match &self.components[zone.place.cpu.index()] {
            Component::Cpu(cpu) => cpu.zone(self.now, zone.place.zone),
            _ => ZoneLedger::default(),
        };
        self.plan.zones.iter().map(ledger).collect()
    }

    /// As [`Self::zone_gauges`], of one, by its place in the blueprint.
    #[must_use]
    pub fn zone_gauge(&self, zone: usize) -> Gauge {
        let zone = &self.plan.zones[zone];
        let Component::Cpu(cpu) = &self.components[zone.place.cpu.index()] else {
            return Gauge::default();
        };
        let ledger = cpu.zone(self.now, zone.place.zone);
        Gauge {
            busy: ledger.used.steps(),
            capacity: u128::from(zone.cap.steps()) * u128::from(self.now.nanos()),
            ..Gauge::default()
        }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Events handled so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// A digest of all events handled so far, in order.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Requests in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        let held = self.components.iter().filter_map(Component::holds);
        self.requests.len() + held.map(|(_, number)| number).sum::<usize>()
    }

    /// What was broken up to now.
    #[must_use]
    pub fn unrest(&self) -> Unrest {
        Unrest { broken: !self.active.is_empty(), over: self.calm }
    }

    /// Requests in flight of each class, abandoned ones too; probes are of no class.
    #[must_use]
    pub fn in_flight_by_class(&self) -> Vec<u64> {
        let mut counts = vec![0; self.plan.routes.classes.len()];
        for (_, request) in self.requests.iter() {
            if !matches!(request.owner, Owner::Probe(_)) {
                counts[request.class.index()] += 1;
            }
        }
        for (class, number) in self.components.iter().filter_map(Component::holds) {
            counts[class.index()] += number as u64;
        }
        counts
    }

    /// Where each request in flight is and what it waits for, for whoever looks for one that never
    /// ends.
    #[must_use]
    pub fn whereabouts(&self) -> Vec<String> {
        let name =
            |id: ComponentId| self.plan.parts.get(id.index()).map_or("", |p| p.name.as_str());
        let of = |(id, request): (_, &crate::model::request::Request)| {
            let frames = request.frames[..usize::from(request.depth)].iter();
            let frames: Vec<_> =
                frames.map(|frame| format!("{} ({:?})", name(frame.at), frame.hold)).collect();
            format!(
                "{id:?} of {}: {:?} at `{}` since {}, {:?}, before {:?}, inside {}, {} children, {:?}",
                self.plan.routes.classes[request.class.index()].name,
                request.waits,
                name(request.at),
                request.since,
                request.stage,
                self.ops[request.pc as usize],
                frames.join(" > "),
                request.children,
                request.owner,
            )
        };
        self.requests.iter().map(of).collect()
    }

    /// The most requests in flight at one time.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.requests.most()
    }

    /// Counted requests and views that have not ended.
    #[must_use]
    pub fn counted_open(&self) -> u64 {
        self.record.open() + self.record.messages_open()
    }

    /// What was written down.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// A component.
    #[must_use]
    pub fn component(&self, id: ComponentId) -> &Component {
        &self.components[id.index()]
    }
}
