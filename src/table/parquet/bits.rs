//! Encodings of whole numbers in fewer bits: runs and packed groups, and differences.
//!
//! Holds: numbers are decoded one at a time, so a run of any length takes no memory.
//! Source: Apache Parquet, “Encodings”: RLE, DELTA_BINARY_PACKED.

use std::rc::Rc;

use super::ParquetError;
use super::thrift::unzigzag;

const SHORT: ParquetError = ParquetError::Damaged("a page ends too early");
const WRONG: ParquetError = ParquetError::Damaged("a page cannot be decoded");

/// A position in a page, up to a limit.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    page: Rc<[u8]>,
    at: usize,
    end: usize,
    /// Bits of the current byte that are read.
    bit: u32,
}

impl Cursor {
    pub(super) fn new(page: Rc<[u8]>) -> Self {
        let end = page.len();
        Self { page, at: 0, end, bit: 0 }
    }

    /// Returns the position in bytes.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// Returns a cursor of the next `count` bytes, and moves behind them.
    pub(super) fn split(&mut self, count: usize) -> Result<Self, ParquetError> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.end).ok_or(SHORT)?;
        let part = Self { page: Rc::clone(&self.page), at: self.at, end, bit: 0 };
        self.at = end;
        Ok(part)
    }

    /// Returns a cursor at byte `at` of the page.
    pub(super) fn moved(&self, at: usize) -> Self {
        Self { page: Rc::clone(&self.page), at: at.min(self.end), end: self.end, bit: 0 }
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&[u8], ParquetError> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.end).ok_or(SHORT)?;
        let bytes = &self.page[self.at..end];
        self.at = end;
        Ok(bytes)
    }

    /// Reads the next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ParquetError> {
        self.bytes(N)?.try_into().map_err(|_| SHORT)
    }

    /// Reads a length in four bytes.
    pub(super) fn length(&mut self) -> Result<usize, ParquetError> {
        usize::try_from(u32::from_le_bytes(self.array()?)).map_err(|_| SHORT)
    }

    fn varint(&mut self) -> Result<u64, ParquetError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.bytes(1)?[0];
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(WRONG)
    }

    /// Reads a number of `width` bits, at most 64, the lowest first.
    fn bits(&mut self, width: u32) -> Result<u64, ParquetError> {
        let (mut value, mut got) = (0, 0);
        while got < width {
            if self.at >= self.end {
                return Err(SHORT);
            }
            let count = (8 - self.bit).min(width - got);
            let byte = u64::from(self.page[self.at]) >> self.bit;
            value |= (byte & ((1 << count) - 1)) << got;
            got += count;
            self.bit += count;
            if self.bit == 8 {
                self.bit = 0;
                self.at += 1;
            }
        }
        Ok(value)
    }
}

/// Runs of equal numbers and groups of packed ones, in turns.
#[derive(Debug)]
pub(super) struct Runs {
    cursor: Cursor,
    width: u32,
    /// Numbers left in the current run.
    left: u64,
    /// The number of the run; `None` if they are packed.
    run: Option<u64>,
}

impl Runs {
    /// Numbers of `width` bits.
    pub(super) fn new(cursor: Cursor, width: u32) -> Result<Self, ParquetError> {
        if width > 32 {
            return Err(WRONG);
        }
        Ok(Self { cursor, width, left: 0, run: None })
    }

    pub(super) fn next(&mut self) -> Result<u64, ParquetError> {
        if self.left == 0 {
            let head = self.cursor.varint()?;
            let is_packed = head & 1 == 1;
            self.left = (head >> 1).checked_mul(if is_packed { 8 } else { 1 }).ok_or(WRONG)?;
            if self.left == 0 {
                return Err(WRONG);
            }
            self.run = if is_packed {
                None
            } else {
                let whole = self.width.div_ceil(8) * 8;
                Some(self.cursor.bits(whole)?)
            };
        }
        self.left -= 1;
        match self.run {
            Some(value) => Ok(value),
            None => self.cursor.bits(self.width),
        }
    }
}

/// Differences of consecutive numbers, packed in blocks.
#[derive(Debug)]
pub(super) struct Differences {
    cursor: Cursor,
    /// Numbers per small block.
    each: u64,
    /// Small blocks per block.
    blocks: usize,
    /// Numbers that are left, and the last one.
    total: u64,
    last: i64,
    is_first: bool,
    /// Widths of the small blocks that are left in the block, the next one last.
    widths: Vec<u8>,
    least: i64,
    /// Numbers left in the current small block, and their width.
    left: u64,
    width: u32,
}

impl Differences {
    pub(super) fn new(mut cursor: Cursor) -> Result<Self, ParquetError> {
        let size = cursor.varint()?;
        let blocks = cursor.varint()?;
        let total = cursor.varint()?;
        let last = unzigzag(cursor.varint()?);
        if blocks == 0 || size == 0 || size % blocks != 0 || (size / blocks) % 8 != 0 {
            return Err(WRONG);
        }
        let (each, blocks) = (size / blocks, usize::try_from(blocks).map_err(|_| WRONG)?);
        let (widths, is_first) = (Vec::new(), true);
        Ok(Self {
            cursor,
            each,
            blocks,
            total,
            last,
            is_first,
            widths,
            least: 0,
            left: 0,
            width: 0,
        })
    }

    pub(super) fn next(&mut self) -> Result<i64, ParquetError> {
        self.total = self.total.checked_sub(1).ok_or(SHORT)?;
        if std::mem::take(&mut self.is_first) {
            return Ok(self.last);
        }
        if self.left == 0 {
            if self.widths.is_empty() {
                self.least = unzigzag(self.cursor.varint()?);
                self.widths = self.cursor.bytes(self.blocks)?.to_vec();
                self.widths.reverse();
            }
            self.width = self.widths.pop().unwrap_or(0).into();
            if self.width > 64 {
                return Err(WRONG);
            }
            self.left = self.each;
        }
        self.left -= 1;
        let more = self.cursor.bits(self.width)?.cast_signed();
        self.last = self.last.wrapping_add(self.least).wrapping_add(more);
        Ok(self.last)
    }
}
