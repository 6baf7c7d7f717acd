//! The compact protocol of Thrift, in which Parquet writes its footer and the headers of its pages.
//!
//! In: untrusted bytes. Out: fields and elements, one at a time. Holds: nothing is allocated; a length or a count is
//! compared with the bytes that are left before it is used; structures nest at most [`DEEPEST`] times.
//! Source: Apache Thrift, “Thrift Compact Protocol”.

use super::ParquetError;

/// Types of fields, as the protocol numbers them. A field that is true or false has its value as its type.
pub(super) const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;
/// Deepest nesting of structures; Parquet needs 6.
const DEEPEST: u8 = 16;

const SHORT: ParquetError = ParquetError::Damaged("its metadata ends too early");
const WRONG: ParquetError = ParquetError::Damaged("its metadata cannot be parsed");

/// A reader of one structure.
#[derive(Debug)]
pub(super) struct Thrift<'a> {
    rest: &'a [u8],
    depth: u8,
}

impl<'a> Thrift<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, depth: 0 }
    }

    /// Returns the number of bytes that are not read yet.
    pub(super) const fn left(&self) -> usize {
        self.rest.len()
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], ParquetError> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(SHORT)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, ParquetError> {
        Ok(self.bytes(1)?[0])
    }

    fn varint(&mut self) -> Result<u64, ParquetError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(WRONG)
    }

    /// Reads an integer of 16, 32 or 64 bits.
    pub(super) fn integer(&mut self, kind: u8) -> Result<i64, ParquetError> {
        match kind {
            BYTE => Ok(self.byte()?.cast_signed().into()),
            I16..=I64 => Ok(unzigzag(self.varint()?)),
            _ => Err(WRONG),
        }
    }

    /// Reads text; bytes that are not UTF-8 are replaced.
    pub(super) fn text(&mut self, kind: u8) -> Result<String, ParquetError> {
        if kind != BINARY {
            return Err(WRONG);
        }
        let length = self.length()?;
        Ok(String::from_utf8_lossy(self.bytes(length)?).into_owned())
    }

    /// Reads a length or a count, of things of at least a byte.
    fn length(&mut self) -> Result<usize, ParquetError> {
        let length = usize::try_from(self.varint()?).map_err(|_| SHORT)?;
        if length > self.rest.len() { Err(SHORT) } else { Ok(length) }
    }

    /// Gives each field of a structure to `take`, with its number and type. A field that `take` does not read, by its
    /// answer `false`, is skipped.
    pub(super) fn fields(
        &mut self,
        kind: u8,
        take: &mut dyn FnMut(&mut Self, i64, u8) -> Result<bool, ParquetError>,
    ) -> Result<(), ParquetError> {
        if kind != STRUCT || self.depth >= DEEPEST {
            return Err(WRONG);
        }
        self.depth += 1;
        let mut id = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                break;
            }
            id = match head >> 4 {
                0 => unzigzag(self.varint()?),
                step => id + i64::from(step),
            };
            if !(0..=i64::from(i16::MAX)).contains(&id) {
                return Err(WRONG);
            }
            if !take(self, id, head & 15)? {
                self.skip(head & 15)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads the structure that the bytes begin with.
    pub(super) fn whole(
        &mut self,
        take: &mut dyn FnMut(&mut Self, i64, u8) -> Result<bool, ParquetError>,
    ) -> Result<(), ParquetError> {
        self.fields(STRUCT, take)
    }

    /// Gives each element of a list to `take`, with its type.
    pub(super) fn list(
        &mut self,
        kind: u8,
        take: &mut dyn FnMut(&mut Self, u8) -> Result<(), ParquetError>,
    ) -> Result<(), ParquetError> {
        if kind != LIST && kind != SET {
            return Err(WRONG);
        }
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.length()?,
            short => usize::from(short),
        };
        for _ in 0..count {
            take(self, head & 15)?;
        }
        Ok(())
    }

    fn skip(&mut self, kind: u8) -> Result<(), ParquetError> {
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.byte().map(|_| ()),
            I16..=I64 => self.varint().map(|_| ()),
            DOUBLE => self.bytes(8).map(|_| ()),
            BINARY => {
                let length = self.length()?;
                self.bytes(length).map(|_| ())
            }
            LIST | SET => self.nested(|one| one.list(kind, &mut Self::skip_element)),
            MAP => self.nested(|one| {
                let count = one.length()?;
                let kinds = if count == 0 { 0 } else { one.byte()? };
                for _ in 0..count {
                    one.skip_element(kinds >> 4)?;
                    one.skip_element(kinds & 15)?;
                }
                Ok(())
            }),
            STRUCT => self.fields(STRUCT, &mut |_, _, _| Ok(false)),
            _ => Err(WRONG),
        }
    }

    /// Skips an element, which has its value in a byte if it is true or false.
    fn skip_element(&mut self, kind: u8) -> Result<(), ParquetError> {
        match kind {
            TRUE | FALSE => self.byte().map(|_| ()),
            _ => self.skip(kind),
        }
    }

    fn nested(
        &mut self,
        skip: impl FnOnce(&mut Self) -> Result<(), ParquetError>,
    ) -> Result<(), ParquetError> {
        if self.depth >= DEEPEST {
            return Err(WRONG);
        }
        self.depth += 1;
        skip(self)?;
        self.depth -= 1;
        Ok(())
    }
}

/// Returns the signed number that `value` encodes: 0, −1, 1, −2, …
pub(super) const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}
