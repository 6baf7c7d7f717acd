//! The page of a sweep, `sweep.html`: for each shown figure a chart over the varied key, and its table.
//!
//! In: the variants with their results. Out: a document, whose charts are also separate files. A figure is drawn over
//! one numeric key, with one line for each combination of the other keys; otherwise it has one row per variant.
//! Holds: a value without an interval has none in the chart. Leaves out: more than eight lines of one figure.

use super::explorer;
use super::{
    Swept, SweptVariant, Way, any_record, by_rank, by_swing, by_variant, record, spreads, unit,
};
use crate::report::document::{
    Axis, Block, Cell, Chart, ChartKind, Document, EcdfChart, Estimate, Judgement, LadderChart,
    LadderRow, Lead, LineChart, Point, Section, Series, Table, Unit, Verdict,
};
use crate::study::record::FigureRecord;
use crate::study::results::RESULTS_VERSION;

/// Largest number of lines in a chart.
const MOST_LINES: usize = 8;

/// Returns the page; its digest is not known yet.
pub(super) fn document(swept: &Swept) -> Document {
    let mut sections = Vec::new();
    if let Way::Drawn(all) = &swept.way
        && !swept.shown.is_empty()
    {
        sections.push(section("All variants", vec![Block::Table(spreads(swept, all))]));
    }
    let known = swept.shown.iter().filter(|path| any_record(swept, path).is_some());
    let mut verdicts = Vec::new();
    for (at, path) in known.enumerate() {
        let mut blocks = Vec::new();
        let (kind, finding) = match &swept.way {
            Way::Given => chart(swept, path),
            Way::OneAtATime => (swings(swept, path), String::new()),
            Way::Drawn(_) => (distribution(swept, path), String::new()),
        };
        if !finding.is_empty() {
            let text = format!("{path}: {finding}.");
            verdicts.push(Verdict { judgement: Judgement::Finding, text });
        }
        let name = format!("figure-{}", at + 1);
        blocks.push(Block::Chart(Chart { name, title: path.clone(), finding, kind }));
        blocks.extend(table(swept, path).map(Block::Table));
        sections.push(section(path, blocks));
    }
    Document {
        lead: Lead { answer: explorer::answer(swept), ..Lead::default() },
        title: format!("{}: {} variants", swept.scenario, swept.variants.len()),
        scenario: swept.scenario.clone(),
        seed: swept.seed,
        results_version: RESULTS_VERSION,
        command: swept.command.clone(),
        verdicts,
        system: None,
        sections,
        notes: vec![
            "Every variant faces the same users with the same draws, so that every difference is \
             due to the variant. Intervals hold for each variant alone."
                .into(),
        ],
        ..Document::default()
    }
}

fn section(heading: &str, blocks: Vec<Block>) -> Section {
    Section { heading: heading.into(), intro: String::new(), blocks }
}

fn table(swept: &Swept, path: &str) -> Option<Table> {
    match &swept.way {
        Way::Given => Some(by_variant(swept, path)),
        Way::OneAtATime => Some(by_swing(swept, path).0),
        Way::Drawn(all) => by_rank(all, path),
    }
}

/// Returns the axis of a figure.
fn axis_of(swept: &Swept, path: &str) -> Axis {
    let unit = any_record(swept, path).map(|record| unit(&record.unit)).unwrap_or_default();
    Axis::linear("", unit)
}

/// Draws a ladder of rows with one value each.
fn ladder(swept: &Swept, path: &str, rows: Vec<(String, Option<Estimate>)>) -> ChartKind {
    let rows = rows.into_iter().map(|(label, value)| LadderRow { label, values: vec![value] });
    let (axis, levels) = (axis_of(swept, path), vec![path.to_string()]);
    ChartKind::Ladder(LadderChart { axis, levels, rows: rows.collect(), objective: None })
}

/// Draws what each end of each key gives, the key with the largest effect first, below the unchanged file.
fn swings(swept: &Swept, path: &str) -> ChartKind {
    let row = |cells: &Vec<Cell>| {
        let text = |at: usize| match cells.get(at) {
            Some(Cell::Text(text)) => text.as_str(),
            _ => "",
        };
        let label = match text(1) {
            "" => text(0).to_string(),
            to => format!("{}={to}", text(0)),
        };
        let value = match cells.last() {
            Some(Cell::Figure(one)) => Some(Estimate { value: one.value, interval: one.interval }),
            _ => None,
        };
        (label, value)
    };
    ladder(swept, path, by_swing(swept, path).0.rows.iter().map(row).collect())
}

/// Draws the share of the variants that have at most each value.
fn distribution(swept: &Swept, path: &str) -> ChartKind {
    let value = |one| record(one, path).and_then(|record| record.value);
    let mut values: Vec<f64> =
        swept.variants.iter().filter_map(value).filter(|value| value.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    let all = values.len() as f64;
    let point =
        |(at, x): (usize, &f64)| Point { x: *x, y: Some((at + 1) as f64 / all), band: None };
    let points = values.iter().enumerate().map(point).collect();
    let series = vec![Series { name: "variants".into(), points }];
    ChartKind::Ecdf(EcdfChart { axis: axis_of(swept, path), series, objective: None })
}

/// Draws one figure over all variants, and says from where on it no longer changes.
fn chart(swept: &Swept, path: &str) -> (ChartKind, String) {
    let y = axis_of(swept, path);
    match over_a_key(swept, path) {
        Some((over, series)) => {
            let finding = match &series[..] {
                [one] => settles(&over, &one.points),
                _ => String::new(),
            };
            let x = Axis::linear(&over.label(), Unit::None);
            let lines = LineChart { x, y, series, ..LineChart::default() };
            (ChartKind::Lines(lines), finding)
        }
        None => {
            let row = |one| (words(one, None), record(one, path).and_then(estimate));
            (ladder(swept, path, swept.variants.iter().map(row).collect()), String::new())
        }
    }
}

fn estimate(record: &FigureRecord) -> Option<Estimate> {
    Some(Estimate { value: record.value?, interval: record.low.zip(record.high) })
}

/// Describes the changes of a variant, except that of one key.
fn words(one: &SweptVariant, but: Option<&str>) -> String {
    let rest = one.changes.iter().filter(|(path, _)| Some(path.as_str()) != but);
    rest.map(|(path, value)| format!("{path}={value}")).collect::<Vec<_>>().join(", ")
}

/// A key with numbers in one unit.
struct Over<'a> {
    key: &'a str,
    unit: &'a str,
    /// One value per variant.
    values: Vec<f64>,
}

impl Over<'_> {
    fn label(&self) -> String {
        match self.unit.trim() {
            "" => self.key.to_string(),
            unit => format!("{} ({unit})", self.key),
        }
    }

    fn value(&self, x: f64) -> String {
        format!("{x}{}", self.unit)
    }
}

/// Parses a number at the beginning of a text; returns it with the rest of the text.
fn number(text: &str) -> Option<(f64, &str)> {
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// Returns the keys that every variant gives as a number in the same unit.
fn numeric(swept: &Swept) -> Vec<Over<'_>> {
    let Some(first) = swept.variants.first() else { return Vec::new() };
    let all = first.changes.iter().filter_map(|(key, value)| {
        let (_, unit) = number(value)?;
        let of = |one: &SweptVariant| {
            let (_, text) = one.changes.iter().find(|(other, _)| other == key)?;
            number(text).filter(|(_, other)| *other == unit).map(|(value, _)| value)
        };
        let values = swept.variants.iter().map(of).collect::<Option<Vec<f64>>>()?;
        Some(Over { key, unit, values })
    });
    all.collect()
}

/// Returns the key of the horizontal axis, and a line for each combination of the others. Returns `None` if no key
/// has two numbers or there are too many combinations.
fn over_a_key<'a>(swept: &'a Swept, path: &str) -> Option<(Over<'a>, Vec<Series>)> {
    let distinct = |over: &Over<'_>| {
        let mut values = over.values.clone();
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        values.len()
    };
    // The first of the keys with the most values.
    let over = numeric(swept).into_iter().rev().max_by_key(distinct)?;
    if distinct(&over) < 2 {
        return None;
    }
    let apart = distinct(&over) == swept.variants.len();
    let mut series: Vec<Series> = Vec::new();
    for (one, x) in swept.variants.iter().zip(&over.values) {
        let name = if apart { path.to_string() } else { words(one, Some(over.key)) };
        let found = record(one, path).and_then(estimate);
        let point = Point {
            x: *x,
            y: found.map(|one| one.value),
            band: found.and_then(|one| one.interval),
        };
        match series.iter_mut().find(|other| other.name == name) {
            Some(line) => line.points.push(point),
            None => series.push(Series { name, points: vec![point] }),
        }
    }
    for line in &mut series {
        line.points.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    (series.len() <= MOST_LINES).then_some((over, series))
}

/// States the value from which a figure changes by no more than its intervals (the knee); empty if it keeps changing.
fn settles(over: &Over<'_>, points: &[Point]) -> String {
    let Some(bands) = points.iter().map(|point| point.band).collect::<Option<Vec<_>>>() else {
        return String::new();
    };
    let same = |from: usize| {
        let highest_low = bands[from..].iter().map(|band| band.0).fold(f64::MIN, f64::max);
        let lowest_high = bands[from..].iter().map(|band| band.1).fold(f64::MAX, f64::min);
        highest_low <= lowest_high
    };
    match (0..bands.len().saturating_sub(1)).find(|from| same(*from)) {
        Some(0) => format!("no value of {} tried moves it by more than the intervals", over.key),
        Some(from) => {
            let at = over.value(points[from].x);
            format!("from {} = {at} on it moves by no more than the intervals", over.key)
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn record_of(value: f64, half: f64) -> FigureRecord {
        let text = format!(
            "{{\"unit\":\"per_s\",\"value\":{value},\"low\":{},\"high\":{},\"replications\":6}}",
            value - half,
            value + half
        );
        serde_json::from_str(&text).unwrap()
    }

    fn swept(variants: Vec<(Vec<(&str, &str)>, f64)>) -> Swept {
        let variant = |(changes, value): (Vec<(&str, &str)>, f64)| SweptVariant {
            name: "v".into(),
            digest: "sha256:0".into(),
            changes: changes.into_iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
            figures: vec![("capacity.look".into(), record_of(value, 20.0))],
            cost: (None, None),
            asked: Vec::new(),
        };
        Swept {
            scenario: "db".into(),
            question: String::new(),
            alone: Vec::new(),
            file: BTreeMap::new(),
            command: "sweep scenario".into(),
            seed: 1,
            variants: variants.into_iter().map(variant).collect(),
            way: Way::Given,
            shown: vec!["capacity.look".into()],
        }
    }

    fn lines(swept: &Swept) -> LineChart {
        match chart(swept, "capacity.look").0 {
            ChartKind::Lines(lines) => lines,
            other => panic!("{other:?}"),
        }
    }

    /// One key at a time, and draws: each shown figure is a chart, which is a file as well.
    #[test]
    fn every_way_to_sweep_draws_a_chart_of_each_figure() {
        let variants = vec![
            (Vec::new(), 100.0),
            (vec![("zone.sql.count", "1")], 90.0),
            (vec![("zone.sql.count", "9")], 300.0),
        ];
        for way in [Way::Given, Way::OneAtATime, Way::Drawn(Vec::new())] {
            let swept = Swept { way, ..swept(variants.clone()) };
            let page = document(&swept);
            let paths: Vec<String> =
                crate::report::chart::files(&page).map(|file| file.path).collect();
            assert!(paths.iter().any(|path| path == "plots/figure-1.svg"), "{paths:?}");
        }
        let ChartKind::Ladder(tornado) = swings(&swept(variants.clone()), "capacity.look") else {
            panic!("a ladder")
        };
        let labels: Vec<&str> = tornado.rows.iter().map(|row| row.label.as_str()).collect();
        assert_eq!(labels, ["as the file is", "zone.sql.count=1", "zone.sql.count=9"]);
        let ChartKind::Ecdf(drawn) = distribution(&swept(variants), "capacity.look") else {
            panic!("a distribution")
        };
        let ends: Vec<f64> = drawn.series[0].points.iter().map(|point| point.x).collect();
        assert_eq!(ends, [90.0, 100.0, 300.0]);
    }

    /// Keys that change together are drawn over the first of them; the knee is stated.
    #[test]
    fn a_figure_stands_over_the_key_that_is_varied_and_its_knee_is_told() {
        let counts = [("2", 1450.0), ("3", 2960.0), ("4", 4460.0), ("5", 4930.0), ("6", 4935.0)];
        let variants = counts.map(|(n, value)| {
            (vec![("zone.sql.count", n), ("database.mysql.in", "{ primary = \"sql-1\" }")], value)
        });
        let swept = swept(variants.to_vec());
        let drawn = lines(&swept);
        assert_eq!(drawn.x.label, "zone.sql.count");
        assert_eq!(drawn.series.len(), 1);
        assert_eq!(
            drawn.series[0].points[3],
            Point { x: 5.0, y: Some(4930.0), band: Some((4910.0, 4950.0)) }
        );
        let page = document(&swept);
        assert_eq!(
            page.verdicts[0].text,
            "capacity.look: from zone.sql.count = 5 on it moves by no more than the intervals."
        );
    }

    /// Two keys in all combinations: a line for each value of the other key.
    #[test]
    fn a_second_key_makes_a_line_for_each_of_its_values() {
        let mut variants = Vec::new();
        for rate in ["20/s", "30/s", "40/s"] {
            for zones in ["2", "3"] {
                let value = 100.0 * number(rate).unwrap().0 / number(zones).unwrap().0;
                variants.push((vec![("workload.v.rate", rate), ("zone.web.count", zones)], value));
            }
        }
        let drawn = lines(&swept(variants));
        assert_eq!(drawn.x.label, "workload.v.rate (/s)");
        let names: Vec<&str> = drawn.series.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["zone.web.count=2", "zone.web.count=3"]);
        assert!(drawn.series.iter().all(|one| one.points.len() == 3));
        assert_eq!(document(&swept(Vec::new())).verdicts.len(), 0);
    }

    /// Words have no place on an axis: one row per variant.
    #[test]
    fn variants_that_are_words_have_a_row_each() {
        let variants =
            ["async", "semi-sync"].map(|word| (vec![("database.db.replication.mode", word)], 5.0));
        let chart = chart(&swept(variants.to_vec()), "capacity.look").0;
        let ChartKind::Ladder(ladder) = chart else { panic!("no ladder") };
        assert_eq!(ladder.rows[1].label, "database.db.replication.mode=semi-sync");
        assert_eq!(ladder.rows.len(), 2);
    }
}
