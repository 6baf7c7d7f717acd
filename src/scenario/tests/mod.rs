//! Sections for tests only, in the form of the language, and a reader for texts with them.
#![allow(dead_code, reason = "declared to be read, not used")]

mod laws;
mod limits;
mod messages;
mod pages;
mod records;

use super::diagnostic::Diagnostics;
use super::document::Document;
use super::law::LawSpec;
use super::names::{Label, Named, OneOrMany, Reference};
use super::render::{Report, Style};
use super::source::Source;
use super::value::Value;
use super::{choice, spec, words};
use crate::units::{Bandwidth, Bytes, Money, Probability, Rate, SimDuration};

words! {
    /// How the next target is picked.
    pub enum Policy {
        /// Each in turn.
        RoundRobin = "round-robin" | "rr",
        /// The one with the fewest open requests.
        LeastConnections = "least-connections",
    }
}

spec! {
    /// The whole file.
    pub struct TestScenario {
        /// Its name.
        scenario: String,
        /// Version of the language.
        format: u32 = 2 => within(2, 2),
        /// What it is about.
        title: Option<String>,
        /// How it is run.
        run: RunSpec,
        /// Physical servers.
        server: Named<ServerSpec> = {},
        /// Zones.
        zone: Named<ZoneSpec> = {},
        /// Queues with servers.
        station: Named<StationSpec> = {},
        /// Balancers.
        balancer: Named<BalancerSpec> = {},
        /// Databases.
        database: Named<DatabaseSpec> = {},
        /// Links.
        link: Named<LinkSpec> = {},
        /// Clients.
        clients: Named<ClientsSpec> = {},
        /// Sources of requests.
        workload: Named<WorkloadSpec> = {},
        /// What requests do.
        request: Named<RequestSpec> = {},
        /// What is aimed at.
        objective: Named<ObjectiveSpec> = {},
        /// What goes wrong.
        fault: Named<FaultSpec> = {},
        /// What must come out.
        expect: Vec<ExpectSpec> = [],
    }
    /// How it is run.
    pub struct RunSpec {
        /// Length of simulated time.
        horizon: SimDuration => at_most(SimDuration::YEAR.saturating_mul(100)),
        /// Seed of all draws.
        seed: u64 = 1 => at_most(9_223_372_036_854_775_807),
        /// How often it is repeated.
        replications: Option<ReplicationsSpec>,
        /// How precise figures must be.
        precision: Named<Probability, Label> = {},
    }
    /// How often a run is repeated.
    pub struct ReplicationsSpec {
        /// At least.
        min: u32 = 10 => at_least(1),
        /// At most.
        max: u32 = 400,
    }
    /// A physical server.
    pub struct ServerSpec {
        /// Identical servers.
        count: u32 = 1 => at_least(1).because("to model an outage use a fault"),
        /// Rack it stands in.
        rack: Option<Reference>,
        /// Cores.
        cores: u32 => within(1, 4096),
        /// Memory.
        memory: Bytes = "0B",
        /// Price.
        price: Option<Money>,
    }
    /// A zone.
    pub struct ZoneSpec {
        /// Memory.
        memory: Bytes,
    }
    /// A queue with servers.
    pub struct StationSpec {
        /// Servers.
        servers: u32 = 1 => at_least(1).because("to model an outage use a fault"),
        /// Time of one service.
        service: LawSpec<SimDuration>,
        /// Places to wait.
        limit: Option<u32>,
    }
    /// A balancer.
    pub struct BalancerSpec {
        /// Zone it runs in.
        in_: Option<Reference>,
        /// Components behind it.
        to: OneOrMany<Reference> => not_empty(),
        /// How it picks.
        algorithm: Policy = "round-robin",
        /// Time to wait.
        time_out: SimDuration = "30s" => above(SimDuration::ZERO),
        /// Weights.
        weights: Vec<f64> = [] => at_least(0.0),
    }
    /// A database.
    pub struct DatabaseSpec {
        /// Where its members run.
        in_: Named<OneOrMany<Reference>>,
    }
    /// A link.
    pub struct LinkSpec {
        /// What it carries.
        bandwidth: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
        /// How long it takes.
        latency: SimDuration = "0s",
        /// How much it loses.
        loss: Probability = 0,
    }
    /// Clients.
    pub struct ClientsSpec {
        /// How long they wait.
        time_out: SimDuration = "30s",
        /// How long they think.
        think: LawSpec<SimDuration> = "10s",
    }
    /// A source of requests.
    pub struct WorkloadSpec {
        /// How many in a time.
        rate: Rate => above(PerSecond(0.0)),
    }
    /// What a request does.
    pub struct RequestSpec {
        /// Its steps.
        steps: Vec<Step> => not_empty(),
        /// What is sent back.
        reply: LawSpec<Bytes> = "0B",
        /// What is fetched next.
        parts: LawSpec<f64> = 1,
    }
    /// A step on a processor.
    pub struct CpuStep {
        /// Where.
        cpu: Reference,
        /// How much of the draw.
        share: f64 = 1.0,
    }
    /// One of several ways.
    pub struct ChooseStep {
        /// The ways.
        choose: Vec<Branch>,
    }
    /// A way.
    pub struct Branch {
        /// How often.
        probability: Probability,
        /// What then.
        steps: Vec<Step>,
    }
    /// What is aimed at.
    pub struct ObjectiveSpec {
        /// Availability.
        availability: Probability,
    }
    /// What goes wrong.
    pub struct FaultSpec {
        /// What it hits.
        hits: Reference,
        /// How.
        how: String,
        /// When it begins.
        start: Option<SimDuration>,
    }
    /// What must come out.
    pub struct ExpectSpec {
        /// The figure.
        figure: String,
        /// What it must be.
        is: String,
    }
}

use super::quantity::PerSecond;

choice! {
    /// A step.
    pub enum Step {
        /// Work.
        "cpu" => Cpu(CpuStep),
        /// One of several ways.
        "choose" => Choose(ChooseStep),
    }
}

/// Everything that a text gives.
struct Outcome {
    source: Source,
    document: Option<Document>,
    spec: Option<TestScenario>,
    found: Diagnostics,
}

impl Outcome {
    fn report(&self) -> Report<'_> {
        Report { source: &self.source, document: self.document.as_ref(), found: &self.found }
    }

    fn text(&self) -> String {
        self.report().text(Style::default())
    }
}

fn read_source(source: Source, mut found: Diagnostics) -> Outcome {
    super::spec::know_sections(&TestScenario::keys(), &mut found);
    let document =
        if found.has_errors() { None } else { Document::parse(source.clone(), &mut found) };
    let spec = document.as_ref().and_then(|d| TestScenario::read(&d.root, &mut found));
    Outcome { source, document, spec, found }
}

fn read(text: &str) -> Outcome {
    read_source(Source::from_text("tier.toml", text), Diagnostics::new())
}

/// The beginning of every test text.
const HEAD: &str = "scenario = \"test\"\n[run]\nhorizon = \"1d\"\n";

fn read_with_head(text: &str) -> Outcome {
    read(&format!("{HEAD}{text}"))
}
