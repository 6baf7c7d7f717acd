//! Conversion of a study's raw results to its rows.

use std::collections::BTreeMap;

use super::breaks;
use super::checks::{checks, declared, leaves_out, objectives};
use super::{
    AttemptRow, AttemptsOf, CapacityRow, ClassRow, ExpectationRow, FigureRow, Latency, LogRow,
    Results, STATS, Share, Unreached, Use, UseKind, ViewRow, WindowRows, ZoneRow, natural,
};
use crate::convert::index;
use crate::kinds::cdn::live::EDGE;
use crate::model::blueprint::{Blueprint, Config};
use crate::model::ids::ComponentId;
use crate::model::record::{Attempts, ViewRecord};
use crate::observe::histogram::Histogram;
use crate::plan::Draft;
use crate::plan::figure::Stat;
use crate::plan::links::Entrance;
use crate::plan::load::{self, Offered};
use crate::plan::names::split_member;
use crate::stats::interval::{Bound, Method, Side, Statistic};
use crate::stats::quantile::samples_needed;
use crate::study::capacity::CapacityResult;
use crate::study::limits::Sought;
use crate::study::measure::{Measure, Meters, NoValue};
use crate::study::record::kept;
use crate::study::scenario::{Asked, Judged, Precise, StudyPlan, StudyResult, parts_are_listed};
use crate::study::verdict::ClassVerdict;
use crate::study::window::{Ending, Estimate, WindowPlan, WindowResult};

/// Gathers the results.
#[must_use]
pub fn gather(draft: &Draft, plan: &Blueprint, study: &StudyPlan, result: &StudyResult) -> Results {
    let text = |field: &Option<crate::scenario::value::Spanned<String>>| {
        field.as_ref().map_or_else(String::new, |text| text.value.clone())
    };
    let mut order: Vec<usize> = (0..result.windows.len()).collect();
    order.sort_by(|a, b| result.windows[*a].name.cmp(&result.windows[*b].name));
    let place = |window: usize| order.iter().position(|other| *other == window).unwrap_or(0);
    let gatherer = Gatherer { draft, plan };
    let windows: Vec<WindowRows> =
        order.iter().map(|at| gatherer.window(&study.windows[*at], &result.windows[*at])).collect();
    let mut figures: Vec<FigureRow> = study
        .figures
        .iter()
        .map(|asked| FigureRow {
            path: asked.path.clone(),
            window: Some(place(asked.window)),
            unit: asked.figure.unit(),
            estimate: result.estimate(asked).clone(),
        })
        .collect();
    let spare = study.alone.then(|| super::why::spare(draft)).flatten();
    if study.alone {
        let mut rows = super::why::figures(draft, study, spare.as_ref());
        rows.iter_mut().for_each(|row| row.window = row.window.map(place));
        figures.extend(rows);
    }
    for extra in study.asked.iter().filter(|extra| matches!(extra.of, Judged::Arithmetic(_))) {
        if figures.iter().all(|row| row.path != extra.path) {
            figures.push(FigureRow {
                path: extra.path.clone(),
                window: None,
                unit: extra.unit,
                estimate: result.judged(study, extra.of),
            });
        }
    }
    let years = super::years::rows(study, result);
    let mut by_replication = by_replication(study, result);
    if let Some(years) = &years {
        by_replication.extend(super::years::by_replication(study, result, &years.figures));
    }
    figures.sort_by_cached_key(|figure| (figure.window, natural(&figure.path)));
    let expectations =
        study.expectations.iter().zip(&result.judgements).map(|(expect, how)| ExpectationRow {
            path: expect.path.clone(),
            is: expect.is.clone(),
            unit: expect.unit,
            estimate: result.judged(study, expect.of),
            words: match expect.of {
                Judged::Name(place) => Some(study.names[place].1.clone()),
                Judged::Verdict(place) => Some(result.verdict(study, place)),
                Judged::NotEstimated(place) => Some(study.not_estimated[place].1.clone()),
                _ => None,
            },
            judgement: *how,
        });
    let scenario = &draft.scenario;
    let logs = logs(draft, plan);
    Results {
        system: super::system::system(draft, &windows),
        scenario: scenario.scenario.value.text.clone(),
        title: text(&scenario.title),
        question: text(&scenario.question),
        source: text(&scenario.source),
        seed: scenario.run.seed.value,
        level: scenario.run.confidence.value,
        declared: declared(draft),
        objectives: objectives(draft, &windows),
        capacities: capacities(study, result),
        expectations: expectations.collect(),
        not_estimated: study.not_estimated.clone(),
        unreached: unreached(study, result),
        checks: checks(plan, result, &windows, &logs),
        at_edges: at_edges(draft),
        logs,
        leaves_out: leaves_out(draft, plan, study)
            .into_iter()
            .chain(beyond(result))
            .chain(blocks(result))
            .collect(),
        partial: partial(result),
        years,
        by_replication,
        alone: study.alone,
        quick: study.quick,
        wanted: draft.asked.clone(),
        asked: study.asked.iter().map(|extra| extra.path.clone()).collect(),
        why: super::why::rows(draft, study, result, spare),
        sampled: super::sampled::rows(study, result),
        breaks: breaks::rows(draft, plan, study, result, &windows, place),
        windows,
        figures,
    }
}

/// Returns a note on each window of which some replications are not kept one by one.
fn beyond(result: &StudyResult) -> impl Iterator<Item = String> {
    result.windows.iter().filter_map(|window| {
        let first = window.beyond.as_ref()?.from;
        Some(format!(
            "window {}: values, event digests and checkpoints by replication are those of the first {} of its {} \
             replications, and so are comparisons with other runs and the test for metastable overload; every other \
             figure is of all replications",
            window.name, first, window.replications
        ))
    })
}

/// Returns a note on a horizon whose replications are added up in blocks.
fn blocks(result: &StudyResult) -> Option<String> {
    let years = result.years.as_ref().filter(|years| years.block > 1)?;
    Some(format!(
        "the horizon: its {} replications are added up in blocks of {}, and intervals take a block for one replication; \
         quantiles of years have buckets of at most 0.2 %",
        years.replications, years.block
    ))
}

/// Returns the values per replication of window figures that are means over replications and have a value in each
/// replication that is kept.
fn by_replication(study: &StudyPlan, result: &StudyResult) -> BTreeMap<String, Vec<f64>> {
    let means = study.figures.iter().filter(|asked| asked.measure.statistic() == Statistic::Mean);
    let values = |asked: &Asked| {
        let samples = result.windows[asked.window].samples.iter();
        let values: Option<Vec<f64>> = samples.map(|sample| sample[asked.place].ok()).collect();
        Some((asked.path.clone(), kept(&values?)))
    };
    means.filter_map(values).collect()
}

/// Returns the figures whose precision was asked for and not reached, in the order of the file.
fn unreached(study: &StudyPlan, result: &StudyResult) -> Vec<Unreached> {
    let row = |asked: &Precise| {
        let reached = result.precision(study, asked.of);
        if reached.is_some_and(|reached| reached <= asked.width) {
            return None;
        }
        let replications = match asked.of {
            Judged::Figure(place) => {
                Some(index(result.windows[study.figures[place].window].replications))
            }
            Judged::Years(_) => result.years.as_ref().map(|years| years.replications),
            _ => None,
        };
        let path = asked.path.clone();
        Some(Unreached { path, wanted: asked.width, reached, replications })
    };
    study.precise.iter().filter_map(row).collect()
}

/// Returns notes on where the latency of the classes that enter at a CDN is measured, and on its omissions.
fn at_edges(draft: &Draft) -> Vec<String> {
    let scenario = &draft.scenario;
    let mut notes = Vec::new();
    for index in 0..scenario.cdn.len() {
        let enters = draft.links.enters.iter().zip(scenario.request.iter());
        let classes: Vec<String> = enters
            .filter(|(enters, _)| **enters == Some(Entrance::Cdn(index)))
            .map(|(_, (class, _))| format!("`{class}`"))
            .collect();
        if classes.is_empty() {
            continue;
        }
        notes.push(measured_at(
            draft,
            index,
            &classes.join(", "),
            "a name with `-miss` has the requests that no edge answered.",
        ));
    }
    notes
}

/// Returns a note on where the latency of `of`, which enters at a CDN, is measured, on its misses, and on what takes no
/// time.
pub(in crate::study) fn measured_at(draft: &Draft, cdn: usize, of: &str, misses: &str) -> String {
    let (name, spec) = &draft.scenario.cdn[cdn];
    let mut note = format!(
        "The latency of {of} is measured at the edges of `{name}`, without the way to the user; {misses}"
    );
    if spec.service_time.is_none() {
        note += &format!(" A hit takes no time: `cdn.{name}` has no `service-time`.");
    }
    if spec.origin.is_none() {
        note += &format!(" The way to the origin takes no time: `cdn.{name}` has no `origin`.");
    }
    note
}

/// Returns the findings in the access logs, in the order of their workloads' names.
fn logs(draft: &Draft, plan: &Blueprint) -> Vec<LogRow> {
    let rows = plan.workloads.iter().filter_map(|workload| {
        let found = workload.log.clone()?;
        let spec = draft.scenario.workload.get(&workload.name)?;
        let file = spec.trace.as_ref()?.file.value.clone();
        Some(LogRow { workload: workload.name.clone(), file, found })
    });
    let mut rows: Vec<LogRow> = rows.collect();
    rows.sort_by_cached_key(|row| natural(&row.workload));
    rows
}

/// Returns the result of each capacity search; stopped ones are left out.
fn capacities(study: &StudyPlan, result: &StudyResult) -> Vec<CapacityRow> {
    let found = study.sought.iter().zip(&result.capacities);
    let row = |(sought, found): (&Sought, &Option<CapacityResult>)| {
        let found = found.as_ref()?;
        Some(CapacityRow {
            class: sought.class.clone(),
            stat: sought.stat,
            bound: sought.bound,
            lost_at_most: sought.objective.lost_at_most,
            carries: found.carries.clone(),
            each: found.each.clone(),
            looks: found.looks.clone(),
            curve: found.curve.clone(),
            length: sought.window.length,
            first: sought.first.clone(),
        })
    };
    let mut rows: Vec<CapacityRow> = found.filter_map(row).collect();
    rows.sort_by_cached_key(|row| (natural(&row.class), row.stat));
    rows
}

fn partial(result: &StudyResult) -> Option<String> {
    let stopped = result.capacities.iter().any(Option::is_none);
    if stopped || result.windows.iter().any(|window| window.ending == Ending::Interrupted) {
        return Some("stopped before all replications were done".into());
    }
    if result.years.as_ref().is_some_and(|years| years.ending == Ending::Interrupted) {
        return Some("stopped before all replications were done".into());
    }
    if result.sampled.as_ref().is_some_and(|sampled| sampled.ending == Ending::Interrupted) {
        return Some("stopped before all windows of years were simulated".into());
    }
    if let Some(why) = result.sampled.as_ref().and_then(|sampled| sampled.stopped()) {
        return Some(format!("a window of years: {why}"));
    }
    let stopped = result.windows.iter().find_map(|w| Some((&w.name, w.stopped.as_ref()?)));
    stopped.map(|(window, why)| format!("window `{window}`: {why}"))
}

struct Gatherer<'a> {
    draft: &'a Draft,
    plan: &'a Blueprint,
}

impl Gatherer<'_> {
    fn window(&self, asked: &WindowPlan, seen: &WindowResult) -> WindowRows {
        let plan = self.plan;
        let estimate = |measure: &Measure| {
            let place = asked.measures.iter().position(|other| other == measure);
            place.map_or(Estimate::Missing(NoValue::NotKept), |at| seen.estimates[at].clone())
        };
        let four = |make: &dyn Fn(Stat) -> Measure| -> Vec<Estimate> {
            STATS.iter().map(|(_, stat)| estimate(&make(*stat))).collect()
        };
        let mut latencies: Vec<Latency> = Vec::new();
        let told = asked.drill.is_none();
        for (at, class) in plan.routes.classes.iter().enumerate().filter(|_| told) {
            let estimates = four(&|stat| Measure::Latency(at, stat));
            let histogram = &seen.pooled.classes[at].latency;
            latencies.push(latency(class.name.clone(), estimates, histogram));
            if class.cdns[EDGE].is_some() {
                let name = format!("{}-miss", class.name);
                let estimates = four(&|stat| Measure::MissLatency(at, stat));
                latencies.push(latency(name, estimates, &seen.pooled.classes[at].missed));
            }
        }
        for (at, workload) in plan.workloads.iter().enumerate().filter(|_| told) {
            if workload.clients.is_some() {
                let name = format!("{}-view", plan.routes.classes[workload.class.index()].name);
                let estimates = four(&|stat| Measure::ViewLatency(vec![at], stat));
                latencies.push(latency(name, estimates, &seen.pooled.views[at].latency));
            }
        }
        latencies.sort_by_cached_key(|row| natural(&row.name));
        let told = told && parts_are_listed(plan);
        let uses = if told { self.uses(&estimate, asked, seen) } else { Vec::new() };
        let rate = asked.window.levels.iter().flatten().next().copied();
        WindowRows {
            name: seen.name.clone(),
            verdict: seen.verdict,
            classes: self.classes(asked, seen),
            ending: seen.ending,
            replications: index(seen.replications),
            beyond: seen.beyond.clone(),
            looks: seen.looks,
            rate,
            length: asked.window.length,
            warm_up: asked.window.warm_up,
            events: seen.events,
            digests: seen.digests.clone(),
            trails: seen.trails.clone(),
            latencies,
            uses,
            zones: self.zones(seen),
            scalers: seen.scalers.clone(),
            attempts: self.attempts(seen),
            views: self.views(asked, seen),
            came: self.in_order_of_views(&seen.came),
            corrected: seen.corrected,
            drill: asked.drill.clone(),
            course: self.in_order_of_views(&seen.course),
        }
    }

    fn classes(&self, asked: &WindowPlan, seen: &WindowResult) -> Vec<ClassRow> {
        let level = |class: usize| {
            let workloads = self.plan.workloads.iter().zip(&asked.window.levels);
            let own = workloads.filter(|(workload, _)| workload.class.index() == class);
            own.filter_map(|(_, level)| Some(level.as_ref()?.in_per_second()))
                .reduce(|sum, rate| sum + rate)
        };
        let row = |one: &ClassVerdict| ClassRow {
            name: self.plan.routes.classes[one.class].name.clone(),
            verdict: one.verdict,
            in_flight: one.in_flight,
            unserved: one.unserved,
            level: level(one.class),
            metastable: one.metastable.clone(),
        };
        let mut rows: Vec<ClassRow> = seen.classes.iter().map(row).collect();
        rows.sort_by_cached_key(|row| natural(&row.name));
        rows
    }

    /// Returns the processor accounts of the zones, unless there are too many to list.
    fn zones(&self, seen: &WindowResult) -> Vec<ZoneRow> {
        let mut rows = Vec::new();
        if !parts_are_listed(self.plan) {
            return rows;
        }
        for (zone, use_of) in self.plan.zones.iter().zip(&seen.zones) {
            let server = &self.plan.parts[zone.place.cpu.index()];
            let Config::Cpu(of) = &server.config else { continue };
            let limits = |place: u32| of.zones.get(place as usize);
            let Some(own) = limits(zone.place.zone) else { continue };
            let shares: f64 = of.zones.iter().map(|zone| f64::from(zone.shares)).sum();
            let cores = f64::from(of.cores);
            let limits = [own.cap.map(|cap| cap.count()), own.vcpus.map(f64::from)];
            let cap = limits.into_iter().flatten().min_by(f64::total_cmp);
            let guaranteed = cores * f64::from(own.shares) / shares.max(1.0);
            let equal = of.zones.iter().all(|other| other.shares == own.shares);
            rows.push(ZoneRow {
                name: zone.name.clone(),
                server: server.name.clone(),
                cores,
                guaranteed: guaranteed.min(cap.unwrap_or(cores)),
                baseline: own.baseline.map(|baseline| baseline.count()),
                cap,
                declared: !equal || cap.is_some() || own.baseline.is_some(),
                use_of: use_of.clone(),
            });
        }
        rows.sort_by_cached_key(|row| (natural(&row.server), natural(&row.name)));
        rows
    }

    /// Returns the analytic load of every part in this window, by name.
    fn offered(&self, asked: &WindowPlan) -> Vec<Offered> {
        let windows = &self.draft.scenario.window;
        let Some(window) = (0..windows.len()).find(|at| windows[*at].0.text == asked.window.name)
        else {
            return Vec::new();
        };
        load::offered(self.draft, &load::rates_in(self.draft, window))
    }

    fn uses(
        &self,
        estimate: &dyn Fn(&Measure) -> Estimate,
        asked: &WindowPlan,
        seen: &WindowResult,
    ) -> Vec<Use> {
        let offered = self.offered(asked);
        let mut uses = Vec::new();
        for (at, zone) in self.plan.zones.iter().enumerate() {
            let mean = estimate(&Measure::Utilization(Meters::Zones(vec![at])));
            let name = zone.name.clone();
            let offered = load_of(&offered, &format!("{name}.cpu"));
            uses.push(Use {
                name,
                kind: UseKind::Zone,
                mean,
                busy: None,
                offered,
                series: Vec::new(),
            });
        }
        for (at, part) in self.plan.parts.iter().enumerate() {
            let group = split_member(&part.name).map_or(part.name.as_str(), |(group, _)| group);
            let kind = match &part.config {
                Config::Station(_) => UseKind::Station,
                Config::Service(_) if self.draft.scenario.database.get(group).is_some() => {
                    UseKind::Database
                }
                // The utilisation of a balancer's units is that of their processors, and of their limit on requests
                // inside.
                Config::Service(of) if part.balancer.is_some() => match of.workers {
                    Some(_) => UseKind::Connections,
                    None => continue,
                },
                Config::Service(_) => UseKind::Service,
                Config::Cpu(_) if part.name.ends_with(".cpu") => UseKind::Balancer,
                Config::Cpu(_) => UseKind::Server,
                Config::Disks(_) => UseKind::Disks,
                Config::Head(_) => UseKind::Head,
                Config::Link(_) => UseKind::Link,
                Config::Balancer(of) if of.room.is_some() => UseKind::Connections,
                // The network is reported per link; a component that stores or believes does no work.
                _ => continue,
            };
            let id = ComponentId::at(at);
            let parts = Meters::Parts(vec![id]);
            let name = match kind {
                UseKind::Server => format!("{}.cpu", part.name),
                _ => part.name.clone(),
            };
            let unlimited = part.config.counts().unlimited;
            let (mean, busy) = match unlimited {
                // Unlimited workers: no request waits, and each one inside has a worker.
                true => (
                    Estimate::Missing(NoValue::Unlimited),
                    Some(estimate(&Measure::Inside(vec![id]))),
                ),
                false => (estimate(&Measure::Utilization(parts)), None),
            };
            let offered = load_of(&offered, &name);
            let series = if unlimited { Vec::new() } else { seen.grid[at].clone() };
            uses.push(Use { name, kind, mean, busy, offered, series });
        }
        uses.sort_by_cached_key(|row| (row.kind, natural(&row.name)));
        uses
    }

    fn attempts(&self, seen: &WindowResult) -> Vec<AttemptRow> {
        let routes = &self.plan.routes;
        let classes = routes.classes.iter().map(|class| class.name.clone());
        let classes = classes.zip(seen.pooled.classes.iter().map(|class| &class.attempts));
        let calls = routes.calls.iter().map(|call| call.name.clone()).zip(&seen.pooled.calls);
        let row = |of, (name, attempts): (String, &Attempts)| AttemptRow {
            of,
            name,
            attempts: attempts.clone(),
        };
        let mut rows: Vec<AttemptRow> = classes.map(|one| row(AttemptsOf::Class, one)).collect();
        let mut calls: Vec<AttemptRow> = calls.map(|one| row(AttemptsOf::Call, one)).collect();
        rows.sort_by_cached_key(|row| natural(&row.name));
        calls.sort_by_cached_key(|row| natural(&row.name));
        rows.append(&mut calls);
        rows
    }

    fn views(&self, asked: &WindowPlan, seen: &WindowResult) -> Vec<ViewRow> {
        let plan = self.plan;
        let mut rows = Vec::new();
        for (at, workload) in plan.workloads.iter().enumerate() {
            let views = &seen.pooled.views[at];
            let mut lost: Vec<(String, u64)> =
                plan.causes.iter().cloned().zip(views.lost.iter().copied()).collect();
            lost.sort_by_cached_key(|(cause, _)| natural(cause));
            rows.push(ViewRow {
                workload: workload.name.clone(),
                class: plan.routes.classes[workload.class.index()].name.clone(),
                intended: views.intended,
                served: views.served,
                delayed: views.delayed,
                lost,
                never_born: views.never_born,
                in_flight: views.in_flight(),
                served_share: served_share(asked, seen, at, views),
            });
        }
        rows.sort_by_cached_key(|row| natural(&row.workload));
        rows
    }

    /// Returns values per workload in the order of [`views`](Self::views).
    fn in_order_of_views<T: Clone>(&self, by_workload: &[T]) -> Vec<T> {
        let mut order: Vec<usize> = (0..by_workload.len()).collect();
        order.sort_by_cached_key(|at| natural(&self.plan.workloads[*at].name));
        order.into_iter().map(|at| by_workload[at].clone()).collect()
    }
}

/// Returns the load of the part called `name`, or of its members together, as a share of their capacity.
fn load_of(offered: &[Offered], name: &str) -> Option<f64> {
    let is_it = |one: &&Offered| {
        one.resource.is_limit()
            && (one.name == name || split_member(&one.name).is_some_and(|(group, _)| group == name))
    };
    let (mut work, mut capacity) = (0.0, 0.0);
    for one in offered.iter().filter(is_it) {
        work += one.per_second;
        capacity += one.capacity;
    }
    (work > 0.0 && capacity > 0.0).then(|| work / capacity)
}

fn latency(name: String, estimates: Vec<Estimate>, histogram: &Histogram) -> Latency {
    let samples = histogram.count();
    let steps = (1..200).map(|step| f64::from(step) / 200.0);
    let levels = steps.chain([0.997, 0.999, 0.9997, 0.9999]);
    let enough = levels.filter(|q| samples_needed(*q).is_ok_and(|need| samples >= need));
    let distribution = enough
        .filter_map(|q| histogram.quantile(q).map(|nanos| (nanos as f64 / 1e9, q)))
        .filter(|(value, _)| *value > 0.0)
        .collect();
    Latency { name, estimates, samples, distribution }
}

/// Returns served over intended views, as the figure has it; one-sided where nothing was lost.
fn served_share(asked: &WindowPlan, seen: &WindowResult, at: usize, views: &ViewRecord) -> Share {
    if views.intended == 0 {
        return Share::Missing(NoValue::Empty);
    }
    let place = asked.measures.iter().position(|other| *other == Measure::Served(vec![at], true));
    match place.map(|place| &seen.estimates[place]) {
        Some(Estimate::Interval(i)) if i.method == Method::RuleOfThree => Share::AtLeast {
            seen: i.estimate,
            bound: Bound { value: i.low, side: Side::AtLeast, level: i.level, method: i.method },
        },
        Some(Estimate::Interval(interval)) => Share::Interval(*interval),
        _ => Share::Single((views.served + views.delayed) as f64 / views.intended as f64),
    }
}
