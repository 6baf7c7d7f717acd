//! Pieces on which services stand: processors, disks, memory, machines, power, links, planned work.

use super::pieces::{Hows, Rich};
use super::system::Dice;

pub fn tick(rich: &mut Rich, dice: &mut Dice) {
    rich.tick = true;
    let (hz, rule, release) = (
        dice.pick(&["100", "1000"]),
        dice.pick(&["classic", "reset"]),
        dice.pick(&["one", "batch"]),
    );
    rich.keys += &format!(
        "cpu-model = \"tick\"\ncpu-tick = {{ hz = {hz}, quantum-rule = \"{rule}\", cap-release = \"{release}\" }}\n"
    );
}

pub fn link(rich: &mut Rich, dice: &mut Dice) {
    rich.far = true;
    let (bandwidth, backlog) = (dice.pick(&["1", "10"]), dice.maybe("backlog = 20\n"));
    rich.text += &format!(
        "[site.west]\n[rack.far]\nsite = \"west\"\nswitch = {{ count = 1, bandwidth = \"100Mbit/s\" }}\n\
         [link.wan]\nbetween = [\"main\", \"west\"]\nbandwidth = \"{bandwidth}Mbit/s\"\nlatency = \"20ms\"\n\
         [server.outpost]\nrack = \"far\"\ncores = 1\nmemory = \"1GiB\"\nram-cache = \"0B\"\n\
         [server.outpost.disks]\nown = {{ kind = \"15k\", layout = \"plain\", data = 1 }}\n\
         [zone.abroad]\non = [\"outpost-1\"]\n[service.remote]\nin = \"abroad\"\nworkers = 5\n{backlog}restart = \"1s\"\n"
    );
    let time_out = dice.maybe("time-out = \"2s\", ");
    rich.steps += &format!(
        "{{ call = \"remote\", sends = \"1kB\", returns = {{ dist = \"exponential\", mean = \"2kB\" }}, {time_out}\
         steps = [ {{ cpu = \"remote\", demand = \"a\", share = 0.5 }} ] }},\n"
    );
    rich.hits.extend([("site.west", Hows::Passive), ("service.remote", Hows::Process)]);
}

pub fn disks(rich: &mut Rich, dice: &mut Dice) {
    // With one box only a disk of it can fail in its `resilver`.
    let kind = match dice.roll(6) {
        5 if rich.text.contains("[server.box]\ncount = 2") => 4,
        kind => kind,
    };
    let groups =
        "bandwidth = \"100MB/s\", transactions = { dirty-max = \"1MiB\", timeout = \"1s\" }";
    let scrub = "scrub = { every = \"10s\", allocated = \"16MiB\", work = \"200ms\" }";
    rich.disks = match kind {
        0 => "kind = \"10k\", layout = \"raidz1\", data = 2, parity = 1".to_string(),
        1 => "kind = \"sata-ssd\", layout = \"raidz1\", data = 2, parity = 1".to_string(),
        2 => format!("{}, queue = \"classes\"", rich.disks),
        3 => format!(
            "{}, queue = \"classes\", io-throttle = {{ step = \"1ms\", ceiling = \"5ms\" }}",
            rich.disks
        ),
        4 => {
            let device = dice.pick(&["", ", log = { kind = \"sata-ssd\" }"]);
            let scrub = dice.maybe(&format!(", {scrub}"));
            // With a device of its own for the log, scrubs alone are sequential.
            let alone = !device.is_empty() && scrub.is_empty();
            let groups = if alone {
                &groups[groups.find("transactions").expect("it has them")..]
            } else {
                groups
            };
            format!("{}, {groups}{device}{scrub}", rich.disks)
        }
        _ => {
            let (fails, after) = (6 + dice.roll(10), dice.roll(4));
            format!(
                "{}, {groups}, resilver = {{ allocated = \"16MiB\", work = \"500ms\", \
                 disks = [ {{ disk = 2, fails = \"{fails}s\", replaced-after = \"{after}s\" }} ] }}",
                rich.disks
            )
        }
    };
    if kind == 3 {
        let priority = dice.pick(&["0", "10", "300"]);
        rich.text =
            rich.text.replace("[zone.deep]\n", &format!("[zone.deep]\nio-priority = {priority}\n"));
    }
    if kind > 3 {
        rich.resilver = kind > 4;
        rich.size();
        // Pages wait for their writes, in some.
        let durable = dice.pick(&["", ", durable = true"]);
        rich.text = rich.text.replace("wait = true }", &format!("wait = true{durable} }}"));
    }
}

pub fn memory(rich: &mut Rich, dice: &mut Dice) {
    rich.size();
    rich.content();
    let policy = dice.pick(&["lru", "arc", "arc"]);
    rich.keys += &format!("ram-cache = \"128KiB\"\nram-cache-policy = \"{policy}\"\n");
    if policy == "lru" {
        rich.keys += "ram-cache-writes = true\n";
    }
    rich.hits.push(("server.box", Hows::Cache));
    if policy == "arc" && dice.roll(2) == 0 {
        let persistent = dice.maybe(", persistent = true");
        rich.keys += &format!(
            "l2arc = {{ on = \"ssd\", size = \"512KiB\", write = \"64KiB\", cold-write = \"128KiB\"{persistent} }}\n"
        );
        rich.text = rich.text.replace(
            "[server.box.disks]\n",
            "[server.box.disks]\nssd = { kind = \"sata-ssd\", layout = \"plain\", data = 1 }\n",
        );
        rich.hits.push(("server.box.ssd", Hows::Disks));
    }
}

pub fn machine(rich: &mut Rich, dice: &mut Dice) {
    let (on, mount) = if rich.tick {
        rich.text += "[server.hall]\nrack = \"r\"\ncores = 1\nmemory = \"2GiB\"\nram-cache = \"0B\"\n[server.hall.disks]\n\
                      own = { kind = \"10k\", layout = \"plain\", data = 1, content = { size = \"1MiB\", block = \"8KiB\", zipf = 0.8 } }\n";
        ("hall-1", "hall:own")
    } else {
        rich.size();
        rich.content();
        if !rich.keys.contains("ram-cache") {
            rich.keys += "ram-cache = \"0B\"\n";
        }
        ("box-1", "box:local")
    };
    let (cpu, cache, io) = (
        dice.pick(&["", "cpu = { cap = 0.5 }\n", "cpu = { shares = 300 }\n"]),
        dice.maybe("page-cache = \"64KiB\"\n"),
        dice.maybe("io = \"emulated\"\n"),
    );
    rich.text += &format!(
        "[vm.guest]\non = [\"{on}\"]\nvcpus = 1\nmemory = \"256MiB\"\nboot = \"2s\"\n{cpu}{cache}{io}\
         [service.inner]\nin = \"guest\"\nworkers = 5\nrestart = \"1s\"\nmounts = {{ disk = \"{mount}\" }}\n"
    );
    rich.steps += "{ call = \"inner\", steps = [ { cpu = \"inner\", demand = \"a\", share = 0.5 }, \
                   { io = \"disk\", read = 0.5, write = 0.5 } ] },\n";
    let hows = if cache.is_empty() { Hows::Process } else { Hows::Cache };
    rich.hits.extend([("vm.guest", hows), ("service.inner", Hows::Process)]);
}

pub fn paging(rich: &mut Rich, dice: &mut Dice) {
    rich.size();
    let (daemon, maps) =
        (dice.maybe("memory-cap = \"daemon\"\n"), dice.pick(&["", "maps = { libc = \"4MiB\" }, "]));
    rich.keys += daemon.as_str();
    let dirty = dice.pick(&["0", "0.5"]);
    rich.text = rich
        .text
        .replace("[zone.deep]\n", "[zone.deep]\nmemory = \"62MiB\"\n")
        .replace("[zone.web]\n", "[zone.web]\nmemory = \"64MiB\"\n")
        .replace(
            "[service.back]\n",
            &format!(
                "[service.back]\nmounts = {{ swap = \"box:local\" }}\nworking-set = {{ base = \"60MiB\", \
                 per-request = \"4MiB\", {maps}touches = 3, dirty = {dirty}, swap = \"swap\" }}\n"
            ),
        );
}

pub fn idle(rich: &mut Rich, dice: &mut Dice) {
    let threads = dice.pick(&["", ", threads = 2"]);
    rich.zone("batch", "box-1", "cpu = { shares = 0 }\n");
    rich.text += &format!(
        "[service.grind]\nin = \"batch\"\nworkers = 3\nrestart = \"1s\"\n[workload.grinding]\nrequest = \"lump\"\n\
         rate = \"2/s\"\narrivals = {{ process = \"poisson\" }}\n[request.lump]\nenter = \"grind\"\n\
         demands = {{ a = {{ dist = \"exponential\", mean = \"100ms\" }} }}\n\
         steps = [ {{ cpu = \"grind\", demand = \"a\"{threads} }} ]\n"
    );
    rich.hits.extend([("zone.batch", Hows::Process), ("service.grind", Hows::Process)]);
}

pub fn feeds(rich: &mut Rich, dice: &mut Dice) {
    let (starts, runs) = (dice.pick(&["1", "0.5"]), dice.pick(&["", ", runs = \"4s\""]));
    rich.text = rich.text.replace("switch = { count", "switch = { feeds = \"a\", count");
    rich.keys += dice.pick(&["feeds = [\"a\", \"b\"]\n", "feeds = [\"a\", \"b\"]\ncords = 1\n"]);
    rich.text += &format!(
        "[feed.utility]\n[feed.a]\nfrom = \"utility\"\n[feed.b]\nfrom = \"utility\"\nbattery = \"1s\"\n\
         generator = {{ starts = {starts}, after = \"500ms\"{runs} }}\n[fault.blackout]\nhits = \"feed.{}\"\nhow = \"crash\"\n\
         rate = \"4/min\"\nrepair = {{ dist = \"exponential\", mean = \"2s\" }}\n",
        dice.pick(&["utility", "a", "b"])
    );
}

pub fn planned(rich: &mut Rich, dice: &mut Dice) {
    let mut works = vec![
        "does = \"maintain\"\nof = \"service.back\"\nlasts = \"2s\"\n",
        "does = \"deploy\"\nof = \"service.app\"\nlasts = \"2s\"\n",
        "does = \"maintain\"\nof = \"nas.store.head\"\nlasts = \"2s\"\n",
    ];
    if !rich.has("paging") {
        works.push("does = \"resize\"\nof = \"zone.deep\"\ncap = 0.5\n");
    }
    if rich.has("machine") {
        works.push("does = \"resize\"\nof = \"vm.guest\"\ncap = 0.4\n");
    }
    let work = dice.pick(&works);
    if work.contains("vm.guest") {
        let boots = "memory = \"256MiB\"\nboot = \"2s\"\n";
        rich.text = rich.text.replace(boots, &format!("{boots}stop = \"1s\"\n"));
    }
    let at = 6 + dice.roll(20);
    rich.text += &format!("[operation.work]\n{work}at = \"{at}s\"\n");
}
