//! Schema and reference page agree with the reader.

use serde_json::json;

use super::*;
use crate::scenario::code::Code;
use crate::scenario::reference;
use crate::scenario::schema::{json_of, schema};
use crate::units::{CarbonIntensity, EnergyPrice, Watts};

const SOUND: &str = r#"
scenario = "sound"
format = 2
[run]
horizon = { value = "10y", low = "1y", source = "the contract" }
replications = { min = 10 }
precision = { "latency.page.p95@peak" = "3%" }
[server.twin]
count = 2
cores = 8
memory = "32 GiB"
price = "$250/month"
rack = "r"
[station.web]
service = { dist = "lognormal", mean = "12ms", cv = 1.2 }
[balancer.front]
to = ["app", "nas.store.head", "server.*"]
algorithm = "rr"
weights = [1, 2.5]
[database.mysql]
in = { primary = "sql-1", replicas = ["sql-2"] }
[link.wan]
bandwidth = "100Mbit/s"
loss = 0.001
[workload.visitors]
rate = "1.2e3/h"
[objective.page]
availability = "99.95%"
[request.page]
steps = [{ cpu = "app" }, { choose = [{ probability = 0.1, steps = [{ cpu = "b", share = 0.5 }] }] }]
reply = "10kB"
[[expect]]
figure = "latency.page.p95@peak"
is = "< 500ms"
"#;

#[test]
fn the_schema_takes_what_the_reader_takes_and_refuses_plain_mistakes() {
    let schema = schema("test", &TestScenario::shape());
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let sound = |text: &str| {
        let outcome = read(text);
        let json = json_of(&outcome.document.as_ref().unwrap().root).unwrap();
        (outcome.found.is_empty(), validator.is_valid(&json), outcome.text())
    };
    let (reads, fits, text) = sound(SOUND);
    assert!(reads && fits, "reads {reads}, fits {fits}\n{text}");
    for (right, wrong) in [
        ("cores = 8", "cores = 0"),
        ("cores = 8", "coers = 8"),
        ("\"32 GiB\"", "\"32 gib\""),
        ("\"99.95%\"", "99.95"),
        ("\"rr\"", "\"random\""),
        ("100Mbit/s", "100ms"),
        ("[[expect]]", "[expect]"),
        ("$250/month", "250"),
        ("steps = [{ cpu", "steps = [{ cup"),
        ("[station.web]", "[station.Web]"),
        ("source = \"the contract\"", "sauce = \"the contract\""),
        ("horizon = {", "horizon-of = {"),
    ] {
        assert!(SOUND.contains(right), "{right}");
        let (reads, fits, _) = sound(&SOUND.replace(right, wrong));
        assert!(!reads && !fits, "{wrong}: reads {reads}, fits {fits}");
    }
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    let count = &schema["definitions"]["ServerSpec"]["properties"]["count"];
    assert_eq!((&count["default"], &count["minimum"]), (&json!(1), &json!(1.0)));
    assert_eq!(count["description"], "Identical servers.");
}

/// The units in the patterns of the schema are exactly those of the reader.
#[test]
fn the_schema_knows_the_units_of_the_reader() {
    let cases: [(crate::scenario::value::Shape, &[&str], &[&str]); 7] = [
        (
            SimDuration::shape(),
            &[
                "1ns", "1us", "1µs", "1.5 ms", "1s", "1min", "1h", "1d", "1w", "1y", "1e3 ns",
                "1_000s",
            ],
            &["1", "1m", "-1s", "s", "1 parsec"],
        ),
        (
            Bytes::shape(),
            &["1B", "1kB", "1MB", "1GB", "1TB", "1KiB", "1MiB", "1GiB", "1TiB"],
            &["1", "1mb", "1KB", "1kiB"],
        ),
        (
            Bandwidth::shape(),
            &[
                "8bit/s", "1kbit/s", "1Mbit/s", "1Gbit/s", "1B/s", "1kB/s", "1MB/s", "1GB/s",
                "1KiB/s", "1MiB/s", "1GiB/s",
            ],
            &["1", "1mbps", "1kiB/s"],
        ),
        (
            Rate::shape(),
            &["1/s", "1/min", "1/h", "1/d", "1/day", "1/month", "1/y", "1/year", "0.25 / y"],
            &["1", "1s", "1/w"],
        ),
        (Watts::shape(), &["500mW", "1W", "1.5 kW", "1MW"], &["1", "1w", "1GW", "1kWh"]),
        (
            CarbonIntensity::shape(),
            &["1mg/kWh", "350g/kWh", "1kg/kWh", "350kg/MWh", "1t/MWh"],
            &["350", "350g", "350g/kwh", "1t/kWh"],
        ),
        (
            EnergyPrice::shape(),
            &["$0.12/kWh", "$95 / MWh", "$0/kWh"],
            &["0.12/kWh", "$0.12", "$0.12/month", "$1/Wh"],
        ),
    ];
    for (shape, right, wrong) in cases {
        let schema = schema("unit", &shape);
        let validator = jsonschema::draft7::new(&schema).unwrap();
        let reads = |text: &str| match shape {
            crate::scenario::value::Shape::SimDuration => SimDuration::parse(text).is_ok(),
            crate::scenario::value::Shape::Bytes => Bytes::parse(text).is_ok(),
            crate::scenario::value::Shape::Bandwidth => Bandwidth::parse(text).is_ok(),
            crate::scenario::value::Shape::Watts => Watts::parse(text).is_ok(),
            crate::scenario::value::Shape::CarbonIntensity => CarbonIntensity::parse(text).is_ok(),
            crate::scenario::value::Shape::EnergyPrice => EnergyPrice::parse(text).is_ok(),
            _ => Rate::parse(text).is_ok(),
        };
        for text in right {
            assert!(reads(text) && validator.is_valid(&json!(text)), "{text}");
        }
        for text in wrong {
            assert!(!reads(text) && !validator.is_valid(&json!(text)), "{text}");
        }
    }
}

#[test]
fn the_reference_page_has_every_key_every_law_and_every_record_once() {
    let page = reference::page("Scenario reference", &TestScenario::shape());
    for heading in ["## `[run]`", "## `[server.<name>]`", "## `[[expect]]`", "### Table `CpuStep`"]
    {
        assert_eq!(page.matches(heading).count(), 1, "{heading}");
    }
    let count = "| `count` | whole number, ≥ 1 (to model an outage use a fault) | `1` | \
                 Identical servers. |";
    assert!(page.contains(count), "{page}");
    assert!(
        page.contains("| `time-out` | duration, `\"250ms\"`, > 0s | `\"30s\"` | Time to wait. |")
    );
    assert!(page.contains("`\"round-robin\"` or `\"rr\"` (Each in turn)"));
    assert!(page.contains("| `\"lognormal\"` |"));
    let codes = reference::codes_page();
    assert_eq!(codes.lines().count(), Code::ALL.len() + 2);
    assert!(codes.contains("| E0412 | REF | No component has this name. |"));
}
