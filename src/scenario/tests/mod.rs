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
    /// Rule by which the next target is picked.
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
        /// Title of the scenario.
        title: Option<String>,
        /// Length and number of the runs.
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
        /// Classes of requests.
        request: Named<RequestSpec> = {},
        /// Objective of the system.
        objective: Named<ObjectiveSpec> = {},
        /// Faults and their targets.
        fault: Named<FaultSpec> = {},
        /// Expected figures.
        expect: Vec<ExpectSpec> = [],
    }
    /// Length and number of the runs.
    pub struct RunSpec {
        /// Length of simulated time.
        horizon: SimDuration => at_most(SimDuration::YEAR.saturating_mul(100)),
        /// Seed of all draws.
        seed: u64 = 1 => at_most(9_223_372_036_854_775_807),
        /// Number of replications.
        replications: Option<ReplicationsSpec>,
        /// Precision of figures.
        precision: Named<Probability, Label> = {},
    }
    /// Bounds on the number of replications.
    pub struct ReplicationsSpec {
        /// Smallest number.
        min: u32 = 10 => at_least(1),
        /// Largest number.
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
        /// Rule by which a target is picked.
        algorithm: Policy = "round-robin",
        /// Time to wait.
        time_out: SimDuration = "30s" => above(SimDuration::ZERO),
        /// Weights.
        weights: Vec<f64> = [] => at_least(0.0),
    }
    /// A database.
    pub struct DatabaseSpec {
        /// Zones of its members.
        in_: Named<OneOrMany<Reference>>,
    }
    /// A link.
    pub struct LinkSpec {
        /// Bandwidth of the link.
        bandwidth: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
        /// Delay of the link.
        latency: SimDuration = "0s",
        /// Share of lost packets.
        loss: Probability = 0,
    }
    /// Clients.
    pub struct ClientsSpec {
        /// Time without an answer after which a request has failed.
        time_out: SimDuration = "30s",
        /// Think time between two requests.
        think: LawSpec<SimDuration> = "10s",
    }
    /// A source of requests.
    pub struct WorkloadSpec {
        /// Mean arrival rate.
        rate: Rate => above(PerSecond(0.0)),
    }
    /// A class of requests.
    pub struct RequestSpec {
        /// Its steps.
        steps: Vec<Step> => not_empty(),
        /// Size of the answer.
        reply: LawSpec<Bytes> = "0B",
        /// Number of parts that are fetched next.
        parts: LawSpec<f64> = 1,
    }
    /// A step on a processor.
    pub struct CpuStep {
        /// Service that does the work.
        cpu: Reference,
        /// Share of the demand.
        share: f64 = 1.0,
    }
    /// One of several branches.
    pub struct ChooseStep {
        /// Branches to choose from.
        choose: Vec<Branch>,
    }
    /// A branch.
    pub struct Branch {
        /// Probability of the branch.
        probability: Probability,
        /// Steps of the branch.
        steps: Vec<Step>,
    }
    /// Objective of the system.
    pub struct ObjectiveSpec {
        /// Availability.
        availability: Probability,
    }
    /// Faults and their targets.
    pub struct FaultSpec {
        /// Component that fails.
        hits: Reference,
        /// Kind of failure.
        how: String,
        /// Time at which it begins.
        start: Option<SimDuration>,
    }
    /// Expected figures.
    pub struct ExpectSpec {
        /// The figure.
        figure: String,
        /// Condition on the figure.
        is: String,
    }
}

use super::quantity::PerSecond;

choice! {
    /// A step.
    pub enum Step {
        /// Work.
        "cpu" => Cpu(CpuStep),
        /// One of several branches.
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
