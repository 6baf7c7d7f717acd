//! O26 to O39: systems with an exact answer, as a user writes them down.
//!
//! The intervals are those of 99.9 %; the widths are the rules of the cases, with FIVENINES_FULL=1
//! everywhere, in the fast set where that takes seconds (`by_set`).

use fivenines::plan::availability;
use fivenines::solve::flows;
use fivenines::stats::interval::Interval;

use super::{Years, asked};
use crate::faults::drafted;

const H: f64 = 3600.0;

fn text(body: &str) -> String {
    format!("scenario = \"oracle\"\n[run]\ninitial = \"new\"\nseed = 1\n{body}")
}

fn unit(name: &str, count: u32, up: &str, repair: &str) -> String {
    let law = |mean: &str| format!("{{ dist = \"exponential\", mean = \"{mean}\" }}");
    let (up, repair) = (law(up), law(repair));
    format!("[unit.{name}]\ncount = {count}\nup = {up}\nrepair = {repair}\n")
}

fn group(name: &str, of: &str, rest: &str) -> String {
    format!("[group.{name}]\nof = {of}\n{rest}\n")
}

/// The first in the fast set, the second with FIVENINES_FULL=1.
fn by_set<T>(fast: T, full: T) -> T {
    if std::env::var_os("FIVENINES_FULL").is_some() { full } else { fast }
}

fn years(body: &str, horizon: &str, replications: u32, paths: &[&str]) -> Years {
    Years::of(asked(&drafted(&text(body)), horizon, replications, paths))
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
        let paths = ["unavailability.g@horizon", "downtime.g@horizon", "outages.g@horizon"];
        // From a clean start units with a fixed up time would fail in step.
        let body = text(&body).replace("\"new\"", "\"stationary\"");
        let seen = Years::of(asked(&drafted(&body), "50y", 300, &paths));
        seen.holds(paths[0], unavailability, 0.03);
        seen.holds(paths[1], 5_203.960_396_04 * 60.0, 0.03);
        seen.holds(paths[2], 8.673_267_326_73, 0.01);
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
    let paths = ["unavailability.g@horizon", "outages.g@horizon"];
    for (ageing, unavailability, outages) in [
        ("always", 0.002_037_482_838_66, 8.042_779_518_31),
        ("while-up", 0.002_035_846_872_38, 8.042_792_702_89),
    ] {
        let rest = format!("needs = 5\nageing = \"{ageing}\"");
        let seen = years(&format!("{units}{}", group("g", of, &rest)), "50y", 400, &paths);
        seen.holds(paths[0], unavailability, 0.03);
        seen.holds(paths[1], outages, 0.01);
    }
}

#[test]
fn o28_four_of_six_with_a_repairer_each_and_with_one_crew() {
    let paths = ["unavailability.g@horizon", "outages.g@horizon"];
    for (crew, unavailability, outages) in [
        (false, 1.898_277_765_96e-5, 0.049_513_897_565),
        (true, 0.000_116_329_570_278, 0.098_878_430_325_1),
    ] {
        let mut body = unit("u", 6, "1000h", "10h");
        if crew {
            body = format!("[crew.people]\nhands = 1\n{body}crew = \"people\"\n");
        }
        let body = format!("{body}{}", group("g", "\"u\"", "needs = 4"));
        let seen = years(&body, "100y", by_set(150, 4_000), &paths);
        seen.holds(paths[0], unavailability, by_set(0.2, 0.05));
        seen.holds(paths[1], outages, by_set(0.15, 0.05));
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
            true => "failed = { dist = \"exponential\", mean = \"1h\" }",
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

#[test]
fn o30_a_master_and_a_slave_whose_failover_takes_time() {
    for (law, unavailability) in [
        ("{ dist = \"exponential\", mean = \"60s\" }", 4.377_835_399_83e-6),
        ("{ dist = \"constant\", value = \"60s\" }", 4.394_949_000_36e-6),
        ("{ dist = \"exponential\", mean = \"300s\" }", 2.022_936_558_51e-5),
        ("{ dist = \"constant\", value = \"300s\" }", 2.063_442_078_86e-5),
    ] {
        let rest = format!(
            "needs = 1\nmode = \"standby\"\nstandby-rate = 1\nswitch-over = {law}\ncoverage = 1"
        );
        let body = format!("{}{}", unit("u", 2, "4000h", "2h"), group("g", "\"u\"", &rest));
        let paths = ["unavailability.g@horizon", "outages.g@horizon"];
        let seen = years(&body, "50y", by_set(300, 1_500), &paths);
        seen.holds(paths[0], unavailability, by_set(0.1, 0.05));
        // An outage of less than a second is none, and one in sixty is as short as that.
        let outages = seen.interval(paths[1]);
        assert!((2.1..=2.25).contains(&outages.estimate), "{outages:?}");
    }
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

/// From a clean start a short horizon has less downtime than the steady state.
#[test]
fn o33_a_short_horizon_from_a_clean_start_is_not_the_steady_state() {
    let body = format!("{}{}", unit("u", 1, "1000h", "10h"), group("g", "\"u\"", "needs = 1"));
    for (horizon, share, width, replications) in
        [("24h", 0.006_178_179_596_02, 0.1, 150_000), ("720h", 0.009_764_837_869_93, 0.05, 30_000)]
    {
        let paths = ["unavailability.g@horizon"];
        years(&body, horizon, replications, &paths).holds(paths[0], share, width);
    }
}

/// (ii): one unit, up at the start, a year each.
#[test]
fn o34_downtime_of_a_year_is_spread_as_takacs_has_it() {
    let body = format!("{}{}", unit("u", 1, "1000h", "10h"), group("g", "\"u\"", "needs = 1"));
    let paths = ["downtime.g@horizon", "downtime.g.year-p95@horizon"];
    let seen = years(&body, "1y", 40_000, &paths);
    seen.holds(paths[0], 86.634_643_662_4 * H, 0.01);
    seen.holds(paths[1], 161.790_706_417 * H, 0.03);
    let spread = &seen.seen.folded[0][0];
    let at_most = spread.years.count_at_most((87.6 * H * 1e9) as u64) as f64;
    let share = at_most / spread.years.count() as f64;
    assert!((share - 0.556_428_087_443).abs() < 0.012, "{share}");
    let p05 = spread.years.quantile(0.05).unwrap() as f64 / 1e9 / H;
    assert!((p05 / 28.201_003_624 - 1.0).abs() < 0.04, "{p05}");
}

#[test]
fn o35_mean_time_to_failure_of_redundant_groups() {
    let pair = |needs: u32, count: u32, repaired: bool| {
        let mut units = unit("u", count, "1000h", "10h");
        if !repaired {
            units =
                units.lines().filter(|l| !l.starts_with("repair")).collect::<Vec<_>>().join("\n");
        }
        format!("{units}\n{}", group("g", "\"u\"", &format!("needs = {needs}")))
    };
    for (needs, count, repaired, hours, replications) in [
        (1, 2, false, 1500.0, 100_000),
        (1, 3, false, 1_833.333_333_33, 100_000),
        (2, 3, false, 833.333_333_333, 100_000),
        (4, 6, false, 616.666_666_667, 100_000),
        (1, 2, true, 51_500.0, by_set(4_000, 120_000)),
        (2, 3, true, 17_500.0, by_set(4_000, 120_000)),
    ] {
        let paths = ["mttf.g@horizon"];
        let seen = years(&pair(needs, count, repaired), "30d", replications, &paths);
        seen.holds(paths[0], hours * H, if repaired { by_set(0.06, 0.01) } else { 0.01 });
    }
}

/// What blocks that fail by themselves give in series: unavailability and outages a year, each with the
/// half-width that those of the blocks add up to.
struct Series {
    down: f64,
    down_within: f64,
    outages: f64,
    outages_within: f64,
}

impl Series {
    fn of(seen: &Years, blocks: &[&str]) -> Self {
        let interval =
            |metric: &str, block: &&str| seen.interval(&format!("{metric}.{block}-g@horizon"));
        let down: Vec<Interval> = blocks.iter().map(|b| interval("unavailability", b)).collect();
        let outages: Vec<Interval> = blocks.iter().map(|b| interval("outages", b)).collect();
        let up: f64 = down.iter().map(|one| 1.0 - one.estimate).product();
        // A block ends what the others keep up.
        let share = |at: usize| up / (1.0 - down[at].estimate);
        let within = |of: &[Interval]| {
            libm::sqrt(of.iter().map(|one| one.half_width() * one.half_width()).sum())
        };
        Self {
            down: 1.0 - up,
            down_within: within(&down),
            outages: outages.iter().enumerate().map(|(at, one)| one.estimate * share(at)).sum(),
            outages_within: within(&outages),
        }
    }

    fn holds(&self, what: &str, (down, outages): (f64, f64), width: f64) {
        let close = |found: f64, within: f64, exact: f64| {
            assert!((found - exact).abs() <= within, "{what}: {found} ± {within}, exact {exact}");
            assert!(within / exact <= width, "{what}: ± {within} of {exact}, {width} wanted");
        };
        close(self.down, self.down_within, down);
        close(self.outages, self.outages_within, outages);
    }
}

/// The blocks of the tiers, each a group of its name with `-g`; a path needs them all. `over` says how
/// two that take over from each other are written.
fn nine_tiers(over: impl Fn(u32) -> String) -> Vec<(Vec<&'static str>, String)> {
    let some = |name: &str, count: u32, (up, repair): (u32, u32), rest: &str| {
        unit(name, count, &format!("{up}h"), &format!("{repair}h"))
            + &group(&format!("{name}-g"), &format!("\"{name}\""), rest)
    };
    let one = |name: &str, of: (u32, u32)| some(name, 1, of, "needs = 1");
    let pair = |name: &str, of: (u32, u32), seconds: u32| some(name, 2, of, &over(seconds));
    let zone = one("zone", (1500, 2));
    let web = |count, needs| some("web", count, (2000, 1), &format!("needs = {needs}"));
    let (sql, sqls) = (one("sql", (4000, 2)), pair("sql", (4000, 2), 60));
    let (nas, heads) = (one("nas", (20_000, 8)), pair("nas", (20_000, 8), 45));
    let (front, fronts) = (one("front", (10_000, 4)), pair("front", (10_000, 4), 5));
    let all = vec!["front", "web", "sql", "nas"];
    vec![
        (vec!["zone"], zone),
        (vec!["web", "sql", "nas"], web(1, 1) + &sql + &nas),
        (all.clone(), front.clone() + &web(2, 1) + &sql + &nas),
        (all.clone(), front + &web(2, 1) + &sqls + &nas),
        (all.clone(), fronts.clone() + &web(2, 1) + &sqls + &nas),
        (all.clone(), fronts.clone() + &web(2, 1) + &sqls + &heads),
        (all, fronts + &web(6, 4) + &sqls + &heads),
    ]
}

/// Lives through the blocks with a site beside them.
fn series_of(blocks: &[&'static str], body: &str, replications: u32) -> (Series, Series) {
    let site = unit("site", 1, "17520h", "2h") + &group("site-g", "\"site\"", "needs = 1");
    let mut with_site = blocks.to_vec();
    with_site.push("site");
    let paths: Vec<String> = ["unavailability", "outages"]
        .into_iter()
        .flat_map(|metric| with_site.iter().map(move |b| format!("{metric}.{b}-g@horizon")))
        .collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let seen = years(&format!("{body}{site}"), "100y", replications, &paths);
    (Series::of(&seen, blocks), Series::of(&seen, &with_site))
}

/// Without the site, tiers whose outages are rarer than one in two years stand with the enumerator alone
/// (tests/it/health).
#[test]
fn o36_o38_the_nine_architectures_with_instant_failover_and_with_a_site() {
    let exact = [
        (0.001_331_557_922_77, 5.832_223_701_73, 0.001_445_548_157),
        (0.001_398_691_023_28, 6.998_197_973_31, 0.001_512_673_594_79),
        (0.001_299_120_246_26, 3.503_817_822_57, 0.001_413_114_182_99),
        (0.000_800_019_356_824, 1.319_506_960_25, 0.000_914_070_262_045),
        (0.000_400_499_172_64, 0.445_085_348_638, 0.000_514_595_679_983),
        (8.192_442_806_22e-7, 0.007_613_790_038_11, 0.000_114_961_371_978),
        (5.719_876_820_45e-7, 0.003_303_673_255_01, 0.000_114_714_143_602),
    ];
    let tiers = nine_tiers(|_| "needs = 1".into());
    for (tier, ((blocks, body), (down, outages, with_site))) in tiers.iter().zip(exact).enumerate()
    {
        let (alone, under_site) = series_of(blocks, body, by_set(400, 800));
        let what = format!("tier {tier}");
        if outages > 0.4 {
            alone.holds(&what, (down, outages), by_set(0.07, 0.05));
        }
        let (found, within) = (under_site.down, under_site.down_within);
        assert!((found - with_site).abs() <= within, "{what} with a site: {found} ± {within}");
        assert!(within / with_site <= by_set(0.06, 0.05), "{what} with a site: ± {within}");
    }
}

/// Rare double failures decide the variance from tier 5 on. An outage of less than a second counts as
/// none: of failovers of 60, 45 and 5 s in the mean, exponential, 1 in 60, 1 in 45 and 1 in 6.
#[test]
fn o37_the_nine_architectures_with_finite_failover() {
    let exact = [
        (0.001_331_557_922_77, 5.832_223_701_73, 0.04),
        (0.001_398_691_023_28, 6.998_197_973_31, 0.04),
        (0.001_299_120_246_26, 3.503_817_822_57, 0.04),
        (0.000_804_144_140_518, 3.505_554_384_67, 0.05),
        (0.000_404_764_279_132, 3.506_955_559_25, 0.07),
        (5.709_578_712_82e-6, 3.508_355_593_03, 0.1),
        (5.462_323_323_42e-6, 3.504_046_362_91, 0.1),
    ];
    let tiers = nine_tiers(|seconds| {
        format!(
            "needs = 1\nmode = \"standby\"\nstandby-rate = 1\nswitch-over = {{ dist = \"exponential\", mean = \"{seconds}s\" }}\ncoverage = 1"
        )
    });
    let short = |tier: usize, from: usize, hours: f64, seconds: f64| {
        let share = -libm::expm1(-1.0 / seconds);
        if tier >= from { 8_760.0 / hours * share } else { 0.0 }
    };
    for (tier, ((blocks, body), (down, outages, fast))) in tiers.iter().zip(exact).enumerate() {
        let unseen = short(tier, 3, 4_000.0, 60.0) + short(tier, 4, 10_000.0, 5.0);
        let exact = (down, outages - unseen - short(tier, 5, 20_000.0, 45.0));
        let (alone, _) = series_of(blocks, body, by_set(400, if tier > 4 { 2_000 } else { 800 }));
        alone.holds(&format!("tier {tier}"), exact, by_set(fast, fast.min(0.05)));
    }
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
        let text = crate::front::rotation(zones, interval, up, repair);
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
    let people = "[crew.people]\nhands = 1\n";
    let crewed = format!("{people}{}crew = \"people\"\n", unit("u", members, "100h", "10h"));
    let seen = years(&crewed, "50y", 60, &paths[..1]);
    seen.holds(paths[0], down / all / f64::from(members), 0.02);
}

/// B4: ten thousand servers over a hundred years, from their file, in the band of one run: three standard
/// deviations of 1.95e-6.
#[test]
fn ten_thousand_servers_are_up_as_long_as_renewal_theory_says() {
    let draft = crate::common::load("oracles/b4-fleet.toml").draft;
    let plan = availability::plan(&draft, &[]).unwrap();
    let net = &plan.nets[0];
    assert_eq!((net.fleets[0].members.len(), net.alone.len()), (10_000, 10_000));
    let seen = flows::run(&plan, 0, 0, &[]).unwrap();
    let available = 1.0 - seen.tallies[0].downtime_s() / plan.horizon.seconds();
    assert!((available - 8_760.0 / 8_772.0).abs() <= 6e-6, "{available}");
    // Failures and repairs: 1.997e6, with a variance of as many but for the shorter repairs.
    assert!((seen.steps as f64 - 1.997e6).abs() <= 4.5e3, "{}", seen.steps);
    assert_eq!(seen.tallies[0].years.count(), 100);
}
