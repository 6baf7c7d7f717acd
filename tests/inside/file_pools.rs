//! Promise: a pool of a file server has the write path of the disks of a server, one log per volume, and heads in front.

use super::disk_writes::{BATCH, is_near, refusal, run, value, writers};
use super::disk_years::{computed, simulated, site};

/// Returns `text` with its set of disks `local` as a pool of a file server with heads of 1 us per operation, each user on a volume of its own.
fn behind_heads(text: &str, heads: &str) -> String {
    let (before, rest) = text.split_once("[server.box.disks]\nlocal = ").unwrap();
    let (set, after) = rest.split_once('\n').unwrap();
    let mut volumes = String::new();
    let mut parts = after.split("\"box:local\"");
    let mut after = parts.next().unwrap().to_string();
    for (at, part) in parts.enumerate() {
        volumes += &format!("v{at} = {{ pool = \"local\" }}\n");
        after += &format!("\"store:v{at}\"{part}");
    }
    let text = format!(
        "{before}[nas.store]\ncpu = {{ dist = \"constant\", value = \"1us\" }}\n{heads}\n\
         [nas.store.pools]\nlocal = {set}\n[nas.store.volumes]\n{volumes}{after}"
    );
    text.replace("server.box.local", "nas.store.local")
        .replace("io = \"disk\",", "io = \"disk\", ops = 1,")
}

fn behind(text: &str) -> String {
    behind_heads(text, "")
}

const LOG: &str =
    r#"log = { kind = "sata-ssd", write-time = "900us", flush = "100us" }, bandwidth = "100MB/s""#;
const GROUPS: &str = r#"transactions = { dirty-max = "1GiB", sequential = 0.95 }"#;
const GROUPS_ALONE: &str = r#"transactions = { dirty-max = "1GiB" }"#;
const DURABLE: &str = "write = 1, durable = true";

/// A durable write takes the block of the log, open for 5 % of its time, and 1 us of the head.
#[test]
fn a_durable_write_to_a_file_server_takes_the_time_of_its_log_device() {
    let set = format!("{GROUPS}, {LOG}");
    for more in ["", BATCH] {
        let text = behind(&writers(1, &set, DURABLE, more));
        let found = value(&run(&text, &["throughput.job"]), "throughput.job");
        is_near(found, 1.0 / (1.05 * 0.001 + 0.0001 + 1e-6), 0.002);
    }
}

/// The same figures as of a set of disks in a server, of buffered writers above the rate of the disks, of a scrub, and of a
/// resilver.
#[test]
fn a_pool_behaves_as_the_same_disks_in_a_server() {
    let groups = r#"transactions = { dirty-max = "16MiB" }, bandwidth = "100MB/s", time = "4ms""#;
    let cases = [
        ("", ["throughput.job", "dirty.box.local.mean", "write-delay.box.local.mean"]),
        (
            r#", scrub = { every = "1h", at = "31s", allocated = "1TiB" }"#,
            ["throughput.job", "syncs.box.local", "scrub-reads.box.local"],
        ),
        (
            r#", resilver = { allocated = "256MiB", disks = { disk = 2, fails = "31s" } }"#,
            ["throughput.job", "resilver.box.local.mean", "resilver-writes.box.local"],
        ),
    ];
    for (more, figures) in cases {
        let text = writers(16, &format!("{groups}{more}"), "write = 1", "");
        let of_server = run(&text, &figures);
        let of_pool: Vec<String> =
            figures.iter().map(|figure| figure.replace("box.local", "store.local")).collect();
        let names: Vec<&str> = of_pool.iter().map(String::as_str).collect();
        let behind = run(&behind(&text), &names);
        for (figure, name) in figures.iter().zip(&of_pool) {
            assert!(value(&of_server, figure) > 0.0, "{figure}{more}");
            is_near(value(&behind, name), value(&of_server, figure), 0.03);
        }
    }
}

/// Writers of one volume share the blocks of its log; those of two volumes do not. Each of two writers alone on its volume
/// fills a block of its own, so there are as many blocks as commits.
#[test]
fn each_volume_has_a_log_of_its_own() {
    let slow = LOG.replace("900us", "9ms");
    let text = writers(2, &format!("{GROUPS}, {slow}"), DURABLE, "");
    let shared = behind(&text);
    let other = text.split_once("[zone.writer]").unwrap().1;
    let mut other = other.replace("[service.app]", "[service.other]");
    for (old, new) in [
        ("[workload.jobs]", "[workload.others]"),
        ("[request.job]", "[request.other]"),
        ("request = \"job\"", "request = \"other\""),
        ("\"writer\"", "\"second\""),
        ("enter   = \"app\"", "enter   = \"other\""),
        ("cpu = \"app\"", "cpu = \"other\""),
    ] {
        other = other.replace(old, new);
    }
    let apart =
        behind(&format!("{text}[zone.second]{other}").replace("users   = 2", "users   = 1"));
    let blocks = |text: &str, classes: &[&str]| {
        let figures = [classes, &["log-blocks.store.local"]].concat();
        let results = run(text, &figures);
        let commits: f64 = classes.iter().map(|class| 40.0 * value(&results, class)).sum();
        (commits, value(&results, "log-blocks.store.local"))
    };
    let (commits, of_both) = blocks(&shared, &["throughput.job"]);
    assert!(commits > 1.5 * of_both, "{commits} commits in {of_both} blocks");
    let (commits, of_each) = blocks(&apart, &["throughput.job", "throughput.other"]);
    is_near(of_each, commits, 0.01);
}

/// A volume over two pools: each has half of the buffered writes and its own dirty data, and a writer waits at either. Two mirrors
/// take twice the writes of one, 2 x 250/s of 4 ms.
#[test]
fn buffered_writes_to_a_volume_over_two_pools_collect_in_both() {
    let set = r#"transactions = { dirty-max = "16MiB" }, time = "4ms""#;
    let one = behind(&writers(16, set, "write = 4", ""));
    let pool = one.lines().find(|line| line.starts_with("local = ")).unwrap();
    let two = one
        .replace(pool, &format!("{pool}\n{}", pool.replace("local", "further")))
        .replace("pool = \"local\"", "pool = [\"local\", \"further\"]");
    let figures = ["throughput.job", "dirty.store.local.mean"];
    let of_one = run(&one, &figures);
    let of_two = run(&two, &[&figures[..], &["dirty.store.further.mean"]].concat());
    is_near(value(&of_one, "throughput.job"), 250.0 / 4.0, 0.02);
    is_near(value(&of_two, "throughput.job"), 2.0 * 250.0 / 4.0, 0.03);
    let both = ["dirty.store.local.mean", "dirty.store.further.mean"];
    for figure in both {
        // Fewer writers wait at each than at one pool, and its dirty data is where their delay is the time of a write.
        assert!((0.6..1.0).contains(&value(&of_two, figure)), "{figure}");
    }
}

/// A volume over one pool that collects writes and one that does not: each has half of 40 writes per second, of 8 ms on both sides.
#[test]
fn a_pool_beside_one_that_collects_has_its_half_of_the_writes() {
    let set = r#"transactions = { dirty-max = "16MiB" }, time = "8ms""#;
    let text = writers(1, set, "write = 1", "").replace("users   = 1", "rate = \"40/s\"");
    let text = behind(&text.replace("think   = \"0s\"\n", ""));
    let pool = text.lines().find(|line| line.starts_with("local = ")).unwrap();
    let plain =
        pool.replace("local", "plain").replace("transactions = { dirty-max = \"16MiB\" }, ", "");
    for order in ["\"local\", \"plain\"", "\"plain\", \"local\""] {
        let text = text
            .replace(pool, &format!("{pool}\n{plain}"))
            .replace("pool = \"local\"", &format!("pool = [{order}]"));
        let figures = ["utilization.store.local", "utilization.store.plain"];
        let results = run(&text, &figures);
        figures.iter().for_each(|figure| is_near(value(&results, figure), 0.16, 0.06));
    }
}

/// The head fails 14.9 s into the window and is away for 20 s. Its client asks again 1, 3, 7, 15 and 31 s later: the last is after
/// the window. Nothing fails, and nothing that was answered is lost: the pool writes what it had collected. Groups begin to sync every
/// 5 s, four in the 15 s with writes and eight in the whole window; without the last it would be three.
#[test]
fn a_head_that_fails_loses_no_dirty_data() {
    let fault = r#"
[fault.head]
hits  = "nas.store.head"
how   = "crash"
at    = "44.9s"
lasts = "20s"
"#;
    let set = r#"transactions = { dirty-max = "64MiB" }"#;
    let text = |more| behind(&writers(1, set, "write = 1", more).replace("\"0s\"", "\"10ms\""));
    let figures =
        ["throughput.job", "utilization.store.local", "lost.job", "lost-buffered.store.local"];
    let [broken, whole] = [fault, ""].map(|more| {
        let results = run(&text(more), &figures);
        figures.map(|figure| value(&results, figure))
    });
    assert_eq!(broken[2..], [0.0, 0.0]);
    is_near(broken[0] / whole[0], 14.9 / 40.0, 0.01);
    is_near(broken[1] / whole[1], 0.5, 0.05);
}

/// A duration alone is the mean of an exponential law; a law that is written as constant is constant. A buffered write takes the
/// 4 ms of the head and 0.1 ms of the processor.
#[test]
fn an_operation_of_a_head_has_the_law_that_is_written() {
    let longest = |cpu: &str| {
        let text = behind(&writers(1, GROUPS_ALONE, "write = 1", ""));
        let text = text.replace("{ dist = \"constant\", value = \"1us\" }", cpu);
        value(&run(&text, &["latency.job.max"]), "latency.job.max")
    };
    is_near(longest("{ dist = \"constant\", value = \"4ms\" }"), 0.0041, 0.01);
    assert!(longest("\"4ms\"") > 0.02);
}

/// The work is that of a server's disks: 10 reads, 5 writes of both sides, 4 commits with a block of the log and a flush each, of 500
/// units.
/// With a log device 28 / 500.
#[test]
fn a_pool_is_as_busy_over_years_as_in_closed_form_and_request_by_request() {
    let set = r#"layout = "mirror", data = 1, parity = 1, time = "4ms", transactions = { flush = "2ms" }"#;
    let steps = [(10.0, "read = 1"), (5.0, "write = 1"), (4.0, DURABLE)];
    let with_limit = set.replace("transactions = {", "transactions = { dirty-max = \"1GiB\",");
    for (set, expected) in [
        (with_limit.clone(), 0.08),
        (format!("{with_limit}, log = {{ kind = \"sata-ssd\" }}"), 0.056),
    ] {
        let text = behind(&site(&set, &steps, ""));
        let part = "store.local";
        let closed = computed(&text, part);
        assert!((closed - expected).abs() < 1e-9, "{closed}");
        is_near(simulated(&text, part), closed, 0.02);
    }
}

#[test]
fn what_cannot_act_in_a_file_server_is_refused_with_what_to_do() {
    let refused = |set: &str, why: &str| {
        let found = refusal(&behind(&writers(1, set, "write = 1", "")));
        assert!(found.contains(why), "{set}: {found}");
    };
    let groups = r#"transactions = { dirty-max = "16MiB" }"#;
    assert_eq!(refusal(&behind(&writers(1, groups, "write = 1", ""))), "");
    refused("transactions = {}", "`dirty-max` is missing: the limit in the memory of the head");
    refused(&format!("{groups}, io-throttle = {{}}"), "knows no zones");
    refused(r#"log = { kind = "sata-ssd" }"#, "`transactions` is missing");
    refused(r#"bandwidth = "100MB/s""#, "give `transactions`, or remove `bandwidth`");
    let scrub = r#"scrub = { every = "1d", allocated = "1GiB" }"#;
    refused(&format!("{groups}, {scrub}"), "`bandwidth` is missing");
    let text = behind(&writers(1, groups, "write = 1", ""));
    let without = crate::Scenario::parse(&text).unwrap();
    let figure = crate::Run::new().requests_only().figure("log-busy.store.local");
    let found = without.run(&figure).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(found.contains("the log of `store.local` lies on its disks"), "{found}");
    let failing =
        r#"bandwidth = "100MB/s", resilver = { allocated = "1GiB", disks = { fails = "31s" } }"#;
    let text = behind(&writers(1, &format!("{groups}, {failing}"), "write = 1", ""));
    let years = text.replace("replications = 3", "replications = 3\nhorizon = \"1y\"");
    let found = refusal(&years);
    assert!(found.contains("`store:local` fail at"), "{found}");
}
