//! Starts from the equilibrium.

use super::super::stationary::Equilibrium;
use super::super::textbook::Unit;
use super::super::{Declaration, Observer};
use super::*;

/// Mean of the equilibrium law: E[X²] / (2 E[X]); Cox 1962, section 5.3.
#[test]
fn the_equilibrium_law_has_the_mean_of_renewal_theory() {
    for law in [
        Law::constant(3.0),
        Law::uniform(1.0, 5.0),
        Law::weibull_with_shape(1000.0, 2.0),
        Law::weibull_with_shape(1000.0, 0.7),
        Law::lognormal(10.0, 1.5),
        Law::erlang(4.0, 3),
    ] {
        let law = law.unwrap();
        let equilibrium = Equilibrium::new(&law);
        let (mean, variance) = (law.mean(), law.variance());
        let wanted = (variance + mean * mean) / (2.0 * mean);
        // Midpoint rule over the quantiles.
        let points = 20_000;
        let u = |i: i32| (f64::from(i) + 0.5) / f64::from(points);
        let sum: f64 = (0..points).map(|i| equilibrium.quantile(&law, u(i))).sum();
        let found = sum / f64::from(points);
        assert!((found / wanted - 1.0).abs() < 2e-3, "{law:?}: {found}, wanted {wanted}");
    }
}

#[test]
fn the_equilibrium_of_an_exponential_law_is_itself() {
    let law = Law::exponential(7.0).unwrap();
    let equilibrium = Equilibrium::new(&law);
    for u in [0.001, 0.1, 0.5, 0.9, 0.999] {
        let (found, wanted) = (equilibrium.quantile(&law, u), law.quantile(u));
        assert!((found / wanted - 1.0).abs() < 1e-9, "{found}, wanted {wanted}");
    }
}

/// From the equilibrium the probability of being down is the same at every instant: 1/11 here. From a new
/// start with these laws it would be nearly 0 at 50 s and nearly 1 at 105 s.
#[test]
fn a_stationary_start_is_stationary_at_every_instant() {
    let mut declaration = Declaration::new();
    let up = DurationLaw(Law::uniform(90.0, 110.0).unwrap());
    declaration.add(Unit::new("a", up, fixed(10.0)).automaton());
    declaration.fact("up", super::super::declare::Expr::of("a", "serving"));
    let net = compile(&declaration);
    let fact = net.fact("up").unwrap();
    let instants = [0.0, 5.0, 50.0, 105.0, 220.0];
    let replications = 20_000;
    let mut down = [0_u32; 5];
    for replication in 0..replications {
        let lineage = Lineage::replication(replication);
        let mut kernel = Kernel::new(&net, Seed(7), lineage, Start::Stationary).unwrap();
        assert!(kernel.is_stationary(net.automaton("a").unwrap()));
        for (count, instant) in down.iter_mut().zip(instants) {
            kernel.advance(at(instant), &mut ()).unwrap();
            *count += u32::from(!kernel.view().fact(fact));
        }
    }
    let p = 1.0 / 11.0;
    // Five tests with a total error probability of one in a thousand: z = 3.72.
    let band = 3.72 * (p * (1.0 - p) / replications as f64).sqrt();
    for (count, instant) in down.iter().zip(instants) {
        let share = f64::from(*count) / replications as f64;
        assert!((share - p).abs() < band, "{share} at {instant} s, wanted {p} ± {band}");
    }
}

/// An outage in progress at the start counts as an outage with its cause.
#[test]
fn a_start_within_an_outage_has_its_cause() {
    let mut declaration = Declaration::new();
    declaration.add(Unit::new("a", fixed(1.0), fixed(99.0)).automaton());
    declaration.fact("up", super::super::declare::Expr::of("a", "serving"));
    let net = compile(&declaration);
    let up = net.fact("up").unwrap();
    let mut kernel =
        Kernel::new(&net, Seed(7), Lineage::replication(0), Start::Stationary).unwrap();
    let mut observer = Observer::new(&net, up, &[], kernel.now(), kernel.view());
    assert!(!observer.is_up());
    kernel.advance(at(1000.0), &mut observer).unwrap();
    observer.close(at(1000.0));
    assert_eq!(observer.cause(net.cause("a", "fault").unwrap()).first, observer.downtime());
    assert_eq!(observer.downtime(), SimDuration::from_secs(990));
}
