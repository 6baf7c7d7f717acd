//! Promise: replications that are folded into sums give the figures of the same replications one by one.

use fivenines::stats::interval::{Interval, Method};
use fivenines::study::breaks;
use fivenines::study::folded::{Folded, Gathered, KEPT};
use fivenines::study::scenario::{self, Group};
use fivenines::study::window::{Ending, Estimate, Watch, WindowResult};
use fivenines::study::work::{Parts, Piece, Portion, Ranges, Shard, Together, Work, encode};

use super::common::{Loaded, read};
use super::shared::base::{With as _, base};

/// Replications kept one by one where others are folded.
const KEEP: u64 = 5;

fn loaded(text: &str) -> Loaded {
    read(text, std::path::Path::new(".")).unwrap_or_else(|found| panic!("{found}"))
}

/// Results of the windows of a group after some replications, of which `keep` are kept one by one.
fn gathered(loaded: &Loaded, group: &Group, count: u64, keep: u64) -> Vec<WindowResult> {
    let together = match group {
        Group::Window(at) => Together::Window(u32::try_from(*at).unwrap()),
        Group::Around(at, _) => Together::Around(u32::try_from(*at).unwrap()),
    };
    let (asked, watch) = (loaded.study.asked(together), Watch::default());
    let mut seen = Gathered::new(&loaded.plan, &asked, (None, &watch)).keeping(keep);
    let one = |number| loaded.study.live_one(&loaded.plan, together, number, &watch);
    // In two steps, as with a precision to reach.
    assert!(seen.extend(count / 2, one).unwrap() && seen.extend(count, one).unwrap());
    assert_eq!(seen.count(), count);
    seen.results((Ending::Fixed, 0))
}

#[track_caller]
fn near(one: f64, other: f64, of: &str) {
    let size = one.abs().max(other.abs());
    assert!((one - other).abs() <= 1e-9 * size + 1e-12, "{of}: {one} and {other}");
}

#[track_caller]
fn all_near(one: &[f64], other: &[f64], of: &str) {
    assert_eq!(one.len(), other.len(), "{of}");
    one.iter().zip(other).for_each(|(one, other)| near(*one, *other, of));
}

/// Corrected figures have an error of another formula: the estimates differ by a part of it.
#[track_caller]
fn alike(one: &Estimate, other: &Estimate, of: &str) {
    let ends = |one: &Interval| [one.low, one.estimate, one.high];
    match (one, other) {
        (Estimate::Interval(one), Estimate::Interval(other)) => {
            assert_eq!(one.method, other.method, "{of}");
            if one.method == Method::ControlVariate {
                let half = one.half_width();
                let apart = (one.estimate - other.estimate).abs();
                assert!(apart <= 0.5 * half + 1e-12, "{of}: {one} and {other}");
                let ratio = if half > 0.0 { other.half_width() / half } else { 1.0 };
                assert!((0.6..1.6).contains(&ratio), "{of}: {one} and {other}");
            } else {
                all_near(&ends(one), &ends(other), of);
            }
        }
        (one, other) => assert_eq!(format!("{one:?}"), format!("{other:?}"), "{of}"),
    }
}

/// Compares all that a window reports.
fn same(one: &WindowResult, other: &WindowResult) {
    let name = &one.name;
    assert_eq!(
        (&one.name, one.replications, one.events),
        (&other.name, other.replications, other.events)
    );
    assert_eq!((one.beyond.is_some(), other.beyond.is_some()), (false, true), "{name}");
    assert_eq!(one.estimates.len(), other.estimates.len());
    for (at, (one, other)) in one.estimates.iter().zip(&other.estimates).enumerate() {
        alike(one, other, &format!("{name}, figure {at}"));
    }
    assert_eq!(format!("{:?}", one.pooled), format!("{:?}", other.pooled), "{name}");
    assert_eq!((one.unrest, &one.stopped), (other.unrest, &other.stopped), "{name}");
    assert_eq!(one.corrected, other.corrected, "{name}");
    assert_eq!(one.digests[..other.digests.len()], other.digests, "{name}");
    assert_eq!(one.verdict, other.verdict, "{name}");
    for (one, other) in one.classes.iter().zip(&other.classes) {
        assert_eq!(
            (one.class, one.verdict, one.unserved),
            (other.class, other.verdict, other.unserved)
        );
        all_near(
            &[one.in_flight.0, one.in_flight.1],
            &[other.in_flight.0, other.in_flight.1],
            name,
        );
    }
    for (one, other) in one.came.iter().zip(&other.came) {
        alike(&one.realised, &other.realised, name);
        assert_eq!(one.expected, other.expected);
    }
    all_near(&one.soundings, &other.soundings, name);
    assert_eq!(one.grid.len(), other.grid.len());
    one.grid.iter().zip(&other.grid).for_each(|(one, other)| all_near(one, other, name));
    assert_eq!(one.course, other.course, "{name}");
    assert_eq!(one.zones.len(), other.zones.len());
    for (one, other) in one.zones.iter().zip(&other.zones) {
        let figures = |zone: &fivenines::study::zones::ZoneUse| {
            [&zone.wanted, &zone.used, &zone.burst, &zone.capped_wait, &zone.steal]
                .map(Clone::clone)
        };
        figures(one).iter().zip(&figures(other)).for_each(|(one, other)| alike(one, other, name));
        near(one.held, other.held, name);
        assert_eq!(one.course.len(), other.course.len());
        for (one, other) in one.course.iter().zip(&other.course) {
            assert_eq!((one.from, one.until), (other.from, other.until));
            let cores = |cell: &fivenines::study::zones::ZoneCell| {
                [cell.wanted, cell.used, cell.capped_wait, cell.steal]
            };
            all_near(&cores(one), &cores(other), name);
        }
    }
    assert_eq!(one.scalers.len(), other.scalers.len());
    for (one, other) in one.scalers.iter().zip(&other.scalers) {
        assert_eq!((&one.name, one.course.len()), (&other.name, other.course.len()));
        for (one, other) in one.course.iter().zip(&other.course) {
            assert_eq!((one.from, one.until, one.range), (other.from, other.until, other.range));
            all_near(&[one.serving, one.paid], &[other.serving, other.paid], name);
        }
    }
}

/// Runs the windows of a scenario both ways.
fn both(text: &str, count: u64) -> Vec<WindowResult> {
    let loaded = loaded(text);
    let [kept, folded] = [u64::MAX, KEEP].map(|keep| {
        let groups = loaded.study.groups();
        let of = |group: &Group| {
            let seen = gathered(&loaded, group, count, keep);
            group.places().iter().copied().zip(seen).collect::<Vec<_>>()
        };
        let mut all: Vec<(usize, WindowResult)> = groups.iter().flat_map(of).collect();
        all.sort_by_key(|(at, _)| *at);
        let mut all: Vec<WindowResult> = all.into_iter().map(|(_, seen)| seen).collect();
        breaks::pair(&loaded.study.windows, &mut all);
        all
    });
    assert_eq!(kept.len(), folded.len());
    kept.iter().zip(&folded).for_each(|(one, other)| same(one, other));
    folded
}

/// A capped zone, a class that loses requests, and every figure of a window.
#[test]
fn a_window_has_the_same_figures() {
    let text = base("page").with(
        "[window.busy]\nlevel = \"6/s\"\nlength = \"20s\"\n[service.app]\nworkers = 4\nbacklog = 2\n\
         [request.page]\ndemands = { page = { dist = \"exponential\", mean = \"500ms\" } }",
    );
    let seen = both(&text, 24);
    let busy = seen.iter().find(|one| one.name == "busy").unwrap();
    assert!(busy.pooled.views[0].lost.iter().sum::<u64>() > 0, "some are lost");
    assert!(busy.corrected && !busy.zones.is_empty() && !busy.zones[0].course.is_empty());
}

/// Runs around a break have differences from the same interval without one.
#[test]
fn a_break_has_the_same_figures() {
    let text = base("page").with(
        "[site.main]\n[rack.r]\nsite = \"main\"\n[server.box]\nrack = \"r\"\n\
         [service.app]\nrestart = \"10s\"\n\
         [fault.oops]\nhits = \"service.app\"\nhow = \"crash\"\nrate = \"1/y\"\n\
         [window.broken]\nlevel = \"4/s\"\nbefore = \"5s\"\nafter = \"20s\"\nrepair = \"5s\"",
    );
    let seen = both(&text, 12);
    let down = seen.iter().find(|one| one.name.contains("/down:")).unwrap();
    assert!(down.course.iter().any(|paces| !paces.is_empty()), "it has a course");
}

/// Members of an autoscaler have the same course.
#[test]
fn members_have_the_same_course() {
    let text = base("scaler").with(
        "[window.crowd]\nlength = \"30s\"\n[scaler.grow]\nperiod = \"5s\"\n\
         launch = { provision = \"2s\", boot = \"1s\" }",
    );
    let seen = both(&text, 12);
    assert!(seen.iter().any(|one| one.scalers.iter().any(|scaler| !scaler.course.is_empty())));
}

/// Work that piles up, requests that run out of ids, and a part that is broken have the same verdict.
#[test]
fn verdicts_are_the_same() {
    let text = base("page").with(
        "[window.busy]\nlevel = \"30/s\"\nlength = \"20s\"\n[service.app]\nworkers = 4\nbacklog = 100000\n\
         [request.page]\ndemands = { page = { dist = \"exponential\", mean = \"500ms\" } }",
    );
    let seen = both(&text, 12);
    let verdicts: Vec<&str> = seen.iter().map(|one| one.verdict.word()).collect();
    assert!(verdicts.contains(&"BACKLOGGED") || verdicts.contains(&"OVERLOADED"), "{verdicts:?}");
}

/// Half a billion replications: the fold of replications 1,024 to 2,047 added to itself 19 times stands for 2¹⁹ such
/// ranges. Means stay, and half-widths shrink by the root of the number: √(2,048 ÷ 536,871,936) = 1.953 ⋅ 10⁻³.
#[test]
fn half_a_billion_replications_are_summed_without_loss() {
    const MANY: u64 = KEPT + (KEPT << 19);
    let text = base("page").with(
        "[window.busy]\nlength = \"200ms\"\nwarm-up = \"0s\"\n\
         [service.app]\nworkers = 4\nbacklog = 2",
    );
    let text = |count: u64| {
        text.replace("[window.busy]", &format!("[window.busy]\nreplications = {count}"))
    };
    let of = |count: u64, times: u32| {
        let loaded = loaded(&text(count));
        let (together, watch) = (Together::Window(0), Watch::default());
        let own = (KEPT, 2 * KEPT);
        let small = together.range(Portion { whole: own, own });
        let first: Vec<Piece> = (0..KEPT).map(|number| together.one(number)).collect();
        let pieces = [&first[..], &[small]].concat();
        let all = (Shard::new(1, 1).unwrap(), &pieces[..], false);
        let mut seen = loaded.study.live_some(&loaded.plan, all, None, &watch).unwrap().unwrap();
        let mut folds: Vec<Folded> = postcard::from_bytes(&seen.remove(&small).unwrap()).unwrap();
        for _ in 0..times {
            let other = folds.clone();
            folds.iter_mut().zip(&other).for_each(|(own, other)| own.merge(other));
        }
        let whole = (KEPT, count);
        let mut ranges = Ranges::default();
        ranges.add((together, Portion { whole, own: whole }), &encode(&folds)).unwrap();
        let work = Work::Parts(Parts::new(seen, ranges));
        let watch = Watch { work, ..Watch::default() };
        let mut windows = scenario::run(&loaded.plan, &loaded.study, &watch).unwrap().windows;
        assert!(watch.work.missing().is_empty());
        windows.remove(0)
    };
    let (few, many) = (of(2 * KEPT, 0), of(MANY, 19));
    assert_eq!((few.replications, many.replications), (2_048, 536_871_936));
    let root = (2_048.0 / 536_871_936.0_f64).sqrt();
    let mut seen = 0;
    for (few, many) in few.estimates.iter().zip(&many.estimates) {
        let (Estimate::Interval(few), Estimate::Interval(many)) = (few, many) else { continue };
        if !matches!(few.method, Method::StudentT | Method::ControlVariate) {
            continue;
        }
        // The first 1,024 count half in one, and nearly nothing in the other.
        let apart = (few.estimate - many.estimate).abs();
        assert!(apart <= 2.0 * few.half_width() + 1e-12, "{few} and {many}");
        if few.half_width() > 0.0 {
            let ratio = many.half_width() / few.half_width() / root;
            assert!((0.85..1.15).contains(&ratio), "{few} and {many}");
            seen += 1;
        }
    }
    assert!(seen > 0, "some figures have the interval of a mean");
    let views = |one: &WindowResult| one.pooled.views[0].intended;
    let (one, other) = (views(&few) as f64 / 2_048.0, views(&many) as f64 / 536_871_936.0);
    assert!((one / other - 1.0).abs() < 0.1, "{one} and {other} page views per replication");
}
