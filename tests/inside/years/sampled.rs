//! Windows of requests drawn from years: their differences correct the years without bias, whatever is
//! drawn and on however many threads, and they find out a fluid that is wrong.

use std::path::Path;

use fivenines::engine::draw::Seed;
use fivenines::model::blueprint::Blueprint;
use fivenines::model::outage::Past;
use fivenines::plan::Draft;
use fivenines::plan::figure::Figure;
use fivenines::plan::fluid::state::Input;
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::solve::fluid::reading::ClassReading;
use fivenines::solve::fluid::{BAD, Known};
use fivenines::solve::frame::{self, Of, Piece, Sizes};
use fivenines::solve::requests;
use fivenines::solve::sampled as windows;
use fivenines::study::sampled::agreement::{Agrees, Compared, compare};
use fivenines::study::sampled::estimate::Joined;
use fivenines::study::sampled::{self, Lived, OfWindows, SampledPlan, SampledResult};
use fivenines::study::window::{Estimate, Watch};
use fivenines::study::years::load::Loss;
use fivenines::study::years::{self, YearsPlan, YearsResult};
use fivenines::units::{SimDuration, SimTime};

use super::asked;
use crate::inside::faults::{drafted, window};
use crate::inside::shared::base::{With as _, base};

/// Everything: all pieces are drawn.
const ALL: Sizes = Sizes { replications: 2, quiet: 1_000_000, episodes: 1_000_000, least: 2 };

/// Years and the windows drawn from them.
pub struct Shop {
    blueprint: Blueprint,
    plan: SampledPlan,
    years: YearsPlan,
    seen: YearsResult,
    windows: SampledResult,
}

fn compiled(draft: &Draft) -> Blueprint {
    let mut out = Diagnostics::new();
    let plan = fivenines::plan::compile::compile(draft, Path::new("."), &mut out);
    assert!(!out.has_errors(), "{:#?}", out.sorted());
    plan
}

impl Shop {
    pub fn of(text: &str, horizon: &str, sizes: Sizes, mutate: impl Fn(&mut YearsPlan)) -> Self {
        let draft = drafted(text);
        let blueprint = compiled(&draft);
        let mut years = asked(&draft, horizon, sizes.replications as u32, &[]);
        mutate(&mut years);
        let mut plan = SampledPlan::of(&draft, &blueprint, &years).unwrap();
        plan.sizes = sizes;
        let seen = years::run(&years, &Watch::default()).unwrap();
        let windows = sampled::run(&blueprint, &plan, &years, &Watch::default()).unwrap();
        Self { blueprint, plan, years, seen, windows }
    }

    fn joined(&self) -> Joined<'_> {
        let Self { plan, years, seen, windows, .. } = self;
        Joined { asked: plan, windows, years, flows: seen }
    }

    /// By history, what its pieces say of the first class where all are drawn, and what the whole does: views
    /// wanted, lost, and bad intervals.
    pub fn sums(&self) -> Vec<[[f64; 3]; 2]> {
        let class = &self.seen.load[0].as_ref().unwrap().classes[0];
        let of = |which: &dyn Fn(&ClassReading) -> f64| {
            self.windows.totals(|window| which(&window.flows.classes[0]))
        };
        let pieces = [
            of(&|reading| reading.intended),
            of(&|reading| reading.lost.iter().sum()),
            of(&|reading| reading.bad_intervals),
        ];
        let whole =
            |history: usize| [class.intended[history], class.all_lost[history], class.bad[history]];
        let one = |history: usize| {
            let drawn: Vec<f64> = pieces.iter().map(|of| of[history]).collect();
            [drawn.try_into().unwrap(), whole(history)]
        };
        (0..pieces[0].len()).map(one).collect()
    }

    /// Views a year.
    fn a_year(&self, per_history: f64) -> f64 {
        per_history / (self.years.of.horizon.seconds() / 31_536_000.0)
    }

    pub fn compared(&self) -> Vec<Compared> {
        compare(&self.joined())
    }

    /// Each window loses about what its piece does in the years; in how many it does not when it takes over
    /// less from its history.
    pub fn apart_without(
        &self,
        alike: impl Fn(f64, f64) -> bool,
        forget: impl Fn(&mut Past),
    ) -> usize {
        let known = Known::default();
        let apart = |window: &&Lived| {
            let expected = window.flows.classes[0].lost.iter().sum::<f64>() * window.traffic(0);
            let lost = window.seen.classes[0].unserved() as f64;
            assert!(alike(lost, expected), "{lost} of {expected}: {window:?}");
            let piece = &window.piece;
            let history =
                frame::read(&self.years.of, &known, piece.replication, &[*piece]).unwrap();
            let mut past = self.plan.past(&history, piece);
            forget(&mut past);
            let counted = &self.plan.classes;
            let drawn = windows::live(&self.blueprint, (piece, past), counted, BAD, &|| false);
            let drawn = drawn.unwrap().unwrap();
            !alike(drawn.classes[0].unserved() as f64, expected)
        };
        self.windows.windows.iter().filter(apart).count()
    }

    pub fn names(&self, rows: &[Compared], verdict: Agrees) -> Vec<String> {
        let rows = rows.iter().filter(|row| row.verdict == verdict);
        rows.map(|row| self.stratum(row).to_string()).collect()
    }

    /// What a row is of.
    pub fn stratum(&self, row: &Compared) -> &str {
        row.of.map_or("all causes", |of| self.plan.stratum(&self.years, of))
    }
}

fn value(estimate: &Estimate) -> f64 {
    estimate.value().unwrap_or_else(|| panic!("{estimate:?}"))
}

/// Pieces are all time, each once; what `flows` says of them adds up to what it says of the whole; and
/// when all are drawn the corrected years are what the windows of `requests` lost, but for what the
/// traffic that came was more or less than expected while `flows` lost some.
#[test]
fn windows_of_all_pieces_give_the_direct_sum() {
    let shop = Shop::of(&base("shop"), "6h", ALL, |_| {});
    let joined = shop.joined();
    for replication in 0..2 {
        let own = shop.windows.windows.iter().filter(|w| w.piece.replication == replication);
        let mut at = SimTime::ZERO;
        for Lived { piece, probability, .. } in own {
            assert_eq!((piece.from, *probability), (at, 1.0), "{piece:?}");
            at = piece.to;
        }
        assert_eq!(at, SimTime::ZERO + shop.years.of.horizon);
    }
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(1.0);
    for [pieces, whole] in shop.sums() {
        assert!(pieces.iter().zip(&whole).all(|(a, b)| near(*a, *b)), "{pieces:?}, {whole:?}");
    }
    let direct = shop.windows.totals(|window| window.seen.classes[0].unserved() as f64);
    let more = shop.windows.totals(|window| {
        let lost: f64 = window.flows.classes[0].lost.iter().sum();
        lost * (1.0 - window.traffic(0))
    });
    let direct = direct.iter().zip(&more).map(|(direct, more)| direct + more).sum::<f64>() / 2.0;
    let found = value(&joined.estimate(OfWindows::Lost(0, Loss::Unserved)));
    assert!(near(found, shop.a_year(direct)), "{found}, {}", shop.a_year(direct));
}

/// All classes together: views of all, and intervals in which every one is well, each counted once. Where all
/// pieces are drawn both are what `requests` saw.
#[test]
fn windows_of_all_pieces_say_what_all_classes_together_had() {
    let text = base("two-services").replace("\"40/s\"", "\"8/s\"").replace("\"10/s\"", "\"4/s\"");
    let text = text.replace("at = \"2h\"\nlasts = \"120s\"", "at = \"3660s\"\nlasts = \"600s\"");
    let shop = Shop::of(&text, "6h", ALL, |_| {});
    let cells = |of: &dyn Fn(&Lived) -> u32| shop.windows.totals(|w| f64::from(of(w)));
    // The pages lose an interval, the calls three; one is the same.
    assert_eq!(cells(&|w| w.seen.classes[0].bad_cells + w.seen.classes[1].bad_cells), [4.0; 2]);
    assert_eq!(cells(&|w| w.seen.bad_cells), [3.0; 2]);
    assert_eq!(shop.windows.totals(|w| w.flows.bad_intervals), [3.0; 2]);
    assert_eq!(shop.seen.load[0].as_ref().unwrap().bad, [3.0; 2]);
    let joined = shop.joined();
    for all in [OfWindows::Objective(None), OfWindows::Failing(None)] {
        let found = value(&joined.estimate(all));
        assert!((found - (1.0 - 3.0 / 72.0)).abs() < 1e-9, "{found}");
    }
    let [lost, wanted] = [0, 1]
        .map(|class| {
            let lost = value(&joined.estimate(OfWindows::Lost(class, Loss::Unserved)));
            let intended = &shop.seen.load[0].as_ref().unwrap().classes[class].intended;
            [lost / (365.0 * 4.0), intended.iter().sum::<f64>() / 2.0]
        })
        .into_iter()
        .fold([0.0; 2], |all, [lost, wanted]| [all[0] + lost, all[1] + wanted]);
    let request = value(&joined.estimate(OfWindows::Request(None)));
    assert!((request - (1.0 - lost / wanted)).abs() < 1e-9, "{request}, {lost} of {wanted}");
}

/// One window over the whole horizon loses what its pieces lose, each begun anew. Some 3,800 views of two
/// days, other users in each and other phases of the probes: 3 % are a standard error.
#[test]
fn pieces_lose_what_the_undivided_history_loses() {
    let shop = Shop::of(&base("shop"), "2d", Sizes { replications: 1, ..ALL }, |_| {});
    let pieces: u64 = shop.windows.windows.iter().map(|w| w.seen.classes[0].unserved()).sum();
    let seen = requests::run(&shop.blueprint, &window(0.0, 172_800.0), 0).unwrap();
    let whole: u64 = seen.record.views[0].lost.iter().sum();
    assert!(whole > 2_000, "{whole}");
    let ratio = pieces as f64 / whole as f64;
    assert!((ratio - 1.0).abs() < 0.1, "{pieces} in pieces, {whole} as one");
}

/// Few windows or other windows: the interval of each says what all of them would have said.
#[test]
fn few_windows_say_with_their_interval_what_all_say() {
    let sizes = |quiet, episodes| Sizes { replications: 6, quiet, episodes, least: 2 };
    let of = |sizes| Shop::of(&base("shop"), "6h", sizes, |_| {});
    let all = of(sizes(1_000_000, 1_000_000));
    let exact = value(&all.joined().estimate(OfWindows::Lost(0, Loss::Unserved)));
    for (quiet, episodes) in [(3, 24), (4, 40), (6, 60)] {
        let shop = of(sizes(quiet, episodes));
        let drawn = shop.windows.windows.iter().filter(|w| w.piece.of != Of::Quiet).count();
        assert_eq!(drawn, episodes);
        let Estimate::Interval(found) = shop.joined().estimate(OfWindows::Lost(0, Loss::Unserved))
        else {
            panic!("an interval");
        };
        assert!(found.contains(exact), "{quiet}, {episodes}: {found:?}, {exact}");
    }
}

/// Twice the warm-up, on the same windows: no more of a difference than the interval is wide.
#[test]
fn a_warm_up_twice_as_long_changes_less_than_is_unknown_anyway() {
    let sizes = Sizes { replications: 6, quiet: 4, episodes: 40, least: 2 };
    let shop = Shop::of(&base("shop"), "6h", sizes, |_| {});
    let longer = |lived: &Lived| {
        let warm_up = lived.piece.from - lived.piece.start;
        let start = lived.piece.start.nanos().saturating_sub(warm_up.nanos());
        let piece = Piece { start: SimTime::from_nanos(start), ..lived.piece };
        let counted = &shop.plan.classes;
        let seen =
            windows::live(&shop.blueprint, (&piece, Past::default()), counted, BAD, &|| false);
        seen.unwrap().unwrap().classes[0].unserved() as f64
    };
    let change = |w: &Lived| longer(w) - w.seen.classes[0].unserved() as f64;
    let change = shop.windows.totals(change).iter().sum::<f64>() / 6.0;
    let Estimate::Interval(found) = shop.joined().estimate(OfWindows::Lost(0, Loss::Unserved))
    else {
        panic!("an interval");
    };
    let change = shop.a_year(change).abs();
    assert!(change < found.half_width(), "{change}, {found:?}");
}

/// The same windows, event by event, on one thread and on two.
#[test]
fn threads_draw_and_live_the_same_windows() {
    let sizes = Sizes { replications: 3, quiet: 2, episodes: 12, least: 2 };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Shop::of(&base("shop"), "4h", sizes, |_| {}))
    };
    let (one, two) = (on(1), on(2));
    let told = |shop: &Shop| {
        let all = shop.windows.windows.iter();
        all.map(|w| (w.piece, w.probability.to_bits(), w.flows.clone(), w.seen.digest))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&one), told(&two));
    assert!(one.windows.windows.len() > 12);
}

/// Ten times the horizon keeps no more.
#[test]
fn what_a_history_offers_is_bounded_whatever_its_length() {
    let draft = crate::inside::common::load("tiers/tier-3.toml").draft;
    let sizes = Sizes { replications: 1, quiet: 3, episodes: 8, least: 2 };
    let kept = |horizon: &str| {
        let years = asked(&draft, horizon, 1, &[]);
        let offered = frame::survey(&years.of, &Known::default(), sizes, 0).unwrap().unwrap();
        assert!(offered.quiet.len() <= 3);
        let most = offered.strata.values().map(|stratum| stratum.kept()).max().unwrap();
        assert!(most <= 9, "{most}");
        (offered.episodes, offered.pieces)
    };
    let (short, long) = (kept("2y"), kept("20y"));
    assert!(long.0 > 5 * short.0 && long.1 > 5 * short.1, "{short:?}, {long:?}");
}

/// What breaks by role breaks in the windows when and to whom it breaks in the years, also after the role
/// has gone to another member.
#[test]
fn a_fault_of_a_role_strikes_in_the_windows_that_are_drawn_for_it() {
    let mut loaded = crate::inside::common::load("tiers/tier-3.toml");
    loaded.plan.seed = Seed(loaded.draft.scenario.run.seed.value);
    let years = asked(&loaded.draft, "10y", 2, &[]);
    let mut plan = SampledPlan::of(&loaded.draft, &loaded.plan, &years).unwrap();
    plan.sizes = Sizes { replications: 2, quiet: 0, episodes: 400, least: 400 };
    let known = Known::default();
    let cause = years.of.causes.iter().position(|cause| cause == "db-crash").unwrap() as u32;
    let (mut struck, mut all) = (0, 0);
    for replication in 0..2 {
        let offered = frame::survey(&years.of, &known, plan.sizes, replication).unwrap().unwrap();
        let stratum = offered.strata.get(&cause).unwrap().clone();
        // Heads, in order; late ones come after many failovers.
        let mut pieces: Vec<Piece> =
            stratum.draw(400).into_iter().map(|(piece, _)| piece).collect();
        pieces.retain(|piece| !piece.midway);
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece.from));
        pieces.truncate(6);
        for piece in pieces {
            let history = frame::read(&years.of, &known, replication, &[piece]).unwrap();
            let lost: f64 = history.traffic[0].classes[0].lost.iter().sum();
            if lost < 100.0 {
                continue;
            }
            let past = plan.past(&history, &piece);
            if past.failed.iter().any(|failed| failed.from < piece.to && piece.start < failed.until)
            {
                continue;
            }
            assert!(!past.moves.is_empty(), "after years somebody else has been primary");
            let counted = &plan.classes;
            let seen = windows::live(&loaded.plan, (&piece, past), counted, BAD, &|| false);
            let seen = seen.unwrap().unwrap();
            let database = loaded.plan.causes.iter().position(|cause| cause == "db-crash");
            all += 1;
            struck += u32::from(seen.classes[0].lost_by(|at| Some(at) == database) > 20);
        }
    }
    assert!(all >= 4 && struck == all, "{struck} of {all}");
}

/// A database whose failovers never work: people need an hour in the mean, and nobody knows beforehand.
fn people() -> String {
    base("replicas").with(
        r#"
[run]
initial = "new"
seed = 3
[clients.public]
time-out = "5s"
[workload.writers]
from = "public"
rate = "2/s"
[request.put]
reply = "10kB"
[database.mysql]
connections = 100
[database.mysql.failover]
detect = { interval = "5s", time-out = "4s", fall = 2 }
promote = "20s"
coverage = 0
manual-repair = { dist = "exponential", mean = "1h" }
[fault.crash]
hits = "database.mysql.primary"
how = "crash"
rate = "1/d"
repair = "2min"
"#,
    )
}

/// A piece late in an episode is there because people took long in its history: they do in its window.
#[test]
fn people_who_take_long_in_the_years_take_long_in_the_windows() {
    let sizes = Sizes { replications: 2, quiet: 0, episodes: 60, least: 60 };
    let shop = Shop::of(&people(), "20d", sizes, |_| {});
    // Two minutes of traffic: probes have other phases, and who waits when they are done is answered.
    let alike = |lost: f64, expected: f64| (lost - expected).abs() < 240.0;
    let anew = |past: &mut Past| past.failed.iter_mut().for_each(|failed| failed.people = None);
    let apart = shop.apart_without(alike, anew);
    let begin_late = |w: &&Lived| w.piece.from.since(w.piece.start) > SimDuration::from_secs(1_800);
    let late = shop.windows.windows.iter().filter(begin_late).count();
    assert!(late > 5, "{late}");
    assert!(apart > 5, "people drawn anew for the window make no difference: {apart}");
}

/// A hang that no probe of the years saw is seen by none in its windows, and the other way round: a
/// third of the traffic fails for an hour, or for some seconds.
#[test]
fn a_hang_is_seen_in_the_windows_when_it_is_seen_in_the_years() {
    let text = base("shop").replace("\"4/d\"", "\"0.001/d\"").replace("\"2/d\"", "\"0.001/d\"");
    let text = text.replace("depth = \"shallow\"", "depth = \"shallow\", detects-hang = 0.5");
    let hang = "[fault.stuck]\nhits = \"service.app\"\nhow = \"hang\"\nrate = \"0.7/d\"\nrepair = \"1h\"\n";
    let sizes = Sizes { replications: 2, quiet: 0, episodes: 60, least: 60 };
    let shop = Shop::of(&format!("{text}{hang}"), "20d", sizes, |_| {});
    // Phases of the probes, and who waits for an answer when it hangs.
    let alike = |lost: f64, expected: f64| (lost - expected).abs() < 60.0 + 0.15 * expected;
    let apart = shop.apart_without(alike, |past| past.hangs.clear());
    let loses = |w: &&Lived| w.seen.classes[0].unserved() > 100;
    let missed = shop.windows.windows.iter().filter(loses).count();
    assert!(missed > 5, "{missed} windows in which a hang is not seen");
    assert!(apart > 5, "drawing anew for the window what probes see makes no difference: {apart}");
}

/// The busiest hour of the starter and of tier 3 is above half load, on other parts; that of tier 8 is not.
#[test]
fn tiers_are_comparable_below_half_load_and_say_why_not() {
    let tiers = [("starter", Some("www-1.cpu")), ("tier-3", Some("store.main")), ("tier-8", None)];
    for (name, busiest) in tiers {
        let loaded = crate::inside::common::load(&format!("tiers/{name}.toml"));
        let years = asked(&loaded.draft, "1y", 4, &[]);
        let plan = SampledPlan::of(&loaded.draft, &loaded.plan, &years).unwrap();
        let found = plan.apart.as_deref();
        let said = busiest.map(|part| format!("load above 50 %: {part} "));
        let alike = match (&said, found) {
            (Some(said), Some(found)) => found.starts_with(said.as_str()),
            (said, found) => said.is_none() && found.is_none(),
        };
        assert!(alike, "{name}: {found:?}");
    }
}

/// A shop whose clients neither retry nor have sessions, at less than half load; its balancer takes 20
/// to 40 s to notice a death, and hardly anything is lost but by that.
const PAIRED: Sizes = Sizes { replications: 16, quiet: 1, episodes: 240, least: 8 };

/// `flows` with what balancers believe, or as if they sent to nobody who is dead.
fn shop(blind: bool) -> Shop {
    let slow = base("shop").replace("interval = \"5s\"", "interval = \"20s\"");
    let text = slow.replace("\"4/d\"", "\"0.01/d\"").replace("\"2/d\"", "\"0.01/d\"");
    let text = text.replace("\"server.box\"", "[\"box-1\", \"box-2\", \"box-3\"]");
    Shop::of(&text, "1d", PAIRED, |years| {
        if blind {
            let inputs = &years.of.fluid.as_ref().unwrap().inputs;
            let misled = |at: usize| matches!(inputs[at], Input::Misled(..) | Input::Believed(..));
            let facts = &mut years.of.nets[0].load.as_mut().unwrap().facts;
            let all = facts.iter_mut().enumerate().filter(|(at, _)| misled(*at));
            all.for_each(|(_, fact)| *fact = None);
        }
    })
}

#[test]
fn solvers_that_answer_the_same_question_agree() {
    let shop = shop(false);
    assert_eq!(shop.plan.apart, None);
    let rows = shop.compared();
    let apart = shop.names(&rows, Agrees::Disagree);
    assert!(apart.is_empty(), "{apart:?}: {rows:#?}");
    assert!(!shop.names(&rows, Agrees::Agree).is_empty(), "{rows:#?}");
}

/// A busy shop whose balancer counts open connections: who refuses has none, and gets most of what comes
/// until he is taken out, some 25 s later.
fn counting(mutate: impl Fn(&mut YearsPlan)) -> Vec<Compared> {
    let text = base("shop")
        .replace("interval = \"5s\"", "interval = \"20s\"")
        .replace("round-robin", "least-connections")
        .replace("rate = \"4/s\"", "rate = \"15/s\"")
        .replace("page = \"50ms\"", "page = \"150ms\"")
        .replace("restart = \"5s\"", "restart = \"10min\"")
        .replace("\"20/d\"", "\"6/d\"");
    let at = text.find("[fault.server]").unwrap();
    let crash = text.find("[fault.crash]").unwrap();
    let sql = text.find("[fault.sql]").unwrap();
    let text = format!("{}{}", &text[..at], &text[crash..sql]);
    let shop = Shop::of(&text, "1d", PAIRED, mutate);
    let is_one = |row: &Compared| row.of.is_some_and(|of| of != Of::Quiet) && row.windows > 20;
    shop.compared().into_iter().filter(is_one).collect()
}

#[test]
fn who_refuses_draws_more_than_his_share_where_connections_are_counted() {
    let rows = counting(|_| {});
    assert!(!rows.is_empty() && rows.iter().all(|row| row.verdict == Agrees::Agree), "{rows:#?}");
    let blind = counting(|years| years.of.fluid.as_mut().unwrap().open.fill(None));
    assert!(blind.iter().any(|row| row.verdict == Agrees::Disagree), "{blind:#?}");
}

pub fn assert_blind_fluid_is_noticed() {
    let shop = shop(true);
    let rows = shop.compared();
    assert!(!shop.names(&rows, Agrees::Disagree).is_empty(), "{rows:#?}");
}

#[test]
fn a_figure_of_windows_that_cannot_be_is_refused_with_what_could_be_meant() {
    let loaded = crate::inside::common::load("tiers/tier-3.toml");
    let years = asked(&loaded.draft, "1y", 4, &[]);
    let plan = SampledPlan::of(&loaded.draft, &loaded.plan, &years).unwrap();
    let of = |path: &str| {
        let found = Figure::parse(path).and_then(|figure| plan.resolve(&years, &figure));
        found.map_err(|wrong| wrong.to_string())
    };
    for (path, said) in [
        ("latency.pages.p95@horizon", "did you mean `page`?"),
        ("latency.page[hour=3].p95@horizon", "takes no selection"),
        ("lost.page[cause=chnge][solver=both]@horizon", "did you mean `change`?"),
        ("latency.page.sd@horizon", "there is no `sd` of `latency`"),
        ("lost.page[solver=exact]@horizon", "must be both"),
    ] {
        let message = of(path).unwrap_err();
        assert!(message.contains(said), "{path}: {message}");
    }
    let p95 = of("latency.page-view.p95@horizon").unwrap();
    assert_eq!(p95, OfWindows::Latency(0, true, 0.95));
    assert!(SimDuration::DAY > frame::SHORT);
}

/// A tier whose clients wait as long as `lost-after` lets them, neither retry nor have sessions, at 8 page views a second, whose parts break so
/// much more often, with all laws exponential.
fn strict(name: &str, more: f64, left_out: &[&str]) -> String {
    let path = crate::inside::common::scenarios().join(format!("tiers/{name}.toml"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut section = String::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        let key = line.split('=').next().unwrap_or("").trim();
        if line.starts_with('[') {
            section = line.to_string();
        }
        let value = || line.split('"').nth(1).unwrap_or_default().to_string();
        match key {
            key if left_out.contains(&key) && !line.starts_with('[') => {}
            "seed" => lines.push("seed = 1\nlaws = \"exponential\"".to_string()),
            "rate" if section.starts_with("[fault.") => {
                let per_year: f64 = value().trim_end_matches("/y").parse().unwrap();
                lines.push(format!("rate = \"{}/y\"", per_year * more));
            }
            "rate" if section.starts_with("[workload.") => lines.push("rate = \"8/s\"".into()),
            _ => lines.push(line.to_string()),
        }
    }
    let text = lines.join("\n");
    match text.find("[[expect]]") {
        Some(at) => text[..at].to_string(),
        None => text,
    }
}

/// Nine tiers, strictly: what is lost in episodes agrees, and for no first cause do they disagree. With
/// FIVENINES_FULL=1.
#[test]
fn tiers_without_retries_and_with_exponential_laws_agree() {
    tiers_agree(false);
}

/// The same with users who try again, and go away with the rest of their session.
#[test]
fn tiers_whose_users_try_again_and_go_away_agree() {
    tiers_agree(true);
}

fn tiers_agree(users: bool) {
    if std::env::var_os("FIVENINES_FULL").is_none() {
        return;
    }
    let tiers =
        ["starter", "tier-1", "tier-2", "tier-3", "tier-4", "tier-5", "tier-6", "tier-7", "tier-8"];
    let only = std::env::var("FIVENINES_TIER").ok();
    let mut wrong = Vec::new();
    for name in tiers.into_iter().filter(|name| only.as_deref().is_none_or(|only| only == *name)) {
        let sizes = Sizes { replications: 16, quiet: 1, episodes: 720, least: 40 };
        let left_out: &[&str] = match users {
            true => &["patience", "false-rate", "precision"],
            false => &["retry", "session", "patience", "false-rate", "precision"],
        };
        let shop = Shop::of(&strict(name, 10.0, left_out), "90d", sizes, |_| {});
        assert_eq!(shop.plan.apart, None, "{name}");
        let rows = shop.compared();
        for row in &rows {
            let value = |estimate: &Estimate| estimate.value().unwrap_or(0.0);
            println!(
                "{name} {:>18} {:>3} windows: requests {:>9.0}, flows {:>9.0} a year: {}",
                shop.stratum(row),
                row.windows,
                value(&row.requests),
                value(&row.flows),
                row.verdict.word(),
            );
        }
        let apart = shop.names(&rows, Agrees::Disagree);
        wrong.extend(apart.iter().map(|cause| format!("{name}: {cause}")));
        // The pages, whatever broke first.
        let page = shop.plan.classes.iter().position(|class| class.name == "page").unwrap();
        let all = rows.iter().find(|row| row.of.is_none() && row.class == page).unwrap();
        if all.verdict != Agrees::Agree {
            wrong.push(format!("{name}, all causes: {}", all.verdict.word()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
