//! Dirty data against the figures and the numbered tests of the mechanism's description.

use proptest::prelude::*;

use super::*;

const MIB: u64 = 1 << 20;
const LIMIT: u64 = 1000 * MIB;

fn tuning() -> Tuning {
    Tuning::of_shares(LIMIT, 0.2, 0.6)
}

fn at(micros: u64) -> SimTime {
    SimTime::from_nanos(micros * 1000)
}

/// 4.4: 65 % is 71 us, 70 % is 167 us, 80 % is 500 us, 90 % is 1.5 ms, 95 % is 3.5 ms, 99 % is 19.5 ms; 99.9 % is capped.
#[test]
fn the_delay_grows_hyperbolically_with_dirty_data() {
    let micros = |permille: u64| tuning().delay(LIMIT / 1000 * permille).map(|d| d.nanos() / 1000);
    let known = [(650, 71), (700, 166), (800, 500), (900, 1_500), (950, 3_500), (990, 19_500)];
    for (permille, delay) in known {
        assert_eq!(micros(permille), Some(delay), "at {permille} ‰");
    }
    assert_eq!(micros(600), None);
    assert_eq!(tuning().delay(LIMIT), Some(SimDuration::MAX));
    let mut pool = DirtyData::new(tuning(), at(0));
    assert!(pool.write(at(0), 0, LIMIT / 1000 * 999));
    assert!(!pool.write(at(0), 1, MIB));
    assert_eq!(pool.due(), at(100_000), "at 99.9 % the delay is capped");
}

/// 4.4: 3 below 30 % dirty, 10 above 60 %, linear between.
#[test]
fn more_writes_are_active_the_more_is_dirty() {
    let active = |percent: u64| tuning().active(LIMIT / 100 * percent);
    assert_eq!([0, 29, 30, 45, 59, 60, 100].map(active), [3, 3, 3, 6, 9, 10, 10]);
}

#[test]
fn the_limit_is_a_tenth_of_the_memory_and_at_most_4_gib() {
    assert_eq!(Tuning::limit_of(20 << 30), 2 << 30);
    assert_eq!(Tuning::limit_of(64 << 30), 4 << 30);
}

#[test]
fn a_group_syncs_after_its_timeout_or_when_a_fifth_of_the_limit_is_dirty() {
    let mut pool = DirtyData::new(tuning(), at(0));
    assert!(pool.write(at(1), 0, MIB));
    assert!(!pool.sync_is_due(at(4_999_999), false));
    assert!(pool.sync_is_due(at(5_000_000), false));
    assert_eq!(pool.due(), at(5_000_000));
    assert!(pool.write(at(2), 0, 199 * MIB));
    assert!(!pool.sync_is_due(at(2), false), "exactly a fifth");
    assert!(pool.write(at(3), 0, 1));
    assert!(pool.sync_is_due(at(3), false));
    assert_eq!(pool.sync_begins(at(3)), 200 * MIB + 1);
    assert!(pool.write(at(4), 0, 300 * MIB));
    assert!(!pool.sync_is_due(at(4), false), "one group syncs at a time");
    assert!(pool.written(at(5), 200 * MIB + 1).is_empty());
    pool.sync_ends();
    assert!(pool.sync_is_due(at(5), false), "more than a fifth has come meanwhile");
}

#[test]
fn writers_that_sleep_wake_up_one_after_the_other() {
    let mut pool = DirtyData::new(tuning(), at(0));
    assert!(pool.write(at(0), 0, LIMIT / 100 * 80));
    for writer in 1..=3 {
        assert!(!pool.write(at(1_000), writer, 1));
    }
    assert_eq!(pool.due(), at(1_500));
    assert!(pool.wake(at(1_499)).is_empty());
    let woken = pool.wake(at(2_000));
    assert_eq!(woken.iter().map(|joined| joined.write).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(pool.due(), at(2_500));
    pool.forget(|writer| *writer == 3);
    assert_eq!(pool.due(), at(5_000_000));
}

#[test]
fn at_the_limit_writers_wait_until_less_is_dirty() {
    let mut pool = DirtyData::new(tuning(), at(0));
    assert!(pool.write(at(0), 0, LIMIT));
    assert!(!pool.write(at(0), 1, MIB));
    assert!(!pool.write(at(0), 2, MIB));
    assert!(pool.is_full());
    pool.sync_begins(at(0));
    assert!(pool.written(at(1), 0).is_empty(), "nothing has been written");
    // Back at 80 %: a delay of 500 us is over for writers that came at 0.
    let joined = pool.written(at(1_000_000), LIMIT / 5);
    assert_eq!(joined.iter().map(|joined| joined.write).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(joined[0].waited, SimDuration::SECOND);
}

/// The disks are stalled for 10 s at the limit: a writer that waited so long has nothing left to sleep.
#[test]
fn a_writer_that_waited_longer_than_its_sleep_joins_at_once() {
    let mut pool = DirtyData::new(tuning(), at(0));
    assert!(pool.write(at(0), 0, LIMIT));
    assert!(!pool.write(at(1), 1, MIB));
    assert_eq!(pool.sync_begins(at(2)), LIMIT);
    let now = at(10_000_000);
    let joined = pool.written(now, MIB);
    assert_eq!(joined.iter().map(|joined| joined.write).collect::<Vec<_>>(), [1]);
    assert!(pool.due() >= now, "nothing is due in the past");
}

#[test]
fn a_loss_leaves_no_dirty_data_and_returns_the_writers() {
    let mut pool = DirtyData::new(tuning(), at(0));
    assert!(pool.write(at(0), 0, LIMIT / 10 * 9));
    assert!(!pool.write(at(0), 1, LIMIT));
    pool.wake(at(200_000));
    assert!(!pool.write(at(200_000), 2, MIB));
    pool.sync_begins(at(200_000));
    assert_eq!(pool.clear(at(300_000)), [2]);
    assert_eq!((pool.dirty(), pool.due()), (0, at(5_300_000)));
}

/// A disk that writes 8 KiB every `each` microseconds, and writers in a loop without a pause.
struct Loop {
    pool: DirtyData<u32>,
    now: u64,
    each: u64,
    written: u64,
    delays: Vec<(u64, u64)>,
    lowest: u64,
    highest: u64,
}

const BLOCK: u64 = 8 << 10;

impl Loop {
    fn joins(&mut self, joined: Vec<Joined<u32>>, ready: &mut Vec<u32>) {
        for joined in joined {
            self.delays.push((self.pool.dirty(), joined.waited.nanos() / 1000));
            ready.push(joined.write);
        }
    }

    /// Runs until `until`; each writer writes as soon as it can, and at most every 10 us.
    fn run(&mut self, writers: u32, until: u64, counted_from: u64) {
        let mut ready: Vec<u32> = (0..writers).collect();
        let mut next_done = u64::MAX;
        while self.now < until {
            self.now += 10;
            let now = at(self.now);
            if self.pool.syncs() && self.now >= next_done {
                self.written += u64::from(self.now >= counted_from);
                next_done += self.each;
                let joined = self.pool.written(now, BLOCK);
                self.joins(joined, &mut ready);
                if self.pool.left == 0 {
                    self.pool.sync_ends();
                }
            }
            let joined = self.pool.wake(now);
            self.joins(joined, &mut ready);
            let pool = &mut self.pool;
            ready.retain(|writer| pool.write(now, *writer, BLOCK));
            if pool.sync_is_due(now, false) && pool.sync_begins(now) > 0 {
                next_done = self.now + self.each;
            }
            if self.now >= counted_from {
                self.lowest = self.lowest.min(self.pool.dirty());
                self.highest = self.highest.max(self.pool.dirty());
            }
        }
    }
}

/// 4.8 test 5, on the mechanism alone: two disks of 8 ms as one that writes every 4 ms, 16 writers, a limit of 16 MiB.
#[test]
fn test_5_above_the_disk_rate_dirty_data_settles_below_its_limit() {
    let limit = 16 * MIB;
    let pool = DirtyData::new(Tuning::of_shares(limit, 0.2, 0.6), at(0));
    let delays = Vec::new();
    let mut system =
        Loop { pool, now: 0, each: 4_000, written: 0, delays, lowest: u64::MAX, highest: 0 };
    system.run(16, 60_000_000, 20_000_000);
    let (lowest, highest) = (system.lowest * 100 / limit, system.highest * 100 / limit);
    assert!(lowest >= 60 && highest < 100, "{lowest} to {highest} % of the limit");
    assert!((9_960..=10_000).contains(&system.written), "{} in 40 s, 250/s", system.written);
    // Writers are serialised: with an arrival every 4 ms the delay of one is 4 ms, which is the curve at
    // (1 - d) / (d - 0.6) = 0.5 / 4, d = 95.6 %.
    assert!((945..=965).contains(&(system.highest * 1000 / limit)), "{}", system.highest);
    assert!(system.delays.len() > 5_000);
}

proptest! {
    /// Whatever comes: dirty data is what joined less what was written, and writers that sleep keep their order.
    #[test]
    fn dirty_data_is_conserved(steps in prop::collection::vec((0_u64..2_000, 1_u64..40, 0_u8..3), 1..200)) {
        let mut pool = DirtyData::new(Tuning::of_shares(1000, 0.2, 0.6), at(0));
        let (mut now, mut joined, mut written, mut number) = (0, 0, 0, 0_u32);
        let mut sizes = Vec::new();
        for (gap, bytes, what) in steps {
            now += gap;
            let mut through = pool.wake(at(now));
            match what {
                0 => {
                    sizes.push(bytes);
                    if pool.write(at(now), number, bytes) {
                        joined += bytes;
                    }
                    number += 1;
                }
                1 if pool.syncs() => {
                    let bytes = bytes.min(pool.left);
                    written += bytes;
                    through.extend(pool.written(at(now), bytes));
                    if pool.left == 0 {
                        pool.sync_ends();
                    }
                }
                _ if pool.sync_is_due(at(now), false) => {
                    pool.sync_begins(at(now));
                }
                _ => {}
            }
            for one in through {
                joined += sizes[one.write as usize];
            }
            prop_assert_eq!(pool.dirty(), joined - written);
        }
        let wakes: Vec<SimTime> = pool.asleep.iter().map(|(wake, _)| *wake).collect();
        prop_assert!(wakes.is_sorted());
    }
}
