//! Distributions as a scenario writes them.

use super::*;
use crate::scenario::document::Document;
use crate::scenario::law::{DISTS, Random};

fn read_law<U: Random>(text: &str) -> (Option<LawSpec<U>>, Outcome) {
    let mut found = Diagnostics::new();
    let source = Source::from_text("law.toml", &format!("law = {text}\n"));
    let document = Document::parse(source.clone(), &mut found);
    let item = document.as_ref().and_then(|document| document.root.get("law"));
    let law = item.and_then(|item| LawSpec::read(item, &mut found));
    (law, Outcome { source, document, spec: None, found })
}

/// A distribution of each name in the table, with the mean from its formula, in seconds or counts.
const SOUND: &[(&str, f64)] = &[
    (r#""12ms""#, 0.012),
    (r#"{ value = "12ms", low = "10ms" }"#, 0.012),
    (r#"{ dist = "constant", value = "3s" }"#, 3.0),
    (r#"{ dist = "uniform", low = "10s", high = "30s" }"#, 20.0),
    (r#"{ dist = "exponential", mean = "5s" }"#, 5.0),
    (r#"{ dist = "erlang", mean = "5s", k = 3 }"#, 5.0),
    (r#"{ dist = "gamma", mean = "5s", cv = 0.5 }"#, 5.0),
    (r#"{ dist = "weibull", mean = "3y", shape = 1.5 }"#, 3.0 * 31_536_000.0),
    (r#"{ dist = "weibull", mean = "5s", cv = 1.5 }"#, 5.0),
    (r#"{ dist = "lognormal", mean = "12ms", cv = 1.2 }"#, 0.012),
    // sigma = ln(4 / 1) / 1.644854 = 0.842807; mean = exp(sigma² / 2) = 1.426412 s.
    (r#"{ dist = "lognormal", median = "1s", p95 = "4s" }"#, 1.426_412),
    (r#"{ dist = "lognormal", mean = "1s", p95 = "3s" }"#, 1.0),
    // sqrt(1 + 1.2²) × 1 s.
    (r#"{ dist = "lognormal", median = "1s", cv = 1.2 }"#, 1.562_050),
    (r#"{ dist = "normal", mean = "5s", sd = "1s" }"#, 5.0),
    (r#"{ dist = "normal", mean = "5s", sd = "1s", low = "4s", high = "6s" }"#, 5.0),
    (r#"{ dist = "hyperexponential", mean = "5s", cv = 2 }"#, 5.0),
    (
        r#"{ dist = "hyperexponential", of = [
            { weight = 0.5, mean = "1s" }, { weight = 0.5, mean = "3s" }] }"#,
        2.0,
    ),
    // Bounded Pareto with shape 2 from 1 to 2: 2 × (1 − 1/2) / (1 − 1/4) = 4/3.
    (r#"{ dist = "pareto", shape = 2, low = "1s", high = "2s" }"#, 4.0 / 3.0),
    (r#"{ dist = "triangular", low = "1s", mode = "2s", high = "6s" }"#, 3.0),
    (r#"{ dist = "discrete", values = ["1s", "3s"], weights = [0.25, 0.75] }"#, 2.5),
    (r#"{ dist = "empirical", values = ["1s", "2s", "6s"] }"#, 3.0),
    // Half a mass at 1 s, half spread over 1 s to 3 s.
    (r#"{ dist = "empirical", cdf = [["1s", 0.5], ["3s", 1]], between = "lines" }"#, 1.5),
    (
        r#"{ dist = "mixture", of = [
            { weight = 0.85, dist = "lognormal", mean = "5min", cv = 0.8 },
            { weight = 0.15, dist = "constant", value = "4h" }] }"#,
        0.85 * 300.0 + 0.15 * 14_400.0,
    ),
];

#[test]
fn every_law_reads_and_has_the_mean_of_its_formula() {
    for (text, mean) in SOUND {
        let (law, outcome) = read_law::<SimDuration>(text);
        assert!(outcome.found.is_empty(), "{text}: {}", outcome.text());
        let found = law.unwrap().law().mean();
        assert!((found / mean - 1.0).abs() < 1e-6, "{text}: {found}, not {mean}");
    }
    for dist in DISTS.iter().filter(|dist| !matches!(dist.name, "poisson" | "geometric")) {
        assert!(SOUND.iter().any(|(text, _)| text.contains(dist.name)), "{} untested", dist.name);
    }
    for (text, mean) in [
        ("3", 3.0),
        (r#"{ dist = "poisson", mean = 8.0 }"#, 8.0),
        (r#"{ dist = "geometric", mean = 3.7 }"#, 3.7),
    ] {
        let (law, outcome) = read_law::<f64>(text);
        assert!(outcome.found.is_empty(), "{text}: {}", outcome.text());
        assert!((law.unwrap().law().mean() / mean - 1.0).abs() < 1e-9, "{text}");
    }
    let (law, _) = read_law::<Bytes>(r#"{ dist = "lognormal", mean = "12kB", cv = 2.8 }"#);
    assert!((law.unwrap().law().mean() / 12_000.0 - 1.0).abs() < 1e-9);
}

/// The percentile given is the percentile of the distribution.
#[test]
fn a_lognormal_by_percentile_has_that_percentile() {
    for (text, probability, value) in [
        (r#"{ dist = "lognormal", mean = "1s", p95 = "3s" }"#, 0.95, 3.0),
        (r#"{ dist = "lognormal", mean = "1s", p99 = "5s" }"#, 0.99, 5.0),
        (r#"{ dist = "lognormal", median = "1s", p95 = "4s" }"#, 0.95, 4.0),
        (r#"{ dist = "lognormal", median = "1s", p99 = "4s" }"#, 0.99, 4.0),
    ] {
        let (law, outcome) = read_law::<SimDuration>(text);
        let law = law.unwrap_or_else(|| panic!("{}", outcome.text()));
        assert!((law.law().quantile(probability) - value).abs() < 1e-9, "{text}");
    }
}

#[test]
fn a_wrong_law_is_refused_with_what_to_write() {
    for (text, code, says) in [
        (r#"{ dist = "log-normal", mean = "1s", cv = 1 }"#, "E0602", "did you mean `lognormal`?"),
        (r#"{ mean = "1s", cv = 1 }"#, "E0701", "needs `dist`"),
        (r#"{ dist = "gamma", mean = "1s" }"#, "E0701", "`cv` is missing"),
        (r#"{ dist = "lognormal", mean = "1s" }"#, "E0703", "one of `cv`, `p95`, `p99`"),
        (r#"{ dist = "lognormal", mean = "1s", cv = 1, p95 = "2s" }"#, "E1105", "only one of"),
        (r#"{ dist = "lognormal", mean = "1s", p95 = "9s" }"#, "E0506", "`p95` is 9; it must be"),
        (r#"{ dist = "lognormal", mean = "1s", cv = 0 }"#, "E0506", "`cv`"),
        (r#"{ dist = "lognormal", mu = 2.1, sigma = 0.9 }"#, "E0601", "\"12.2ms\", cv = 1.12"),
        (r#"{ dist = "exponential", maen = "1s" }"#, "E0601", "did you mean `mean`?"),
        (r#"{ dist = "exponential", mean = 12 }"#, "E0301", "\"12s\" or \"12ms\"?"),
        (r#"{ dist = "exponential", mean = "0s" }"#, "E0506", "`mean` must be above zero"),
        (r#"{ dist = "exponential", mean = "1s", cv = 1 }"#, "E0601", "unknown key `cv`"),
        (r#"{ dist = "uniform", low = "3s", high = "1s" }"#, "E0506", "`low` is above `high`"),
        (r#"{ dist = "erlang", mean = "1s", k = 0 }"#, "E0506", "`k` is 0"),
        (r#"{ dist = "poisson", mean = "1s" }"#, "E0506", "law of counts"),
        (r#"{ dist = "discrete", values = ["1s"], weights = [0.5] }"#, "E1101", "sum to 0.5"),
        (r#"{ dist = "discrete", values = ["1s"], weights = [] }"#, "E0506", "as many `weights`"),
        (r#"{ dist = "empirical", values = [] }"#, "E1001", "nothing to choose from"),
        (r#"{ dist = "empirical" }"#, "E0701", "one of `values`, `cdf`, `file`"),
        (r#"{ dist = "mixture", of = [{ weight = 1, value = "1s" }] }"#, "E0701", "needs `dist`"),
        (
            r#"{ dist = "mixture", of = [{ dist = "constant", value = "1s" }] }"#,
            "E0701",
            "`weight`",
        ),
        ("true", "E0201", "a duration such as"),
    ] {
        let (law, outcome) = read_law::<SimDuration>(text);
        assert!(outcome.found.has_errors(), "{text} is accepted: {law:?}");
        let shown = outcome.text();
        assert!(shown.contains(code) && shown.contains(says), "{text}:\n{shown}");
    }
}

/// The schema accepts every valid distribution.
#[test]
fn the_schema_takes_every_law_that_the_reader_takes() {
    let shape = LawSpec::<SimDuration>::shape();
    let schema = crate::scenario::schema::schema("law", &shape);
    let validator = jsonschema::draft7::new(&schema).unwrap();
    for (text, _) in SOUND {
        let (_, outcome) = read_law::<SimDuration>(text);
        let document = outcome.document.unwrap();
        let json = crate::scenario::schema::json_of(document.root.get("law").unwrap()).unwrap();
        assert!(validator.is_valid(&json), "{text}");
    }
    for text in
        ["\"12 parsecs\"", "12", r#"{"dist": "gamma"}"#, r#"{"dist": "exponential", "maen": "1s"}"#]
    {
        assert!(!validator.is_valid(&serde_json::from_str(text).unwrap()), "{text}");
    }
}
