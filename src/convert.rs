//! Number conversions, each with a defined result for a number that does not fit.
//!
//! There are three kinds. No other place of the crate narrows a number with `as` (`Cargo.toml` denies it):
//!
//! - *Indices* ([`place`], [`table`], [`index`]): the bound is kept elsewhere, by the plan or by the memory that a
//!   table needs. These functions check it and panic: an index that does not fit is a defect of the program, not of
//!   its input.
//! - *Whole numbers of computed values* ([`whole`], [`nearest`], [`below`]): defined for every `f64`. They saturate
//!   at the bounds of the type; a caller that must not confuse a bound with a value checks first.
//! - *Bits* ([`low`], [`low_half`], [`halves`]): truncated by definition.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the one module that narrows, each time with the check or the definition beside it"
)]

// Indices of 32 bits are converted to `usize` without a check.
const _: () = assert!(usize::BITS >= u32::BITS, "a machine of 32 bits at least");

/// Converts the index of a table entry to 32 bits.
///
/// # Panics
///
/// If `index` is 2³² or more. The parts of a scenario are bounded by `plan::bounds`, and no other table grows as far
/// in the memory of a machine.
#[must_use]
#[inline]
#[track_caller]
pub const fn place(index: usize) -> u32 {
    table::u32(index)
}

/// Converts a number of 64 bits to an index; on a machine of 64 bits the check costs nothing.
///
/// # Panics
///
/// If `usize` cannot hold the number.
#[must_use]
#[inline]
#[track_caller]
pub const fn index(number: u64) -> usize {
    let index = number as usize;
    assert!(index as u64 == number, "a table fits the machine");
    index
}

/// Table indices by the integer type that stores them.
pub mod table {
    /// Like [`place`](super::place).
    ///
    /// # Panics
    ///
    /// If `index` is 2³² or more.
    #[must_use]
    #[inline]
    #[track_caller]
    pub const fn u32(index: usize) -> u32 {
        assert!(index <= u32::MAX as usize, "a table has fewer than 2^32 entries");
        index as u32
    }

    /// Converts an index into a table of at most 65,536 entries.
    ///
    /// # Panics
    ///
    /// If `index` is larger. `plan::bounds` refuses such a scenario.
    #[must_use]
    #[inline]
    #[track_caller]
    pub const fn u16(index: usize) -> u16 {
        assert!(index <= u16::MAX as usize, "the plan bounds this table");
        index as u16
    }

    /// Converts an index into a table of at most 256 entries.
    ///
    /// # Panics
    ///
    /// If `index` is larger. The states of an automaton (64 at most, `health::compile`) and the mounts of a service
    /// (255 at most, `plan::bounds`) are bounded where they are declared.
    #[must_use]
    #[inline]
    #[track_caller]
    pub const fn u8(index: usize) -> u8 {
        assert!(index <= u8::MAX as usize, "what is declared bounds this table");
        index as u8
    }
}

/// Conversion by truncation toward zero. NaN becomes 0; a value out of range becomes the nearest bound of the type,
/// so a negative number becomes 0 in an unsigned type.
pub mod whole {
    macro_rules! whole {
        ($($to:ident)*) => {$(
            /// Truncates toward zero and saturates at the bounds of the type.
            #[must_use]
            #[inline(always)]
            pub const fn $to(number: f64) -> $to {
                number as $to
            }
        )*};
    }
    whole!(u8 u16 u32 u64 usize i32 i64 i128);
}

/// Returns the nearest whole number, ties away from zero. NaN and negative numbers become 0; larger values become 2⁶⁴
/// − 1.
#[must_use]
#[inline]
pub fn nearest(number: f64) -> u64 {
    whole::u64(number.round())
}

/// Maps a `uniform` number from 0 to 1 to an index below `count`, each equally likely; `count` is at least one.
#[must_use]
#[inline]
pub fn below(uniform: f64, count: usize) -> usize {
    debug_assert!(count > 0, "one of none");
    // Rounding may raise the product to `count` itself.
    whole::usize(uniform * count as f64).min(count - 1)
}

/// Returns the low 32 bits.
#[must_use]
#[inline]
pub const fn low(bits: u64) -> u32 {
    bits as u32
}

/// Returns the low 64 bits.
#[must_use]
#[inline]
pub const fn low_half(bits: u128) -> u64 {
    bits as u64
}

/// Returns the high and the low 64 bits.
#[must_use]
#[inline]
pub const fn halves(bits: u128) -> [u64; 2] {
    [(bits >> 64) as u64, bits as u64]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_does_not_fit_becomes_the_end_of_the_type() {
        for (number, unsigned, signed) in [
            (f64::NAN, 0, 0),
            (f64::NEG_INFINITY, 0, i64::MIN),
            (-0.9, 0, 0),
            (-1.5, 0, -1),
            (0.999, 0, 0),
            (1.5, 1, 1),
            (9.3e18, 9_300_000_000_000_000_000, i64::MAX),
            (f64::INFINITY, u64::MAX, i64::MAX),
        ] {
            assert_eq!((whole::u64(number), whole::i64(number)), (unsigned, signed), "{number}");
        }
        assert_eq!([2.5, 0.5, 0.49, -3.0, 1e30].map(nearest), [3, 1, 0, 0, u64::MAX]);
    }

    #[test]
    fn every_uniform_has_a_place() {
        assert_eq!([0.0, 0.3, 0.34, 0.999].map(|uniform| below(uniform, 3)), [0, 0, 1, 2]);
        // If the count exceeds 53 bits, the product is the count.
        assert_eq!(below(1.0, 3), 2);
    }

    #[test]
    fn halves_of_bits_put_together_are_the_bits() {
        let bits = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210_u128;
        let [high, low_part] = halves(bits);
        assert_eq!(u128::from(high) << 64 | u128::from(low_part), bits);
        assert_eq!((low_half(bits), low(low_part)), (low_part, 0x7654_3210));
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    #[should_panic(expected = "fewer than 2^32")]
    fn a_place_beyond_its_type_is_never_cut() {
        let _ = place(1 << 32);
    }
}
