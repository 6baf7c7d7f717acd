//! Tables written as Parquet files, by the crate `parquet`.
//!
//! Holds: the same table gives the same bytes, without a date; a column has one type, and a missing value is a null.
//! Leaves out: nested columns.

use std::sync::Arc;

use ::parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical};
use ::parquet::column::writer::ColumnWriterImpl;
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::Type;

use super::Written;

/// Rows of a row group: a reader holds one column of one group in memory.
const GROUP: usize = 1 << 16;

/// Writes columns of equal length; `facts` are keys and values in the metadata of the file.
///
/// # Panics
///
/// Never, as long as the columns have equal length: the bytes go to memory.
#[must_use]
pub fn write(columns: &[(String, Written)], facts: &[(&str, String)]) -> Vec<u8> {
    file(columns, facts).expect("a table in memory can be written")
}

fn file(columns: &[(String, Written)], facts: &[(&str, String)]) -> Result<Vec<u8>, ParquetError> {
    let fields: Vec<Arc<Type>> = columns.iter().map(field).collect::<Result<_, ParquetError>>()?;
    let schema = Type::group_type_builder("table").with_fields(fields).build()?;
    let fact = |(key, value): &(&str, String)| KeyValue::new((*key).to_string(), value.clone());
    let properties = WriterProperties::builder()
        .set_created_by("fivenines".to_string())
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(facts.iter().map(fact).collect()))
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let rows = columns.first().map_or(0, |(_, column)| length(column));
    for from in (0..rows).step_by(GROUP) {
        let to = rows.min(from + GROUP);
        let mut group = writer.next_row_group()?;
        for (_, column) in columns {
            match column {
                Written::Texts(values) => {
                    let bytes = |text: &String| ByteArray::from(text.as_str());
                    put::<ByteArrayType, _>(&mut group, &values[from..to], bytes)?;
                }
                Written::Counts(values) => {
                    put::<Int64Type, _>(&mut group, &values[from..to], |count| *count)?;
                }
                Written::Numbers(values) => {
                    put::<DoubleType, _>(&mut group, &values[from..to], |number| *number)?;
                }
            }
        }
        group.close()?;
    }
    writer.into_inner()
}

fn length(column: &Written) -> usize {
    match column {
        Written::Texts(values) => values.len(),
        Written::Counts(values) => values.len(),
        Written::Numbers(values) => values.len(),
    }
}

fn field((name, column): &(String, Written)) -> Result<Arc<Type>, ParquetError> {
    let physical = match column {
        Written::Texts(_) => Physical::BYTE_ARRAY,
        Written::Counts(_) => Physical::INT64,
        Written::Numbers(_) => Physical::DOUBLE,
    };
    let builder =
        Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
    let builder = match column {
        Written::Texts(_) => builder
            .with_logical_type(Some(LogicalType::String))
            .with_converted_type(ConvertedType::UTF8),
        _ => builder,
    };
    builder.build().map(Arc::new)
}

/// Writes the values of a column in a row group.
fn put<D: DataType, V>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[Option<V>],
    value: impl Fn(&V) -> D::T,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let known: Vec<D::T> = values.iter().flatten().map(value).collect();
    if let Some(mut column) = group.next_column()? {
        let typed: &mut ColumnWriterImpl<'_, D> = column.typed::<D>();
        typed.write_batch(&known, Some(&levels), None)?;
        column.close()?;
    }
    Ok(())
}
