//! Compiles a checked draft to the dense tables of the event loop.
//!
//! Components are in the order of their names: what starts at time zero does not depend on the order of sections
//! in the file. The kinds decide which components exist and how each
//! is made ([`Components`](crate::plan::kind::components::Components)); this module has what several kinds share.

use std::collections::BTreeMap;

use crate::engine::draw::Seed;
use crate::kinds::COMPILED;
use crate::model::blueprint::{Blueprint, Config, Network, Part, Place, ZoneMeter, hearers_of};
use crate::model::ids::{ClassId, ComponentId, UnitId};
use crate::model::world::resize::{Recapping, Resizing};
use crate::plan::Draft;
use crate::plan::faults;
use crate::plan::places;
use crate::plan::power;
use crate::plan::program::{Compiler, law_of};
use crate::plan::ram::Tables;
use crate::scenario::diagnostic::Diagnostics;

mod clients;
mod memory;
mod mounts;
mod numbers;
mod operations;
mod process;
mod traffic;

pub(crate) use memory::MemoryOf;
pub use numbers::Numbers;
pub use process::Bounds;
pub(crate) use traffic::recorded;
pub use traffic::traffic;

/// Collects components, numbers them and makes them.
pub struct Builder<'a> {
    numbers: Numbers<'a>,
    out: &'a mut Diagnostics,
    /// Constructor of each component, by name; components are numbered in this order.
    wanted: BTreeMap<String, Make<'a>>,
    units: Vec<(ComponentId, u32)>,
    /// Racks from which components answer clients.
    racks: BTreeMap<ComponentId, usize>,
    tables: Tables,
}

/// Constructor of one component.
type Make<'a> = Box<dyn FnOnce(&mut Builder<'a>, ComponentId) -> Part + 'a>;

/// Components made from a draft.
#[derive(Debug)]
pub struct Made {
    /// Components, by number.
    pub parts: Vec<Part>,
    /// Component and its local number, per unit.
    pub units: Vec<(ComponentId, u32)>,
    /// Rack from which it answers clients, per component.
    pub racks: Vec<Option<usize>>,
    /// Zones, in the order of the file.
    pub zones: Vec<ZoneMeter>,
    /// Memories whose capacity changes.
    pub resizes: Vec<Resizing>,
    /// Zones whose caps change.
    pub recaps: Vec<Recapping>,
    /// The network between the servers and the clients.
    pub network: Option<Network>,
}

/// Compiles the tables; reports all errors to `out`.
pub fn compile(draft: &Draft, folder: &std::path::Path, out: &mut Diagnostics) -> Blueprint {
    make(draft, folder, true, out)
}

/// Compiles the tables of a scenario that is not run: reports the same as [`compile`], but leaves out the health net.
pub fn check(draft: &Draft, folder: &std::path::Path, out: &mut Diagnostics) -> Blueprint {
    make(draft, folder, false, out)
}

fn make(draft: &Draft, folder: &std::path::Path, to_run: bool, out: &mut Diagnostics) -> Blueprint {
    let mut builder = Builder {
        numbers: Numbers::of(draft),
        out,
        wanted: BTreeMap::new(),
        units: Vec::new(),
        racks: BTreeMap::new(),
        tables: draft.ram.tables().clone(),
    };
    COMPILED.iter().for_each(|kind| kind.answers().gather(&mut builder));
    let mut made = builder.make();
    crate::kinds::zone::vm::admit(&builder.numbers, &mut made.parts);
    let Builder { numbers, out, .. } = builder;
    let mut compiler = Compiler::new(&numbers, &made.parts, out);
    COMPILED.iter().for_each(|kind| kind.answers().pools(&mut compiler));
    classes(draft, &mut compiler);
    COMPILED.iter().for_each(|kind| kind.answers().finish(&mut compiler, &mut made));
    let clients = clients::clients(draft, &mut compiler);
    let operations = operations::operations(draft, &mut compiler);
    let routes = compiler.routes;
    let workloads = traffic::workloads(draft, folder, out);
    let health =
        if to_run { faults::plan(draft, numbers.ids(), out) } else { faults::check(draft, out) };
    let hearers = hearers_of(&made.parts);
    let blueprint = Blueprint {
        seed: Seed(draft.scenario.run.seed.value),
        routes,
        parts: made.parts,
        zones: made.zones,
        units: made.units,
        workloads,
        clients,
        operations,
        resizes: made.resizes,
        recaps: made.recaps,
        causes: faults::causes(draft),
        gone_wrong: faults::causes_of_work(draft),
        health,
        network: made.network,
        hearers,
        power: power::compile(draft, Some(numbers.ids())),
    };
    crate::plan::bounds::events(&blueprint, draft.scenario.span, out);
    blueprint
}

/// Compiles the programs of all request classes.
fn classes<'a>(draft: &'a Draft, compiler: &mut Compiler<'a>) {
    let all = &draft.scenario.request;
    for (class, (name, spec)) in all.iter().enumerate() {
        compiler.class(name, spec, draft.links.enters[class], &draft.routes[class]);
        compiler.entered().sites = places::numbers(draft, class);
    }
    for (class, (_, spec)) in all.iter().enumerate() {
        if let (Some(then), Some(next)) = (&spec.then, draft.links.thens[class]) {
            compiler.then(class, ClassId::at(next), &law_of(&then.count));
        }
    }
}

impl<'a> Builder<'a> {
    /// Returns the draft.
    pub(crate) const fn draft(&self) -> &'a Draft {
        self.numbers.draft()
    }

    /// Returns the numbers of components and zones.
    pub(crate) const fn numbers(&self) -> &Numbers<'a> {
        &self.numbers
    }

    /// Returns the collector of diagnostics.
    pub(crate) const fn out(&mut self) -> &mut Diagnostics {
        self.out
    }

    /// Requests a component `name`; `make` is called when all components have their numbers.
    pub(crate) fn want(
        &mut self,
        name: String,
        make: impl FnOnce(&mut Self, ComponentId) -> Part + 'a,
    ) {
        self.wanted.insert(name, Box::new(make));
    }

    /// Makes the requested components, in the order of their names.
    fn make(&mut self) -> Made {
        let wanted = std::mem::take(&mut self.wanted);
        self.numbers.give(wanted.keys().cloned());
        let all = wanted.into_values().enumerate();
        let parts: Vec<Part> = all.map(|(at, make)| make(self, ComponentId::at(at))).collect();
        let rack = |at| self.racks.get(&ComponentId::at(at)).copied();
        Made {
            racks: (0..parts.len()).map(rack).collect(),
            parts,
            units: std::mem::take(&mut self.units),
            zones: Vec::new(),
            resizes: Vec::new(),
            recaps: Vec::new(),
            network: None,
        }
    }

    /// Returns the component `id` without connections.
    pub(crate) fn part(&self, id: ComponentId, config: Config) -> Part {
        Part {
            name: self.numbers.name(id).to_string(),
            config,
            place: None,
            slowness: 1.0,
            guest: None,
            paging: None,
            mounts: Vec::new(),
            further: Vec::new(),
            warm_up: None,
            cold: None,
            balancer: None,
            database: None,
        }
    }

    /// Returns the number of the component `name`.
    pub(crate) fn id(&self, name: &str) -> ComponentId {
        self.numbers.id(name)
    }

    /// Returns the processor and the zone on it that give a zone member its processor time.
    pub(crate) fn place(&self, at: (usize, u32)) -> Option<Place> {
        self.numbers.place(at)
    }

    /// Assigns a number to a part of a component that sets alarms of its own.
    pub(crate) fn unit(&mut self, id: ComponentId, local: u32) -> UnitId {
        self.units.push((id, local));
        UnitId::at(self.units.len() - 1)
    }

    /// Assigns `count` such numbers in a row, but at least one; returns the first.
    pub(crate) fn units(&mut self, id: ComponentId, count: u32) -> UnitId {
        let first = self.unit(id, 0);
        for local in 1..count {
            self.unit(id, local);
        }
        first
    }

    /// Records that the component answers clients from `rack`.
    pub(crate) fn answers_from(&mut self, id: ComponentId, rack: usize) {
        self.racks.insert(id, rack);
    }

    /// Records that the component answers clients from the rack in which the zone member `at` stands.
    pub(crate) fn answers_at(&mut self, id: ComponentId, at: (usize, u32)) {
        let server = self.numbers.server_of(at);
        let rack = server.and_then(|server| self.draft().links.servers[server.group]);
        if let Some(rack) = rack {
            self.answers_from(id, rack);
        }
    }
}
