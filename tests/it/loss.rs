//! Promise: a link that loses data delays calls by the time-outs of TCP and bounds the rate of long answers; one that carries
//! one direction alone lets the work be done in vain. Every figure follows from the numbers of the file.

use fivenines::{Results, Run, Scenario};

/// Pages at the west, ten per second at even distances, that call `users` at the east for 2 ms of work.
const SCENE: &str = r#"
scenario = "loss"
format   = 2
[run]
start = "Mon 00:00"
seed  = 1
[window.steady]
length = "1000s"
replications = 4
[site.east]
[site.west]
[link.wan]
between   = ["east", "west"]
bandwidth = "800Mbit/s"
latency   = "35ms"
[rack.east-rack]
site = "east"
[rack.west-rack]
site = "west"
[server.east-box]
count  = 2
rack   = "east-rack"
cores  = 1
memory = "4GiB"
[server.west-box]
rack   = "west-rack"
cores  = 1
memory = "4GiB"
[zone.accounts]
count = 2
on    = ["east-box-1", "east-box-2"]
[zone.west-www]
on = ["west-box"]
[service.app]
in      = "west-www"
workers = 1000
[service.users]
in      = "accounts"
workers = 1000
[workload.people]
request  = "page"
rate     = "10/s"
arrivals = { process = "fixed" }
[request.page]
enter   = "app"
demands = { look = "2ms" }
steps   = [ { call = "users", steps = [ { cpu = "users", demand = "look" } ] } ]
"#;

const MEAN: &str = "latency.page.mean@steady";
const SERVED: &str = "served.page@steady";
/// Time of a call of one byte each way over a link that loses nothing.
const ALONE: f64 = 0.072;

/// A link that loses this share of the segments all the time.
fn lossy(loss: &str) -> String {
    format!(
        "[fault.noise]\nhits = \"link.wan\"\nhow = \"lossy\"\nloss = {loss}\nat = \"0s\"\nlasts = \"1d\"\n"
    )
}

/// A link that carries what comes from this site alone, for 4 s.
fn one_way(from: &str) -> String {
    format!(
        "[fault.half]\nhits = \"link.wan\"\nhow = \"one-way\"\nfrom = \"{from}\"\nat = \"5s\"\nlasts = \"4s\"\n"
    )
}

/// The call with a time-out of 1 s, after which the page fails.
fn impatient(text: &str) -> String {
    text.replace("call = \"users\", ", "call = \"users\", time-out = \"1s\", ")
}

fn run(text: &str, figures: &[&str]) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let run = figures.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn value(results: &Results, path: &str) -> f64 {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value()
}

fn refusal(text: &str) -> String {
    let refused = Scenario::parse(text).err().map(|error| error.to_string());
    refused.unwrap_or_else(|| panic!("accepted:\n{text}"))
}

/// Each of two messages is lost N times with (1 - p) pᴺ, and waits RTO x (2ᴺ - 1) with RTO = 70 ms + 200 ms. At p = 0.1:
/// mean 2 x 0.27 x p / (1 - 2 p) = 67.5 ms; no time-out 0.81, one 0.162, one of each 0.0081, two of one 0.0162.
#[test]
fn a_lost_message_waits_for_the_time_outs_of_tcp() {
    let percentiles = ["p50", "p95", "p99"].map(|p| format!("latency.page.{p}@steady"));
    let mut figures: Vec<&str> = percentiles.iter().map(String::as_str).collect();
    figures.extend([MEAN, SERVED]);
    let text = SCENE.to_string() + &lossy("0.1");
    let results = run(&text, &figures);
    let truths = [ALONE, ALONE + 0.27, ALONE + 0.81];
    for (path, truth) in figures.iter().zip(truths) {
        let found = value(&results, path);
        assert!((found / truth - 1.0).abs() < 0.01, "{path}: {found}, not {truth}");
    }
    // The standard deviation of one page is 0.185 s; of the mean of 40,000 it is 0.9 ms.
    let (found, truth) = (value(&results, MEAN), ALONE + 0.0675);
    assert!((found - truth).abs() < 0.003, "{found}, not {truth}");
    assert!(value(&results, SERVED) >= 9_990.0, "TCP loses nothing");
    // Time-outs of 1.08 s together and more: 1 - 0.81 - 0.162 - 0.0081 - 0.0162 of the calls.
    let share = value(&run(&impatient(&text), &[SERVED]), SERVED) / 10_000.0;
    assert!((share - 0.9963).abs() < 0.001, "{share}, not 0.9963");
    // A first time-out of 70 ms + 1 s, by RFC 6298: 2 x 1.07 x p / (1 - 2 p).
    let patient =
        text.replace("latency   = \"35ms\"", "latency   = \"35ms\"\nresend-after = \"1s\"");
    let (found, truth) = (value(&run(&patient, &[MEAN]), MEAN), ALONE + 0.2675);
    assert!((found / truth - 1.0).abs() < 0.03, "{found}, not {truth}");
}

/// An answer of 2 MB has 1,370 segments; the first of the first 1,367 that is lost is the one after b others with p (1 - p)ᵇ.
/// From there on it takes 70 ms x √(p / 1.5) per segment instead of its share of 100 MB/s.
#[test]
fn a_long_answer_is_bounded_by_the_formula_of_mathis() {
    let text = SCENE.replace("call = \"users\", ", "call = \"users\", returns = \"2MB\", ");
    let loss = 0.001_f64;
    let (bytes, segment) = (2e6, 1_460.0);
    let behind: f64 = (0..1_367)
        .map(|before| {
            loss * libm::pow(1.0 - loss, f64::from(before)) * (bytes - f64::from(before) * segment)
        })
        .sum();
    let bound = behind * ((0.07 * (loss / 1.5).sqrt()) / segment - 1e-8);
    // One of the last three segments of the answer, or the one of the call.
    let time_outs = (4.0 * loss) * 0.27 / (1.0 - 2.0 * loss);
    let truth = ALONE + 0.02 + bound + time_outs;
    let found = value(&run(&(text.clone() + &lossy("0.001")), &[MEAN]), MEAN);
    println!("{found} s, {truth} s in closed form, of it {bound} s by the bound");
    assert!((found / truth - 1.0).abs() < 0.02, "{found}, not {truth}");
    // The link is used as without loss: what is sent again takes none of it.
    let used = value(
        &run(&(text + &lossy("0.001")), &["utilization.wan@steady"]),
        "utilization.wan@steady",
    );
    assert!((used / 0.2 - 1.0).abs() < 0.01, "{used}");
}

/// For 4 s nothing comes back from the east, or nothing gets there. Pages fail as behind a dead link (`links`): the 31 calls of
/// 5.0 to 8.0 s and the next two. If calls arrive, all 200 are worked on, 2 ms each on two cores; if not, the 31 are not.
#[test]
fn a_link_that_carries_one_direction_lets_work_be_done_in_vain() {
    let text = impatient(SCENE)
        .replace("800Mbit/s", "8Mbit/s")
        .replace("call = \"users\", ", "call = \"users\", sends = \"1kB\", returns = \"20kB\", ")
        .replace("length = \"1000s\"", "length = \"20s\"");
    let work = "utilization.accounts.cpu@steady";
    for (from, worked) in [("west", 200.0), ("east", 169.0)] {
        let results = run(&(text.clone() + &one_way(from)), &[SERVED, work]);
        let (served, used) = (value(&results, SERVED), value(&results, work));
        assert!((165.0..=168.0).contains(&served), "{from}: {served}");
        let truth = worked * 0.002 / 40.0;
        assert!((used / truth - 1.0).abs() < 0.011, "{from}: {used}, not {truth}");
    }
    // Without a time-out all are answered at the end.
    let patient = text.replace("time-out = \"1s\", ", "") + &one_way("west");
    let results = run(&patient, &[SERVED, "latency.page.max@steady"]);
    assert!(value(&results, SERVED) >= 199.0);
    let longest = value(&results, "latency.page.max@steady");
    assert!((4.0..5.1).contains(&longest), "{longest}");
}

/// The probes of a balancer get no answer, whichever direction is left: calls go to the near member alone.
#[test]
fn a_balancer_ejects_the_members_behind_a_link_of_one_direction() {
    let check = "check = { interval = \"200ms\", time-out = \"100ms\", fall = 2, rise = 1 }";
    let near = "[server.near-box]\nrack = \"west-rack\"\ncores = 1\nmemory = \"4GiB\"\n";
    let text = impatient(SCENE)
        .replace("call = \"users\"", "call = \"front\"")
        .replace(
            "on    = [\"east-box-1\", \"east-box-2\"]",
            "on    = [\"east-box-1\", \"near-box\"]",
        )
        .replace("length = \"1000s\"", "length = \"20s\"");
    let front = format!("[balancer.front]\nrack = \"west-rack\"\nto = \"users\"\n{check}\n");
    for from in ["west", "east"] {
        let served =
            value(&run(&format!("{text}{front}{near}{}", one_way(from)), &[SERVED]), SERVED);
        // Half of the calls of 0.3 to 0.5 s, and one under way at the break.
        assert!((196.0..=199.0).contains(&served), "{from}: {served}");
    }
}

#[test]
fn what_a_link_cannot_be_is_refused_with_its_place() {
    let text = |fault: &str| SCENE.to_string() + fault;
    let noise = lossy("0.1");
    for (fault, said) in [
        (noise.replace("link.wan", "users-1"), "is no link between sites"),
        (noise.replace("loss = 0.1\n", ""), "required key `loss` is missing"),
        (lossy("0.0"), "must be above 0 and below 1"),
        (lossy("1.0"), "is `partitioned`"),
        (noise.replace("lossy", "crash"), "only `lossy` has a `loss`"),
        (one_way("west").replace("from = \"west\"\n", ""), "required key `from` is missing"),
        (one_way("wets"), "no site is called `wets`"),
        (one_way("north") + "[site.north]\n", "does not end at `north`"),
        (one_way("west").replace("link.wan", "site.west"), "is no link between sites"),
    ] {
        let found = refusal(&text(&fault));
        assert!(found.contains(said), "{fault}\n{found}");
    }
    let idle = SCENE.replace("latency   = \"35ms\"", "latency   = \"35ms\"\nresend-after = \"1s\"");
    assert!(refusal(&idle).contains("no fault makes this link `lossy`"));
    // Over years a link that loses data is not simulated.
    let long = SCENE.replace("seed  = 1", "seed  = 1\nhorizon = \"30d\"") + &noise;
    let refused = refusal(&long);
    assert!(refused.contains("the long-horizon run cannot simulate this: a link"), "{refused}");
}

/// A call without an answer has failed: 12 of 30 days, from either side.
#[test]
fn a_link_of_one_direction_takes_its_calls_down_over_years() {
    for from in ["east", "west"] {
        let fault = one_way(from).replace("\"5s\"", "\"3d\"").replace("\"4s\"", "\"12d\"");
        let text = SCENE.replace("seed  = 1", "seed  = 1\nhorizon = \"30d\"") + &fault;
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let path = "downtime.page@horizon";
        let run = Run::new().figure(path).replications(2);
        let results = scenario.run(&run).unwrap_or_else(|error| panic!("{error}"));
        let share = value(&results, path) / (365.0 * 86_400.0);
        assert!((share - 0.4).abs() < 1e-9, "{from}: {share}");
    }
}

/// A call and its answer wait by the delay once each: 72 ms and 2 x 50 ms. For half of the time that is 50 ms on average. A time-out
/// between both loses the pages of that half.
#[test]
fn a_delayed_link_adds_its_delay_to_each_message() {
    let delayed = |lasts: &str| {
        format!(
            "[fault.far]\nhits = \"link.wan\"\nhow = \"delayed\"\ndelay = \"50ms\"\nat = \"0s\"\nlasts = \"{lasts}\"\n"
        )
    };
    for (lasts, truth) in [("1d", ALONE + 0.1), ("500s", ALONE + 0.05)] {
        let found = value(&run(&(SCENE.to_string() + &delayed(lasts)), &[MEAN]), MEAN);
        assert!((found - truth).abs() < 0.0005, "{lasts}: {found}, not {truth}");
    }
    let hasty = SCENE.replace("call = \"users\", ", "call = \"users\", time-out = \"100ms\", ");
    let served = value(&run(&(hasty + &delayed("500s")), &[SERVED]), SERVED);
    assert!((served - 5_000.0).abs() <= 2.0, "{served}");
    let alias = delayed("500s").replace("\"delayed\"", "\"aws:ecs:task-network-latency\"");
    let found = value(&run(&(SCENE.to_string() + &alias), &[MEAN]), MEAN);
    assert!((found - ALONE - 0.05).abs() < 0.0005, "{found}");
}

#[test]
fn a_delay_of_anything_but_a_link_is_refused_and_so_are_years_of_it() {
    let fault = "[fault.far]\nhits = \"link.wan\"\nhow = \"delayed\"\ndelay = \"50ms\"\nat = \"0s\"\nlasts = \"1d\"\n";
    let of = |from: &str, to: &str| refusal(&(SCENE.to_string() + &fault.replace(from, to)));
    assert!(of("link.wan", "users").contains("is no link between sites"));
    assert!(of("delay = \"50ms\"\n", "").contains("`delay` is missing"));
    assert!(of("\"delayed\"", "\"partitioned\"").contains("only `delayed` has a `delay`"));
    let years = SCENE.replace("[run]", "[run]\nhorizon = \"1y\"") + fault;
    assert!(refusal(&years).contains("a link that is delayed"));
}
