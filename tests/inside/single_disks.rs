//! Promise: disks that fail at random lose their set as often as the Markov chain of its layout says, in both solvers.

use std::path::Path;

use fivenines::model::outage::Faults;
use fivenines::solve::requests;
use fivenines::units::SimTime;

use crate::inside::common::read;
use crate::inside::disk_writes::refusal;
use crate::inside::years::{Years, asked};

const HOUR: f64 = 3_600.0;
const YEAR: f64 = 8_760.0;

/// A site whose pages read a set of disks of 8 ms, which fail and are rebuilt.
fn site(layout: &str, fault: &str) -> String {
    let crew = if fault.contains("crew") { "[crew.people]\nsize = 1\n" } else { "" };
    format!(
        r#"scenario = "site"
format = 2
[run]
horizon = "1y"
initial = "new"
[server.box]
cores = 1
[server.box.disks]
main = {{ kind = "10k", {layout}, time = {{ dist = "exponential", mean = "8ms" }} }}
[zone.www]
on = ["box"]
[service.app]
in = "www"
workers = "unlimited"
mounts = {{ data = "box:main" }}
[workload.visitors]
request = "page"
rate = "0.2/s"
[request.page]
enter = "app"
steps = [ {{ io = "data", read = 1 }} ]
{crew}[fault.disk]
hits = "server.box.main"
how = "disk-failed"
{fault}"#
    )
}

/// A law with this mean in hours.
fn exponential(hours: f64) -> String {
    format!(r#"{{ dist = "exponential", mean = "{}s" }}"#, hours * HOUR)
}

/// One group of disks. Times in hours, all exponential.
struct Group {
    disks: u32,
    spare: u32,
    fails: f64,
    /// Time until a new disk is in place, one after the other; `None`: at once.
    replaced: Option<f64>,
    rebuilt: f64,
    unreadable: f64,
    restored: f64,
}

/// Figures of the chain of a group, per year.
struct Expected {
    failures: f64,
    losses: f64,
    degraded: f64,
    lost: f64,
    /// Share of the time with each number of disks missing.
    missing: Vec<f64>,
}

impl Group {
    fn fault(&self) -> String {
        let repair = self.replaced.map_or_else(String::new, |hours| {
            format!("repair = {}\ncrew = \"people\"\n", exponential(hours))
        });
        format!(
            "rate = \"{}/y\"\n{repair}rebuild = {{ lasts = {}, unreadable = {} }}\nrestore = {}\n",
            YEAR / self.fails,
            exponential(self.rebuilt),
            self.unreadable,
            exponential(self.restored)
        )
    }

    /// Solves the chain over (disks away, disks that are rebuilt) and the lost set, which begins anew once it is restored.
    fn expected(&self) -> Expected {
        let mut states: Vec<(u32, u32)> = Vec::new();
        for away in 0..=self.spare {
            states.extend((0..=self.spare - away).map(|rebuilt| (away, rebuilt)));
        }
        let lost = states.len();
        let place = |state: (u32, u32)| states.iter().position(|one| *one == state);
        let mut rates = vec![vec![0.0; lost + 1]; lost + 1];
        let mut losses = vec![0.0; lost];
        for (at, (away, rebuilt)) in states.iter().copied().enumerate() {
            let missing = away + rebuilt;
            let fails = f64::from(self.disks - missing) / self.fails;
            let failed =
                if self.replaced.is_some() { (away + 1, rebuilt) } else { (away, rebuilt + 1) };
            match place(failed) {
                Some(next) => rates[at][next] += fails,
                None => losses[at] += fails,
            }
            if let (Some(hours), true) = (self.replaced, away > 0) {
                rates[at][place((away - 1, rebuilt + 1)).unwrap()] += 1.0 / hours;
            }
            if rebuilt > 0 {
                let ends = f64::from(rebuilt) / self.rebuilt;
                let bad = if missing == self.spare { self.unreadable } else { 0.0 };
                rates[at][place((away, rebuilt - 1)).unwrap()] += ends * (1.0 - bad);
                losses[at] += ends * bad;
            }
            rates[at][lost] += losses[at];
        }
        rates[lost][place((0, 0)).unwrap()] = 1.0 / self.restored;
        let share = stationary(&rates);
        let sum = |of: &dyn Fn(usize, u32) -> f64| -> f64 {
            states.iter().enumerate().map(|(at, (a, r))| share[at] * of(at, a + r)).sum()
        };
        let missing = (0..=self.spare)
            .map(|number| sum(&|_, missing| f64::from(u8::from(missing == number))))
            .collect();
        Expected {
            failures: YEAR * sum(&|_, missing| f64::from(self.disks - missing) / self.fails),
            losses: YEAR * sum(&|at, _| losses[at]),
            degraded: sum(&|_, missing| f64::from(u8::from(missing > 0))),
            lost: share[lost],
            missing,
        }
    }
}

/// Solves the balance equations of a chain with these rates, by elimination.
fn stationary(rates: &[Vec<f64>]) -> Vec<f64> {
    let count = rates.len();
    let mut rows = vec![vec![0.0; count + 1]; count];
    for (from, row) in rates.iter().enumerate() {
        for (to, rate) in row.iter().enumerate() {
            rows[to][from] += rate;
            rows[from][from] -= rate;
        }
    }
    rows[count - 1] = vec![1.0; count + 1];
    for pivot in 0..count {
        let best = (pivot..count)
            .max_by(|a, b| rows[*a][pivot].abs().total_cmp(&rows[*b][pivot].abs()))
            .unwrap();
        rows.swap(pivot, best);
        let own = rows[pivot].clone();
        for (at, row) in rows.iter_mut().enumerate() {
            let factor = if at == pivot { 0.0 } else { row[pivot] / own[pivot] };
            row.iter_mut().zip(&own).for_each(|(value, own)| *value -= factor * own);
        }
    }
    (0..count).map(|at| rows[at][count] / rows[at][at]).collect()
}

const PLAIN: Group = Group {
    disks: 2,
    spare: 1,
    fails: 720.0,
    replaced: None,
    rebuilt: 24.0,
    unreadable: 0.0,
    restored: 48.0,
};

/// Layouts, each with its group.
fn groups() -> Vec<(&'static str, Group)> {
    let late = |group: Group| Group { replaced: Some(36.0), ..group };
    vec![
        (r#"layout = "mirror", data = 1, parity = 1"#, PLAIN),
        (r#"layout = "mirror", data = 1, parity = 1"#, Group { unreadable: 0.2, ..PLAIN }),
        (
            r#"layout = "mirror", data = 1, parity = 2"#,
            Group { disks: 3, spare: 2, rebuilt: 72.0, ..PLAIN },
        ),
        (r#"layout = "raidz1", data = 4, parity = 1"#, late(Group { disks: 5, ..PLAIN })),
        (
            r#"layout = "raidz2", data = 4, parity = 2"#,
            late(Group { disks: 6, spare: 2, unreadable: 0.5, ..PLAIN }),
        ),
        (
            r#"layout = "raid-dp", data = 6, parity = 2"#,
            late(Group { disks: 8, spare: 2, ..PLAIN }),
        ),
    ]
}

#[test]
fn a_set_is_lost_as_often_as_its_markov_chain_says() {
    let paths = [
        "failed-disks.box.main@horizon",
        "lost-sets.box.main@horizon",
        "degraded.box.main@horizon",
        "downtime.page@horizon",
    ];
    for (layout, group) in groups() {
        let text = site(layout, &group.fault());
        let loaded = read(&text, Path::new(".")).unwrap();
        let years = Years::of(asked(&loaded.draft, "20y", 60, &paths));
        let of = group.expected();
        let expected = [of.failures, of.losses, of.degraded, of.lost * YEAR * HOUR];
        for (path, exact) in paths.iter().zip(expected) {
            let found = years.interval(path);
            println!("{layout} {path}: {} to {} of {exact}", found.low, found.high);
            // 2 % beyond the interval of one of twenty-four figures.
            let around = found.low * 0.98 <= exact && exact <= found.high * 1.02;
            assert!(around, "{layout}: {path}: {found:?} of {exact}");
        }
    }
}

/// A mirror of two with one side left reads from that alone, twice as slow, and a rebuild takes 35 % of it.
#[test]
fn requests_lose_as_much_and_wait_longer_while_a_disk_is_missing() {
    let group = Group { fails: 20.0, rebuilt: 2.0, restored: 4.0, ..PLAIN };
    let text = site(r#"layout = "mirror", data = 1, parity = 1"#, &group.fault());
    let text = text.replace("horizon = \"1y\"\n", "").replace("0.2/s", "0.05/s");
    let window = "[window.day]\nlength = \"40d\"\nwarm-up = \"1d\"\n";
    let text = text.replace("[fault.disk]", &format!("{window}[fault.disk]"));
    let loaded = read(&text, Path::new(".")).unwrap();
    let mut window = loaded.study.windows[0].window.clone();
    window.at = SimTime::ZERO;
    window.faults = Faults::Live;
    let (mut begun, mut ended, mut waited) = (0, 0, 0.0);
    for replication in 0..24 {
        let seen = requests::run(&loaded.plan, &window, replication).unwrap();
        let class = &seen.record.classes[0];
        begun += class.attempts.begun;
        ended += class.attempts.ended[0];
        waited += class.latency.mean().unwrap_or(0.0) / 24.0;
    }
    let of = group.expected();
    let failed = 1.0 - ended as f64 / begun as f64;
    println!("{failed} of {}", of.lost);
    // Some 170 losses, each of exponential length: a standard deviation of a tenth.
    assert!((failed / of.lost - 1.0).abs() < 0.3, "{failed} of {}", of.lost);
    // At 0.05 reads a second a disk of 8 ms is idle: a read waits for none.
    let works = of.missing[0] + of.missing[1];
    let mean = 8e6 * (of.missing[0] + of.missing[1] * 2.0 / 0.65) / works;
    println!("{waited} of {mean}");
    assert!((waited / mean - 1.0).abs() < 0.03, "{waited} ns of {mean}");
}

/// The server is down for 3 of every 6 h: disks fail half as often, and a rebuild of 50 h takes 100.
#[test]
fn no_disk_fails_or_is_rebuilt_while_its_server_is_down() {
    let fault = "rate = \"1/y\"\nrebuild = { lasts = \"50h\" }\nrestore = \"1h\"\n";
    let off = "[fault.power]\nhits = \"server.box\"\nhow = \"crash\"\nat = \"3h\"\nevery = \"6h\"\nlasts = \"3h\"\n";
    let paths = ["degraded.box.main@horizon", "failed-disks.box.main@horizon"];
    let found = |more: &str| {
        let text = site(r#"layout = "raidz2", data = 4, parity = 2"#, &format!("{fault}{more}"));
        let loaded = read(&text, Path::new(".")).unwrap();
        let years = Years::of(asked(&loaded.draft, "10y", 40, &paths));
        paths.map(|path| years.interval(path).estimate)
    };
    let ([alone, failed], [stopped, fewer]) = (found(""), found(off));
    println!("{alone} of {failed}, {stopped} of {fewer}");
    assert!((fewer / failed - 0.5).abs() < 0.04, "{fewer} of {failed}");
    let longer = (stopped / fewer) / (alone / failed);
    assert!((longer - 2.0).abs() < 0.1, "{longer} times as long");
}

/// Pages that read at 200/s from two disks of 8 ms are overloaded while one is rebuilt: 250 / 2 x 0.65 = 81 a second.
#[test]
fn over_years_a_set_with_a_disk_missing_carries_what_its_other_disks_leave() {
    let text = site(r#"layout = "mirror", data = 1, parity = 1"#, &PLAIN.fault());
    let text = text.replace("workers = \"unlimited\"", "workers = 100\nbacklog = 50");
    let text = text.replace("\"0.2/s\"", "\"200/s\"");
    let loaded = read(&text, Path::new(".")).unwrap();
    let path = "lost.page[outcome=overload]@horizon";
    let years = Years::of(asked(&loaded.draft, "20y", 20, &[path]));
    let lost = (200.0 - 125.0 * 0.65) * PLAIN.expected().missing[1] * YEAR * HOUR;
    let found = years.interval(path);
    println!("{} to {} of {lost}", found.low, found.high);
    // The queue refuses some of what it has capacity for.
    assert!((found.estimate / lost - 1.0).abs() < 0.06, "{found:?} of {lost}");
}

/// A slow set of disks, or a slow head in front of one, carries as many operations fewer as it is slower, once.
#[test]
fn disks_that_are_slow_over_years_carry_less_by_their_factor() {
    let fault =
        "hits = \"server.box.main\"\nhow = \"slow\"\nfactor = 4\nat = \"1d\"\nlasts = \"100d\"\n";
    let text = site(r#"layout = "mirror", data = 1, parity = 1"#, fault);
    let text = text.replace("how = \"disk-failed\"\n", "");
    let text = text.replace("hits = \"server.box.main\"\nhits", "hits");
    let text = text.replace("workers = \"unlimited\"", "workers = 100\nbacklog = 50");
    let text = text.replace("\"0.2/s\"", "\"200/s\"");
    let loaded = read(&text, Path::new(".")).unwrap();
    let path = "lost.page[outcome=overload]@horizon";
    let years = Years::of(asked(&loaded.draft, "1y", 2, &[path]));
    let lost = (200.0 - 250.0 / 4.0) * 100.0 * 86_400.0;
    let found = years.interval(path).estimate;
    assert!((found / lost - 1.0).abs() < 0.02, "{found} of {lost}");
}

#[test]
fn disks_that_cannot_fail_so_are_refused_with_their_place_and_what_to_do() {
    let mirror = r#"layout = "mirror", data = 2, parity = 2"#;
    let good = PLAIN.fault();
    let refused = |layout: &str, fault: &str, why: &str| {
        let found = refusal(&site(layout, fault));
        assert!(found.contains(why), "{layout}\n{fault}{found}");
    };
    assert_eq!(refusal(&site(mirror, &good)), "");
    refused(r#"layout = "plain", data = 4"#, &good, "has no redundancy");
    refused(r#"layout = "mirror", data = 2, parity = 1"#, &good, "make no equal groups");
    refused(r#"layout = "raid-dp", data = 5, parity = 3"#, &good, "make no equal groups");
    refused(r#"layout = "raidz1", data = 256, parity = 1"#, &good, "at most 256");
    let without = |key: &str| -> String {
        good.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect()
    };
    refused(mirror, &without("restore"), "`restore` is missing");
    refused(mirror, &without("rebuild"), "`rebuild` is missing");
    for (key, more) in [
        ("together", "together = true\n"),
        ("load-exponent", "load-exponent = 1\n"),
        ("common-cause", "common-cause = { group = \"server.box\", beta = 0.1 }\n"),
    ] {
        refused(mirror, &format!("{good}{more}"), &format!("not by `{key}`"));
    }
    let lasting = good.replace(&exponential(PLAIN.rebuilt), "\"0s\"");
    refused(mirror, &lasting, "takes no time");
    let twice =
        format!("{good}[fault.other]\nhits = \"server.box.main\"\nhow = \"disk-failed\"\n{good}");
    refused(mirror, &twice, "lets the disks of `box-1.main` fail too");
    let follows = format!(
        "{good}[fault.next]\nhits = \"server.box.main\"\nhow = \"lost\"\nrepair = \"1h\"\n\
         after = {{ fault = \"disk\", once = \"repaired\" }}\n"
    );
    refused(mirror, &follows, "nothing can follow it");
    let groups = format!("{mirror}, transactions = {{ dirty-max = \"16MiB\" }}");
    assert_eq!(refusal(&site(&groups, &good)), "");
    let idle = format!("crew = \"people\"\n{good}");
    refused(mirror, &idle, "no crew has work");
    let crash = good.replace("rate =", "repair = \"1h\"\nrate =");
    let crash = site(mirror, &crash).replace("disk-failed", "crash");
    assert!(refusal(&crash).contains("only single disks are rebuilt"), "{}", refusal(&crash));
    let server = site(mirror, &good).replace("server.box.main", "server.box");
    assert!(refusal(&server).contains("is no set of disks"), "{}", refusal(&server));
}
