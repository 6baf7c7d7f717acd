//! Extents of a resilver: each is read from what has it, and written once.

use proptest::prelude::*;

use super::*;

const SECOND: SimDuration = SimDuration::SECOND;

fn resilver(mib: u64, sources: &[u32], is_striped: bool) -> Resilver {
    let mut resilver = Resilver::new(SECOND, mib << 20, sources, is_striped);
    resilver.phase_begins(SimTime::ZERO);
    resilver
}

fn next(resilver: &mut Resilver) -> Option<Vec<u32>> {
    let mut from = Vec::new();
    resilver.reads(&mut from).then_some(from)
}

#[test]
fn at_most_four_extents_are_under_way_until_they_are_written() {
    let mut one = resilver(10, &[3], false);
    assert_eq!(std::iter::from_fn(|| next(&mut one)).count(), 4);
    one.read(3);
    assert_eq!(next(&mut one), None, "it is not written yet");
    assert!(one.writes() && !one.writes());
    assert_eq!(next(&mut one), None);
    one.written();
    assert_eq!(next(&mut one), Some(vec![3]));
}

#[test]
fn a_mirror_reads_from_its_least_loaded_side() {
    let mut one = resilver(10, &[0, 2], false);
    let from: Vec<_> = std::iter::from_fn(|| next(&mut one)).flatten().collect();
    assert_eq!(from, [0, 2, 0, 2]);
    one.read(2);
    assert!(one.writes());
    one.written();
    assert_eq!(next(&mut one), Some(vec![2]));
}

#[test]
fn a_stripe_is_written_when_all_its_disks_are_read() {
    let mut one = resilver(2, &[0, 1, 3], true);
    assert_eq!(next(&mut one), Some(vec![0, 1, 3]));
    for disk in [0, 1] {
        one.read(disk);
        assert!(!one.writes());
    }
    one.read(3);
    assert!(one.writes());
}

/// 4.7: at least 3 s of work per group; then a resilver gives way to what presses, when its extents are written.
#[test]
fn a_phase_ends_when_something_presses_after_its_least_time() {
    let at = |millis: u64| SimTime::from_nanos(millis * 1_000_000);
    let mut one = Resilver::new(SimDuration::from_secs(3), 100 << 20, &[0], false);
    one.phase_begins(at(0));
    one.yields(at(2_999), true);
    assert_eq!(next(&mut one), Some(vec![0]));
    one.yields(at(4_000), false);
    assert_eq!(next(&mut one), Some(vec![0]));
    one.yields(at(4_000), true);
    assert_eq!(next(&mut one), None);
    assert!(!one.rests());
    for _ in 0..2 {
        one.read(0);
        assert!(one.writes());
        one.written();
    }
    assert!(one.rests() && !one.is_complete());
}

#[test]
fn a_resilver_goes_on_without_a_further_disk_that_fails() {
    let mut mirror = resilver(6, &[0, 2], false);
    while next(&mut mirror).is_some() {}
    mirror.loses(2);
    assert_eq!(next(&mut mirror), Some(vec![0]));
    let mut stripe = resilver(1, &[0, 1, 3], true);
    assert_eq!(next(&mut stripe), Some(vec![0, 1, 3]));
    stripe.read(0);
    stripe.read(1);
    stripe.loses(3);
    assert!(stripe.writes(), "parity stands for it");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever the order of ends, the losses and the failure of one source: exactly the extents there are, are written.
    #[test]
    fn each_extent_is_written_once(
        extents in 1_u64..40,
        is_striped: bool,
        steps in proptest::collection::vec((0_u8..20, 0_usize..4), 50..400),
    ) {
        let mut one = resilver(extents, &[0, 1, 2, 3], is_striped);
        let (mut reads, mut writes, mut written) = (Vec::new(), 0_u32, 0_u64);
        let mut all = steps.into_iter().chain(std::iter::repeat_with(|| (5, 0)));
        let mut failed = false;
        while !one.is_complete() {
            let (what, which) = all.next().unwrap_or((5, 0));
            match what {
                0 => {
                    // What was read or written and had not ended is moved again.
                    one.lost();
                    (reads, writes) = (Vec::new(), 0);
                    one.phase_begins(SimTime::ZERO);
                }
                1 if !failed => {
                    failed = true;
                    one.loses(3);
                    reads.retain(|disk| *disk != 3);
                }
                2 if !reads.is_empty() => one.read(reads.remove(which % reads.len())),
                3 if writes > 0 => {
                    one.written();
                    (writes, written) = (writes - 1, written + 1);
                }
                _ => {
                    let mut from = Vec::new();
                    while one.reads(&mut from) {
                        reads.extend(&from);
                    }
                    while let Some(disk) = reads.pop() {
                        one.read(disk);
                        while one.writes() {
                            writes += 1;
                        }
                    }
                    if writes > 0 {
                        one.written();
                        (writes, written) = (writes - 1, written + 1);
                    }
                }
            }
            while one.writes() {
                writes += 1;
            }
            prop_assert!(one.under_way() <= AT_ONCE);
        }
        prop_assert_eq!(written, extents);
    }
}
