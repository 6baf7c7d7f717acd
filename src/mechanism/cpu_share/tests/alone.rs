//! Phases that run alone against the same phases that all share.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::reference::{Op, limits, op};
use super::*;

/// A server and the phases on it.
struct Player {
    cpu: CpuShare,
    nominal: f64,
    /// True if phases may run alone.
    alone_too: bool,
    now: SimTime,
    next_phase: u32,
    alone: BTreeMap<u32, (usize, SimTime)>,
    shared: BTreeMap<u32, (usize, PhaseHandle)>,
    ends: Vec<(SimTime, u32)>,
    /// Phases that began alone, and the number of them that had to share later.
    begun_alone: usize,
    taken_in: usize,
}

impl Player {
    fn new(nominal: f64, zones: &[ZoneLimits], alone_too: bool) -> Self {
        Self {
            cpu: CpuShare::new(cores(nominal), zones),
            nominal,
            alone_too,
            now: SimTime::ZERO,
            next_phase: 0,
            alone: BTreeMap::new(),
            shared: BTreeMap::new(),
            ends: Vec::new(),
            begun_alone: 0,
            taken_in: 0,
        }
    }

    fn next(&self) -> Option<SimTime> {
        let alone = self.alone.values().map(|(_, due)| *due).min();
        alone.into_iter().chain(self.cpu.next_due()).min()
    }

    fn take_in(&mut self) {
        for (phase, handle) in self.cpu.taken_in() {
            let (zone, _) = self.alone.remove(&phase).expect("who is taken in ran by itself");
            self.shared.insert(phase, (zone, handle));
            self.taken_in += 1;
        }
    }

    fn fetch(&mut self) {
        for phase in self.cpu.advance(self.now) {
            self.shared.remove(&phase).expect("who is done was there");
            self.ends.push((self.now, phase));
        }
        self.take_in();
    }

    fn step(&mut self, at: SimTime) {
        self.now = at;
        self.fetch();
        let due: Vec<u32> =
            self.alone.iter().filter(|(_, at)| at.1 == self.now).map(|(p, _)| *p).collect();
        for phase in due {
            let (zone, due) = self.alone.remove(&phase).expect("it is there");
            assert_eq!(self.cpu.end_alone(self.now, zone, phase), due);
            self.ends.push((self.now, phase));
        }
    }

    fn start(&mut self, zone: usize, work: u64, most: f64) {
        let (phase, work) = (self.next_phase, Work::from_core_nanos(work));
        self.next_phase += 1;
        if self.alone_too
            && most == 1.0
            && let Some(due) = self.cpu.start_alone(self.now, zone, phase, work)
        {
            self.alone.insert(phase, (zone, due));
            self.begun_alone += 1;
            return;
        }
        let handle = self.cpu.runnable(self.now, zone, phase, work, cores(most));
        self.shared.insert(phase, (zone, handle));
    }

    /// Cancels one phase; a phase that is done at this very instant ends instead.
    fn cancel(&mut self, nth: usize) {
        let present: BTreeSet<u32> = self.shared.keys().chain(self.alone.keys()).copied().collect();
        let Some(at) = nth.checked_rem(present.len()) else { return };
        let phase = *present.iter().nth(at).expect("it is one of them");
        let left = match (self.shared.get(&phase), self.alone.get(&phase)) {
            (Some((zone, handle)), _) => {
                self.cpu.cancel(self.now, *zone, *handle).map_or(0, Work::core_nanos)
            }
            (None, Some((zone, _))) => {
                (self.cpu.end_alone(self.now, *zone, phase) - self.now).nanos()
            }
            (None, None) => unreachable!("it is present"),
        };
        // No work left, but not yet fetched: it is returned with the others that are done.
        let fetched_later = left == 0 && self.shared.contains_key(&phase);
        if !fetched_later {
            self.alone.remove(&phase);
            self.shared.remove(&phase);
            if left == 0 {
                self.ends.push((self.now, phase));
            }
        }
    }

    fn apply(&mut self, op: &Op, zones: usize) {
        match *op {
            Op::Start { zone, work, most } => self.start(zone % zones, work, most),
            Op::Cancel { nth } => self.cancel(nth),
            Op::CancelAll { zone } => {
                let mut gone = Vec::new();
                self.cpu.cancel_all(self.now, zone % zones, &mut gone);
                self.take_in();
                for (phase, _) in gone {
                    self.shared.remove(&phase).expect("who is gone was there");
                }
            }
            Op::Limits { zone, ref limits } => self.cpu.limits(self.now, zone % zones, limits),
            Op::Capacity { share } => {
                let usable = cores(share * self.nominal);
                self.cpu.capacity(self.now, usable);
            }
            Op::Speed { zone, factor } => self.cpu.speed(self.now, zone % zones, factor),
        }
        self.take_in();
    }

    /// Plays `ops`; if `late`, events due at the instant of a change are fetched after the change.
    fn play(&mut self, ops: &[(u64, bool, Op)], zones: usize) {
        for (gap, late, op) in ops {
            let until = self.now + SimDuration::from_nanos(*gap);
            while let Some(due) = self.next().filter(|due| *due < until || !late && *due == until) {
                self.step(due);
            }
            self.now = until;
            self.apply(op, zones);
        }
        self.apply(&Op::Capacity { share: 1.0 }, zones);
        for zone in 0..zones {
            self.apply(&Op::Speed { zone, factor: 1.0 }, zones);
        }
        while let Some(due) = self.next() {
            self.step(due);
        }
        assert!(self.alone.is_empty() && self.shared.is_empty(), "all work is done");
        self.ends.sort_unstable();
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        rng_seed: RngSeed::Fixed(3_107),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Every phase ends at the same nanosecond, and every ledger is the same.
    #[test]
    fn phases_end_when_they_would_if_all_shared(
        nominal in prop_oneof![Just(2.0), Just(4.0), Just(8.0), 1.0..6.0],
        zones in proptest::collection::vec(limits(), 1..=4),
        ops in proptest::collection::vec((0_u64..1_500_000, any::<bool>(), op()), 1..60),
    ) {
        let mut alone = Player::new(nominal, &zones, true);
        let mut shared = Player::new(nominal, &zones, false);
        alone.play(&ops, zones.len());
        shared.play(&ops, zones.len());
        prop_assert_eq!(&alone.ends, &shared.ends);
        let end = alone.now.max(shared.now);
        prop_assert_eq!(alone.cpu.server_ledger(end), shared.cpu.server_ledger(end));
        for zone in 0..zones.len() {
            prop_assert_eq!(alone.cpu.zone_ledger(end, zone), shared.cpu.zone_ledger(end, zone));
            prop_assert_eq!(alone.cpu.burst_timer(end, zone), shared.cpu.burst_timer(end, zone));
        }
    }
}

/// Makes sure that phases both run alone and share, as the differential test needs.
#[test]
fn a_phase_too_many_makes_all_of_its_zone_share() {
    let zones = [capped(100, 2.0), ZoneLimits::only_shares(100)];
    let mut player = Player::new(8.0, &zones, true);
    for _ in 0..3 {
        player.start(0, 3_000_000_000, 1.0);
        player.take_in();
    }
    player.start(1, 1_000_000_000, 1.0);
    assert_eq!((player.begun_alone, player.taken_in), (3, 2), "the other zone is left alone");
    while let Some(due) = player.next() {
        player.step(due);
    }
    // Nine core-seconds on two cores.
    assert_eq!(player.ends.iter().map(|(at, _)| *at).max(), Some(fraction(9, 2)));
    player.start(0, 1_000_000_000, 1.0);
    assert_eq!(player.begun_alone, 4, "once nobody is there they run by themselves again");
}

/// A zone whose hold ends takes cores from others without a call: on such a server no
/// phase runs alone, so none begins to share while another ends.
#[test]
fn no_phase_runs_by_itself_where_a_timer_may_take_its_core() {
    let timer = ZoneLimits {
        baseline: Some(Cores::ONE),
        burst: Burst::Timer(SimDuration::SECOND),
        ..capped(100, 4.0)
    };
    let mut player = Player::new(4.0, &[timer, ZoneLimits::only_shares(100)], true);
    for _ in 0..3 {
        player.start(0, 10_000_000_000, 1.0);
    }
    player.now = seconds(0.5);
    player.start(1, 1_500_000_000, 1.0);
    player.now = seconds(1.2);
    player.fetch();
    player.start(1, 10_000_000_000, 1.0);
    assert_eq!(player.begun_alone, 0);
    // The hold ends at 2 s, when the first phase of the other zone is done.
    while let Some(due) = player.next() {
        player.step(due);
    }
    assert!(player.ends.contains(&(seconds(2.0), 3)), "{:?}", player.ends);
    // Phases run alone again once no zone has a timer.
    player.cpu.limits(player.now, 0, &capped(100, 4.0));
    player.start(1, 1_000_000_000, 1.0);
    assert_eq!(player.begun_alone, 1);
}
