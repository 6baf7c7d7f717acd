//! The intent log against the numbered tests of the mechanism's description.

use super::*;

fn at(micros: u64) -> SimTime {
    SimTime::from_nanos(micros * 1000)
}

/// Ends the issue, one write and one flush of `block`; returns the writers that go on.
fn completes(log: &mut IntentLog<u32>, now: SimTime, block: u32) -> Vec<u32> {
    log.begins(block, 0);
    assert_eq!(log.ends(now, block), Ended::Nothing);
    assert_eq!(log.ends(now, block), Ended::Flush(vec![0]));
    log.begins(block, 0);
    let Ended::Durable(writers) = log.ends(now, block) else { panic!("it is durable") };
    writers
}

/// 4.8 test 4, on the mechanism alone: one writer, a log write of 900 us and a flush of 100 us. The block is open for 5 % of
/// the time of the one before, so a commit takes 1.05 ms, not 1 ms as test 4 says.
#[test]
fn test_4_one_writer_commits_at_the_rate_of_write_and_flush() {
    let mut log = IntentLog::new(1);
    let (mut now, mut commits) = (0, 0);
    while now < 10_000_000 {
        let (_, mut issues) = log.commit(at(now), 0, 7, 8 << 10);
        if issues.is_empty() {
            now = log.due().nanos() / 1000;
            issues = log.ring(at(now));
        }
        let [issue] = issues[..] else { panic!("one block at a time") };
        now += 1_000;
        assert_eq!(completes(&mut log, at(now), issue.block), [7]);
        commits += 1;
    }
    assert!((9_523..=9_525).contains(&commits), "{commits} in 10 s");
}

#[test]
fn commits_share_the_block_that_is_open() {
    let mut log = IntentLog::new(2);
    let (first, issues) = log.commit(at(0), 0, 1, RECORD);
    assert_eq!(
        issues,
        [Issue { block: first, set: 0, bytes: RECORD }],
        "nothing is known of the time of a block"
    );
    assert_eq!(completes(&mut log, at(1_000), first), [1]);
    let (second, issues) = log.commit(at(1_000), 0, 2, RECORD);
    assert!(issues.is_empty());
    assert_eq!(log.due(), at(1_050));
    assert_eq!(log.commit(at(1_020), 0, 3, RECORD), (second, vec![]));
    let (other, issues) = log.commit(at(1_020), 1, 4, RECORD);
    assert_eq!(issues.len(), 1, "another data set has a log of its own");
    assert!(log.ring(at(1_049)).is_empty());
    assert_eq!(log.ring(at(1_050)), [Issue { block: second, set: 0, bytes: 2 * RECORD }]);
    assert_eq!(completes(&mut log, at(1_100), other), [4]);
    assert_eq!(completes(&mut log, at(1_150), second), [2, 3]);
    assert!(log.is_empty());
}

#[test]
fn a_full_block_is_issued_and_blocks_end_in_their_order() {
    let mut log = IntentLog::new(1);
    let (first, _) = log.commit(at(0), 0, 0, 1);
    completes(&mut log, at(1_000_000), first);
    let (a, issues) = log.commit(at(1_000_000), 0, 1, 100 << 10);
    assert!(issues.is_empty());
    let (b, issues) = log.commit(at(1_000_001), 0, 2, 100 << 10);
    assert_eq!(issues, [Issue { block: a, set: 0, bytes: 100 << 10 }]);
    assert_eq!(log.ring(at(1_060_000)), [Issue { block: b, set: 0, bytes: 100 << 10 }]);
    assert_eq!(completes(&mut log, at(1_061_000), b), [0; 0], "the block before it is not durable");
    assert_eq!(completes(&mut log, at(1_062_000), a), [1, 2]);
}

#[test]
fn data_in_place_and_the_block_end_before_the_flush_of_all_their_disks() {
    let mut log = IntentLog::new(1);
    let (block, issues) = log.commit(at(0), 0, 1, RECORD);
    assert_eq!(issues.len(), 1);
    log.begins(block, 4);
    log.begins(block, 5);
    log.begins(block, 2);
    assert_eq!(log.ends(at(0), block), Ended::Nothing, "the issue");
    assert_eq!(log.ends(at(1), block), Ended::Nothing);
    assert_eq!(log.ends(at(2), block), Ended::Nothing);
    assert_eq!(log.ends(at(3), block), Ended::Flush(vec![4, 5, 2]));
    [4, 5, 2].into_iter().for_each(|disk| log.begins(block, disk));
    assert_eq!(log.ends(at(4), block), Ended::Nothing);
    log.forget(|writer| *writer == 1);
    assert_eq!(log.ends(at(4), block), Ended::Nothing);
    assert_eq!(log.ends(at(5), block), Ended::Durable(vec![]));
}

#[test]
fn a_loss_returns_the_writers_and_later_ends_have_no_effect() {
    let mut log = IntentLog::new(1);
    let (block, _) = log.commit(at(0), 0, 1, RECORD);
    log.begins(block, 0);
    assert_eq!(log.clear(), [1]);
    assert_eq!(log.ends(at(1), block), Ended::Nothing);
    assert_eq!(log.due(), SimTime::NEVER);
    let (next, issues) = log.commit(at(2), 0, 2, RECORD);
    assert!(next != block && issues.len() == 1);
}
