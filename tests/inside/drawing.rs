//! Promise: the drawing of a system shows everything once, in its place and legibly, and marks the single points of
//! failure that `check` reports.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::shared::{
    base::{With as _, base},
    scenarios, shipped,
};

use fivenines::facade::Scenario;
use fivenines::plan::cutsets::CutSets;
use fivenines::plan::drawing::arrows::{Carries, components};
use fivenines::plan::drawing::{Form, MOST_NODES, Node, System};
use fivenines::plan::graph::Graph;
use fivenines::plan::lint::judged;
use fivenines::plan::part::{Part, PartKind};
use fivenines::report::drawing::layout::{Places, Rect};
use fivenines::report::drawing::route::{self, Point};
use fivenines::report::drawing::{WIDE, draw, label, layout, list, paint};
use fivenines::report::measure::text_width;

fn system(scenario: &Scenario) -> System {
    System::of(scenario.draft(), &BTreeMap::new())
}

fn parsed(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn places(system: &System) -> Places {
    layout::places(system, &paint::sizes(system), WIDE)
}

/// A service in one rack, with a window.
fn site() -> String {
    base("site") + "[window.peak]\nlength = \"1min\"\n"
}

/// Two sites of 30 components each, with names of different lengths.
fn sixty() -> String {
    let mut text = site().replace("[site.here]\n[rack.r]\nsite = \"here\"\n", "");
    for site in ["a-site-with-a-long-name", "b"] {
        text += &format!("[site.{site}]\nuplinks = {{ count = 2, bandwidth = \"1Gbit/s\" }}\n");
        for rack in 1..=3 {
            let rack = format!("{site}-{rack}-r");
            text += &format!("[rack.{rack}]\nsite = \"{site}\"\n");
            for at in 1..=4 {
                let name = format!("{rack}-{at}-n");
                text +=
                    &format!("[server.{name}-box]\nrack = \"{rack}\"\ncount = {at}\ncores = 4\n");
                text += &format!("[zone.{name}-zone]\ncount = {at}\namong = [\"{name}-box\"]\n");
                text += &format!("[service.{name}]\nin = \"{name}-zone\"\nworkers = 9\n");
                text += &format!(
                    "[request.{name}]\nenter = \"{name}\"\nsteps = [ {{ delay = \"1ms\" }} ]\n"
                );
                text += &format!(
                    "[workload.{name}]\nfrom = \"public\"\nrequest = \"{name}\"\nrate = \"1/s\"\n"
                );
            }
        }
    }
    text.replace("rack = \"r\"", "rack = \"b-1-r\"")
}

/// All shipped scenarios and a large one, each with its drawing. Reading them takes most of the time of these tests.
static ALL: LazyLock<Vec<(Scenario, System)>> = LazyLock::new(|| {
    let read = |path| Scenario::load(path).unwrap_or_else(|error| panic!("{error}"));
    let scenarios = shipped().into_iter().map(read).chain([parsed(&sixty())]);
    scenarios.map(|scenario| (scenario.clone(), system(&scenario))).collect()
});

#[test]
fn every_part_of_a_scenario_is_drawn_once_and_so_is_a_component_without_parts() {
    for (scenario, system) in &*ALL {
        let draft = scenario.draft();
        let mut wanted: Vec<Part> = Vec::new();
        let mut without = BTreeSet::new();
        for (kind, index) in components(draft) {
            let parts = kind.answers().parts(draft, index);
            if parts.is_empty() {
                without.insert((kind, index));
            }
            wanted.extend(parts);
        }
        wanted.sort_unstable();
        let mut drawn: Vec<Part> =
            system.nodes.iter().flat_map(|node| node.parts.iter().copied()).collect();
        drawn.sort_unstable();
        assert_eq!(drawn, wanted, "{}", scenario.name());
        let bare = system.nodes.iter().filter(|node| node.form == Form::Part);
        let bare: BTreeSet<_> = bare.filter_map(|node| node.component).collect();
        assert_eq!(bare, without, "{}", scenario.name());
    }
}

fn overlap(a: Rect, b: Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

fn lies_in(inner: Rect, outer: Rect) -> bool {
    outer.x <= inner.x
        && outer.y <= inner.y
        && inner.right() <= outer.right()
        && inner.bottom() <= outer.bottom()
}

#[test]
fn boxes_beside_each_other_do_not_overlap_and_stay_inside_the_box_around_them() {
    for (scenario, system) in &*ALL {
        let name = scenario.name();
        let places = places(system);
        let whole = Rect { x: 0, y: 0, width: places.width, height: places.height };
        let within = system.nodes.iter().zip(&places.nodes).filter(|(n, _)| !n.children.is_empty());
        let mut families: Vec<(Rect, &[usize])> =
            within.map(|(node, rect)| (*rect, node.children.as_slice())).collect();
        families.push((whole, &system.roots));
        let count: usize = families.iter().map(|(_, children)| children.len()).sum();
        assert_eq!(count, system.nodes.len(), "{name}");
        for (around, children) in families {
            for (at, one) in children.iter().enumerate() {
                let rect = places.nodes[*one];
                assert!(rect.width > 0 && rect.height > 0 && lies_in(rect, around), "{name}");
                for other in &children[at + 1..] {
                    assert!(!overlap(rect, places.nodes[*other]), "{name}: {one} and {other}");
                }
            }
        }
        assert!(places.width <= WIDE, "{name} is {} wide", places.width);
    }
}

/// Whether a line of a net touches a rectangle.
fn touches(line: &[Point], rect: Rect) -> bool {
    line.windows(2).any(|pair| {
        let (a, b) = (pair[0], pair[1]);
        let (left, right) = (a.0.min(b.0), a.0.max(b.0));
        let (top, bottom) = (a.1.min(b.1), a.1.max(b.1));
        left <= rect.right() && right >= rect.x && top <= rect.bottom() && bottom >= rect.y
    })
}

#[test]
fn every_arrow_finds_a_way_that_touches_no_other_node_and_no_heading() {
    for (scenario, system) in &*ALL {
        let name = scenario.name();
        let places = places(system);
        let headings = paint::headings(system, &places);
        let nets = route::nets(system, &places, &headings);
        let mut drawn = BTreeSet::new();
        for net in &nets {
            assert!(!net.is_cut && net.heads.len() == net.to.len(), "{name}: {net:?}");
            assert_eq!(net.lines.len(), net.from.len() + net.to.len() - 1, "{name}");
            for from in &net.from {
                drawn.extend(net.to.iter().map(|to| (*from, *to, net.carries)));
            }
            for (at, node) in system.nodes.iter().enumerate() {
                let is_end = net.from.contains(&at) || net.to.contains(&at);
                let solid = node.form != Form::Place && !is_end;
                let over = |line: &Vec<Point>| solid && touches(line, places.nodes[at]);
                assert!(!net.lines.iter().any(over), "{name}: over {}", node.name);
            }
            for heading in &headings {
                assert!(!net.lines.iter().any(|line| touches(line, *heading)), "{name}");
            }
        }
        let wanted: BTreeSet<_> =
            system.connections.iter().map(|one| (one.from, one.to, one.carries)).collect();
        assert_eq!(drawn, wanted, "{name}");
    }
}

#[test]
fn the_words_of_a_node_fit_its_box() {
    for (scenario, system) in &*ALL {
        let name = scenario.name();
        let places = places(system);
        for (node, rect) in system.nodes.iter().zip(&places.nodes) {
            if node.form == Form::Place {
                continue;
            }
            for (text, size) in paint::shown(node, *rect) {
                let wide = text_width(&text, size);
                assert!(wide <= f64::from(rect.width - 8), "{name}: {text} in {rect:?}");
            }
            let lines = paint::shown(node, *rect).len();
            assert!(16 * lines <= rect.height as usize, "{name}: {}", node.name);
        }
    }
}

#[test]
fn the_marked_single_points_of_failure_are_those_of_the_cut_sets() {
    let mut marked = 0;
    for (scenario, system) in &*ALL {
        let draft = scenario.draft();
        let graph = Graph::of(draft);
        let cuts = CutSets::of(&graph);
        let mut wanted = BTreeSet::new();
        for subject in judged(draft, &graph) {
            wanted.extend(cuts.of_subject(subject).into_iter().flat_map(|cuts| cuts.singles));
        }
        wanted.retain(|part| part.kind() != PartKind::Textbook);
        for node in &system.nodes {
            let single = node.parts.iter().any(|part| wanted.contains(part));
            assert_eq!(!node.takes_down.is_empty(), single, "{}: {}", scenario.name(), node.name);
            marked += usize::from(single);
        }
        let svg = scenario.drawing().svg();
        assert_eq!(svg.contains("class=\"s-w\""), !wanted.is_empty(), "{}", scenario.name());
    }
    assert!(marked > 50, "{marked} nodes are marked");
}

#[test]
fn the_order_of_sections_and_a_second_run_change_no_byte() {
    for name in ["tiers/tier-8.toml", "scalable/two-sites.toml"] {
        let text = std::fs::read_to_string(scenarios().join(name)).unwrap();
        let first = text.find("\n[").unwrap() + 1;
        let mut sections: Vec<String> = Vec::new();
        for line in text[first..].lines() {
            // A table that is a part of another stays behind it.
            let deep = line.split(']').next().unwrap_or("").matches('.').count() > 1;
            if line.starts_with('[') && !deep {
                sections.push(String::new());
            }
            let section = sections.last_mut().unwrap();
            *section += &format!("{line}\n");
        }
        sections.reverse();
        let turned = text[..first].to_string() + &sections.concat();
        assert_ne!(turned, text);
        let (one, other) = (parsed(&text), parsed(&turned));
        assert_eq!(one.drawing().svg(), one.drawing().svg());
        assert_eq!(one.drawing().svg(), other.drawing().svg(), "{name}");
        assert_eq!(one.drawing().text(), other.drawing().text(), "{name}");
    }
}

#[test]
fn a_picture_of_sixty_components_stays_legible_and_one_of_thousands_is_folded() {
    let large = parsed(&sixty());
    let system = system(&large);
    assert!((60..=MOST_NODES).contains(&system.nodes.len()), "{}", system.nodes.len());
    let many = parsed(&super::shared::stations(1_000));
    let drawing = many.drawing();
    let folded = System::of(many.draft(), &BTreeMap::new());
    assert!(folded.nodes.len() <= MOST_NODES, "{}", folded.nodes.len());
    assert!(drawing.text().contains("and 988 more stations"), "{}", drawing.text());
    assert!(drawing.svg().len() < 100_000);
}

/// Counts elements, and panics on text that is no XML.
fn elements(xml: &str) -> usize {
    let mut open: Vec<&str> = Vec::new();
    let mut count = 0;
    let mut rest = xml.split_once("?>").map_or(xml, |(_, rest)| rest);
    while let Some((text, tag)) = rest.split_once('<') {
        assert!(!text.contains('>') || open.last() == Some(&"style"), "{text}");
        for entity in text.split('&').skip(1) {
            let name = entity.split_once(';').map(|(name, _)| name);
            assert!(matches!(name, Some("amp" | "lt" | "gt" | "quot" | "#39")), "&{entity}");
        }
        let (tag, after) = tag.split_once('>').expect("a tag ends");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None => {
                count += 1;
                if !tag.ends_with('/') {
                    open.push(tag.split_whitespace().next().unwrap());
                }
            }
        }
        rest = after;
    }
    assert!(open.is_empty(), "{open:?}");
    count
}

#[test]
fn every_picture_is_well_formed_and_has_its_title_description_and_tooltips() {
    for (scenario, system) in &*ALL {
        let name = scenario.name();
        let svg = draw(system, "x").standalone();
        assert!(elements(&svg) > system.nodes.len(), "{name}");
        assert!(svg.matches("<title").count() > system.nodes.len(), "{name}");
        assert!(svg.contains("<desc id=\"x-d\">") && svg.contains("role=\"img\""), "{name}");
        assert!(svg.len() < 100_000, "{name} has {} bytes", svg.len());
        assert_eq!(svg.matches("NaN").count() + svg.matches("inf\"").count(), 0, "{name}");
    }
}

#[test]
fn a_hostile_title_reaches_the_picture_as_text() {
    let hostile = "</title><script>alert(1)</script>&\u{202e}";
    let mut system = system(&parsed(&site()));
    system.name = hostile.into();
    system.nodes.iter_mut().for_each(|node| node.name = hostile.into());
    let svg = draw(&system, "x").standalone();
    elements(&svg);
    assert!(!svg.contains("<script") && !svg.contains('\u{202e}'));
    assert!(!list(&system).contains('\u{202e}'));
}

#[test]
fn the_list_has_every_box_with_its_utilisation_and_its_single_points() {
    let scenario = Scenario::load(scenarios().join("tiers/tier-5.toml")).unwrap();
    let text = scenario.drawing().text();
    let wanted = [
        "users public\n",
        "site main; single point of failure: its loss takes page down\n",
        "    server twin-1, 36\u{a0}%\n",
        "      service in zone www-1 app-1, processor 42\u{a0}%\n",
        "        → pool main, pool second (reads and writes of storage)\n",
        "      pool main, disks 30\u{a0}%; single point of failure",
        "4 single points of failure: ",
    ];
    for line in wanted {
        assert!(text.contains(line), "{line} in {text}");
    }
    let system = system(&scenario);
    assert_eq!(text.lines().filter(|line| !line.contains('→')).count(), system.nodes.len() + 2);
}

#[test]
fn measured_utilisations_replace_the_computed_ones() {
    let scenario = Scenario::load(scenarios().join("tiers/tier-5.toml")).unwrap();
    let measured = BTreeMap::from([("www-1.cpu".to_string(), 0.97)]);
    let system = System::of(scenario.draft(), &measured);
    let app = system.nodes.iter().find(|node| node.name == "app-1").unwrap();
    assert_eq!(label::busy(app).unwrap(), "processor 97\u{a0}%");
    assert_eq!(label::step(app.busy.as_ref().unwrap().share), 3);
}

/// In the scenario of two balancers, a database with a replica, and a file server with three pools.
#[test]
fn storage_lines_end_at_pools_and_standby_members_and_the_bottleneck_are_marked() {
    let scenario = Scenario::load(scenarios().join("tiers/tier-5.toml")).unwrap();
    let system = system(&scenario);
    let title = |at: usize| system.nodes[at].name.as_str();
    let data = system.connections.iter().filter(|one| one.carries == Carries::Data);
    let ends: BTreeSet<&str> = data.map(|one| title(one.to)).collect();
    assert_eq!(ends, BTreeSet::from(["main", "second", "slave"]));
    let named = |is: fn(&Node) -> bool| {
        let nodes = system.nodes.iter().filter(|node| is(node));
        nodes.map(|node| node.name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(named(|node| node.standby), ["mysql.replica", "front-2"]);
    assert_eq!(named(|node| node.saturates_first), ["app-1", "app-2"]);
    assert_eq!(named(|node| node.carries_all_of == Some("rack")), ["switch"]);
    let svg = scenario.drawing().svg();
    let (points, legend) = (svg.find("4 single points of failure: "), svg.find("below 50"));
    assert!(points.is_some() && points < legend, "{points:?} {legend:?}");
}

#[test]
fn the_steps_of_colour_begin_where_the_legend_says() {
    let steps = [0.0, 0.4999, 0.5, 0.6999, 0.7, 0.8499, 0.85, 0.9999, 1.0, 7.0].map(label::step);
    assert_eq!(steps, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
}

/// The page on drawings shows what the command draws today.
#[test]
fn the_picture_in_the_documentation_is_that_of_the_command() {
    let scenario = Scenario::load(scenarios().join("tiers/tier-5.toml")).unwrap();
    let svg = scenario.drawing().svg();
    assert!(svg.len() <= 60_000);
    let path = scenarios().join("../docs/drawing.svg");
    if std::env::var("FIVENINES_DRAWING").is_ok_and(|word| word == "write") {
        return std::fs::write(path, svg).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(kept == svg, "docs/drawing.svg is old: FIVENINES_DRAWING=write draws it again");
}

#[test]
fn a_scenario_laid_over_changes_its_drawing() {
    let two = site().with("[server.box]\ncount = 2\n[zone.web]\ncount = 2\non = [\"box\"]\n");
    let text = parsed(&two).drawing().text();
    assert!(text.contains("server box ×2") && text.contains("service in zone web app"), "{text}");
}
