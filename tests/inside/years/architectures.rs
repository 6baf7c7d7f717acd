//! O36 to O38: the nine architectures as blocks that fail by themselves, each lived through as a user
//! writes it down, with the bands of `oracles`.

use fivenines::stats::interval::Interval;

use super::Years;
use super::oracles::{by_set, group, unit, years};

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
/// (tests/inside/health).
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
