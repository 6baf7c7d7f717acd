//! Tables of results: each column is declared once; the page, the files and JSON are views of it.
//!
//! In: a [`ResultTable`], which is the list of its [`ResultColumn`]s, and the rows. Out: a CSV file with all columns
//! of the declaration ([`ResultTable::file`]), a table for people with some of them ([`ResultTable::page`]), a table
//! for programs ([`ResultTable::data`]), a JSON object ([`ResultTable::object`]), or its documentation
//! ([`ResultTable::described`]).
//! Holds: a missing estimate stays missing, with its reason, in every view; a view has only declared columns. Leaves
//! out: selection and order of the rows of a view.

use std::borrow::Cow;

use serde_json::{Map, Value as Json, json};

use super::csv::Field;
use super::document::{self, Align, Cell, Figure, Rounding, Unit};
use super::json as form;
use super::rows::TableForm;
use super::run::files::{fields, share};
use super::run::{cell, share_cell};
use crate::stats::interval::Interval;
use crate::study::results::Share;
use crate::study::window::Estimate;

mod described;

pub use described::{Described, DescribedColumn};

/// The value of one column in one row.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// Words.
    Text(Cow<'a, str>),
    /// An exact count.
    Count(u64),
    /// A number without an interval.
    Number(f64),
    /// An estimate with its interval, or the reason why it has none.
    Estimate(Estimate),
    /// A difference or another interval, with both bounds whatever its method.
    Interval(Interval),
    /// A share that may be a bound.
    Share(Share),
    /// A finished cell: words in place of a number, or a figure whose unit depends on the row.
    Cell(Cell),
    /// No value. A page prints these words; a file has an empty field, JSON `null`.
    Missing(Cow<'a, str>),
}

impl<'a> Value<'a> {
    /// Returns the value, or a missing one for which a page prints `words`.
    pub fn or<V: Into<Self>>(value: Option<V>, words: &'a str) -> Self {
        value.map_or(Self::Missing(words.into()), Into::into)
    }

    /// Returns the value divided by `each`: seconds in minutes with 60.
    #[must_use]
    pub fn scaled(self, each: f64) -> Self {
        match self {
            Self::Number(value) => Self::Number(value / each),
            Self::Interval(i) => Self::Interval(i.map(|value| value / each)),
            Self::Estimate(estimate) => Self::Estimate(estimate.map(|value| value / each)),
            other => other,
        }
    }

    /// Returns the fields of a file: the value, its bounds, and the reason why one of them is missing.
    fn fields(&self) -> ([Field<'_>; 3], Option<String>) {
        let alone = |field| ([field, Field::Missing, Field::Missing], None);
        match self {
            Self::Text(words) => alone(Field::Text(words)),
            Self::Count(count) => alone(Field::Count(*count)),
            Self::Number(value) => alone(Field::Number(*value)),
            Self::Estimate(estimate) => fields(estimate),
            Self::Interval(i) => ([i.estimate, i.low, i.high].map(Field::Number), None),
            Self::Share(told) => {
                let (value, _, _, reason) = share(told);
                (value, reason)
            }
            Self::Cell(Cell::Text(words)) => alone(Field::Text(words)),
            Self::Cell(Cell::Count(count)) => alone(Field::Count(*count)),
            Self::Cell(Cell::Figure(figure)) => {
                let bound = |bound: Option<f64>| bound.map_or(Field::Missing, Field::Number);
                let (low, high) = figure.interval.unzip();
                ([Field::Number(figure.value), bound(low), bound(high)], None)
            }
            Self::Cell(Cell::Name(row)) => alone(Field::Text(&row.name)),
            Self::Cell(Cell::Missing { .. }) | Self::Missing(_) => alone(Field::Missing),
        }
    }

    /// Returns its cell on a page.
    #[must_use]
    pub fn cell(self, unit: Unit, rounding: Rounding) -> Cell {
        match self {
            Self::Text(words) => Cell::Text(words.into_owned()),
            Self::Count(count) => Cell::Count(count),
            Self::Number(value) => Cell::Figure(Figure::exact(value, unit).rounded(rounding)),
            Self::Estimate(estimate) => match cell(&estimate, unit) {
                Cell::Figure(figure) => Cell::Figure(figure.rounded(rounding)),
                other => other,
            },
            Self::Interval(i) => {
                let figure = Figure::estimate(i.estimate, i.low, i.high, unit);
                Cell::Figure(figure.rounded(rounding))
            }
            Self::Share(told) => share_cell(&told),
            Self::Cell(cell) => cell,
            Self::Missing(words) => Cell::missing(words),
        }
    }

    /// Returns its value in JSON; an estimate is an object with its bounds and the reason why one of
    /// them is missing.
    #[must_use]
    pub fn json(&self) -> Json {
        match self {
            Self::Text(words) => words.as_ref().into(),
            Self::Count(count) => (*count).into(),
            Self::Number(value) => form::number(*value),
            Self::Cell(cell) => form::cell(cell),
            Self::Missing(_) => Json::Null,
            Self::Estimate(_) | Self::Interval(_) | Self::Share(_) => {
                let (three, reason) = self.fields();
                let [value, low, high] = three.map(|field| match field {
                    Field::Number(value) => form::number(value),
                    _ => Json::Null,
                });
                json!({ "value": value, "low": low, "high": high, "reason": reason })
            }
        }
    }
}

macro_rules! value_from {
    ($($from:ty => |$value:ident| $to:expr;)*) => {$(
        impl<'a> From<$from> for Value<'a> {
            fn from($value: $from) -> Self {
                $to
            }
        }
    )*};
}

value_from! {
    &'a str => |words| Self::Text(words.into());
    &'a String => |words| Self::Text(words.as_str().into());
    String => |words| Self::Text(words.into());
    u64 => |count| Self::Count(count);
    u32 => |count| Self::Count(count.into());
    usize => |count| Self::Count(count as u64);
    f64 => |value| Self::Number(value);
    &'a Estimate => |estimate| Self::Estimate(estimate.clone());
    Estimate => |estimate| Self::Estimate(estimate);
    Share => |share| Self::Share(share);
    Interval => |interval| Self::Interval(interval);
    Cell => |cell| Self::Cell(cell);
}

impl<'a, V: Into<Value<'a>>> From<Option<V>> for Value<'a> {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Missing("".into()), Into::into)
    }
}

/// Reads the value of a column from a row.
pub type Read<Row> = fn(&Row) -> Value<'_>;

/// One column of a table of results: its name, its meaning, and how a row holds it.
#[derive(Clone)]
pub struct ResultColumn<Row> {
    /// Name in files, with its unit as suffix: `used_cores`.
    pub id: &'static str,
    /// Heading on the page; empty if no page shows the column.
    pub header: Cow<'static, str>,
    /// Unit of its values.
    pub unit: Unit,
    /// Its meaning, in a sentence.
    pub meaning: &'static str,
    read: Read<Row>,
    align: Align,
    /// True if its values are words.
    is_words: bool,
    rounding: Rounding,
    /// True if a file has columns for its bounds.
    has_bounds: bool,
    /// Prefix of the reason of a missing value in the file's column `reason`; `None` if the reason is not written.
    reason: Option<&'static str>,
    /// True if the file has the column.
    is_in_file: bool,
    on_page: OnPage<Row>,
}

/// The differences between a page and a file in one column.
#[derive(Clone)]
struct OnPage<Row> {
    /// The key, if it differs from the name in files.
    key: Option<&'static str>,
    /// The unit, and its size in units of the column.
    unit: Option<(f64, Unit)>,
    /// The value, if it differs from that of the file.
    read: Option<Read<Row>>,
}

/// Declares a column of words.
pub fn words<Row>(
    id: &'static str,
    header: &'static str,
    meaning: &'static str,
    read: Read<Row>,
) -> ResultColumn<Row> {
    let numbers = numbers(id, header, Unit::None, meaning, read);
    ResultColumn { align: Align::Left, is_words: true, ..numbers }
}

/// Declares a column of numbers in `unit`.
pub fn numbers<Row>(
    id: &'static str,
    header: &'static str,
    unit: Unit,
    meaning: &'static str,
    read: Read<Row>,
) -> ResultColumn<Row> {
    ResultColumn {
        id,
        header: header.into(),
        unit,
        meaning,
        read,
        align: Align::Right,
        is_words: false,
        rounding: Rounding::Nearest,
        has_bounds: false,
        reason: None,
        is_in_file: true,
        on_page: OnPage { key: None, unit: None, read: None },
    }
}

/// Declares a column of estimates in `unit`; the file also has their bounds as `_lo` and `_hi`.
pub fn estimates<Row>(
    id: &'static str,
    header: &'static str,
    unit: Unit,
    meaning: &'static str,
    read: Read<Row>,
) -> ResultColumn<Row> {
    ResultColumn { has_bounds: true, ..numbers(id, header, unit, meaning, read) }
}

impl<Row> ResultColumn<Row> {
    /// Puts the reason of a missing value into the file's column `reason`.
    #[must_use]
    pub fn with_reason(self) -> Self {
        self.with_reason_as("")
    }

    /// Puts the reason of a missing value into the file's column `reason`, after `name: `.
    #[must_use]
    pub fn with_reason_as(self, name: &'static str) -> Self {
        Self { reason: Some(name), ..self }
    }

    /// Sets the rounding of the last printed digit to `way`.
    #[must_use]
    pub fn rounded(self, way: Rounding) -> Self {
        Self { rounding: way, ..self }
    }

    /// Sets the key of the column on a page.
    #[must_use]
    pub fn keyed(mut self, key: &'static str) -> Self {
        self.on_page.key = Some(key);
        self
    }

    /// Sets the unit on a page, which is `each` units of the column, and the key there.
    #[must_use]
    pub fn in_units(mut self, key: &'static str, each: f64, unit: Unit) -> Self {
        self.on_page.unit = Some((each, unit));
        self.keyed(key)
    }

    /// Sets another value for a page than for a file.
    #[must_use]
    pub fn on_page(mut self, read: Read<Row>) -> Self {
        self.on_page.read = Some(read);
        self
    }

    /// Sets words for a page in place of the numbers.
    #[must_use]
    pub fn in_words(self, read: Read<Row>) -> Self {
        Self { align: Align::Left, ..self.on_page(read) }
    }

    /// Excludes the column from the file.
    #[must_use]
    pub fn off_file(self) -> Self {
        Self { is_in_file: false, ..self }
    }

    fn page_column(&self) -> document::Column {
        let unit = self.on_page.unit.as_ref().map_or(&self.unit, |(_, unit)| unit).clone();
        let key = self.on_page.key.unwrap_or(self.id).into();
        let name = self.header.clone().into();
        document::Column { name, key, unit, align: self.align, objective: String::new() }
    }

    fn page_cell(&self, row: &Row) -> Cell {
        let value = self.on_page.read.unwrap_or(self.read)(row);
        match &self.on_page.unit {
            None => value.cell(self.unit.clone(), self.rounding),
            Some((each, unit)) => value.scaled(*each).cell(unit.clone(), self.rounding),
        }
    }
}

/// The heading of the last column of a file, and its meaning.
const REASON: (&str, &str) = ("reason", "Reason for a missing value or interval of the row.");

/// A table of results.
#[derive(Clone)]
pub struct ResultTable<Row> {
    /// The file of the table; empty if there is none.
    pub name: &'static str,
    /// The meaning of one row, in a sentence.
    pub row_is: &'static str,
    /// Its columns, in the order of the file.
    pub columns: Vec<ResultColumn<Row>>,
}

impl<Row> ResultTable<Row> {
    /// Declares a table in the file `name`; `row_is` describes one row.
    #[must_use]
    pub fn new<const N: usize>(
        name: &'static str,
        row_is: &'static str,
        columns: [ResultColumn<Row>; N],
    ) -> Self {
        Self { name, row_is, columns: columns.into() }
    }

    fn in_file(&self) -> impl Iterator<Item = &ResultColumn<Row>> {
        self.columns.iter().filter(|column| column.is_in_file)
    }

    /// Returns the names of a file's columns, each with its declaration; the column of reasons has none.
    fn names(&self) -> Vec<(String, Option<&ResultColumn<Row>>)> {
        let mut names = Vec::new();
        for column in self.in_file() {
            names.push((column.id.to_string(), Some(column)));
            if column.has_bounds {
                let bounds = ["lo", "hi"].map(|end| (format!("{}_{end}", column.id), Some(column)));
                names.extend(bounds);
            }
        }
        let reasons = self.in_file().any(|column| column.reason.is_some());
        names.extend(reasons.then(|| (REASON.0.to_string(), None)));
        names
    }

    /// Writes all columns of the declaration in a form, such as the CSV file. `partial` is the reason why the results
    /// are not complete.
    ///
    /// # Panics
    ///
    /// If two columns have the same name, or one is not in snake case.
    #[must_use]
    pub fn file<F: TableForm>(
        &self,
        partial: Option<&str>,
        rows: impl IntoIterator<Item = Row>,
    ) -> F {
        let names = self.names();
        let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        let mut writer = F::begin(partial, &names).expect("names of columns are declared");
        for row in rows {
            let values: Vec<_> = self.in_file().map(|c| (c, (c.read)(&row))).collect();
            let mut record = Vec::with_capacity(names.len());
            let mut why: Option<String> = None;
            for (column, value) in &values {
                let (three, reason) = value.fields();
                record.extend(&three[..if column.has_bounds { 3 } else { 1 }]);
                let named = |reason: String| match column.reason {
                    Some("") => Some(reason),
                    Some(name) => Some(format!("{name}: {reason}")),
                    None => None,
                };
                why = why.or_else(|| reason.and_then(named));
            }
            if record.len() < names.len() {
                record.push(why.as_deref().map_or(Field::Missing, Field::Text));
            }
            F::row(&mut writer, &record).expect("as many fields as declared columns");
        }
        F::end(self.name, writer)
    }

    /// Returns the column with this name.
    ///
    /// # Panics
    ///
    /// If none is declared.
    #[must_use]
    pub fn column(&self, id: &str) -> &ResultColumn<Row> {
        let found = self.columns.iter().find(|column| column.id == id);
        found.unwrap_or_else(|| panic!("no column `{id}` is declared"))
    }

    /// Returns the table with other headings of some columns: pairs of a column's name and its heading.
    #[must_use]
    pub fn headed(mut self, headers: &[(&str, &str)]) -> Self {
        for column in &mut self.columns {
            if let Some((_, header)) = headers.iter().find(|(id, _)| *id == column.id) {
                column.header = Cow::Owned((*header).into());
            }
        }
        self
    }

    /// Returns the table without the columns `ids`.
    #[must_use]
    pub fn without(mut self, ids: &[&str]) -> Self {
        self.columns.retain(|column| !ids.contains(&column.id));
        self
    }

    /// Returns the cell of one column for people.
    ///
    /// # Panics
    ///
    /// If the column is not declared.
    #[must_use]
    pub fn cell(&self, id: &str, row: &Row) -> Cell {
        self.column(id).page_cell(row)
    }

    /// Returns the columns `ids`, in that order, as a table for people.
    ///
    /// # Panics
    ///
    /// If one of them is not declared.
    #[must_use]
    pub fn page(
        &self,
        caption: impl Into<String>,
        ids: &[&str],
        rows: impl IntoIterator<Item = Row>,
    ) -> document::Table {
        let columns: Vec<&ResultColumn<Row>> = ids.iter().map(|id| self.column(id)).collect();
        let cells = |row: Row| columns.iter().map(|column| column.page_cell(&row)).collect();
        document::Table {
            caption: caption.into(),
            columns: columns.iter().map(|column| column.page_column()).collect(),
            rows: rows.into_iter().map(cells).collect(),
        }
    }

    /// Returns the columns `ids` as a table for people, with the scenario of each row in front. A scenario without a
    /// row has `none` in all of them.
    #[must_use]
    pub fn by_scenario<'a>(
        &self,
        caption: impl Into<String>,
        ids: &[&str],
        rows: impl IntoIterator<Item = (&'a str, Option<Row>)>,
        none: &str,
    ) -> document::Table {
        let mut table = self.page(caption, ids, []);
        table.columns.insert(0, document::Column::words("scenario", "scenario"));
        for (scenario, row) in rows {
            let cell = |id: &&str| {
                row.as_ref().map_or_else(|| Cell::missing(none), |row| self.cell(id, row))
            };
            table
                .rows
                .push(std::iter::once(Cell::text(scenario)).chain(ids.iter().map(cell)).collect());
        }
        table
    }

    /// Returns all columns as a table for people.
    #[must_use]
    pub fn all(
        &self,
        caption: impl Into<String>,
        rows: impl IntoIterator<Item = Row>,
    ) -> document::Table {
        let ids: Vec<&str> = self.columns.iter().map(|column| column.id).collect();
        self.page(caption, &ids, rows)
    }

    /// Returns all columns of the file as a table for programs; a share that is only a bound has no value.
    #[must_use]
    pub fn data(&self, rows: impl IntoIterator<Item = Row>) -> document::Table {
        let columns = self.in_file().map(|column| document::Column {
            name: column.header.clone().into(),
            key: column.id.into(),
            unit: column.unit.clone(),
            align: column.align,
            objective: String::new(),
        });
        let cell = |column: &ResultColumn<Row>, row: &Row| {
            let value = (column.read)(row);
            let is_number = matches!(value, Value::Share(_) | Value::Cell(_));
            match value.cell(column.unit.clone(), column.rounding) {
                Cell::Text(reason) if is_number => Cell::Missing { reason },
                other => other,
            }
        };
        let cells = |row: Row| self.in_file().map(|column| cell(column, &row)).collect();
        document::Table {
            caption: String::new(),
            columns: columns.collect(),
            rows: rows.into_iter().map(cells).collect(),
        }
    }

    /// Returns the columns `ids` of one row as a JSON object; estimates are objects with their bounds.
    ///
    /// # Panics
    ///
    /// If one of them is not declared.
    #[must_use]
    pub fn object(&self, ids: &[&str], row: &Row) -> Map<String, Json> {
        let value = |id: &&str| ((*id).to_string(), (self.column(id).read)(row).json());
        ids.iter().map(value).collect()
    }

    /// Returns its documentation.
    #[must_use]
    pub fn described(&self) -> Described {
        let mut columns: Vec<DescribedColumn> = Vec::new();
        let mut last: Option<&str> = None;
        for (name, column) in self.names() {
            let id = column.map(|column| column.id);
            match columns.last_mut() {
                Some(before) if id.is_some() && id == last => before.names.push(name),
                _ => {
                    let meaning = column.map_or(REASON.1, |column| column.meaning);
                    let unit = column.map_or("1", |column| form::unit(&column.unit)).to_string();
                    let is_words = column.is_none_or(|column| column.is_words);
                    columns.push(DescribedColumn { names: vec![name], meaning, unit, is_words });
                }
            }
            last = id;
        }
        Described { name: self.name, row_is: self.row_is, columns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::write::ResultFile;
    use crate::stats::interval::Method;
    use crate::study::measure::NoValue;

    struct Road {
        name: String,
        closed: Estimate,
        lanes: Option<u64>,
    }

    fn roads<'a>() -> ResultTable<&'a Road> {
        ResultTable::new(
            "roads.csv",
            "A road.",
            [
                words("name", "road", "Name of the road.", |road| (&road.name).into()),
                estimates("closed_s", "closed", Unit::Seconds, "Time closed.", |road: &&Road| {
                    (&road.closed).into()
                })
                .in_units("closed_min", 60.0, Unit::Other("min".into()))
                .with_reason_as("closed"),
                numbers("lanes", "lanes", Unit::None, "Lanes.", |road| {
                    Value::or(road.lanes, "no survey")
                }),
                words("plan", "plan", "", |_| "none".into()).off_file(),
            ],
        )
    }

    fn two() -> [Road; 2] {
        let interval = Interval {
            low: 60.0,
            high: 180.0,
            estimate: 120.0,
            level: 0.95,
            method: Method::StudentT,
        };
        let known =
            Road { name: "A1".into(), closed: Estimate::Interval(interval), lanes: Some(4) };
        let unknown =
            Road { name: "A2".into(), closed: Estimate::Missing(NoValue::Empty), lanes: None };
        [known, unknown]
    }

    /// One declaration, three views: bounds and reasons in the file, other units on the page, `null` for a missing
    /// value in JSON.
    #[test]
    fn views_agree_on_what_a_row_holds() {
        let both = two();
        let file: ResultFile = roads().file(None, &both);
        let reason = NoValue::Empty.to_string();
        let expected = format!(
            "name,closed_s,closed_s_lo,closed_s_hi,lanes,reason\n\
             A1,120.0,60.0,180.0,4,\n\
             A2,,,,,closed: {reason}\n"
        );
        assert_eq!(String::from_utf8(file.bytes).unwrap(), expected);
        let page = roads().headed(&[("lanes", "width")]).page("", &["closed_s", "lanes"], &both);
        let heads: Vec<(&str, &str)> =
            page.columns.iter().map(|one| (one.name.as_str(), one.key.as_str())).collect();
        assert_eq!(heads, [("closed", "closed_min"), ("width", "lanes")]);
        let minutes = Figure::estimate(2.0, 1.0, 3.0, Unit::Other("min".into()));
        assert_eq!(page.rows[0], [Cell::Figure(minutes), Cell::Count(4)]);
        assert_eq!(page.rows[1], [Cell::missing(reason.clone()), Cell::missing("no survey")]);
        let object = roads().object(&["name", "lanes", "closed_s"], &&both[1]);
        let missing = serde_json::json!({
            "name": "A2", "lanes": null,
            "closed_s": { "value": null, "low": null, "high": null, "reason": reason },
        });
        assert_eq!(Json::Object(object), missing);
    }

    /// The documentation has the columns of the file, in their order, and no other.
    #[test]
    fn the_documentation_names_the_columns_of_the_file() {
        let file = roads().file::<ResultFile>(None, &two()).bytes;
        let file = String::from_utf8(file).unwrap();
        let described = roads().described();
        let names: Vec<&str> =
            described.columns.iter().flat_map(|one| &one.names).map(String::as_str).collect();
        assert_eq!(names.join(","), file.lines().next().unwrap());
    }
}
