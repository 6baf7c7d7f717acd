//! What a report says, as plain data: the study fills it, every writer reads it.
//!
//! Model: a document is a verdict, then sections of blocks; a block is a table, a chart or text.
//! Nothing here is computed: a figure comes with its interval, a missing one with its reason.
//! Holds: values are in base units (seconds, bytes, ratios 0..=1); the writers choose how to print
//! them, and a value that is not finite is printed as missing, never as a number.
//! Leaves out: layout, colour and language.

/// A whole report: one scenario, or several side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// What the page is about, in a line.
    pub title: String,
    /// Name of the scenario; of a comparison, what was compared.
    pub scenario: String,
    /// The question the scenario answers.
    pub question: String,
    /// Where the architecture and its numbers come from.
    pub source: String,
    /// Seed of all draws.
    pub seed: u64,
    /// Version of the result format.
    pub results_version: u32,
    /// Run digest, `sha256:<64 hex>`.
    pub digest: String,
    /// The command that makes the same bytes again.
    pub command: String,
    /// Why the results are partial; `None` when they are complete.
    pub partial: Option<String>,
    /// Answers in a line each, most important first.
    pub verdicts: Vec<Verdict>,
    /// The body, in order.
    pub sections: Vec<Section>,
    /// What the model leaves out, and anything else the reader must know.
    pub notes: Vec<String>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How it was judged.
    pub judgement: Judgement,
    /// The finding in words.
    pub text: String,
}

/// How something that has an objective or an expectation came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The objective is met, the check passed.
    Met,
    /// The objective is missed, the check failed.
    NotMet,
    /// Too few samples to tell.
    Unsure,
    /// Nothing to judge: a finding.
    Finding,
}

impl Judgement {
    /// The word that carries it, so that colour never has to.
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

/// A piece of content.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Figures in rows and columns.
    Table(Table),
    /// A drawing, with its data as a table.
    Chart(Chart),
    /// A paragraph.
    Text(String),
    /// Terms and what they mean.
    Definitions(Vec<Definition>),
    /// Ledgers, identities and other checks of the run.
    Checks(Vec<Check>),
    /// The resolved scenario, so that the report alone is enough to run it again.
    Source(String),
}

/// A term and its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The term.
    pub term: String,
    /// What it means here.
    pub meaning: String,
}

/// One check of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub name: String,
    /// How it came out; [`Judgement::Met`] is "passed".
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
    /// Name for machines: snake_case with its unit as suffix (`_s`, `_ratio`, `_per_s`).
    pub key: String,
    /// Unit of its figures.
    pub unit: Unit,
    /// Where its cells stand.
    pub align: Align,
}

impl Column {
    /// A column of words.
    #[must_use]
    pub fn words(name: &str, key: &str) -> Self {
        Self { name: name.into(), key: key.into(), unit: Unit::None, align: Align::Left }
    }

    /// A column of numbers in `unit`.
    #[must_use]
    pub fn numbers(name: &str, key: &str, unit: Unit) -> Self {
        Self { name: name.into(), key: key.into(), unit, align: Align::Right }
    }
}

/// Where the cells of a column stand.
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
    /// No figure, and why: `n_eff 412 < 1000`, `no requests`.
    Missing {
        /// The reason, shown in the cell and kept in JSON.
        reason: String,
    },
}

impl Cell {
    /// A cell of words.
    #[must_use]
    pub fn text(words: impl Into<String>) -> Self {
        Self::Text(words.into())
    }

    /// A cell with a reason instead of a figure.
    #[must_use]
    pub fn missing(reason: impl Into<String>) -> Self {
        Self::Missing { reason: reason.into() }
    }
}

/// A number in the base unit of `unit`, with its interval where it has one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// The estimate.
    pub value: f64,
    /// Lower and upper bound of the interval.
    pub interval: Option<(f64, f64)>,
    /// Words printed in place of an interval that few replications do not support.
    pub note: Option<&'static str>,
    /// The unit.
    pub unit: Unit,
    /// Which way the last printed digit goes.
    pub rounding: Rounding,
}

impl Figure {
    /// A value without an interval.
    #[must_use]
    pub fn exact(value: f64, unit: Unit) -> Self {
        Self { value, unit, ..Self::default() }
    }

    /// An estimate between `low` and `high`.
    #[must_use]
    pub fn estimate(value: f64, low: f64, high: f64, unit: Unit) -> Self {
        Self { value, interval: Some((low, high)), unit, ..Self::default() }
    }

    /// The same figure, rounded `way`.
    #[must_use]
    pub fn rounded(self, way: Rounding) -> Self {
        Self { rounding: way, ..self }
    }

    /// Whether every number of it can be printed.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.value.is_finite()
            && self.interval.is_none_or(|(low, high)| low.is_finite() && high.is_finite())
    }
}

/// Which way the last printed digit goes.
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

/// Unit of a figure; its value is always in the base unit named here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// A plain number.
    #[default]
    None,
    /// A ratio 0..=1, printed in percent.
    Ratio,
    /// Seconds, printed from nanoseconds to years.
    Seconds,
    /// Events a second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// Bits a second.
    BitsPerSecond,
    /// Dollars, once.
    Dollars,
    /// Dollars a month.
    DollarsPerMonth,
    /// Any other, printed as written after the number.
    Other(String),
}

/// A drawing and its words.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// Name of the file under `plots/` and prefix of all ids: kebab-case, unique in the document.
    pub name: String,
    /// What is drawn.
    pub title: String,
    /// What it shows: caption and long description.
    pub finding: String,
    /// The data.
    pub kind: ChartKind,
}

/// The data of a chart.
#[derive(Clone, Debug, PartialEq)]
pub enum ChartKind {
    /// Series over an axis, with bands where given.
    Lines(LineChart),
    /// One bar a label.
    Bars(BarChart),
    /// Several levels (percentiles, capacity) a row, one row a tier.
    Ladder(LadderChart),
    /// A matrix, numbers in its cells.
    Heat(HeatMap),
    /// Outages on lanes.
    Timeline(Timeline),
    /// Cumulative share of samples at or below a value.
    Ecdf(EcdfChart),
    /// Named points over two axes, the best of them joined.
    Front(FrontChart),
    /// What each step takes from a whole.
    Waterfall(WaterfallChart),
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What it measures.
    pub label: String,
    /// Its unit.
    pub unit: Unit,
    /// How it is divided.
    pub spacing: Spacing,
    /// Which way its values are rounded where they stand as numbers.
    pub rounding: Rounding,
}

impl Axis {
    /// A linear axis.
    #[must_use]
    pub fn linear(label: &str, unit: Unit) -> Self {
        Self { label: label.into(), unit, spacing: Spacing::Linear, ..Self::default() }
    }

    /// The same axis with values rounded another way.
    #[must_use]
    pub fn rounded(self, rounding: Rounding) -> Self {
        Self { rounding, ..self }
    }

    /// A logarithmic axis; values at or below zero are not drawn.
    #[must_use]
    pub fn log(label: &str, unit: Unit) -> Self {
        Self { label: label.into(), unit, spacing: Spacing::Log, ..Self::default() }
    }

    /// An axis of availability, a step a nine; a value of one is not drawn.
    #[must_use]
    pub fn nines(label: &str) -> Self {
        let rounding = Rounding::Down;
        Self { label: label.into(), unit: Unit::Ratio, spacing: Spacing::Nines, rounding }
    }
}

/// How an axis is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spacing {
    /// Equal steps.
    #[default]
    Linear,
    /// Equal ratios.
    Log,
    /// Equal ratios of what is missing to one: 90 %, 99 %, 99.9 % at equal steps. For ratios.
    Nines,
}

/// A value to hold others against, drawn as a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// In the unit of the axis it stands on.
    pub value: f64,
    /// Its name.
    pub label: String,
}

/// A line chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineChart {
    /// Across.
    pub x: Axis,
    /// Up.
    pub y: Axis,
    /// How points are joined.
    pub join: Join,
    /// The series, at most eight.
    pub series: Vec<Series>,
    /// A line across.
    pub objective: Option<Objective>,
    /// Limits of single series.
    pub limits: Vec<SeriesLimit>,
}

/// A thin line across in the colour of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SeriesLimit {
    /// The series, by place.
    pub series: usize,
    /// Where.
    pub value: f64,
    /// Whether it is dashed: what is meant as a floor, where a solid line is a ceiling.
    pub is_floor: bool,
}

/// How the points of a series are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Join {
    /// By straight lines.
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
    /// Across.
    pub x: f64,
    /// Up.
    pub y: Option<f64>,
    /// Bounds of the band at this point.
    pub band: Option<(f64, f64)>,
}

impl Point {
    /// A point without a band.
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
    /// Which way the bars grow.
    pub growth: Growth,
    /// The bars, in order.
    pub bars: Vec<Bar>,
    /// A line across the bars.
    pub objective: Option<Objective>,
}

/// Which way bars grow.
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
    /// Its value; `None` leaves the place empty and says so.
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
    /// A line down.
    pub objective: Option<Objective>,
}

/// A row of a ladder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LadderRow {
    /// Its label.
    pub label: String,
    /// One value a level; `None` is not drawn.
    pub values: Vec<Option<Estimate>>,
}

/// A matrix of numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatMap {
    /// What the rows are.
    pub rows_are: String,
    /// What the columns are.
    pub columns_are: String,
    /// Labels of the rows, top to bottom.
    pub rows: Vec<String>,
    /// Labels of the columns.
    pub columns: Vec<String>,
    /// What the numbers are, and their unit.
    pub values_are: Axis,
    /// The numbers, row by row; `None` has no number.
    pub values: Vec<Vec<Option<f64>>>,
}

/// Outages on lanes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// Axis of time.
    pub axis: Axis,
    /// Start and end of what was observed.
    pub from: f64,
    /// End of what was observed.
    pub to: f64,
    /// The lanes, top to bottom.
    pub lanes: Vec<Lane>,
}

/// A lane of a timeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    /// Its label.
    pub label: String,
    /// What happened on it, in order.
    pub spans: Vec<Span>,
}

/// A stretch of time with a cause.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// Start.
    pub from: f64,
    /// End.
    pub to: f64,
    /// What it was, or what caused it.
    pub cause: String,
}

/// What each step takes from a whole, down to what is left.
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
    /// What it is.
    pub kind: FallKind,
    /// Where it begins.
    pub from: f64,
    /// Where it ends: below `from` when it takes something away.
    pub to: f64,
    /// Bounds of what it takes away; of a whole, and of what is left, of that itself.
    pub interval: Option<(f64, f64)>,
}

impl FallStep {
    /// What it takes away; of a whole, and of what is left, that itself.
    #[must_use]
    pub fn size(&self) -> f64 {
        match self.kind {
            FallKind::Whole | FallKind::Left => self.to,
            FallKind::Effect | FallKind::Interaction => self.from - self.to,
        }
    }
}

/// What a step of a waterfall is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FallKind {
    /// All that there is.
    #[default]
    Whole,
    /// What one cause, or several together, take away.
    Effect,
    /// What all together take away beyond the sum of each alone; less than nothing when less.
    Interaction,
    /// What is left.
    Left,
}

/// Cumulative distributions of samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EcdfChart {
    /// Axis of the values, drawn with equal ratios.
    pub axis: Axis,
    /// One curve a sample: x is the value, y the share at or below it.
    pub series: Vec<Series>,
    /// A line down.
    pub objective: Option<Objective>,
}

/// Named points over two axes, of which less is better on both; those that no other beats on both
/// are joined.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrontChart {
    /// Across.
    pub x: Axis,
    /// Up.
    pub y: Axis,
    /// What the joined ones are, and what the others are.
    pub kinds: [String; 2],
    /// The points, in order of x.
    pub points: Vec<FrontPoint>,
}

/// A point with a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrontPoint {
    /// Its name.
    pub label: String,
    /// Across.
    pub x: f64,
    /// Up.
    pub y: Estimate,
    /// No other beats it on both.
    pub on_front: bool,
}
