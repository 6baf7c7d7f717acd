//! O11, O26 to O35 and O39: systems with an exact answer, as a user writes them down.
//!
//! The intervals are those of 99.9 %; the widths are the rules of the cases, with FIVENINES_FULL=1
//! everywhere, in the fast set where that takes seconds (`by_set`).

use fivenines::plan::availability;
use fivenines::solve::flows;
use fivenines::stats::interval::Interval;
use fivenines::stats::proportion::Proportion;
use fivenines::stats::quantile::quantile_interval;
use fivenines::study::window::Estimate;

use super::{LEVEL, Years, asked, holds};
use crate::inside::faults::drafted;

const H: f64 = 3600.0;

fn text(body: &str) -> String {
    format!("scenario = \"oracle\"\n[run]\ninitial = \"new\"\nseed = 1\n{body}")
}

pub fn unit(name: &str, count: u32, up: &str, repair: &str) -> String {
    let law = |mean: &str| format!("{{ dist = \"exponential\", mean = \"{mean}\" }}");
    let (up, repair) = (law(up), law(repair));
    format!("[unit.{name}]\ncount = {count}\nup = {up}\nrepair = {repair}\n")
}

pub fn group(name: &str, of: &str, rest: &str) -> String {
    format!("[group.{name}]\nof = {of}\n{rest}\n")
}

/// The first in the fast set, the second with FIVENINES_FULL=1.
pub fn by_set<T>(fast: T, full: T) -> T {
    if std::env::var_os("FIVENINES_FULL").is_some() { full } else { fast }
}

pub fn years(body: &str, horizon: &str, replications: u32, paths: &[&str]) -> Years {
    Years::of(asked(&drafted(&text(body)), horizon, replications, paths))
}

/// Mean outage and mean time up between two, in seconds, of what the first figure is of.
fn lengths(seen: &Years) -> [Interval; 2] {
    let of = seen.plan.figures[0].measure;
    seen.seen.up_and_down(&seen.plan, of.net, of.meter).map(|estimate| match estimate {
        Estimate::Interval(interval) => interval,
        other => panic!("{other:?}"),
    })
}

/// Downtime of each replication in hours, the shortest first.
fn sorted_hours(seen: &Years) -> Vec<f64> {
    let mut hours: Vec<f64> = seen.seen.folded[0][0].downtime.iter().map(|s| s / H).collect();
    hours.sort_by(f64::total_cmp);
    hours
}

/// Share of the sorted values that are at most so large.
fn share_at_most(sorted: &[f64], most: f64) -> Interval {
    let count = sorted.partition_point(|value| *value <= most);
    Proportion::new(count as u64, sorted.len() as u64).unwrap().wilson(LEVEL).unwrap()
}

/// Standard deviation: the root of the mean square about the mean, with its interval by the central limit
/// theorem. (That by χ² asks for normal values, which years with few outages are not.)
fn deviation(values: &[f64]) -> Interval {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: Vec<f64> = values.iter().map(|x| (x - mean) * (x - mean)).collect();
    let square = Interval::of_mean(&squares, LEVEL).unwrap();
    let Interval { estimate, low, high, .. } = square;
    Interval { estimate: estimate.sqrt(), low: low.sqrt(), high: high.sqrt(), ..square }
}

/// Twenty servers, so many technicians; up while 18 are.
fn repair_shop(hands: u32) -> Years {
    let crew = format!("[crew.people]\nsize = {hands}\n");
    let servers = format!("{}crew = \"people\"\n", unit("u", 20, "500h", "20h"));
    let body = format!("{crew}{servers}{}", group("g", "\"u\"", "needs = 18"));
    years(&body, "50y", 40, &["structural.g@horizon"])
}

const O11_AT_LEAST_18: f64 = 0.927_907_041_703;

#[test]
fn o11_twenty_servers_share_two_technicians() {
    repair_shop(2).holds("structural.g@horizon", O11_AT_LEAST_18, 0.01);
}

/// The check above must miss with one technician for two.
pub fn assert_one_technician_for_two_is_noticed() {
    let found = |hands| repair_shop(hands).interval("structural.g@horizon");
    assert!(found(2).contains(O11_AT_LEAST_18));
    let of_one = found(1);
    assert!(!of_one.contains(O11_AT_LEAST_18), "the mutant is not noticed: {of_one:?}");
}

/// Exponential, Weibull and fixed up times with one mean have one availability.
#[test]
fn o26_one_repairable_unit() {
    let unavailability = 0.009_900_990_099_01;
    for law in [
        "{ dist = \"exponential\", mean = \"1000h\" }",
        "{ dist = \"weibull\", mean = \"1000h\", shape = 2.0 }",
        "{ dist = \"constant\", value = \"1000h\" }",
    ] {
        let body = format!(
            "[unit.u]\nup = {law}\nrepair = {{ dist = \"exponential\", mean = \"10h\" }}\n{}",
            group("g", "\"u\"", "needs = 1")
        );
        let paths = [
            "unavailability.g@horizon",
            "downtime.g@horizon",
            "outages.g@horizon",
            "structural.g@horizon",
        ];
        // From a clean start units with a fixed up time would fail in step.
        let body = text(&body).replace("\"new\"", "\"stationary\"");
        let seen = Years::of(asked(&drafted(&body), "50y", 300, &paths));
        seen.holds(paths[0], unavailability, 0.03);
        seen.holds(paths[1], 5_203.960_396_04 * 60.0, 0.03);
        seen.holds(paths[2], 8.673_267_326_73, 0.01);
        seen.holds(paths[3], 0.990_099_009_901, 0.001);
    }
}

#[test]
fn o27_five_units_in_series_that_age_while_others_are_down_or_do_not() {
    let table = [(2000, 1), (4000, 2), (10_000, 4), (20_000, 8), (50_000, 12)];
    let mut units = String::new();
    for (at, (up, repair)) in table.iter().enumerate() {
        units += &unit(&format!("u{at}"), 1, &format!("{up}h"), &format!("{repair}h"));
    }
    let of = "[\"u0\", \"u1\", \"u2\", \"u3\", \"u4\"]";
    let paths = [
        "unavailability.g@horizon",
        "outages.g@horizon",
        "structural.g@horizon",
        "downtime.g@horizon",
    ];
    for (ageing, unavailability, outages) in [
        ("always", 0.002_037_482_838_66, 8.042_779_518_31),
        ("while-up", 0.002_035_846_872_38, 8.042_792_702_89),
    ] {
        let rest = format!("needs = 5\nageing = \"{ageing}\"");
        let seen = years(&format!("{units}{}", group("g", of, &rest)), "50y", 400, &paths);
        seen.holds(paths[0], unavailability, 0.03);
        seen.holds(paths[1], outages, 0.01);
        if ageing == "always" {
            seen.holds(paths[2], 0.997_962_517_161, 0.000_5);
            seen.holds(paths[3], 1_070.900_98 * 60.0, 0.03);
            holds("mean outage", &lengths(&seen)[0], 2.219_176_794_05 * H, 0.03);
        }
    }
}

#[test]
fn o28_four_of_six_with_a_repairer_each_and_with_one_crew() {
    let paths = ["unavailability.g@horizon", "outages.g@horizon"];
    for (crew, unavailability, outages, mean_outage) in [
        (false, 1.898_277_765_96e-5, 0.049_513_897_565, 3.358_433_5),
        (true, 0.000_116_329_570_278, 0.098_878_430_325_1, 10.306_06),
    ] {
        let mut body = unit("u", 6, "1000h", "10h");
        if crew {
            body = format!("[crew.people]\nsize = 1\n{body}crew = \"people\"\n");
        }
        let body = format!("{body}{}", group("g", "\"u\"", "needs = 4"));
        let seen = years(&body, "100y", by_set(150, 4_000), &paths);
        seen.holds(paths[0], unavailability, by_set(0.2, 0.05));
        seen.holds(paths[1], outages, by_set(0.15, 0.05));
        let [outage, up] = lengths(&seen);
        holds("mean outage", &outage, mean_outage * H, by_set(0.2, 0.05));
        if !crew {
            holds("mean up time", &up, 176_916.666_667 * H, by_set(0.15, 0.05));
        }
    }
}

/// A person switches where the switch does not work, or the unit that failed is back before: the sooner.
#[test]
fn o29_an_active_and_a_passive_unit_with_imperfect_coverage() {
    for (coverage, unavailability, outages) in [
        (1.0, 9.802_960_494_07e-5, 0.171_747_867_856),
        (0.99, 0.000_106_933_292_946, 0.257_543_805_477),
        (0.95, 0.000_142_548_044_968, 0.600_727_555_962),
        (0.9, 0.000_187_066_484_996, 1.029_707_244_07),
    ] {
        let by_hand = match coverage < 1.0 {
            true => "manual-switch = { dist = \"exponential\", mean = \"1h\" }",
            false => "",
        };
        let rest = format!("needs = 1\nmode = \"standby\"\ncoverage = {coverage}\n{by_hand}");
        let body = format!("{}{}", unit("u", 2, "1000h", "10h"), group("g", "\"u\"", &rest));
        let paths = ["unavailability.g@horizon", "outages.g@horizon", "mttf.g@horizon"];
        let seen = years(&body, "40y", by_set(1_200, 6_000), &paths);
        seen.holds(paths[0], unavailability, by_set(0.1, 0.05));
        seen.holds(paths[1], outages, by_set(0.1, 0.05));
        if coverage == 0.95 {
            seen.holds(paths[2], 14_707.142_857_1 * H, by_set(0.12, 0.05));
        }
    }
}

#[test]
fn o32_standby_cold_warm_and_hot_with_a_switch_that_may_fail() {
    for (pace, coverage, unavailability, mttf) in [
        (0.0, 1.0, 4.950_249_987_62e-5, 102_000.0),
        (0.0, 0.98, 0.000_246_522_693_453, 33_993.333_333_3),
        (0.3, 1.0, 6.416_172_703_63e-5, 78_692.307_692_3),
        (0.3, 0.98, 0.000_260_303_208_582, 30_993.939_393_9),
        (1.0, 1.0, 9.802_960_494_07e-5, 51_500.0),
        (1.0, 0.98, 0.000_292_147_634_526, 25_745.0),
    ] {
        let rest = format!(
            "needs = 1\nmode = \"standby\"\nstandby-rate = {pace}\nswitch-over = \"0s\"\ncoverage = {coverage}"
        );
        let body = format!("{}{}", unit("u", 2, "1000h", "10h"), group("g", "\"u\"", &rest));
        let paths = ["unavailability.g@horizon", "mttf.g@horizon"];
        let seen = years(&body, "40y", by_set(1_200, 6_000), &paths);
        seen.holds(paths[0], unavailability, by_set(0.1, 0.05));
        seen.holds(paths[1], mttf * H, by_set(0.12, 0.05));
    }
}

/// An outage of less than a second is none: of failovers of τ, exponential, exp(−1 s/τ) are longer; of fixed
/// ones all. One outage in a thousand begins with both down, and lasts until one is repaired.
#[test]
fn o30_a_primary_and_a_replica_whose_failover_takes_time() {
    // Few and long double failures are most of the spread where failovers are short: more years.
    let short = by_set(4_000, 24_000);
    let long = by_set(300, 1_500);
    for (seconds, is_fixed, unavailability, replications, width) in [
        (5.0, false, 5.963_846_089_11e-7, short, by_set(0.12, 0.05)),
        (5.0, true, 5.965_049_725_01e-7, short, by_set(0.12, 0.05)),
        (60.0, false, 4.377_835_399_83e-6, long, by_set(0.1, 0.05)),
        (60.0, true, 4.394_949_000_36e-6, long, by_set(0.1, 0.05)),
        (300.0, false, 2.022_936_558_51e-5, long, by_set(0.1, 0.05)),
        (300.0, true, 2.063_442_078_86e-5, long, by_set(0.1, 0.05)),
    ] {
        let (law, of_a_second) = match is_fixed {
            true => (format!("{{ dist = \"constant\", value = \"{seconds}s\" }}"), 1.0),
            false => {
                let law = format!("{{ dist = \"exponential\", mean = \"{seconds}s\" }}");
                (law, libm::exp(-1.0 / seconds))
            }
        };
        let rest = format!(
            "needs = 1\nmode = \"standby\"\nstandby-rate = 1\nswitch-over = {law}\ncoverage = 1"
        );
        let body = format!("{}{}", unit("u", 2, "4000h", "2h"), group("g", "\"u\"", &rest));
        let paths = ["unavailability.g@horizon", "outages.g@horizon", "downtime.g@horizon"];
        let seen = years(&body, "50y", replications, &paths);
        seen.holds(paths[0], unavailability, width);
        // The active one of the two fails at 1/4,000 h: 2.189_998_693_92, 2.189_990_412_54 and
        // 2.189_955_697_69 a year where failovers are exponential.
        let outages = 8_760.0 / 4_000.0 * (1.0 - unavailability);
        seen.holds(paths[1], outages * (0.001 + 0.999 * of_a_second), by_set(0.03, 0.01));
        if seconds == 60.0 && !is_fixed {
            seen.holds(paths[2], 2.300_990_286_15 * 60.0, width);
        }
    }
}

/// Where nobody waits for a failover both must be down: twice in a thousand years.
#[test]
fn o30_a_primary_and_a_replica_whose_failover_takes_no_time() {
    let rest =
        "needs = 1\nmode = \"standby\"\nstandby-rate = 1\nswitch-over = \"0s\"\ncoverage = 1";
    let body = format!("{}{}", unit("u", 2, "4000h", "2h"), group("g", "\"u\"", rest));
    let paths = ["unavailability.g@horizon"];
    let seen = years(&body, "50y", by_set(4_000, 100_000), &paths);
    seen.holds(paths[0], 2.497_501_873_75e-7, by_set(0.3, 0.05));
}

#[test]
fn o31_a_pair_with_a_common_cause() {
    for (beta, unavailability, outages, fast) in [
        (0.0, 9.802_960_494_07e-5, 0.171_747_867_856, 800),
        (0.02, 0.000_195_098_230_488, 0.341_812_099_816, 400),
        (0.05, 0.000_340_737_218_064, 0.596_971_606_049, 200),
        (0.1, 0.000_583_565_042_983, 1.022_405_955_31, 200),
    ] {
        let rest = format!("needs = 1\nbeta = {beta}");
        let body = format!("{}{}", unit("u", 2, "1000h", "10h"), group("g", "\"u\"", &rest));
        let paths = ["unavailability.g@horizon", "outages.g@horizon"];
        let seen = years(&body, "100y", by_set(fast, 1_200), &paths);
        seen.holds(paths[0], unavailability, by_set(0.1, 0.05));
        seen.holds(paths[1], outages, 0.05);
    }
}

/// A unit that lives for 1,000 h and is repaired in 10, up at the start.
fn mended() -> String {
    format!("{}{}", unit("u", 1, "1000h", "10h"), group("g", "\"u\"", "needs = 1"))
}

/// From a clean start a short horizon has less downtime than the steady state.
#[test]
fn o33_a_short_horizon_from_a_clean_start_is_not_the_steady_state() {
    let paths = ["unavailability.g@horizon"];
    years(&mended(), "24h", 150_000, &paths).holds(paths[0], 0.006_178_179_596_02, 0.1);
    let seen = years(&mended(), "720h", by_set(40_000, 130_000), &paths);
    seen.holds(paths[0], 0.009_764_837_869_93, 0.05);
    let first = &seen.seen.folded[0][0].first_failure;
    let survived = first.iter().filter(|at| at.is_infinite()).count() as u64;
    let survived = Proportion::new(survived, first.len() as u64).unwrap().wilson(LEVEL).unwrap();
    holds("survives 720 h", &survived, 0.486_752_255_96, by_set(0.02, 0.01));
}

/// No figure of years is one of an instant. But a longer horizon begins as the shorter one does, so that
/// what it has more of downtime, history by history, is what was lost in the second after the shorter.
#[test]
fn o33_a_unit_is_down_at_an_instant_as_often_as_it_should_be() {
    let paths = ["downtime.g@horizon"];
    for (hours, share, replications, width) in [
        (1, 0.000_951_158_090_239, by_set(220_000, 1_300_000), by_set(0.25, 0.1)),
        (10, 0.006_294_861_588_4, by_set(60_000, 200_000), by_set(0.2, 0.1)),
        (24, 0.009_024_092_659_26, by_set(40_000, 140_000), by_set(0.2, 0.1)),
        (100, 0.009_900_583_370_74, by_set(40_000, 130_000), by_set(0.2, 0.1)),
    ] {
        let lost_until = |seconds: u32| {
            let seen = years(&mended(), &format!("{seconds}s"), replications, &paths);
            seen.seen.folded[0][0].downtime.clone()
        };
        let (short, long) = (lost_until(hours * 3_600), lost_until(hours * 3_600 + 1));
        let down = Interval::of_paired_difference(&long, &short, LEVEL).unwrap();
        holds(&format!("down at {hours} h"), &down, share, width);
    }
}

/// A unit that fails twice a year in the mean, an hour each time in the mean, lived through a year each.
fn rare_outages(repair: &str, replications: u32, paths: &[&str]) -> Years {
    let up = "{ dist = \"exponential\", mean = \"4380h\" }";
    let unit = format!("[unit.u]\nup = {up}\nrepair = {repair}\n");
    years(&format!("{unit}{}", group("g", "\"u\"", "needs = 1")), "1y", replications, paths)
}

const EXPONENTIAL_HOUR: &str = "{ dist = \"exponential\", mean = \"1h\" }";
const O34_I_P95_HOURS: f64 = 5.956_922_495_54;

/// (i): outages that come at two a year, each exponential. In the case they may overlap; the unit fails only
/// while it is up, which takes one part in 4,380 off how often: less than a tenth of the narrowest interval.
#[test]
fn o34_i_downtime_of_a_year_with_few_outages_is_spread_as_their_sum() {
    let paths = [
        "downtime.g@horizon",
        "downtime.g.year-p50@horizon",
        "downtime.g.year-p95@horizon",
        "downtime.g.year-p99@horizon",
        "downtime.g.sd@horizon",
        "downtime.g.chance[over=4.38h]@horizon",
        "outages.g.dispersion@horizon",
    ];
    let seen = rare_outages(EXPONENTIAL_HOUR, by_set(200_000, 800_000), &paths);
    seen.holds(paths[4], 2.0 * H, 0.03);
    seen.holds(paths[5], 1.0 - 0.879_121_669_3, 0.03);
    // A unit fails while it is up alone: one part in 4,380 less than at random.
    seen.holds(paths[6], 1.0, 0.02);
    seen.holds(paths[0], 2.0 * H, 0.01);
    seen.holds(paths[1], 1.469_405_867_53 * H, 0.03);
    seen.holds(paths[2], O34_I_P95_HOURS * H, 0.03);
    seen.holds(paths[3], 8.622_567_981_05 * H, 0.03);
    let hours = sorted_hours(&seen);
    holds("standard deviation", &deviation(&hours), 2.0, 0.03);
    let narrow = by_set(0.02, 0.01);
    holds("no downtime", &share_at_most(&hours, 0.0), 0.135_335_283_237, narrow);
    holds("meets 99.95 %", &share_at_most(&hours, 4.38), 0.879_121_669_3, 0.01);
    holds("meets 99.99 %", &share_at_most(&hours, 0.876), 0.364_324_279_516, narrow);
}

/// The check above must miss where every repair takes the mean one, though as much is lost in all.
pub fn assert_repairs_of_one_length_are_noticed() {
    let paths = ["downtime.g@horizon", "downtime.g.year-p95@horizon"];
    let of = |repair: &str| rare_outages(repair, 40_000, &paths);
    let sound = of(EXPONENTIAL_HOUR);
    assert!(sound.interval(paths[1]).contains(O34_I_P95_HOURS * H));
    let wrong = of("{ dist = \"constant\", value = \"1h\" }");
    assert!(wrong.interval(paths[0]).contains(2.0 * H));
    let found = wrong.interval(paths[1]);
    assert!(!found.contains(O34_I_P95_HOURS * H), "the mutant is not noticed: {found:?}");
}

/// (ii): one unit, up at the start, a year each.
#[test]
fn o34_ii_downtime_of_a_year_is_spread_as_takacs_has_it() {
    let paths = [
        "downtime.g@horizon",
        "downtime.g.year-p95@horizon",
        "downtime.g.sd@horizon",
        "downtime.g.chance[over=87.6h]@horizon",
    ];
    let seen = years(&mended(), "1y", 100_000, &paths);
    seen.holds(paths[2], 41.190_285_597_1 * H, 0.03);
    seen.holds(paths[3], 1.0 - 0.556_428_087_443, 0.03);
    seen.holds(paths[0], 86.634_643_662_4 * H, 0.01);
    seen.holds(paths[1], 161.790_706_417 * H, 0.03);
    let hours = sorted_hours(&seen);
    holds("standard deviation", &deviation(&hours), 41.190_285_597_1, 0.03);
    holds("at most 87.6 h", &share_at_most(&hours, 87.6), 0.556_428_087_443, 0.03);
    let p05 = quantile_interval(&hours, 0.05, LEVEL).unwrap();
    holds("p05", &p05, 28.201_003_624, 0.03);
}

fn of_some(needs: u32, count: u32, is_repaired: bool) -> String {
    let mut units = unit("u", count, "1000h", "10h");
    if !is_repaired {
        units = units.lines().filter(|l| !l.starts_with("repair")).collect::<Vec<_>>().join("\n");
    }
    format!("{units}\n{}", group("g", "\"u\"", &format!("needs = {needs}")))
}

#[test]
fn o35_mean_time_to_failure_of_redundant_groups() {
    let paths = ["mttf.g@horizon"];
    for (needs, count, is_repaired, hours, replications) in [
        (1, 2, false, 1500.0, 100_000),
        (1, 3, false, 1_833.333_333_33, 100_000),
        (2, 3, false, 833.333_333_333, 100_000),
        (4, 6, false, 616.666_666_667, 100_000),
        (1, 2, true, 51_500.0, by_set(4_000, 120_000)),
        (2, 3, true, 17_500.0, by_set(4_000, 120_000)),
    ] {
        let seen = years(&of_some(needs, count, is_repaired), "30d", replications, &paths);
        seen.holds(paths[0], hours * H, if is_repaired { by_set(0.06, 0.01) } else { 0.01 });
        if (needs, count, is_repaired) == (2, 3, false) {
            let lives = &seen.seen.folded[0][0].first_failure;
            let longer = lives.iter().filter(|life| **life > 500.0 * H).count() as u64;
            let longer = Proportion::new(longer, lives.len() as u64).unwrap();
            holds("at 500 h", &longer.wilson(LEVEL).unwrap(), 0.657_378_003_217, 0.01);
        }
    }
}

#[test]
fn o35_a_cold_pair_lives_twice_as_long_as_one() {
    let standby = "mode = \"standby\"\nstandby-rate = 0\nswitch-over = \"0s\"\ncoverage = 1\n";
    let body = format!("{}{standby}", of_some(1, 2, false));
    let paths = ["mttf.g@horizon"];
    years(&body, "30d", 100_000, &paths).holds(paths[0], 2_000.0 * H, 0.01);
}

/// Three that are repaired live for four centuries, and a history ends after five. So an hour of the case is
/// a minute here, which changes nothing but the clock: a life takes 20,000 failures and repairs all the same.
#[test]
fn o35_three_in_parallel_that_are_repaired_live_for_centuries() {
    let units = unit("u", 3, "1000min", "10min");
    let body = format!("{units}{}", group("g", "\"u\"", "needs = 1"));
    let paths = ["mttf.g@horizon"];
    let seen = years(&body, "1d", by_set(240, 5_000), &paths);
    seen.holds(paths[0], 3_451_833.333_33 * 60.0, by_set(0.3, 0.05));
}

/// Requests lost while a dead member is still in rotation, and while none is, from the fluid. Rows of
/// members that live for months with FIVENINES_FULL=1.
#[test]
fn o39_a_dead_member_in_rotation_loses_its_share_over_years() {
    let mut rows = vec![
        (2, 120, 7_200, 600, 0.014_043_470_660_2, 20),
        (2, 30, 7_200, 600, 0.007_961_214_407_55, 20),
        (6, 120, 7_200, 600, 0.008_264_659_041_14, 20),
    ];
    if by_set(false, true) {
        rows.extend([
            (2, 12, 7_200_000, 3_600, 1.083_082_202_1e-6, 4_000),
            (2, 32, 7_200_000, 3_600, 2.471_965_806_9e-6, 4_000),
            (6, 12, 7_200_000, 3_600, 8.333_326_388_89e-7, 4_000),
        ]);
    }
    for (zones, interval, up, repair, share, replications) in rows {
        let text = crate::inside::front::rotation(zones, interval, up, repair);
        let horizon = if up > 10_000 { "50y" } else { "2y" };
        let paths = ["request.get@horizon"];
        let seen = Years::of(asked(&drafted(&text), horizon, replications, &paths));
        let served = seen.interval(paths[0]);
        let (lost, within) = (1.0 - served.estimate, served.half_width());
        println!("{zones} zones, {} s: {lost} ± {within} of {share}", interval / 2);
        assert!((lost - share).abs() <= within, "{zones}, {interval}: {lost} ± {within}, {share}");
        assert!(within / share <= 0.05, "{zones}, {interval}: ± {within} of {share}");
    }
}

/// A fleet: who serves by itself is down for its own share, with people enough and without (the machine
/// repairman: Trivedi, section 8.2.3).
#[test]
fn a_fleet_is_down_for_the_mean_share_of_its_members() {
    let paths = ["unavailability.u-*@horizon", "outages.u-*@horizon", "downtime.u-*@horizon"];
    let seen = years(&unit("u", 40, "1000h", "10h"), "50y", 20, &paths);
    let share = 10.0 / 1010.0;
    seen.holds(paths[0], share, 0.01);
    // Of all members together; downtime is that of one.
    seen.holds(paths[1], 40.0 * 8_760.0 / 1_010.0, 0.01);
    seen.holds(paths[2], share * 8_760.0 * H, 0.01);

    let (members, ratio) = (4_u32, 10.0 / 100.0);
    let mut weights = vec![1.0];
    for down in 0..members {
        weights.push(weights[down as usize] * f64::from(members - down) * ratio);
    }
    let all: f64 = weights.iter().sum();
    let down: f64 = weights.iter().zip(0_u32..).map(|(w, n)| w * f64::from(n)).sum();
    let people = "[crew.people]\nsize = 1\n";
    let crewed = format!("{people}{}crew = \"people\"\n", unit("u", members, "100h", "10h"));
    let seen = years(&crewed, "50y", 60, &paths[..1]);
    seen.holds(paths[0], down / all / f64::from(members), 0.02);
}

/// B4: ten thousand servers over a hundred years, from their file, in the band of one run: three standard
/// deviations of 1.95e-6.
#[test]
fn ten_thousand_servers_are_up_as_long_as_renewal_theory_says() {
    let draft = crate::inside::common::load("oracles/b4-fleet.toml").draft;
    let plan = availability::plan(&draft, &[]).unwrap();
    let net = &plan.nets[0];
    assert_eq!((net.fleets[0].members.len(), net.alone.len()), (10_000, 10_000));
    let seen = flows::run(&plan, 0, 0, &[]).unwrap();
    let available = 1.0 - seen.tallies[0].downtime_s() / plan.horizon.seconds();
    assert!((available - 8_760.0 / 8_772.0).abs() <= 6e-6, "{available}");
    // Failures and repairs: 1.997e6, with a variance of as many but for the shorter repairs.
    assert!((seen.steps as f64 - 1.997e6).abs() <= 4.5e3, "{}", seen.steps);
    assert_eq!(seen.tallies[0].whole_years, 100);
}
