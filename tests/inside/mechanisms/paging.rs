//! Promise: memory above the cap of a zone costs reads at its disks and time per request, and memory below it nothing.

use crate::inside::disk_writes::{is_near, refusal};
use crate::{Results, Run, Scenario};

/// A service that computes for 20 ms, ten times per second, with further keys.
fn service(zone: &str, keys: &str, more: &str) -> String {
    format!(
        r#"
scenario = "paging"
format   = 2
[run]
seed = 1
replications = 3
[window.busy]
length  = "5min"
warm-up = "1min"
[server.box]
cores  = 4
memory = "4GiB"
[server.box.disks]
local = {{ kind = "10k", layout = "mirror", data = 1, parity = 1, time = "8ms" }}
[zone.web]
on = ["box-1"]
{zone}
[service.app]
in      = "web"
workers = "unlimited"
{keys}
[workload.visitors]
request = "page"
rate    = "10/s"
[request.page]
enter   = "app"
demands = {{ work = "20ms" }}
steps   = [ {{ cpu = "app", demand = "work" }} ]
{more}"#
    )
}

fn paged(set: &str) -> String {
    let mounts = r#"mounts = { swap = "box:local" }"#;
    service(
        "memory = \"1GiB\"",
        &format!("{mounts}\nworking-set = {{ {set}, swap = \"swap\" }}"),
        "",
    )
}

fn run(text: &str, figures: &[&str]) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let all = figures.iter().fold(Run::new().requests_only(), |run, figure| run.figure(figure));
    scenario.run(&all).unwrap_or_else(|error| panic!("{error}"))
}

fn value(results: &Results, figure: &str) -> f64 {
    let found = results.figure(&format!("{figure}@busy"));
    found.unwrap_or_else(|error| panic!("{figure}: {error}")).value()
}

/// Between the cap and the cap less its 128th, midway 0.996 GiB, are resident of 1.25 GiB: 1 - 0.996 / 1.25 of the touches are
/// faults of 8 ms.
#[test]
fn memory_above_the_cap_costs_its_faults() {
    let text = paged(r#"base = "1.25GiB", touches = 20, dirty = 0"#);
    let figures = [
        "page-ins.web-1.memory",
        "resident.web-1.memory",
        "over-cap.web-1.memory",
        "latency.page.mean",
    ];
    let results = run(&text, &figures);
    let of = |figure| value(&results, figure);
    let faults = 20.0 * (1.0 - (1.0 - 1.0 / 256.0) / 1.25);
    is_near(of("resident.web-1.memory"), 1.0 - 1.0 / 256.0, 0.002);
    is_near(of("page-ins.web-1.memory"), 3_000.0 * faults, 0.02);
    assert!(of("over-cap.web-1.memory") < 0.05);
    // Faults of other requests are in the way of some.
    let latency = of("latency.page.mean");
    let least = 0.020 + faults * 0.008;
    assert!((least..1.25 * least).contains(&latency), "{latency}, at least {least}");
    // As much leaves as comes, half of it is written.
    let dirty = text.replace("dirty = 0", "dirty = 0.5").replace("5min", "20min");
    let results = run(&dirty, &["page-ins.web-1.memory", "page-outs.web-1.memory"]);
    let (ins, outs) =
        (value(&results, "page-ins.web-1.memory"), value(&results, "page-outs.web-1.memory"));
    is_near(outs, ins / 2.0, 0.1);
}

/// 5.5 test 2: two zones on a server map a library file of 300 MiB, and neither is charged for it. Each has 512 MiB of its own under a
/// cap of 800 MiB: half a GiB is 0.64 of the cap. A zone that alone maps it has 812 MiB, more than its cap.
#[test]
fn test_2_a_file_that_two_zones_map_is_charged_to_neither() {
    let set = r#"working-set = { base = "512MiB", per-request = "1MiB", touches = 20, dirty = 0, maps = { libc = "300MiB" }, swap = "swap" }"#;
    let one = paged("").replace("working-set = { , swap = \"swap\" }", set);
    let one = one.replace("memory = \"1GiB\"", "memory = \"800MiB\"");
    let of = |text: &str| value(&run(text, &["resident.web-1.memory"]), "resident.web-1.memory");
    let both = |text: &str| {
        let figures = ["resident.web-1.memory", "resident.other-1.memory"];
        let results = run(text, &figures);
        figures.map(|figure| value(&results, figure))
    };
    // No request comes: each would use 1 MiB more.
    let idle = |text: &str| text.replace("rate    = \"10/s\"", "rate    = \"0.000001/s\"");
    let other = "[zone.other]\non = [\"box-1\"]\nmemory = \"800MiB\"\n[service.neighbour]\nin = \"other\"\nworkers = \"unlimited\"\n\
                 mounts = { swap = \"box:local\" }\nworking-set = { base = \"512MiB\", per-request = \"1MiB\", touches = 20, \
                 maps = { LIBRARY = \"300MiB\" }, swap = \"swap\" }\n[workload.neighbours]\nrequest = \"neighbour-page\"\nrate = \"0.000001/s\"\n\
                 [request.neighbour-page]\nenter = \"neighbour\"\ndemands = { work = \"20ms\" }\n\
                 steps = [ { cpu = \"neighbour\", demand = \"work\" } ]\n";
    let with = |library: &str| idle(&format!("{one}{}", other.replace("LIBRARY", library)));
    both(&with("libc")).iter().for_each(|resident| is_near(*resident, 512.0 / 800.0, 0.001));
    // Charged, it is above the cap: all that is resident at the start is the cap.
    both(&with("libssl")).iter().for_each(|resident| is_near(*resident, 1.0, 0.001));
    is_near(of(&idle(&one)), 1.0, 0.001);
}

/// Memory counts when it is used, touched or not: 4 requests at a time, which only read from disks, use 4 x 32 MiB, and the service
/// 512 MiB. That is 640 MiB of 1 GiB. A service without any request in it has its base.
#[test]
fn memory_that_no_request_touches_counts() {
    let text = paged(r#"base = "512MiB", per-request = "32MiB", touches = 1"#)
        .replace("workers = \"unlimited\"", "workers = 20");
    let waits = text
        .replace(
            "steps   = [ { cpu = \"app\", demand = \"work\" } ]",
            "steps   = [ { io = \"swap\", read = 1 } ]",
        )
        .replace("demands = { work = \"20ms\" }\n", "")
        .replace("rate    = \"10/s\"", "users   = 4\nthink   = \"0s\"");
    let of = |text: &str| value(&run(text, &["resident.web-1.memory"]), "resident.web-1.memory");
    is_near(of(&waits), 640.0 / 1024.0, 0.001);
    let none = text.replace("rate    = \"10/s\"", "rate    = \"0.000001/s\"");
    is_near(of(&none), 0.5, 0.001);
}

/// The daemon takes 64 MiB back when it finds the zone over its cap: 5 % of the cap are 51 MiB, and less than 13 MiB come back until it
/// looks (30 s x 500 touches per second x 0.2). So the zone is over for the second after each 16,384 pages that come back. Touches are faults for the share of
/// the pages that is not resident.
#[test]
fn the_daemon_takes_back_64_mib_at_a_time() {
    let text = paged(r#"base = "1.25GiB", touches = 50, dirty = 0"#)
        .replace("length  = \"5min\"", "length  = \"20min\"")
        .replace("cores  = 4", "cores  = 4\nmemory-cap = \"daemon\"");
    let figures = ["over-cap.web-1.memory", "page-ins.web-1.memory", "resident.web-1.memory"];
    let results = run(&text, &figures);
    let [over, ins, resident] = figures.map(|figure| value(&results, figure));
    assert!(resident > 1.0 - 64.0 / 1024.0 && resident < 1.0, "{resident}");
    is_near(ins, 600_000.0 * (1.0 - resident / 1.25), 0.02);
    assert!((over * 1_200.0 - ins / 16_384.0).abs() < 1.5, "over for {over}, {ins} pages");
}

/// A service that uses 2 GiB anew with each of its requests is over its cap of 1 GiB at each look. From the fifth look on each fault keeps a
/// processor busy for 2 ms: busy time = requests x 20 ms + faults x 2 ms. Under the page scanner it is requests x 20 ms.
#[test]
fn a_fault_keeps_a_processor_busy_for_2_ms_while_the_daemon_finds_the_zone_over() {
    let text = paged(r#"base = "1.5GiB", per-request = "2GiB", touches = 20, dirty = 0"#)
        .replace("rate    = \"10/s\"", "users   = 1\nthink   = \"0s\"");
    let figures = ["utilization.zone.web.cpu", "throughput.page", "page-ins.web-1.memory"];
    let busy = |text: &str| {
        let results = run(text, &figures);
        let [busy, rate, ins] = figures.map(|figure| value(&results, figure));
        assert!(ins > 1_000.0, "{ins}");
        (busy * 4.0 * 300.0 - rate * 300.0 * 0.020, ins)
    };
    let (kernel, _) = busy(&text);
    assert!(kernel.abs() < 0.1, "{kernel} s");
    let (daemon, ins) = busy(&text.replace("cores  = 4", "cores  = 4\nmemory-cap = \"daemon\""));
    is_near(daemon, ins * 0.002, 0.02);
}

const RESIZE: &str =
    "[operation.more]\ndoes = \"resize\"\nof = \"web\"\nat = \"00:03\"\nmemory = \"4GiB\"\n";

/// 5.5 test 4, with memory that is used. Of 1.25 GiB under a cap of 1 GiB, 66,560 pages of 327,680 are swapped out. The zone gets 4 GiB after three
/// minutes, one before the window: it is not over from then on, and no page is taken back. Each comes back when it is first touched. At 10/s x 20 touches,
/// exp(-200 t / 327,680) of them are still swapped out after t seconds.
#[test]
fn test_4_a_zone_that_grows_is_paged_no_more() {
    let text = paged(r#"base = "1.25GiB", touches = 20, dirty = 0"#)
        .replace("seed = 1", "start = \"Mon 00:00\"\nseed = 1")
        .replace("memory = \"4GiB\"", "memory = \"32GiB\"")
        .replace(
            "length  = \"5min\"\nwarm-up = \"1min\"",
            "at = \"4min\"\nlength = \"5min\"\nwarm-up = \"3min\"",
        );
    let figures = ["page-ins.web-1.memory", "resident.web-1.memory", "over-cap.web-1.memory"];
    let [stays, grows] = [&text, &(text.clone() + RESIZE)].map(|text| {
        let results = run(text, &figures);
        figures.map(|figure| value(&results, figure))
    });
    assert!(stays[2] > 0.0);
    is_near(stays[0], 60_000.0 * (1.0 - (1.0 - 1.0 / 256.0) / 1.25), 0.02);
    let swapped = |seconds: f64| 66_560.0 * libm::exp(-200.0 * seconds / 327_680.0);
    is_near(grows[0], swapped(60.0) - swapped(360.0), 0.02);
    let mean = f64::midpoint(swapped(60.0), swapped(360.0));
    is_near(grows[1], (327_680.0 - mean) / (4.0 * 262_144.0), 0.002);
    assert_eq!(grows[2], 0.0);
}

/// A day later the same zone gets 4 GiB for three minutes, and 1 GiB again for the last seven of the window. From then on some 0.99 of the cap
/// is resident, as without any change; before, up to all of 1.25 GiB is 0.31 of 4 GiB. Pages come in under the small cap alone, but for those
/// that were out when it grew.
#[test]
fn a_cap_that_changes_each_day_is_in_force_each_day() {
    let text = paged(r#"base = "1.25GiB", touches = 20, dirty = 0"#)
        .replace("seed = 1", "start = \"Mon 00:00\"\nseed = 1")
        .replace("memory = \"4GiB\"", "memory = \"32GiB\"")
        .replace(
            "length  = \"5min\"\nwarm-up = \"1min\"",
            "at = \"24h\"\nlength = \"10min\"\nwarm-up = \"2min\"",
        );
    let each = |name: &str, at: &str, memory: &str| {
        format!(
            "[operation.{name}]\ndoes = \"resize\"\nof = \"web\"\nat = \"{at}\"\nmemory = \"{memory}\"\nevery = \"day\"\n"
        )
    };
    let changes = each("more", "00:00", "4GiB") + &each("less", "00:03", "1GiB");
    let figures = ["page-ins.web-1.memory", "resident.web-1.memory", "over-cap.web-1.memory"];
    let [stays, changes] = [&text, &(text.clone() + &changes)].map(|text| {
        let results = run(text, &figures);
        figures.map(|figure| value(&results, figure))
    });
    // Of the pages that are out, all but exp(-200 x 180 / 327,680) = 0.90 come in while the cap is large.
    let swapped = |seconds: f64| 66_560.0 * libm::exp(-200.0 * seconds / 327_680.0);
    is_near(changes[0], swapped(0.0) - swapped(180.0) + 0.7 * stays[0], 0.02);
    let mean = f64::midpoint(swapped(0.0), swapped(180.0));
    let large = (327_680.0 - mean) / (4.0 * 262_144.0);
    is_near(changes[1], 0.3 * large + 0.7 * stays[1], 0.002);
    assert!(changes[2] > 0.0 && changes[2] < stays[2], "{changes:?} {stays:?}");
}

/// A zone of 2 GiB whose service reads a set of disks.
const READERS: &str = r#"
[zone.other]
on = ["box-1"]
memory = "2GiB"
[service.files]
in      = "other"
workers = "unlimited"
mounts  = { disk = "box:local" }
[workload.readers]
request = "look"
rate    = "20/s"
[request.look]
enter = "files"
steps = [ { io = "disk", read = 1 } ]
"#;

/// Zones of 2 GiB each fill a server of 4 GiB. When one of them shrinks to 1 GiB before the window, the server caches in what is free
/// as if the zone had always been that small.
#[test]
fn a_server_that_is_full_at_first_caches_in_what_a_resize_frees() {
    let content = r#"{ kind = "10k", layout = "plain", data = 1, time = "8ms", content = { size = "3GiB", block = "1MiB", zipf = 0.8 } }"#;
    let file = |memory: &str, more: &str| {
        service(&format!("memory = \"{memory}\""), "", &format!("{READERS}{more}"))
            .replace("seed = 1", "start = \"Mon 00:00\"\nseed = 1")
            .replace("warm-up = \"1min\"", "at = \"4min\"\nwarm-up = \"4min\"")
            .replace("local = ", &format!("local = {content}\nswap = "))
    };
    let busy = |text: &str| value(&run(text, &["utilization.box.local"]), "utilization.box.local");
    let shrinks = RESIZE.replace("4GiB", "1GiB").replace("00:03", "00:00");
    let [full, shrunk, small] =
        [file("2GiB", ""), file("2GiB", &shrinks), file("1GiB", "")].map(|text| busy(&text));
    is_near(full, 20.0 * 0.008, 0.03);
    is_near(shrunk, small, 0.001);
    assert!(small < 0.8 * full, "{small} {full}");
}

/// 5.5 test 5: a zone over its cap takes nothing from the rest of the server. Reads of another zone find as much in the RAM cache, in what
/// the zones leave free of 32 GiB, and take as long, to the bit, with and without the paging beside them. The text lets one scanner use 80 % of a processor;
/// here the kernel uses none.
#[test]
fn test_5_a_zone_over_its_cap_takes_no_memory_from_its_server() {
    let content = r#"{ kind = "10k", layout = "plain", data = 1, time = "8ms", content = { size = "60GiB", block = "1MiB", zipf = 0.8 } }"#;
    let sets = format!("local = {content}\nswap = ");
    let file = |keys: &str| {
        service("memory = \"1GiB\"", keys, READERS)
            .replace("memory = \"4GiB\"", "memory = \"32GiB\"")
            .replace("local = ", &sets)
    };
    let paging = file(
        "mounts = { swap = \"box:swap\" }\nworking-set = { base = \"1.25GiB\", touches = 20, dirty = 0, swap = \"swap\" }",
    );
    let shared = ["latency.look.mean", "utilization.box.local", "utilization.box.cpu"];
    let figures = [&shared[..], &["page-ins.web-1.memory"]].concat();
    let (with, without) = (run(&paging, &figures), run(&file(""), &shared));
    assert!(value(&with, "page-ins.web-1.memory") > 10_000.0);
    for figure in &shared[..2] {
        assert_eq!(value(&with, figure).to_bits(), value(&without, figure).to_bits(), "{figure}");
    }
    let hits = 1.0 - value(&with, "utilization.box.local") / (20.0 * 0.008);
    assert!((0.2..0.8).contains(&hits), "the cache matters: {hits}");
    let kernel =
        4.0 * (value(&with, "utilization.box.cpu") - value(&without, "utilization.box.cpu"));
    assert!(kernel.abs() < 0.001, "{kernel} processors");
}

/// Memory that fits changes no figure, also while it grows with the requests inside.
#[test]
fn memory_below_the_cap_costs_nothing() {
    let figures = ["latency.page.mean", "latency.page.p95"];
    let text = paged(r#"base = "512MiB", per-request = "1MiB", touches = 1000"#);
    let (with, without) =
        (run(&text, &figures), run(&service("memory = \"1GiB\"", "", ""), &figures));
    for figure in figures {
        assert_eq!(value(&with, figure).to_bits(), value(&without, figure).to_bits());
    }
}

#[test]
fn memory_that_is_not_paged_is_refused_with_its_place() {
    let refused = |text: &str, why: &str| {
        let found = refusal(text);
        assert!(found.contains(why), "{why}: {found}");
    };
    let sound = paged(r#"base = "2GiB", touches = 1"#);
    assert_eq!(refusal(&sound), "");
    refused(&paged(r#"base = "1GiB", touches = 1"#), "always fit");
    refused(&sound.replace("memory = \"1GiB\"\n", "\n"), "has no cap on it");
    refused(
        &sound.replace("mounts = {", "mounts = { other = \"box:local\" } #"),
        "has no mount `swap`",
    );
    refused(&sound.replace("memory = \"1GiB\"", "memory = \"1KiB\""), "fewer than 256 pages");
    refused(
        &sound.replace("seed = 1", "seed = 1\nhorizon = \"1y\""),
        "the memory of `app` is paged",
    );
    refused(
        &sound
            .replace("cores  = 4", "cores  = 4\nmemory-cap = \"kernel\"")
            .replace("working-set = {", "# {"),
        "declares a `working-set`",
    );
    let resized = |to: &str| format!("{sound}\n{}", RESIZE.replace("4GiB", to));
    assert_eq!(refusal(&resized("2GiB")), "");
    refused(&resized("512KiB"), "fewer than 256 pages");
    let fits = resized("3GiB").replace("base = \"2GiB\"", "base = \"1GiB\"");
    refused(&fits, "always fit into 1GiB");
    let at_first = resized("512MiB").replace("base = \"2GiB\"", "base = \"1GiB\"");
    assert_eq!(refusal(&at_first), "", "it does not fit once the cap is lower");
    let no_set = service("memory = \"1GiB\"", "", RESIZE);
    let warns = |text: &str| {
        let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
        let all: Vec<String> = scenario.warnings().iter().map(ToString::to_string).collect();
        all.iter().any(|one| one.contains("the new memory of `web-1` changes no figure"))
    };
    assert!(warns(&no_set) && !warns(&resized("2GiB")));
}
