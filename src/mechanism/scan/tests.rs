//! Phases and reads of a scan.

use super::*;

fn at(millis: u64) -> SimTime {
    SimTime::from_nanos(millis * 1_000_000)
}

fn scan(disks: u32, mib: u64) -> Scan {
    Scan::new(at(0), SimDuration::SECOND, disks, mib << 20)
}

#[test]
fn a_disk_has_at_most_four_reads_at_once() {
    let mut scan = scan(2, 10);
    assert!(!scan.reads(0), "no phase has begun");
    scan.phase_begins(at(0));
    assert_eq!((0..10).filter(|_| scan.reads(0)).count(), 4);
    scan.done(0);
    assert!(scan.reads(0) && !scan.reads(0));
    assert_eq!((0..10).filter(|_| scan.reads(1)).count(), 4);
}

/// 4.7: at least 1 s of scan work per group, whatever presses.
#[test]
fn a_phase_works_for_its_least_time_and_then_as_long_as_nothing_presses() {
    let mut scan = scan(1, 100);
    scan.phase_begins(at(500));
    scan.yields(at(1_499), true);
    assert!(scan.works());
    scan.yields(at(4_000), false);
    assert!(scan.works());
    assert!(scan.reads(0));
    scan.yields(at(4_001), true);
    assert!(!scan.works() && !scan.reads(0) && !scan.rests());
    scan.done(0);
    assert!(scan.rests() && !scan.is_complete());
}

#[test]
fn each_disk_reads_its_part_once_and_again_what_was_lost() {
    let mut scan = scan(1, 6);
    let mut reads = 0;
    while !scan.is_complete() {
        scan.phase_begins(at(reads));
        while scan.reads(0) {
            reads += 1;
        }
        if reads == 4 {
            scan.lost();
            assert!(scan.rests());
            continue;
        }
        while !scan.rests() {
            scan.done(0);
        }
    }
    assert_eq!(reads, 10, "four were lost");
    assert_eq!(scan.began(), at(0));
}
