//! Conversions between integers that cut nothing.
//!
//! Takes a number of one width, gives the same number in another. A conversion whose bound is kept
//! elsewhere (by the plan, by the memory that a table needs) checks the bound and panics: a number
//! that does not fit is a mistake of the program, not of its input.

/// The place of an entry of a table, as 32 bits.
///
/// # Panics
///
/// If the table has 2³² entries or more. The parts of a scenario are bounded by
/// [`plan::bounds`](crate::plan::bounds), and no other table grows as far in the memory of a machine.
#[must_use]
#[inline]
#[track_caller]
pub const fn place(index: usize) -> u32 {
    table::u32(index)
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
    /// If the table has more. [`plan::bounds`](crate::plan::bounds) refuses such a scenario.
    #[must_use]
    #[inline]
    #[track_caller]
    pub const fn u16(index: usize) -> u16 {
        assert!(index <= u16::MAX as usize, "the plan bounds this table");
        index as u16
    }
}
