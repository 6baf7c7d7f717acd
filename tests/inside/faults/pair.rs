//! Two heads of a file server: takeover, giveback, and what their clients notice.

use fivenines::engine::draw::{Lineage, Seed};
use fivenines::health::{Kernel, Listener, Moved, Net, Reading, Start};
use fivenines::kinds::nas::live::next_retry;
use fivenines::plan::faults;
use fivenines::study::expect::Verdict;

use super::*;

/// Pages that do these steps, with these faults, on two volumes, one behind each head, and one over both. An
/// operation takes its head a millisecond, a read its disk ten.
fn pair(steps: &str, faults: &str) -> String {
    let page = format!("[request.page]\nenter = \"app\"\nsteps = [ {steps} ]\n");
    base("two-heads") + &page + faults
}

/// Head `number` is dead from `at` for `lasts`.
fn dead(number: u32, at: &str, lasts: &str) -> String {
    format!(
        "[fault.panic-{number}]\nhits = \"nas.store.head-{number}\"\nhow = \"crash\"\n\
         at = \"{at}\"\nlasts = \"{lasts}\"\n"
    )
}

const FIRST: &str = "{ io = \"first\", ops = 1 }";
const OTHER: &str = "{ io = \"other\", ops = 1 }";
const BOTH: &str = "{ io = \"both\", ops = 1 }";

/// When the page issued at `at` seconds is answered: others that are answered at the same instant
/// take the head a millisecond each.
fn answered(text: &str, at: f64) -> f64 {
    let seen = observed(text, at - 0.5, at + 0.5);
    assert_eq!(ended(&seen), [1, 0, 0, 0, 0, 0]);
    at + seen.record.classes[0].latency.max().unwrap() as f64 / 1e9
}

/// Operations that came to a head in the window.
fn arrived(text: &str, head: &str, from: f64, until: f64) -> u64 {
    let plan = planned(text);
    let seen = requests::run(&plan, &window(from, until), 0).unwrap();
    let place = plan.parts.iter().position(|part| part.name == head).unwrap();
    seen.gauges[place].arrived
}

fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value}, expected {expected} ± {tolerance}");
}

/// 8.4 test 1: the head dies at 0 s, is missed at 15 s and taken
/// over at 45 s. What was issued at 1 s is sent again at 2, 4, 8, 16, 32 and 64 s; at 15 s, at 46 s.
#[test]
fn mechanisms_8_4_1_what_was_issued_in_the_outage_goes_on_at_the_first_retry_after_the_takeover() {
    let text = pair(FIRST, &dead(1, "0s", "1h"));
    near(answered(&text, 1.0), 64.0, 0.1);
    near(answered(&text, 15.0), 46.0, 0.1);
    near(answered(&text, 46.0), 46.0, 0.1);
    // The volumes of the partner never stood still.
    let others = pair(OTHER, &dead(1, "0s", "1h"));
    near(answered(&others, 1.0), 1.0, 0.1);
    let all = observed(&text, 0.5, 100.5);
    assert_eq!(ended(&all), [100, 0, 0, 0, 0, 0], "no error reaches the application");
    assert_eq!(arrived(&text, "store.head-1", 45.5, 145.5), 0);
    assert_eq!(arrived(&text, "store.head-2", 45.5, 145.5), 100);
}

/// The same test: a soft mount errs only when the outage of 45 s exceeds its limit. With 20.3 s
/// those of 1 to 24 s do; with 60.3 s nobody, also not who is sent again at 64 s. With 60 s three
/// times nobody, but all when nobody takes over and the head is back after 300 s.
#[test]
fn mechanisms_8_4_1_a_soft_mount_errs_only_when_the_outage_exceeds_its_limit() {
    let with = |limit: &str| {
        let soft = format!("first = {{ volume = \"store:first\", time-out = \"{limit}\" }}");
        pair(FIRST, &dead(1, "0s", "1h")).replace("first = \"store:first\"", &soft)
    };
    let plan = planned(&with("20300ms"));
    let seen = requests::run(&plan, &window(0.5, 60.5), 0).unwrap();
    assert_eq!(ended(&seen), [36, 0, 24, 0, 0, 0]);
    assert_eq!(lost(&plan, &seen, "panic-1"), 24);
    assert_eq!(ended(&observed(&with("60300ms"), 0.5, 60.5)), [60, 0, 0, 0, 0, 0]);
    assert_eq!(ended(&observed(&with("180s"), 0.5, 60.5)), [60, 0, 0, 0, 0, 0]);
    let alone = with("180s").replace("coverage = 1", "coverage = 0").replace("1h", "300s");
    assert_eq!(ended(&observed(&alone, 0.5, 60.5)), [0, 0, 60, 0, 0, 0]);
}

/// 8.4 test 2: with NFSv4 what opens or locks waits out the 45 s of grace after the
/// takeover, and again after the giveback; plain reads of NFSv3 do not.
#[test]
fn mechanisms_8_4_2_what_opens_or_locks_waits_out_the_grace_and_plain_reads_do_not() {
    let with = |opens: &str| {
        let text = pair(FIRST, &dead(1, "0s", "300s"));
        text.replace("[nas.store]", &format!("[nas.store]\ngrace = \"45s\"\nopens = {opens}"))
    };
    let (locks, reads) = (with("1"), with("0"));
    near(answered(&locks, 46.0), 90.0, 0.1);
    near(answered(&reads, 46.0), 46.0, 0.1);
    // Sent again at 64 s, in the grace.
    near(answered(&locks, 1.0), 90.0, 0.1);
    near(answered(&reads, 1.0), 64.0, 0.1);
    near(answered(&locks, 91.0), 91.0, 0.1);
    // Given back from 900 to 920 s: a grace of its own.
    near(answered(&locks, 921.0), 965.0, 0.1);
    near(answered(&reads, 921.0), 921.0, 0.1);
    // A head alone that restarts has one, too.
    let alone = with("1").replace("coverage = 1", "coverage = 0");
    near(answered(&alone, 301.0), 345.0, 0.1);
    // Half of them: 100 operations in 5 s, 5 standard deviations of √(100 / 4).
    let half = with("0.5").replace("300s", "5000s").replace("rate = \"1/s\"", "rate = \"20/s\"");
    let seen = observed(&half, 46.0, 51.0);
    let late = seen.record.classes[0].latency.count()
        - seen.record.classes[0].latency.count_at_most(1_000_000_000);
    near(late as f64, 50.0, 25.0);
}

/// 8.4 test 4: back at 300 s, the head gets its volumes again 600 s later; that takes 20 s
/// and is a second outage, of its volumes alone.
#[test]
fn mechanisms_8_4_4_a_giveback_is_a_second_outage() {
    let text = pair(FIRST, &dead(1, "0s", "300s"));
    near(answered(&text, 899.0), 899.0, 0.1);
    // 901, then 902, 904, 908, 916 and 932 s.
    near(answered(&text, 901.0), 932.0, 0.1);
    near(answered(&text, 921.0), 921.0, 0.1);
    assert_eq!(arrived(&text, "store.head-2", 897.5, 899.5), 2);
    assert_eq!(arrived(&text, "store.head-2", 900.5, 960.5), 0);
    assert_eq!(arrived(&text, "store.head-1", 920.5, 960.5), 40);
    let others = pair(OTHER, &dead(1, "0s", "300s"));
    near(answered(&others, 901.0), 901.0, 0.1);
    let never = text.replace("giveback = { after = \"600s\", lasts = \"20s\" }\n", "");
    near(answered(&never, 901.0), 901.0, 0.1);
    assert_eq!(arrived(&never, "store.head-2", 1000.5, 1010.5), 10);
}

/// A takeover that fails leaves the volumes to the head's own repair: at 300 s; what was issued at
/// 1 s is sent again at 304 s.
#[test]
fn without_coverage_the_volumes_wait_for_the_heads_own_repair() {
    let text = pair(FIRST, &dead(1, "0s", "300s")).replace("coverage = 1", "coverage = 0");
    near(answered(&text, 1.0), 304.0, 0.1);
    assert_eq!(arrived(&text, "store.head-2", 0.5, 200.5), 0);
}

/// The partner dies at 100 s with both loads on it: both stand still. Back at 150 s it serves its
/// own at once and has taken the other's over again at 195 s; or the other head is back by then,
/// misses it at 115 s and serves both at 145 s.
#[test]
fn a_partner_that_dies_while_it_carries_stalls_both_loads() {
    let faults = dead(1, "0s", "1h") + &dead(2, "100s", "50s");
    near(answered(&pair(FIRST, &faults), 99.0), 99.0, 0.1);
    near(answered(&pair(FIRST, &faults), 101.0), 101.0 + 123.0, 0.1);
    near(answered(&pair(OTHER, &faults), 101.0), 101.0 + 63.0, 0.1);
    let faults = dead(1, "0s", "60s") + &dead(2, "100s", "1h");
    near(answered(&pair(FIRST, &faults), 101.0), 101.0 + 63.0, 0.1);
    near(answered(&pair(OTHER, &faults), 101.0), 101.0 + 63.0, 0.1);
    assert_eq!(arrived(&pair(BOTH, &faults), "store.head-1", 145.5, 245.5), 100);
}

/// Both at once: nobody is there to take over; both volumes are back with their heads, at 45 s.
#[test]
fn two_heads_that_die_together_take_nothing_over() {
    let faults = "[fault.panic]\nhits = \"nas.store.head\"\nhow = \"crash\"\nat = \"0s\"\n\
                  lasts = \"45s\"\n";
    for steps in [FIRST, OTHER, BOTH] {
        near(answered(&pair(steps, faults), 15.0), 46.0, 0.1);
    }
    assert_eq!(arrived(&pair(FIRST, faults), "store.head-1", 45.5, 145.5), 100);
}

/// A head that hangs, stands still or is cut off is as silent as a dead one; one that is slow is
/// not, and a dead switch is no silence between the heads.
#[test]
fn silence_is_what_the_partner_hears() {
    let how = |how: &str| pair(FIRST, &dead(1, "0s", "300s")).replace("crash", how);
    for word in ["hang", "pause", "partitioned"] {
        near(answered(&how(word), 1.0), 64.0, 0.1);
    }
    let slow = how("slow\"\nfactor = 3\nrepair = \"1h").replace("lasts = \"300s\"\n", "");
    let slow = answered(&slow, 1.0);
    near(slow, 1.003, 1e-6);
    let rack = "[site.main]\n[rack.r]\nsite = \"main\"\nswitch = { count = 1, bandwidth = \
                \"1Gbit/s\" }\n[fault.switch]\nhits = \"r.switch\"\nhow = \"crash\"\nat = \"0s\"\n\
                lasts = \"100s\"\n";
    let stands = pair(FIRST, rack).replace("[nas.store]", "[nas.store]\nrack = \"r\"");
    // Back with the switch at 100 s: issued at 1 s, sent again at 124 s; nothing was taken over.
    near(answered(&stands, 1.0), 124.0, 0.1);
    assert_eq!(arrived(&stands, "store.head-1", 99.5, 199.5), 100);
}

/// What is taken out as planned is taken over without being missed first: 30 s.
#[test]
fn a_planned_takeover_needs_no_detection() {
    let plan = "[operation.upgrade]\ndoes = \"maintain\"\nof = \"store.head-1\"\nat = \"Mon 00:01\"\n\
                lasts = \"300s\"\n[run]\nstart = \"Mon 00:00\"\n";
    let text = pair(FIRST, plan);
    // Out at 60 s; issued at 61, sent again at 62, 64, 68, 76 and 92 s.
    near(answered(&text, 61.0), 92.0, 0.1);
    near(answered(&text, 91.0), 91.0, 0.1);
}

/// Mechanism against law at a quarter of the load: an outage of detect + takeover = 45 s, then the
/// phase of each client's schedule; the mean over those issued in it is that of the schedule.
#[test]
fn the_outage_that_clients_see_is_detection_takeover_and_their_retry_phase() {
    let poisson = pair(FIRST, &dead(1, "100s", "1h"))
        .replace("rate = \"1/s\"\narrivals = { process = \"regular\" }", "rate = \"250/s\"");
    let seen = observed(&poisson, 100.0, 145.0);
    let mean = seen.record.classes[0].latency.mean().unwrap() / 1e9;
    let at = |s: f64| SimTime::ZERO + seconds(s);
    let steps = 45_000;
    let waits = (0..steps).map(|step| {
        let issued = f64::from(step) / 1000.0;
        let mut now = at(issued);
        while now < at(45.0) {
            now = next_retry(at(issued), now);
        }
        now.seconds() - issued
    });
    let expected = waits.sum::<f64>() / f64::from(steps);
    // 11,250 waits of at most 63 s: a standard error of at most 0.2 s; the crowd that is sent again
    // at one time adds less than that at a quarter of the load.
    near(mean, expected, 0.8);
    assert!((20.0..45.0).contains(&expected), "{expected}");
}

/// Exponential operations of 1 ms, `rate` a second for each of two heads, of which the first is
/// dead from the start.
pub fn two_loads(rate: u32) -> String {
    let exact = "{ dist = \"discrete\", values = [\"1ms\", \"9ms\"], weights = [0.999999999, \
                 0.000000001] }";
    let regular = "rate = \"1/s\"\narrivals = { process = \"regular\" }";
    let text = pair(FIRST, &dead(1, "0s", "1h"));
    assert!(text.contains(exact) && text.contains(regular));
    let text = text.replace(exact, "\"1ms\"").replace(regular, &format!("rate = \"{rate}/s\""));
    format!(
        "{text}[workload.more]\nrequest = \"file\"\nrate = \"{rate}/s\"\n[request.file]\n\
         enter = \"app\"\nsteps = [ {OTHER} ]\n"
    )
}

/// Mean number inside the second head from `from` on, for ten seconds, and operations done there.
pub fn carried(plan: &Blueprint, from: f64, length: f64) -> (f64, u64) {
    let window = Window { drain: seconds(2_000.0), ..window(from, from + length) };
    let seen = requests::run(plan, &window, 0).unwrap();
    let place = plan.parts.iter().position(|part| part.name == "store.head-2").unwrap();
    let gauge = &seen.gauges[place];
    (gauge.inside as f64 / length / 1e9, gauge.completed)
}

/// 8.4 test 3: heads at 70 % each are one head at 140 %: it completes 1,000 a second, and
/// its line grows by 0.4 of that. At 40 % each the mean stay is 1 / (1,000 − 800) = 5 ms, which is
/// L0 / (1 − 0.8).
#[test]
fn mechanisms_8_4_3_one_head_carries_both_loads_or_falls_behind() {
    let plan = planned(&two_loads(700));
    let ((early, _), (late, done)) = (carried(&plan, 110.0, 10.0), carried(&plan, 130.0, 10.0));
    near(done as f64, 10_000.0, 5.0 * 10_000.0_f64.sqrt());
    // 20 s apart; 5 standard deviations of √(2,400 × 20).
    near(late - early, 0.4 * 1_000.0 * 20.0, 5.0 * (2_400.0_f64 * 20.0).sqrt());
    let (inside, done) = carried(&planned(&two_loads(400)), 200.0, 300.0);
    // Relative deviation of the mean: √(2 (1 + ρ) / (ρ (1 − ρ)² μ T)) = 1.9 %.
    near(inside * 300.0 / done as f64, 0.005, 4.0 * 0.019 * 0.005);
}

/// Utilisation is the rate times the demand over the capacity, before a takeover and after it: 100
/// pages/s with 8 operations of 1 ms and 2 reads of 10 ms, spread over both. The heads' sum is
/// exact to 0.5 %; the half of each, to 5 standard deviations of a fair coin.
#[test]
fn heads_and_pools_are_as_busy_as_the_rate_times_the_demand() {
    let steps = "{ io = \"both\", ops = 8, read = 2 }";
    let text = pair(steps, &dead(1, "100s", "1h")).replace("rate = \"1/s\"", "rate = \"100/s\"");
    let plan = planned(&text);
    let utilization = |seen: &Observation, name: &str| {
        let place = plan.parts.iter().position(|part| part.name == name).unwrap();
        seen.gauges[place].utilization().unwrap()
    };
    let before = requests::run(&plan, &window(10.0, 90.0), 0).unwrap();
    let after = requests::run(&plan, &window(400.0, 480.0), 0).unwrap();
    let heads = ["store.head-1", "store.head-2"];
    let sum = |seen: &Observation, names: [&str; 2]| {
        names.iter().map(|name| utilization(seen, name)).sum::<f64>()
    };
    near(sum(&before, heads), 0.8, 0.005 * 0.8);
    // 64,000 operations.
    near(utilization(&before, "store.head-1"), 0.4, 5.0 * 0.4 / 64_000.0_f64.sqrt());
    assert_eq!(utilization(&after, "store.head-1"), 0.0);
    near(utilization(&after, "store.head-2"), 0.8, 0.005 * 0.8);
    for seen in [&before, &after] {
        // Four disks of 100 operations a second in each pool: 200 / 800. The disks stay.
        near(sum(seen, ["store.main", "store.second"]), 2.0 * 0.25, 0.005 * 0.5);
        near(utilization(seen, "store.main"), 0.25, 5.0 * 0.25 / 16_000.0_f64.sqrt());
    }
}

/// A pool that is lost takes its half of the operations of a volume over both, at once, hard mount
/// or soft, and all of those of its own volume; the head answers all the same.
#[test]
fn a_lost_pool_hits_its_half() {
    let fault = "[fault.pool]\nhits = \"nas.store.second\"\nhow = \"lost\"\nat = \"100s\"\n\
                 lasts = \"100s\"\n";
    let of = |volume: &str, from: f64, until: f64| {
        let steps = format!("{{ io = \"{volume}\", ops = 1, read = 1 }}");
        let text = pair(&steps, fault).replace("rate = \"1/s\"", "rate = \"100/s\"");
        ended(&observed(&text, from, until))
    };
    let [ok, refused, error, ..] = of("both", 100.005, 200.0);
    near(error as f64, 5_000.0, 5.0 * 50.0);
    assert_eq!((refused, ok + error), (0, 10_000 - 1));
    assert_eq!(of("other", 100.005, 150.0)[0], 0);
    assert_eq!(of("first", 100.005, 150.0)[2], 0);
    assert_eq!(of("both", 200.5, 250.0)[2], 0, "restored it is whole");
}

/// Workers and backlog over the rate: (20 + 100) / 10 pages a second = 12 s into the stall every
/// class is turned away, also the one that reads no file.
#[test]
fn a_stall_fills_workers_and_backlog_and_then_stops_every_class() {
    let faults = dead(1, "0s", "1h").replace("lasts = \"1h\"", "lasts = \"100s\"");
    let text = pair(FIRST, &faults)
        .replace("workers = \"unlimited\"", "workers = 20\nbacklog = 100")
        .replace("coverage = 1", "coverage = 0")
        .replace("rate = \"1/s\"", "rate = \"10/s\"");
    let more = "[workload.more]\nrequest = \"bare\"\nrate = \"10/s\"\n\
                arrivals = { process = \"regular\" }\n[request.bare]\nenter = \"app\"\ndemands = { d = \
                \"1ms\" }\nsteps = [ { cpu = \"app\", demand = \"d\" } ]\n";
    let alone = observed(&text, 0.05, 60.05);
    assert_eq!(ended(&alone), [120, 480, 0, 0, 0, 0]);
    let seen = observed(&format!("{text}{more}"), 0.05, 60.05);
    let bare = &seen.record.classes[1].attempts;
    // While there are workers, for 2 s, the bare ones are answered; then both fill the backlog, 100
    // at 20 a second, for 5 s; those in it wait for a worker like the others.
    assert_eq!((bare.ended[0] + bare.ended[1], bare.ended[2]), (600, 0));
    near(bare.ended[0] as f64, 20.0 + 50.0, 2.0);
    near(ended(&seen)[0] as f64, 20.0 + 50.0, 2.0);
}

/// Half of the takeovers fail: what was issued at 1 s is answered at 64 s or, when the head is back
/// after an hour, later.
pub const HALF_COVERED: &str = "coverage = 0.5";

/// Of 64 histories of a head that dies, those in which its volumes are taken over.
pub fn taken_over(coverage: &str) -> usize {
    let text = pair(FIRST, &dead(1, "0s", "300s")).replace("coverage = 1", coverage);
    let plan = planned(&text);
    let soon = |replication: &u64| {
        let seen = requests::run(&plan, &window(0.5, 1.5), *replication).unwrap();
        seen.record.classes[0].latency.max().unwrap() < 64_000_000_000
    };
    (0..64).filter(soon).count()
}

/// Each history draws for itself: of 64 half, 5 standard deviations of √(64 / 4) = 4.
#[test]
fn whether_a_takeover_works_is_drawn_in_each_history() {
    near(taken_over(HALF_COVERED) as f64, 32.0, 20.0);
}

struct Silences<'n> {
    net: &'n Net,
    seen: [u64; 2],
}

impl Listener for Silences<'_> {
    fn moved(&mut self, moved: &Moved) {
        if self.net.name(moved.automaton) == "store.head-1/volumes" {
            match self.net.state_name(moved.automaton, moved.to) {
                "unseen" => self.seen[0] += 1,
                "orphan" => self.seen[1] += 1,
                _ => {}
            }
        }
    }
}

/// Coverage is a share of the silences: 0.05 of n uncovered, 5 standard deviations of
/// √(n × 0.05 × 0.95). A drill is always covered.
#[test]
fn the_share_of_takeovers_that_fail_is_one_less_coverage() {
    let faults = "[fault.panic]\nhits = \"nas.store.head\"\nhow = \"crash\"\nrate = \"500/y\"\n\
                  repair = \"10min\"\n";
    let text = pair(FIRST, faults).replace("coverage = 1", "coverage = 0.95");
    let mut out = Diagnostics::new();
    let declared = faults::declare(&drafted(&text), &Default::default(), true, &mut out);
    let net = Net::compile(&declared.declaration, Reading::default()).unwrap();
    let mut silences = Silences { net: &net, seen: [0, 0] };
    let mut kernel = Kernel::new(&net, Seed(1), Lineage::replication(0), Start::New).unwrap();
    kernel.advance(SimTime::ZERO + SimDuration::YEAR.saturating_mul(20), &mut silences).unwrap();
    let [covered, failed] = silences.seen.map(|count| count as f64);
    let all = covered + failed;
    assert!(all > 8_000.0, "{all}");
    near(failed, 0.05 * all, 5.0 * (0.05 * 0.95 * all).sqrt());
    let quiet = faults::declare(&drafted(&text), &Default::default(), false, &mut out);
    let volumes = quiet.declaration.automata.iter().find(|a| a.name == "store.head-1/volumes");
    let ways = volumes.unwrap().transitions.iter().flat_map(|transition| &transition.branches);
    assert!(ways.into_iter().all(|way| way.probability == 1.0));
}

/// Around breaks: ten pages a second on a soft mount of 10 s. Broken, the head is taken over after
/// 45 s, of which those of the first 35 s give up: 350 pages. Repaired, it gets its volumes back
/// 10 s later, which the drill makes of the 600 s, in 20 s, of which those of the first 10 s give up: 100 pages. The partner is not
/// missed, and a pool takes all reads of its own.
#[test]
fn a_break_shows_the_takeover_and_the_repair_the_giveback() {
    let soft = "first = { volume = \"store:first\", time-out = \"10s\" }";
    let fault = "[fault.panic]\nhits = \"nas.store.head\"\nhow = \"crash\"\nrate = \"1/y\"\n\
                 repair = \"1h\"\n";
    let text = pair("{ io = \"first\", ops = 1, read = 1 }", fault)
        .replace("first = \"store:first\"", soft)
        .replace("coverage = 1", "coverage = 0.5")
        .replace("rate = \"1/s\"", "rate = \"10/s\"");
    let asks = [
        ("down:store.head-1", 350),
        ("repair:store.head-1", 100),
        ("down:store.head-2", 0),
        ("down:store.main", 6_500),
        ("repair:store.main", 0),
        ("down:store.second", 0),
    ];
    let asks = asks.map(|(run, missed)| {
        format!("[[expect]]\nfigure = \"missed.page@broken/{run}\"\nis = \"{missed} +- 1\"\n")
    });
    let window = "[window.broken]\nlevel = \"10/s\"\nwarm-up = \"5050ms\"\nbefore = \"60s\"\n\
                  after = \"650s\"\nreplications = 2\n";
    let text = format!("{text}{window}{}", asks.concat());
    let loaded = crate::inside::common::read(&text, Path::new("."))
        .unwrap_or_else(|found| panic!("{found}"));
    let result = fivenines::study::scenario::run(&loaded.plan, &loaded.study, &Default::default());
    let judged = result.unwrap().judgements;
    assert!(judged.iter().all(|verdict| *verdict == Verdict::Holds), "{judged:?}");
    assert_eq!(judged.len(), 6);
}

/// A second head that owns nothing moves no draw: with all well, the pages of one head and of two
/// take the same times.
#[test]
fn a_second_head_moves_no_draw() {
    let steps =
        "{ io = \"first\", ops = 2.5, read = 1.5, write = 0.5 }, { io = \"other\", ops = 1 }";
    let two = pair(steps, "").replace("head = 2", "head = 1").replace("time = \"10ms\"", "");
    let two =
        two.replace(", , head", ", head").replace("process = \"regular\"", "process = \"poisson\"");
    let one = two.replace("heads = 2", "heads = 1");
    let (from, until) =
        (one.find("[nas.store.failover]").unwrap(), one.find("[nas.store.pools]").unwrap());
    let one = format!("{}{}", &one[..from], &one[until..]);
    let lives = |text: &str| {
        let seen = observed(&text.replace("rate = \"1/s\"", "rate = \"50/s\""), 0.0, 100.0);
        format!("{:?}", seen.record.classes[0].latency)
    };
    assert_eq!(lives(&one), lives(&two));
}

/// Promises of conservation: with a takeover, a giveback and a dead partner under way, books close
/// and Little's identity holds at every place at which a window may be cut.
#[test]
fn books_close_wherever_a_takeover_is_cut() {
    let faults = dead(1, "10s", "60s") + &dead(2, "690s", "30s");
    let text = pair("{ io = \"both\", ops = 3, read = 1.5, write = 1 }", &faults)
        .replace("rate = \"1/s\"\narrivals = { process = \"regular\" }", "rate = \"20/s\"");
    let plan = planned(&text);
    for (from, until) in [
        (0.0, 11.0),
        (5.0, 40.0),
        (30.0, 56.0),
        (60.0, 80.0),
        (650.0, 680.0),
        (680.0, 700.0),
        (700.0, 800.0),
    ] {
        let seen = requests::run(&plan, &window(from, until), 0).unwrap();
        assert_eq!(seen.record.classes[0].attempts.in_flight(), 0);
    }
}
