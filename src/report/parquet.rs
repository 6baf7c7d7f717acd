//! A table of results as a Parquet file: the columns of its CSV file with types.
//!
//! In: a CSV file that this program has written. Out: the bytes of a Parquet file, in a build with the feature `parquet`.
//! Model: a column of words has texts. Any other column has whole numbers if all its values are, else numbers, else
//! texts. A missing value is a null. The key `fivenines` of the metadata is a JSON object: the name of the table, the
//! digest of the results, the reason why they are partial, and the units of the columns that have one.
//! Holds: the values are those of the CSV file, bit for bit, without the guard against formulas.

use serde_json::{Map, Value as Json, json};

use super::columns::{Described, DescribedColumn};
use super::csv::unguarded;
use crate::table::parquet::Written;

/// True if this build writes Parquet.
pub const IS_BUILT: bool = cfg!(feature = "parquet");

/// Returns the Parquet file of the CSV file `name`; `described` is the documentation of its columns, and `digest` that of
/// the results. Without the feature there is none.
///
/// # Errors
///
/// Content that is no CSV file with a header.
pub fn of_csv(
    name: &str,
    csv: &[u8],
    described: &[Described],
    digest: &str,
) -> Result<Option<Vec<u8>>, csv::Error> {
    let (partial, table) = partial(csv);
    let mut reader = csv::Reader::from_reader(table);
    let names: Vec<String> = reader.headers()?.iter().map(String::from).collect();
    let mut fields: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
    for record in reader.records() {
        for (column, field) in fields.iter_mut().zip(&record?) {
            column.push((!field.is_empty()).then(|| field.to_string()));
        }
    }
    let about: Vec<&DescribedColumn> =
        described.iter().filter(|one| one.name == name).flat_map(|one| &one.columns).collect();
    let mut units = Map::new();
    let mut columns = Vec::with_capacity(names.len());
    for (name, fields) in names.into_iter().zip(fields) {
        let about = about.iter().find(|one| one.names.contains(&name));
        if let Some(unit) =
            about.filter(|one| !one.is_words && one.unit != "1").map(|one| one.unit.as_str())
        {
            units.insert(name.clone(), unit.into());
        }
        columns.push((name, typed(fields, about.is_some_and(|one| one.is_words))));
    }
    let table = name.trim_end_matches(".csv");
    let fact: Json =
        json!({ "table": table, "digest": digest, "partial": partial, "units": units });
    Ok(written(&columns, &fact.to_string()))
}

#[cfg(feature = "parquet")]
fn written(columns: &[(String, Written)], fact: &str) -> Option<Vec<u8>> {
    Some(crate::table::parquet::write(columns, &[("fivenines", fact.to_string())]))
}

#[cfg(not(feature = "parquet"))]
fn written(_: &[(String, Written)], _: &str) -> Option<Vec<u8>> {
    None
}

/// Returns the reason why a table is partial, and the table.
fn partial(csv: &[u8]) -> (Option<String>, &[u8]) {
    let Some(rest) = csv.strip_prefix(b"# PARTIAL ") else { return (None, csv) };
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let reason = String::from_utf8_lossy(&rest[..end]).into_owned();
    (Some(reason), rest.get(end + 1..).unwrap_or_default())
}

fn typed(fields: Vec<Option<String>>, is_words: bool) -> Written {
    let mut known = fields.iter().flatten().peekable();
    let is_empty = known.peek().is_none();
    if !is_words && !is_empty && known.clone().all(|field| field.parse::<i64>().is_ok()) {
        let count = |field: String| field.parse().ok();
        return Written::Counts(fields.into_iter().map(|field| field.and_then(count)).collect());
    }
    if !is_words && known.all(|field| field.parse::<f64>().is_ok()) {
        let number = |field: String| field.parse().ok();
        return Written::Numbers(fields.into_iter().map(|field| field.and_then(number)).collect());
    }
    let words = |field: String| unguarded(&field).to_string();
    Written::Texts(fields.into_iter().map(|field| field.map(words)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A column of words stays text whatever its words look like; numbers are whole only where all are.
    #[test]
    fn a_column_has_the_type_of_all_its_values() {
        let column = |fields: &[&str], is_words| {
            let field = |field: &&str| (!field.is_empty()).then(|| (*field).to_string());
            typed(fields.iter().map(field).collect(), is_words)
        };
        assert_eq!(column(&["1", "", "2"], false), Written::Counts(vec![Some(1), None, Some(2)]));
        assert_eq!(column(&["1", "0.1"], false), Written::Numbers(vec![Some(1.0), Some(0.1)]));
        assert_eq!(column(&["", ""], false), Written::Numbers(vec![None, None]));
        let texts = |all: &[&str]| {
            Written::Texts(all.iter().map(|text| Some((*text).to_string())).collect())
        };
        assert_eq!(column(&["1", "2"], true), texts(&["1", "2"]));
        assert_eq!(column(&["'=a", "1"], false), texts(&["=a", "1"]));
        assert_eq!(column(&[""], true), Written::Texts(vec![None]));
    }

    #[test]
    fn a_partial_table_has_its_reason() {
        assert_eq!(partial(b"# PARTIAL limit\na\n1\n"), (Some("limit".into()), &b"a\n1\n"[..]));
        assert_eq!(partial(b"a\n1\n"), (None, &b"a\n1\n"[..]));
    }
}
