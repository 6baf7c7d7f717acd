//! Lint: texts that are valid and architectures that are doubtful. Warnings only.
//!
//! Takes a draft without errors; reports single points of failure by role with their hosts (W1202),
//! domains shared by redundant parts (W1203), overload at a level of load (W1204) and after a single loss
//! (W1205), time-outs that contradict each other (W1101), a run too short to see a fault (W1301),
//! memory that cannot cache reads of a content without a size (W1303), demands of more threads than
//! there are cores, and a pause of a deployment with one part (W1302), balancers that never detect a dead
//! member (W1207), failures that count otherwise over years (W1208), windows that begin with cold memory (W1210),
//! parts without a price (W0701). Kinds report some of these in their folders (`Checks::lint`): W1207, W1302, W1303, and
//! the probes of W1101.
//!
//! Judged are the classes with an objective, or all if none has one. Stations and units of textbook
//! models are never single points. After-loss load is computed at the level with the highest total rate, for
//! one server of each make-up (same group, zones and database roles), heads, database members and uplinks. At most
//! [`MAX_LOSSES`] losses are computed; the number of all is reported if there are more.

mod over_years;
mod overload;

use std::collections::{BTreeMap, BTreeSet};

use crate::convert::{index, table};
use crate::kinds::database::links::Role;
use crate::model::spec::runs::HORIZON_REPLICATIONS;
use crate::model::spec::traffic::WEEKDAYS;
use crate::plan::Draft;
use crate::plan::compile;
use crate::plan::cost;
use crate::plan::cutsets::{CutSets, SinglePoint, single_points};
use crate::plan::graph::{Graph, NodeId, Subject};
use crate::plan::kind;
use crate::plan::links::Entrance;
use crate::plan::load::{self, Offered};
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::plan::route::{Does, Step, each_here};
use crate::plan::warming;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::render::list;
use crate::scenario::source::Span;
use crate::scenario::value::Spanned;
use crate::units::{Rate, SimDuration, SimTime};
use over_years::{over_years, record_ends};
use overload::overload;

/// Largest number of single losses whose load is computed.
pub const MAX_LOSSES: usize = 64;
/// Largest number of subjects named in one warning of a single component.
const MOST_SUBJECTS: usize = 16;

/// Reports all doubtful points.
pub fn lint(draft: &Draft, out: &mut Diagnostics) {
    let graph = Graph::of(draft);
    let cuts = CutSets::of(&graph);
    for (point, subjects) in single_points_of(draft, &graph, &cuts) {
        out.push(single_point(draft, &point, &subjects));
    }
    shared_domains(draft, &graph, &cuts, out);
    spares_together(draft, &graph, &cuts, out);
    overload(draft, out);
    saturated(draft, out);
    overload::after_loss(draft, &graph, out);
    time_outs(draft, out);
    too_short(draft, out);
    lone_pauses(draft, out);
    record_ends(draft, out);
    over_years(draft, out);
    warming::lint(draft, out);
    kind::all().for_each(|kind| kind.lint(draft, out));
    no_price(draft, out);
}

/// Reports parts without a price, which the bill leaves out.
fn no_price(draft: &Draft, out: &mut Diagnostics) {
    let Some(cost) = &draft.scenario.cost else { return };
    let free = cost::without_price(draft);
    if free.is_empty() {
        return;
    }
    let names: Vec<String> =
        free.iter().map(|(key, what, count)| format!("`{key}` ({what}: {count})")).collect();
    let message =
        format!("`[cost]` has no price of {}: the bill leaves them out", names.join(", "));
    let help = "give one; \"$0/month\" for what costs nothing";
    out.push(Diagnostic::new(Code::NoPrice, cost.span, message).help(help));
}

/// Returns the judged subjects: the classes with an objective, or all classes if none has one.
#[must_use]
pub fn judged(draft: &Draft, graph: &Graph) -> Vec<Subject> {
    let asked: BTreeSet<&str> = draft.scenario.objective.iter().map(|(name, _)| &**name).collect();
    let has_objective = |subject: &Subject| asked.contains(subject.name(draft));
    let classes: Vec<Subject> = graph
        .subjects()
        .iter()
        .map(|(subject, _)| *subject)
        .filter(|subject| matches!(subject, Subject::Class(_)))
        .collect();
    let named: Vec<Subject> = classes.iter().copied().filter(has_objective).collect();
    if named.is_empty() { classes } else { named }
}

/// Returns the single points of the judged classes, each with the classes that it takes down.
#[must_use]
pub fn single_points_of(
    draft: &Draft,
    graph: &Graph,
    cuts: &CutSets<'_>,
) -> Vec<(SinglePoint, Vec<Subject>)> {
    let mut found: Vec<(SinglePoint, Vec<Subject>)> = Vec::new();
    for subject in judged(draft, graph) {
        let Some(cuts) = cuts.of_subject(subject) else { continue };
        for point in single_points(draft, &cuts) {
            match found.iter_mut().find(|(other, _)| *other == point) {
                Some((_, subjects)) => subjects.push(subject),
                None => found.push((point, vec![subject])),
            }
        }
    }
    found
}

fn single_point(draft: &Draft, point: &SinglePoint, subjects: &[Subject]) -> Diagnostic {
    let mut names: Vec<String> = subjects
        .iter()
        .take(MOST_SUBJECTS)
        .map(|subject| format!("`{}`", subject.name(draft)))
        .collect();
    if subjects.len() > names.len() {
        names.push(format!("{} more", subjects.len() - names.len()));
    }
    let role = point.role.name(draft);
    let of = names.join(", ");
    let message = format!("single point of failure of {of}: `{role}`");
    let mut diagnostic = Diagnostic::new(Code::SinglePoint, point.role.span(draft), message)
        .shared(format!("single points of failure of {of}"), format!("`{role}`"));
    if !point.hosts.is_empty() {
        let hosts: Vec<String> =
            point.hosts.iter().map(|host| format!("`{}`", host.name(draft))).collect();
        diagnostic = diagnostic.help(format!("and with it its hosts: {}", hosts.join(", ")));
        // Members of one group share one place in the file.
        let mut places = vec![point.role.span(draft)];
        for place in point.hosts.iter().map(|host| host.span(draft)) {
            if !places.contains(&place) {
                places.push(place);
                diagnostic = diagnostic.related(place, "a host of it");
            }
        }
    }
    diagnostic
}

/// Returns whether a domain is worth naming: a rack or site only if there are several of them.
fn counts_as_domain(draft: &Draft, part: Part) -> bool {
    match part {
        Part::Server(_) | Part::Zone { .. } => true,
        Part::Rack(_) => draft.scenario.rack.len() > 1,
        Part::Site(_) => draft.scenario.site.len() > 1,
        _ => part.owner().0 == crate::plan::names::Kind::Feed && draft.scenario.feed.len() > 1,
    }
}

/// Reports redundant groups that one domain takes down.
fn shared_domains(draft: &Draft, graph: &Graph, cuts: &CutSets<'_>, out: &mut Diagnostics) {
    for (name, node) in graph.redundant() {
        let singles = cuts.at(*node).singles;
        let domains = singles.into_iter().filter(|part| counts_as_domain(draft, *part));
        for domain in domains {
            let members = graph.node(*node).of;
            let message = format!(
                "`{name}` has {members} members and `{}` takes too many of them at once",
                domain.name(draft)
            );
            out.push(
                Diagnostic::new(Code::SharedFate, domain.span(draft), message)
                    .help("let them stand apart"),
            );
        }
    }
}

/// Reports pairs of groups with one spare each that lose it together.
fn spares_together(draft: &Draft, graph: &Graph, cuts: &CutSets<'_>, out: &mut Diagnostics) {
    let mut groups: Vec<(&str, Vec<Part>)> = Vec::new();
    for (name, node) in graph.redundant() {
        let spec = graph.node(*node);
        if spec.of - spec.least != 1 || spec.of > 8 {
            continue;
        }
        let needs: Vec<NodeId> = graph.needs(*node).collect();
        let mut servers: Vec<Part> = needs
            .into_iter()
            .flat_map(|need| cuts.at(need).singles)
            .filter(|part| matches!(part, Part::Server(_)))
            .collect();
        servers.sort_unstable();
        servers.dedup();
        groups.push((name, servers));
    }
    for (at, (first, servers)) in groups.iter().enumerate() {
        for (second, others) in &groups[at + 1..] {
            let both: Vec<Part> =
                servers.iter().copied().filter(|server| others.contains(server)).collect();
            if both.len() < 2 {
                continue;
            }
            let names: Vec<String> =
                both.iter().map(|server| format!("`{}`", server.name(draft))).collect();
            let message = format!(
                "`{first}` and `{second}` share servers: both stand on {}; losing one leaves both \
                 without a spare",
                list(&names)
            );
            out.push(Diagnostic::new(Code::SharedFate, both[0].span(draft), message));
        }
    }
}

/// Level of load to be judged.
struct Level {
    /// Description of the time at which it occurs.
    when: String,
    rates: Vec<f64>,
    /// True if the load is continuous.
    lasts: bool,
}

/// Returns the rates of each window with a level. The file's own traffic is judged as well if it is simulated over the
/// horizon or in a window without a level, or if there is no window. Its levels are the mean, the peaks of the
/// profiles, and the peak of steps and flash crowds of one workload, all without noise. Closed users have rate 0
/// here: they cannot overload a resource.
fn levels(draft: &Draft) -> Vec<Level> {
    let mut levels: Vec<Level> = Vec::new();
    let mut add = |when: String, rates: Vec<f64>, lasts: bool| {
        if !levels.iter().any(|known| known.rates == rates) {
            levels.push(Level { when, rates, lasts });
        }
    };
    let windows = &draft.scenario.window;
    for (at, (name, _)) in windows.iter().enumerate().filter(|(_, (_, w))| w.level.is_some()) {
        add(format!("in the window `{name}`"), load::open_rates_in(draft, at), true);
    }
    let plays = draft.scenario.run.horizon.is_some()
        || windows.is_empty()
        || windows.iter().any(|(_, window)| window.level.is_none());
    if plays {
        let lasts = windows.iter().all(|(_, window)| window.level.is_none());
        add("at the mean rate".to_string(), load::open_rates(draft), lasts);
        for (at, rates) in load::profile_peaks(draft) {
            add(format!("at the peak of the profile, {}", asked(draft, at, &rates)), rates, false);
        }
        for (when, rates) in surges(draft) {
            add(when, rates, false);
        }
    }
    levels
}

/// Formats the rates at a time of the week.
fn asked(draft: &Draft, at: SimTime, rates: &[f64]) -> String {
    let minutes = at.nanos() / (60 * SimDuration::SECOND.nanos());
    let (day, time) = (minutes / (24 * 60), minutes % (24 * 60));
    let names = draft.scenario.workload.iter().zip(rates).filter(|(_, rate)| **rate > 0.0);
    let each: Vec<String> =
        names.map(|((name, _), rate)| format!("{rate:.4}/s of `{name}`")).collect();
    let (hour, minute) = (time / 60, time % 60);
    format!("{} {hour:02}:{minute:02}: {}", WEEKDAYS[index(day) % 7], each.join(", "))
}

/// Returns the rates at the peak of the surges, for each workload with surges.
fn surges(draft: &Draft) -> Vec<(String, Vec<f64>)> {
    let mut quiet = Diagnostics::new();
    let mut all = Vec::new();
    for (at, (name, spec)) in draft.scenario.workload.iter().enumerate() {
        if spec.flash.is_none() && spec.step.is_none() {
            continue;
        }
        let Some(traffic) = compile::traffic(draft, name, spec, &mut quiet) else { continue };
        let peak = traffic.peak();
        let mut rates = load::open_rates(draft);
        rates[at] = peak.in_per_second();
        all.push((format!("at the peak of `{name}`, {peak}"), rates));
    }
    all
}

/// Reports workloads with more closed users than the system can serve without queueing.
fn saturated(draft: &Draft, out: &mut Diagnostics) {
    for (at, bounds) in load::closed::all(draft) {
        let Some((part, most)) = &bounds.first else { continue };
        if f64::from(bounds.users) <= bounds.saturation_users() {
            continue;
        }
        let (name, spec) = &draft.scenario.workload[at];
        let span = spec.users.as_ref().map_or(spec.span, |users| users.span);
        let message = format!(
            "the {} users of `{name}` can ask for at most {most:.4}/s: then `{part}` is busy all \
             the time",
            bounds.users
        );
        let enough = bounds.saturation_users();
        let help = match enough < 1.0 {
            true => "one user does that alone: more of them only wait longer".to_string(),
            false => format!("beyond {enough:.1} users more of them only wait longer"),
        };
        out.push(Diagnostic::new(Code::Saturated, span, message).help(help));
    }
}

/// Resource of a component, identified by the place of its name.
type Overloaded = (Span, load::Resource);

/// Returns the most loaded member of each component and resource.
fn worst(draft: &Draft, all: Vec<Offered>) -> Vec<Offered> {
    let mut worst: BTreeMap<Overloaded, Offered> = BTreeMap::new();
    for one in all.into_iter().filter(|one| one.resource.is_limit()) {
        let key = (one.part.span(draft), one.resource);
        let more = worst.get(&key).is_none_or(|known| one.utilization() > known.utilization());
        if more {
            worst.insert(key, one);
        }
    }
    worst.into_values().collect()
}

/// Returns the single losses to compute: one server of each make-up, heads, database members, uplinks.
fn losses(draft: &Draft, graph: &Graph) -> Vec<Part> {
    let mut stands: BTreeMap<ServerId, Vec<(usize, Option<Role>)>> = BTreeMap::new();
    let mut roles: BTreeMap<(usize, u32), Role> = BTreeMap::new();
    for member in draft.links.databases.iter().flat_map(|database| &database.members) {
        roles.extend(member.zone.map(|zone| (zone, member.role)));
    }
    for (zone, members) in draft.placed.zones.iter().enumerate() {
        for (at, id) in members.iter().enumerate() {
            let role = roles.get(&(zone, table::u32(at))).copied();
            stands.entry(*id).or_default().push((zone, role));
        }
    }
    type Reach = Vec<(usize, Option<Role>)>;
    let mut known: Vec<(usize, Reach)> = Vec::new();
    let mut found = Vec::new();
    for part in graph.parts() {
        let wanted = match part {
            Part::Server(id) => {
                let make_up = (id.group, stands.remove(&id).unwrap_or_default());
                let new = !known.contains(&make_up);
                if new {
                    known.push(make_up);
                }
                new
            }
            Part::Head { .. } | Part::Database { .. } | Part::Uplink { .. } => true,
            _ => false,
        };
        if wanted {
            found.push(part);
        }
    }
    found
}

fn time_outs(draft: &Draft, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    let mut patience: Vec<Option<(&Spanned<SimDuration>, &str)>> =
        vec![None; scenario.request.len()];
    for ((_, workload), class) in scenario.workload.iter().zip(&draft.links.classes) {
        let from = workload.from.as_ref();
        let clients =
            from.and_then(|from| scenario.clients.iter().find(|(name, _)| **name == ***from));
        let time_out = clients.and_then(|(_, clients)| clients.time_out.as_ref());
        if let (Some(time_out), Some(class)) = (time_out, *class) {
            patience[class] = Some((time_out, "the client's"));
            for then in draft.links.with_fetched(class).skip(1) {
                patience[then] = patience[then].or(Some((time_out, "the client's")));
            }
        }
    }
    for (class, route) in draft.routes.iter().enumerate() {
        let mut calls: Vec<&Spanned<SimDuration>> = Vec::new();
        calls_of(&route.steps, &mut calls);
        let mut limits: Vec<(&Spanned<SimDuration>, &str)> = patience[class].into_iter().collect();
        if let Some(enter) = draft.links.enters[class] {
            balancers_behind(draft, enter, &mut limits);
        }
        for (limit, whose) in limits {
            for call in calls.iter().filter(|call| call.value >= limit.value) {
                let message = format!(
                    "this call may take {}, but {whose} time-out is {}: a later answer has no \
                     receiver",
                    call.value, limit.value
                );
                out.push(
                    Diagnostic::new(Code::TimeOuts, call.span, message)
                        .related(limit.span, format!("{whose} time-out"))
                        .help("give this call a shorter `time-out`"),
                );
            }
        }
    }
}

fn balancers_behind<'d>(
    draft: &'d Draft,
    entrance: Entrance,
    limits: &mut Vec<(&'d Spanned<SimDuration>, &'static str)>,
) {
    match entrance {
        Entrance::Balancer(balancer) => {
            let time_out = draft.scenario.balancer[balancer].1.time_out.as_ref();
            limits.extend(time_out.map(|time_out| (time_out, "the balancer's")));
        }
        Entrance::NameService(at) => {
            for to in &draft.links.name_services[at] {
                balancers_behind(draft, *to, limits);
            }
        }
        Entrance::Cdn(cdn) => {
            if let Some(to) = draft.links.cdns[cdn] {
                balancers_behind(draft, to, limits);
            }
        }
        Entrance::Service(..) => {}
    }
}

fn calls_of<'s>(steps: &'s [Step], calls: &mut Vec<&'s Spanned<SimDuration>>) {
    each_here(steps, &mut |step| match &step.does {
        Does::Query(query) => calls.extend(query.time_out.as_ref()),
        Does::Call(call) => calls.extend(call.time_out.as_ref()),
        _ => {}
    });
}

/// Reports a run in which fewer than one fault is expected over all replications.
fn too_short(draft: &Draft, out: &mut Diagnostics) {
    let run = &draft.scenario.run;
    let Some(horizon) = &run.horizon else { return };
    let mut per_second = 0.0;
    let mut seen = false;
    for (_, fault) in draft.scenario.fault.iter() {
        if fault.at.is_some() || fault.after.is_some() || fault.recorded.is_some() {
            seen |= fault.after.is_none();
            continue;
        }
        let hits = fault.hits.iter();
        let parts: usize = hits.map(|hit| draft.targets.parts(&hit.text).len()).sum();
        let rate = fault.rate.as_ref().map(|rate| Rate::in_per_second(rate.value));
        let up = || fault.up.as_ref().map_or(0.0, |up| 1.0 / load::mean(&up.value));
        let each = if fault.together.value { 1.0 } else { parts as f64 };
        per_second += rate.unwrap_or_else(up) * each;
    }
    let runs = match run.replications.as_ref().map(|own| own.value) {
        Some(own) if own.min == own.max => f64::from(own.max),
        own => f64::from(own.map_or(0, |own| own.max).max(HORIZON_REPLICATIONS)),
    };
    let expected = per_second * horizon.value.seconds() * runs;
    if per_second > 0.0 && !seen && expected < 1.0 {
        let mean = SimDuration::from_seconds_f64(1.0 / per_second);
        let message = format!(
            "{runs} runs of {} expect {expected:.2} faults: no outage will be seen",
            horizon.value
        );
        let help = format!("a fault comes every {mean} on average: lengthen the horizon");
        out.push(Diagnostic::new(Code::NoOutage, horizon.span, message).help(help));
    }
}

/// Reports pauses between the turns of a deployment that takes out one part.
fn lone_pauses(draft: &Draft, out: &mut Diagnostics) {
    for (name, operation) in draft.scenario.operation.iter() {
        let Some(pause) = operation.pause.as_ref().filter(|_| operation.deploys()) else {
            continue;
        };
        let parts = draft.targets.operated(operation);
        if let [only] = &parts[..] {
            let message = format!(
                "`{name}` takes out `{}` alone: no other part waits for this pause",
                only.name(draft)
            );
            let help = "remove `pause`; keep it where a sweep varies the number of parts";
            out.push(Diagnostic::new(Code::SeldomUsed, pause.span, message).help(help));
        }
    }
}
