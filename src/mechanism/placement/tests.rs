//! Tests 1 to 4 of section 7.5 of the mechanism's description, and properties. `tests/inside/scaling/placement.rs` tests the
//! same by scenarios.

use proptest::prelude::*;

use super::{Heartbeat, Refusal, Server, Wanted, Weights, choose};
use crate::units::{Bytes, SimDuration, SimTime};

const MEMORY_ALONE: Weights = Weights { memory: 2.0, owner: 0.0, random: 0.0 };

fn gib(count: u64) -> Bytes {
    Bytes::new(count << 30)
}

/// A server of 16 cores with this much unreserved memory.
fn server(free: u64) -> Server {
    Server {
        running: true,
        memory: Some(gib(128)),
        held: gib(128 - free),
        cores: 16,
        caps: 0,
        capped: 0,
        uncapped: 0,
        own: 0,
    }
}

fn small() -> Wanted {
    Wanted { memory: gib(1), cap: Some(100) }
}

fn place(servers: &[Server], weights: Weights) -> Result<usize, Refusal> {
    choose(servers, small(), weights, |_| 0.5)
}

fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

/// 7.5 test 1: of 40 and 90 GiB unreserved the server with 40 is chosen (packing); a weight of −2 chooses the other.
#[test]
fn test_1_less_unreserved_memory_wins_and_a_negative_weight_turns_that() {
    let servers = [server(90), server(40)];
    assert_eq!(place(&servers, MEMORY_ALONE), Ok(1));
    assert_eq!(place(&servers, Weights { memory: -2.0, ..MEMORY_ALONE }), Ok(0));
    let servers = [server(40), server(90)];
    assert_eq!(place(&servers, MEMORY_ALONE), Ok(0));
    assert_eq!(place(&servers, Weights { memory: -2.0, ..MEMORY_ALONE }), Ok(1));
}

/// 7.5 test 2: 15 % of ten candidates are 1.5, so one is left out; of six none. A weight of −2 favours the most
/// unreserved memory, so the largest server is chosen unless it is left out.
#[test]
fn test_2_of_ten_candidates_the_largest_is_left_out_of_six_none() {
    let spread = Weights { memory: -2.0, ..MEMORY_ALONE };
    let servers: Vec<Server> = (1..=10).map(|free| server(free * 10)).collect();
    assert_eq!(place(&servers, spread), Ok(8), "the tenth has 100 GiB");
    assert_eq!(place(&servers[..6], spread), Ok(5));
    assert_eq!(place(&servers[..7], spread), Ok(5), "7 × 0.15 is 1.05, so one is left out");
}

/// 7.5 test 3: the control plane takes a server for unknown 11 s after its last heartbeat.
#[test]
fn test_3_a_server_without_a_heartbeat_for_12_seconds_gets_nothing() {
    let mut heartbeat = Heartbeat::default();
    heartbeat.works(at(100), false);
    assert!(heartbeat.is_running(at(110)), "10 s of silence");
    assert!(!heartbeat.is_running(at(111)));
    assert!(!heartbeat.is_running(at(112)));
    let silent = Server { running: heartbeat.is_running(at(112)), ..server(10) };
    assert_eq!(place(&[silent, server(90)], MEMORY_ALONE), Ok(1));
    assert_eq!(place(&[silent], MEMORY_ALONE), Err(Refusal::Running));
    // The last heartbeat came 4 s before the failure; the first one after the repair at the next 5 s.
    let mut heartbeat = Heartbeat::default();
    heartbeat.works(at(104), false);
    assert!(!heartbeat.is_running(at(111)));
    heartbeat.works(at(202), true);
    assert!(!heartbeat.is_running(at(204)));
    assert!(heartbeat.is_running(at(205)));
    // A silence shorter than 11 s is never detected.
    heartbeat.works(at(301), false);
    heartbeat.works(at(303), true);
    assert!(heartbeat.is_running(at(303)));
}

/// 7.5 test 4: two of three servers hold a zone of the owner, so the third zone goes to the third server although that
/// has the most unreserved memory. Once all three hold one, packing decides.
#[test]
fn test_4_the_third_zone_of_an_owner_avoids_its_servers_while_others_exist() {
    let mut servers = [server(10), server(20), server(90)];
    servers[0].own = 1;
    servers[1].own = 1;
    assert_eq!(place(&servers, MEMORY_ALONE), Ok(2));
    servers[2].own = 1;
    assert_eq!(place(&servers, MEMORY_ALONE), Ok(0), "all hold one: anywhere");
    assert_eq!(place(&servers[..2], MEMORY_ALONE), Ok(0));
}

#[test]
fn every_filter_names_its_reason() {
    let full = Server { capped: 224, ..server(50) };
    let uncapped = Server { uncapped: 1, ..server(50) };
    let busy = Server { caps: 16 * 400, capped: 8, ..server(50) };
    assert_eq!(place(&[], MEMORY_ALONE), Err(Refusal::Running));
    assert_eq!(place(&[uncapped], MEMORY_ALONE), Err(Refusal::Capness));
    assert_eq!(place(&[full], MEMORY_ALONE), Err(Refusal::Count));
    assert_eq!(place(&[Server { capped: 223, ..full }], MEMORY_ALONE), Ok(0));
    assert_eq!(place(&[server(0)], MEMORY_ALONE), Err(Refusal::Memory));
    assert_eq!(place(&[busy], MEMORY_ALONE), Err(Refusal::Processor));
    let bare = Wanted { memory: gib(1), cap: None };
    let nowhere = choose(&[Server { capped: 1, ..server(50) }], bare, MEMORY_ALONE, |_| 0.5);
    assert_eq!(nowhere, Err(Refusal::Capness));
    assert_eq!(choose(&[uncapped], bare, MEMORY_ALONE, |_| 0.5), Ok(0));
}

/// Caps may sum to four times the processors: a server of 16 cores takes 64 caps of one core.
#[test]
fn caps_may_exceed_the_processors_four_times() {
    let with = |caps: u64| Server { caps: caps * 100, capped: 1, ..server(50) };
    assert_eq!(place(&[with(63)], MEMORY_ALONE), Ok(0));
    assert_eq!(place(&[with(64)], MEMORY_ALONE), Err(Refusal::Processor));
}

#[test]
fn a_server_without_declared_memory_takes_any_zone() {
    let open = Server { memory: None, ..server(0) };
    let huge = Wanted { memory: Bytes::new(u64::MAX), cap: Some(100) };
    assert_eq!(choose(&[open], huge, MEMORY_ALONE, |_| 0.5), Ok(0));
}

prop_compose! {
    fn any_server()(
        running in any::<bool>(),
        held in 0_u64..140,
        cores in 1_u32..64,
        caps in 0_u64..30_000,
        (capped, uncapped) in (0_u32..230, 0_u32..3),
        own in 0_u32..4,
    ) -> Server {
        Server { running, memory: Some(gib(128)), held: gib(held), cores, caps, capped, uncapped, own }
    }
}

proptest! {
    /// A chosen server passes every hard filter; a refusal means that none does.
    #[test]
    fn the_chosen_server_can_hold_the_zone(
        servers in prop::collection::vec(any_server(), 0..12),
        memory in 1_u64..64,
        cap in prop::option::of(1_u64..1_600),
        draws in prop::collection::vec(0.0_f64..1.0, 12),
    ) {
        let wanted = Wanted { memory: gib(memory), cap };
        let can = |server: &Server| {
            let cpu = if server.uncapped > 0 { 0 } else {
                (100 * u64::from(server.cores)).saturating_sub(server.caps / 4)
            };
            server.running
                && (if cap.is_some() { server.uncapped } else { server.capped }) == 0
                && server.capped + server.uncapped < 224
                && server.free() >= wanted.memory.count()
                && cpu >= cap.unwrap_or(0) / 4
        };
        let weights = Weights { memory: 2.0, owner: 1.0, random: 0.5 };
        match choose(&servers, wanted, weights, |at| draws[at]) {
            Ok(chosen) => {
                prop_assert!(can(&servers[chosen]));
                let fresh = servers.iter().filter(|one| can(one)).count() <= 6
                    && servers.iter().any(|one| can(one) && one.own == 0);
                prop_assert!(!fresh || servers[chosen].own == 0);
            }
            Err(_) => prop_assert!(!servers.iter().any(can)),
        }
    }
}
