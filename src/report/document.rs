//! The content of a report as plain data: the study fills it, every writer reads it.
//!
//! Model: a document is a list of verdicts, then sections of blocks; a block is a table, a chart or text. Nothing
//! here is computed: a figure comes with its interval, a missing one with its reason.
//! Holds: values are in base units (seconds, bytes, ratios 0..=1); the writers choose how to print them. A value that
//! is not finite is printed as missing, never as a number.
//! Leaves out: layout, colour and language.

mod charts;
mod unit;
pub use charts::{Panel, PanelChart, StackedBar, StackedChart};
pub use unit::Unit;

use crate::plan::drawing::System;

/// A whole report, of one scenario or of several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// The subject of the page, in a line.
    pub title: String,
    /// Name of the scenario; for a comparison, the names of the compared scenarios.
    pub scenario: String,
    /// The question the scenario answers.
    pub question: String,
    /// The source of the architecture and its numbers.
    pub source: String,
    /// Seed of all random draws.
    pub seed: u64,
    /// Version of the result format.
    pub results_version: u32,
    /// Run digest, `sha256:<64 hex>`.
    pub digest: String,
    /// The command that reproduces the same bytes.
    pub command: String,
    /// The reason why the results are partial; `None` if they are complete.
    pub partial: Option<String>,
    /// The first screen.
    pub lead: Lead,
    /// Answers, one line each, the most important first.
    pub verdicts: Vec<Verdict>,
    /// The drawn system, if it is one scenario.
    pub system: Option<System>,
    /// The body, in order.
    pub sections: Vec<Section>,
    /// Omissions of the model, and anything else that the reader must know.
    pub notes: Vec<String>,
}

/// The first screen: the answer to what the reader asked, and the figures behind it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lead {
    /// The answer in sentences, the most important first.
    pub answer: Vec<String>,
    /// The figures that the author of a file without objectives expects a value of.
    pub expected: Vec<Fact>,
    /// The main figures, side by side.
    pub strip: Vec<Tile>,
    /// The causes of failure and saturation, the largest first, each with its remedy.
    pub advice: Vec<Fact>,
    /// Heading of the advice; empty without any.
    pub advice_heading: String,
    /// Meaning of the figures of causes; empty where no downtime has a cause.
    pub advice_unit: &'static str,
    /// Figures with their labels.
    pub facts: Vec<Fact>,
    /// The drawing of the first screen.
    pub chart: Option<Chart>,
    /// The table of the first screen.
    pub table: Option<Table>,
    /// Sentences below the table.
    pub below: Vec<String>,
}

/// A main figure of the first screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tile {
    /// Name of the figure.
    pub label: String,
    /// Its value in a word or two.
    pub value: String,
    /// Its interval; empty without one.
    pub interval: String,
    /// Facts about it, one line each.
    pub details: Vec<String>,
    /// The verdict on the objective for it; `None` without an objective.
    pub judgement: Option<Judgement>,
}

impl Tile {
    /// Returns the figure as a line of text.
    #[must_use]
    pub fn fact(&self) -> Fact {
        let mut text = self.value.clone();
        if !self.interval.is_empty() {
            text = format!("{text} {}", self.interval);
        }
        for detail in &self.details {
            text = format!("{text}; {detail}");
        }
        Fact { label: self.label.clone(), text, judgement: self.judgement }
    }
}

/// A figure of the first screen, or several of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Name of the figure.
    pub label: String,
    /// Its value in words.
    pub text: String,
    /// The verdict on the objective for it; `None` without an objective.
    pub judgement: Option<Judgement>,
}

impl Fact {
    /// Creates a figure without a verdict.
    #[must_use]
    pub fn plain(label: &str, text: impl Into<String>) -> Self {
        Self { label: label.into(), text: text.into(), judgement: None }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The judgement on the objective or expectation.
    pub judgement: Judgement,
    /// The finding in words.
    pub text: String,
}

/// The judgement on an objective, an expectation or a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The objective is met, the check passed.
    Met,
    /// The objective is missed, the check failed.
    NotMet,
    /// Too few samples for a decision.
    Unsure,
    /// A finding, without an objective to judge.
    Finding,
}

impl Judgement {
    /// Returns the word for the judgement, so that colour is not needed to understand it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "NOT MET",
            Self::Unsure => "unsure",
            Self::Finding => "finding",
        }
    }
}

/// A part of the report under one heading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// A sentence or two before the first block; may be empty.
    pub intro: String,
    /// The content, in order.
    pub blocks: Vec<Block>,
}

impl Section {
    /// Returns the charts, also those that are folded.
    pub fn charts(&self) -> impl Iterator<Item = &Chart> {
        fn inside(block: &Block) -> &[Block] {
            match block {
                Block::Folded(fold) => &fold.blocks,
                other => std::slice::from_ref(other),
            }
        }
        self.blocks.iter().flat_map(inside).filter_map(|block| match block {
            Block::Chart(drawn) => Some(drawn),
            _ => None,
        })
    }
}

/// A piece of content.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Figures in rows and columns.
    Table(Table),
    /// A drawing, with its data as a table.
    Chart(Chart),
    /// A paragraph.
    Text(String),
    /// Terms with their meanings.
    Definitions(Vec<Definition>),
    /// Ledgers, identities and other checks of the run.
    Checks(Vec<Check>),
    /// The resolved scenario, so that the report alone suffices to run it again.
    Source(String),
    /// Details below one line, which a page opens on request. The terminal prints them all.
    Folded(Fold),
}

/// Blocks that a page shows on request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fold {
    /// The line that opens them: what they hold, and how much of it.
    pub summary: String,
    /// The blocks, in order; no fold among them.
    pub blocks: Vec<Block>,
}

/// A term and its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The term.
    pub term: String,
    /// Its meaning in this report.
    pub meaning: String,
}

/// One check of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The name of the check.
    pub name: String,
    /// The result; [`Judgement::Met`] means "passed".
    pub judgement: Judgement,
    /// The numbers behind it.
    pub detail: String,
}

/// Figures in rows and columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The finding, not the axes.
    pub caption: String,
    /// The columns; every row has one cell for each.
    pub columns: Vec<Column>,
    /// The cells, row by row.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Heading for people.
    pub name: String,
    /// Name for programs: snake_case with its unit as suffix (`_s`, `_ratio`, `_per_s`).
    pub key: String,
    /// Unit of its figures.
    pub unit: Unit,
    /// Alignment of its cells.
    pub align: Align,
    /// The objective for its figures, printed in its heading: `< 500 ms`; empty without one.
    pub objective: String,
}

impl Column {
    /// Creates a column of words.
    #[must_use]
    pub fn words(name: &str, key: &str) -> Self {
        Self {
            name: name.into(),
            key: key.into(),
            unit: Unit::None,
            align: Align::Left,
            objective: String::new(),
        }
    }

    /// Creates a column of numbers in `unit`.
    #[must_use]
    pub fn numbers(name: &str, key: &str, unit: Unit) -> Self {
        Self { unit, align: Align::Right, ..Self::words(name, key) }
    }
}

/// The alignment of the cells of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Words.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// One cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A count: exact, no interval.
    Count(u64),
    /// An estimate, or an exact value.
    Figure(Figure),
    /// The name of what the row is about.
    Name(RowName),
    /// A missing figure, with the reason: `n_eff 412 < 1000`, `no requests`.
    Missing {
        /// The reason, shown in the cell and kept in JSON.
        reason: String,
    },
}

impl Cell {
    /// Creates a cell of words.
    #[must_use]
    pub fn text(words: impl Into<String>) -> Self {
        Self::Text(words.into())
    }

    /// Creates a cell with a reason instead of a figure.
    #[must_use]
    pub fn missing(reason: impl Into<String>) -> Self {
        Self::Missing { reason: reason.into() }
    }
}

/// The name in the first cell of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowName {
    /// The name.
    pub name: String,
    /// The verdict on all objectives together; `None` without any.
    pub verdict: Option<Judgement>,
    /// A line about it, for a page that has the space.
    pub about: String,
}

/// A number in the base unit of `unit`, with its interval if it has one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// The estimate.
    pub value: f64,
    /// Lower and upper bound of the interval.
    pub interval: Option<(f64, f64)>,
    /// Words printed in place of an interval, if there are too few replications for one.
    pub note: Option<&'static str>,
    /// The unit.
    pub unit: Unit,
    /// Rounding of the last printed digit.
    pub rounding: Rounding,
    /// The verdict on the objective for it; `None` without one.
    pub verdict: Option<Judgement>,
    /// The form that all figures of its column have; `None` if each has its own.
    pub form: Option<ColumnForm>,
}

/// The form of all figures of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnForm {
    /// A value in base units; all figures have the unit that fits it.
    pub size: f64,
    /// Digits after the point.
    pub decimals: i32,
}

impl Figure {
    /// Creates a value without an interval.
    #[must_use]
    pub fn exact(value: f64, unit: Unit) -> Self {
        Self { value, unit, ..Self::default() }
    }

    /// Creates an estimate between `low` and `high`.
    #[must_use]
    pub fn estimate(value: f64, low: f64, high: f64, unit: Unit) -> Self {
        Self { value, interval: Some((low, high)), unit, ..Self::default() }
    }

    /// Returns the same figure, rounded `way`.
    #[must_use]
    pub fn rounded(self, way: Rounding) -> Self {
        Self { rounding: way, ..self }
    }

    /// Returns whether value and bounds are finite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.value.is_finite()
            && self.interval.is_none_or(|(low, high)| low.is_finite() && high.is_finite())
    }
}

/// The rounding of the last printed digit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest.
    #[default]
    Nearest,
    /// Down: availability, so that 99.9996 % is never shown as 100 %.
    Down,
    /// Up: downtime, losses.
    Up,
}

/// A drawing with its texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// Name of the file under `plots/` and prefix of all ids: kebab-case, unique in the document.
    pub name: String,
    /// The subject of the drawing.
    pub title: String,
    /// The finding: caption and long description.
    pub finding: String,
    /// The data.
    pub kind: ChartKind,
}

/// The data of a chart.
#[derive(Clone, Debug, PartialEq)]
pub enum ChartKind {
    /// Series over an axis, with bands where given.
    Lines(LineChart),
    /// One bar per label.
    Bars(BarChart),
    /// Several levels (percentiles, capacity) per row, one row per tier.
    Ladder(LadderChart),
    /// A matrix, numbers in its cells.
    Heat(HeatMap),
    /// Outages on lanes.
    Timeline(Timeline),
    /// Cumulative share of samples at or below a value.
    Ecdf(EcdfChart),
    /// Named points over two axes, with the Pareto front joined.
    Front(FrontChart),
    /// Reductions of a whole, step by step.
    Waterfall(WaterfallChart),
    /// One bar per row, stacked from parts.
    Stacked(StackedChart),
    /// One small line chart per curve, all on the same axes.
    Panels(Box<PanelChart>),
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// The quantity on the axis.
    pub label: String,
    /// Its unit.
    pub unit: Unit,
    /// Its spacing.
    pub spacing: Spacing,
    /// Rounding of its values where they are printed.
    pub rounding: Rounding,
}

impl Axis {
    /// Creates a linear axis.
    #[must_use]
    pub fn linear(label: &str, unit: Unit) -> Self {
        Self { label: label.into(), unit, spacing: Spacing::Linear, ..Self::default() }
    }

    /// Returns the same axis with another rounding of its values.
    #[must_use]
    pub fn rounded(self, rounding: Rounding) -> Self {
        Self { rounding, ..self }
    }

    /// Creates a logarithmic axis; values at or below zero are not drawn.
    #[must_use]
    pub fn log(label: &str, unit: Unit) -> Self {
        Self { label: label.into(), unit, spacing: Spacing::Log, ..Self::default() }
    }

    /// Creates an axis of availability with one step per nine; a value of one is not drawn.
    #[must_use]
    pub fn nines(label: &str) -> Self {
        let rounding = Rounding::Down;
        Self { label: label.into(), unit: Unit::Ratio, spacing: Spacing::Nines, rounding }
    }
}

/// The spacing of an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spacing {
    /// Equal steps.
    #[default]
    Linear,
    /// Equal ratios.
    Log,
    /// Equal ratios of the distance to one: 90 %, 99 %, 99.9 % at equal steps. For ratios.
    Nines,
}

/// A reference value, drawn as a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// The value, in the unit of its axis.
    pub value: f64,
    /// Its name.
    pub label: String,
}

/// A line chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineChart {
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// The joining of the points.
    pub join: Join,
    /// The series, at most eight.
    pub series: Vec<Series>,
    /// A horizontal reference line.
    pub objective: Option<Objective>,
    /// Limits of single series.
    pub limits: Vec<SeriesLimit>,
}

/// A thin horizontal line in the colour of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SeriesLimit {
    /// Index of the series.
    pub series: usize,
    /// Its value, in the unit of the vertical axis.
    pub value: f64,
    /// True for a dashed line, which marks a floor; a solid line marks a ceiling.
    pub is_floor: bool,
}

/// The joining of the points of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Join {
    /// Straight lines between points.
    #[default]
    Line,
    /// Each value holds until the next.
    Step,
}

/// A named series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its points in order of x.
    pub points: Vec<Point>,
}

/// A point of a series; without a value the line has a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Horizontal coordinate.
    pub x: f64,
    /// Vertical coordinate.
    pub y: Option<f64>,
    /// Bounds of the band at this point.
    pub band: Option<(f64, f64)>,
}

impl Point {
    /// Creates a point without a band.
    #[must_use]
    pub const fn at(x: f64, y: f64) -> Self {
        Self { x, y: Some(y), band: None }
    }
}

/// An estimate on a chart, in the unit of its axis.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Lower and upper bound.
    pub interval: Option<(f64, f64)>,
}

/// A bar chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarChart {
    /// Axis of the values.
    pub axis: Axis,
    /// Direction in which the bars grow.
    pub growth: Growth,
    /// The bars, in order.
    pub bars: Vec<Bar>,
    /// A reference line across the bars.
    pub objective: Option<Objective>,
}

/// The direction in which bars grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Growth {
    /// To the right: long labels.
    #[default]
    Right,
    /// Upwards: few short labels.
    Up,
}

/// A bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bar {
    /// Its label.
    pub label: String,
    /// Its value; `None` leaves the place empty and marks it as missing.
    pub estimate: Option<Estimate>,
}

/// Rows of the same levels: percentiles or capacity across tiers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LadderChart {
    /// Axis of the values, across.
    pub axis: Axis,
    /// Names of the levels, at most eight.
    pub levels: Vec<String>,
    /// The rows, top to bottom.
    pub rows: Vec<LadderRow>,
    /// A vertical reference line.
    pub objective: Option<Objective>,
}

/// A row of a ladder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LadderRow {
    /// Its label.
    pub label: String,
    /// One value per level; `None` is not drawn.
    pub values: Vec<Option<Estimate>>,
}

/// A matrix of numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatMap {
    /// The meaning of the rows.
    pub rows_are: String,
    /// The meaning of the columns.
    pub columns_are: String,
    /// Labels of the rows, top to bottom.
    pub rows: Vec<String>,
    /// Labels of the columns.
    pub columns: Vec<String>,
    /// The meaning of the numbers, and their unit.
    pub values_are: Axis,
    /// The numbers, row by row; `None` leaves a cell empty.
    pub values: Vec<Vec<Option<f64>>>,
}

/// Outages on lanes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// Axis of time.
    pub axis: Axis,
    /// Start of the observed interval.
    pub from: f64,
    /// End of the observed interval.
    pub to: f64,
    /// The lanes, top to bottom.
    pub lanes: Vec<Lane>,
    /// Beginnings of causes, each with a colour that is the same in all charts with these words.
    pub words: &'static [&'static str],
}

/// A lane of a timeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    /// Its label.
    pub label: String,
    /// The intervals on it, in order.
    pub spans: Vec<Span>,
}

/// An interval with a cause.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// Start.
    pub from: f64,
    /// End.
    pub to: f64,
    /// The event in the interval, or its cause.
    pub cause: String,
}

/// Reductions of a whole, step by step, down to the remainder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WaterfallChart {
    /// Axis of the values, across.
    pub axis: Axis,
    /// The steps, top to bottom.
    pub steps: Vec<FallStep>,
}

/// A step of a waterfall.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FallStep {
    /// Its label.
    pub label: String,
    /// The kind of the step.
    pub kind: FallKind,
    /// Value at its beginning.
    pub from: f64,
    /// Value at its end, below `from` for a reduction.
    pub to: f64,
    /// Bounds of the reduction; for a whole and a remainder, bounds of the value itself.
    pub interval: Option<(f64, f64)>,
}

impl FallStep {
    /// Returns the reduction; for a whole and a remainder, the value itself.
    #[must_use]
    pub fn size(&self) -> f64 {
        match self.kind {
            FallKind::Whole | FallKind::Left => self.to,
            FallKind::Effect | FallKind::Interaction => self.from - self.to,
        }
    }
}

/// The kind of a step of a waterfall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FallKind {
    /// The whole.
    #[default]
    Whole,
    /// The reduction by one cause, or by several together.
    Effect,
    /// The reduction by all causes together beyond the sum of the single reductions; can be negative.
    Interaction,
    /// The remainder.
    Left,
}

/// Cumulative distributions of samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EcdfChart {
    /// Axis of the values, usually logarithmic.
    pub axis: Axis,
    /// One curve per sample: x is the value, y the share at or below it.
    pub series: Vec<Series>,
    /// A vertical reference line.
    pub objective: Option<Objective>,
}

/// Named points over two axes, on which less is better. Points that no other beats on both axes are joined.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrontChart {
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// The meanings of a [`FrontRank`], in its order.
    pub kinds: Box<[String; 4]>,
    /// The points, in order of x.
    pub points: Vec<FrontPoint>,
}

/// A point with a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrontPoint {
    /// Its name.
    pub label: String,
    /// Horizontal coordinate.
    pub x: f64,
    /// Vertical coordinate.
    pub y: Estimate,
    /// Its rank among the others.
    pub rank: FrontRank,
}

/// The rank of a point among the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FrontRank {
    /// No other that is not excluded beats it on both axes; such points are joined.
    #[default]
    Front,
    /// Another one beats it on both axes.
    Beaten,
    /// It misses what every point must have; it is drawn hollow.
    Excluded,
    /// It cannot be decided whether it has what every point must have; it is drawn half filled.
    Undecided,
}
