//! Backups and restores against renewal theory, and against a list of all backups.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::declare::{Automaton, Effect, Expr, Fate, Length, State, Timer, Transition};
use super::super::restore::{Backups, Corruptions, Found, Good, Restore};
use super::*;
use crate::engine::draw::Key;

const DAY: f64 = 86_400.0;

fn days(days: f64) -> SimDuration {
    SimDuration::from_seconds_f64(days * DAY)
}

fn nightly(usable: f64, kept: Option<f64>) -> Restore {
    let backups = Backups {
        name: "nightly/db".into(),
        first: at(3.0 * 3_600.0),
        every: Some(SimDuration::DAY),
        lasts: SimDuration::ZERO,
        kept: kept.map(days),
        usable,
    };
    let copy = SimDuration::from_secs(3_600);
    Restore {
        backups: vec![backups],
        begin: None,
        copy,
        replay: None,
        archived: None,
        without: None,
    }
}

fn fresh(restore: &Restore, replication: u64) -> Corruptions {
    Corruptions::new(&Arc::new(restore.clone()), Seed(1), Lineage::replication(replication))
}

/// Corrupts at an instant that does not depend on the schedule, and finds it after `found` days, many times.
fn found_after(restore: &Restore, found: f64, times: u64) -> Vec<Found> {
    let key = Key::derive(Seed(7), Lineage::replication(0), "corrupted", "test");
    let one = |number| {
        let since = 100.0 + 1_000.0 * key.uniform(number, 0);
        let mut all = fresh(restore, number);
        all.corrupted(at(since * DAY));
        all.found(at((since + found) * DAY))
    };
    (0..times).map(one).collect()
}

/// The mean age at the corruption is T/2 + T (1 - p) / p: uniform in a period, and a geometric number of unusable ones.
#[test]
fn the_newest_usable_backup_is_as_old_as_renewal_theory_says() {
    for usable in [1.0, 0.9, 0.5] {
        let restore = nightly(usable, None);
        let all = found_after(&restore, 3.0, 20_000);
        let lost = all.iter().map(|one| restore.lost(one).unwrap().seconds() / DAY);
        let mean = lost.sum::<f64>() / all.len() as f64;
        let expected = 0.5 + (1.0 - usable) / usable + 3.0;
        let sd = (1.0 / 12.0 + (1.0 - usable) / usable / usable).sqrt();
        let off = (mean - expected) / (sd / (all.len() as f64).sqrt());
        assert!(off.abs() < 4.0, "usable {usable}: {mean} d of {expected} d");
    }
}

/// Kept for 14 days and found after 7, there are 7 backups to try: all are unusable with probability (1 - p)^7, and the
/// number of unusable ones before the first usable one is geometric up to 6.
#[test]
fn backups_that_are_deleted_lose_data_for_good() {
    let (usable, tries) = (0.3_f64, 7_u32);
    let restore = nightly(usable, Some(14.0));
    let all = found_after(&restore, 7.0, 20_000);
    let gone = all.iter().filter(|one| one.good.is_none()).count() as f64 / all.len() as f64;
    let unusable = |times: u32| libm::pow(0.7, f64::from(times));
    let expected = unusable(tries);
    let sd = (expected * (1.0 - expected) / all.len() as f64).sqrt();
    assert!((gone - expected).abs() < 4.0 * sd, "{gone} of {expected}");
    let lost: Vec<f64> =
        all.iter().filter_map(|one| Some(restore.lost(one)?.seconds() / DAY)).collect();
    let mean = lost.iter().sum::<f64>() / lost.len() as f64;
    let skipped: f64 =
        (0..tries).map(|skipped| f64::from(skipped) * usable * unusable(skipped)).sum();
    let expected = 7.0 + 0.5 + skipped / (1.0 - expected);
    assert!((mean - expected).abs() < 0.06, "{mean} d of {expected} d");
    assert!(lost.iter().all(|lost| *lost <= 14.0));
}

/// With a log only what was written after the corruption is lost; the log since the backup takes its time.
#[test]
fn a_log_is_replayed_up_to_the_corruption() {
    let restore = Restore { replay: Some(24.0), ..nightly(1.0, None) };
    let good = Good { before: days(0.5), age: days(3.5) };
    let found = Found { good: Some(good), after: days(3.0) };
    assert_eq!(restore.lost(&found), Some(days(3.0)));
    assert_eq!(restore.length(&found, 0.5), SimDuration::from_secs(3_600 + 1_800));
    let gone = Found { good: None, ..found };
    assert_eq!(restore.lost(&gone), None);
    assert_eq!(restore.length(&gone, 0.5), SimDuration::from_secs(3_600));
    let salvaged = Restore { without: Some(fixed(7.0 * DAY)), ..restore };
    assert_eq!(salvaged.length(&gone, 0.5), days(7.0));
}

/// The log is archived each 6 h, and lost with the disks: of a loss at 10 d 15 h, the backup of 3 h and the log up to 12 h
/// are left. Of a loss at 10 d 5 h the backup is younger than the archived log. Archived at once, nothing is lost.
#[test]
fn a_log_that_is_lost_with_the_disks_is_replayed_as_far_as_it_is_archived() {
    let hours = |hours: u64| SimDuration::from_secs(3_600 * hours);
    let archived = |every: u64, at_hour: f64| {
        let restore =
            Restore { replay: Some(9.0), archived: Some(hours(every)), ..nightly(1.0, None) };
        let mut all = fresh(&restore, 0);
        all.corrupted(at(10.0 * DAY + at_hour * 3_600.0));
        let found = all.found(at(10.0 * DAY + at_hour * 3_600.0));
        (restore.lost(&found).unwrap(), restore.length(&found, 0.5), found.good.unwrap().age)
    };
    assert_eq!(archived(6, 15.0), (hours(3), hours(1) + hours(1), hours(12)));
    assert_eq!(archived(6, 5.0), (hours(2), hours(1), hours(2)));
    assert_eq!(archived(0, 21.0), (SimDuration::ZERO, hours(1) + hours(2), hours(18)));
}

/// A backup that began during an earlier corruption has its data, and one under way when the corruption is found is not
/// complete.
#[test]
fn backups_of_corrupted_data_and_incomplete_ones_are_not_used() {
    let mut restore = nightly(1.0, None);
    let mut all = fresh(&restore, 0);
    all.corrupted(at(10.0 * DAY));
    let found = all.found(at(12.5 * DAY));
    assert_eq!(found.good.unwrap().age, days(2.5 + 0.875));
    assert_eq!(all.found(at(13.0 * DAY)), found, "the first discovery counts");
    all.ends(at(13.0 * DAY));
    // The newest three began in the corruption that was restored on day 13.
    all.corrupted(at(13.05 * DAY));
    assert_eq!(all.found(at(13.06 * DAY)).good.unwrap().age, days(13.06 - 9.125));
    restore.backups[0].lasts = SimDuration::from_secs(6 * 3_600);
    let mut all = fresh(&restore, 0);
    all.corrupted(at(10.2 * DAY));
    assert_eq!(all.found(at(10.3 * DAY)).good.unwrap().age, days(10.3 - 9.125));
    // A corruption at the instant at which a backup begins is in it.
    let mut all = fresh(&nightly(1.0, None), 0);
    all.corrupted(at(10.125 * DAY));
    assert_eq!(all.found(at(10.125 * DAY)).good.unwrap().age, SimDuration::DAY);
}

/// Returns an automaton that is corrupted with `onset`.
fn corrupts(onset: Timer, found: DurationLaw, restore: Restore, able: Expr) -> Automaton {
    let states = vec![
        State::serving("armed"),
        State::serving("corrupt"),
        State::failed("restoring", Effect::Refuse),
    ];
    let anew = Fate::Restart { redraw: false };
    let back = Timer::of_length("back", Length::Restore(Arc::new(restore)), anew);
    Automaton::new("db", states)
        .transition(Transition::on(&onset.name, &["armed"], "corrupt"))
        .transition(Transition::on("found", &["corrupt"], "restoring"))
        .transition(Transition::on("back", &["restoring"], "armed"))
        .timer(onset)
        .timer(Timer::of_length("found", Length::Discovery(found), Fate::Resume))
        .timer(back.guarded(able))
}

/// Counts the restores, and the time that they take.
#[derive(Default)]
struct Counts {
    restores: u32,
    since: SimTime,
    down: f64,
}

impl Listener for Counts {
    fn moved(&mut self, moved: &Moved) {
        match moved.to.0 {
            2 => {
                self.restores += 1;
                self.since = moved.at;
            }
            0 => self.down += moved.at.since(self.since).seconds(),
            _ => {}
        }
    }
}

/// Corruptions alternate with what they take: 1 / (1/λ + E F + E R) per year, with E R = copy + (T/2 + T (1 - p) / p) / speed.
#[test]
fn corruptions_and_restores_alternate_as_often_as_their_means_say() {
    let restore = Restore { replay: Some(8.0), ..nightly(0.5, None) };
    let onset = Timer::new("onset", exponential(20.0 * DAY));
    let mut declaration = Declaration::new();
    declaration.add(corrupts(onset, exponential(5.0 * DAY), restore, Expr::Always));
    let net = compile(&declaration);
    let mut counts = Counts::default();
    let horizon = 60_000.0;
    start(&net).advance(at(horizon * DAY), &mut counts).unwrap();
    let length = 1.0 / 24.0 + 1.5 / 8.0;
    let (restores, expected) = (f64::from(counts.restores), horizon / (20.0 + 5.0 + length));
    let sd = (expected * (400.0 + 25.0)).sqrt() / (25.0 + length);
    assert!((restores - expected).abs() < 4.0 * sd, "{restores} of {expected}");
    let mean = counts.down / DAY / restores;
    let sd = (1.0_f64 / 12.0 + 2.0).sqrt() / 8.0 / restores.sqrt();
    // Backups that began during the corruption before are skipped as well: a few per cent of the mean at most.
    assert!(mean > length - 4.0 * sd && mean < 1.5 * length, "{mean} d of {length} d");
}

/// A restore that is interrupted begins anew, from the same backup.
#[test]
fn an_interrupted_restore_begins_anew_from_the_same_backup() {
    let hour = 3_600.0;
    let host =
        Automaton::new("host", vec![State::serving("up"), State::failed("down", Effect::Refuse)])
            .timer(Timer::clock("fails", at(100.5 * hour), None))
            .transition(Transition::on("fails", &["up"], "down"))
            .timer(Timer::new("repaired", fixed(2.0 * hour)))
            .transition(Transition::on("repaired", &["down"], "up"))
            .fact("alive", Expr::within(&["up"]));
    let restore = Restore { replay: Some(9.0), ..nightly(1.0, None) };
    let mut declaration = Declaration::new();
    declaration.add(host);
    let onset = Timer::clock("onset", at(90.0 * hour), None);
    declaration.add(corrupts(onset, fixed(10.0 * hour), restore, Expr::of("host", "alive")));
    let lines = story(&declaration, 1_000.0 * hour);
    // The backup at 75 h is 15 h old at the corruption: 1 h + 15/9 h from 102.5 h on.
    let back = at(102.5 * hour + hour + 15.0 / 9.0 * hour).to_string();
    assert!(
        lines.iter().any(|line| line.starts_with(&format!("{back} db: restoring"))),
        "{lines:#?}"
    );
}

/// A trajectory that is exported while the data are corrupted continues as the undisturbed one.
#[test]
fn a_corruption_is_exported_with_its_begin() {
    let restore = Restore { replay: Some(2.0), ..nightly(0.3, None) };
    let onset = Timer::new("onset", exponential(20.0 * DAY));
    let mut declaration = Declaration::new();
    declaration.add(corrupts(onset, exponential(15.0 * DAY), restore, Expr::Always));
    let net = compile(&declaration);
    for day in [30.0, 45.0, 60.0, 200.0] {
        let mut kernel = start(&net);
        kernel.advance(at(day * DAY), &mut ()).unwrap();
        let mut other =
            Kernel::import(&net, Seed(1), Lineage::replication(0), &kernel.export()).unwrap();
        let (mut one, mut two) = (Log::new(&net), Log::new(&net));
        kernel.advance(at(2_000.0 * DAY), &mut one).unwrap();
        other.advance(at(2_000.0 * DAY), &mut two).unwrap();
        assert!(one.lines.len() > 10);
        assert_eq!(one.lines, two.lines, "exported on day {day}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// The newest good one of all backups of up to two schedules is taken.
    #[test]
    fn the_backup_is_the_newest_good_one_of_a_list(
        schedules in prop::collection::vec(
            (0_u64..50, prop::option::of(1_u64..30), 0_u64..20, prop::option::of(1_u64..100)),
            0..3,
        ),
        earlier in (1_u64..200, 0_u64..50, 0_u64..20),
        since in 300_u64..400,
        after in 0_u64..60,
    ) {
        let hours = |hours: u64| SimDuration::from_secs(3_600 * hours);
        let backups: Vec<Backups> = schedules.iter().enumerate().map(|(at, one)| Backups {
            name: at.to_string(),
            first: SimTime::ZERO + hours(one.0),
            every: one.1.map(hours),
            lasts: hours(one.2),
            kept: one.3.map(hours),
            usable: 1.0,
        }).collect();
        let restore = Restore { backups, ..nightly(1.0, None) };
        let mut all = fresh(&restore, 0);
        let (spoilt, found) = ((earlier.0, earlier.0 + earlier.1 + earlier.2), since + after);
        all.corrupted(SimTime::ZERO + hours(spoilt.0));
        all.found(SimTime::ZERO + hours(earlier.0 + earlier.1));
        all.ends(SimTime::ZERO + hours(spoilt.1));
        all.corrupted(SimTime::ZERO + hours(since));
        let seen = all.found(SimTime::ZERO + hours(found));
        let mut newest: Option<i64> = None;
        let signed = |hours: u64| i64::try_from(hours).unwrap();
        for (first, every, lasts, kept) in &schedules {
            for number in -1_000_i64..1_000 {
                let begun = signed(*first) + number * every.map_or(0, signed);
                let old = signed(found) - begun;
                let good = begun < signed(since)
                    && begun + signed(*lasts) <= signed(found)
                    && kept.is_none_or(|kept| old <= signed(kept))
                    && !(signed(spoilt.0) <= begun && begun < signed(spoilt.1));
                if good {
                    newest = newest.max(Some(begun));
                }
            }
        }
        let age = newest.map(|begun| hours(u64::try_from(signed(found) - begun).unwrap()));
        prop_assert_eq!(seen.good.map(|good| good.age), age);
        prop_assert_eq!(seen.after, hours(after));
    }
}
