//! Promise: how much years differ, and in how many of them something happens, is what theory says of the scenario as it
//! is written down.

use fivenines::facade::load::Purpose;
use fivenines::plan::availability;
use fivenines::plan::figure::Figure;
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::scenario::render::Style;
use fivenines::scenario::source::Source;
use fivenines::stats::interval::{Interval, Method};
use fivenines::study::years;

use super::{Years, asked, holds};
use crate::inside::faults::drafted;
use crate::inside::shared::base::{With as _, base};

const H: f64 = 3_600.0;

/// One unit of these laws that a group stands for.
fn unit(up: &str, repair: &str) -> String {
    format!(
        "scenario = \"unit\"\n[run]\ninitial = \"stationary\"\nseed = 1\n\
         [unit.u]\nup = {up}\nrepair = {repair}\n[group.g]\nof = \"u\"\nneeds = 1\n"
    )
}

fn exponential(mean: &str) -> String {
    format!("{{ dist = \"exponential\", mean = \"{mean}\" }}")
}

fn lived(text: &str, horizon: &str, replications: u32, paths: &[&str]) -> Years {
    Years::of(asked(&drafted(text), horizon, replications, paths))
}

/// Outages at random, 0.1 per year, 4 h each on average, exponential: counts of a year are Poisson but for the time
/// that the unit is down; in n years there is none with a probability of exp(−0.1 n). Downtime is compound Poisson:
/// its standard deviation is √(λ E D²) = √(0.1 × 32) h, and more than x hours are exceeded by the sum over k of the
/// Poisson probability of k times the Erlang tail.
#[test]
fn outages_at_random_are_poisson_and_their_downtime_compound_poisson() {
    let text = unit(&exponential("87600h"), &exponential("4h"));
    let paths = [
        "outages.g.dispersion@horizon",
        "outages.g.sd@horizon",
        "outages.g.chance[at-least=1]@horizon",
        "outages.g.chance[at-least=1][per=6y]@horizon",
        "outages.g.chance[at-least=2][per=6y]@horizon",
        "outages.g.chance[at-least=1][per=90d]@horizon",
        "downtime.g.sd@horizon",
        "downtime.g.chance[over=0s]@horizon",
        "downtime.g.chance[over=4h]@horizon",
    ];
    let seen = lived(&text, "12y", 4_000, &paths);
    seen.holds(paths[0], 1.0, 0.2);
    seen.holds(paths[1], 0.1_f64.sqrt(), 0.06);
    let none = |years: f64| libm::exp(-0.1 * years);
    seen.holds(paths[2], 1.0 - none(1.0), 0.06);
    seen.holds(paths[3], 1.0 - none(6.0), 0.05);
    seen.holds(paths[4], 1.0 - none(6.0) * 1.6, 0.1);
    seen.holds(paths[5], 1.0 - none(90.0 / 365.0), 0.06);
    seen.holds(paths[6], 3.2_f64.sqrt() * H, 0.1);
    seen.holds(paths[7], 1.0 - none(1.0), 0.06);
    // At 4 h, one mean: of one outage e⁻¹, of two 2 e⁻¹, of three 2.5 e⁻¹.
    let e = libm::exp(-1.0);
    let poisson = [0.1, 0.005, 0.001 / 6.0].map(|share| share * none(1.0));
    let over = e * (poisson[0] + 2.0 * poisson[1] + 2.5 * poisson[2]) + poisson[2] * 0.1 / 4.0;
    seen.holds(paths[8], over, 0.1);
}

/// Uptimes of two stages, 12 outages per year: an outage is every other event of a Poisson stream of rate 24, and the
/// variance of such counts over a year in the steady state is 24/4 + (1 − exp(−48))/8 = 6.125. So they
/// are half as scattered as at random.
#[test]
fn outages_that_come_evenly_are_scattered_less() {
    let up = "{ dist = \"erlang\", mean = \"730h\", k = 2 }";
    let text = unit(up, "{ dist = \"constant\", value = \"61s\" }");
    let paths = ["outages.g.dispersion@horizon", "outages.g.sd@horizon", "outages.g@horizon"];
    let seen = lived(&text, "10y", 400, &paths);
    seen.holds(paths[0], 6.125 / 12.0, 0.15);
    seen.holds(paths[1], 6.125_f64.sqrt(), 0.08);
    seen.holds(paths[2], 12.0, 0.02);
}

/// A stop of 7.5 h at the end of each year: every year has 7.5 h, to the nanosecond, and one outage.
#[test]
fn what_is_the_same_every_year_is_known_exactly() {
    let text = unit(
        "{ dist = \"constant\", value = \"8752.5h\" }",
        "{ dist = \"constant\", value = \"7.5h\" }",
    )
    .replace("stationary", "new");
    let paths = [
        "downtime.g.year-p95@horizon",
        "downtime.g.year-p95[cause=u-1]@horizon",
        "downtime.g.sd@horizon",
        "downtime.g.chance[over=7h]@horizon",
        "downtime.g.chance[over=7.5h]@horizon",
        "outages.g.dispersion@horizon",
        "outages.g.chance[at-least=1]@horizon",
        "outages.g.chance[at-least=2]@horizon",
    ];
    let seen = lived(&text, "10y", 100, &paths);
    for path in &paths[..2] {
        let Interval { low, high, estimate, .. } = seen.interval(path);
        assert_eq!((low, estimate, high), (27_000.0, 27_000.0, 27_000.0), "{path}");
    }
    let sd = seen.interval(paths[2]);
    assert!(sd.estimate == 0.0 && sd.low == 0.0 && sd.method == Method::RuleOfThree, "{sd:?}");
    let values = [3, 4, 5, 6, 7].map(|at| seen.interval(paths[at]));
    assert_eq!(values.map(|found| found.estimate), [1.0, 0.0, 0.0, 1.0, 0.0], "{values:?}");
    for found in values {
        // −ln 0.0005 = 7.6 of a thousand years may be otherwise.
        let off = (found.high - found.estimate).max(found.estimate - found.low);
        assert!(off > 0.007 && off < 0.02, "{found:?}");
    }
}

/// Nothing seen: a bound, not a zero; of one replication with something the bare value.
#[test]
fn what_was_never_seen_is_bounded() {
    let text = unit(&exponential("5000000h"), &exponential("4h"))
        .replace("[unit.u]\n", "[unit.u]\ncount = 2\n");
    let paths = [
        "outages.g.chance[at-least=1][per=5y]@horizon",
        "downtime.g.chance[over=4h]@horizon",
        "downtime.g.sd@horizon",
        "outages.g.sd@horizon",
        "outages.g.dispersion@horizon",
    ];
    let seen = lived(&text, "10y", 20, &paths);
    let bound = |path: &str| {
        let found = seen.interval(path);
        assert_eq!((found.low, found.method), (0.0, Method::RuleOfThree), "{path}: {found:?}");
        found.high
    };
    // −ln 0.0005 = 7.6 outages in 200 years, 40 spans of five years.
    let missed = 7.600_902_f64;
    holds_near(bound(paths[0]), 1.0 - libm::exp(-missed / 40.0), 1e-4);
    holds_near(bound(paths[1]), 1.0 - libm::exp(-missed / 200.0), 1e-3);
    holds_near(bound(paths[2]), (missed / 200.0 * 32.0).sqrt() * H, 1e-4);
    holds_near(bound(paths[3]), (missed / 200.0).sqrt(), 1e-4);
    let none = format!("{:?}", seen.estimate(paths[4]));
    assert!(none.contains("NoneIn(200"), "{none}");
}

/// An outage that was never seen lasts from the fault until all works again: as long as the restart where a process starts by itself; as
/// long as the fault is declared to last; and with detection by people, a boot and a restart besides the repair.
#[test]
fn outages_that_were_never_seen_last_until_all_works_again() {
    let path = "downtime.page@horizon";
    let crash = "how = \"crash\"\n";
    let random = "rate = \"0.001/y\"\n";
    let moment = "at = \"90d\"\nprobability = 0.001\nlasts = \"6h\"\n";
    let found = "repair = \"1h\"\ndetected-by-people = \"30d\"\n";
    for (hits, when, hours) in [
        ("app", random.to_string(), 1.0),
        ("app", format!("{random}repair = \"2h\"\n"), 2.0),
        ("app", moment.to_string(), 6.0),
        ("box", format!("{random}{found}"), 721.0 + 2.0 + 1.0),
    ] {
        let lines = format!(
            "[zone.web]\nboot = \"2h\"\n[service.app]\nrestart = \"1h\"\n\
             [fault.rare]\nhits = \"{hits}\"\n{crash}{when}"
        );
        let seen = lived(&base("site").with(&lines), "1y", 12, &[path]).interval(path);
        // None in 12 years: fewer than ln(2,000) of them.
        holds_near(seen.high, libm::log(2_000.0) / 12.0 * hours * H, 1e-9);
    }
}

fn holds_near(found: f64, exact: f64, relative: f64) {
    assert!((found / exact - 1.0).abs() <= relative, "{found} is not {exact}");
}

/// A unit that is dead for three years at a time: years of one replication are no independent trials.
#[test]
fn years_of_one_long_outage_count_as_the_few_that_they_are() {
    let text = unit(&exponential("15y"), &exponential("3y"));
    let path = "downtime.g.chance[over=4380h]@horizon";
    let found = lived(&text, "10y", 300, &[path]).interval(path);
    let p = found.estimate;
    let independent = 3.29 * (p * (1.0 - p) / 3_000.0).sqrt();
    assert!(found.half_width() > 1.3 * independent, "{found:?}, {independent} if independent");
    // More than half of a year: within some percent the share of the time that it is down, 3/18.
    holds("share of the years", &found, 3.0 / 18.0, 0.5);
}

/// A failure of any of a hundred members is an outage of the fleet: 100 × 0.1 per year.
#[test]
fn outages_of_a_fleet_are_counted_by_year_too() {
    let text = "scenario = \"fleet\"\n[run]\ninitial = \"stationary\"\nseed = 1\n[unit.u]\ncount = 100\n\
                up = { dist = \"exponential\", mean = \"87600h\" }\n\
                repair = { dist = \"exponential\", mean = \"4h\" }\n";
    let draft = drafted(text);
    let plan = availability::plan(&draft, &[]).unwrap();
    let name = plan.watched[0].name.clone();
    let paths = [
        format!("outages.{name}.dispersion@horizon"),
        format!("outages.{name}.chance[at-least=10]@horizon"),
        format!("downtime.{name}.sd@horizon"),
    ];
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let seen = Years::of(asked(&draft, "10y", 200, &paths));
    seen.holds(paths[0], 1.0, 0.2);
    // Poisson of mean 10: less than ten with a probability of 0.45793.
    seen.holds(paths[1], 0.542_07, 0.2);
    seen.holds(paths[2], (10.0_f64 * 32.0).sqrt() / 100.0 * H, 0.2);
}

/// `check` and `run` refuse the same spans, each with the way out.
#[test]
fn a_span_that_does_not_fit_is_refused() {
    let figure = |path: &str| {
        let text = format!(
            "scenario = \"unit\"\nformat = 2\n[run]\nhorizon = \"5y\"\n\
             [unit.u]\nup = {}\nrepair = {}\n[group.g]\nof = \"u\"\nneeds = 1\n\
             [[expect]]\nfigure = \"{path}\"\nis = \"< 1\"\n",
            exponential("8760h"),
            exponential("4h"),
        );
        let both = [Purpose::Check(None), Purpose::Run(Default::default())].map(|purpose| {
            let mut found = Diagnostics::new();
            let source = Source::from_bytes("scenario.toml", text.as_bytes(), &mut found);
            let loaded =
                fivenines::facade::load::Loaded::of(source, ".".into(), found, &[], purpose);
            match loaded.found.has_errors() {
                true => loaded.report().text(Style { colour: false, width: 200, ascii: true }),
                false => String::new(),
            }
        });
        assert_eq!(both[0], both[1], "{path}");
        both[0].clone()
    };
    for (path, said) in [
        ("outages.g.chance[at-least=1][per=6y]@horizon", "does not fit in the horizon"),
        ("outages.g.chance[at-least=1][per=0s]@horizon", "must be a duration above 0"),
        ("outages.g.chance[at-least=0]@horizon", "write `[at-least=1]`"),
        ("outages.g.chance@horizon", "needs `[at-least=...]`"),
        ("downtime.g.chance@horizon", "needs `[over=...]`"),
        ("downtime.g.dispersion@horizon", "there is no `dispersion` of `downtime`"),
        ("downtime.g.sd[per=2y]@horizon", "has no effect"),
    ] {
        let found = figure(path);
        assert!(found.contains(said), "{path}: {found}");
    }
    for path in ["outages.g.chance[at-least=1][per=5y]@horizon", "outages.g.dispersion@horizon"] {
        assert_eq!(figure(path), "", "{path}");
    }
    let draft = drafted(&unit(&exponential("8760h"), &exponential("4h")));
    let mut plan = availability::plan(&draft, &[]).unwrap();
    plan.horizon = fivenines::units::SimDuration::from_secs(360_000);
    let year = Figure::parse("downtime.g.sd@horizon").unwrap();
    let refused = years::resolve(&plan, &year).unwrap_err().to_string();
    assert!(refused.contains("make `horizon` a year or longer"), "{refused}");
}
