//! Construction of a probability distribution of the engine from the parsed parameters.
//!
//! Source of the formulas: Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions, volume 1, 2nd ed.,
//! chapters 13 and 14.

use super::{Random, Read};
use crate::convert::whole;
use crate::engine::law::{Law, LawError};
use crate::engine::special::normal_quantile;

/// Builds the distribution `name` from its parameters.
pub(super) fn build<U: Random>(name: &str, read: &Read<U>) -> Result<Law, LawError> {
    // Required parameters have been checked; an absent optional one is `None`.
    let quantity = |key| read.quantity(key).unwrap_or(f64::NAN);
    let factor = |key| read.factor(key).unwrap_or(f64::NAN);
    let mean = quantity("mean");
    match name {
        "constant" => Law::constant(quantity("value")),
        "uniform" => Law::uniform(quantity("low"), quantity("high")),
        "exponential" => Law::exponential(mean),
        // The number of stages was read as a whole number of 32 bits.
        "erlang" => Law::erlang(mean, whole::u32(factor("k"))),
        "gamma" => Law::gamma(mean, factor("cv")),
        "weibull" => match read.factor("shape") {
            Some(shape) => Law::weibull_with_shape(mean, shape),
            None => Law::weibull(mean, factor("cv")),
        },
        "lognormal" => lognormal(read),
        "normal" => normal(read),
        "hyperexponential" if read.has("of") => Law::hyperexponential_of(&read.points),
        "hyperexponential" => Law::hyperexponential(mean, factor("cv")),
        "pareto" => Law::pareto(factor("shape"), quantity("low"), quantity("high")),
        "triangular" => Law::triangular(quantity("low"), quantity("mode"), quantity("high")),
        "discrete" => {
            let values = read.list("values").iter().copied();
            let pairs: Vec<_> = values.zip(read.list("weights").iter().copied()).collect();
            Law::discrete(&pairs)
        }
        "empirical" if read.has("cdf") || read.cumulated => {
            Law::empirical_cdf(&read.points, read.between)
        }
        "empirical" => Law::empirical(read.list("values"), read.between),
        "mixture" => {
            let parts = read.parts.iter();
            let laws = parts.map(|(weight, part)| (*weight, part.law().clone()));
            Law::mixture(laws.collect())
        }
        "poisson" => Law::poisson(mean),
        "geometric" => Law::geometric(mean),
        other => unreachable!("`{other}` is in the table of laws and not built"),
    }
}

/// Builds a lognormal distribution from a mean or median and a cv or percentile. With ln X normal of deviation sigma,
/// the mean is median × exp(sigma² / 2) and the p-quantile is median × exp(z sigma).
fn lognormal<U: Random>(read: &Read<U>) -> Result<Law, LawError> {
    let percentile = |(key, probability): (&'static str, f64)| {
        Some((key, read.quantity(key)?, normal_quantile(probability)))
    };
    let tail = [("p95", 0.95), ("p99", 0.99)].into_iter().find_map(percentile);
    let positive =
        |name, value: f64| if value > 0.0 { Ok(value) } else { Err(LawError::Zero(name)) };
    let (mean, sigma) = match (read.quantity("mean"), tail) {
        (Some(mean), None) => return Law::lognormal(mean, read.factor("cv").unwrap_or(f64::NAN)),
        (Some(mean), Some((key, value, z))) => {
            let logarithm = libm::log(positive(key, value)? / positive("mean", mean)?);
            let root = z * z - 2.0 * logarithm;
            if logarithm <= 0.0 || root < 0.0 {
                // No lognormal distribution with this mean has a larger percentile.
                let (low, high) = (mean, mean * libm::exp(0.5 * z * z));
                return Err(LawError::OutOfRange { parameter: key, value, low, high });
            }
            (mean, z - libm::sqrt(root))
        }
        (None, tail) => {
            let median = positive("median", read.quantity("median").unwrap_or(f64::NAN))?;
            let sigma = match tail {
                Some((key, value, _)) if value <= median => {
                    return Err(LawError::Order("median", key));
                }
                Some((_, value, z)) => libm::log(value / median) / z,
                None => {
                    let cv = positive("cv", read.factor("cv").unwrap_or(f64::NAN))?;
                    libm::sqrt(libm::log1p(cv * cv))
                }
            };
            (median * libm::exp(0.5 * sigma * sigma), sigma)
        }
    };
    Law::lognormal(mean, libm::sqrt(libm::expm1(sigma * sigma)))
}

fn normal<U: Random>(read: &Read<U>) -> Result<Law, LawError> {
    let mean = read.quantity("mean").unwrap_or(f64::NAN);
    let deviation = read.quantity("sd");
    if read.has("low") || read.has("high") {
        let deviation = deviation.unwrap_or_else(|| mean * read.factor("cv").unwrap_or(f64::NAN));
        let (low, high) = (read.quantity("low"), read.quantity("high"));
        return Law::normal_between(
            mean,
            deviation,
            low.unwrap_or(0.0),
            high.unwrap_or(f64::INFINITY),
        );
    }
    let cv = deviation.map(|deviation| deviation / mean);
    Law::normal(mean, cv.or_else(|| read.factor("cv")).unwrap_or(f64::NAN))
}
