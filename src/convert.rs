//! Conversions between numbers that say what becomes of a number that does not fit.
//!
//! Takes a number of one type, gives it in another. There are three kinds, and no other place of the
//! crate narrows a number with `as` (`Cargo.toml` denies it):
//!
//! - *Places* ([`place`], [`table`], [`index`]): the bound is kept elsewhere, by the plan or by the memory
//!   that a table needs. They check it and panic: a place that does not fit is a mistake of the program,
//!   not of its input.
//! - *Whole numbers of what was computed* ([`whole`], [`nearest`], [`below`]): defined for every `f64`. They
//!   end at the ends of the type, so whoever must not take the end for the number asks before.
//! - *Bits* ([`low`], [`low_half`], [`halves`]): cut by definition.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the one module that narrows, each time with the check or the definition beside it"
)]

// Indices of 32 bits are used as places without a question.
const _: () = assert!(usize::BITS >= u32::BITS, "a machine of 32 bits at least");

/// The place of an entry of a table, as 32 bits.
///
/// # Panics
///
/// If the table has 2³² entries or more. The parts of a scenario are bounded by
/// `plan::bounds`, and no other table grows as far in the memory of a machine.
#[must_use]
#[inline]
#[track_caller]
pub const fn place(index: usize) -> u32 {
    table::u32(index)
}

/// A number of 64 bits as the place of an entry: the check is none on a machine of 64 bits.
///
/// # Panics
///
/// If the machine has no table of that length.
#[must_use]
#[inline]
#[track_caller]
pub const fn index(number: u64) -> usize {
    let index = number as usize;
    assert!(index as u64 == number, "a table fits the machine");
    index
}

/// Places of entries by the type that keeps them.
pub mod table {
    /// As [`place`](super::place).
    ///
    /// # Panics
    ///
    /// If the table has 2³² entries or more.
    #[must_use]
    #[inline]
    #[track_caller]
    pub const fn u32(index: usize) -> u32 {
        assert!(index <= u32::MAX as usize, "a table has fewer than 2^32 entries");
        index as u32
    }

    /// A place in a table of at most 65,536 entries.
    ///
    /// # Panics
    ///
    /// If the table has more. `plan::bounds` refuses such a scenario.
    #[must_use]
    #[inline]
    #[track_caller]
    pub const fn u16(index: usize) -> u16 {
        assert!(index <= u16::MAX as usize, "the plan bounds this table");
        index as u16
    }

    /// A place in a table of at most 256 entries.
    ///
    /// # Panics
    ///
    /// If the table has more: the states of an automaton (64 at most, `health::compile`) and the mounts of a
    /// service (255 at most, `plan::bounds`) are bounded where they are declared.
    #[must_use]
    #[inline]
    #[track_caller]
    pub const fn u8(index: usize) -> u8 {
        assert!(index <= u8::MAX as usize, "what is declared bounds this table");
        index as u8
    }
}

/// The whole part of a number: what comes after the point is dropped. What is not a number is 0, what lies
/// beyond an end of the type is that end (so a negative number is 0 where the type has no sign).
pub mod whole {
    macro_rules! whole {
        ($($to:ident)*) => {$(
            /// As the module says.
            #[must_use]
            #[inline(always)]
            pub const fn $to(number: f64) -> $to {
                number as $to
            }
        )*};
    }
    whole!(u8 u16 u32 u64 usize i32 i64 i128);
}

/// The nearest whole number, halves away from zero. What is not a number or negative is 0, what lies beyond
/// 2⁶⁴ − 1 is that.
#[must_use]
#[inline]
pub fn nearest(number: f64) -> u64 {
    whole::u64(number.round())
}

/// A place below `count`, at least one, from a `uniform` number between 0 and 1: each is equally likely.
#[must_use]
#[inline]
pub fn below(uniform: f64, count: usize) -> usize {
    debug_assert!(count > 0, "one of none");
    // The product may round up to the count itself.
    whole::usize(uniform * count as f64).min(count - 1)
}

/// The low 32 bits.
#[must_use]
#[inline]
pub const fn low(bits: u64) -> u32 {
    bits as u32
}

/// The low 64 bits.
#[must_use]
#[inline]
pub const fn low_half(bits: u128) -> u64 {
    bits as u64
}

/// The high and the low 64 bits.
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
        // Where the count is not a number of 53 bits, the product is the count.
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
