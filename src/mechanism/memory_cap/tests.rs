//! The tests of the source's section on memory caps, by number, and invariants.
//!
//! Test 2 (pages that two zones map are charged to neither) has no counterpart: the language declares the memory of a zone's own.
//! Test 3 belongs to the user-level daemon of 2011 to 2017, which is not offered. Test 4 (a resize) is that of
//! `inside::machines` and `inside::mechanisms::memory`.

use proptest::prelude::*;

use super::*;

const GIB: u64 = (1 << 30) / PAGE;

/// 5.5 test 1: cap 1 GiB, 1.2 GiB touched. No allocation fails; the zone is over until less than 1 GiB - 8 MiB is resident.
#[test]
fn test_1_a_zone_over_its_cap_is_paged_out_to_below_the_cap_less_its_128th() {
    let mut zone = MemoryCap::new(GIB, 0);
    zone.uses(GIB * 6 / 5);
    assert_eq!(zone.resident(), GIB * 6 / 5, "no allocation fails");
    assert!(zone.is_over());
    assert_eq!(zone.scans(), 0, "clean pages are not written");
    assert!(!zone.is_over());
    assert!(zone.resident() < GIB - (8 << 20) / PAGE);
}

/// Dirty pages are written, at most 600 per wake-up: the flag stays up meanwhile, also below the cap.
#[test]
fn test_1_dirty_pages_leave_at_2_400_per_second() {
    let mut zone = MemoryCap::new(GIB, 500_000);
    zone.uses(GIB + 10_000);
    let (mut wakes, mut written) = (0_u64, 0);
    while zone.is_over() {
        let pages = zone.scans();
        assert!(pages <= 600);
        wakes += 1;
        written += u64::from(pages);
    }
    let taken = 10_000 + GIB / 128 + 1;
    assert_eq!(wakes, taken.div_ceil(1_200));
    assert_eq!(written, taken / 2);
    assert!(zone.resident() < GIB - GIB / 128);
}

/// 5.5 test 5: what a zone over its cap holds at most is soon its cap: the memory of its host that is free for others does not
/// shrink by more than the surplus of a quarter of a second.
#[test]
fn test_5_a_zone_over_its_cap_holds_its_cap() {
    let mut zone = MemoryCap::new(GIB, 0);
    zone.uses(2 * GIB);
    zone.scans();
    for _ in 0..100 {
        for _ in 0..1_000 {
            zone.page_in();
        }
        assert!(zone.resident() <= GIB + 1_000);
        zone.scans();
        assert!(zone.resident() <= GIB);
    }
}

/// What a zone used before is taken back already.
#[test]
fn a_zone_that_has_used_its_memory_for_long_is_not_over() {
    let zone = MemoryCap::settled(GIB, 0, 2 * GIB);
    assert!(!zone.is_over() && zone.resident() == GIB);
    assert_eq!(zone.faults(100, 0.0), 50);
    assert_eq!(MemoryCap::settled(GIB, 0, GIB / 2).faults(100, 0.999), 0);
}

#[test]
fn wake_ups_are_quarters_of_a_second() {
    let at = |millis: u64| SimTime::from_nanos(millis * 1_000_000);
    assert_eq!(MemoryCap::next_wake(at(0)), at(250));
    assert_eq!(MemoryCap::next_wake(at(249)), at(250));
    assert_eq!(MemoryCap::next_wake(at(250)), at(500));
}

/// Below the cap nothing faults; over it the share of touches that fault is that of the pages swapped out.
#[test]
fn faults_are_touches_times_the_share_that_is_swapped_out() {
    let mut zone = MemoryCap::new(GIB, 0);
    zone.uses(GIB);
    assert_eq!(zone.faults(1_000, 0.999), 0);
    zone.uses(2 * GIB);
    zone.scans();
    let share = 1.0 - zone.resident() as f64 / (2 * GIB) as f64;
    let mean = (0..1_000).map(|k| f64::from(zone.faults(100, f64::from(k) / 1_000.0))).sum::<f64>()
        / 1_000.0;
    assert!((mean - 100.0 * share).abs() < 0.01, "{mean}, not {}", 100.0 * share);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Resident ≤ used; a flag that is down means at most the cap, one that is up at least the cap less its 128th.
    #[test]
    fn resident_pages_are_bounded(
        cap in 0_u64..2_000,
        dirty in 0_u64..=1_000_000,
        steps in proptest::collection::vec((0_u8..3, 0_u64..5_000), 1..200),
    ) {
        let mut zone = MemoryCap::new(cap, dirty);
        for (what, pages) in steps {
            let before = zone.resident();
            match what {
                0 => zone.uses(pages),
                1 => zone.page_in(),
                _ => {
                    let written = zone.scans();
                    prop_assert!(u64::from(written) <= (before - zone.resident()).min(600) + 1);
                }
            }
            prop_assert!(zone.resident() <= zone.used);
            let least = cap - cap / 128;
            let is_right = if zone.is_over() { zone.resident() >= least } else { zone.resident() <= cap };
            prop_assert!(is_right);
            prop_assert!(zone.faults(100, 0.999) <= 100);
        }
    }
}
