//! Ranks: monotone dependence of one series on another, whatever the curve.

use super::{StatsError, check_values};

/// Ranks from 1, equal values at the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let same = order[from..].iter().take_while(|at| values[**at] == values[order[from]]);
        let to = from + same.count();
        order[from..to].iter().for_each(|at| ranks[*at] = (from + 1 + to) as f64 / 2.0);
        from = to;
    }
    ranks
}

/// The ranks of a series, less their mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranks {
    centred: Vec<f64>,
    /// Sum of their squares.
    squares: f64,
}

impl Ranks {
    /// Ranks a series.
    ///
    /// # Errors
    ///
    /// [`StatsError::TooFew`] below three values, [`StatsError::NotFinite`], [`StatsError::NoSpread`] where all
    /// are equal.
    pub fn of(values: &[f64]) -> Result<Self, StatsError> {
        check_values(values, 3)?;
        let mean = (values.len() + 1) as f64 / 2.0;
        let centred: Vec<f64> = ranks(values).into_iter().map(|rank| rank - mean).collect();
        let squares: f64 = centred.iter().map(|rank| rank * rank).sum();
        if squares == 0.0 {
            return Err(StatsError::NoSpread);
        }
        Ok(Self { centred, squares })
    }

    /// Spearman's rank correlation, from −1 to 1: Pearson's of the ranks, ties at their mean rank (Kendall and
    /// Gibbons, *Rank Correlation Methods*, §3.8).
    ///
    /// # Errors
    ///
    /// [`StatsError::LengthMismatch`].
    pub fn correlation(&self, other: &Self) -> Result<f64, StatsError> {
        if self.centred.len() != other.centred.len() {
            return Err(StatsError::LengthMismatch);
        }
        let product: f64 = self.centred.iter().zip(&other.centred).map(|(a, b)| a * b).sum();
        Ok((product / (self.squares * other.squares).sqrt()).clamp(-1.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spearman(one: &[f64], other: &[f64]) -> Result<f64, StatsError> {
        Ranks::of(one)?.correlation(&Ranks::of(other)?)
    }

    #[test]
    fn equal_values_share_their_ranks() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 2.0, 5.0]), [4.0, 1.0, 4.0, 2.0, 4.0]);
    }

    /// 1 − 6 Σ d² ÷ n (n² − 1) where no values are equal: d = 1, 1, 1, 1, 0.
    #[test]
    fn a_correlation_of_ranks_is_that_of_the_books() {
        let found = spearman(&[1.0, 2.0, 3.0, 4.0, 5.0], &[20.0, 10.0, 400.0, 30.0, 9e9]).unwrap();
        assert!((found - 0.8).abs() < 1e-12, "{found}");
        // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 ÷ √(4.5 × 5).
        let tied = spearman(&[1.0, 2.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert!((tied - 4.5 / 22.5_f64.sqrt()).abs() < 1e-12, "{tied}");
        assert_eq!(spearman(&[3.0, 2.0, 1.0], &[1.0, 10.0, 100.0]), Ok(-1.0));
    }

    #[test]
    fn what_cannot_be_correlated_is_refused() {
        assert_eq!(spearman(&[1.0; 4], &[1.0, 2.0, 3.0, 4.0]), Err(StatsError::NoSpread));
        let (four, three) = ([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0]);
        assert_eq!(spearman(&four, &three), Err(StatsError::LengthMismatch));
        assert!(spearman(&[1.0, 2.0], &[1.0, 2.0]).is_err());
        assert!(spearman(&[1.0, 2.0, f64::NAN], &[1.0, 2.0, 3.0]).is_err());
    }
}
