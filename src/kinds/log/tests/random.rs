//! The account of copies under random events, and the same copies by either way.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Event {
    Write(usize, u64),
    Cut(usize),
    Stored(usize, bool),
    Collect,
    Arrives(usize),
    Works(usize, u8),
    SenderLost(usize),
    SenderBack(usize),
    SubscriberLost(usize),
    SubscriberBack(usize),
    Excluded(usize),
    Cancel(u32),
}

fn event() -> impl Strategy<Value = Event> {
    let two = 0..2_usize;
    prop_oneof![
        8 => (two.clone(), 1..400_u64).prop_map(|(sender, bytes)| Event::Write(sender, bytes)),
        2 => two.clone().prop_map(Event::Cut),
        2 => (two.clone(), any::<bool>()).prop_map(|(sender, is_so)| Event::Stored(sender, is_so)),
        1 => Just(Event::Collect),
        6 => (0..6_usize).prop_map(Event::Arrives),
        8 => (0..8_usize, 0..6_u8).prop_map(|(which, end)| Event::Works(which, end)),
        1 => two.clone().prop_map(Event::SenderLost),
        2 => two.prop_map(Event::SenderBack),
        1 => (0..3_usize).prop_map(Event::SubscriberLost),
        2 => (0..3_usize).prop_map(Event::SubscriberBack),
        1 => (0..3_usize).prop_map(Event::Excluded),
        1 => (0..40_u32).prop_map(Event::Cancel),
    ]
}

/// A log with the requests that its component would have.
struct Rig {
    mode: Mode,
    copies: Copies,
    moves: BTreeSet<usize>,
    works: BTreeSet<(usize, usize)>,
    parcels: Vec<Vec<Parcel>>,
    lost: Vec<bool>,
    gone: Vec<bool>,
    /// Requests that wait, with their senders.
    waiting: BTreeMap<u32, usize>,
}

impl Rig {
    fn takes(&mut self, lane: usize) {
        let (receivers, _) = self.copies.arrived(lane);
        if receivers.is_empty() {
            self.copies.arrived_at_none(lane);
        }
        self.works.extend(receivers.into_iter().map(|receiver| (lane, receiver)));
    }

    fn voids(&mut self, lanes: &[usize]) {
        self.moves.retain(|lane| !lanes.contains(lane));
        self.works.retain(|(lane, _)| !lanes.contains(lane));
    }

    fn writes(&mut self, now: SimTime, number: u32, sender: usize, bytes: u64) {
        let record = Parcel::record(now, bytes, 1);
        if self.mode == Mode::Local {
            self.copies.keep(sender, record);
        } else if self.copies.write(sender, record, number) == Taken::Waits {
            self.waiting.insert(number, sender);
        }
    }

    fn works(&mut self, now: SimTime, which: usize, end: u8) {
        if let Some((lane, receiver)) = self.works.iter().nth(which).copied() {
            self.works.remove(&(lane, receiver));
            let end = match end {
                _ if self.lost[receiver] => End::Refused,
                0 => End::Lost,
                _ => End::Done,
            };
            self.copies.worked(now, lane, receiver, end);
        }
    }

    fn happens(&mut self, now: SimTime, number: u32, event: Event) {
        match event {
            // A process that is gone writes nothing.
            Event::Write(sender, _) if self.gone[sender] => {}
            Event::Write(sender, bytes) => self.writes(now, number, sender, bytes),
            Event::Cut(sender) => {
                let parcel = self.copies.cut(sender);
                self.parcels[sender].push(parcel);
            }
            Event::Stored(sender, is_stored) => {
                if let Some(parcel) = self.parcels[sender].pop() {
                    self.copies.stored(sender, parcel, is_stored);
                }
            }
            Event::Collect => self.copies.collect(),
            Event::Arrives(which) => {
                if let Some(lane) = self.moves.iter().nth(which).copied() {
                    self.moves.remove(&lane);
                    self.takes(lane);
                }
            }
            Event::Works(which, end) => self.works(now, which, end),
            Event::SenderLost(sender) => {
                self.gone[sender] = true;
                let void = self.copies.sender_lost(sender);
                self.voids(&void);
                // Requests end with the process that they are inside.
                self.waiting.retain(|_, of| *of != sender);
            }
            Event::SenderBack(sender) => {
                self.gone[sender] = false;
                self.copies.sender_back(sender);
            }
            Event::SubscriberLost(subscriber) => {
                self.lost[subscriber] = true;
                let void = self.copies.subscriber_lost(subscriber);
                self.voids(&void);
            }
            Event::SubscriberBack(subscriber) => {
                self.lost[subscriber] = false;
                let again = self.copies.subscriber_back(subscriber);
                self.works.extend(again.into_iter().map(|(lane, _)| (lane, subscriber)));
            }
            Event::Excluded(subscriber) => {
                for lane in self.copies.excluded(subscriber) {
                    assert!(self.works.remove(&(lane, subscriber)), "it works on that block");
                }
            }
            Event::Cancel(token) => {
                self.copies.cancel(token);
                self.waiting.remove(&token);
            }
        }
        while let Some(sending) = self.copies.next() {
            match sending.sender {
                Some(_) => _ = self.moves.insert(sending.lane),
                None => self.takes(sending.lane),
            }
        }
        for token in self.copies.freed() {
            assert!(self.waiting.remove(&token).is_some(), "only a request that waits is freed");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Copies due = delivered + lost + inside after every event; when all parts are back and all work is done, nothing
    /// is inside and no request waits.
    #[test]
    fn every_copy_is_delivered_lost_or_inside(
        events in prop::collection::vec(event(), 1..120),
        mode in prop_oneof![Just(Mode::Tcp), Just(Mode::Multicast), Just(Mode::Sniff), Just(Mode::Local)],
        waits in any::<bool>(),
    ) {
        let many = if mode == Mode::Local { 1 } else { 3 };
        let waits = waits && matches!(mode, Mode::Tcp | Mode::Multicast);
        let mut rig = Rig {
            mode,
            copies: Copies::new(Terms { waits, ..terms(mode, 2, many) }),
            moves: BTreeSet::new(),
            works: BTreeSet::new(),
            parcels: vec![Vec::new(); 2],
            lost: vec![false; 3],
            gone: vec![false; 2],
            waiting: BTreeMap::new(),
        };
        for (number, event) in (0..).zip(events) {
            let of = |subscriber: usize| subscriber < many;
            let is_meant = match event {
                Event::SubscriberLost(one) | Event::SubscriberBack(one) => of(one),
                // Only a group has members to exclude.
                Event::Excluded(one) => of(one) && mode == Mode::Multicast,
                Event::Cut(_) | Event::Stored(..) | Event::Collect => mode == Mode::Local,
                _ => true,
            };
            if is_meant {
                rig.happens(ms(u64::from(number)), number, event);
                prop_assert_eq!(rig.copies.close(), Ok(()));
            }
        }
        for one in 0..2 {
            rig.happens(ms(1_000), 1_000, Event::SenderBack(one));
            if mode == Mode::Local {
                rig.happens(ms(1_000), 1_000, Event::Cut(one));
                while !rig.parcels[one].is_empty() {
                    rig.happens(ms(1_000), 1_000, Event::Stored(one, true));
                }
            }
        }
        for one in 0..many {
            rig.happens(ms(1_000), 1_000, Event::SubscriberBack(one));
        }
        for _ in 0..2_000 {
            rig.happens(ms(1_000), 1_000, Event::Collect);
            rig.happens(ms(1_000), 1_000, Event::Arrives(0));
            rig.happens(ms(1_000), 1_000, Event::Works(0, 1));
        }
        prop_assert_eq!(rig.copies.inside(), 0);
        prop_assert!(rig.waiting.is_empty());
        prop_assert_eq!(rig.copies.close(), Ok(()));
    }
}
