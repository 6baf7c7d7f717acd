//! Promise: what hangs on power feeds is up while one of them has power, in windows and over years, and every figure
//! follows from the numbers of the file.

use fivenines::{Results, Run, Scenario};

/// Ten pages per second, at even distances, by one server of a rack.
const SCENE: &str = r#"
scenario = "feeds"
format   = 2
[run]
seed    = 1
horizon = "1y"
replications = 2
[window.all]
length  = "2h"
replications = 2
[site.main]
[rack.r]
site   = "main"
RACK
[server.box]
rack  = "r"
cores = 1
BOX
[zone.www]
on = ["box"]
[service.app]
in      = "www"
workers = "unlimited"
[clients.people]
round-trip = "20ms"
[workload.visitors]
from     = "people"
request  = "page"
rate     = "10/s"
arrivals = { process = "fixed" }
[request.page]
enter   = "app"
demands = { page = "2ms" }
steps   = [ { cpu = "app", demand = "page" } ]
reply   = "1kB"
[feed.utility]
FEEDS[fault.blackout]
hits  = "feed.utility"
how   = "crash"
at    = "10min"
lasts = "30min"
"#;

/// The scene with these keys of the rack, the server and two feeds, of which those are left out that nothing names.
fn scene(rack: &str, own: &str, a: &str, b: &str) -> String {
    let keys = format!("{rack} {own}");
    let named =
        [("a", a), ("b", b)].into_iter().filter(|(name, _)| keys.contains(&format!("\"{name}\"")));
    let feed = |(name, keys): (&str, &str)| format!("[feed.{name}]\nfrom = \"utility\"\n{keys}\n");
    let feeds: String = named.map(feed).collect();
    let text = SCENE.replace("\nRACK\n", &format!("\n{rack}\n")).replace("FEEDS", &feeds);
    text.replace("\nBOX\n", &format!("\n{own}\n"))
}

fn run(text: &str, run: Run, path: &str) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    scenario.run(&run.figure(path)).unwrap_or_else(|error| panic!("{error}"))
}

fn value(results: &Results, path: &str) -> f64 {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value()
}

/// Pages lost in windows and over years: ten for each second without power.
fn lost(text: &str) -> (f64, f64) {
    let (window, years) = ("lost.page@all", "lost.page@horizon");
    let by_request = value(&run(text, Run::new().requests_only(), window), window);
    (by_request, value(&run(text, Run::new().years_only(), years), years))
}

/// `seconds` without power, in both solvers.
#[track_caller]
fn dark(text: &str, seconds: f64) {
    let (by_request, by_years) = lost(text);
    assert!((by_request - 10.0 * seconds).abs() <= 3.0, "{by_request} of {}", 10.0 * seconds);
    assert!((by_years - 10.0 * seconds).abs() <= 3.0, "{by_years} of {}", 10.0 * seconds);
}

#[test]
fn both_solvers_lose_what_has_no_power() {
    let one = "feeds = \"a\"";
    dark(&scene("", one, "", ""), 1800.0);
    dark(&scene("", one, "battery = \"10min\"", ""), 1200.0);
    // Until the generator carries it, and when it has run for 15 min.
    let both = "battery = \"1min\"\ngenerator = { after = \"3min\", runs = \"15min\" }";
    dark(&scene("", one, both, ""), 120.0 + 720.0);
    // Of two feeds one is enough, whichever has power.
    let two = "feeds = [\"a\", \"b\"]";
    dark(&scene("", two, both, ""), 120.0 + 720.0);
    dark(&scene("", two, both, "battery = \"4min\""), 720.0);
    dark(&scene("", two, both, "generator = {}"), 0.0);
    // A zone boots when the power is back.
    let boots = scene("", one, "", "").replace("[zone.www]\n", "[zone.www]\nboot = \"40s\"\n");
    dark(&boots, 1840.0);
}

#[test]
fn a_rack_powers_what_stands_in_it() {
    let switch = "switch = { count = 2, bandwidth = \"1Gbit/s\" }";
    let backed = "generator = {}";
    // The server takes the feeds of its rack.
    dark(&scene("feeds = \"b\"", "", "", ""), 1800.0);
    dark(&scene("feeds = [\"a\", \"b\"]", "", "", backed), 0.0);
    // With one cord each, the first switch hangs on a and the second on b; the only server on a.
    let cords =
        "switch = { count = 2, bandwidth = \"1Gbit/s\", cords = 1 }\nfeeds = [\"a\", \"b\"]";
    dark(&scene(cords, "", "", backed), 0.0);
    dark(&scene(cords, "cords = 1", "", backed), 1800.0);
    dark(&scene(cords, "cords = 1", backed, ""), 0.0);
    // A server with power behind a switch without.
    let alone = format!("{}\nfeeds = \"b\"", switch.replace(" }", ", feeds = \"a\" }"));
    dark(&scene(&alone, "", "", backed), 1800.0);
    dark(&scene(&alone, "", backed, backed), 0.0);
}

#[test]
fn mistakes_with_feeds_are_refused_with_their_place() {
    let sound =
        scene("feeds = \"a\"", "feeds = [\"a\", \"b\"]\ncords = 1", "battery = \"1min\"", "");
    let switch = "switch = { bandwidth = \"1Gbit/s\" }\nfeeds";
    let sound = sound.replace("feeds = \"a\"\n[server", &format!("{switch} = \"a\"\n[server"));
    assert!(Scenario::parse(&sound).is_ok(), "{:?}", Scenario::parse(&sound).err());
    for (from, to, said) in [
        ("[feed.b]\nfrom = \"utility\"", "[feed.b]\nfrom = \"b\"", "hangs on itself"),
        ("[feed.utility]", "[feed.utility]\nfrom = \"a\"", "hangs on itself"),
        ("[feed.utility]", "[feed.utility]\nbattery = \"1min\"", "hangs on no other"),
        ("battery = \"1min\"", "battery = \"0s\"", "takes no time"),
        ("battery = \"1min\"", "generator = { starts = 0 }", "never starts"),
        ("[\"a\", \"b\"]", "[\"a\", \"a\"]", "named twice"),
        ("[\"a\", \"b\"]", "[\"a\", \"r\"]", "is a rack"),
        ("cords = 1", "cords = 2", "hangs on all 2 feeds anyway"),
        ("[\"a\", \"b\"]\ncords", "\"b\"\ncords", "hangs on one feed"),
        ("how   = \"crash\"", "how   = \"hang\"", "it has power or it has none"),
        ("switch = { bandwidth = \"1Gbit/s\" }\n", "", "nothing in `r` takes its feeds"),
        ("feeds = [\"a\", \"b\"]\ncords = 1", "", "nothing hangs on it"),
    ] {
        let text = sound.replace(from, to);
        assert_ne!(text, sound, "{from}");
        let refused = Scenario::parse(&text).err().map(|error| error.to_string());
        assert!(refused.as_ref().is_some_and(|found| found.contains(said)), "{to}: {refused:?}");
    }
}
