//! The footer of a Parquet file: its columns, and where the pages of some of them lie.
//!
//! Holds: of the row groups only the chunks of the wanted columns are kept, so memory is bounded by what the footer
//! has bytes for.
//! Source: Apache Parquet, `parquet.thrift`.

use super::thrift::{TRUE, Thrift};
use super::{Holds, MAX_COLUMNS, MAX_NAMES, MAX_ROW_GROUPS, ParquetColumn, ParquetError, refused};

/// An element of the schema, as the footer has it.
#[derive(Clone, Debug, Default)]
struct Element {
    name: String,
    /// Physical type; `None` for a group of columns.
    physical: Option<i64>,
    /// 0 required, 1 optional, 2 repeated.
    repetition: i64,
    children: i64,
    converted: Option<i64>,
    logical: Option<Logical>,
}

/// The logical type of a column, where it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Logical {
    Text,
    Date,
    /// Nanoseconds of its unit.
    Timestamp(i128),
    Integer {
        signed: bool,
    },
    Other(&'static str),
}

/// The pages of a column in a row group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chunk {
    pub(super) codec: i64,
    pub(super) values: i64,
    /// Offset of its first page, and the bytes of all its pages.
    pub(super) start: i64,
    pub(super) bytes: i64,
}

/// Rows that lie together.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) rows: i64,
    /// The chunks of the wanted columns, in their order.
    pub(super) chunks: Vec<Chunk>,
}

/// The wanted part of a footer.
#[derive(Debug, Default)]
pub(super) struct Footer {
    pub(super) rows: i64,
    pub(super) groups: Vec<Group>,
    /// The wanted columns.
    pub(super) columns: Vec<ParquetColumn>,
}

/// Reads a footer; `wanted` are names of columns.
pub(super) fn read(bytes: &[u8], wanted: &[&str]) -> Result<Footer, ParquetError> {
    let mut footer = Footer::default();
    let mut places: Option<Vec<usize>> = None;
    Thrift::new(bytes).whole(&mut |file, id, kind| {
        match id {
            2 => {
                let all = columns(&schema(file, kind)?)?;
                let places = places.insert(places_of(&all, wanted)?);
                footer.columns = places.iter().map(|place| all[*place].clone()).collect();
            }
            3 => footer.rows = file.integer(kind)?,
            4 => {
                // Writers put the schema first; without it no chunk can be found.
                let places = places.as_deref().ok_or(ParquetError::Damaged("it has no schema"))?;
                file.list(kind, &mut |file, kind| {
                    if footer.groups.len() >= MAX_ROW_GROUPS {
                        return Err(ParquetError::Limit("row groups", MAX_ROW_GROUPS as u64));
                    }
                    footer.groups.push(group(file, kind, places)?);
                    Ok(())
                })?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if places.is_none() {
        return Err(ParquetError::Damaged("it has no schema"));
    }
    let rows = footer.groups.iter().try_fold(0_i64, |sum, group| {
        let is_whole = group.rows >= 0 && group.chunks.len() == wanted.len();
        sum.checked_add(group.rows).filter(|_| is_whole)
    });
    if rows != Some(footer.rows) {
        return Err(ParquetError::Damaged("its row groups do not add up to its rows"));
    }
    Ok(footer)
}

fn schema(file: &mut Thrift<'_>, kind: u8) -> Result<Vec<Element>, ParquetError> {
    let mut elements = Vec::new();
    file.list(kind, &mut |file, kind| {
        if elements.len() > MAX_COLUMNS {
            return Err(ParquetError::Limit("columns", MAX_COLUMNS as u64));
        }
        let mut one = Element::default();
        file.fields(kind, &mut |file, id, kind| {
            match id {
                1 => one.physical = Some(file.integer(kind)?),
                3 => one.repetition = file.integer(kind)?,
                4 => one.name = file.text(kind)?,
                5 => one.children = file.integer(kind)?,
                6 => one.converted = Some(file.integer(kind)?),
                10 => one.logical = logical(file, kind)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        elements.push(one);
        Ok(())
    })?;
    Ok(elements)
}

/// Reads a logical type: a structure with one field, whose number is the type.
fn logical(file: &mut Thrift<'_>, kind: u8) -> Result<Option<Logical>, ParquetError> {
    let mut found = None;
    file.fields(kind, &mut |file, id, kind| {
        found = Some(match id {
            1 | 4 | 12 => Logical::Text,
            5 => Logical::Other("DECIMAL"),
            6 => Logical::Date,
            7 => Logical::Other("TIME"),
            8 => {
                let mut unit = 0;
                file.fields(kind, &mut |file, id, kind| {
                    if id != 2 {
                        return Ok(false);
                    }
                    file.fields(kind, &mut |_, id, _| {
                        unit = id;
                        Ok(false)
                    })?;
                    Ok(true)
                })?;
                found = Some(match unit {
                    1 => Logical::Timestamp(1_000_000),
                    2 => Logical::Timestamp(1_000),
                    3 => Logical::Timestamp(1),
                    _ => Logical::Other("TIMESTAMP"),
                });
                return Ok(true);
            }
            10 => {
                let mut signed = true;
                file.fields(kind, &mut |_, id, kind| {
                    if id == 2 {
                        signed = kind == TRUE;
                    }
                    Ok(false)
                })?;
                found = Some(Logical::Integer { signed });
                return Ok(true);
            }
            11 => Logical::Other("NULL"),
            15 => Logical::Other("FLOAT16"),
            _ => Logical::Other("other"),
        });
        Ok(false)
    })?;
    Ok(found)
}

/// Returns the columns that hold values, in the order of the chunks of a row group.
fn columns(schema: &[Element]) -> Result<Vec<ParquetColumn>, ParquetError> {
    let (mut columns, mut names) = (Vec::new(), 0);
    // Groups that are open, each with its name and the number of elements that it still has.
    let mut open: Vec<(String, i64)> = Vec::new();
    for (at, one) in schema.iter().enumerate() {
        while open.last().is_some_and(|(_, left)| *left == 0) {
            open.pop();
        }
        if let Some((_, left)) = open.last_mut() {
            *left -= 1;
        } else if at > 0 {
            return Err(ParquetError::Damaged("its schema has an element too many"));
        }
        let parent = open.last().map_or("", |(name, _)| name.as_str());
        let name =
            if parent.is_empty() { one.name.clone() } else { format!("{parent}.{}", one.name) };
        // A long name of a group is in that of each of its columns.
        names += name.len();
        if names > MAX_NAMES {
            return Err(ParquetError::Limit("bytes in the names of columns", MAX_NAMES as u64));
        }
        match one.physical {
            None if one.children >= 0 && open.len() < 64 => {
                // The root has no name that a user sees.
                open.push((if at == 0 { String::new() } else { name }, one.children));
            }
            None => return Err(ParquetError::Damaged("its schema cannot be parsed")),
            Some(physical) => {
                let is_flat = open.len() == 1 && one.repetition != 2;
                let holds = if is_flat { holds(physical, one) } else { Holds::Other("nested") };
                columns.push(ParquetColumn {
                    name,
                    physical,
                    optional: one.repetition == 1,
                    holds,
                });
            }
        }
    }
    if open.iter().any(|(_, left)| *left != 0) {
        return Err(ParquetError::Damaged("its schema ends too early"));
    }
    Ok(columns)
}

fn holds(physical: i64, element: &Element) -> Holds {
    let older = match element.converted {
        Some(0) => Some(Logical::Text),
        Some(5) => Some(Logical::Other("DECIMAL")),
        Some(6) => Some(Logical::Date),
        Some(7 | 8) => Some(Logical::Other("TIME")),
        Some(9) => Some(Logical::Timestamp(1_000_000)),
        Some(10) => Some(Logical::Timestamp(1_000)),
        Some(11..=14) => Some(Logical::Integer { signed: false }),
        _ => None,
    };
    match (physical, element.logical.or(older)) {
        (_, Some(Logical::Other(what))) => Holds::Other(what),
        (0, _) => Holds::Other("BOOLEAN"),
        (1, Some(Logical::Date)) => Holds::Days,
        (2, Some(Logical::Timestamp(nanos))) => Holds::Timestamps(nanos),
        (1 | 2, Some(Logical::Integer { signed: false })) => Holds::Unsigned,
        (1 | 2, None | Some(Logical::Integer { .. })) => Holds::Integers,
        (3, _) => Holds::Other("INT96"),
        (4 | 5, None) => Holds::Numbers,
        (6, None | Some(Logical::Text)) => Holds::Texts,
        (7, _) => Holds::Other("FIXED_LEN_BYTE_ARRAY"),
        _ => Holds::Other("other"),
    }
}

fn places_of(all: &[ParquetColumn], wanted: &[&str]) -> Result<Vec<usize>, ParquetError> {
    let place = |name: &&str| {
        let mut named = (0..all.len()).filter(|at| all[*at].name == *name);
        let Some(found) = named.next() else {
            let known = all.iter().map(|column| column.name.clone()).collect();
            return Err(ParquetError::NoColumn((*name).to_string(), known));
        };
        match named.next() {
            None => Ok(found),
            Some(_) => {
                let fix = "give each column a name of its own";
                Err(refused(&all[found], "is there twice".into(), fix))
            }
        }
    };
    wanted.iter().map(place).collect()
}

fn group(file: &mut Thrift<'_>, kind: u8, places: &[usize]) -> Result<Group, ParquetError> {
    let mut group = Group { rows: 0, chunks: vec![Chunk::default(); places.len()] };
    file.fields(kind, &mut |file, id, kind| {
        match id {
            1 => {
                let mut at = 0;
                file.list(kind, &mut |file, kind| {
                    let found = chunk(file, kind)?;
                    for (own, place) in group.chunks.iter_mut().zip(places) {
                        if *place == at {
                            *own = found;
                        }
                    }
                    at += 1;
                    Ok(())
                })?;
                if places.iter().any(|place| *place >= at) {
                    return Err(ParquetError::Damaged("a row group lacks a column"));
                }
            }
            3 => group.rows = file.integer(kind)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(group)
}

fn chunk(file: &mut Thrift<'_>, kind: u8) -> Result<Chunk, ParquetError> {
    let mut chunk = Chunk::default();
    let (mut data, mut dictionary) = (0, None);
    file.fields(kind, &mut |file, id, kind| {
        match id {
            1 => return Err(ParquetError::Damaged("its values lie in another file")),
            3 => file.fields(kind, &mut |file, id, kind| {
                match id {
                    4 => chunk.codec = file.integer(kind)?,
                    5 => chunk.values = file.integer(kind)?,
                    7 => chunk.bytes = file.integer(kind)?,
                    9 => data = file.integer(kind)?,
                    11 => dictionary = Some(file.integer(kind)?),
                    _ => return Ok(false),
                }
                Ok(true)
            })?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    // Some writers state 0 where there is no dictionary.
    chunk.start = dictionary.filter(|at| *at > 0).unwrap_or(data);
    Ok(chunk)
}
