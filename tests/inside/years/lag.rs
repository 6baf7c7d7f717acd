//! How far replicas are behind over years, against the straight lines that it goes by.

use fivenines::plan::figure::Figure;
use fivenines::study::window::Estimate;
use fivenines::study::years;

use super::recovery::{crash, group};
use super::{Years, asked};
use crate::inside::faults::drafted;
use crate::inside::shared::base::With as _;

fn lived(text: &str, horizon: &str, replications: u32, paths: &[&str]) -> Years {
    Years::of(asked(&drafted(text), horizon, replications, paths))
}

/// `rate` writes a second, and a replica that applies 800.
fn pair(rate: &str, faults: &str) -> String {
    let at_once = "promote = \"0s\"\ncoverage = 1.0\n";
    let text = group(rate, "{ mode = \"async\", receive = \"0s\" }", at_once, faults);
    text.replace("write = { cpu = \"0.1ms\" }", "write = { cpu = \"1.25ms\" }")
}

const MEAN: &str = "lag.mysql-2.mean@horizon";
const LONGEST: &str = "lag.mysql-2.max@horizon";
const BEHIND: &str = "backlog.mysql-2.mean@horizon";
const MOST: &str = "backlog.mysql-2.max@horizon";

/// Of a fault that does not come on the day that is looked at.
fn never() -> String {
    crash("\"box-3\"", 100_000.0, 1.0)
}

/// O43, as a user writes it down: 1,000 writes a second for ten minutes, then 500. The longest lag is 150 s,
/// 150 s after the burst; the largest backlog the 120,000 of its end. Over the day 75,000 s² and 60,000,000
/// writes × s, where levels of the rate are half a step (0.25 %) wrong at most.
#[test]
fn o43_a_replica_that_is_too_slow_for_a_burst() {
    let text = pair("1000/s", &never());
    let text = text.with("[workload.writers]\nstep = [ { at = \"00:10\", factor = 0.5 } ]\n");
    let p99 = "lag.mysql-2.p99@horizon";
    let seen = lived(&text, "24h", 2, &[MEAN, LONGEST, BEHIND, MOST, p99]);
    let near = |path: &str, truth: f64, part: f64| {
        let found = seen.interval(path).estimate;
        assert!((found / truth - 1.0).abs() <= part, "{path}: {found} of {truth}");
    };
    near(LONGEST, 150.0, 1e-6);
    near(MOST, 120_000.0, 1e-6);
    near(MEAN, 75_000.0 / 86_400.0, 1e-3);
    near(BEHIND, 60e6 / 86_400.0, 1e-3);
    // A hundredth of the day, 864 s of the 1,000, is so far behind or farther: all but the least of it.
    let Estimate::Single(found) = seen.estimate(p99) else { panic!("there is one batch") };
    assert!((found / (150.0 * 0.136) - 1.0).abs() < 0.01, "{found}");
}

/// A replica dies every 100 h and is back after 2 h. Its lag goes up to 2 h on a straight line, and back to
/// none in 2 h × 100/700: it applies 700 a second more than the 100 that come.
#[test]
fn a_replica_that_was_away_is_behind_until_it_has_caught_up() {
    let (away, rate, applies) = (7_200.0, 100.0, 800.0);
    let faults = crash("\"box-3\"", 100.0, 2.0)
        .replace("repair = { dist = \"exponential\", mean = \"2h\" }", "repair = \"2h\"");
    let seen = lived(&pair("100/s", &faults), "5y", 400, &[MEAN, LONGEST, BEHIND, MOST]);
    let back = away * rate / (applies - rate);
    let a_second = 1.0 / (102.0 * 3_600.0);
    // Of a thousand three die again before they have caught up, and fall further behind. Their number,
    // 172,000 in all, is known to a quarter of a hundredth.
    let mean = away * (away + back) / 2.0 * a_second;
    let mean = mean * (1.0 + back / 360_000.0);
    seen.holds(MEAN, mean, 0.01);
    seen.holds(BEHIND, mean * rate, 0.01);
    // In five years somebody dies while he is catching up, more often than not.
    let longest = seen.interval(LONGEST).estimate;
    assert!((away..2.0 * away).contains(&longest), "{longest}");
    let most = seen.interval(MOST).estimate / rate;
    assert!((away..2.0 * away).contains(&most), "{most}");
}

#[test]
fn what_has_no_lag_over_years_is_said() {
    let text = pair("100/s", &never());
    let refused = |path: &str| {
        let draft = drafted(&text);
        let plan = asked(&draft, "1y", 1, &[MEAN]);
        let found = Figure::parse(path).and_then(|figure| years::resolve(&plan.of, &figure));
        found.expect_err(path).to_string()
    };
    let said = refused("lag.mysql@horizon");
    assert!(said.contains("lag is that of one member of a database with a failover"), "{said}");
    assert!(said.contains("did you mean `mysql-1`?"), "{said}");
    let said = refused("backlog.mysql-2.p99@horizon");
    assert!(said.contains("there is no `p99` of `backlog`"), "{said}");
}
