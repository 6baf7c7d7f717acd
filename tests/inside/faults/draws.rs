//! Draws of faults belong to their part: nothing else moves them.

use std::collections::BTreeMap;

use fivenines::engine::draw::{Lineage, Seed};
use fivenines::health::{Kernel, Listener, Moved, Net, Reading, Start};
use fivenines::plan::faults;

use super::*;

struct Log<'n> {
    net: &'n Net,
    lines: BTreeMap<String, Vec<String>>,
}

impl Listener for Log<'_> {
    fn moved(&mut self, moved: &Moved) {
        let state = self.net.state_name(moved.automaton, moved.to);
        let line = format!("{} {state} ({})", moved.at, self.net.cause_name(moved.cause));
        self.lines.entry(self.net.name(moved.automaton).to_string()).or_default().push(line);
    }
}

/// What happens to each part in ten years.
fn story(text: &str) -> BTreeMap<String, Vec<String>> {
    story_over(text, SimDuration::YEAR.saturating_mul(10))
}

pub fn story_over(text: &str, length: SimDuration) -> BTreeMap<String, Vec<String>> {
    let mut out = Diagnostics::new();
    let declared = faults::declare(&drafted(text), &BTreeMap::new(), true, &mut out);
    assert!(!out.has_errors(), "{:#?}", out.sorted());
    let net = Net::compile(&declared.declaration, Reading::default()).unwrap();
    let mut log = Log { net: &net, lines: BTreeMap::new() };
    let mut kernel = Kernel::new(&net, Seed(1), Lineage::replication(0), Start::New).unwrap();
    kernel.advance(SimTime::ZERO + length, &mut log).unwrap();
    log.lines
}

/// `text` with the faults of these names alone.
fn only(text: &str, names: &[&str]) -> String {
    let mut kept = true;
    let keep = |line: &&str| {
        if line.starts_with('[') {
            let name = line.strip_prefix("[fault.").and_then(|rest| rest.split(']').next());
            kept = name.is_none_or(|name| names.contains(&name));
        }
        kept
    };
    text.lines().filter(keep).collect::<Vec<_>>().join("\n")
}

/// Paired comparisons: tiers that share a part share what happens to it.
#[test]
fn starter_and_tier_1_meet_the_same_faults() {
    let (starter, tier) = (shipped("tiers/starter.toml"), shipped("tiers/tier-1.toml"));
    let (a, b) = (story(&starter), story(&tier));
    for part in ["twin-1", "r.switch-1", "main", "main.uplink-1", "main.uplink-2"] {
        assert!(a.contains_key(part), "{part} breaks within ten years");
        assert_eq!(a[part], b[part], "{part}");
    }
    // A process also goes down with its host, which is not the same zone in both: by its own
    // faults alone it is the same.
    for (part, own) in [
        ("app-1", &["app-crash", "app-hang", "change"][..]),
        ("mysql.primary", &["db-crash", "db-hang"][..]),
    ] {
        let (a, b) = (story(&only(&starter, own)), story(&only(&tier, own)));
        assert!(a[part].len() > 10, "{part}");
        assert_eq!(a[part], b[part], "{part}");
    }
}

/// D14: load moves no fault.
#[test]
fn load_moves_no_fault() {
    let text = shipped("tiers/tier-1.toml");
    let more = text.replace("rate    = \"20/s\"", "rate    = \"35/s\"");
    assert_ne!(text, more);
    assert_eq!(story(&text), story(&more));
}

/// D11, M4: a further component moves nothing of the others; M8: nor does a fault that is gone.
#[test]
fn what_is_added_or_taken_away_moves_nothing_of_the_rest() {
    let text = only(&shipped("tiers/tier-1.toml"), &["server-hardware", "server-os", "site"]);
    let (head, tail) = text.split_once("[server.twin]").unwrap();
    let more = format!("{head}[server.twin]{}", tail.replacen("count  = 1", "count  = 2", 1));
    let (a, b) = (story(&text), story(&more));
    assert!(b.contains_key("twin-2"), "one more server");
    for (part, lines) in &a {
        assert_eq!(lines, &b[part], "{part}");
    }
    let without = story(&only(&text, &["server-hardware", "server-os"]));
    assert!(!without.contains_key("main"));
    assert_eq!(a["twin-1"], without["twin-1"]);
}

/// D15: a longer horizon changes nothing before the old one.
#[test]
fn a_longer_history_begins_as_the_shorter_one() {
    let text = shipped("tiers/tier-3.toml");
    let (short, long) = (story(&text), story_over(&text, SimDuration::YEAR.saturating_mul(12)));
    for (part, lines) in &short {
        assert_eq!(lines[..], long[part][..lines.len()], "{part}");
    }
}

/// Every scenario that ships declares a health that can be read.
#[test]
fn every_tier_has_a_health() {
    for tier in 1..=8 {
        let story = story(&shipped(&format!("tiers/tier-{tier}.toml")));
        assert!(story.len() > 4, "tier-{tier}");
    }
    assert!(!story(&shipped("scalable/two-sites.toml")).is_empty());
    assert!(!story(&shipped("../tests/scenarios/slow-switch.toml")).is_empty());
}

const PAIR: &str = r#"
scenario = "pair"
[station.desk]
count = 2
servers = 1
service = "1s"
"#;

/// A bad change takes both at one instant and is repaired for both at another.
#[test]
fn together_strikes_and_is_repaired_as_one() {
    let text = format!(
        "{PAIR}[fault.change]\nhits = \"station.desk\"\nhow = \"crash\"\ntogether = true\n\
         rate = \"1/h\"\nrepair = {{ dist = \"exponential\", mean = \"10min\" }}\n"
    );
    let story = story(&text);
    assert!(story["desk-1"].len() > 1_000);
    assert_eq!(story["desk-1"], story["desk-2"]);
    assert!(story["desk-1"][0].ends_with("fault.change (change/together/change)"));
}

/// A common cause strikes a set at one instant; each member is repaired by itself. A single one
/// meets the same events as the first of a pair.
#[test]
fn a_common_cause_belongs_to_the_set_also_when_it_has_one_member() {
    let fault = "[fault.power]\nhits = \"station.desk\"\nhow = \"crash\"\nrate = \"1/d\"\n\
                 repair = \"1s\"\ncommon-cause = { group = \"desk\", beta = 0.5, size = 2 }\n";
    let pair = story(&format!("{PAIR}{fault}"));
    let single = story(&format!("{}{fault}", PAIR.replace("count = 2", "count = 1")));
    assert_eq!(pair["desk-1"], single["desk-1"]);
    let shared = |lines: &[String]| -> Vec<String> {
        lines.iter().filter(|line| line.contains("(desk/power-1/power)")).cloned().collect()
    };
    let (a, b) = (shared(&pair["desk-1"]), shared(&pair["desk-2"]));
    assert_eq!(a, b);
    // 3,650 days at beta × 1/d, each with its repair: mean 3,650 lines, sd 2 × 43.
    assert!((3_300..4_000).contains(&a.len()), "{}", a.len());
    // Own events at the other half of the rate.
    let own = pair["desk-1"].len() - a.len();
    assert!((3_300..4_000).contains(&own), "{own}");
}

/// Three in ten hardware faults take the disks, once the server is back.
#[test]
fn a_fault_that_follows_another_begins_when_that_one_is_repaired() {
    let text = only(&shipped("tiers/starter.toml"), &["server-hardware", "local-data"])
        .replace("\"0.25/y\", low = \"0.08/y\", high = \"0.9/y\"", "\"0.25/d\"");
    assert!(text.contains("0.25/d"), "{text}");
    let story = story(&text);
    let ends = |part: &str, what: &str| -> Vec<String> {
        let lines = story[part].iter().filter(|line| line.contains(what));
        lines.map(|line| line.split(' ').next().unwrap().to_string()).collect()
    };
    let lost = ends("twin-1.local", "fault.local-data ");
    let repaired = ends("twin-1", " up ");
    assert!(lost.iter().all(|at| repaired.contains(at)), "at the instant of a repair");
    // Some 780 faults; 0.3 of them, sd 13.
    let share = lost.len() as f64 / repaired.len() as f64;
    assert!((0.24..0.36).contains(&share), "{share}");
}

/// Crash at 1 h for 1 h; then the fault that follows it, for 30 min, in place of `up`; then the next, for 15 min.
#[test]
fn a_fault_that_follows_another_of_the_same_part_begins_at_its_repair() {
    let after = |name: &str, other: &str, repair: &str, probability: f64| {
        format!(
            "[fault.{name}]\nhits = \"desk-1\"\nhow = \"hang\"\nrepair = \"{repair}\"\n\
             after = {{ fault = \"{other}\", once = \"repaired\", probability = {probability} }}\n"
        )
    };
    // The order in the file does not matter.
    let text = format!(
        "{PAIR}{}{}[fault.first]\nhits = \"desk-1\"\nhow = \"crash\"\nat = \"1h\"\nlasts = \"1h\"\n",
        after("third", "second", "15min", 1.0),
        after("second", "first", "30min", 1.0),
    );
    let story = story_over(&text, SimDuration::DAY);
    let moves: Vec<&str> =
        story["desk-1"].iter().map(|line| line.split(" (").next().unwrap()).collect();
    assert_eq!(moves, ["1h fault.first", "2h fault.second", "150min fault.third", "165min up"]);
    // Two that follow one fault: each of 876 crashes of a year is followed by the first with 0.3, else by the second with
    // 0.5: 0.3 and 0.7 x 0.5 = 0.35 of them; sd 0.016.
    let text = format!(
        "{PAIR}[fault.first]\nhits = \"desk-1\"\nhow = \"crash\"\nat = \"1h\"\nlasts = \"1h\"\nevery = \"10h\"\n{}{}",
        after("second", "first", "30min", 0.3),
        after("third", "first", "15min", 0.5),
    );
    let story = story_over(&text, SimDuration::YEAR);
    let count = |what: &str| story["desk-1"].iter().filter(|line| line.contains(what)).count();
    assert_eq!(count(" fault.first "), 876);
    let share = |what: &str| count(what) as f64 / 876.0;
    assert!((share(" fault.second ") - 0.3).abs() < 0.065, "{}", share(" fault.second "));
    assert!((share(" fault.third ") - 0.35).abs() < 0.065, "{}", share(" fault.third "));
}

/// A service that restarts stops with its server: what follows the server's failure is drawn before that, and strikes when
/// the server is back. At the onset there is no process to strike, and a part has one failure at a time.
#[test]
fn what_can_never_follow_is_refused_with_what_can() {
    let text = |once: &str, hits: &str| {
        format!(
            "{STACK}[fault.power]\nhits = \"box-1\"\nhow = \"crash\"\nat = \"1h\"\nlasts = \"1h\"\n\
             [fault.after]\nhits = \"{hits}\"\nhow = \"hang\"\nrepair = \"30min\"\n\
             after = {{ fault = \"power\"{once} }}\n"
        )
    };
    let story = story_over(&text(", once = \"repaired\"", "app-1"), SimDuration::DAY);
    let moves: Vec<&str> =
        story["app-1"].iter().map(|line| line.split(" (").next().unwrap()).collect();
    assert_eq!(moves, ["1h after.pending", "2h fault.after", "150min up"]);
    for (hits, why) in [("box-1", "one failure at a time"), ("app-1", "stops with its host")] {
        let window = "\n[window.any]\nlength = \"1h\"\n";
        let text = format!("{}{window}", text("", hits));
        let found = crate::inside::common::read(&text, std::path::Path::new("."));
        let found = found.err().expect("it is refused");
        for words in
            ["E1301", "`after` never strikes at the onset of `power`", why, "once = \"repaired\""]
        {
            assert!(found.contains(words), "{hits}: {words}:\n{found}");
        }
    }
}

/// A service on one server.
const STACK: &str = "scenario = \"stack\"\nformat = 2\ntitle = \"t\"\nquestion = \"q\"\nsource = \"s\"\n\
    [server.box]\ncores = 1\n[zone.www]\non = [\"box-1\"]\n\
    [service.app]\nin = \"www\"\nworkers = 5\nrestart = \"10s\"\n\
    [workload.visitors]\nrequest = \"page\"\nrate = \"1/s\"\n[request.page]\nenter = \"app\"\n\
    demands = { work = \"10ms\" }\nsteps = [{ cpu = \"app\", demand = \"work\" }]\n";

/// Two units that fail at 10 s and need 5 s of somebody's time.
fn second_repair(hands: u32) -> String {
    let text = format!(
        "scenario = \"crew\"\n[crew.people]\nsize = {hands}\n[unit.box]\ncount = 2\nup = \"10s\"\n\
         repair = \"5s\"\ncrew = \"people\"\n"
    );
    story_over(&text, seconds(21.0))["box-2"][1].clone()
}

const BY_ONE_CREW: &str = "20s up (box-2/fault)";

#[test]
fn one_crew_repairs_one_part_at_a_time() {
    assert_eq!(second_repair(1), BY_ONE_CREW);
}

/// The check above must miss with a crew for each.
pub fn assert_two_crews_for_one_are_noticed() {
    assert_eq!(second_repair(1), BY_ONE_CREW);
    assert_ne!(second_repair(2), BY_ONE_CREW, "the mutant is not noticed");
}
