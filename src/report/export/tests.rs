//! Promise: what a dashboard or a benchmark tracker reads is what the summary has.

use super::{Exported, Form, export};
use crate::study::record::SummaryRecord;

const SUMMARY: &str = r#"{
    "scenario": "front", "results_version": 16, "seed": 1, "level": 0.95,
    "figures": {
        "latency.page.p95@peak":
            { "value": 0.0314, "low": 0.0313, "high": 0.0316, "level": 0.95, "unit": "s", "replications": 4 },
        "served.page.chance@peak":
            { "value": 0.9999, "low": 0.9998, "high": 1.0, "level": 0.95, "unit": "ratio", "replications": 4 },
        "lost.page@peak": { "value": null, "reason": "not observed", "unit": "1", "replications": 4 }
    },
    "capacities": [], "expectations": []
}"#;

fn exported(form: Form, only: &[&str]) -> Exported {
    let summary = SummaryRecord::parse(SUMMARY.as_bytes()).unwrap();
    let only: Vec<String> = only.iter().map(ToString::to_string).collect();
    export(&[summary], form, &only)
}

#[test]
fn bencher_gets_each_figure_with_its_interval() {
    let all = exported(Form::Bmf, &[]);
    let read: serde_json::Value = serde_json::from_str(&all.text).unwrap();
    let latency = &read["front: latency.page.p95@peak"]["latency"];
    assert_eq!(latency["value"], 0.0314);
    assert_eq!(
        (&latency["lower_value"], &latency["upper_value"]),
        (&0.0313.into(), &0.0316.into())
    );
    assert_eq!((all.figures, all.without_value, all.other_direction), (2, 1, 0));
}

#[test]
fn a_tracker_of_one_direction_gets_the_figures_of_that_direction() {
    let less = exported(Form::BenchmarkSmaller, &[]);
    let read: serde_json::Value = serde_json::from_str(&less.text).unwrap();
    assert_eq!(read.as_array().unwrap().len(), 1);
    assert_eq!(read[0]["name"], "front: latency.page.p95@peak");
    assert_eq!(read[0]["unit"], "s");
    assert_eq!(read[0]["range"], "0.0313 to 0.0316");
    assert_eq!((less.figures, less.without_value, less.other_direction), (1, 1, 1));
    let more = exported(Form::BenchmarkBigger, &[]);
    let read: serde_json::Value = serde_json::from_str(&more.text).unwrap();
    assert_eq!(read[0]["name"], "front: served.page.chance@peak");
}

#[test]
fn a_dashboard_gets_gauges_with_units_and_labels() {
    let all = exported(Form::OpenMetrics, &["latency."]);
    let labels = "{scenario=\"front\",figure=\"latency.page.p95@peak\",subject=\"page\",statistic=\"p95\",window=\"peak\"}";
    let lines: Vec<&str> = all.text.lines().collect();
    assert_eq!(lines[0], "# TYPE fivenines_latency_seconds gauge");
    assert_eq!(lines[1], "# UNIT fivenines_latency_seconds seconds");
    assert!(lines[2].starts_with("# HELP fivenines_latency_seconds "), "{}", lines[2]);
    assert_eq!(lines[3], format!("fivenines_latency_seconds{labels} 0.0314"));
    assert!(lines.contains(&format!("fivenines_latency_low_seconds{labels} 0.0313").as_str()));
    assert!(lines.contains(&format!("fivenines_latency_high_seconds{labels} 0.0316").as_str()));
    assert_eq!(*lines.last().unwrap(), "# EOF");
    assert_eq!(all.figures, 1);
}
