//! Edges whose origin is silent, over years: what they hold grows old, in `flows` as in `requests`.

use fivenines::model::outage::Past;
use fivenines::solve::frame::Sizes;
use fivenines::study::sampled::agreement::Agrees;

use super::sampled::Shop;
use super::{Years, asked};
use crate::inside::faults::drafted;
use crate::inside::shared::base::base;

const YEAR_S: f64 = 31_536_000.0;
const RATE: f64 = 2.0;
/// Share of the views whose page is at the edge, and of the four assets of a page each; how long they keep.
const PAGE: f64 = 0.7;
const ASSET: f64 = 0.9;
const LIFE_S: f64 = 3_600.0;

/// An origin of one server that breaks every few days for two hours, behind two edges.
fn origin() -> String {
    base("edges")
}

/// Of breaks of exponential length the origin is silent at age t with exp(−t / repair); a view is served
/// while all its five objects are found, each with its ratio times 1 − t / life.
fn lost_a_year(repair_s: f64) -> f64 {
    let breaks = YEAR_S / (86_400.0 + repair_s);
    let served = |t: f64| PAGE * libm::pow(ASSET, 4.0) * libm::pow(1.0 - t / LIFE_S, 5.0);
    let steps = 100_000;
    let width = LIFE_S / f64::from(steps);
    let kept: f64 = (0..steps)
        .map(|step| (f64::from(step) + 0.5) * width)
        .map(|t| served(t) * libm::exp(-t / repair_s) * width)
        .sum();
    RATE * breaks * (repair_s - kept)
}

#[test]
fn what_edges_hold_serves_until_its_life_is_over() {
    let figure = "lost.page[cause=crash]@horizon";
    let seen = Years::of(asked(&drafted(&origin()), "10y", 100, &[figure]));
    seen.holds(figure, lost_a_year(7_200.0), 0.02);
    let short = origin().replace("mean = \"2h\"", "mean = \"5min\"");
    let seen = Years::of(asked(&drafted(&short), "10y", 100, &[figure]));
    seen.holds(figure, lost_a_year(300.0), 0.02);
}

#[test]
fn edges_that_keep_nothing_serve_nothing_while_their_origin_is_silent() {
    let figure = "lost.page[cause=crash]@horizon";
    let none = origin().replace("ttl = \"1h\"\n", "ttl = \"0s\"\n");
    let seen = Years::of(asked(&drafted(&none), "10y", 100, &[figure]));
    let breaks = YEAR_S / (86_400.0 + 7_200.0);
    seen.holds(figure, RATE * breaks * 7_200.0, 0.02);
}

/// While part of what edges fetch is answered, what they hold is renewed: only what fails is lost.
#[test]
fn edges_stay_fresh_while_somebody_answers() {
    let figure = "lost.page[cause=crash]@horizon";
    let text = origin()
        .replace("[server.box]", "[server.rear]\ncores = 1\n[server.box]")
        .replace(
            "[cdn.edge]",
            "[zone.back]\non = [\"rear\"]\n[service.sql]\nin = \"back\"\nworkers = \"unlimited\"\nrestart = \"0s\"\n[cdn.edge]",
        )
        .replace(
            "{ cpu = \"app\", demand = \"work\" } ]\nreply = \"10kB\"\n[request.asset]",
            "{ call = \"sql\", steps = [ { cpu = \"sql\", demand = \"work\" } ] } ]\nreply = \"10kB\"\n[request.asset]",
        )
        .replace("hits = \"service.app\"", "hits = \"service.sql\"");
    let seen = Years::of(asked(&drafted(&text), "10y", 100, &[figure]));
    let breaks = YEAR_S / (86_400.0 + 7_200.0);
    seen.holds(figure, RATE * breaks * 7_200.0 * (1.0 - PAGE), 0.02);
}

/// Half of the views fetch over the link that has died, for the minute until routes have converged; of
/// these the ones are lost of which anything is not at the edge.
#[test]
fn a_dead_link_behind_edges_loses_what_they_fetch_over_it() {
    let figure = "lost.page[cause=link]@horizon";
    let seen = Years::of(asked(&drafted(&linked()), "10y", 100, &[figure]));
    let cycle = 432_000.0 + 600.0;
    let deaths = 2.0 * YEAR_S / cycle;
    let both = YEAR_S * (600.0 / cycle) * (600.0 / cycle);
    let in_vain = 1.0 - PAGE * libm::pow(ASSET, 4.0);
    seen.holds(figure, RATE * in_vain * (deaths * 60.0 * 0.5 + both), 0.02);
}

/// [`origin`] with two links that die every fifth day each, and nothing else that breaks.
fn linked() -> String {
    let links = "[site.here.uplinks]\ncount = 2\nbandwidth = \"1 Gbit/s\"\nconvergence = \"60s\"\n";
    let fault = "[fault.link]\nhits = \"site.here.uplink\"\nhow = \"crash\"\nrate = \"0.2/d\"\nrepair = \"10min\"\n";
    let text = origin()
        .replace(
            "[server.box]\n",
            "[site.here]\n[rack.r]\nsite = \"here\"\n[server.box]\nrack = \"r\"\n",
        )
        .replace("[clients.public]", &format!("{links}[clients.public]"));
    let at = text.find("[fault.crash]").unwrap();
    format!("{}{fault}", &text[..at])
}

/// [`origin`] behind a shield that finds half of what its edges ask.
fn shielded() -> String {
    let shield = "[cdn.shield]\nto = \"app\"\nhit = { page = 0.5, asset = 0.5 }\nttl = \"2h\"\n\
                  convergence = \"60s\"\n[clients.public]\n";
    let text = origin().replace("to = \"app\"", "to = \"shield\"");
    assert_ne!(text, origin());
    text.replace("[clients.public]\n", shield)
}

/// Both tiers grow old, each by its life: a request is served at t with 1 − (1 − h (1 − t/1 h)) (1 − 0.5 (1 −
/// t/2 h)), a view when all its five are.
#[test]
fn a_shield_serves_on_when_the_edges_are_too_old() {
    let figure = "lost.page[cause=crash]@horizon";
    let seen = Years::of(asked(&drafted(&shielded()), "10y", 100, &[figure]));
    let repair_s = 7_200.0;
    let breaks = YEAR_S / (86_400.0 + repair_s);
    let one = |hit: f64, t: f64| {
        let edge = hit * (1.0 - t / LIFE_S).max(0.0);
        1.0 - (1.0 - edge) * (1.0 - 0.5 * (1.0 - t / (2.0 * LIFE_S)))
    };
    let served = |t: f64| one(PAGE, t) * libm::pow(one(ASSET, t), 4.0);
    let steps = 100_000;
    let width = 2.0 * LIFE_S / f64::from(steps);
    let kept: f64 = (0..steps)
        .map(|step| (f64::from(step) + 0.5) * width)
        .map(|t| served(t) * libm::exp(-t / repair_s) * width)
        .sum();
    seen.holds(figure, RATE * breaks * (repair_s - kept), 0.02);
}

/// For the minute in which edges ask a dead shield in vain the views are lost that no edge has all of; then
/// edges go round it.
#[test]
fn a_dead_shield_loses_what_edges_ask_it_until_they_know() {
    let figure = "lost.page[cause=shield]@horizon";
    let fault = "[fault.shield]\nhits = \"cdn.shield\"\nhow = \"crash\"\nrate = \"0.2/d\"\nrepair = \"10min\"\n";
    let text = shielded();
    let at = text.find("[fault.crash]").unwrap();
    let text = format!("{}{fault}", &text[..at]);
    let seen = Years::of(asked(&drafted(&text), "10y", 100, &[figure]));
    let deaths = YEAR_S / (432_000.0 + 600.0);
    let in_vain = 1.0 - PAGE * libm::pow(ASSET, 4.0);
    seen.holds(figure, RATE * in_vain * deaths * 60.0, 0.02);
}

/// Long breaks are cut into pieces. In the window of a later one edges hold what is as old as it is in
/// its history.
#[test]
fn edges_of_a_window_are_as_old_as_those_of_its_history() {
    let sizes = Sizes { replications: 2, quiet: 0, episodes: 60, least: 60 };
    let shop = Shop::of(&origin(), "20d", sizes, |_| {});
    // A minute of the traffic: other views find what they look for.
    let alike = |lost: f64, expected: f64| (lost - expected).abs() < 60.0 + 0.02 * expected;
    let apart = shop.apart_without(alike, |past: &mut Past| past.silent.clear());
    assert!(apart > 5, "edges that begin fresh make no difference: {apart}");
}

#[test]
fn both_solvers_lose_as_much_behind_edges() {
    let sizes = Sizes { replications: 16, quiet: 1, episodes: 240, least: 8 };
    let shop = Shop::of(&origin(), "10d", sizes, |_| {});
    let rows = shop.compared();
    assert_eq!(shop.names(&rows, Agrees::Disagree), [""; 0], "{rows:#?}");
    assert_eq!(shop.names(&rows, Agrees::Agree), ["crash"], "{rows:#?}");
    // Played object by object, with room for all: each copy of any age, as the fluid has it.
    let hit = "hit = { page = 0.7, asset = 0.9 }\n";
    assert!(origin().contains(hit));
    let content = "content = { objects = 400, popularity = { page = { zipf = 0.5, objects = 40 }, \
                   asset = { zipf = 0.8, objects = 300 } } }\n";
    let shop = Shop::of(&origin().replace(hit, content), "10d", sizes, |_| {});
    let rows = shop.compared();
    assert_eq!(shop.names(&rows, Agrees::Disagree), [""; 0], "{rows:#?}");
    assert_eq!(shop.names(&rows, Agrees::Agree), ["crash"], "{rows:#?}");
    let shop = Shop::of(&shielded(), "10d", sizes, |_| {});
    let rows = shop.compared();
    assert_eq!(shop.names(&rows, Agrees::Disagree), [""; 0], "{rows:#?}");
    assert_eq!(shop.names(&rows, Agrees::Agree), ["crash"], "{rows:#?}");
    let shop = Shop::of(&linked(), "60d", sizes, |_| {});
    let rows = shop.compared();
    assert_eq!(shop.names(&rows, Agrees::Disagree), [""; 0], "{rows:#?}");
    let lost: f64 = rows.iter().filter_map(|row| row.requests.value()).sum();
    assert!(lost > 1_000.0, "{rows:#?}");
}
