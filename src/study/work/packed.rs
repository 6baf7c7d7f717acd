//! Results without the repetitions in them.
//!
//! Model: a result of the horizon has a column of numbers for each meter, net and cause, and many columns are equal: the
//! downtime of a class is that of the server behind it. Columns are far apart, beyond the 32 KiB in which gzip finds a
//! repetition. So repetitions are replaced first, at any distance, and gzip packs what is left.
//!
//! Form: the length of the whole, then literal bytes and copies in turn until the whole is there: the number of literal
//! bytes, these bytes, the length of the copy, and how far back it begins. All numbers are in base 128, the lowest digit
//! first; a set top bit continues a number.
//! Holds: what is unpacked is what was packed; bytes that were not packed here give `None`.
//! Source: Ziv & Lempel, A universal algorithm for sequential data compression (1977).

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// Shortest copy, in bytes.
const LEAST: usize = 24;
/// Bytes by which an earlier place is found.
const SEEN: usize = 16;
/// Bits of the table of earlier places.
const BITS: u32 = 17;
/// Longest result, unpacked. A range has at most 64 values of each figure: 16 MiB for each.
const MOST: u64 = 1 << 30;

/// Packs a result.
///
/// # Panics
///
/// Never: memory takes all.
pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&shortened(bytes)).expect("memory takes all");
    packed.finish().expect("memory takes all")
}

/// Unpacks a result; `None` if the bytes are none.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut short = Vec::new();
    DeflateDecoder::new(packed).take(MOST).read_to_end(&mut short).ok()?;
    whole(&short)
}

/// Returns the place in the table of the bytes from `at` on.
fn place(bytes: &[u8], at: usize) -> Option<usize> {
    let seen = bytes.get(at..at + SEEN)?;
    let (low, high) = seen.split_at(SEEN / 2);
    let number = |half: &[u8]| half.iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
    let mixed = number(low)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(32)
        .wrapping_add(number(high))
        .wrapping_mul(0xd6e8_feb8_6659_fd93);
    usize::try_from(mixed >> (u64::BITS - BITS)).ok()
}

fn put(into: &mut Vec<u8>, mut number: usize) {
    while number >= 128 {
        into.push(low_byte(number) | 128);
        number >>= 7;
    }
    into.push(low_byte(number));
}

/// Returns the lowest seven bits.
fn low_byte(number: usize) -> u8 {
    u8::try_from(number & 127).unwrap_or(0)
}

/// Reads a number; `None` without one.
fn take(from: &mut &[u8]) -> Option<usize> {
    let (mut number, mut shift) = (0_usize, 0);
    loop {
        let (first, rest) = from.split_first()?;
        *from = rest;
        if shift > 56 {
            return None;
        }
        number |= usize::from(first & 127) << shift;
        if first & 128 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

/// Replaces repetitions.
fn shortened(bytes: &[u8]) -> Vec<u8> {
    let mut short = Vec::new();
    put(&mut short, bytes.len());
    // Earlier places, one more than each: 0 is none.
    let mut places = vec![0_usize; 1 << BITS];
    let (mut at, mut literal) = (0, 0);
    while let Some(place) = place(bytes, at) {
        let earlier = std::mem::replace(&mut places[place], at + 1).checked_sub(1);
        let length = earlier.map_or(0, |earlier| {
            bytes[earlier..]
                .iter()
                .zip(&bytes[at..])
                .take_while(|(one, other)| one == other)
                .count()
        });
        let Some(earlier) = earlier.filter(|_| length >= LEAST) else {
            at += 1;
            continue;
        };
        put(&mut short, at - literal);
        short.extend(&bytes[literal..at]);
        put(&mut short, length);
        put(&mut short, at - earlier);
        at += length;
        literal = at;
    }
    put(&mut short, bytes.len() - literal);
    short.extend(&bytes[literal..]);
    short
}

/// Puts repetitions back; `None` if the bytes are not those of [`shortened`].
fn whole(mut short: &[u8]) -> Option<Vec<u8>> {
    let length = take(&mut short).filter(|length| *length as u64 <= MOST)?;
    let mut bytes = Vec::new();
    loop {
        let literal = take(&mut short)?;
        let (own, rest) = short.split_at_checked(literal)?;
        bytes.extend(own);
        short = rest;
        if bytes.len() >= length {
            return (bytes.len() == length && short.is_empty()).then_some(bytes);
        }
        let (count, back) = (take(&mut short)?, take(&mut short)?);
        let from = bytes.len().checked_sub(back).filter(|_| back > 0)?;
        if count > length - bytes.len() {
            return None;
        }
        // A copy may overlap itself.
        for at in from..from + count {
            bytes.push(bytes[at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A column of numbers, as a result has many.
    fn column() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0_u8..4, 1..60)
    }

    proptest! {
        #[test]
        fn what_is_packed_is_what_is_unpacked(
            columns in prop::collection::vec(column(), 1..6),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let some = order.iter().flat_map(|at| at.get(&columns).clone());
            let bytes: Vec<u8> = some.collect();
            prop_assert_eq!(unpack(&pack(&bytes)), Some(bytes));
        }

        #[test]
        fn other_bytes_are_refused_or_something_else(bytes in any::<Vec<u8>>()) {
            let _ = unpack(&bytes);
            let _ = whole(&bytes);
        }
    }

    /// Two columns of 16 numbers, the second of which comes again behind 100 kB of others.
    #[test]
    fn a_repetition_far_away_is_found() {
        let mut number = 1_u64;
        let mut next = || {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            u8::try_from(number >> 56).unwrap_or(0)
        };
        let mut bytes: Vec<u8> = (0..100_000).map(|_| next()).collect();
        let alone = pack(&bytes).len();
        let again = bytes[128..256].to_vec();
        bytes.extend(again);
        // The length of the copy and how far back it begins take at most seven bytes; the literal before it as many.
        assert!(pack(&bytes).len() <= alone + 16);
        // A run of one number is a copy of itself.
        assert!(shortened(&[0; 100_000]).len() < 32);
        assert_eq!(unpack(&pack(&[0; 100_000])), Some(vec![0; 100_000]));
    }

    #[test]
    fn damaged_results_are_none() {
        let short = shortened(&[7; 1_000]);
        assert!(whole(&short[..short.len() - 1]).is_none());
        assert!(whole(&[]).is_none());
        // Nine bytes of a number are more than it has.
        assert!(whole(&[255; 12]).is_none());
        // A copy from before the beginning, and one that goes beyond the end.
        assert!(whole(&[30, 1, 7, 29, 2, 0]).is_none());
        assert!(whole(&[30, 1, 7, 30, 1, 0]).is_none());
        assert_eq!(whole(&[30, 1, 7, 29, 1, 0]), Some(vec![7; 30]));
    }
}
