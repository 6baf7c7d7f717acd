use super::*;

fn seconds(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

/// Creates a balancer of one unit in front of members with the given weights.
fn of(choice: Choice, weights: &[f64]) -> Balancer {
    let member = |(index, weight): (usize, &f64)| Behind {
        id: ComponentId(10 + index as u32),
        name: format!("app-{}", index + 1),
        weight: *weight,
        deep: None,
    };
    let config = BalancerConfig {
        name: "front".into(),
        units: vec![(ComponentId(0), "front-1".into())],
        members: weights.iter().enumerate().map(member).collect(),
        farms: std::iter::once(0..weights.len()).collect(),
        choice,
        sticky: None,
        probing: Some(Probing {
            interval: SimDuration::from_secs(5),
            time_out: SimDuration::SECOND,
            fall: 2,
            rise: 2,
            detects_hang: 0.0,
        }),
        slow_start: SimDuration::from_secs(10),
        retries: 0,
        room: None,
        takeover: None,
        peers: None,
        unit: UnitId(0),
    };
    Balancer::new(config, Seed(1), Lineage::replication(0))
}

/// Returns the uniforms of request number `ordinal`.
fn uniforms(ordinal: u64) -> impl Fn(u32) -> f64 {
    let key = Key::derive(Seed(7), Lineage::replication(0), "pick", "test");
    move |sub| key.uniform(ordinal, sub)
}

/// Returns page view number `ordinal`, without a cookie.
fn seeks(ordinal: u64) -> Seeker {
    Seeker { ordinal, cookie: None }
}

/// Returns how many of `count` requests, each answered at once, go to each member.
fn shares(balancer: &mut Balancer, now: SimTime, count: u64) -> Vec<u64> {
    let mut got = vec![0; balancer.config.members.len()];
    for ordinal in 0..count {
        let member = balancer.pick(now, 0, seeks(ordinal), None, uniforms(ordinal)).unwrap();
        got[member] += 1;
        balancer.close(now, ComponentId(0), ComponentId(10 + member as u32), SimDuration::ZERO);
    }
    got
}

#[test]
fn in_turn_every_round_has_the_shares_of_the_weights() {
    let mut balancer = of(Choice::RoundRobin, &[5.0, 1.0, 1.0]);
    // Computed from the rule: a a b a c a a.
    let order: Vec<usize> = (0..7)
        .map(|ordinal| {
            balancer.pick(seconds(0), 0, seeks(ordinal), None, uniforms(ordinal)).unwrap()
        })
        .collect();
    assert_eq!(order, [0, 0, 1, 0, 2, 0, 0]);
    assert_eq!(shares(&mut balancer, seconds(0), 700), [500, 100, 100]);
}

/// The shares follow the weights. Four standard deviations of 10⁴ draws with p = 3/4 are 173.
#[test]
fn at_random_the_chance_is_the_weight() {
    let mut balancer = of(Choice::Random, &[3.0, 1.0]);
    let got = shares(&mut balancer, seconds(0), 10_000);
    assert!(got[0].abs_diff(7_500) < 173, "{got:?}");
}

#[test]
fn fewest_connections_count_by_weight_and_go_round_at_ties() {
    let mut balancer = of(Choice::LeastConnections, &[1.0, 1.0, 1.0]);
    assert_eq!(shares(&mut balancer, seconds(0), 30), [10, 10, 10]);
    let mut balancer = of(Choice::LeastConnections, &[3.0, 1.0]);
    for ordinal in 0..40 {
        balancer.pick(seconds(0), 0, seeks(ordinal), None, uniforms(ordinal)).unwrap();
    }
    assert_eq!((balancer.open(0, 0), balancer.open(0, 1)), (30, 10));
}

/// Two choices keep the fullest of n bins with n balls at ln ln n / ln 2 + O(1), random placement at
/// ln n / ln ln n. For n = 1000 these are at most 4, and rarely fewer than 5.
#[test]
fn of_two_choices_the_better_keeps_the_fullest_low() {
    let most = |choice| {
        let mut balancer = of(choice, &[1.0; 1_000]);
        for ordinal in 0..1_000 {
            balancer.pick(seconds(0), 0, seeks(ordinal), None, uniforms(ordinal)).unwrap();
        }
        (0..1_000).map(|member| balancer.open(0, member)).max().unwrap()
    };
    assert!(most(Choice::TwoChoices) <= 4);
    assert!(most(Choice::Random) >= 5);
}

/// A view stays with its member. A member that is ejected moves only its own views.
#[test]
fn a_hash_keeps_a_view_with_its_member() {
    let mut balancer = of(Choice::Hash, &[1.0, 1.0, 1.0]);
    let mut of_all = || -> Vec<usize> {
        (0..3_000)
            .map(|view| balancer.pick(seconds(0), 0, seeks(view), None, |_| 0.5).unwrap())
            .collect()
    };
    let before = of_all();
    assert_eq!(before, of_all());
    let third = before.iter().filter(|member| **member == 1).count();
    // 1000 expected, four standard deviations of 26.
    assert!(third.abs_diff(1_000) < 104, "{third}");
    balancer.verdict(1, false, seconds(0));
    balancer.verdict(1, false, seconds(0));
    for (view, member) in before.iter().enumerate() {
        let now = balancer.pick(seconds(0), 0, seeks(view as u64), None, |_| 0.5).unwrap();
        assert!(if *member == 1 { now != 1 } else { now == *member });
    }
}

#[test]
fn members_go_after_fall_bad_results_in_a_row_and_return_after_rise_good_ones() {
    let mut balancer = of(Choice::RoundRobin, &[1.0, 1.0]);
    let mut told = |results: &[bool]| {
        for good in results {
            balancer.verdict(0, *good, seconds(1));
        }
        balancer.believes(0, 0)
    };
    assert!(told(&[false, true, false, true]));
    assert!(!told(&[false, false]));
    assert!(!told(&[true, false, true]));
    assert!(told(&[true]));
}

/// Half-way through the slow start the weight is 1/2: a third of the requests of two members.
#[test]
fn a_member_that_was_put_back_begins_slowly() {
    let mut balancer = of(Choice::RoundRobin, &[1.0, 1.0]);
    for good in [false, false, true, true] {
        balancer.verdict(0, good, seconds(100));
    }
    assert_eq!(shares(&mut balancer, seconds(105), 300), [100, 200]);
    assert_eq!(shares(&mut balancer, seconds(110), 300), [150, 150]);
}

/// RFC 5798 §6.1, as restated for priorities 254, 200 and 100 at 1 s.
#[test]
fn the_timers_of_vrrp() {
    let down = |priority| primary_down(SimDuration::SECOND, priority).seconds();
    for (priority, truth) in [(254, 3.0078125), (200, 3.21875), (100, 3.609375)] {
        assert!((down(priority) - truth).abs() < 1e-9);
    }
    assert!((skew(SimDuration::SECOND, 100).seconds() - 0.609375).abs() < 1e-9);
}
