//! Sections for tests only, of the shape that the language has.
#![allow(dead_code, reason = "declared to be read, not used")]

use super::diagnostic::Diagnostics;
use super::document::Document;
use super::names::*;
use super::source::Source;
use super::value::Value;
use super::{choice, spec, words};
use crate::units::*;

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
    }
    /// A balancer.
    pub struct BalancerSpec {
        /// Zone it runs in.
        in_: Option<Reference>,
        /// Components behind it.
        to: OneOrMany<Reference>,
        /// How it picks.
        algorithm: Policy = "round-robin",
        /// Time to wait.
        time_out: SimDuration = "30s" => above(SimDuration::ZERO),
        /// Weights.
        weights: Vec<f64> = [] => at_least(0.0),
    }
    /// A step on a processor.
    pub struct CpuStep {
        /// Where.
        cpu: Reference,
        /// How much of the draw.
        share: f64 = 1.0,
    }
    /// Some of several ways.
    pub struct ChooseStep {
        /// The ways.
        choose: Vec<Branch>,
    }
    /// One way.
    pub struct Branch {
        /// How often.
        chance: Probability,
        /// What then.
        steps: Vec<Step>,
    }
    /// The whole.
    pub struct ScenarioSpec {
        /// Servers.
        server: Named<ServerSpec> = {},
        /// Balancers.
        balancer: Named<BalancerSpec> = {},
        /// Steps.
        steps: Vec<Step> = [],
    }
}

choice! {
    /// A step.
    pub enum Step {
        /// Work.
        "cpu" => Cpu(CpuStep),
        /// A branch.
        "choose" => Choose(ChooseStep),
    }
}

fn read(text: &str) -> (Option<ScenarioSpec>, Diagnostics) {
    let mut out = Diagnostics::new();
    let document = Document::parse(Source::from_text("test.toml", text), &mut out);
    let spec = document.and_then(|document| ScenarioSpec::read(&document.root, &mut out));
    (spec, out)
}

#[test]
fn a_declared_record_reads_with_places_defaults_and_uncertainty() {
    let text = "[server.twin]\ncount = 2\nrack = \"r\"\ncores = { value = 8, low = 4, high = 12 }\n\
                [balancer.front]\nto = \"app\"\nin = \"z\"\n";
    let (spec, out) = read(text);
    assert!(out.is_empty(), "{out:?}");
    let spec = spec.unwrap();
    let twin = spec.server.get("twin").unwrap();
    assert_eq!((*twin.count, twin.count.given), (2, true));
    assert_eq!(&text[twin.count.span.range()], "2");
    assert_eq!(twin.rack.as_ref().unwrap().text, "r");
    assert_eq!(twin.cores.uncertainty.as_ref().unwrap().high, Some(12));
    assert_eq!((*twin.memory, twin.memory.given), (Bytes::ZERO, false));
    assert_eq!(&text[twin.span.range()], "[server.twin]");
    let front = spec.balancer.get("front").unwrap();
    assert_eq!(*front.algorithm, Policy::RoundRobin);
    assert_eq!(*front.time_out, SimDuration::from_secs(30));
    assert_eq!(front.to[0].text, "app");
}

fn report(text: &str, style: super::render::Style) -> (String, String) {
    let mut out = Diagnostics::new();
    let source = Source::from_text("tier.toml", text);
    let document = Document::parse(source.clone(), &mut out);
    if let Some(document) = &document {
        let _ = ScenarioSpec::read(&document.root, &mut out);
    }
    let report =
        super::render::Report { source: &source, document: document.as_ref(), found: &out };
    (report.text(style), report.json())
}

#[test]
fn show() {
    let text = "[server.twin]\ncount = 0\ncoers = 2\n[server.b]\ncores=3\nmemory = \"512 mb\"\n[balancer.x]\nto = true\nalgorithm=\"roundrobin\"\ntime-out = 30\nweights = [1, nan, \"\\u001b[2J\", 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]";
    let (t, j) = report(text, Default::default());
    println!("{t}\n{j}");
    println!("{}", report(text, super::render::Style { ascii: true, width: 40, colour: false }).0);
    println!("{}", report("a = 1\nb = \"x\na = 2\n", Default::default()).0);
    println!(
        "{}",
        report(
            "[a]\nab = 1\nb = {c = 2, ab = 3}\nab = 2\n[a]\nx = 2026-13-01\ny = 12ms\n",
            Default::default()
        )
        .0
    );
}
