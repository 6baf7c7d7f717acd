//! Patience at stations: a draw of its own for each step.

use std::path::Path;

use fivenines::engine::draw::Lineage;
use fivenines::model::blueprint::Config;
use fivenines::model::ids::{ClassId, DemandId};
use fivenines::model::request::{Owner, Request};
use fivenines::model::route::Draws;
use fivenines::units::SimTime;

use crate::inside::common::read;

const TWO_CLASSES: &str = r#"
scenario = "two-classes"
format   = 2
[window.any]
length = "10s"
[station.desk]
servers  = 1
service  = { dist = "exponential", mean = "10ms" }
patience = { dist = "exponential", mean = "1s" }
[workload.old]
request = "letter"
rate    = "50/s"
[workload.new]
request = "parcel"
rate    = "50/s"
[request.letter]
steps = [ { visit = "desk" } ]
[request.parcel]
steps = [ { visit = "desk" }, { visit = "desk" } ]
"#;

/// The n-th letter, the first visit of the n-th parcel and its second one are three customers:
/// the correlation of their patience is that of independent draws, within 4 / √n.
#[test]
fn each_step_of_each_class_has_a_patience_of_its_own() {
    let loaded = read(TWO_CLASSES, Path::new(".")).unwrap();
    let plan = &loaded.plan;
    let desk = plan.parts.iter().find(|part| part.name == "desk-1").unwrap();
    let Config::Station(desk) = &desk.config else { panic!("not a station") };
    assert_eq!(desk.patience.len(), 3, "one for each visit");
    let draws = Draws::new(&plan.routes, plan.seed, Lineage::replication(0));
    let count = 20_000;
    let drawn = |demand: DemandId| -> Vec<f64> {
        let of = |ordinal| {
            let mut request = Request::new(ClassId(0), 0, Owner::Workload, SimTime::ZERO);
            request.ordinal = ordinal;
            draws.demand(demand, &request)
        };
        (0..count).map(of).collect()
    };
    let all: Vec<Vec<f64>> = desk.patience.iter().map(|(_, demand)| drawn(*demand)).collect();
    let band = 4.0 / f64::from(count as u32).sqrt();
    for (first, one) in all.iter().enumerate() {
        let mean = one.iter().sum::<f64>() / one.len() as f64;
        assert!((mean - 1.0).abs() < band, "an exponential has a deviation of its mean: {mean}");
        for other in &all[first + 1..] {
            let products = one.iter().zip(other).map(|(a, b)| (a - 1.0) * (b - 1.0));
            let correlation = products.sum::<f64>() / one.len() as f64;
            assert!(correlation.abs() < band, "{correlation}");
        }
    }
}
