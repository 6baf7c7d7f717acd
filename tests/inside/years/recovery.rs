//! How long nobody serves what takes over from each other, and what a failover loses over years.

use super::{Years, asked};
use crate::inside::faults::drafted;
use crate::inside::shared::base::{With as _, base};

const YEAR_H: f64 = 8_760.0;

/// One write a view, and two members of a database; `faults` and `failover` are the case's own.
pub fn group(rate: &str, replication: &str, failover: &str, faults: &str) -> String {
    base("replicas").with(&format!(
        r#"
[run]
seed = 44
[server.box]
cores = 8
[workload.writers]
rate = "{rate}"
[database.mysql]
read = {{ cpu = "0.1ms" }}
write = {{ cpu = "0.1ms" }}
replication = {replication}
[database.mysql.failover]
detect = {{ interval = "100ms", time-out = "100ms", fall = 1 }}
manual-repair = "45min"
{failover}
{faults}"#
    ))
}

const FIXED: &str = "{ mode = \"async\", receive = \"200ms\" }";
const AT_ONCE: &str = "promote = \"0s\"\ncoverage = 1.0\n";

pub fn crash(hits: &str, mtbf_h: f64, repair_h: f64) -> String {
    format!(
        "[fault.crash]\nhits = {hits}\nhow = \"crash\"\nup = {{ dist = \"exponential\", mean = \"{mtbf_h}h\" }}\n\
         repair = {{ dist = \"exponential\", mean = \"{repair_h}h\" }}\n"
    )
}

fn years(text: &str, horizon: &str, replications: u32, paths: &[&str]) -> Years {
    Years::of(asked(&drafted(text), horizon, replications, paths))
}

const LOST: &str = "lost-writes.mysql@horizon";
const AT_A_TIME: &str = "lost-writes.mysql.mean@horizon";
const WINDOW: &str = "data-loss.mysql@horizon";
const FAILOVERS: &str = "failovers.mysql@horizon";

/// O44: of 1,000 writes a second each with the replica after 200 ms; the primary dies every 4,000 h and is
/// always followed by the other.
#[test]
fn o44_an_asynchronous_failover_loses_what_is_under_way() {
    let faults = crash("\"database.mysql.primary\"", 4_000.0, 2.0);
    let text = group("1000/s", FIXED, AT_ONCE, &faults);
    let paths = [LOST, AT_A_TIME, WINDOW, FAILOVERS];
    let seen = years(&text, "50y", 1_000, &paths);
    let found = seen.interval(AT_A_TIME);
    assert!((found.estimate / 200.0 - 1.0).abs() < 1e-6, "{found:?}");
    // The oldest of them is as old as the delay, less the gap before the next.
    let window = seen.interval(WINDOW).estimate;
    assert!((window / 0.199 - 1.0).abs() < 1e-6, "{window}");
    seen.holds(LOST, 438.0, 0.05);
    seen.holds(FAILOVERS, YEAR_H / 4_000.0, 0.05);
    // Semi-synchronous: what was acknowledged a replica has.
    let text = group("1000/s", &FIXED.replace("async", "semi-sync"), AT_ONCE, &faults);
    let seen = years(&text, "50y", 100, &paths);
    assert_eq!(seen.interval(AT_A_TIME).estimate, 0.0);
    assert!(seen.interval(FAILOVERS).estimate > 2.0);
    // On the old primary's volume: nothing either.
    let data = "[database.mysql]\ndata = { sql-1 = \"store:db\", sql-2 = \"store:db\" }\n";
    let nas = "[nas.store]\nheads = 1\ncpu = \"0.1ms\"\n[nas.store.pools]\n\
               main = { kind = \"7.2k\", layout = \"plain\", data = 4 }\n\
               [nas.store.volumes]\ndb = { size = \"500GB\", pool = \"main\" }\n";
    let text = group("1000/s", FIXED, &format!("promotion = \"remount\"\n{AT_ONCE}"), &faults);
    let seen = years(&text.with(data).with(nas), "50y", 100, &paths);
    assert_eq!(seen.interval(AT_A_TIME).estimate, 0.0);
}

/// A replica that was away when the primary died and is back before it has what was committed until it went.
/// By the chain of both members, each up for 1/λ and repaired in 1/μ on average:
///
/// ```text
/// both     -> behind     λ: the replica dies        both -> followed  λ: the primary dies; w d writes
/// behind   -> both       μ                        behind   -> none      λ: the primary dies as well
/// none     -> behind     μ: the primary is back    none     -> followed  μ: the replica is, and serves
/// followed -> both       μ                        followed -> neither   λ
/// neither  -> followed   μ: the primary is back    neither  -> waits     μ: the other, which is no copy
/// waits    -> both       μ                        waits    -> neither   λ
/// ```
/// The replica is away in stretches of 1/(λ + μ), each of which ends with the primary's death with the probability
/// p = λ/(λ + μ); of these half lose all stretches so far, half go on: (p/2) ÷ (1 − p/2)² stretches a time.
#[test]
fn a_replica_that_was_away_loses_all_that_was_written_since() {
    let (up_h, repair_h, per_s) = (400.0, 40.0, 10.0);
    let (l, m) = (1.0 / up_h, 1.0 / repair_h);
    let behind = l / (m + l / 2.0);
    let none = l * behind / (2.0 * m);
    let neither_of = l / (2.0 * m - l * m / (m + l));
    let waits_of = neither_of * m / (m + l);
    // followed: λ + μ none + μ neither = (μ + λ) followed
    let followed = (l + m * none) / (m + l - m * neither_of);
    let sum = 1.0 + behind + none + followed * (1.0 + neither_of + waits_of);
    let both = 1.0 / sum;
    let p = l / (l + m);
    let away_h = (p / 2.0) / (1.0 - p / 2.0) / (1.0 - p / 2.0) / (l + m);
    let failovers = both * (l + m * none) * YEAR_H;
    let from_behind = both * l * YEAR_H * away_h * 3_600.0 * per_s;
    let under_way = both * l * YEAR_H * per_s * 0.2;
    let faults = crash("[\"box-2\", \"box-3\"]", up_h, repair_h);
    let text = group("10/s", FIXED, AT_ONCE, &faults);
    let behind = "failovers.mysql[outcome=behind]@horizon";
    let seen = years(&text, "10y", 1_000, &[LOST, FAILOVERS, behind]);
    seen.holds(behind, both * m * none * YEAR_H, 0.06);
    seen.holds(FAILOVERS, failovers, 0.02);
    seen.holds(LOST, from_behind + under_way, 0.08);
    // Nobody waited for a replica that was away for longer than ten seconds.
    let text = group("10/s", &FIXED.replace("async", "semi-sync"), AT_ONCE, &faults);
    years(&text, "10y", 1_000, &[LOST]).holds(LOST, from_behind, 0.08);
}

/// A role is without a holder from the death on, whether it is seen or not: until the next probe (the
/// process is gone and its host refuses for it: U(0, 0.1 s)), then the promotion of 30 s. Of ten one is not
/// covered: the old primary is back after 10 min, and serves when people are done after 45.
#[test]
fn a_recovery_lasts_from_the_death_until_somebody_serves() {
    let failover = "promote = \"30s\"\ncoverage = 0.9\n";
    let faults = "[fault.crash]\nhits = \"database.mysql.primary\"\nhow = \"crash\"\nrate = \"12/y\"\n\
                  repair = \"10min\"\n";
    let text = group("1/s", FIXED, failover, faults);
    let paths = [
        "recovery.mysql@horizon",
        "recovery.mysql.p50@horizon",
        "recovery.mysql.p95@horizon",
        "interruptions.mysql@horizon",
        "interruptions.mysql[cause=crash]@horizon",
        FAILOVERS,
    ];
    let seen = years(&text, "20y", 400, &paths);
    let by_hand = 0.05 + 0.9 * 30.0 + 0.1 * 2_700.0;
    let found = seen.interval(paths[0]);
    assert!(found.contains(by_hand), "{found:?}, {by_hand}");
    let middle = seen.interval(paths[1]).estimate;
    assert!((30.0..30.1).contains(&middle), "{middle}");
    assert!((seen.interval(paths[2]).estimate / 2_700.0 - 1.0).abs() < 1e-3);
    seen.holds(paths[3], 12.0, 0.02);
    assert_eq!(seen.interval(paths[3]).estimate, seen.interval(paths[4]).estimate);
    seen.holds(FAILOVERS, 0.9 * 12.0, 0.02);
}

/// The address of a VRRP pair: three advertisements and the skew of the partner less what has passed since
/// the last; it comes back without a gap. Volumes: the silence and the takeover.
#[test]
fn addresses_and_volumes_recover_in_the_times_of_their_takeovers() {
    let text = base("page").with(
        r#"
[run]
seed = 3
[server.box]
count = 4
cores = 4
[zone.web]
count = 2
on = ["box-1", "box-2"]
[service.app]
workers = 5
mounts = { files = "store:files" }
[request.page]
enter = "front"
demands = { page = "5ms" }
steps = [ { cpu = "app", demand = "page" }, { io = "files", read = 1 } ]
[balancer.front]
count = 2
to = "app"
cores = 2
cpu = "0.1ms"
vrrp = { interval = "1s" }
[nas.store]
heads = 2
cpu = "0.1ms"
[nas.store.failover]
detect = "20s"
takeover = "40s"
giveback = { after = "5min", lasts = "10s" }
coverage = 1.0
[nas.store.pools]
main = { kind = "7.2k", layout = "plain", data = 4 }
[nas.store.volumes]
files = { size = "1TB", pool = "main" }
[fault.front]
hits = "balancer.front"
how = "crash"
rate = "12/y"
repair = "10min"
[fault.head]
hits = "nas.store.head"
how = "crash"
rate = "6/y"
repair = "30min"
"#,
    );
    let paths = [
        "recovery.front@horizon",
        "failovers.front@horizon",
        "recovery.store@horizon",
        "interruptions.front@horizon",
    ];
    let seen = years(&text, "20y", 300, &paths);
    let found = seen.interval(paths[0]);
    // Now and then the other is dead too: of 12 × 10 min ÷ a year each.
    let silence = 3.0 + 156.0 / 256.0 - 0.5;
    let silence = silence + 12.0 * 600.0 * 600.0 / (YEAR_H * 3_600.0);
    assert!(found.contains(silence), "{found:?}, {silence}");
    // There and back, for each death of the first unit; the second has it never but then.
    seen.holds(paths[1], 24.0, 0.03);
    // Silence and takeover are a minute, and everybody waits for the giveback too.
    let store = seen.interval(paths[2]);
    assert!((store.estimate / 35.0 - 1.0).abs() < 0.02, "{store:?}");
    // With both units gone nobody has the address, wherever it was.
    let both = "[fault.both]\nhits = \"balancer.front\"\nhow = \"crash\"\nrate = \"4/y\"\n\
                together = true\nrepair = \"30min\"\n";
    let seen = years(&format!("{text}{both}"), "20y", 300, &paths);
    seen.holds(paths[3], 16.0, 0.03);
    let mean = (12.0 * silence + 4.0 * 1_800.0) / 16.0;
    let found = seen.interval(paths[0]);
    assert!((found.estimate / mean - 1.0).abs() < 0.03, "{found:?}, {mean}");
}

/// Ten writes a second, and three members whose hosts go at fixed times: the third at 1,000 s, the second
/// at 2,000 s, the primary at 3,000 s. The third is back at 3,600 s and serves: all since 1,000 s is lost,
/// 20,000 writes of 2,000 s. It goes again at 5,000 s, and the second is back at 6,000 s: it lacks what the
/// third took from 3,600 s on, 14,000 writes; what was lost before is not lost again.
#[test]
fn what_one_failover_has_lost_the_next_does_not_lose_again() {
    let gone = |name: &str, host: u32, at: u32, until: u32| {
        let lasts = until - at;
        format!(
            "[fault.{name}]\nhits = \"box-{host}\"\nhow = \"crash\"\nat = \"{at}s\"\nlasts = \"{lasts}s\"\n"
        )
    };
    let faults = [
        gone("third", 4, 1_000, 3_600),
        gone("second", 3, 2_000, 6_000),
        gone("primary", 2, 3_000, 80_000),
        gone("again", 4, 5_000, 80_000),
    ];
    let text = group("10/s", FIXED, AT_ONCE, &faults.concat())
        .replace("count = 3\ncores", "count = 4\ncores")
        .replace(
            "count = 2\non = [\"box-2\", \"box-3\"]",
            "count = 3\non = [\"box-2\", \"box-3\", \"box-4\"]",
        )
        .replace("replicas = [\"sql-2\"]", "replicas = [\"sql-2\", \"sql-3\"]");
    let behind = "failovers.mysql[outcome=behind]@horizon";
    let lost = |text: &str| {
        let seen = years(text, "1d", 4, &[LOST, behind, WINDOW]);
        assert!((seen.interval(behind).estimate / 365.0 - 2.0).abs() < 1e-9);
        (seen.interval(LOST).estimate / 365.0, seen.interval(WINDOW).estimate)
    };
    let (writes, window) = lost(&text);
    assert!((writes - 34_000.0).abs() < 10.0, "{writes}");
    assert!((window - (2_000.0 + 1_400.0) / 2.0).abs() < 1.0, "{window}");
    // Semi-synchronous: the second had what was acknowledged until it went, and then nobody did for longer
    // than primaries wait.
    let (writes, _) = lost(&text.replace("async", "semi-sync"));
    assert!((writes - 34_000.0).abs() < 10.0, "{writes}");
    // The primary dies 5 s after the second went: what nobody had was not acknowledged.
    let hurried =
        text.replace("at = \"2000s\"\nlasts = \"4000s\"", "at = \"2995s\"\nlasts = \"3005s\"");
    assert_ne!(hurried, text);
    let (writes, _) = lost(&hurried.replace("async", "semi-sync"));
    assert!((writes - (19_950.0 + 14_000.0)).abs() < 10.0, "{writes}");
    let (writes, _) = lost(&hurried);
    assert!((writes - 34_000.0).abs() < 10.0, "{writes}");
}

/// What is drawn of the windows of failovers has their mean.
#[test]
fn windows_of_failovers_are_drawn_from_their_distribution() {
    let receive = "{ mode = \"async\", receive = { dist = \"exponential\", mean = \"200ms\" } }";
    let faults = crash("\"database.mysql.primary\"", 400.0, 2.0);
    let text = group("3/s", receive, AT_ONCE, &faults);
    let paths = [WINDOW, "data-loss.mysql.p50@horizon", "data-loss.mysql.p95@horizon"];
    let seen = years(&text, "20y", 100, &paths);
    // H(a) = d e^(-a/d): the window is at most a with the probability exp(-w H(a)).
    let (w, d) = (3.0, 0.2);
    let quantile = |q: f64| -d * libm::log(-libm::log(q) / (w * d));
    assert!(
        seen.interval(paths[1]).contains(quantile(0.5).max(0.0)),
        "{:?}",
        seen.interval(paths[1])
    );
    assert!(seen.interval(paths[2]).contains(quantile(0.95)), "{:?}", seen.interval(paths[2]));
    // In the mean d ∫ (1 - exp(-x)) dx ÷ x from 0 to w d, as a series.
    let (mut term, mut sum) = (1.0, 0.0);
    for n in 1..30 {
        term *= -w * d / f64::from(n);
        sum -= term / f64::from(n);
    }
    let mean = seen.interval(paths[0]).estimate;
    assert!((mean / (d * sum) - 1.0).abs() < 1e-4, "{mean}, {}", d * sum);
}

/// What cannot be is refused with what could be meant.
#[test]
fn a_figure_of_a_recovery_that_cannot_be_is_refused() {
    let draft = crate::inside::common::load("tiers/tier-3.toml").draft;
    let plan = fivenines::plan::availability::plan(&draft, &[]).unwrap();
    for (path, said) in [
        ("recovery.mysq@horizon", "did you mean `mysql`?"),
        ("recovery.app@horizon", "no member takes over from another at `app`"),
        ("recovery.mysql.sd@horizon", "there is no `sd` of `recovery`"),
        ("recovery.mysql[cause=change]@horizon", "`[cause=...]` has no effect on `recovery`"),
        ("interruptions.mysql[cause=chnge]@horizon", "did you mean `change`?"),
        ("failovers.mysql[outcome=failed]@horizon", "must be behind"),
        ("lost-writes.page@horizon", "no replica takes over at `page`"),
        ("data-loss.mysql[cause=change]@horizon", "`[cause=...]` has no effect on `data-loss`"),
    ] {
        let found = fivenines::plan::figure::Figure::parse(path)
            .and_then(|figure| fivenines::study::years::resolve(&plan, &figure));
        let message = found.unwrap_err().to_string();
        assert!(message.contains(said), "{path}: {message}");
    }
}
