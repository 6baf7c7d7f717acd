//! The data of a chart as a table, for readers who cannot see the drawing or prefer numbers.

use crate::report::document::{
    Axis, Cell, Chart, ChartKind, Column, Estimate, FallKind, FallStep, Figure, FrontChart,
    HeatMap, PanelChart, Rounding, Series, StackedChart, Table, Timeline, Unit, WaterfallChart,
};

/// Number of rows from which a series is thinned to every n-th point; the files have all points.
const MOST_ROWS: usize = 400;

/// Returns the data of `chart` as a table.
#[must_use]
pub fn table(chart: &Chart) -> Table {
    let mut table = match &chart.kind {
        ChartKind::Lines(lines) => series(&lines.x, &lines.y, &lines.series),
        ChartKind::Ecdf(ecdf) => {
            let share = Axis::linear("share at or below", Unit::Ratio);
            series(&ecdf.axis, &share, &ecdf.series)
        }
        ChartKind::Bars(bars) => Table {
            columns: vec![Column::words("label", "label"), number(&bars.axis, "value")],
            rows: bars
                .bars
                .iter()
                .map(|bar| {
                    let value = estimate(bar.estimate.as_ref(), &bars.axis);
                    vec![Cell::text(bar.label.clone()), value]
                })
                .collect(),
            ..Table::default()
        },
        ChartKind::Ladder(ladder) => {
            let mut columns = vec![Column::words("label", "label")];
            for (at, level) in ladder.levels.iter().enumerate() {
                let key = format!("level_{}", at + 1);
                columns.push(Column::numbers(level, &key, ladder.axis.unit.clone()));
            }
            let row = |row: &crate::report::document::LadderRow| {
                let mut cells = vec![Cell::text(row.label.clone())];
                for at in 0..ladder.levels.len() {
                    let value = row.values.get(at).and_then(Option::as_ref);
                    cells.push(estimate(value, &ladder.axis));
                }
                cells
            };
            Table { columns, rows: ladder.rows.iter().map(row).collect(), ..Table::default() }
        }
        ChartKind::Heat(heat) => matrix(heat),
        ChartKind::Timeline(timeline) => spans(timeline),
        ChartKind::Front(front) => points(front),
        ChartKind::Waterfall(waterfall) => falls(waterfall),
        ChartKind::Stacked(chart) => stacked(chart),
        ChartKind::Panels(chart) => panels(chart),
    };
    let every = table.rows.len().div_ceil(MOST_ROWS).max(1);
    table.caption = format!("Data: {}", chart.title);
    if every > 1 {
        table.caption = format!("{}; one row in {every}", table.caption);
        table.rows = table.rows.into_iter().step_by(every).collect();
    }
    table
}

fn number(axis: &Axis, key: &str) -> Column {
    Column::numbers(&axis.label, key, axis.unit.clone())
}

/// Converts a value of an axis to a cell, rounded as the axis states.
fn estimate(estimate: Option<&Estimate>, axis: &Axis) -> Cell {
    match estimate {
        None => Cell::missing("no figure"),
        Some(Estimate { value, interval }) => Cell::Figure(Figure {
            value: *value,
            interval: *interval,
            unit: axis.unit.clone(),
            rounding: axis.rounding,
            ..Figure::default()
        }),
    }
}

fn series(x: &Axis, y: &Axis, all: &[Series]) -> Table {
    let columns = vec![Column::words("series", "series"), number(x, "x"), number(y, "y")];
    let mut rows = Vec::new();
    for one in all {
        for point in &one.points {
            let value = point.y.map(|value| Estimate { value, interval: point.band });
            rows.push(vec![
                Cell::text(one.name.clone()),
                Cell::Figure(Figure::exact(point.x, x.unit.clone())),
                estimate(value.as_ref(), y),
            ]);
        }
    }
    Table { columns, rows, ..Table::default() }
}

fn matrix(heat: &HeatMap) -> Table {
    let mut columns = vec![Column::words(&heat.rows_are, "row")];
    for (at, name) in heat.columns.iter().enumerate() {
        let key = format!("column_{}", at + 1);
        columns.push(Column::numbers(name, &key, heat.values_are.unit.clone()));
    }
    let mut rows = Vec::new();
    for (at, name) in heat.rows.iter().enumerate() {
        let mut cells = vec![Cell::text(name.clone())];
        for column in 0..heat.columns.len() {
            let value = heat.values.get(at).and_then(|row| row.get(column)).copied().flatten();
            let value = value.map(|value| Estimate { value, interval: None });
            cells.push(estimate(value.as_ref(), &heat.values_are));
        }
        rows.push(cells);
    }
    Table { columns, rows, ..Table::default() }
}

fn spans(timeline: &Timeline) -> Table {
    let unit = || timeline.axis.unit.clone();
    let columns = vec![
        Column::words("lane", "lane"),
        Column::numbers("start", "start", unit()),
        Column::numbers("length", "length", unit()),
        Column::words("cause", "cause"),
    ];
    let mut rows = Vec::new();
    for lane in &timeline.lanes {
        for span in &lane.spans {
            rows.push(vec![
                Cell::text(lane.label.clone()),
                Cell::Figure(Figure::exact(span.from, unit())),
                Cell::Figure(Figure::exact(span.to - span.from, unit())),
                Cell::text(span.cause.clone()),
            ]);
        }
    }
    Table { columns, rows, ..Table::default() }
}

fn points(front: &FrontChart) -> Table {
    let columns = vec![
        Column::words("label", "label"),
        number(&front.x, "x"),
        number(&front.y, "y"),
        Column::words("is", "kind"),
    ];
    let row = |point: &crate::report::document::FrontPoint| {
        vec![
            Cell::text(point.label.clone()),
            Cell::Figure(Figure::exact(point.x, front.x.unit.clone())),
            estimate(Some(&point.y), &front.y),
            Cell::text(front.kinds[point.rank as usize].clone()),
        ]
    };
    Table { columns, rows: front.points.iter().map(row).collect(), ..Table::default() }
}

fn stacked(chart: &StackedChart) -> Table {
    let mut columns = vec![Column::words("label", "label"), number(&chart.axis, "whole")];
    for (at, part) in chart.parts.iter().enumerate() {
        let key = format!("part_{}", at + 1);
        columns.push(Column::numbers(part, &key, chart.axis.unit.clone()));
    }
    let row = |bar: &crate::report::document::StackedBar| {
        let mut cells =
            vec![Cell::text(bar.label.clone()), estimate(Some(&bar.whole), &chart.axis)];
        cells.extend((0..chart.parts.len()).map(|at| {
            let value = bar.values.get(at).copied().filter(|value| *value != 0.0);
            let value = value.map(|value| Estimate { value, interval: None });
            value.map_or_else(|| Cell::missing("–"), |value| estimate(Some(&value), &chart.axis))
        }));
        cells
    };
    Table { columns, rows: chart.bars.iter().map(row).collect(), ..Table::default() }
}

fn panels(chart: &PanelChart) -> Table {
    let mark = |panel: &crate::report::document::Panel, at: usize| {
        Cell::text(if panel.mark == Some(at) { chart.mark.as_str() } else { "" })
    };
    let mut columns = vec![Column::words("curve", "series")];
    columns.extend([number(&chart.x, "x"), number(&chart.y, "y"), Column::words("mark", "mark")]);
    let mut rows = Vec::new();
    for panel in &chart.panels {
        for (at, point) in panel.points.iter().enumerate() {
            let value = point.y.map(|value| Estimate { value, interval: point.band });
            rows.push(vec![
                Cell::text(panel.label.clone()),
                Cell::Figure(Figure::exact(point.x, chart.x.unit.clone())),
                estimate(value.as_ref(), &chart.y),
                mark(panel, at),
            ]);
        }
    }
    Table { columns, rows, ..Table::default() }
}

fn falls(chart: &WaterfallChart) -> Table {
    let unit = || chart.axis.unit.clone();
    let columns = vec![
        Column::words("step", "step"),
        Column::words("is", "kind"),
        Column::numbers("size", "size", unit()),
        Column::numbers("then left", "left", unit()),
    ];
    let kind = |kind: FallKind| match kind {
        FallKind::Whole => "in all",
        FallKind::Effect => "left out alone",
        FallKind::Interaction => "interaction",
        FallKind::Left => "left",
    };
    let row = |step: &FallStep| {
        let size = Estimate { value: step.size(), interval: step.interval };
        // The reduction by a step is a difference, so it is rounded to the nearest.
        let whole = matches!(step.kind, FallKind::Whole | FallKind::Left);
        let rounding = if whole { chart.axis.rounding } else { Rounding::Nearest };
        vec![
            Cell::text(step.label.clone()),
            Cell::text(kind(step.kind)),
            estimate(Some(&size), &chart.axis.clone().rounded(rounding)),
            Cell::Figure(Figure::exact(step.to, unit()).rounded(chart.axis.rounding)),
        ]
    };
    Table { columns, rows: chart.steps.iter().map(row).collect(), ..Table::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::{FrontPoint, FrontRank, Rounding};
    use crate::report::number;

    /// Downtime rounds up in tables; the data of its chart round the same way.
    #[test]
    fn a_figure_rounds_in_the_data_of_its_chart_as_in_the_tables() {
        let minutes = || Unit::Other("min/y".into());
        let (value, interval) = (13.14, Some((11.47, 14.81)));
        let chart = |rounding| FrontChart {
            x: Axis::linear("dollars", Unit::Dollars),
            y: Axis::linear("structural downtime", minutes()).rounded(rounding),
            kinds: Box::new(["on", "off", "out", "open"].map(String::from)),
            points: vec![FrontPoint {
                label: "tier-5".into(),
                x: 3_049.0,
                y: Estimate { value, interval },
                rank: FrontRank::Front,
            }],
        };
        let shown = |rounding| match &points(&chart(rounding)).rows[0][2] {
            Cell::Figure(figure) => number::figure(figure).replace('\u{a0}', " "),
            other => panic!("{other:?}"),
        };
        assert_eq!(shown(Rounding::Up), "13.2 min/y ± 1.7");
        assert_eq!(shown(Rounding::Nearest), "13.1 min/y ± 1.7");
    }
}
