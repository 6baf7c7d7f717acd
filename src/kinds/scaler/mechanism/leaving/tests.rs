//! Terminated and moved members, with the loop alone: instants, places and counts of arithmetic; numbers that hold on any path.

use proptest::prelude::*;

use super::super::{Boot, Host, Launch, Rules, Sight, Tenants, Zones};
use super::*;
use crate::kinds::scaler::spec::ScalerMetric;
use crate::mechanism::placement::{Wanted, Weights};
use crate::mechanism::scaling::{Act, Rule, Seen, Terms};
use crate::units::Bytes;

/// Number of servers.
const HOSTS: usize = 3;
/// Places on each.
const PLACES: usize = 3;

fn s(seconds: u64) -> SimDuration {
    SimDuration::from_secs(seconds)
}

/// Returns the server of a place.
const fn server_of(slot: usize) -> usize {
    slot % HOSTS
}

fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + s(seconds)
}

/// Places 0, 3 and 6 stand on server 0. A launch takes 5 s to provision and 5 s to boot.
fn rules() -> Rules {
    let host =
        Host { cores: 8, capacity: 1.0, memory: None, zones: Zones::default(), provisions: None };
    Rules {
        slots: (0..HOSTS * PLACES).map(server_of).collect(),
        hosts: vec![host; HOSTS],
        neighbours: Vec::new(),
        wanted: Wanted { memory: Bytes::new(0), cap: None },
        weights: Weights { memory: 0.0, owner: 0.0, random: 0.0 },
        start: 3,
        terms: Terms {
            minimum: 1,
            maximum: 6,
            rule: Rule::Target { value: 1.0, tolerance: 0.0 },
            cool_out: s(0),
            cool_in: s(0),
        },
        metric: ScalerMetric::Requests,
        period: s(10),
        lag: s(0),
        provision: Some(crate::engine::law::Law::constant(5.0).unwrap().sampler()),
        boot: Boot::Own(s(5), None),
        failure: 0.5,
        retry_after: s(60),
        drain: s(30),
        replace: Some(s(120)),
        moves: Vec::new(),
    }
}

fn planned(order: MoveOrder, first: u64) -> Move {
    Move {
        first: at(first),
        every: None,
        slots: vec![0, 3, 6],
        hosts: vec![0],
        order,
        cordon: s(0),
    }
}

/// Health of servers and processes, and whether launches fail.
struct Parts {
    servers: Vec<bool>,
    members: Vec<bool>,
    fails: bool,
}

impl Sight for Parts {
    fn can_launch(&self) -> bool {
        true
    }

    fn server_works(&self, host: usize) -> bool {
        self.servers[host]
    }

    fn member_works(&self, slot: usize) -> bool {
        self.members[slot] && self.servers[server_of(slot)]
    }

    fn others(&self, _: usize) -> Tenants {
        Tenants::default()
    }

    fn draw(&self, _: u64, _: u64) -> f64 {
        if self.fails { 0.0 } else { 0.5 }
    }

    fn rank(&self, _: u64, host: u64) -> f64 {
        host as f64 / HOSTS as f64
    }
}

/// The loop with members that have no open requests, at `load` in members' worth.
struct Alone {
    control: Control,
    parts: Parts,
    load: f64,
    /// Launches: instant, slot, and whether it is of a moved member.
    begun: Vec<(SimTime, usize, bool)>,
}

impl Alone {
    fn new(rules: Rules) -> Self {
        let parts =
            Parts { servers: vec![true; HOSTS], members: vec![true; HOSTS * PLACES], fails: false };
        let mut control = Control::new(rules, SimTime::ZERO);
        control.begin(SimTime::ZERO, true);
        Self { control, parts, load: 3.0, begun: Vec::new() }
    }

    fn server(&mut self, now: SimTime, host: usize, works: bool) {
        self.parts.servers[host] = works;
        self.control.hears(now, host, works);
        if !works {
            (0..HOSTS * PLACES)
                .filter(|slot| server_of(*slot) == host)
                .for_each(|slot| self.control.loses(slot));
        }
    }

    fn member(&mut self, now: SimTime, slot: usize, works: bool) {
        self.parts.members[slot] = works;
        self.control.hears_of_member(now, slot, works);
    }

    fn launch(&mut self, now: SimTime, of: Option<u64>) {
        let launch = self.control.next_launch(now, &self.parts, of);
        if let Launch::Begun { slot, .. } = launch {
            self.begun.push((now, slot, of.is_some()));
        }
        self.control.launches(now, launch, of);
    }

    fn missing(&mut self, now: SimTime) {
        for _ in 0..self.control.missing() {
            self.launch(now, None);
        }
    }

    fn happens(&mut self, now: SimTime, due: Due) {
        match due {
            Due::Measured => {
                let members = f64::from(self.control.serving());
                let seen = Seen { value: self.load / members, members };
                self.control.measured(now, (members > 0.0).then_some(seen));
            }
            Due::Seen(seen) => match self.control.acts(now, seen) {
                Act::Stay => {}
                Act::Out(_) => self.missing(now),
                Act::In(fewer) => {
                    for _ in 0..fewer {
                        let slot = self.control.youngest().unwrap();
                        self.control.turn(now, slot, State::Absent);
                    }
                }
            },
            Due::Provisioned(slot, launch) => self.control.boots(now, slot, launch, s(5)),
            Due::Booted(slot, launch) => {
                self.control.turn(now, slot, State::Serves(now, launch));
                if let Some(old) = self.control.arrives(now, slot) {
                    self.control.turn(now, old, State::Absent);
                }
            }
            Due::Failed(slot) => self.control.fails(now, slot),
            Due::Looked(_) => unreachable!("no member has open requests"),
            Due::Repeated => self.missing(now),
            Due::Terminated(slot) => {
                self.control.terminates(now, slot, State::Absent);
                self.missing(now);
            }
            Due::Moves(of) => {
                for (moved, slot) in self.control.begins_move(now, of) {
                    if self.control.order(of) == MoveOrder::StopFirst {
                        self.control.turn(now, slot, State::Absent);
                        assert_eq!(self.control.gone(slot), Some(moved));
                    }
                    self.launch(now, Some(moved));
                }
            }
            Due::Again(moved) => {
                if self.control.moves_again(moved) {
                    self.launch(now, Some(moved));
                }
            }
        }
    }

    fn until(&mut self, end: SimTime) {
        while let Some(next) = self.control.next_at().filter(|next| *next <= end) {
            while let Some(due) = self.control.next_due(next) {
                self.happens(next, due);
                self.holds(next);
            }
        }
    }

    /// Numbers that hold at any time.
    fn holds(&self, now: SimTime) {
        let control = &self.control;
        let (_, doubled) = control.moving_members();
        assert!(control.there() <= control.rules.terms.maximum, "{now}: {control:?}");
        assert!(control.serving() + control.coming() <= control.rules.terms.maximum + doubled);
        assert!(control.missing() == 0 || control.dues.iter().all(|(at, _)| *at >= now));
        for (slot, state) in control.states.iter().enumerate() {
            let ill = !self.parts.member_works(slot) && matches!(state, State::Serves(..));
            let due = control.dues.iter().filter(|(_, due)| *due == Due::Terminated(slot)).count();
            assert_eq!(due, usize::from(ill), "{now}, slot {slot}");
        }
    }

    fn count(&self, what: Tallied) -> u128 {
        self.control.account().tally(at(100_000))[what as usize]
    }

    fn serves(&self) -> Vec<usize> {
        let all = self.control.states().iter().enumerate();
        all.filter(|(_, state)| matches!(state, State::Serves(..))).map(|(slot, _)| slot).collect()
    }
}

/// A process fails at 50 s. It is terminated at 170 s, and another member serves at 180 s, on the other server of which the
/// rank is higher. Repaired, the process is no member.
#[test]
fn a_member_that_does_not_work_is_terminated_after_that_time() {
    let mut alone = Alone::new(rules());
    alone.until(at(50));
    alone.member(at(50), 0, false);
    alone.until(at(169));
    assert_eq!((alone.serves(), alone.count(Tallied::Replaced)), (vec![0, 1, 2], 0));
    alone.until(at(170));
    assert_eq!((alone.serves(), alone.count(Tallied::Replaced)), (vec![1, 2], 1));
    alone.until(at(180));
    let slot = alone.begun[0].1;
    assert!(alone.begun.len() == 1 && slot != 0 && alone.begun[0].0 == at(170), "{slot}");
    alone.member(at(200), 0, true);
    alone.until(at(2_000));
    assert!(!alone.serves().contains(&0));
    assert_eq!((alone.serves().len(), alone.begun.len()), (3, 1));
}

/// Down for two minutes less a second, up for a second, and down again: never for two minutes without a break.
#[test]
fn a_member_that_is_back_in_time_stays() {
    let mut alone = Alone::new(rules());
    for turn in 0..5 {
        let begin = 20 + 120 * turn;
        alone.until(at(begin));
        alone.member(at(begin), 1, false);
        alone.until(at(begin + 119));
        alone.member(at(begin + 119), 1, true);
    }
    alone.until(at(2_000));
    assert_eq!((alone.serves(), alone.count(Tallied::Replaced)), (vec![0, 1, 2], 0));
}

/// A server that does not work takes its members with it, whatever their processes say; a process that fails meanwhile does
/// not start the time anew.
#[test]
fn a_member_on_a_server_that_does_not_work_is_terminated() {
    let mut alone = Alone::new(rules());
    alone.server(at(0), 2, false);
    alone.until(at(60));
    alone.member(at(60), 2, false);
    alone.until(at(120));
    assert_eq!((alone.serves(), alone.count(Tallied::Replaced)), (vec![0, 1], 1));
    alone.until(at(130));
    assert!(server_of(alone.begun[0].1) != 2 && alone.serves().len() == 3);
}

#[test]
fn without_the_key_no_member_is_terminated() {
    let mut alone = Alone::new(Rules { replace: None, ..rules() });
    alone.parts.members[0] = false;
    alone.control.hears_of_member(at(0), 0, false);
    while let Some(next) = alone.control.next_at().filter(|next| *next <= at(5_000)) {
        let due = alone.control.next_due(next).unwrap();
        alone.happens(next, due);
    }
    assert_eq!((alone.serves(), alone.count(Tallied::Replaced)), (vec![0, 1, 2], 0));
}

/// A launch for a terminated member that fails is repeated, also where the load would ask for fewer members during the pause
/// after a change: one for one.
#[test]
fn a_terminated_member_is_replaced_one_for_one() {
    let mut rules = rules();
    rules.terms.cool_in = s(100_000);
    rules.terms.minimum = 3;
    let mut alone = Alone::new(rules);
    alone.load = 4.0;
    alone.until(at(100));
    assert_eq!(alone.serves().len(), 4);
    alone.load = 3.0;
    alone.member(at(100), 0, false);
    alone.until(at(240));
    assert_eq!((alone.serves().len(), alone.count(Tallied::Replaced)), (4, 1));
}

/// Stop first: gone at 100 s, another serves at 110 s. Start first: the other serves at 110 s, and then the member goes.
#[test]
fn a_moved_member_is_away_for_the_launch_or_not_at_all() {
    for (order, between, away) in
        [(MoveOrder::StopFirst, 2, 10_000_000_000), (MoveOrder::StartFirst, 3, 0)]
    {
        let mut alone = Alone::new(Rules { moves: vec![planned(order, 100)], ..rules() });
        alone.until(at(109));
        assert_eq!(alone.serves().len(), between, "{order:?}");
        alone.until(at(110));
        assert_eq!(alone.serves().len(), 3, "{order:?}");
        assert!(alone.serves().iter().all(|slot| server_of(*slot) != 0), "{order:?}");
        assert_eq!((alone.count(Tallied::Moved), alone.count(Tallied::MoveTime)), (1, away));
        assert_eq!((alone.count(Tallied::Launches), alone.count(Tallied::Removed)), (1, 0));
    }
}

/// At four members' load from 100 s on, the launch of the move takes no server that it empties, nor does the launch for the
/// load while the cordon lasts. After it one does.
#[test]
fn a_cordon_keeps_launches_away_while_it_lasts() {
    for (cordon, uses) in [(0, true), (300, false)] {
        let mut rules = rules();
        rules.weights.owner = 100.0;
        let one = Move { cordon: s(cordon), ..planned(MoveOrder::StopFirst, 100) };
        let mut alone = Alone::new(Rules { moves: vec![one], ..rules });
        alone.until(at(150));
        alone.load = 4.0;
        alone.until(at(200));
        assert_eq!(alone.begun.len(), 2);
        assert_ne!(server_of(alone.begun[0].1), 0);
        assert_eq!(server_of(alone.begun[1].1) == 0, uses, "{cordon}");
        alone.load = 5.0;
        alone.until(at(420));
        alone.load = 6.0;
        alone.until(at(500));
        assert!(server_of(alone.begun.last().unwrap().1) == 0 || uses);
    }
}

/// No launch finds a server while the others do not work: stop first, the member is missing, and is launched when one works
/// again. Start first, it serves until then.
#[test]
fn a_move_that_finds_no_server_is_repeated() {
    for (order, between) in [(MoveOrder::StopFirst, 2), (MoveOrder::StartFirst, 3)] {
        let moves = vec![planned(order, 100)];
        let mut alone = Alone::new(Rules { moves, replace: None, ..rules() });
        alone.control.rules.hosts[1].zones.uncapped = 300;
        alone.control.rules.hosts[2].zones.uncapped = 300;
        alone.until(at(300));
        assert_eq!(alone.serves().len(), between, "{order:?}");
        // At 100, 160, 220 and 280 s.
        assert_eq!(alone.count(Tallied::Refused), 4, "{order:?}");
        alone.control.rules.hosts[1].zones.uncapped = 0;
        alone.until(at(350));
        assert_eq!((alone.serves().len(), alone.count(Tallied::Moved)), (3, 1), "{order:?}");
        assert!(alone.serves().iter().all(|slot| server_of(*slot) != 0), "{order:?}");
    }
}

/// A member that is terminated while its replacement comes is replaced by that one, not by two.
#[test]
fn a_member_terminated_while_it_is_moved_is_replaced_once() {
    let moves = vec![planned(MoveOrder::StartFirst, 100)];
    let mut alone = Alone::new(Rules { moves, ..rules() });
    alone.until(at(0));
    // Terminated at 105 s.
    alone.control.rules.replace = Some(s(105));
    alone.member(at(0), 0, false);
    alone.until(at(1_000));
    assert_eq!((alone.begun.len(), alone.count(Tallied::Replaced)), (1, 1));
    assert_eq!(alone.count(Tallied::MoveTime), 5_000_000_000);
}

/// Begins of a move: each week from the first on; at the start of a window the cordon of the last one still holds.
#[test]
fn moves_begin_at_their_times() {
    let weekly = Move { every: Some(s(700)), ..planned(MoveOrder::StopFirst, 100) };
    let times = |now: u64| weekly.around(at(now)).map(|at| at.map(|at| at.nanos() / 1_000_000_000));
    assert_eq!(times(0), [None, Some(100)]);
    assert_eq!(times(100), [None, Some(100)]);
    assert_eq!(times(101), [Some(100), Some(800)]);
    assert_eq!(times(800), [Some(100), Some(800)]);
    assert_eq!(times(2_300), [Some(2_200), Some(2_900)]);
    let once = planned(MoveOrder::StopFirst, 100);
    assert_eq!(once.around(at(101)), [Some(at(100)), None]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// On any path of failures, repairs, loads, failing launches and moves: the members that are there and on their way are
    /// never more than the most, an ill member has one time after which it is terminated, and once all is well the
    /// number is that of the load.
    #[test]
    fn numbers_hold_on_any_path(
        deeds in prop::collection::vec((0_u8..8, 0_usize..9, 1_u64..90), 1..60),
        replace in prop::option::of(1_u64..200),
        start_first in any::<bool>(),
        every in 50_u64..800,
        cordon in 0_u64..200,
    ) {
        let order = if start_first { MoveOrder::StartFirst } else { MoveOrder::StopFirst };
        let moves = vec![
            Move { every: Some(s(every)), cordon: s(cordon), ..planned(order, 70) },
            Move { slots: vec![1], hosts: vec![1], every: Some(s(333)), ..planned(order, 10) },
        ];
        let mut alone =
            Alone::new(Rules { replace: Some(s(replace.unwrap_or(80_000))), moves, ..rules() });
        let mut now = 0;
        for (deed, which, wait) in deeds {
            now += wait;
            alone.until(at(now));
            match deed {
                0 | 1 => alone.member(at(now), which, false),
                2 | 3 => alone.member(at(now), which, true),
                4 => alone.server(at(now), which % HOSTS, false),
                5 => alone.server(at(now), which % HOSTS, true),
                6 => alone.parts.fails = which % 2 == 0,
                _ => alone.load = which as f64 * 0.8,
            }
            alone.holds(at(now));
        }
        alone.parts.fails = false;
        alone.load = 4.0;
        for host in 0..HOSTS {
            alone.server(at(now), host, true);
        }
        for slot in 0..HOSTS * PLACES {
            alone.member(at(now), slot, true);
        }
        alone.control.rules.moves.iter_mut().for_each(|one| one.every = None);
        alone.until(at(now + 2_000));
        prop_assert_eq!(alone.serves().len(), 4);
        prop_assert!(alone.control.moving.is_empty());
        prop_assert_eq!((alone.control.coming(), alone.control.waiting()), (0, 0));
    }
}
