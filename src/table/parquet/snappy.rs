//! The block format of Snappy, decompressed.
//!
//! Holds: as many bytes as the caller expects, or an error; a copy reads only what is there already.
//! Source: Google, “Snappy compressed format description”.

use super::ParquetError;

const DAMAGED: ParquetError = ParquetError::Damaged("a page cannot be decompressed by snappy");

/// Decompresses `packed` to exactly `length` bytes.
pub(super) fn unpacked(packed: &[u8], length: usize) -> Result<Vec<u8>, ParquetError> {
    let mut rest = packed;
    let mut declared = 0_u64;
    for shift in (0..35).step_by(7) {
        let byte = little_endian(&mut rest, 1)?;
        declared |= (byte as u64 & 0x7F) << shift;
        if byte < 0x80 {
            break;
        }
    }
    if declared != length as u64 {
        return Err(DAMAGED);
    }
    let mut out = Vec::with_capacity(length);
    while !rest.is_empty() {
        let tag = little_endian(&mut rest, 1)?;
        let (count, offset) = match tag & 3 {
            0 => {
                let count = match tag >> 2 {
                    short @ 0..60 => short,
                    long => little_endian(&mut rest, long - 59)?,
                };
                let parts = count.checked_add(1).and_then(|count| rest.split_at_checked(count));
                let (literal, after) = parts.ok_or(DAMAGED)?;
                if literal.len() > length - out.len() {
                    return Err(DAMAGED);
                }
                out.extend_from_slice(literal);
                rest = after;
                continue;
            }
            1 => (4 + (tag >> 2 & 7), (tag >> 5) << 8 | little_endian(&mut rest, 1)?),
            2 => (1 + (tag >> 2), little_endian(&mut rest, 2)?),
            _ => (1 + (tag >> 2), little_endian(&mut rest, 4)?),
        };
        if offset == 0 || offset > out.len() || count > length - out.len() {
            return Err(DAMAGED);
        }
        // A copy may read the bytes that it writes.
        for _ in 0..count {
            out.push(out[out.len() - offset]);
        }
    }
    if out.len() == length { Ok(out) } else { Err(DAMAGED) }
}

/// Reads a number of `count` bytes, at most 4.
fn little_endian(rest: &mut &[u8], count: usize) -> Result<usize, ParquetError> {
    let (bytes, after) = rest.split_at_checked(count).ok_or(DAMAGED)?;
    *rest = after;
    Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}
