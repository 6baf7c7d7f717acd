//! OpenMetrics text: one gauge per metric and unit, with the ends of its intervals in two more.
//!
//! Scenario, figure, subject, statistic and window are labels. The text has no timestamps: what reads it adds its own.
//!
//! Source: *OpenMetrics 1.0* (Prometheus): the unit ends the name of a metric family, `# EOF` ends the text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Entry;

/// Returns the whole text.
pub(super) fn text(entries: &[Entry<'_>]) -> String {
    let mut families: BTreeMap<(&str, &str), Vec<&Entry<'_>>> = BTreeMap::new();
    for entry in entries {
        let unit = unit(&entry.record.unit);
        families.entry((entry.figure.metric.id(), unit)).or_default().push(entry);
    }
    let mut out = String::new();
    for ((metric, unit), entries) in families {
        let meaning = entries[0].figure.metric.meaning();
        let help =
            |what: &str| format!("{what}{}", meaning.replace('\\', "\\\\").replace('"', "\\\""));
        let values = entries.iter().map(|entry| (*entry, entry.value)).collect::<Vec<_>>();
        family(&mut out, &name(metric, "", unit), unit, &help(""), &values);
        let ends = |end: fn((f64, f64)) -> f64| -> Vec<(&Entry<'_>, f64)> {
            entries.iter().filter_map(|entry| Some((*entry, end(entry.interval()?)))).collect()
        };
        let (low, high) = (ends(|(low, _)| low), ends(|(_, high)| high));
        family(
            &mut out,
            &name(metric, "low", unit),
            unit,
            &help("Lower end of the interval: "),
            &low,
        );
        family(
            &mut out,
            &name(metric, "high", unit),
            unit,
            &help("Upper end of the interval: "),
            &high,
        );
    }
    out.push_str("# EOF\n");
    out
}

fn family(out: &mut String, name: &str, unit: &str, help: &str, values: &[(&Entry<'_>, f64)]) {
    if values.is_empty() {
        return;
    }
    writeln!(out, "# TYPE {name} gauge").expect("a string takes all");
    if !unit.is_empty() {
        writeln!(out, "# UNIT {name} {unit}").expect("a string takes all");
    }
    writeln!(out, "# HELP {name} {help}").expect("a string takes all");
    for (entry, value) in values {
        writeln!(out, "{name}{{{}}} {value}", labels(entry)).expect("a string takes all");
    }
}

fn labels(entry: &Entry<'_>) -> String {
    let figure = &entry.figure;
    let stat = figure.stat_word().unwrap_or_default();
    let window = figure.window.as_deref().unwrap_or_default();
    let all = [
        ("scenario", entry.scenario),
        ("figure", entry.path),
        ("subject", &figure.scope),
        ("statistic", stat),
        ("window", window),
    ];
    let kept = all.iter().filter(|(_, value)| !value.is_empty());
    let label = |(name, value): &(&str, &str)| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{name}=\"{value}\"")
    };
    kept.map(label).collect::<Vec<_>>().join(",")
}

/// Returns the unit as it ends a name; empty for numbers without one.
fn unit(of: &str) -> &str {
    match of {
        "1" => "",
        "s" => "seconds",
        "per_s" => "per_second",
        "bits_per_s" => "bits_per_second",
        other => other,
    }
}

/// Returns the name of a family.
fn name(metric: &str, end: &str, unit: &str) -> String {
    let parts = ["fivenines", metric, end, unit].into_iter().filter(|part| !part.is_empty());
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    parts.collect::<Vec<_>>().join("_").chars().map(letter).collect()
}
