//! Component numbers by name, and positions of zone members on their servers.

use std::collections::BTreeMap;

use crate::convert::table;
use crate::model::blueprint::Place;
use crate::model::ids::ComponentId;
use crate::plan::Draft;
use crate::plan::names::member_name;
use crate::plan::placement::ServerId;

/// Component numbers by name, and positions of zone members on their servers.
pub struct Numbers<'a> {
    draft: &'a Draft,
    ids: BTreeMap<String, ComponentId>,
    /// Names, by component number.
    names: Vec<String>,
    /// Zones on each server, in the order of their names.
    zones: BTreeMap<ServerId, Vec<ZoneHere>>,
}

/// Zone member on a server: its name, the index of its group, its number.
pub type ZoneHere = (String, usize, u32);

impl<'a> Numbers<'a> {
    /// Collects the zones of a draft; no component has a number yet.
    pub(super) fn of(draft: &'a Draft) -> Self {
        let mut zones: BTreeMap<ServerId, Vec<ZoneHere>> = BTreeMap::new();
        for (zone, members) in draft.placed.zones.iter().enumerate() {
            for (member, server) in (0..).zip(members) {
                let name = member_name(&draft.scenario.zone[zone].0, member);
                zones.entry(*server).or_default().push((name, zone, member));
            }
        }
        zones.values_mut().for_each(|here| here.sort());
        Self { draft, ids: BTreeMap::new(), names: Vec::new(), zones }
    }

    /// Numbers the components with these names, in their order.
    pub(super) fn give(&mut self, names: impl Iterator<Item = String>) {
        self.names = names.collect();
        let all = self.names.iter().enumerate();
        self.ids = all.map(|(at, name)| (name.clone(), ComponentId::at(at))).collect();
    }

    /// Returns the draft.
    pub(crate) const fn draft(&self) -> &'a Draft {
        self.draft
    }

    /// Returns all numbers by name.
    pub(super) const fn ids(&self) -> &BTreeMap<String, ComponentId> {
        &self.ids
    }

    /// Returns the number of the component `name`, which must exist.
    pub(crate) fn id(&self, name: &str) -> ComponentId {
        self.ids[name]
    }

    /// Returns the number of the component `name`, if it exists.
    pub(crate) fn find(&self, name: &str) -> Option<ComponentId> {
        self.ids.get(name).copied()
    }

    /// Returns the name of a component.
    pub(crate) fn name(&self, id: ComponentId) -> &str {
        &self.names[id.index()]
    }

    /// Returns the server on which a zone member stands.
    pub(crate) fn server_of(&self, (zone, member): (usize, u32)) -> Option<ServerId> {
        self.draft.placed.zones.get(zone)?.get(member as usize).copied()
    }

    /// Returns the name of a server.
    pub(crate) fn server_name(&self, id: ServerId) -> String {
        member_name(&self.draft.scenario.server[id.group].0, id.member)
    }

    /// Returns the zones of a server, in the order of their names.
    pub(crate) fn zones_on(&self, server: ServerId) -> &[ZoneHere] {
        self.zones.get(&server).map_or(&[], Vec::as_slice)
    }

    /// Returns the processor of a zone member's server, and the zone's position on it.
    pub(crate) fn place(&self, at: (usize, u32)) -> Option<Place> {
        let server = self.server_of(at)?;
        let zones = self.zones_on(server);
        let zone = zones.iter().position(|(_, zone, member)| (*zone, *member) == at)?;
        Some(Place { cpu: self.id(&self.server_name(server)), zone: table::u32(zone) })
    }
}
