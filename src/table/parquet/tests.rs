//! Files of pyarrow and polars, which `tests/make.py` has made: 200 rows with t = 1,700,000,000 + 60·i, n = 7·i mod 11,
//! x = n + 1/2, f = n/4, u = 2⁶⁴ − 1 − i, and t as text, timestamps and date.

use std::io::Cursor;

use proptest::prelude::*;

use super::*;

/// Pages of version 1 with dictionaries, in four row groups.
const SNAPPY: &[u8] = include_bytes!("tests/snappy.parquet");
/// Small pages of version 2 with differences and checksums.
const GZIP: &[u8] = include_bytes!("tests/gzip-2.parquet");
/// The default compression of polars: zstd.
const POLARS: &[u8] = include_bytes!("tests/polars.parquet");

fn read(file: &[u8], column: &str) -> Result<Vec<ParquetValue>, ParquetError> {
    let mut all = Vec::new();
    let file = ParquetFile::open(Cursor::new(file), &[column])?;
    file.each_row(|row, values| {
        all.push(values[0].clone());
        assert_eq!(row, all.len() as u64);
        Ok::<_, ParquetError>(())
    })?;
    Ok(all)
}

fn refusal(file: &[u8], column: &str) -> String {
    read(file, column).unwrap_err().to_string()
}

#[test]
fn every_value_is_the_one_that_was_written() {
    let start = 1_700_000_000_i128;
    for file in [SNAPPY, GZIP] {
        let whole = |column: &str, value: &dyn Fn(i128) -> i128| {
            let wanted: Vec<_> = (0..200).map(|row| ParquetValue::Integer(value(row))).collect();
            assert_eq!(read(file, column).unwrap(), wanted, "{column}");
        };
        whole("t", &|row| start + 60 * row);
        whole("n", &|row| row * 7 % 11);
        whole("u", &|row| i128::from(u64::MAX) - row);
        whole("ms", &|row| (start + 60 * row) * 1_000);
        whole("ns", &|row| (start + 60 * row) * 1_000_000_000);
        // The first midnight is 6,400 s after the start: row 107.
        whole("day", &|row| 19_675 + i128::from(row >= 107));
        let gaps = read(file, "gaps").unwrap();
        for (row, value) in (0..).zip(gaps) {
            let wanted =
                if row % 5 == 0 { ParquetValue::Missing } else { ParquetValue::Integer(row) };
            assert_eq!(value, wanted);
        }
        let x = read(file, "x").unwrap();
        assert_eq!((&x[0], &x[3]), (&ParquetValue::Number(0.5), &ParquetValue::Number(10.5)));
        assert_eq!(read(file, "s").unwrap()[199], ParquetValue::Text("2023-11-15T01:32:20".into()));
    }
    assert_eq!(read(SNAPPY, "f").unwrap()[3], ParquetValue::Single(2.5));
    let columns = ["t", "s", "ms", "ns", "day", "x", "u"];
    let file = ParquetFile::open(Cursor::new(SNAPPY), &columns).unwrap();
    let holds: Vec<Holds> = file.columns().iter().map(|column| column.holds).collect();
    let (ms, ns) = (Holds::Timestamps(1_000_000), Holds::Timestamps(1));
    let numbers = [Holds::Numbers, Holds::Unsigned];
    assert_eq!(holds[..5], [Holds::Integers, Holds::Texts, ms, ns, Holds::Days]);
    assert_eq!(holds[5..], numbers);
}

/// Every refusal names the column and the way to write it.
#[test]
fn a_column_that_is_not_read_is_named_with_the_way_to_write_it() {
    let zstd = "column `t` is compressed by zstd, which this build does not read; write the file with compression = \"snappy\", \
             or read it by a build with the feature parquet, such as the Python package";
    if cfg!(feature = "parquet") {
        assert_eq!(read(POLARS, "t").unwrap()[199], ParquetValue::Integer(1_700_011_940));
    } else {
        assert_eq!(refusal(POLARS, "t"), zstd);
    }
    let type_ = "column `wrong` holds BOOLEAN values; write it as a number, a text or a timestamp";
    assert_eq!(refusal(SNAPPY, "wrong"), type_);
    assert!(refusal(SNAPPY, "list.list.element").contains("holds nested values"));
    let split = "column `f` has the encoding BYTE_STREAM_SPLIT; write it with the default encoding";
    assert_eq!(refusal(GZIP, "f"), split);
    let Err(ParquetError::NoColumn(name, all)) = read(SNAPPY, "list") else { panic!("a column") };
    assert_eq!((name.as_str(), all[0].as_str(), all.len()), ("list", "t", 12));
}

#[test]
fn other_files_and_claims_without_bytes_are_refused() {
    assert_eq!(refusal(b"", "t"), ParquetError::NotParquet.to_string());
    assert_eq!(refusal(b"t,n\n1,2\n3,4\n", "t"), ParquetError::NotParquet.to_string());
    assert_eq!(refusal(&SNAPPY[..SNAPPY.len() - 1], "t"), ParquetError::NotParquet.to_string());
    assert_eq!(refusal(b"PARE....PARE....PARE", "t"), ParquetError::Encrypted.to_string());
    // A footer of 4 GB.
    let claim = [MAGIC, &[0xFF; 4], MAGIC].concat();
    assert_eq!(refusal(&claim, "t"), "more than 16777216 bytes of metadata");
    // A schema of 2³² elements; rows without end.
    let claim = |footer: &[u8]| {
        let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
        refusal(&[MAGIC, footer, &length, MAGIC].concat(), "t")
    };
    let short = "the Parquet file is damaged: its metadata ends too early";
    assert_eq!(claim(&[0x29, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]), short);
    let root = [0x48, 1, b'r', 0x15, 2, 0];
    let leaf = [0x15, 4, 0x38, 1, b't', 0];
    let rows = [0x16, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F];
    let group = [0x19, 0x1C, 0x36, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0];
    let footer = [&[0x29, 0x2C], &root[..], &leaf, &rows, &group].concat();
    assert_eq!(claim(&footer), "more than 67108864 rows");
    // Structures in structures.
    assert_eq!(claim(&[0x7C; 64]), "the Parquet file is damaged: its metadata cannot be parsed");
}

proptest! {
    /// Damaged bytes are refused or read as something else; nothing panics, and nothing takes long.
    #[test]
    fn damaged_files_are_refused_without_a_panic(
        file in 0..3_usize,
        cut in proptest::option::weighted(0.2, any::<prop::sample::Index>()),
        at_the_end in any::<bool>(),
        damages in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = [SNAPPY, GZIP, POLARS][file].to_vec();
        let start = if at_the_end { bytes.len() - bytes.len() / 3 } else { 0 };
        for (at, value) in damages {
            let at = start + at.index(bytes.len() - start);
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            // The end stays, so that the footer is found.
            let at = cut.index(bytes.len() - 8);
            bytes.drain(at..bytes.len().min(at + 7) - 1);
        }
        for column in ["t", "n", "x", "s", "ns", "gaps"] {
            let _ = read(&bytes, column);
        }
    }
}

/// A table is read back bit for bit, in row groups; the same table gives the same bytes.
#[cfg(feature = "parquet")]
#[test]
fn a_table_is_written_as_it_is_read() {
    let rows = 70_000_i64;
    let known = |row: i64| row % 3 != 0;
    let count = |row: i64| known(row).then_some(row * row - 5);
    let number = |row: i64| known(row).then_some(row as f64 / 7.0);
    let text = |row: i64| known(row).then(|| format!("é{}", row % 90));
    let columns = [
        ("count".to_string(), Written::Counts((0..rows).map(count).collect())),
        ("number".to_string(), Written::Numbers((0..rows).map(number).collect())),
        ("text".to_string(), Written::Texts((0..rows).map(text).collect())),
        ("empty".to_string(), Written::Texts(vec![None; 70_000])),
    ];
    let file = write(&columns, &[("fivenines", "{}".to_string())]);
    assert_eq!(file, write(&columns, &[("fivenines", "{}".to_string())]));
    let (counts, numbers) = (read(&file, "count").unwrap(), read(&file, "number").unwrap());
    let (texts, empty) = (read(&file, "text").unwrap(), read(&file, "empty").unwrap());
    for (row, at) in (0..rows).zip(0..) {
        let missing = || ParquetValue::Missing;
        let whole = |count: i64| ParquetValue::Integer(count.into());
        assert_eq!(counts[at], count(row).map_or_else(missing, whole));
        assert_eq!(numbers[at], number(row).map_or_else(missing, ParquetValue::Number));
        assert_eq!(texts[at], text(row).map_or_else(missing, ParquetValue::Text));
        assert_eq!(empty[at], missing());
    }
    let none = write(&[("a".to_string(), Written::Texts(Vec::new()))], &[]);
    assert_eq!(read(&none, "a"), Ok(Vec::new()));
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 128 {
        bytes.push(u8::try_from(value & 127).unwrap() | 128);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

/// A field of a Thrift struct: its number less that of the one before, its type, and its bytes.
fn field(step: u8, kind: u8, bytes: &[u8]) -> Vec<u8> {
    [&[step << 4 | kind], bytes].concat()
}

fn number(step: u8, value: usize) -> Vec<u8> {
    field(step, 6, &varint(2 * value))
}

fn text(step: u8, text: &str) -> Vec<u8> {
    field(step, 8, &[&varint(text.len()), text.as_bytes()].concat())
}

fn list(step: u8, items: &[Vec<u8>]) -> Vec<u8> {
    field(step, 9, &[&[0xfc], &varint(items.len())[..], &items.concat()].concat())
}

fn record(fields: &[Vec<u8>]) -> Vec<u8> {
    [&fields.concat()[..], &[0]].concat()
}

fn group_of(name: &str, children: usize) -> Vec<u8> {
    record(&[text(4, name), number(1, children)])
}

/// A required column of 64-bit integers.
fn column(name: &str) -> Vec<u8> {
    record(&[number(1, 2), number(2, 0), text(1, name)])
}

/// A file of these columns, with row groups of one row whose chunks are all the first 60 bytes.
fn forged(schema: &[Vec<u8>], groups: usize) -> Vec<u8> {
    let meta = [number(4, 0), number(1, 1), number(2, 60), number(2, 4)];
    let chunk = record(&[number(2, 0), field(1, 12, &record(&meta))]);
    let group = record(&[list(1, &[chunk]), number(2, 1)]);
    let rows = number(1, groups);
    let footer = record(&[number(1, 1), list(1, schema), rows, list(1, &vec![group; groups])]);
    let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
    [MAGIC, &[0; 60], &footer, &length, MAGIC].concat()
}

/// The claims of a small file take no more memory or time than the file has bytes for.
#[test]
fn a_small_file_is_no_large_one_in_disguise() {
    // The long name of a group is in the name of each of its 5,000 columns: 1 GB.
    let mut schema = vec![group_of("r", 2), group_of(&"g".repeat(200_000), 5_000)];
    schema.extend(vec![column("x"); 5_000]);
    schema.push(column("n"));
    assert!(refusal(&forged(&schema, 0), "n").contains("names of columns"));
    // Every group unpacks the same chunk.
    let schema = [group_of("r", 1), column("n")];
    assert!(refusal(&forged(&schema, 40), "n").contains("overlap"));
    // 60 zeros are no page.
    assert!(refusal(&forged(&schema, 1), "n").contains("damaged"));
    let twice = [group_of("r", 2), column("n"), column("n")];
    assert!(refusal(&forged(&twice, 0), "n").contains("is there twice"));
}
