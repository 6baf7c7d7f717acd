//! Tests a site with `cargo test`. To test a site of your own, put the functions under `#[test]` into
//! `tests/site.rs` of a crate with fivenines as a development dependency.
//! `cargo test --example site_test` runs them here, `cargo run --release --example site_test` prints the figures.

use fivenines::{Error, Run, Scenario};

/// Returns the site under test; load your own with `Scenario::load("shop.toml")`.
fn site() -> Result<Scenario, Error> {
    Scenario::load("scenarios/oracles/o02-mm4.toml")?.with("window.steady.length", "300s")
}

fn main() -> Result<(), Error> {
    let results = site()?.run(&Run::new().replications(10))?;
    for figure in results.figures() {
        println!("{figure}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole interval must lie below the bound: an undecided estimate fails the test.
    #[test]
    fn pages_are_fast_at_the_peak() -> Result<(), Error> {
        let results = site()?.run(&Run::new().replications(10))?;
        let p95 = results.figure("latency.job.p95@steady")?;
        assert!(p95.high() < 0.2, "p95 is {p95}");
        Ok(())
    }

    #[test]
    fn one_server_less_is_slower() -> Result<(), Error> {
        let run = Run::new().replications(5).for_comparison();
        let four = site()?.run(&run)?;
        let five = site()?.with("station.web.servers", 5)?.run(&run)?;
        assert!(five.difference(&four, "latency.job.mean@steady")?.high() < 0.0);
        Ok(())
    }

    #[test]
    fn nothing_in_it_is_doubtful() -> Result<(), Error> {
        let warnings = site()?.warnings();
        assert!(warnings.is_empty(), "{warnings:?}");
        Ok(())
    }
}
