//! Promise: why a system was down is told as it was: the journal is that of the years, the sums are
//! those of the downtime, and what can be spared is what arithmetic says.

use std::collections::BTreeMap;
use std::path::Path;

use fivenines::engine::draw::Lineage;
use fivenines::health::{FactId, Kernel, Listener, View};
use fivenines::plan::Draft;
use fivenines::plan::availability::{self, Availability, AvailabilityPlan, WatchedKind};
use fivenines::plan::figure::Figure;
use fivenines::plan::headroom;
use fivenines::report::run::outage::phases;
use fivenines::solve::flows;
use fivenines::study::expect::Verdict;
use fivenines::study::journal::{OutageRecord, Record, Unreadable, VERSION, read, write};
use fivenines::study::stories::{self, Stories};
use fivenines::study::waterfall;
use fivenines::study::window::Watch;
use fivenines::study::years::{self, YearsPlan, YearsResult};
use fivenines::units::SimTime;

use super::years::asked;
use crate::inside::shared::base::base;
use crate::inside::shared::stations;

/// A scenario with its outages kept, lived through so often.
struct Lived {
    draft: Draft,
    plan: YearsPlan,
    seen: YearsResult,
}

impl Lived {
    fn of(draft: Draft, horizon: &str, replications: u32) -> Self {
        let mut plan = asked(&draft, horizon, replications, &[]);
        plan.of.stories = plan.of.felt();
        let seen = years::run(&plan, &Watch::default()).unwrap();
        Self { draft, plan, seen }
    }

    fn tier(name: &str, replications: u32) -> Self {
        Self::of(
            crate::inside::common::load(&format!("tiers/{name}.toml")).draft,
            "10y",
            replications,
        )
    }

    fn stories(&self) -> Stories {
        stories::tell(&self.draft, &self.plan.of, &self.seen).unwrap().unwrap()
    }
}

fn outages(stories: &Stories) -> Vec<&OutageRecord> {
    let records = stories.records.iter();
    records
        .filter_map(|record| match record {
            Record::Outage(outage) => Some(outage),
            _ => None,
        })
        .collect()
}

/// The timeline of an outage has no gap: its phases follow each other, and one of them ends with the outage.
#[test]
fn the_phases_of_an_outage_follow_each_other_from_its_onset_to_its_end() {
    let lived = Lived::tier("tier-5", 30);
    let stories = lived.stories();
    let mut detected = 0;
    for outage in outages(&stories) {
        if outage.availability != Availability::Structural.word() {
            continue;
        }
        let phases = phases(&stories, outage);
        let ends: Vec<f64> = phases.iter().map(|phase| phase.until).collect();
        assert!(ends[0] > 0.0 && ends.windows(2).all(|pair| pair[0] < pair[1]), "{phases:?}");
        assert!(ends.iter().any(|end| (end - outage.length_s).abs() < 1e-6), "{phases:?}");
        detected += usize::from(phases[0].name == "not detected");
    }
    assert!(detected > 0);
}

/// Nothing is lost between what is told, what is not, and the downtime of the report.
#[test]
fn outages_told_and_the_rest_add_up_to_the_downtime() {
    for tier in ["starter", "tier-3", "tier-8"] {
        let lived = Lived::tier(tier, 30);
        let stories = lived.stories();
        assert_eq!(stories.sums.len(), lived.plan.of.stories.len());
        let mut downtime: BTreeMap<(String, String), f64> = BTreeMap::new();
        for outage in outages(&stories) {
            *downtime.entry((outage.of.clone(), outage.availability.clone())).or_default() +=
                outage.downtime_s;
        }
        let subjects = stories.records.iter().filter_map(|record| match record {
            Record::Of(subject) => Some(subject),
            _ => None,
        });
        for ((subject, sum), meter) in subjects.zip(&stories.sums).zip(&lived.plan.of.stories) {
            assert_eq!(sum.told + sum.rest, sum.lost, "{tier}");
            let folded = &lived.seen.folded[0][*meter];
            let reported: f64 = folded.downtime.iter().sum();
            assert!((flows::seconds(sum.lost) - reported).abs() <= 1e-9 * reported, "{tier}");
            assert_eq!(subject.outages as f64, folded.outages.iter().sum::<f64>());
            let key = (subject.of.clone(), subject.availability.clone());
            let told = downtime.get(&key).copied().unwrap_or(0.0);
            let whole = told + subject.rest_downtime_s;
            assert!((whole - subject.downtime_s).abs() <= 1e-9 * whole, "{tier}: {subject:?}");
        }
    }
}

/// Instants at which one fact falls and rises: heard from the kernel itself, without the solver.
struct Ups {
    up: FactId,
    at: Vec<(SimTime, bool)>,
}

impl Listener for Ups {
    fn fact(&mut self, at: SimTime, fact: FactId, value: bool, _: View<'_>) {
        if fact == self.up {
            self.at.push((at, value));
        }
    }
}

/// An outage in the journal begins and ends when the kernel of that replication says so.
#[test]
fn a_relived_journal_shows_the_instants_of_the_years() {
    for tier in ["starter", "tier-5"] {
        let lived = Lived::tier(tier, 30);
        let stories = lived.stories();
        let plan = &lived.plan.of;
        let mut checked = 0;
        for outage in outages(&stories) {
            let of = |(watched, availability): &(usize, Availability)| {
                let watched = &plan.watched[*watched];
                watched.name == outage.of
                    && watched.kind == WatchedKind::Class
                    && *availability == Availability::Structural
            };
            let meter = plan.measured.iter().position(of).unwrap();
            let meter = &plan.nets[0].meters[meter];
            // Whole from its onset to its end, and neither of them that of the history.
            let whole = outage.downtime_s == outage.length_s && outage.begun_ns > 0;
            let horizon = SimTime::ZERO + plan.horizon;
            if outage.availability != "structural" || !whole || outage.ended_ns == horizon.nanos() {
                continue;
            }
            let lineage = Lineage::replication(outage.replication);
            let mut kernel =
                Kernel::new(&plan.nets[0].net, plan.seed, lineage, plan.start).unwrap();
            let mut ups = Ups { up: meter.up, at: Vec::new() };
            kernel.advance(SimTime::from_nanos(outage.ended_ns), &mut ups).unwrap();
            let begun = (SimTime::from_nanos(outage.begun_ns), false);
            let ended = (SimTime::from_nanos(outage.ended_ns), true);
            assert!(ups.at.contains(&begun) && ups.at.contains(&ended), "{tier}: {outage:?}");
            let told = |at_ns: u64, lost: f64| {
                stories.records.iter().any(|record| match record {
                    Record::Service(service) => {
                        service.episode == outage.episode
                            && service.of == outage.of
                            && service.availability == outage.availability
                            && service.at_ns == at_ns
                            && service.lost_ratio == lost
                    }
                    _ => false,
                })
            };
            assert!(told(outage.begun_ns, 1.0) && told(outage.ended_ns, 0.0), "{outage:?}");
            checked += 1;
        }
        assert!(checked >= 5, "{tier}: {checked}");
    }
}

/// Records of an episode stand in order, between its ends, and are few.
#[test]
fn an_episode_is_in_order_and_bounded() {
    let lived = Lived::tier("tier-8", 30);
    let stories = lived.stories();
    let mut bounds = BTreeMap::new();
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    let mut count: BTreeMap<u64, usize> = BTreeMap::new();
    for record in &stories.records {
        let (episode, at) = match record {
            Record::Episode(episode) => {
                bounds.insert(episode.episode, (episode.begins_ns, episode.ends_ns));
                continue;
            }
            Record::State(state) => (state.episode, state.at_ns),
            Record::Service(service) => (service.episode, service.at_ns),
            _ => continue,
        };
        let (from, to) = bounds[&episode];
        assert!(from <= at && at <= to);
        assert!(last.insert(episode, at).is_none_or(|before| before <= at));
        *count.entry(episode).or_default() += 1;
    }
    let most = flows::journal::MOST_BEFORE + 2 * flows::journal::MOST_CHANGES;
    assert!(count.values().all(|count| *count <= most));
}

/// Every effect is a life of the years without that cause; the sum is exact, replication by
/// replication and in whole parts of nanoseconds.
#[test]
fn single_effects_and_their_interaction_add_up_to_the_whole_exactly() {
    for tier in ["starter", "tier-4"] {
        let lived = Lived::tier(tier, 24);
        let watch = Watch::default();
        let found = waterfall::fall(&lived.draft, &lived.plan, &lived.seen, &watch).unwrap();
        let found = found.unwrap();
        assert_eq!(found.replications, 24);
        for fall in &found.falls {
            assert!(fall.effects.len() >= 2);
            let folded = &lived.seen.folded[0][fall.meter];
            for replication in 0..found.replications {
                let effects: i128 = fall.effects.iter().map(|e| e.saved[replication]).sum();
                let whole = effects + fall.interaction[replication] + fall.left[replication];
                assert_eq!(whole, fall.all[replication], "{tier}");
                // The whole is that of the report: leaving traffic out changes nothing.
                let seconds = flows::seconds(fall.all[replication] as u128);
                assert_eq!(seconds, folded.downtime[replication], "{tier}");
            }
        }
    }
}

/// The right one fails at 1,005 h, the left one is down from 1,000 to 1,010 h: both are down for 5 h.
/// The next time the left one fails at 2,010 h and the right one at 2,030 h, and so on, ever further
/// apart within the year. Without either nothing is down: each buys all, so that the interaction
/// takes once back what is counted twice.
#[test]
fn two_parts_in_parallel_buy_the_same_minutes_each() {
    let draft = crate::inside::faults::drafted(&base("pair"));
    let lived = Lived::of(draft, "1y", 2);
    let found = waterfall::fall(&lived.draft, &lived.plan, &lived.seen, &Watch::default());
    let found = found.unwrap().unwrap();
    let five_hours = i128::from(5_u64 * 3_600_000_000_000) * i128::from(availability::WHOLE);
    let fall = &found.falls[0];
    assert_eq!(fall.all, [five_hours; 2]);
    assert_eq!(fall.effects.len(), 2);
    assert!(fall.effects.iter().all(|effect| effect.saved == [five_hours; 2]));
    assert_eq!(fall.interaction, [-five_hours; 2]);
    assert_eq!(fall.left, [0; 2]);
}

/// What is left out strikes nobody, first or with others.
#[test]
fn without_a_cause_there_is_no_downtime_of_that_cause() {
    let draft = crate::inside::common::load("tiers/tier-3.toml").draft;
    let all: Vec<String> = availability::plan(&draft, &[]).unwrap().removable;
    let sets: Vec<Vec<String>> = all.iter().map(|name| vec![name.clone()]).collect();
    let plan: AvailabilityPlan = availability::plan_of_parts(&draft, &sets).unwrap();
    let mut struck = 0;
    for set in &sets {
        let Some(place) = plan.causes.iter().position(|cause| *cause == set[0]) else { continue };
        let net = plan.without(set).unwrap();
        for replication in 0..5 {
            let with = flows::run(&plan, 0, replication, &[]).unwrap();
            let without = flows::run(&plan, net, replication, &[]).unwrap();
            for (with, without) in with.tallies.iter().zip(&without.tallies) {
                struck += u64::from(with.causes[place].first > 0);
                let left = without.causes[place];
                assert_eq!((left.first, left.contributing, left.outages), (0, 0, 0), "{set:?}");
            }
        }
    }
    assert!(struck > 50, "{struck}: the test would see nothing");
}

fn spare(draft: &Draft, path: &str) -> Result<f64, String> {
    let found = Figure::parse(path).and_then(|figure| headroom::at(draft, &figure));
    found.map_err(|wrong| wrong.to_string())
}

/// λ × demand ÷ capacity by hand, as in docs/standard-set.md: 40 views a second, 83.2 ms of the web's
/// processor (114.2 ms with the database beside it) under a cap of 4 cores, 31 ms of the database's
/// of 4, 6 operations of the file server's 400. Probes and what a table of two digits leaves out are
/// below half a hundredth.
#[test]
fn headroom_is_one_less_rate_times_demand_over_capacity_by_hand() {
    let tier = |name: &str| crate::inside::common::load(&format!("tiers/{name}.toml")).draft;
    let (starter, two) = (tier("starter"), tier("tier-2"));
    for (draft, path, used) in [
        (&starter, "headroom.www-1.cpu@peak", 40.0 * 0.1142 / 4.0),
        (&starter, "headroom.www-1.cpu@mean", 20.0 * 0.1142 / 4.0),
        (&two, "headroom.www.cpu@peak", 40.0 * 0.0832 / 8.0),
        (&two, "headroom.www-2.cpu@peak", 40.0 * 0.0832 / 8.0),
        (&two, "headroom.www.cpu[after-loss=www-1]@peak", 40.0 * 0.0832 / 4.0),
        (&two, "headroom.www-2.cpu[after-loss=www-1]@peak", 40.0 * 0.0832 / 4.0),
        (&two, "headroom.sql-1.cpu@peak", 40.0 * 0.031 / 4.0),
        (&two, "headroom.store.main@peak", 40.0 * 6.0 / 400.0),
        (&two, "headroom.store.main[after-loss=www-1]@peak", 40.0 * 6.0 / 400.0),
    ] {
        let found = spare(draft, path).unwrap_or_else(|said| panic!("{said}"));
        assert!((found - (1.0 - used)).abs() < 0.005, "{path}: {found}, by hand {}", 1.0 - used);
    }
    for (path, said) in [
        ("headroom.ww-1.cpu@peak", "did you mean `www-1.cpu`"),
        ("headroom.www-2.cpu[after-loss=www-9]@peak", "there is no part `www-9`"),
        ("headroom.www-1.cpu[after-loss=www-1]@peak", "when `www-1` is lost"),
        ("headroom.www-1.cpu[cause=site]@peak", "`[cause=...]` has no effect on `headroom`"),
        ("headroom.www-1.cpu.p95@peak", "a closed form has no statistic"),
        ("headroom.www-1.cpu@nowhere", "level of a window"),
    ] {
        let message = spare(&two, path).unwrap_err();
        assert!(message.contains(said), "{path}: {message}");
    }
}

/// The first by name of several windows at one level counts, wherever it stands in the file.
#[test]
fn the_design_peak_does_not_depend_on_the_order_of_windows() {
    const REST: &str = "[station.web]\nservers = 1\nservice = \"10ms\"\n\
         [workload.jobs]\nrequest = \"job\"\nrate = \"20/s\"\n[request.job]\nsteps = [ { visit = \"web\" } ]\n";
    for names in [["late", "early"], ["early", "late"]] {
        let windows =
            names.map(|name| format!("[window.{name}]\nlevel = \"2 x rate\"\nlength = \"1min\"\n"));
        let text = format!("scenario = \"two\"\nformat = 2\n{}{REST}", windows.concat());
        let draft = crate::inside::common::read(&text, Path::new(".")).unwrap().draft;
        let peak = headroom::design_peak(&draft).unwrap();
        assert_eq!(draft.scenario.window[peak].0.text, "early");
    }
}

/// Of the losses that leave everything served the table's busiest resource is the one of the lint.
#[test]
fn what_is_carried_is_where_the_first_resource_is_busy_all_the_time() {
    let draft = crate::inside::common::load("tiers/tier-2.toml").draft;
    let peak = headroom::design_peak(&draft).unwrap();
    assert_eq!(draft.scenario.window[peak].0.text, "peak");
    let all = headroom::after_each_loss(&draft, peak);
    let (first, rate) = all[0].carries.clone().unwrap();
    assert_eq!(first, "store.main");
    assert!((rate - 400.0 / 6.0).abs() < 0.5, "{rate}");
    let web = all.iter().find(|spare| spare.lost.as_deref() == Some("www-1")).unwrap();
    let (first, rate) = web.carries.clone().unwrap();
    assert!(web.serves && first.starts_with("www-2"), "{first}");
    // A little less than 4 cores ÷ 83.2 ms: probes take their share.
    assert!((46.0..=4.0 / 0.0832).contains(&rate), "{rate}");
    let primary = all.iter().find(|spare| spare.lost.as_deref() == Some("mysql.primary")).unwrap();
    assert!(!primary.serves);
}

/// Of tier 6 at its peak: 40 × (8.64 reads + 1.5 writes) of a pool of 400 right after the takeover, 40 ×
/// 3.66 once warm; the difference decays with 15 min. Readers of tier 7 are warm.
#[test]
fn a_promoted_member_is_busier_while_its_buffer_is_cold() {
    let tier = |name: &str| crate::inside::common::load(&format!("tiers/{name}.toml")).draft;
    let six = tier("tier-6");
    let all = headroom::after_each_loss(&six, headroom::design_peak(&six).unwrap());
    for lost in ["mysql.primary", "sql-1"] {
        let found = all.iter().find(|spare| spare.lost.as_deref() == Some(lost)).unwrap();
        let cold = found.cold.as_ref().unwrap();
        assert!(found.serves && cold.name == "store.slave", "{cold:?}");
        let (used, warm) = (40.0 * 10.14 / 400.0, 40.0 * 3.66 / 400.0);
        assert!((cold.used - used).abs() < 1e-9, "{lost}: {cold:?}, by hand {used}");
        let over = 900.0 * libm::log((used - warm) / (1.0 - warm));
        assert!((cold.over.seconds() - over).abs() < 1e-6, "{lost}: {cold:?}, by hand {over} s");
    }
    let nothing = all.iter().find(|spare| spare.lost.as_deref() == Some("www-1")).unwrap();
    assert!(nothing.cold.is_none(), "{nothing:?}");
    let seven = tier("tier-7");
    let all = headroom::after_each_loss(&seven, headroom::design_peak(&seven).unwrap());
    assert!(all.iter().all(|spare| spare.cold.is_none()), "{all:?}");
}

/// Where there is not the time for all, the losses of what has the most load are worked out.
#[test]
fn losses_that_are_left_out_are_those_of_the_parts_with_the_least_load() {
    let draft = crate::inside::common::read(&stations(100), Path::new(".")).unwrap().draft;
    let peak = headroom::design_peak(&draft).unwrap();
    let (all, in_all) = headroom::within(&draft, peak, headroom::MOST_WORK);
    assert_eq!((all.len(), in_all), (101, 100));
    let (few, in_all) = headroom::within(&draft, peak, 10 * 100);
    assert_eq!((few.len(), in_all), (11, 100));
    let names: Vec<&str> = few.iter().filter_map(|one| one.lost.as_deref()).collect();
    assert!(names[0].starts_with("s0001") && names[9].starts_with("s0100"), "{names:?}");
    assert!(few.iter().all(|one| all.contains(one)), "{few:?}");
}

/// A line of another kind is passed over, one that is none and another version are told apart.
#[test]
fn a_journal_of_a_later_version_is_not_misread() {
    let lived = Lived::of(crate::inside::faults::drafted(&base("pair")), "1y", 2);
    let records = lived.stories().records;
    let text = write(&records);
    let (head, found) = read(&text).unwrap();
    assert_eq!(head.version, VERSION);
    assert_eq!(found.as_slice(), &records[1..]);
    let more = text.clone() + "{\"record\":\"weather\",\"rain\":1}\n";
    assert_eq!(read(&more).unwrap().1, found);
    assert!(matches!(read("{}"), Err(Unreadable::Line(1, _))));
    assert!(matches!(read(""), Err(Unreadable::NoHead)));
    let later = text.replace("\"version\":1", "\"version\":2");
    assert_eq!(read(&later), Err(Unreadable::Version(2)));
}

/// An expectation of headroom is judged without a run.
#[test]
fn headroom_is_judged_like_any_figure() {
    let text =
        std::fs::read_to_string(crate::inside::common::scenarios().join("tiers/tier-2.toml"))
            .unwrap();
    let more = "\n[[expect]]\nfigure = \"headroom.www.cpu@peak\"\nis = \"> 0.5\"\n\
                [[expect]]\nfigure = \"headroom.www-2.cpu[after-loss=www-1]@peak\"\nis = \"> 0.2\"\n";
    let loaded = crate::inside::common::read(
        &(text + more),
        &crate::inside::common::scenarios().join("tiers"),
    );
    let study = loaded.unwrap().study;
    let judged: Vec<f64> = study.arithmetic.iter().map(|(_, point)| point.estimate).collect();
    assert!(judged[0] > 0.5 && judged[1] < 0.2, "{judged:?}");
    let last = &study.expectations[study.expectations.len() - 2..];
    assert_eq!(last[0].demand.judge(&study.arithmetic[0].1), Verdict::Holds);
    assert_eq!(last[1].demand.judge(&study.arithmetic[1].1), Verdict::Fails);
}
