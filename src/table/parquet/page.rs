//! The pages of a chunk: their headers, their decompression and the values in them.

use std::cell::Cell;
use std::io::{Read, Seek};

use flate2::Crc;
use flate2::bufread::MultiGzDecoder;

use super::bits::{Cursor, Differences, Runs};
use super::footer::Chunk;
use super::thrift::{TRUE, Thrift};
use super::{
    Holds, MAX_FILE_BYTES, MAX_PAGE_BYTES, ParquetColumn, ParquetError, ParquetValue, bytes,
    refused, snappy,
};

/// Most bytes of the header of a page.
const MAX_HEADER_BYTES: u64 = 1 << 16;
/// Most bytes that one packed byte becomes, above [`FREE_BYTES`].
const MAX_RATIO: usize = 1_000;
const FREE_BYTES: usize = 1 << 20;

const WRONG: ParquetError = ParquetError::Damaged("the header of a page cannot be parsed");

/// The header of a page. In the order of the fields: those of all pages, and those of its own type.
#[derive(Debug, Default)]
struct Header {
    kind: i64,
    unpacked: i64,
    packed: i64,
    crc: Option<i64>,
    values: i64,
    encoding: i64,
    /// Encoding of the levels, in a page of version 1.
    levels: i64,
    /// Bytes of the levels, in a page of version 2.
    definition_bytes: i64,
    repetition_bytes: i64,
    is_packed: bool,
}

impl Header {
    fn read(thrift: &mut Thrift<'_>) -> Result<Self, ParquetError> {
        let mut one = Self { is_packed: true, levels: 3, ..Self::default() };
        thrift.whole(&mut |page, id, kind| {
            match id {
                1 => one.kind = page.integer(kind)?,
                2 => one.unpacked = page.integer(kind)?,
                3 => one.packed = page.integer(kind)?,
                4 => one.crc = Some(page.integer(kind)?),
                5 | 7 => page.fields(kind, &mut |page, id, kind| {
                    match id {
                        1 => one.values = page.integer(kind)?,
                        2 => one.encoding = page.integer(kind)?,
                        3 if kind > TRUE + 1 => one.levels = page.integer(kind)?,
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?,
                8 => page.fields(kind, &mut |page, id, kind| {
                    match id {
                        1 => one.values = page.integer(kind)?,
                        4 => one.encoding = page.integer(kind)?,
                        5 => one.definition_bytes = page.integer(kind)?,
                        6 => one.repetition_bytes = page.integer(kind)?,
                        7 => {
                            one.is_packed = kind == TRUE;
                            return Ok(false);
                        }
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(one)
    }
}

/// The values of a page.
#[derive(Debug)]
enum Values {
    Plain(Cursor),
    Indices(Runs),
    Differences(Differences),
}

/// The different values of a chunk.
#[derive(Debug)]
struct Dictionary {
    page: Cursor,
    count: usize,
    /// Offset of each text; numbers have one length.
    texts: Vec<usize>,
}

/// The values of a column in a row group.
#[derive(Debug)]
pub(super) struct Pages<'a> {
    column: &'a ParquetColumn,
    /// Bytes that the pages of the file have unpacked to.
    unpacked: &'a Cell<u64>,
    codec: i64,
    /// Offset of the next page, and of the end of the chunk.
    at: u64,
    end: u64,
    /// Values in the pages that follow, and in the current one.
    later: u64,
    left: u64,
    /// Levels of the page, where values may be missing.
    levels: Option<Runs>,
    values: Option<Values>,
    dictionary: Option<Dictionary>,
}

impl<'a> Pages<'a> {
    /// Begins a chunk of `rows` values, which lies before `end`.
    pub(super) fn new(
        (column, unpacked): (&'a ParquetColumn, &'a Cell<u64>),
        chunk: Chunk,
        rows: i64,
        end: u64,
    ) -> Result<Self, ParquetError> {
        let place = u64::try_from(chunk.start).ok().zip(u64::try_from(chunk.bytes).ok());
        let range = place.and_then(|(at, bytes)| Some((at, at.checked_add(bytes)?)));
        let Some((at, end)) = range.filter(|(_, last)| *last <= end) else {
            return Err(ParquetError::Damaged("a chunk lies outside the file"));
        };
        if chunk.values != rows {
            return Err(ParquetError::Damaged("a column has not as many values as rows"));
        }
        let later = u64::try_from(rows).map_err(|_| WRONG)?;
        let codec = chunk.codec;
        let (levels, values, dictionary) = (None, None, None);
        let left = 0;
        Ok(Self { column, unpacked, codec, at, end, later, left, levels, values, dictionary })
    }

    /// Reads the next value.
    pub(super) fn next<R: Read + Seek>(
        &mut self,
        reader: &mut R,
    ) -> Result<ParquetValue, ParquetError> {
        while self.left == 0 {
            self.turn(reader)?;
        }
        self.left -= 1;
        if let Some(levels) = &mut self.levels {
            match levels.next()? {
                0 => return Ok(ParquetValue::Missing),
                1 => {}
                _ => return Err(ParquetError::Damaged("a level is out of range")),
            }
        }
        match &mut self.values {
            Some(Values::Plain(cursor)) => plain(self.column, cursor),
            Some(Values::Differences(numbers)) => Ok(whole(self.column, numbers.next()?)),
            Some(Values::Indices(indices)) => {
                let index = usize::try_from(indices.next()?).ok();
                self.dictionary.as_ref().zip(index).map_or_else(
                    || Err(ParquetError::Damaged("a page without its dictionary")),
                    |(dictionary, index)| dictionary.value(self.column, index),
                )
            }
            None => Err(WRONG),
        }
    }

    /// Turns to the next page.
    fn turn<R: Read + Seek>(&mut self, reader: &mut R) -> Result<(), ParquetError> {
        let head = bytes(reader, self.at, MAX_HEADER_BYTES.min(self.end - self.at), self.end)?;
        let mut thrift = Thrift::new(&head);
        let header = Header::read(&mut thrift)?;
        let start = self.at + (head.len() - thrift.left()) as u64;
        let (Ok(packed), Ok(unpacked)) =
            (usize::try_from(header.packed), usize::try_from(header.unpacked))
        else {
            return Err(WRONG);
        };
        if packed.max(unpacked) > MAX_PAGE_BYTES {
            return Err(ParquetError::Limit("bytes in a page", MAX_PAGE_BYTES as u64));
        }
        self.unpacked.set(self.unpacked.get().saturating_add(unpacked as u64));
        if self.unpacked.get() > MAX_FILE_BYTES {
            return Err(ParquetError::Limit("bytes unpacked from a file", MAX_FILE_BYTES));
        }
        let page = bytes(reader, start, packed as u64, self.end)?;
        self.at = start + packed as u64;
        if let Some(wanted) = header.crc {
            let mut crc = Crc::new();
            crc.update(&page);
            if i64::from(crc.sum().cast_signed()) != wanted {
                return Err(ParquetError::Damaged("the checksum of a page differs"));
            }
        }
        match header.kind {
            0 | 3 if header.values == 0 => Err(ParquetError::Damaged("a page without values")),
            0 | 3 => self.data(&header, page, unpacked),
            2 if self.dictionary.is_some() => {
                Err(ParquetError::Damaged("a chunk with two dictionaries"))
            }
            2 => {
                let page = unpack(self.column, self.codec, &page, unpacked)?;
                self.dictionary = Some(Dictionary::new(self.column, &header, page)?);
                Ok(())
            }
            // An index of the pages, which is no longer written.
            1 => Ok(()),
            _ => Err(WRONG),
        }
    }

    /// Turns to a page of data, of either version.
    fn data(
        &mut self,
        header: &Header,
        page: Vec<u8>,
        unpacked: usize,
    ) -> Result<(), ParquetError> {
        let values = u64::try_from(header.values).ok();
        let later = values.and_then(|values| self.later.checked_sub(values));
        let (Some(values), Some(later)) = (values, later) else {
            return Err(ParquetError::Damaged("a page has more values than its chunk"));
        };
        let is_second = header.kind == 3;
        let mut cursor;
        if is_second {
            let levels = usize::try_from(header.definition_bytes).ok().filter(|levels| {
                header.repetition_bytes == 0 && *levels <= page.len().min(unpacked)
            });
            let levels = levels.ok_or(WRONG)?;
            let codec = if header.is_packed { self.codec } else { 0 };
            let mut whole = page[..levels].to_vec();
            whole.extend(unpack(self.column, codec, &page[levels..], unpacked - levels)?);
            cursor = Cursor::new(whole.into());
            let part = cursor.split(levels)?;
            self.levels = self.column.optional.then(|| Runs::new(part, 1)).transpose()?;
        } else {
            cursor = Cursor::new(unpack(self.column, self.codec, &page, unpacked)?.into());
            self.levels = None;
            if self.column.optional {
                if header.levels != 3 {
                    let fix = "write it with another program";
                    return Err(refused(self.column, "has levels of an old encoding".into(), fix));
                }
                let length = cursor.length()?;
                self.levels = Some(Runs::new(cursor.split(length)?, 1)?);
            }
        }
        self.values = Some(self.encoded(header.encoding, cursor)?);
        (self.later, self.left) = (later, values);
        Ok(())
    }

    fn encoded(&self, encoding: i64, mut cursor: Cursor) -> Result<Values, ParquetError> {
        let is_whole = matches!(self.column.physical, 1 | 2);
        Ok(match encoding {
            0 => Values::Plain(cursor),
            2 | 8 => {
                // A page without a value may end before the width.
                let width = cursor.bytes(1).map_or(0, |width| width[0]);
                Values::Indices(Runs::new(cursor, width.into())?)
            }
            5 if is_whole => Values::Differences(Differences::new(cursor)?),
            other => {
                let name = match other {
                    6 => "DELTA_LENGTH_BYTE_ARRAY".to_string(),
                    7 => "DELTA_BYTE_ARRAY".to_string(),
                    9 => "BYTE_STREAM_SPLIT".to_string(),
                    other => format!("of number {other}"),
                };
                let fix = "write it with the default encoding";
                return Err(refused(self.column, format!("has the encoding {name}"), fix));
            }
        })
    }
}

impl Dictionary {
    fn new(column: &ParquetColumn, header: &Header, page: Vec<u8>) -> Result<Self, ParquetError> {
        let count = usize::try_from(header.values).map_err(|_| WRONG)?;
        let short = ParquetError::Damaged("a dictionary ends too early");
        if !matches!(header.encoding, 0 | 2) {
            return Err(WRONG);
        }
        let least = size(column).unwrap_or(4);
        if count.checked_mul(least).is_none_or(|bytes| bytes > page.len()) {
            return Err(short);
        }
        let mut cursor = Cursor::new(page.into());
        let mut texts = Vec::new();
        if size(column).is_none() {
            let start = cursor.clone();
            for _ in 0..count {
                texts.push(cursor.at());
                let length = cursor.length()?;
                cursor.bytes(length)?;
            }
            cursor = start;
        }
        Ok(Self { page: cursor, count, texts })
    }

    fn value(&self, column: &ParquetColumn, index: usize) -> Result<ParquetValue, ParquetError> {
        if index >= self.count {
            return Err(ParquetError::Damaged("a value is not in its dictionary"));
        }
        let at = match size(column) {
            Some(size) => index * size,
            None => self.texts[index],
        };
        plain(column, &mut self.page.moved(at))
    }
}

/// Returns the bytes of each value of a column; texts have any length.
const fn size(column: &ParquetColumn) -> Option<usize> {
    match column.physical {
        1 | 4 => Some(4),
        2 | 5 => Some(8),
        _ => None,
    }
}

/// Reads a value as it is.
fn plain(column: &ParquetColumn, cursor: &mut Cursor) -> Result<ParquetValue, ParquetError> {
    Ok(match column.physical {
        1 => whole(column, i32::from_le_bytes(cursor.array()?).into()),
        2 => whole(column, i64::from_le_bytes(cursor.array()?)),
        4 => ParquetValue::Single(f32::from_le_bytes(cursor.array()?)),
        5 => ParquetValue::Number(f64::from_le_bytes(cursor.array()?)),
        _ => {
            let length = cursor.length()?;
            let text = std::str::from_utf8(cursor.bytes(length)?);
            let text = text.map_err(|_| ParquetError::Damaged("a text is not UTF-8"))?;
            ParquetValue::Text(text.to_string())
        }
    })
}

/// Returns the value that a signed number stands for in a column.
fn whole(column: &ParquetColumn, number: i64) -> ParquetValue {
    ParquetValue::Integer(match (column.holds, column.physical) {
        (Holds::Unsigned, 1) => (number.cast_unsigned() & u64::from(u32::MAX)).into(),
        (Holds::Unsigned, _) => number.cast_unsigned().into(),
        // Differences of 32 bits are added without their overflow.
        (_, 1) => i128::from((number << 32) >> 32),
        _ => number.into(),
    })
}

/// Decompresses a page to `length` bytes.
fn unpack(
    column: &ParquetColumn,
    codec: i64,
    page: &[u8],
    length: usize,
) -> Result<Vec<u8>, ParquetError> {
    let wrong = ParquetError::Damaged("a page is not as long as its header says");
    if codec != 0 && length > FREE_BYTES && length / MAX_RATIO > page.len() {
        let what = "bytes unpacked from each packed one";
        return Err(ParquetError::Limit(what, MAX_RATIO as u64));
    }
    let unpacked = match codec {
        0 => page.to_vec(),
        1 if length == 0 && page.is_empty() => Vec::new(),
        1 => snappy::unpacked(page, length)?,
        2 => {
            let mut unpacked = Vec::new();
            let mut limited = MultiGzDecoder::new(page).take(length as u64 + 1);
            let read = limited.read_to_end(&mut unpacked);
            read.map_err(|_| ParquetError::Damaged("a page cannot be decompressed by gzip"))?;
            unpacked
        }
        #[cfg(feature = "parquet")]
        6 => unzstd(page, length)?,
        other => {
            let why = format!("is compressed by {}, which this build does not read", name(other));
            let fix = match other {
                6 => {
                    "write the file with compression = \"snappy\", or read it by a build with the feature parquet, such as \
                     the Python package"
                }
                _ => "write the file with compression = \"snappy\"",
            };
            return Err(refused(column, why, fix));
        }
    };
    if unpacked.len() == length { Ok(unpacked) } else { Err(wrong) }
}

#[cfg(feature = "parquet")]
fn unzstd(page: &[u8], length: usize) -> Result<Vec<u8>, ParquetError> {
    const WRONG: ParquetError = ParquetError::Damaged("a page cannot be decompressed by zstd");
    let mut unpacked = Vec::new();
    let decoder = ruzstd::decoding::StreamingDecoder::new(page).map_err(|_| WRONG)?;
    decoder.take(length as u64 + 1).read_to_end(&mut unpacked).map_err(|_| WRONG)?;
    Ok(unpacked)
}

/// Returns the name of a compression.
fn name(number: i64) -> String {
    match number {
        0 => "none".into(),
        1 => "snappy".into(),
        2 => "gzip".into(),
        3 => "lzo".into(),
        4 => "brotli".into(),
        5 | 7 => "lz4".into(),
        6 => "zstd".into(),
        other => format!("the unknown method {other}"),
    }
}
