//! Pieces that pages ask: queues, logs, scaled services, databases, caches, edges, names.

use super::pieces::{Hows, Rich};
use super::system::Dice;

pub fn queue(rich: &mut Rich, dice: &mut Dice) {
    let last = rich.last;
    let (pair, lent, jobs) = (dice.roll(2) == 0, dice.roll(3) == 0, dice.roll(2) == 0);
    if pair {
        rich.text += &format!("[zone.broker]\ncount = 2\non = [\"box-1\", \"{last}\"]\n");
    } else {
        rich.zone("broker", "box-1", "");
    }
    if lent {
        let (until, end) = (dice.pick(&["00:01", "09:00"]), dice.pick(&["stop", "finish"]));
        rich.text += &format!(
            "[server.loan]\ncores = 1\nlent = {{ hours = {{ from = \"Mon 00:00\", to = \"Mon {until}\" }}, at-end = \"{end}\" }}\n\
             [zone.hands]\ncount = 2\non = [\"{last}\", \"loan-1\"]\n"
        );
        rich.hits.push(("server.loan", Hows::Process));
    } else {
        rich.zone("hands", last, "");
    }
    let (prefetch, limit, durable) = (
        dice.pick(&["", "prefetch = 3\n", "prefetch = \"unlimited\"\n"]),
        dice.pick(&[
            "",
            "limit = 20\nwhen-full = \"reject\"\n",
            "size = \"1kB\"\nlimit-bytes = \"10kB\"\nwhen-full = \"drop-oldest\"\n",
        ]),
        dice.pick(&["true", "false"]),
    );
    let (within, silent, confirm) = (
        dice.maybe("acknowledge-within = \"2s\"\nattempts = 5\n"),
        dice.maybe("heartbeat = \"2s\"\n"),
        dice.maybe("confirm = \"5ms\"\n"),
    );
    let brokers = if pair {
        "in = [\"broker-1\", \"broker-2\"]\nfailover = { detect = \"1s\", takeover = \"500ms\", coverage = 0.8 }\ncatch-up = \"1s\"\n"
    } else {
        "in = \"broker\"\n"
    };
    rich.text += &format!(
        "[service.worker]\nin = \"hands\"\nworkers = 2\nrestart = \"1s\"\n[queue.jobs]\n{brokers}request = \"message\"\n\
         {prefetch}{limit}{within}{silent}{confirm}durable = {durable}\npublish = \"1ms\"\n\
         back-off = {{ first = \"500ms\", factor = 2, longest = \"2s\" }}\n[request.message]\nenter = \"worker\"\n\
         demands = {{ a = {{ dist = \"exponential\", mean = \"20ms\" }} }}\nsteps = [ {{ cpu = \"worker\", demand = \"a\" }} ]\n"
    );
    rich.steps += if jobs {
        "{ publish = \"jobs\" }, { publish = \"jobs\" }, { await = \"jobs\" },\n"
    } else {
        "{ publish = \"jobs\", wait = false },\n"
    };
    rich.hits.extend([("queue.jobs", Hows::Process), ("service.worker", Hows::Process)]);
}

pub fn log(rich: &mut Rich, dice: &mut Dice) {
    let mode = dice.pick(&["tcp", "multicast", "sniff", "local"]);
    let full = dice.pick(&["block", "drop"]);
    let keys = match mode {
        "tcp" => {
            format!(
                "send = \"0.1ms\"\nblock = \"1kB\"\nbuffer = \"4kB\"\nwhen-full = \"{full}\"\nreconnect = \"1s\"\n"
            )
        }
        "multicast" => {
            format!("send = \"0.1ms\"\nbuffer = \"4kB\"\nwhen-full = \"{full}\"\ndetect = \"2s\"\n")
        }
        "sniff" => "block = \"1B\"\nbuffer = \"2kB\"\n".to_string(),
        // Without `flush` the last records stay in memory for ever.
        _ => "send = \"0.1ms\"\nblock = \"4kB\"\nflush = \"2s\"\nmount = \"disk\"\ncollect = \"3s\"\n".to_string(),
    };
    // Other records cross no link.
    let crosses = ["tcp", "local"].contains(&mode);
    let on = if rich.far && crosses && dice.roll(2) == 0 {
        rich.log_far = true;
        "outpost-1"
    } else {
        rich.last
    };
    rich.text += &format!("[zone.logger]\ncount = 2\non = [\"{on}\", \"box-1\"]\n");
    let to = if mode == "local" { "\"logger-1\"" } else { "[\"logger-1\", \"logger-2\"]" };
    rich.text += &format!("[log.access]\nmode = \"{mode}\"\nto = {to}\nreceive = \"2ms\"\n{keys}");
    rich.steps += "{ log = \"access\", size = { dist = \"exponential\", mean = \"300B\" } },\n";
    rich.hits.push(("log.access", Hows::Process));
}

pub fn scaler(rich: &mut Rich, dice: &mut Dice) {
    let metric = dice.pick(&[
        "metric = \"requests\"\ntarget = 10\n",
        "metric = \"cpu\"\ntarget = 0.3\n",
        "metric = \"waiting\"\nsteps = [ { above = 1, add = 2 }, { below = 0.2, remove = 1 } ]\n",
    ]);
    let (replace, drain, failure) = (
        dice.maybe("replace = \"3s\"\n"),
        dice.pick(&["drain = \"500ms\"\n", "drain = \"5s\"\n"]),
        dice.pick(&["", ", failure = 0.3, retry-after = \"1s\""]),
    );
    let depth = dice.pick(&["shallow", "deep"]);
    rich.text += &format!(
        "[server.cloud]\ncount = 2\nrack = \"r\"\ncores = 2\nmemory = \"4GiB\"\nram-cache = \"0B\"\n[zone.grown]\ncount = 4\n\
         among = [\"cloud\"]\ncpu = {{ cap = 1.0 }}\nmemory = \"1GiB\"\nboot = \"1s\"\n[service.elastic]\nin = \"grown\"\n\
         workers = 2\nrestart = \"1s\"\n[balancer.spread]\nrack = \"r\"\nto = \"elastic\"\n\
         check = {{ interval = \"500ms\", time-out = \"500ms\", fall = 2, rise = 1, depth = \"{depth}\" }}\n\
         [scaler.grow]\nzones = \"grown\"\nminimum = 1\nmaximum = 3\n{metric}period = \"2s\"\nlag = \"500ms\"\n\
         cool-down = {{ in = \"3s\" }}\n{drain}{replace}launch = {{ provision = \"1s\", boot = \"1s\"{failure} }}\n"
    );
    rich.steps += "{ call = \"spread\", steps = [ { cpu = \"elastic\", demand = \"a\" } ] },\n";
    rich.hits.extend([
        ("service.elastic", Hows::Process),
        ("server.cloud", Hows::Server),
        ("balancer.spread", Hows::Process),
    ]);
}

pub fn sharded(rich: &mut Rich, dice: &mut Dice) {
    let last = rich.last;
    let index = dice.roll(2) == 0;
    if index {
        rich.zone("register", "box-1", "");
        rich.text += "[service.directory]\nin = \"register\"\nworkers = 20\nrestart = \"1s\"\n";
        rich.hits.push(("service.directory", Hows::Process));
    }
    let index = if index { "index = \"directory\"\nlook-up = \"1ms\"\n" } else { "" };
    let spread = dice.pick(&[
        "scatter = 0.2\n",
        "together = true\n",
        "popularity = { zipf = 0.9, objects = 100 }\n",
    ]);
    rich.text += &format!(
        "[zone.shard]\ncount = 2\non = [\"box-1\", \"{last}\"]\n[database.tables]\ncount = 2\nin = {{ primary = \"shard\" }}\n\
         connections = 4\nread = {{ cpu = \"2ms\", io = {{ probability = 0.2, mean = 1.0 }} }}\n\
         write = {{ cpu = \"3ms\", sync-io = 1, deferred-io = 1 }}\ndata = {{ shard = \"box:local\" }}\nrestart = \"1s\"\n\
         [sharded.catalogue]\nshards = [\"tables\"]\n{index}{spread}"
    );
    let time_out = dice.maybe(", time-out = \"2s\"");
    rich.steps += &format!("{{ call = \"catalogue\", read = 1.5, write = 0.3{time_out} }},\n");
    rich.hits.push(("sharded.catalogue.primary", Hows::Process));
}

pub fn cache(rich: &mut Rich, dice: &mut Dice) {
    let keys = dice.pick(&[
        "policy = \"lru\"\n",
        "policy = \"random\"\n",
        "policy = \"fifo\"\nttl = \"3s\"\n",
        "policy = \"arc\"\n",
        "ttl = \"3s\"\nsliding-ttl = true\n",
    ]);
    rich.zone("memory", "box-1", "");
    rich.text += &format!(
        "[cache.pages]\nin = \"memory\"\ncpu = \"0.5ms\"\nobjects = 50\npopularity = {{ zipf = 0.8, objects = 200 }}\n{keys}"
    );
    rich.steps += "{ cache = \"pages\", else = [ { call = \"back\", steps = [ { cpu = \"back\", demand = \"a\", share = 0.3 } ] } ] },\n";
    // One that expires or adapts takes no changes.
    if !keys.contains("ttl") && !keys.contains("arc") {
        rich.steps += dice.pick(&[
            "{ update = \"pages\", evenly = true },\n",
            "{ update = \"pages\", through = true },\n",
        ]);
    }
    rich.hits.push(("cache.pages", Hows::Cache));
}

pub fn purge(rich: &mut Rich, dice: &mut Dice) {
    let last = rich.last;
    let lookers = dice.roll(2) == 0;
    rich.text += &format!("[zone.copies]\ncount = 2\non = [\"box-1\", \"{last}\"]\n");
    for side in [1, 2] {
        rich.text += &format!(
            "[cache.side-{side}]\nin = \"copies-{side}\"\ncpu = \"0.5ms\"\nobjects = 50\npopularity = {{ zipf = 0.8, objects = 200 }}\n"
        );
    }
    let more = if lookers {
        rich.text += &outside(dice, "border", "side", "");
        ", \"border\""
    } else {
        ""
    };
    let (cut, wait, lost) = (
        dice.pick(&["wait", "lose"]),
        dice.maybe("wait = true\ntime-out = \"1s\"\n"),
        dice.maybe("lost = 0.1\n"),
    );
    rich.text += &format!(
        "[purge.changes]\nof = [\"side-1\", \"side-2\"{more}]\nwork = \"1ms\"\n{lost}when-cut-off = \"{cut}\"\n{wait}"
    );
    let what = dice.pick(&["", ", evenly = true", ", everything = true"]);
    rich.steps += &format!(
        "{{ cache = \"side-1\", else = [ {{ cpu = \"app\", demand = \"a\", share = 0.2 }} ] }},\n\
         {{ cache = \"side-2\", else = [ {{ delay = \"5ms\" }} ] }}, {{ purge = \"changes\"{what} }},\n"
    );
    rich.hits.push(("cache.side-1", Hows::Cache));
}

fn outside(dice: &mut Dice, name: &str, class: &str, more: &str) -> String {
    let collapse = dice.maybe("collapse = true\n");
    format!(
        "[cdn.{name}]\ncount = 2\nto = \"app\"\nttl = \"10s\"\norigin = \"40ms\"\nconvergence = \"1s\"\nservice-time = \"1ms\"\n\
         [cdn.{name}.content]\nobjects = 50\npolicy = \"lru\"\npopularity = {{ {class} = {{ zipf = 0.8, objects = 200 }} }}\n{collapse}{more}\
         [workload.{class}-viewers]\nrequest = \"{class}\"\nrate = \"10/s\"\narrivals = {{ process = \"poisson\" }}\n\
         [request.{class}]\nenter = \"{name}\"\ndemands = {{ a = \"5ms\" }}\nsteps = [ {{ cpu = \"app\", demand = \"a\" }} ]\nreply = \"20kB\"\n"
    )
}

pub fn edge(rich: &mut Rich, dice: &mut Dice) {
    let text = outside(dice, "edge", "image", "");
    let text = match dice.roll(3) {
        0 => text,
        1 => {
            let (front, rest) = text.split_once("[cdn.edge.content]").expect("it has content");
            let (_, rest) = rest.split_once("[workload").expect("it has a workload");
            format!("{front}hit = {{ image = 0.6 }}\n[workload{rest}")
        }
        _ => {
            rich.hits.push(("cdn.shield", Hows::Passive));
            text.replace("to = \"app\"", "to = \"shield\"")
                + "[cdn.shield]\ncount = 2\nto = \"app\"\nttl = \"20s\"\norigin = \"20ms\"\nconvergence = \"1s\"\n\
                   [cdn.shield.content]\nobjects = 100\npolicy = \"lru\"\ncollapse = true\n"
        }
    };
    rich.text += &text;
    rich.hits.push(("cdn.edge", Hows::Passive));
}

pub fn name(rich: &mut Rich, dice: &mut Dice) {
    let policy = dice.pick(&["failover", "round-robin"]);
    let stale = dice.maybe("stale = { share = 0.1, for = \"5s\" }\n");
    let (first, enter) = if rich.text.contains("[balancer.front]") {
        ("front", "enter = \"front\"")
    } else {
        rich.text += "[balancer.first]\nrack = \"r\"\nto = \"app\"\n";
        ("first", "enter = \"app\"")
    };
    rich.text = rich.text.replacen(
        &format!("[request.page]\n{enter}"),
        "[request.page]\nenter = \"www\"",
        1,
    );
    rich.text += &format!(
        "[balancer.second]\nrack = \"r\"\nto = \"app\"\n[name-service.www]\nto = [\"{first}\", \"second\"]\npolicy = \"{policy}\"\n\
         ttl = \"2s\"\ncheck = {{ interval = \"1s\", time-out = \"500ms\", fall = 2 }}\n{stale}"
    );
    rich.hits.extend([("name-service.www", Hows::Passive), ("balancer.second", Hows::Process)]);
}

pub fn ledger(rich: &mut Rich, dice: &mut Dice) {
    let mode = dice.pick(&["sync", "two-phase", "three-phase", "group"]);
    let last = rich.last;
    let (agree, keys) = if mode == "sync" {
        (dice.maybe("reads = { to = \"replicas\" }\n"), ", wait-for = 1")
    } else {
        (
            "writes = { to = \"members\" }\nreads = { to = \"members\" }\n".to_string(),
            ", suspect-after = \"1s\", attempts = 3",
        )
    };
    let corrupt = dice.roll(3) == 0;
    let restore = if corrupt {
        "restore = { size = \"1MB\", rate = \"1MB/s\", begin = \"1s\", point-in-time = { replay = 24 } }\n"
    } else {
        ""
    };
    rich.text += &format!(
        "[zone.ql]\ncount = 3\non = [\"box-1\", \"{last}\", \"{last}\"]\n[database.ledger]\n\
         in = {{ primary = \"ql-1\", replicas = [\"ql-2\", \"ql-3\"] }}\n{agree}connections = 6\nread = {{ cpu = \"2ms\" }}\n\
         write = {{ cpu = \"3ms\", sync-io = 1, deferred-io = 1, rows = {{ zipf = 0.9, objects = 20 }} }}\n\
         data = {{ ql-1 = \"box:local\", ql-2 = \"store:data\", ql-3 = \"box:local\" }}\nrestart = \"1s\"\n{restore}\
         replication = {{ mode = \"{mode}\", receive = \"2ms\"{keys} }}\n"
    );
    if corrupt {
        rich.text += "[fault.bug]\nhits = \"database.ledger\"\nhow = \"corrupt\"\nrate = \"2/min\"\nrepair = \"2s\"\n\
                      detected-by-people = \"1s\"\n";
    }
    let time_out = dice.maybe(", time-out = \"2s\"");
    rich.steps += &format!("{{ call = \"ledger\", read = 0.5, write = 0.7{time_out} }},\n");
    let hows = if corrupt { Hows::Corruptible } else { Hows::Process };
    rich.hits.extend([("database.ledger.primary", hows), ("database.ledger.replica", hows)]);
}
