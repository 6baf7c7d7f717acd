use super::*;
use crate::engine::draw::{Lineage, Seed};

fn noise(sigma: f64, phi: f64, seed: u64) -> HourlyNoise {
    let key = Key::derive(Seed(seed), Lineage::replication(0), "arrival-noise", "visitors");
    HourlyNoise::new(Noise::new(sigma, phi).unwrap(), key)
}

/// Logarithm with mean −σ²/2 and standard deviation σ, factor with mean 1, correlation φ^h.
/// 200,000 hours; the moving average makes (1 + φ)/(1 − φ) = 11.5 hours out of one for means, and
/// (1 + φ²)/(1 − φ²) = 5.8 for second moments; bands at 3.29 standard deviations (99.9 %).
#[test]
fn the_factor_is_lognormal_with_mean_one_and_the_stated_memory() {
    const HOURS: usize = 200_000;
    let (sigma, phi) = (0.12, 0.84);
    let mut source = noise(sigma, phi, 11);
    let factors: Vec<f64> = (0..HOURS as u64).map(|hour| source.factor(hour)).collect();
    let n = HOURS as f64;
    let logs: Vec<f64> = factors.iter().map(|f| libm::log(*f)).collect();
    let mean = logs.iter().sum::<f64>() / n;
    let apart = |lag: usize| -> f64 {
        let pairs = logs.iter().zip(&logs[lag..]);
        pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / (n - lag as f64)
    };
    let mean_band = 3.29 * sigma * ((1.0 + phi) / (1.0 - phi) / n).sqrt();
    assert!((mean + sigma * sigma / 2.0).abs() < mean_band, "{mean} ± {mean_band}");
    assert!((factors.iter().sum::<f64>() / n - 1.0).abs() < 1.02 * mean_band);
    let sd_band = 3.29 * sigma * ((1.0 + phi * phi) / (1.0 - phi * phi) / (2.0 * n)).sqrt();
    assert!((apart(0).sqrt() - sigma).abs() < sd_band, "{} ± {sd_band}", apart(0).sqrt());
    for (lag, expected) in [(1, phi), (2, phi * phi), (24, libm::pow(phi, 24.0))] {
        let found = apart(lag) / apart(0);
        // Bartlett: variance of a sample correlation is at most (1 + φ²)/(1 − φ²)/n.
        assert!((found - expected).abs() < 3.29 * (5.8 / n).sqrt(), "lag {lag}: {found}");
    }
    // Nothing beyond the memory; σ of a correlation of white residues is 1/√n times √5.8.
    assert!((apart(100) / apart(0)).abs() < 3.29 * (5.8 / n).sqrt());
}

#[test]
fn any_hour_is_reached_at_once_with_the_same_factor() {
    let mut steps = noise(0.33, 0.9, 5);
    let walked: Vec<f64> = (0..1_000).map(|hour| steps.factor(hour)).collect();
    let mut jumps = noise(0.33, 0.9, 5);
    for hour in [999, 0, 63, 64, 65, 500, 499, 501, 563, 630] {
        assert_eq!(jumps.factor(hour).to_bits(), walked[hour as usize].to_bits(), "hour {hour}");
    }
    // Ten years on, as quickly as the next hour.
    assert!(jumps.factor(87_600) > 0.0);
    assert_ne!(noise(0.33, 0.9, 6).factor(3), walked[3]);
}

#[test]
fn no_noise_is_a_factor_of_one_and_hostile_noise_is_refused() {
    assert_eq!(noise(0.0, 0.84, 1).factor(17), 1.0);
    for sigma in [-0.1, 3.1, f64::NAN] {
        assert!(matches!(Noise::new(sigma, 0.5), Err(NoiseError::Sigma(_))), "{sigma}");
    }
    for phi in [-0.1, 1.0, f64::NAN] {
        assert!(matches!(Noise::new(0.1, phi), Err(NoiseError::Phi(_))), "{phi}");
    }
    // The weights keep the variance at every memory.
    for phi in [0.0, 0.5, 0.84, 0.999] {
        let weights = Noise::new(0.1, phi).unwrap().weights();
        assert!((weights.iter().map(|w| w * w).sum::<f64>() - 1.0).abs() < 1e-12, "{phi}");
    }
}
