//! What a dead target of a name service costs over years: detection and the life of the answers, for the
//! users who are sent there. The same times are those of `requests` in tests/inside/front.rs (O42).

use super::{Years, asked};
use crate::inside::faults::drafted;

const YEAR_S: f64 = 31_536_000.0;

/// Each site crashes twenty times per year of running, and restarts after an hour.
const RATE: f64 = 20.0;
const REPAIR_S: f64 = 3_600.0;

/// Outages per year of one site.
const OUTAGES: f64 = YEAR_S / (YEAR_S / RATE + REPAIR_S);

/// A process that is gone refuses a probe: U(0, 5 s) + 5 s. Answers live for 60 s.
const DETECTED_S: f64 = 7.5;
const LIFE_S: f64 = 60.0;

const CONTINUOUS: &str = "downtime.get[availability=continuous]@horizon";
const STRUCTURAL: &str = "downtime.get@horizon";
const LOST: &str = "lost.get@horizon";

/// Sites with a process each behind one name; those called `fails` crash.
fn sites(names: &[&str], policy: &str, stale: &str, fails: &[&str]) -> String {
    let mut text = String::from("scenario = \"names\"\n[run]\nseed = 3\ninitial = \"new\"\n");
    for name in names {
        text += &format!(
            "[server.{name}-box]\ncores = 8\n[zone.{name}-zone]\non = [\"{name}-box\"]\n\
             [service.{name}]\nin = \"{name}-zone\"\nworkers = \"unlimited\"\nrestart = \"0s\"\n"
        );
    }
    for name in fails {
        text += &format!(
            "[fault.{name}-crash]\nhits = \"service.{name}\"\nhow = \"crash\"\n\
             rate = \"{RATE}/y\"\nrepair = \"1h\"\n"
        );
    }
    let to: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    text + &format!(
        "[name-service.front]\nto = [{}]\npolicy = \"{policy}\"\nttl = \"60s\"\n{stale}\
         check = {{ interval = \"5s\", time-out = \"2s\", fall = 2, rise = 2 }}\n\
         [clients.public]\ntime-out = \"5s\"\n\
         [workload.visitors]\nfrom = \"public\"\nrequest = \"get\"\nrate = \"1/s\"\n\
         [request.get]\nenter = \"front\"\nsteps = [ {{ delay = \"1ms\" }} ]\n",
        to.join(", ")
    )
}

fn seen(text: &str) -> Years {
    Years::of(asked(&drafted(text), "10y", 100, &[STRUCTURAL, CONTINUOUS, LOST]))
}

/// Seconds of downtime of a figure, in all replications.
fn down(seen: &Years, path: &str) -> f64 {
    let figure = seen.plan.figures.iter().find(|figure| figure.path == path).unwrap();
    seen.seen.folded[figure.measure.net][figure.measure.meter].downtime.iter().sum()
}

#[test]
fn a_standby_site_that_is_down_costs_no_user_anything() {
    let seen = seen(&sites(&["here", "there"], "failover", "", &["there"]));
    assert_eq!(down(&seen, STRUCTURAL), 0.0);
    assert_eq!(down(&seen, CONTINUOUS), 0.0);
}

/// More than 1 % of the requests fail until the last answers have run out; of the views a half of
/// those asked for in that minute.
#[test]
fn a_dead_site_costs_detection_and_the_life_of_its_answers() {
    let seen = seen(&sites(&["here", "there"], "failover", "", &["here"]));
    assert_eq!(down(&seen, STRUCTURAL), 0.0);
    seen.holds(CONTINUOUS, OUTAGES * (DETECTED_S + LIFE_S), 0.03);
    seen.holds(LOST, OUTAGES * (DETECTED_S + LIFE_S / 2.0), 0.03);
}

/// Resolvers that keep an old answer for a quarter of an hour: 2 % of them are more than 1 % of the
/// requests, half a percent is not.
#[test]
fn resolvers_that_keep_old_answers_count_where_they_are_more_than_one_percent() {
    for (share, beyond) in [(0.02, 840.0), (0.005, 0.0)] {
        let stale = format!("stale = {{ share = {share}, for = \"15min\" }}\n");
        let seen = seen(&sites(&["here", "there"], "failover", &stale, &["here"]));
        seen.holds(CONTINUOUS, OUTAGES * (DETECTED_S + LIFE_S + beyond), 0.03);
        let kept = (1.0 - share) * LIFE_S / 2.0 + share * 900.0;
        seen.holds(LOST, OUTAGES * (DETECTED_S + kept), 0.03);
    }
}

/// Each of three has a third of the users. Two at once (a probability of 2 / 439 for the second to find one of
/// the others down) add a tail: then the living one is alone, which is in the tolerance.
#[test]
fn a_dead_site_of_three_in_turn_costs_its_third_of_the_users() {
    let all = ["one", "two", "three"];
    let seen = seen(&sites(&all, "round-robin", "", &all));
    let continuous = seen.interval(CONTINUOUS).estimate;
    let hand = 3.0 * OUTAGES * (DETECTED_S + LIFE_S);
    assert!((continuous / hand - 1.0).abs() < 0.02, "{continuous} s, by hand {hand}");
    let lost = seen.interval(LOST).estimate;
    let hand = OUTAGES * (DETECTED_S + LIFE_S / 2.0);
    assert!((lost / hand - 1.0).abs() < 0.02, "{lost} views, by hand {hand}");
}

/// A name service without a check keeps sending users to the dead one.
#[test]
fn without_a_check_users_are_sent_to_a_dead_site_until_it_is_back() {
    let text = sites(&["here", "there"], "failover", "", &["here"]);
    let check = "check = { interval = \"5s\", time-out = \"2s\", fall = 2, rise = 2 }\n";
    assert!(text.contains(check));
    let seen = seen(&text.replace(check, ""));
    seen.holds(CONTINUOUS, OUTAGES * REPAIR_S, 0.03);
}

/// Links of a site cut off the users who are sent there, and none of the standby's.
#[test]
fn a_dead_link_of_a_standby_site_cuts_off_no_user() {
    let mut text = sites(&["here", "there"], "failover", "", &[]);
    for name in ["here", "there"] {
        let bare = format!("[server.{name}-box]\n");
        let stands = format!(
            "[site.{name}-site]\nuplinks = {{ count = 2, bandwidth = \"1Gbit/s\", convergence = \"1min\" }}\n\
             [rack.{name}-rack]\nsite = \"{name}-site\"\n[server.{name}-box]\nrack = \"{name}-rack\"\n"
        );
        text = text.replace(&bare, &stands);
    }
    for (site, hand) in [("there", 0.0), ("here", 2.0 * OUTAGES * 60.0 / 2.0)] {
        let fault = format!(
            "[fault.link]\nhits = \"site.{site}-site.uplink\"\nhow = \"crash\"\nrate = \"{RATE}/y\"\n\
             repair = \"1h\"\n"
        );
        let seen = seen(&format!("{text}{fault}"));
        let found = down(&seen, STRUCTURAL) / 1_000.0;
        assert!((found - hand).abs() <= 0.03 * hand, "{site}: {found} s per year, by hand {hand}");
    }
}

/// Users near each of two sites behind one name that leads to the nearest. Each loses a crash of its own site alone, until
/// detection is over and its users have left: in 60 s behind a name, of which a half is lost on average, and together after
/// 20 s behind an anycast address.
#[test]
fn a_dead_site_costs_the_users_who_are_near_it_and_no_others() {
    let own = |name: &str| {
        format!(
            "[site.{name}-site]\n[rack.{name}-rack]\nsite = \"{name}-site\"\n\
             [server.{name}-box]\nrack = \"{name}-rack\"\n"
        )
    };
    for (policy, life, continuous, lost) in [
        ("nearest", "ttl = \"60s\"", LIFE_S, LIFE_S / 2.0),
        ("anycast", "convergence = \"20s\"", 20.0, 20.0),
    ] {
        let mut text = sites(&["here", "there"], policy, "", &["here"]);
        for name in ["here", "there"] {
            text = text.replace(&format!("[server.{name}-box]\n"), &own(name));
        }
        assert!(text.contains("ttl = \"60s\""));
        let text = text.replace("ttl = \"60s\"", life).replace(
            "[clients.public]\n",
            "[clients.public]\nround-trips = { here-site = \"20ms\", there-site = \"70ms\" }\n",
        );
        let others = "[clients.abroad]\nround-trips = { here-site = \"70ms\", there-site = \"20ms\" }\n\
             time-out = \"5s\"\n[workload.readers]\nfrom = \"abroad\"\nrequest = \"read\"\n\
             rate = \"1/s\"\n[request.read]\nenter = \"front\"\nsteps = [ { delay = \"1ms\" } ]\n";
        let read = ["downtime.read[availability=continuous]@horizon", "lost.read@horizon"];
        let figures = [STRUCTURAL, CONTINUOUS, LOST, read[0], read[1]];
        let draft = drafted(&format!("{text}{others}"));
        let seen = Years::of(asked(&draft, "10y", 100, &figures));
        assert_eq!(down(&seen, STRUCTURAL), 0.0, "{policy}");
        seen.holds(CONTINUOUS, OUTAGES * (DETECTED_S + continuous), 0.03);
        seen.holds(LOST, OUTAGES * (DETECTED_S + lost), 0.03);
        assert_eq!(down(&seen, read[0]), 0.0, "{policy}");
        let found = seen.interval(read[1]).estimate;
        assert!(found < 1e-9, "{policy}: {found} views per year of users near the other site");
    }
}
