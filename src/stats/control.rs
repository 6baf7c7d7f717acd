//! Control variates: means over replications, corrected for what the replications happened to draw.
//!
//! Model: beside each value y there are controls x whose expectation μ is known (the arrivals of a
//! window, say). The mean of y is estimated by the regression of y on x, read at μ instead of at the
//! mean of x. Each replication is given its jackknife pseudo-value of that estimate; their mean and
//! Student's law over them are the estimate and its interval.
//!
//! Takes the controls of every replication and their expectations; gives [`Controls`], which turns the
//! values of any figure of the same replications into pseudo-values. The pseudo-values are linear in the
//! figure, so that the difference of two corrected figures is the corrected difference.
//!
//! Holds: a figure that is a straight line in the controls, plus independent noise, is estimated without
//! bias; of a curved one the jackknife removes the bias of order 1/n. A constant stays what it is. The
//! degrees of freedom that the slopes cost are in the pseudo-values: residuals are divided by one less
//! the leverage. A correction that leads farther from the values seen than they are apart, or below zero
//! where none of them is, is not made.
//! Leaves out: fewer than [`LEAST`] replications for each control, for which the noise of the slope costs
//! more than the correction gains.
//!
//! Sources: Lavenberg & Welch, A perspective on the use of control variables, Management Science 27
//! (1981); Nelson, Control-variate remedies, Operations Research 38 (1990), for the jackknife.

use super::StatsError;
use super::interval::{Interval, Method};
use super::summary::ordered_sum;

/// Minimum number of replications per control.
pub const LEAST: usize = 10;
/// Relative spread below which a control is a constant up to rounding.
const CONSTANT: f64 = 1e-9;
/// Leverage above which one replication alone decides a slope.
const ALONE: f64 = 0.99;

/// One control: its value in each replication, and its expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// Values, by replication.
    pub values: Vec<f64>,
    /// Expectation, known without error.
    pub expected: f64,
}

/// The controls of a set of replications, prepared for any figure of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Controls {
    /// Orthonormal controls, each by replication.
    bases: Vec<Vec<f64>>,
    /// Coordinates of the expectations along them, from the mean over replications.
    targets: Vec<f64>,
    /// Factor of each replication's residual in its pseudo-value.
    factors: Vec<f64>,
}

impl Controls {
    /// Prepares `controls`, the most important first: as many as the replications allow. `None` if no control can be
    /// used: too few replications, no spread, or one replication that alone decides a slope.
    #[must_use]
    pub fn new(controls: &[Control]) -> Option<Self> {
        let n = controls.first()?.values.len();
        let (mut bases, mut targets) = (Vec::<Vec<f64>>::new(), Vec::<f64>::new());
        for control in controls.iter().take(n / LEAST) {
            let usable = control.values.len() == n
                && control.expected.is_finite()
                && control.values.iter().all(|value| value.is_finite());
            if !usable {
                continue;
            }
            let mean = mean(&control.values);
            let mut base: Vec<f64> = control.values.iter().map(|value| value - mean).collect();
            let mut target = control.expected - mean;
            let size = norm(&base);
            // Twice: what rounding left of the others is taken out too.
            for (other, along) in bases.iter().zip(&targets).chain(bases.iter().zip(&targets)) {
                let share = product(other, &base);
                base.iter_mut().zip(other).for_each(|(own, other)| *own -= share * other);
                target -= share * along;
            }
            let left = norm(&base);
            if left <= CONSTANT * mean.abs().max(size) {
                continue;
            }
            base.iter_mut().for_each(|own| *own /= left);
            bases.push(base);
            targets.push(target / left);
        }
        if bases.is_empty() {
            return None;
        }
        let share = 1.0 / n as f64;
        let factor = |at: usize| {
            let along = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
                ordered_sum(bases.iter().zip(&targets).map(|(base, target)| of(base[at], *target)))
            };
            let leverage = share + along(&|own, _| own * own);
            let weight = share + along(&|own, target| own * target);
            (leverage < ALONE).then(|| (n - 1) as f64 * weight / (1.0 - leverage))
        };
        let factors: Option<Vec<f64>> = (0..n).map(factor).collect();
        Some(Self { factors: factors?, bases, targets })
    }

    /// Returns the number of controls used.
    #[must_use]
    pub fn count(&self) -> usize {
        self.bases.len()
    }

    /// Returns the pseudo-values of `values`, by replication: their mean is the corrected estimate. `None` when the
    /// correction leads too far from the values, or they are not of these replications.
    #[must_use]
    pub fn corrected(&self, values: &[f64]) -> Option<Vec<f64>> {
        if values.len() != self.factors.len() || !values.iter().all(|value| value.is_finite()) {
            return None;
        }
        if values.iter().all(|value| *value == values[0]) {
            return Some(values.to_vec());
        }
        let middle = mean(values);
        let slopes: Vec<f64> = self.bases.iter().map(|base| product(base, values)).collect();
        let along = |of: &dyn Fn(usize) -> f64| -> f64 {
            ordered_sum(slopes.iter().enumerate().map(|(at, slope)| slope * of(at)))
        };
        let whole = middle + along(&|at| self.targets[at]);
        let pseudo: Vec<f64> = values
            .iter()
            .enumerate()
            .map(|(one, value)| {
                let residual = value - middle - along(&|at| self.bases[at][one]);
                whole + self.factors[one] * residual
            })
            .collect();
        let (low, high) = values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
        let found = mean(&pseudo);
        let slack = high - low + 1e-12 * low.abs().max(high.abs());
        let near = low - slack <= found && found <= high + slack;
        (near && (found >= 0.0 || low < 0.0)).then_some(pseudo)
    }

    /// Returns the corrected mean of `values` with its interval; `None` where no correction is made.
    ///
    /// # Errors
    ///
    /// [`StatsError`], as for [`Interval::of_mean`].
    pub fn mean(&self, values: &[f64], level: f64) -> Result<Option<Interval>, StatsError> {
        let Some(pseudo) = self.corrected(values) else { return Ok(None) };
        let interval = Interval::of_mean(&pseudo, level)?;
        Ok(Some(Interval { method: Method::ControlVariate, ..interval }))
    }
}

fn mean(values: &[f64]) -> f64 {
    ordered_sum(values.iter().copied()) / values.len() as f64
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    ordered_sum(a.iter().zip(b).map(|(a, b)| a * b))
}

fn norm(values: &[f64]) -> f64 {
    product(values, values).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::oracle_tests::Draws;

    fn control(values: &[f64], expected: f64) -> Control {
        Control { values: values.to_vec(), expected }
    }

    fn controls(x: &[f64], expected: f64) -> Controls {
        Controls::new(&[control(x, expected)]).unwrap()
    }

    /// A straight line without noise is read at the expectation exactly; a constant stays itself.
    #[test]
    fn a_line_is_read_where_its_control_is_expected() {
        let x: Vec<f64> = (0..12).map(|at| f64::from(at * at % 7)).collect();
        let all = controls(&x, 4.5);
        let line: Vec<f64> = x.iter().map(|x| 3.0 + 2.0 * x).collect();
        let found = all.mean(&line, 0.95).unwrap().unwrap();
        assert!((found.estimate - 12.0).abs() < 1e-12 && found.half_width() < 1e-11, "{found:?}");
        let still = all.mean(&[7.0; 12], 0.95).unwrap().unwrap();
        assert_eq!((still.low, still.high), (7.0, 7.0));
        assert_eq!(found.method.name(), "control-variate");
    }

    /// The pseudo-values are those of the definition: n times the whole less n − 1 times what is left
    /// without one replication, each regression computed anew.
    #[test]
    fn pseudo_values_are_those_of_leaving_one_out() {
        let mut draws = Draws::named("pseudo_values_are_those_of_leaving_one_out");
        let x: Vec<f64> = (0..10).map(|_| draws.normal()).collect();
        let y: Vec<f64> = x.iter().map(|x| x + x * x + draws.normal()).collect();
        let read = |without: Option<usize>| {
            let kept: Vec<usize> = (0..10).filter(|at| Some(*at) != without).collect();
            let n = kept.len() as f64;
            let of = |v: &[f64]| kept.iter().map(|at| v[*at]).sum::<f64>() / n;
            let (mx, my) = (of(&x), of(&y));
            let top: f64 = kept.iter().map(|at| (x[*at] - mx) * (y[*at] - my)).sum();
            let bottom: f64 = kept.iter().map(|at| (x[*at] - mx) * (x[*at] - mx)).sum();
            my + top / bottom * (0.1 - mx)
        };
        let pseudo = controls(&x, 0.1).corrected(&y).unwrap();
        for (at, one) in pseudo.iter().enumerate() {
            let defined = 10.0 * read(None) - 9.0 * read(Some(at));
            assert!((one - defined).abs() < 1e-9, "{at}: {one} {defined}");
        }
    }

    /// Two controls, one of them a part of the other: the plane is read at both expectations.
    #[test]
    fn several_controls_are_read_together() {
        let a: Vec<f64> = (0..20).map(|at| f64::from(at * at % 11)).collect();
        let b: Vec<f64> = (0..20).map(|at| f64::from(at * 7 % 13) + 0.5 * a[at as usize]).collect();
        let plane: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 1.0 + 2.0 * a - 3.0 * b).collect();
        let two = Controls::new(&[control(&a, 4.0), control(&b, 8.0)]).unwrap();
        assert_eq!(two.count(), 2);
        let found = two.mean(&plane, 0.95).unwrap().unwrap();
        assert!((found.estimate + 15.0).abs() < 1e-9, "{found:?}");
        // The same control again adds nothing; 19 replications suffice for one alone.
        let again = Controls::new(&[control(&a, 4.0), control(&a, 4.0)]).unwrap();
        assert_eq!(again.count(), 1);
        let few = Controls::new(&[control(&a[..19], 4.0), control(&b[..19], 8.0)]).unwrap();
        assert_eq!(few.count(), 1);
    }

    /// Nine replications, a control that never varies, or one replication that alone is different:
    /// nothing is corrected. Nor is what leads far from the values, or below zero.
    #[test]
    fn nothing_is_corrected_on_no_grounds() {
        let x: Vec<f64> = (0..9).map(f64::from).collect();
        assert_eq!(Controls::new(&[control(&x, 4.0)]), None);
        assert_eq!(Controls::new(&[control(&[5.0; 12], 4.0)]), None);
        let mut alone = [5.0; 12];
        alone[3] = 6.0;
        assert_eq!(Controls::new(&[control(&alone, 5.0)]), None);
        assert_eq!(Controls::new(&[]), None);
        let x: Vec<f64> = (0..12).map(f64::from).collect();
        let far = controls(&x, 40.0);
        assert_eq!(far.corrected(&x), None, "40 is far from 0 to 11");
        assert_eq!(controls(&x, -2.0).corrected(&x), None, "below zero");
        assert!(controls(&x, 12.0).corrected(&x).is_some());
    }

    /// Coverage over 4,000 experiments each: 93 to 97 % for lines with much and with little noise, at 10
    /// replications and at 40, and shorter than without wherever the control explains something.
    #[test]
    fn corrected_intervals_cover_and_are_shorter() {
        let mut draws = Draws::named("corrected_intervals_cover_and_are_shorter");
        for (n, noise) in [(10, 0.3), (10, 1.0), (40, 0.3), (40, 1.0)] {
            let (mut plain_hits, mut hits, mut plain_width, mut width) = (0, 0, 0.0, 0.0);
            for _ in 0..4_000 {
                let x: Vec<f64> = (0..n).map(|_| draws.normal()).collect();
                let y: Vec<f64> = x.iter().map(|x| x + noise * draws.normal()).collect();
                let plain = Interval::of_mean(&y, 0.95).unwrap();
                let found = controls(&x, 0.0).mean(&y, 0.95).unwrap().unwrap_or(plain);
                plain_hits += u32::from(plain.contains(0.0));
                hits += u32::from(found.contains(0.0));
                plain_width += plain.half_width();
                width += found.half_width();
            }
            let share = |hits: u32| f64::from(hits) / 4_000.0;
            println!("n {n}, noise {noise}: {} and {}", share(plain_hits), share(hits));
            assert!((0.93..=0.97).contains(&share(plain_hits)), "{}", share(plain_hits));
            assert!((0.93..=0.97).contains(&share(hits)), "{}", share(hits));
            let expected = noise / (1.0 + noise * noise).sqrt();
            let ratio = width / plain_width;
            assert!(ratio < 1.2 * expected, "{ratio} of {expected}");
        }
    }
}
