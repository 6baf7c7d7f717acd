//! Room at members is bounded, and who finds none waits in line at the balancer: first come, first
//! served, within the bounds of the file, by the formulas for such lines.

use fivenines::plan::figure::Figure;
use fivenines::study::measure::Measure;

use super::*;

/// Workers that do one request at a time, each alone on a core, behind a balancer that sends each
/// one at a time: `count` servers with one line.
fn servers(count: u32, rate: f64, mean: &str, line: &str) -> Blueprint {
    let boxes: Vec<String> = (1..=count).map(|n| format!("\"box-{n}\"")).collect();
    blueprint(&base("balanced").with(&format!(
        r#"
[window.run]
length = "10s"
[server.box]
count = {count}
cores = 1
[zone.www]
count = {count}
on = [{}]
[service.app]
workers = 1
[balancer.front]
member-limit = 1
{line}
[workload.visitors]
rate = "{rate}/s"
arrivals = {{ process = "poisson" }}
[request.get]
demands = {{ work = {{ dist = "exponential", mean = "{mean}" }} }}
[[expect]]
figure = "waiting.front.chance[over=0s]@run"
is     = "0.5 +- 1%"
"#,
        boxes.join(", ")
    )))
}

/// Means of figures over replications of `length` seconds, with their standard errors.
fn figures<const N: usize>(plan: &Blueprint, length: u64, of: [&str; N]) -> [(f64, f64); N] {
    let window = Window {
        name: "run".into(),
        at: SimTime::ZERO,
        levels: vec![],
        warm_up: SimDuration::from_secs(200),
        length: SimDuration::from_secs(length),
        drain: SimDuration::from_secs(600),
        faults: Faults::Off,
    };
    let measures =
        of.map(|figure| Measure::resolve(plan, &Figure::parse(figure).unwrap()).unwrap());
    let seen: Vec<[f64; N]> = (0..12)
        .map(|replication| {
            let seen = run(plan, &window, replication).unwrap();
            std::array::from_fn(|at| measures[at].value(plan, &seen).unwrap())
        })
        .collect();
    std::array::from_fn(|at| {
        let count = seen.len() as f64;
        let mean = seen.iter().map(|values| values[at]).sum::<f64>() / count;
        let square = |values: &[f64; N]| (values[at] - mean) * (values[at] - mean);
        let square = seen.iter().map(square).sum::<f64>() / (count - 1.0);
        (mean, (square / count).sqrt())
    })
}

/// Twelve replications: t at 99.9 %, two-sided, eleven degrees of freedom, and an error that says
/// enough: 2 % of the truth.
fn is(name: &str, (mean, error): (f64, f64), truth: f64) {
    println!("{name}: {mean:.5} +- {error:.5}, theory {truth:.5}");
    assert!((mean - truth).abs() < 4.44 * error, "{name}: {mean} is not {truth} +- {error}");
    assert!(error < 0.02 * truth, "{name}: {error} says too little of {truth}");
}

/// Probability to wait at c servers offered a: Erlang's formula, by the recursion of his loss formula.
fn erlang_c(servers: u32, offered: f64) -> f64 {
    let loss = (1..=servers).fold(1.0, |b, n| offered * b / (f64::from(n) + offered * b));
    let busy = offered / f64::from(servers);
    loss / (1.0 - busy * (1.0 - loss))
}

/// Three single workers behind a balancer that keeps the line are M/M/3, whatever the rule by
/// which it picks one that is free: Erlang C.
#[test]
fn a_line_in_front_of_single_workers_is_erlangs() {
    let (lambda, mu, count) = (24.0, 10.0, 3_u32);
    let waits = erlang_c(count, lambda / mu);
    let mean = waits / (f64::from(count) * mu - lambda);
    for algorithm in ["round-robin", "least-connections", "random", "two-choices"] {
        let plan = servers(count, lambda, "100ms", &format!("algorithm = \"{algorithm}\""));
        let [chance, wait, queue, used, served] = figures(
            &plan,
            4_000,
            [
                "waiting.front.chance[over=0s]@run",
                "waiting.front.mean@run",
                "queue.front.mean@run",
                "utilization.front.members@run",
                "latency.get.mean@run",
            ],
        );
        println!("{algorithm}");
        is("waits at all", chance, waits);
        is("mean wait", wait, mean);
        is("number in the queue", queue, lambda * mean);
        is("slots in use", used, lambda / mu / f64::from(count));
        is("latency", served, mean + 1.0 / mu);
    }
}

/// With room for four in line it is M/M/3/7: who finds seven inside is refused.
#[test]
fn a_bounded_line_refuses_as_a_system_of_so_many_places_does() {
    let (lambda, mu, count, places) = (30.0, 10.0, 3_i32, 7_i32);
    let offered: f64 = lambda / mu;
    let mut weight = 1.0;
    let mut all = vec![1.0];
    for number in 1..=places {
        weight *= offered / f64::from(number.min(count));
        all.push(weight);
    }
    let sum: f64 = all.iter().sum();
    let refused = all[places as usize] / sum;
    let waiting = |number: usize| (number as f64 - f64::from(count)).max(0.0);
    let line: f64 = (0..all.len()).map(|n| waiting(n) * all[n] / sum).sum();
    let plan = servers(3, lambda, "100ms", "queue-limit = 4");
    let [lost, wait] = figures(
        &plan,
        4_000,
        ["attempts.get.chance[outcome=refused]@run", "waiting.front.mean@run"],
    );
    is("refused", lost, refused);
    is("mean wait of those let in", wait, line / (lambda * (1.0 - refused)));
}

/// Waits that end after a fixed time make M/M/2 + D: with the work ahead of one that comes as
/// v(x) = v0 exp(-(2 mu - lambda) x) up to the time-out and v(x) ~ exp(-2 mu x) beyond it, v0 =
/// lambda P(1), the share that meets more than the time-out is answered with an error. Offered
/// 1.2 of what the two can do.
#[test]
fn a_line_that_is_left_after_a_fixed_time_is_that_of_impatient_customers() {
    let (lambda, mu, limit) = (24.0, 10.0, 0.3);
    let (offered, drain): (f64, f64) = (lambda / mu, 2.0 * mu - lambda);
    let v0 = lambda * offered;
    let end = libm::exp(-drain * limit);
    let (before, beyond) = (v0 * (1.0 - end) / drain, v0 * end / (2.0 * mu));
    let sum = 1.0 + offered + before + beyond;
    let plan = servers(2, lambda, "100ms", "queue-time-out = \"300ms\"");
    let [lost, waits] = figures(
        &plan,
        4_000,
        ["attempts.get.chance[outcome=error]@run", "waiting.front.chance[over=0s]@run"],
    );
    is("errors", lost, beyond / sum);
    is("waits at all", waits, (before + beyond) / sum);
}

/// One member that takes one request of a second after the other.
fn single(rate: &str, rest: &str) -> Blueprint {
    blueprint(&single_text(rate, rest))
}

fn single_text(rate: &str, rest: &str) -> String {
    base("balanced").with(&format!(
        r#"
[window.run]
length = "10s"
[workload.visitors]
rate = "{rate}"
[balancer.front]
{rest}"#
    ))
}

/// A world in which nobody comes after `seconds`.
fn burst(plan: &Blueprint, seconds: f64) -> World<'_> {
    burst_with(plan, seconds, Faults::Off)
}

fn burst_with(plan: &Blueprint, seconds: f64, faults: Faults) -> World<'_> {
    let span = Span {
        levels: vec![],
        start: SimTime::ZERO,
        from: SimTime::ZERO,
        until: at(seconds),
        horizon: at(seconds),
        faults,
    };
    World::new(plan, Lineage::replication(0), span)
}

/// First come, first served: of arrivals twice as fast as the member the n-th is answered after
/// 1 s + n × 0.5 s, which no other order gives at every instant.
#[test]
fn the_line_is_first_come_first_served() {
    let plan = single("2/s", "member-limit = 1");
    let mut world = world(&plan, 0);
    for done in 1..=40_u64 {
        // The first comes within half a second; each is done a second after the one before.
        world.run_before(at(0.5 + done as f64)).unwrap();
        let latency = &world.record().classes[0].latency;
        assert_eq!(latency.count(), done);
        let last = 1.0 + 0.5 * (done - 1) as f64;
        assert!((latency.max().unwrap() as f64 / 1e9 - last).abs() < 1e-6);
        let mean = latency.mean().unwrap() / 1e9;
        assert!((mean - (1.0 + last) / 2.0).abs() < 1e-6, "{mean}");
    }
}

/// Ten at 0.1 to 1.0 s at a member that takes one for a second, three places in line, 1.5 s in it at
/// most: the first is served from 0.1 s on, those of 0.5 to 1.0 s are refused, that of 0.2 s is
/// sent on at 1.1 s, and those of 0.3 and 0.4 s have waited their time by 1.8 and 1.9 s.
#[test]
fn a_full_line_refuses_and_a_wait_that_is_over_ends_in_an_error() {
    let keys = "member-limit = 1\nqueue-limit = 3\nqueue-time-out = \"1.5s\"";
    let plan = single("10/s", keys);
    let mut world = burst(&plan, 1.05);
    world.run_before(at(60.0)).unwrap();
    let attempts = &world.record().classes[0].attempts;
    assert_eq!(attempts.begun, 10);
    assert_eq!([attempts.ended[OK], attempts.ended[REFUSED], attempts.ended[ERROR]], [2, 6, 2]);
    assert_eq!(world.in_flight(), 0);
}

/// The limit of a unit bounds what is inside; more wait in its backlog as connections that nobody
/// has accepted, still more are refused. Two at a time for a second each, three in the backlog.
#[test]
fn a_unit_takes_in_so_many_and_its_backlog_holds_the_next() {
    let plan = single("10/s", "limit = 2\nbacklog = 3");
    let mut world = burst(&plan, 1.05);
    world.run_before(at(1.05)).unwrap();
    assert_eq!(world.gauges()[part(&plan, "app-1").index()].arrived, 2);
    world.run_before(at(60.0)).unwrap();
    let attempts = &world.record().classes[0].attempts;
    assert_eq!((attempts.begun, attempts.ended[OK], attempts.ended[REFUSED]), (10, 5, 5));
    let gauge = &world.gauges()[part(&plan, "front-1").index()];
    assert_eq!((gauge.arrived, gauge.refused, gauge.completed), (10, 5, 5));
}

/// Of a unit's two places one request of a second every second takes one; each member's slots, of
/// which there are five, are taken for a fifth.
#[test]
fn what_is_taken_of_a_limit_is_its_utilisation() {
    let plan = single("1/s", "limit = 2\nmember-limit = 5\ncores = 1\ncpu = \"100ms\"");
    let of = ["utilization.front-1.connections@run", "utilization.front.members@run"];
    let [(inside, _), (open, _)] = figures(&plan, 400, of);
    // 1.1 s inside the unit, 1 s of it at the member.
    assert!((inside - 0.55).abs() < 1e-6, "{inside}");
    assert!((open - 0.2).abs() < 1e-6, "{open}");
    let [(cpu, _)] = figures(&plan, 400, ["utilization.front-1.cpu@run"]);
    assert!((cpu - 0.1).abs() < 1e-6, "{cpu}");
}

/// Who has gone leaves either line, and the member never hears of him: of a hundred in a second
/// who wait for a second, at one a time and a second each, two are ever sent on: the first, and
/// who is first in line when that is answered. The others cost nothing.
#[test]
fn who_gives_up_leaves_the_line_and_costs_no_member_anything() {
    let clients = "[clients.public]\ntime-out = \"1s\"\n[workload.visitors]\nfrom = \"public\"\n";
    for (keys, bounded) in [("member-limit = 1", true), ("limit = 1", true), ("", false)] {
        let plan = single("100/s", keys);
        let sent = |plan: &Blueprint| {
            let mut world = burst(plan, 1.005);
            world.run_before(at(200.0)).unwrap();
            assert_eq!(world.in_flight(), 0, "{keys}");
            world.gauges()[part(plan, "app-1").index()].arrived
        };
        assert_eq!(sent(&plan), 100, "{keys}: without patience");
        let hasty = blueprint(&single_text("100/s", keys).with(clients));
        let heard = sent(&hasty);
        assert!(if bounded { heard == 2 } else { heard == 100 }, "{keys}: {heard}");
    }
}

/// A caller inside the site gives up its call: the call leaves the line, and the caller answers
/// with an error.
#[test]
fn a_call_that_is_given_up_leaves_the_line() {
    let plan = blueprint(&base("service").with(
        r#"
[window.run]
length = "10s"
[zone.deep]
[service.back]
in      = "deep"
workers = "unlimited"
[balancer.inner]
to = "back"
member-limit = 1
[workload.visitors]
request  = "get"
rate     = "10/s"
arrivals = { process = "regular" }
[request.get]
enter = "app"
demands  = { work = "1s" }
steps = [ { call = "inner", time-out = "1450ms", steps = [ { cpu = "back", demand = "work" } ] } ]
"#,
    ));
    let mut world = burst(&plan, 1.05);
    world.run_before(at(60.0)).unwrap();
    let attempts = &world.record().classes[0].attempts;
    // That of 0.1 s is answered at 1.1 s. That of 0.2 s is sent on then and given up at 1.65 s; the
    // work goes on until 2.1 s, when those of 0.3 to 0.6 s have left. That of 0.7 s is sent on and
    // given up at 2.15 s, and before its work is done the others have left, the last at 2.45 s.
    assert_eq!((attempts.begun, attempts.ended[OK], attempts.ended[ERROR]), (10, 1, 9));
    assert_eq!(world.gauges()[part(&plan, "back-1").index()].arrived, 3);
    assert_eq!(world.in_flight(), 0);
    let gauge = &world.gauges()[part(&plan, "inner.members").index()];
    assert_eq!((gauge.arrived, gauge.completed, gauge.reneged), (10, 3, 7));
    assert_eq!(gauge.inside, gauge.stayed);
}

/// A unit that dies takes its line with it; so does one that loses its address while it hangs.
#[test]
fn what_a_unit_has_in_line_is_lost_with_it() {
    for (health, gone) in [(Health::Unreachable, 0.0), (Health::Hung, 5.0)] {
        let keys = "count = 2\nmember-limit = 1\nfailover = { detect = \"5s\" }";
        let plan = single("10/s", keys);
        let mut world = burst(&plan, 3.05);
        world.run_before(at(3.05)).unwrap();
        assert_eq!(front(&plan, &world).waiting(0), 27);
        world.set_health(part(&plan, "front-1"), health, CauseId::OVERLOAD);
        if gone > 0.0 {
            world.run_before(at(3.05 + gone - 0.01)).unwrap();
            // The member goes on, and its room is free; who stands still sends nothing.
            assert_eq!((front(&plan, &world).waiting(0), front(&plan, &world).open(0, 0)), (27, 0));
        }
        world.run_before(at(60.0)).unwrap();
        assert_eq!(front(&plan, &world).waiting(0), 0);
        assert_eq!(front(&plan, &world).open(0, 0), 0);
        assert_eq!(world.in_flight(), 0);
        let attempts = &world.record().classes[0].attempts;
        assert_eq!(attempts.ended[OK] + attempts.ended[ERROR], 30);
        let gauge = &world.gauges()[part(&plan, "front.members").index()];
        assert_eq!((gauge.inside, gauge.completed), (gauge.stayed, attempts.ended[OK] + 1));
    }
}

/// A unit that stands still for a while sends on what it has in line when it goes on, but for
/// those whose time is over by then. Ten come at 0.1 to 1.0 s, each is a second of work, 3 s in line
/// at most. It stands still from 1.9 to 3.55 s: the second has been answered by its member at 2.1 s
/// and goes on at 3.55 s; those of 0.3 to 0.5 s are told then that they have waited too long, that of
/// 0.6 s is sent on, and the other four have waited too long before it is answered.
#[test]
fn a_unit_that_goes_on_sends_what_has_not_waited_too_long() {
    let fault = "[run]\ninitial = \"new\"\n[fault.still]\nhits = \"front-1\"\nhow = \"pause\"\n\
                 at = \"1.9s\"\nlasts = \"1650ms\"\n";
    let keys = "member-limit = 1\nqueue-time-out = \"3s\"";
    let plan = single("10/s", &format!("{keys}\n{fault}"));
    let mut world = burst_with(&plan, 1.05, Faults::Live);
    world.run_before(at(3.54)).unwrap();
    assert_eq!(front(&plan, &world).waiting(0), 8);
    world.run_before(at(60.0)).unwrap();
    let attempts = &world.record().classes[0].attempts;
    assert_eq!((attempts.ended[OK], attempts.ended[ERROR]), (3, 7));
    assert_eq!(world.in_flight(), 0);
}

/// One of two members is taken out: the other alone is too slow and a line grows. When the first
/// is back it gets its slots again and the line is gone as fast as the two are faster than what
/// comes. When both are out the line is refused.
#[test]
fn a_member_that_returns_drains_the_line_and_the_last_one_out_empties_it() {
    let keys = "member-limit = 10\ntime-out = \"10s\"\ncheck = { interval = \"1s\", time-out = \"1s\", fall = 1 }";
    // 150 a second; each member does 100: ten at a time, 100 ms each.
    let rest = PLAIN.replace("demands  = { work = \"1ms\" }\n", "");
    let rest = rest.replace("{ cpu = \"app\", demand = \"work\" }", "{ delay = \"100ms\" }");
    let plan = scene(keys, "150/s", &rest);
    let mut world = world(&plan, 0);
    world.run_before(at(20.0)).unwrap();
    assert_eq!(front(&plan, &world).waiting(0), 0);
    world.set_health(part(&plan, "app-1"), Health::Down, CauseId::OVERLOAD);
    world.run_before(at(40.0)).unwrap();
    let line = front(&plan, &world).waiting(0) as f64;
    // 50 a second from when it was noticed, 19 to 20 s ago.
    assert!((940.0..=1_001.0).contains(&line), "{line}");
    assert_eq!((front(&plan, &world).open(0, 0), front(&plan, &world).open(0, 1)), (0, 10));
    world.set_health(part(&plan, "app-1"), Health::Up, CauseId::OVERLOAD);
    let time = time_until(&plan, &mut world, 60.0, |front| front.waiting(0) == 0).unwrap();
    // Put back within a second, and then 50 a second less in line.
    assert!(time >= line / 50.0 - 0.1 && time <= line / 50.0 + 2.1, "{time} for {line}");
    for name in ["app-1", "app-2"] {
        world.set_health(part(&plan, name), Health::Hung, CauseId::OVERLOAD);
    }
    let now = world.now();
    world.run_before(now + SimDuration::from_secs(3)).unwrap();
    let full = |world: &World<'_>| front(&plan, world).waiting(0);
    let waiting = full(&world);
    // Of the twenty slots fifteen at least were taken; a shallow check does not see a hang.
    assert!((444..=451).contains(&waiting), "{waiting}");
    let before = world.record().classes[0].attempts.ended[REFUSED];
    for name in ["app-1", "app-2"] {
        world.set_health(part(&plan, name), Health::Unreachable, CauseId::OVERLOAD);
    }
    // Both die, and what they had is lost; their room is taken by twenty who will hear nothing.
    let out = time_until(&plan, &mut world, 10.0, |f| !f.believes(0, 0) && !f.believes(0, 1));
    assert!(out.unwrap() <= 2.01);
    let refused = world.record().classes[0].attempts.ended[REFUSED] - before;
    assert!(refused >= waiting as u64 - 20, "{refused} of {waiting}");
    assert_eq!(full(&world), 0);
}

/// By hash a view waits for its own member: with one member busy for good its views wait and those
/// of the other pass them.
#[test]
fn by_hash_a_view_waits_for_its_own_member_and_others_pass() {
    let plan = scene("algorithm = \"hash\"\nmember-limit = 5", "100/s", PLAIN);
    let mut world = world(&plan, 0);
    world.run_before(at(10.0)).unwrap();
    world.set_health(part(&plan, "app-1"), Health::Stalled, CauseId::OVERLOAD);
    let before = world.gauges()[part(&plan, "app-2").index()].completed;
    world.run_before(at(30.0)).unwrap();
    let (waiting, open) = (front(&plan, &world).waiting(0), front(&plan, &world).open(0, 0));
    let passed = world.gauges()[part(&plan, "app-2").index()].completed - before;
    assert_eq!(open, 5);
    // 1000 each in the mean, four standard deviations of 22.
    assert!(passed.abs_diff(1_000) < 90, "{passed}");
    assert!((waiting as u64 + 5 + passed).abs_diff(2_000) <= 1, "{waiting} {passed}");
    world.set_health(part(&plan, "app-1"), Health::Up, CauseId::OVERLOAD);
    world.run_before(at(31.0)).unwrap();
    assert_eq!(front(&plan, &world).waiting(0), 0);
}

/// A member that refuses costs a further try; with no room anywhere else the second try waits in
/// line, and is served in the end.
#[test]
fn a_second_try_waits_in_line_where_nobody_else_has_room() {
    let keys = "member-limit = 1\nretries = 1\nalgorithm = \"least-connections\"";
    let rest = PLAIN.replace("{ cpu = \"app\", demand = \"work\" }", "{ delay = \"100ms\" }");
    let plan = scene(keys, "15/s", &rest.replace("demands  = { work = \"1ms\" }\n", ""));
    let mut world = burst(&plan, 10.01);
    world.set_health(part(&plan, "app-1"), Health::Down, CauseId::OVERLOAD);
    world.run_before(at(100.0)).unwrap();
    let attempts = &world.record().classes[0].attempts;
    assert_eq!((attempts.begun, attempts.ended[OK]), (150, 150));
    assert_eq!(world.in_flight(), 0);
    assert_eq!(world.gauges()[part(&plan, "app-2").index()].completed, 150);
    let gauge = &world.gauges()[part(&plan, "front.members").index()];
    assert_eq!(gauge.inside, gauge.stayed);
}
