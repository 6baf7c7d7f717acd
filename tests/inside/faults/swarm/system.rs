//! Systems made by chance: servers, zones, services, disks, a file server, a station, clients and faults.

/// A generator of its own, so that the cases are the same for ever (Numerical Recipes, LCG).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    pub fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len() as u64) as usize]
    }

    pub fn maybe(&mut self, text: &str) -> String {
        if self.roll(2) == 0 { text.to_string() } else { String::new() }
    }
}

/// Two services on one or two servers, a file server, a station, clients, faults; some with a
/// balancer or a pair of them, with two heads, with a database of two members.
pub fn system(dice: &mut Dice) -> String {
    let servers = 1 + dice.roll(2);
    let webs = 1 + dice.roll(servers);
    let on = if webs == 2 { "\"box-1\", \"box-2\"" } else { "\"box-1\"" };
    let (balanced, paired, replicated) = (dice.roll(2) == 0, dice.roll(2) == 0, dice.roll(2) == 0);
    let mut text = format!(
        "scenario = \"swarm\"\n[run]\nseed = {}\ninitial = \"new\"\n[site.main]\n[rack.r]\nsite = \"main\"\n\
         switch = {{ count = {}, bandwidth = \"1Gbit/s\" }}\n[server.box]\ncount = {servers}\n\
         cores = {}\nrack = \"r\"\n[server.box.disks]\nlocal = {{ kind = \"10k\", layout = \"mirror\", data = 1, parity = 1 }}\n\
         [zone.web]\ncount = {webs}\non = [{on}]\nboot = \"{}s\"\n[zone.deep]\non = [\"box-{servers}\"]\n",
        dice.roll(1_000),
        1 + dice.roll(2),
        1 + dice.roll(2),
        dice.roll(3),
    );
    let workers = dice.pick(&["2", "10", "\"unlimited\""]);
    let (backlog, warm) =
        (dice.maybe("backlog = 5\n"), dice.maybe("warm-up = { for = \"5s\", speed = 0.5 }\n"));
    // With a worker for each request none waits.
    let backlog = if workers.starts_with('"') { "" } else { backlog.as_str() };
    text += &format!(
        "[service.app]\nin = \"web\"\nworkers = {workers}\n{backlog}{warm}restart = \"3s\"\n\
         mounts = {{ nas = {}, disk = \"box:local\" }}\n",
        dice.pick(&["\"store:data\"", "{ volume = \"store:data\", time-out = \"4s\" }"])
    );
    let (workers, backlog) = (dice.pick(&["1", "5"]), dice.maybe("backlog = 3\n"));
    text +=
        &format!("[service.back]\nin = \"deep\"\nworkers = {workers}\n{backlog}restart = \"2s\"\n");
    text += &store(dice, paired);
    if replicated {
        text += &database(dice, servers);
    }
    if balanced {
        text += &balancer(dice);
    }
    let (enter, query) = (
        if balanced { "front" } else { "app" },
        if replicated {
            "{ call = \"mysql\", read = 1.5, write = 0.4, time-out = \"2s\" },\n"
        } else {
            ""
        },
    );
    let discipline = dice.pick(&["fifo", "ps", "priority", "priority-preemptive"]);
    let rank = if discipline.starts_with("priority") { ", priority = 2" } else { "" };
    let (limit, patience) = (dice.maybe("limit = 4\n"), dice.maybe("patience = \"1s\"\n"));
    text += &format!(
        "[station.desk]\nservers = {}\ndiscipline = \"{discipline}\"\n{limit}{}service = {{ dist = \"exponential\", mean = \"50ms\" }}\n",
        1 + dice.roll(2),
        if discipline == "ps" { "" } else { patience.as_str() },
    );
    let retry = dice.maybe("retry = { probability = 0.8, after = \"1s\", max-retries = 2 }\n");
    let (time_out, patient) = (
        dice.maybe("time-out = \"3s\"\n"),
        dice.maybe("patience = { dist = \"exponential\", mean = \"2s\" }\n"),
    );
    let from = dice.maybe("from = \"users\"\n");
    if !from.is_empty() {
        text += &format!("[clients.users]\nround-trip = \"20ms\"\n{time_out}{patient}{retry}");
    }
    text += &format!(
        "[workload.visitors]\n{from}request = \"page\"\nrate = \"{}/s\"\narrivals = {{ process = \"poisson\" }}\n\
         [workload.jobs]\nrequest = \"job\"\nrate = \"5/s\"\narrivals = {{ process = \"poisson\" }}\n",
        5 + dice.roll(25),
    );
    let deadline = dice.maybe(", time-out = \"1s\"");
    let outer = dice.pick(&["", ", time-out = \"2s\""]);
    text += &format!(
        "[request.page]\nenter = \"{enter}\"\ndemands = {{ a = {{ dist = \"exponential\", mean = \"20ms\" }} }}\nsteps = [\n\
         {{ cpu = \"app\", demand = \"a\" }},\n{{ io = \"disk\", read = 0.5, write = 0.5, wait = {} }},\n\
         {{ call = \"back\", steps = [ {{ cpu = \"back\", demand = \"a\" }}, {{ delay = \"10ms\" }} ]{outer} }},\n\
         {{ parallel = [ {{ steps = [ {{ call = \"back\", steps = [ {{ cpu = \"back\", demand = \"a\" }} ]{deadline} }} ] }},\n\
         {{ steps = [ {{ cpu = \"app\", demand = \"a\", share = 0.5 }}, {{ visit = \"desk\" }} ] }} ] }},\n\
         {query}{{ io = \"nas\", read = 0.5, write = 0.3, ops = 1.2 }},\n]\n",
        dice.pick(&["true", "false"])
    );
    // Clients alone fetch more.
    if !from.is_empty() {
        text += "then = { request = \"part\", count = 1.5 }\n[request.part]\nenter = \"app\"\n\
                 demands = { a = \"1ms\" }\nsteps = [ { cpu = \"app\", demand = \"a\" } ]\n";
    }
    text += "[request.job]\nsteps = [ { visit = \"desk\"";
    text += rank;
    text += " } ]\n";
    let mut more: Vec<&str> = Vec::new();
    more.extend(paired.then_some("nas.store.head-2"));
    more.extend(replicated.then_some("database.mysql.primary"));
    more.extend(balanced.then_some("balancer.front"));
    for number in 0..1 + dice.roll(4) {
        text += &fault(dice, number, &more);
    }
    text
}

/// A file server with one head or a pair, whose data lie on one pool or on both.
fn store(dice: &mut Dice, paired: bool) -> String {
    let groups = ", transactions = { dirty-max = \"1MiB\", timeout = \"1s\" }";
    let collects = dice.maybe(groups);
    let log =
        if collects.is_empty() { "" } else { dice.pick(&["", ", log = { kind = \"sata-ssd\" }"]) };
    let pool = format!("kind = \"7.2k\", layout = \"raid-dp\", data = 2{collects}{log}");
    if !paired {
        return format!(
            "[nas.store]\ncpu = \"1ms\"\nrack = \"r\"\n[nas.store.pools]\nmain = {{ {pool} }}\n\
             [nas.store.volumes]\ndata = {{ pool = \"main\" }}\n"
        );
    }
    let grace = dice.maybe("grace = \"2s\"\nopens = 0.3\n");
    let over = dice.pick(&["\"main\"", "[\"main\", \"second\"]"]);
    format!(
        "[nas.store]\nheads = 2\ncpu = \"1ms\"\nrack = \"r\"\n{grace}[nas.store.failover]\ndetect = \"2s\"\n\
         takeover = \"1s\"\ncoverage = 0.8\ngiveback = {{ after = \"5s\", lasts = \"1s\" }}\n[nas.store.pools]\n\
         main = {{ {pool}, head = 1 }}\nsecond = {{ {pool}, head = 2 }}\n\
         [nas.store.volumes]\ndata = {{ pool = {over} }}\nother = {{ pool = \"second\" }}\n"
    )
}

/// A primary and a replica that takes over.
fn database(dice: &mut Dice, servers: u64) -> String {
    let reads = dice.pick(&["primary", "replicas"]);
    let mode = dice.pick(&["async", "semi-sync"]);
    let promotion = dice.pick(&["replica", "remount"]);
    let shared = promotion == "remount";
    let (fence, cold, rebuild) = (
        dice.maybe("fence = false\n"),
        dice.maybe("cold = { miss-factor = 2.0, decays-in = \"10s\" }\n"),
        dice.maybe("rebuild = { size = \"20MiB\", rate = \"10MB/s\" }\n"),
    );
    // A volume that both can have is at the file server, and has one primary.
    let second = if shared { "store:data" } else { "box:local" };
    let fence = if shared { "" } else { fence.as_str() };
    format!(
        "[zone.sql]\ncount = 2\non = [\"box-1\", \"box-{servers}\"]\n[database.mysql]\n\
         in = {{ primary = \"sql-1\", replicas = [\"sql-2\"] }}\nreads = {{ to = \"{reads}\" }}\nconnections = 6\n\
         read = {{ cpu = \"2ms\", io = {{ probability = 0.3, mean = 1.0 }} }}\n\
         write = {{ cpu = \"3ms\", sync-io = 1, deferred-io = 1 }}\n\
         data = {{ sql-1 = \"store:data\", sql-2 = \"{second}\" }}\n{cold}{rebuild}restart = \"2s\"\n\
         replication = {{ mode = \"{mode}\", receive = \"50ms\", apply = \"serial\" }}\n\
         [database.mysql.failover]\ndetect = {{ interval = \"1s\", time-out = \"1s\", fall = 2 }}\n\
         promote = \"1s\"\npromotion = \"{promotion}\"\ncoverage = 0.7\nmanual-repair = \"4s\"\n{fence}"
    )
}

fn balancer(dice: &mut Dice) -> String {
    let algorithm =
        dice.pick(&["round-robin", "least-connections", "random", "two-choices", "hash"]);
    let depth = dice.pick(&["shallow", "deep"]);
    let retries = dice.maybe("retries = 1\n");
    let pair = dice.maybe("count = 2\nfailover = { detect = \"2s\", coverage = 0.8 }\n");
    format!(
        "[balancer.front]\nrack = \"r\"\nto = \"app\"\ncores = 2\ncpu = \"0.2ms\"\nalgorithm = \"{algorithm}\"\n\
         check = {{ interval = \"1s\", time-out = \"500ms\", fall = 2, rise = 1, depth = \"{depth}\" }}\n\
         time-out = \"5s\"\n{retries}{pair}"
    )
}

/// Bounds on what is open and lines for it, in place of none; peers in place of a pair.
pub fn bounded(dice: &mut Dice, text: &str) -> String {
    let mut keys = format!("member-limit = {}\n", dice.pick(&["1", "3"]));
    keys += &dice.maybe("queue-limit = 4\n");
    keys += &dice.maybe("queue-time-out = \"500ms\"\n");
    keys += &dice.maybe("slow-start = \"3s\"\n");
    if dice.roll(2) == 0 {
        keys += &format!("limit = {}\n{}", dice.pick(&["4", "20"]), dice.maybe("backlog = 3\n"));
    }
    let pair = "count = 2\nfailover = { detect = \"2s\", coverage = 0.8 }\n";
    let text = if dice.roll(2) == 0 {
        text.replace(
            pair,
            &format!(
                "count = 3\npeers = {{ addresses = 5, form = \"500ms\", mature = \"1s\"{} }}\n",
                dice.pick(&["", ", balance = { every = \"500ms\" }"])
            ),
        )
    } else {
        text.to_string()
    };
    // With one member all sessions are with it, and without clients there is no session.
    let sticky = dice.maybe("sticky = true\n");
    let has_sessions = text.contains("[zone.web]\ncount = 2") && text.contains("[clients.users]");
    let sticky = if has_sessions { sticky } else { String::new() };
    let session = "session = { pages = { dist = \"geometric\", mean = 4 }, think = \"5s\" }\n";
    let users = if sticky.is_empty() { String::new() } else { session.to_string() };
    text.replace("[clients.users]\n", &format!("[clients.users]\n{users}"))
        .replace("[balancer.front]\n", &format!("[balancer.front]\n{keys}{sticky}"))
        .replace("depth = \"deep\" }", "depth = \"deep\", cpu = \"1ms\" }")
}

fn fault(dice: &mut Dice, number: u64, more: &[&'static str]) -> String {
    let mut all = vec![
        "service.app",
        "service.back",
        "server.*",
        "rack.r.switch",
        "site.main",
        "nas.store.head",
        "nas.store.main",
        "server.box.local",
        "station.desk",
        "zone.web",
    ];
    all.extend(more);
    let hits = dice.pick(&all);
    let how = dice.pick(&["crash", "hang", "pause", "lost", "partitioned", "slow"]);
    // A switch and a site work or do not.
    let whole = ["rack.r.switch", "site.main"].contains(&hits);
    let how = if whole && how == "slow" { "crash" } else { how };
    let factor = if how == "slow" { "factor = 3.0\n" } else { "" };
    let seen = if how == "hang" { "detected-by-people = \"2s\"\n" } else { "" };
    let when = match dice.roll(3) {
        0 => format!("at = \"{}s\"\nlasts = \"{}s\"\n", 5 + dice.roll(20), 1 + dice.roll(8)),
        1 => "rate = \"4/min\"\nrepair = { dist = \"exponential\", mean = \"2s\" }\n".to_string(),
        _ => "rate = \"2/min\"\ntogether = true\nrepair = \"1s\"\n".to_string(),
    };
    format!("[fault.f{number}]\nhits = \"{hits}\"\nhow = \"{how}\"\n{factor}{seen}{when}")
}
