//! Exact sums of floating-point numbers and of their products.
//!
//! Model: every finite `f64` is a whole number of steps of 2⁻¹⁰⁷⁴, and every product of two of them a whole number of
//! steps of 2⁻²¹⁴⁸. An [`Exact`] is such a whole number in limbs of 64 bits, of which only those in use are stored: two to
//! four for ordinary values, at most [`MOST_LIMBS`] for any.
//!
//! Takes numbers, products and other sums; gives their sum, rounded once to the nearest `f64`.
//! Holds: nothing is rounded before that. So the sum does not depend on the order of its terms, nor on how they are
//! grouped, and equal sums have equal limbs. Leaves out: terms that are infinite or not a number; a sum with one has the
//! value not-a-number.
//!
//! Source: Kulisch, Computer Arithmetic and Validity (2013), for the long accumulator.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::convert::halves;

/// Bits of a limb.
const BITS: i32 = 64;
/// Largest number of limbs of a sum of any 2⁶⁰ products: 2⁻²¹⁴⁸ to 2²¹⁰⁸, the sign and a spare one.
const MOST_LIMBS: usize = 72;
/// Lowest place of a limb in such a sum: ⌊−2148 ÷ 64⌋.
const LOWEST: i32 = -34;

/// An exact sum.
#[derive(Clone, Debug, Default)]
pub struct Exact {
    /// Place of the first limb: its lowest bit counts 2^(64 × `low`).
    low: i32,
    /// Limbs in two's complement, the lowest first; none for zero.
    limbs: Vec<u64>,
    /// True if a term was infinite or not a number.
    lost: bool,
}

/// Two sums are equal if their values are.
impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.trimmed(), other.trimmed());
        self.lost == other.lost && (a.0, a.1) == (b.0, b.1)
    }
}

/// Splits a finite number into sign, mantissa and exponent of two: ± mantissa × 2^exponent.
fn split(value: f64) -> (bool, u64, i32) {
    let bits = value.to_bits();
    let exponent = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    let mantissa = bits & ((1 << 52) - 1);
    match exponent {
        0 => (value.is_sign_negative(), mantissa, -1074),
        _ => (value.is_sign_negative(), mantissa | (1 << 52), exponent - 1075),
    }
}

impl Exact {
    /// Returns a sum without terms.
    #[must_use]
    pub const fn new() -> Self {
        Self { low: 0, limbs: Vec::new(), lost: false }
    }

    /// Returns a whole number.
    #[must_use]
    pub fn of(number: u128) -> Self {
        let mut sum = Self::new();
        sum.add_whole(number);
        sum
    }

    /// Adds a number.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.lost = true;
            return;
        }
        let (negative, mantissa, exponent) = split(value);
        self.add_at(negative, u128::from(mantissa), exponent);
    }

    /// Adds the product of two numbers.
    pub fn add_product(&mut self, a: f64, b: f64) {
        if !(a.is_finite() && b.is_finite()) {
            self.lost = true;
            return;
        }
        let ((minus_a, a, of_a), (minus_b, b, of_b)) = (split(a), split(b));
        self.add_at(minus_a != minus_b, u128::from(a) * u128::from(b), of_a + of_b);
    }

    /// Adds a whole number.
    pub fn add_whole(&mut self, number: u128) {
        // In two parts: the sum of the shifted halves fits into three limbs each.
        let [high, low] = halves(number);
        self.add_at(false, u128::from(low), 0);
        self.add_at(false, u128::from(high), BITS);
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.lost |= other.lost;
        self.put(other, false);
    }

    /// Returns the difference to another sum.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut difference = self.clone();
        difference.lost |= other.lost;
        difference.put(other, true);
        difference
    }

    /// Returns the product of two sums.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        let ((minus_a, a), (minus_b, b)) = (self.magnitude(), other.magnitude());
        let mut limbs = vec![0_u64; a.len() + b.len() + 1];
        for (at, x) in a.iter().enumerate() {
            let mut carry = 0;
            for (place, y) in b.iter().chain(&[0]).enumerate() {
                let all = u128::from(*x) * u128::from(*y)
                    + u128::from(limbs[at + place])
                    + u128::from(carry);
                [carry, limbs[at + place]] = halves(all);
            }
        }
        let mut product = Self { low: self.low + other.low, limbs, lost: self.lost || other.lost };
        if minus_a != minus_b {
            product.negate();
        }
        product
    }

    /// Returns the sum, rounded to the nearest number, ties to even; not-a-number where a term had no value.
    #[must_use]
    pub fn value(&self) -> f64 {
        if self.lost {
            return f64::NAN;
        }
        let (negative, limbs) = self.magnitude();
        let Some(top) = limbs.iter().rposition(|limb| *limb != 0) else { return 0.0 };
        let place = |at: usize| i64::try_from(at).unwrap_or(i64::MAX) * 64;
        let base = i64::from(self.low) * 64;
        // Exponent of the highest bit, and of the lowest bit that the result has.
        let highest = base + place(top) + 63 - i64::from(limbs[top].leading_zeros());
        let last = (highest - 52).max(-1074);
        let bit = |exponent: i64| {
            let at = usize::try_from(exponent - base).ok()?;
            Some(limbs.get(at / 64)? >> (at % 64) & 1)
        };
        let mut mantissa = 0_u64;
        for exponent in (last..=highest).rev() {
            mantissa = mantissa << 1 | bit(exponent).unwrap_or(0);
        }
        let below = (base..last - 1).any(|exponent| bit(exponent) == Some(1));
        let half = bit(last - 1) == Some(1);
        mantissa += u64::from(half && (below || mantissa & 1 == 1));
        let size = scaled(mantissa, last);
        if negative { -size } else { size }
    }

    /// Adds ± `mantissa` × 2^`exponent`; the mantissa has at most 106 bits.
    fn add_at(&mut self, negative: bool, mantissa: u128, exponent: i32) {
        if mantissa == 0 {
            return;
        }
        let (place, shift) = (exponent.div_euclid(BITS), exponent.rem_euclid(BITS));
        let [high, low] = halves(mantissa);
        let [carry, first] = halves(u128::from(low) << shift);
        let [third, second] = halves((u128::from(high) << shift) + u128::from(carry));
        let at = self.cover(place, 3);
        self.add_limbs(at, &[first, second, third], negative);
    }

    /// Adds or subtracts another sum.
    fn put(&mut self, other: &Self, subtract: bool) {
        let (negative, limbs) = other.magnitude();
        if limbs.is_empty() {
            return;
        }
        let at = self.cover(other.low, limbs.len());
        self.add_limbs(at, &limbs, negative != subtract);
    }

    /// Extends the limbs to those from `place` on, with a spare one above; returns where `place` is among them.
    fn cover(&mut self, place: i32, count: usize) -> usize {
        if self.limbs.is_empty() {
            self.low = place;
        }
        if place < self.low {
            let more = usize::try_from(self.low - place).unwrap_or(0);
            self.limbs.splice(0..0, std::iter::repeat_n(0, more));
            self.low = place;
        }
        let at = usize::try_from(place - self.low).unwrap_or(0);
        let sign = self.sign();
        // A sum of two numbers below a quarter of the range does not leave it.
        let top = self.limbs.last().map_or(0, |top| top >> 62);
        let full = usize::from(top == 1 || top == 2);
        let needed = (at + count + 1).max(self.limbs.len() + full);
        self.limbs.resize(needed, sign);
        at
    }

    /// Returns the limb that continues it upwards.
    fn sign(&self) -> u64 {
        if self.limbs.last().is_some_and(|top| top >> 63 == 1) { u64::MAX } else { 0 }
    }

    /// Adds or subtracts limbs from `at` on; all limbs above are there.
    fn add_limbs(&mut self, at: usize, limbs: &[u64], subtract: bool) {
        let mut carry = false;
        for (place, own) in self.limbs[at..].iter_mut().enumerate() {
            let other = limbs.get(place).copied();
            if other.is_none() && !carry {
                break;
            }
            let other = other.unwrap_or(0);
            let (one, first) =
                if subtract { own.overflowing_sub(other) } else { own.overflowing_add(other) };
            let (two, second) = match subtract {
                true => one.overflowing_sub(u64::from(carry)),
                false => one.overflowing_add(u64::from(carry)),
            };
            (*own, carry) = (two, first || second);
        }
    }

    fn negate(&mut self) {
        let mut carry = true;
        for limb in &mut self.limbs {
            (*limb, carry) = (!*limb).overflowing_add(u64::from(carry));
        }
    }

    /// Returns whether it is negative, and the limbs of its absolute value, from `low` on.
    fn magnitude(&self) -> (bool, Vec<u64>) {
        let negative = self.sign() != 0;
        let mut size = self.clone();
        if negative {
            size.negate();
        }
        (negative, size.limbs)
    }

    /// Returns the place of the lowest limb and the limbs, without those that say nothing.
    fn trimmed(&self) -> (i32, &[u64]) {
        let sign = self.sign();
        let Some(first) = self.limbs.iter().position(|limb| *limb != 0) else { return (0, &[]) };
        let mut end = self.limbs.len();
        // The top limb may go if the one below it has the same sign.
        while end > first + 1
            && self.limbs[end - 1] == sign
            && self.limbs[end - 2] >> 63 == sign & 1
        {
            end -= 1;
        }
        let low = self.low.saturating_add(i32::try_from(first).unwrap_or(i32::MAX));
        (low, &self.limbs[first..end])
    }
}

/// Returns `mantissa` × 2^`exponent`, infinite above the range. The mantissa is at most 2⁵³, and the exponent at least
/// −1074.
fn scaled(mantissa: u64, exponent: i64) -> f64 {
    let power = |exponent: i64| match u64::try_from(exponent + 1023) {
        Ok(biased @ 1..) => f64::from_bits(biased << 52),
        // 2^exponent is a subnormal number.
        _ => f64::from_bits(1 << (exponent + 1074).clamp(0, 51)),
    };
    match exponent {
        972.. => f64::INFINITY,
        _ => mantissa as f64 * power(exponent),
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (low, limbs) = self.trimmed();
        (low, limbs, self.lost).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (low, limbs, lost) = <(i32, Vec<u64>, bool)>::deserialize(from)?;
        if !(LOWEST..=-LOWEST).contains(&low) || limbs.len() > MOST_LIMBS {
            return Err(D::Error::custom("a sum is out of range"));
        }
        Ok(Self { low, limbs, lost })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(values: &[f64]) -> Exact {
        let mut sum = Exact::new();
        values.iter().for_each(|value| sum.add(*value));
        sum
    }

    fn bytes(sum: &Exact) -> Vec<u8> {
        postcard::to_stdvec(sum).unwrap()
    }

    /// Any finite number, of any size.
    fn finite() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |value| value.is_finite()),
            -1e6..1e6,
            Just(0.0),
            Just(f64::MAX),
            Just(-f64::MAX),
            Just(f64::from_bits(1)),
        ]
    }

    #[test]
    fn large_terms_cancel_without_a_trace() {
        assert_eq!(sum(&[1e308, 1.0, -1e308]).value(), 1.0);
        assert_eq!(sum(&[1e308, 1e308, -1e308]).value(), 1e308);
        assert_eq!(sum(&[f64::MAX, f64::MAX]).value(), f64::INFINITY);
        assert_eq!(sum(&[f64::MAX, f64::MAX, -f64::MAX]).value(), f64::MAX);
        // One tenth is stored as 3602879701896397 × 2⁻⁵⁵; ten of them are 1 + 2⁻⁵⁴, nearest to 1.
        assert_eq!(sum(&[0.1; 10]).value(), 1.0);
        assert_eq!(sum(&[]).value(), 0.0);
        assert!(sum(&[1.0, f64::NAN]).value().is_nan());
        assert!(sum(&[f64::INFINITY]).value().is_nan());
    }

    /// 2⁵³ + 1 lies between two numbers: to the even one; with anything more, up.
    #[test]
    fn a_sum_is_rounded_once_to_the_nearest() {
        let two_53 = 9_007_199_254_740_992.0;
        assert_eq!(sum(&[two_53, 1.0]).value(), two_53);
        assert_eq!(sum(&[two_53, 1.0, f64::from_bits(1)]).value(), two_53 + 2.0);
        assert_eq!(sum(&[two_53 + 2.0, 1.0]).value(), two_53 + 4.0);
        assert_eq!(sum(&[-two_53, -1.0]).value(), -two_53);
        let least = f64::from_bits(1);
        assert_eq!(sum(&[least, least, least]).value(), f64::from_bits(3));
        assert_eq!(sum(&[f64::MIN_POSITIVE, -least]).value(), f64::from_bits((1 << 52) - 1));
    }

    #[test]
    fn nothing_but_sums_in_range_are_read() {
        let far = postcard::to_stdvec(&(i32::MIN, vec![1_u64], false)).unwrap();
        assert!(postcard::from_bytes::<Exact>(&far).is_err());
        let long = postcard::to_stdvec(&(0, vec![1_u64; 100], false)).unwrap();
        assert!(postcard::from_bytes::<Exact>(&long).is_err());
    }

    proptest! {
        /// The limbs are the same for any order and any grouping, and so is what is written of them.
        #[test]
        fn order_and_grouping_do_not_matter(
            mut values in prop::collection::vec(finite(), 0..40),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
            turn in any::<prop::sample::Index>(),
        ) {
            let all = sum(&values);
            let turn = if values.is_empty() { 0 } else { turn.index(values.len()) };
            values.rotate_left(turn);
            values.reverse();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(values.len() + 1)).collect();
            cuts.extend([0, values.len()]);
            cuts.sort_unstable();
            let mut groups: Vec<Exact> = cuts.windows(2).map(|of| sum(&values[of[0]..of[1]])).collect();
            groups.reverse();
            let mut grouped = Exact::new();
            groups.iter().for_each(|group| grouped.merge(group));
            prop_assert_eq!(&grouped, &all);
            prop_assert_eq!(bytes(&grouped), bytes(&all));
            prop_assert_eq!(grouped.value().to_bits(), all.value().to_bits());
            let read: Exact = postcard::from_bytes(&bytes(&all)).unwrap();
            prop_assert_eq!(&read, &all);
            prop_assert!(all.limbs.len() <= MOST_LIMBS);
        }

        /// Against whole numbers: 64ths up to 2⁴⁰ in size, whose sums and products `i128` holds.
        #[test]
        fn sums_and_products_are_those_of_whole_numbers(
            pairs in prop::collection::vec((-(1_i64 << 46)..1 << 46, -(1_i64 << 46)..1 << 46), 0..40),
        ) {
            let number = |steps: i64| steps as f64 / 64.0;
            let (mut plain, mut product) = (Exact::new(), Exact::new());
            let (mut whole, mut crossed) = (0_i128, 0_i128);
            for (a, b) in &pairs {
                plain.add(number(*a));
                product.add_product(number(*a), number(*b));
                whole += i128::from(*a);
                crossed += i128::from(*a) * i128::from(*b);
            }
            // A conversion of `i128` rounds to the nearest, ties to even; a division by 64 is exact.
            prop_assert_eq!(plain.value(), whole as f64 / 64.0);
            prop_assert_eq!(product.value(), crossed as f64 / 4_096.0);
            let times = plain.times(&plain).minus(&product);
            let expected = whole.checked_mul(whole).map(|square| square - crossed);
            if let Some(expected) = expected {
                prop_assert_eq!(times.value(), expected as f64 / 4_096.0);
            }
        }

        /// A sum of one is that one; two that cancel are nothing; of two, the result is the hardware's.
        #[test]
        fn few_terms_are_as_the_processor_adds_them(a in finite(), b in finite()) {
            prop_assert_eq!(sum(&[a]).value(), a);
            prop_assert_eq!(sum(&[a, -a]).value(), 0.0);
            prop_assert_eq!(sum(&[a, b]).value(), a + b);
            prop_assert_eq!(sum(&[a]).minus(&sum(&[b])).value(), a - b);
            let mut product = Exact::new();
            product.add_product(a, b);
            prop_assert_eq!(product.value(), a * b);
            prop_assert_eq!(sum(&[a]).times(&sum(&[b])).value(), a * b);
        }
    }
}
