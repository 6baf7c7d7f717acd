//! Laws given by their values: discrete, and empirical with linear interpolation.

use super::Family;

/// A value and its probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Atom {
    /// The value.
    pub value: f64,
    /// P(X = value).
    pub weight: f64,
    /// P(X ≤ value).
    pub cumulative: f64,
}

/// Discrete law on a finite number of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Discrete {
    /// Atoms in rising order, each value once; the last cumulative probability is 1.
    atoms: Vec<Atom>,
}

impl Discrete {
    /// Creates the law from values with weights that sum to 1; merges equal values, drops those of weight zero.
    pub(super) fn new(mut pairs: Vec<(f64, f64)>) -> Self {
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut atoms: Vec<Atom> = Vec::with_capacity(pairs.len());
        let mut cumulative = 0.0;
        for (value, weight) in pairs.into_iter().filter(|(_, weight)| *weight > 0.0) {
            cumulative += weight;
            match atoms.last_mut() {
                Some(last) if last.value == value => {
                    last.weight += weight;
                    last.cumulative = cumulative;
                }
                _ => atoms.push(Atom { value, weight, cumulative }),
            }
        }
        if let Some(last) = atoms.last_mut() {
            last.cumulative = 1.0; // what rounding lost
        }
        Self { atoms }
    }

    /// Returns the atoms, in rising order.
    #[must_use]
    pub fn atoms(&self) -> &[Atom] {
        &self.atoms
    }
}

impl Family for Discrete {
    fn cdf(&self, x: f64) -> f64 {
        let upto = self.atoms.partition_point(|atom| atom.value <= x);
        if upto == 0 { 0.0 } else { self.atoms[upto - 1].cumulative }
    }
    fn survival(&self, x: f64) -> f64 {
        let upto = self.atoms.partition_point(|atom| atom.value <= x);
        self.atoms[upto..].iter().rev().map(|atom| atom.weight).sum()
    }
    fn density(&self, _x: f64) -> f64 {
        0.0
    }
    fn mass(&self, x: f64) -> f64 {
        self.atoms.iter().find(|atom| atom.value == x).map_or(0.0, |atom| atom.weight)
    }
    fn atom_within(&self, low: f64, high: f64) -> Option<f64> {
        self.atoms.iter().rev().map(|atom| atom.value).find(|x| low < *x && *x <= high)
    }
    fn mean(&self) -> f64 {
        self.atoms.iter().map(|atom| atom.weight * atom.value).sum()
    }
    fn variance(&self) -> f64 {
        let mean = self.mean();
        self.atoms.iter().map(|a| a.weight * (a.value - mean) * (a.value - mean)).sum()
    }
    #[inline]
    fn quantile(&self, u: f64) -> f64 {
        let at = self.atoms.partition_point(|atom| atom.cumulative < u);
        self.atoms[at.min(self.atoms.len() - 1)].value
    }
    fn scaled(&self, factor: f64) -> Self {
        let scale = |atom: &Atom| Atom { value: atom.value * factor, ..*atom };
        Self { atoms: self.atoms.iter().map(scale).collect() }
    }
}

/// A point of a distribution function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knot {
    /// The value.
    pub value: f64,
    /// P(X ≤ value).
    pub cumulative: f64,
}

/// Empirical law with a piecewise linear distribution function. Two knots at one value are a jump, and so
/// is a first knot of positive probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Empirical {
    /// Knots, rising in value and probability; the last cumulative probability is 1.
    knots: Vec<Knot>,
}

impl Empirical {
    /// Creates the law from at least one knot, rising in value and probability and ending at 1.
    pub(super) fn new(knots: Vec<Knot>) -> Self {
        Self { knots }
    }

    /// Returns the knots, in rising order.
    #[must_use]
    pub fn knots(&self) -> &[Knot] {
        &self.knots
    }

    /// Iterates over the mass of the first knot and the segments: two values and the probability between them.
    fn pieces(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        let first = self.knots[0];
        std::iter::once((first.value, first.value, first.cumulative)).chain(
            self.knots.windows(2).map(|pair| {
                (pair[0].value, pair[1].value, pair[1].cumulative - pair[0].cumulative)
            }),
        )
    }
}

impl Family for Empirical {
    fn cdf(&self, x: f64) -> f64 {
        let upto = self.knots.partition_point(|knot| knot.value <= x);
        match (upto.checked_sub(1).map(|last| self.knots[last]), self.knots.get(upto)) {
            (None, _) => 0.0,
            (Some(_), None) => 1.0,
            (Some(left), Some(right)) => {
                let share = (x - left.value) / (right.value - left.value);
                left.cumulative + share * (right.cumulative - left.cumulative)
            }
        }
    }
    fn survival(&self, x: f64) -> f64 {
        1.0 - self.cdf(x)
    }
    fn density(&self, x: f64) -> f64 {
        let upto = self.knots.partition_point(|knot| knot.value <= x);
        if upto == 0 || upto == self.knots.len() {
            return 0.0;
        }
        let (left, right) = (self.knots[upto - 1], self.knots[upto]);
        (right.cumulative - left.cumulative) / (right.value - left.value)
    }
    fn mass(&self, x: f64) -> f64 {
        self.pieces().filter(|(a, b, _)| *a == x && *b == x).map(|(.., weight)| weight).sum()
    }
    fn atom_within(&self, low: f64, high: f64) -> Option<f64> {
        let jumps = self.pieces().filter(|(a, b, weight)| a == b && *weight > 0.0);
        jumps.map(|(x, ..)| x).filter(|x| low < *x && *x <= high).last()
    }
    fn mean(&self) -> f64 {
        self.pieces().map(|(a, b, weight)| weight * 0.5 * (a + b)).sum()
    }
    fn variance(&self) -> f64 {
        let mean = self.mean();
        let second = |a: f64, b: f64| {
            let (width, away) = (b - a, 0.5 * (a + b) - mean);
            width * width / 12.0 + away * away
        };
        self.pieces().map(|(a, b, weight)| weight * second(a, b)).sum()
    }
    fn quantile(&self, u: f64) -> f64 {
        let at = self.knots.partition_point(|knot| knot.cumulative < u);
        let right = self.knots[at.min(self.knots.len() - 1)];
        let Some(left) = at.checked_sub(1).map(|before| self.knots[before]) else {
            return right.value;
        };
        let share = (u - left.cumulative) / (right.cumulative - left.cumulative);
        left.value + share.min(1.0) * (right.value - left.value)
    }
    fn scaled(&self, factor: f64) -> Self {
        let scale = |knot: &Knot| Knot { value: knot.value * factor, ..*knot };
        Self { knots: self.knots.iter().map(scale).collect() }
    }
}
