//! What cannot be acted out is refused by name, and what cannot take effect is an error.

use fivenines::plan::simulatable;

use crate::inside::faults::{draft_or_complaints, drafted};

const SITE: &str = r#"
scenario = "refused"
[site.main]
uplinks = { count = 2, bandwidth = "100Mbit/s" }
[rack.r]
site = "main"
switch = { bandwidth = "1Gbit/s" }
[server.box]
rack = "r"
cores = 8
memory = "8GiB"
[zone.www]
memory = "4GiB"
[nas.store]
rack = "r"
cpu = "0.1ms"
[nas.store.pools]
one = { kind = "10k", layout = "plain", data = 1 }
[nas.store.volumes]
data = { pool = "one" }
[service.app]
in = "www"
workers = 4
mounts = { files = "store:data" }
[workload.visitors]
request = "page"
rate = "1/s"
[request.page]
enter = "app"
steps = [ { io = "files", read = 1, ops = 1 } ]
"#;

fn reasons(more: &str) -> Vec<String> {
    let draft = drafted(&format!("{SITE}{more}"));
    simulatable::not_yet(&draft).into_iter().map(|reason| reason.what).collect()
}

#[test]
fn what_the_request_loop_does_not_act_is_refused_by_name() {
    assert_eq!(reasons(""), Vec::<String>::new());
    let slow = |hits: &str| {
        format!(
            "[fault.mud]\nhits = \"{hits}\"\nhow = \"slow\"\nfactor = 2\nat = \"1h\"\nlasts = \"1h\"\n"
        )
    };
    assert_eq!(reasons(&slow("site.main.uplink-1")), Vec::<String>::new());
    let other = slow("site.main.uplink-2").replace("mud", "more").replace("= 2", "= 3");
    let both = slow("site.main.uplink-1") + &other;
    let said = ["mud", "more"].map(|fault| {
        let number = if fault == "mud" { 1 } else { 2 };
        format!("a slow `main.uplink-{number}`, in the fault `{fault}`")
    });
    assert_eq!(reasons(&both), said);
    assert_eq!(reasons(&slow("rack.r")), ["a slow `r`, in the fault `mud`"]);
    assert_eq!(reasons(&slow("rack.r.switch")), Vec::<String>::new());
    assert_eq!(reasons(&slow("zone.www")), Vec::<String>::new());
    let two = SITE.replace("switch = {", "switch = { count = 2,");
    let all = simulatable::not_yet(&drafted(&format!("{two}{}", slow("rack.r.switch-1"))));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].what, "a slow `r.switch-1`, in the fault `mud`");
}

/// A site behind a link, at which a service takes one step.
const FAR: &str = r#"
[site.far]
[link.wire]
between = ["main", "far"]
bandwidth = "1Gbit/s"
[rack.far-rack]
site = "far"
[server.there]
rack = "far-rack"
cores = 8
memory = "8GiB"
[zone.distant]
on = ["there-1"]
[service.remote]
in = "distant"
workers = 4
MOUNTS
[request.query]
enter = "remote"
steps = [ STEP ]
[workload.query]
request = "query"
rate = "1/s"
"#;

const DATABASE: &str = r#"
[zone.db]
on = ["there-1"]
[database.sql]
in = { primary = "db-1" }
connections = 10
read = { cpu = "1ms" }
write = { cpu = "1ms" }
"#;

const QUEUE: &str = r#"
[zone.near]
[service.worker]
in = "near"
workers = 4
[request.job]
enter = "worker"
demands = { work = "1ms" }
steps = [ { cpu = "worker", demand = "work" } ]
[zone.broker]
on = ["box-1"]
[queue.jobs]
in = "broker-1"
request = "job"
durable = false
back-off = { first = "1s" }
"#;

const UNITS: &str = r#"
[balancer.both]
in = "pair"
count = 2
to = "app"
failover = { detect = "1s", takeover = "1s" }
[zone.pair]
count = 2
on = ["box-1", "there-1"]
"#;

/// Calls and queries cross a link between sites; what else would cross one is refused, at the place of the part that needs
/// it.
#[test]
fn what_does_not_cross_a_link_between_sites_is_refused_at_its_place() {
    let io = "{ io = \"files\", read = 1, ops = 1 }";
    let call = |to: &str| format!("{{ call = \"{to}\", steps = [ {io} ] }}");
    let read = "{ call = \"sql\", read = 1 }".to_string();
    let replicated = |mode: &str| {
        let how = format!("mode = \"{mode}\", receive = \"1ms\", sends = \"1KiB\"");
        let replicas = format!(", replicas = [\"near-1\"] }}\nreplication = {{ {how} }}\nconn");
        DATABASE.replace(" }\nconn", &replicas) + "[zone.near]\non = [\"box-1\"]\n"
    };
    let publish = "{ publish = \"jobs\" }".to_string();
    let messages = "messages of `jobs` over the link `wire`";
    let cases = [
        (call("app"), String::new(), vec![]),
        (read.clone(), DATABASE.to_string(), vec![]),
        (read.clone(), replicated("async"), vec![]),
        (
            read.clone(),
            replicated("group"),
            vec![("`group` replication of `sql` over the link `wire`", "\"group\"")],
        ),
        (
            read,
            DATABASE.to_string() + "data = { db-1 = \"store:data\" }\n",
            vec![("the data of `sql.primary` over the link `wire`", "sql")],
        ),
        (
            io.to_string(),
            String::new(),
            vec![("the mount `files` of `remote` over the link `wire`", "files")],
        ),
        (
            call("both"),
            UNITS.to_string(),
            vec![("the agreement of the units of `both` over the link `wire`", "both")],
        ),
        // The producer, then the consumer, stands at the other site.
        (publish.clone(), QUEUE.to_string(), vec![(messages, "{ publish = \"jobs\" }")]),
        (
            publish,
            QUEUE.replace("on = [\"box-1\"]", "on = [\"there-1\"]"),
            vec![(messages, "jobs")],
        ),
    ];
    for (step, more, expected) in cases {
        let mounts = if step == io { "mounts = { files = \"store:data\" }" } else { "" };
        let far = FAR.replace("STEP", &step).replace("MOUNTS", mounts);
        let text = format!("{SITE}{far}{more}");
        let found = simulatable::not_yet(&drafted(&text));
        let found: Vec<(String, String)> = found
            .into_iter()
            .map(|reason| (reason.what, text[reason.span.range()].to_string()))
            .collect();
        let found: Vec<(&str, &str)> =
            found.iter().map(|(what, at)| (what.as_str(), at.as_str())).collect();
        assert_eq!(found, expected, "{step}");
    }
}

/// I12: nothing is accepted and ignored.
#[test]
fn what_cannot_take_effect_is_an_error() {
    let cases = [
        (
            "[fault.f]\nhits = \"service.app\"\nhow = \"cache-lost\"\nat = \"1h\"\n",
            "no cache to lose",
        ),
        (
            "[fault.f]\nhits = \"server.box\"\nhow = \"cache-lost\"\nat = \"1h\"\n",
            "no cache to lose",
        ),
        ("[operation.o]\ndoes = \"maintain\"\nof = \"app\"\nat = \"1h\"\n", "`lasts` is missing"),
        ("[operation.o]\ndoes = \"deploy\"\nat = \"1h\"\nlasts = \"1h\"\n", "`of` is missing"),
    ];
    for (more, says) in cases {
        let complaints = draft_or_complaints(&format!("{SITE}{more}")).unwrap_err();
        assert!(complaints.contains(says), "{says}:\n{complaints}");
    }
    for (from, to, says) in [
        (
            "data = { pool",
            "data = { content = { size = \"1GiB\", block = \"8KiB\", zipf = 1 }, pool",
            "no `ram-cache`",
        ),
        ("memory = \"8GiB\"", "memory = \"8GiB\"\nram-cache = \"5GiB\"", "only 4GiB free"),
        ("count = 2,", "convergence = \"1min\",", "has one uplink"),
    ] {
        let complaints = draft_or_complaints(&SITE.replace(from, to)).unwrap_err();
        assert!(complaints.contains(says), "{says}:\n{complaints}");
    }
}
