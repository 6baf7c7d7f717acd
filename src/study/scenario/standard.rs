//! Figures of every report, whatever is asked for.

use std::collections::BTreeSet;

use super::StudyPlan;
use crate::kinds::cdn::live::EDGE;
use crate::model::blueprint::{Blueprint, Config};
use crate::plan::faults::PLANNED;
use crate::plan::figure::Figure;
use crate::study::measure::Measure;

/// Maximum number of components and zones that a report lists one by one.
pub const MOST_LISTED: usize = 5_000;

/// Returns whether a report lists every component; for a large fleet it has only the figures asked for.
#[must_use]
pub fn parts_are_listed(plan: &Blueprint) -> bool {
    plan.parts.len() + plan.zones.len() <= MOST_LISTED
}

impl StudyPlan {
    /// Adds the figures of every report: latencies, ledgers, utilisations; around a break, its effect on users.
    pub(super) fn add_standard(&mut self, plan: &Blueprint) {
        for window in 0..self.windows.len() {
            let mut paths = of_databases(plan);
            if self.windows[window].drill.is_some() {
                paths.extend(around_a_break(plan, self.breaks_something(window)));
                for path in paths {
                    self.ask_if_known(plan, &path, window);
                }
                continue;
            }
            for class in &plan.routes.classes {
                for stat in ["mean", "p50", "p95", "p99"] {
                    paths.push(format!("latency.{}.{stat}", class.name));
                    if class.cdns[EDGE].is_some() {
                        paths.push(format!("latency.{}-miss.{stat}", class.name));
                    }
                }
            }
            for workload in &plan.workloads {
                let class = &plan.routes.classes[workload.class.index()].name;
                if workload.clients.is_some() {
                    for stat in ["mean", "p50", "p95", "p99"] {
                        paths.push(format!("latency.{class}-view.{stat}"));
                    }
                }
                paths.push(format!("arrival-rate.{class}"));
                paths.push(format!("served.{class}.chance"));
                paths.push(format!("lost.{class}.chance"));
            }
            let listed = parts_are_listed(plan);
            for zone in plan.zones.iter().filter(|_| listed) {
                paths.push(format!("utilization.{}.cpu", zone.name));
            }
            for part in plan.parts.iter().filter(|_| listed) {
                if let Config::Uplink(_) | Config::Names(_) = part.config {
                    continue;
                }
                paths.push(match part.config {
                    Config::Edge(_) => format!("hit.{}", part.name),
                    Config::Cdn(_) => format!("throughput.{}", part.name),
                    Config::Cpu(_) if !part.name.ends_with(".cpu") => {
                        format!("utilization.{}.cpu", part.name)
                    }
                    _ => format!("utilization.{}", part.name),
                });
                paths.push(format!("in-system.{}.mean", part.name));
            }
            for path in paths {
                self.ask_if_known(plan, &path, window);
            }
        }
    }

    /// Asks for a figure of a window where it exists.
    fn ask_if_known(&mut self, plan: &Blueprint, path: &str, window: usize) {
        let full = format!("{path}@{}", self.windows[window].window.name);
        if let Ok(figure) = Figure::parse(&full)
            && let Ok(measure) = Measure::resolve(plan, &figure)
        {
            self.ask(full, figure, measure, window);
        }
    }
}

/// Returns the databases that are read and written (`true`), by name.
fn queried(plan: &Blueprint) -> BTreeSet<(String, bool)> {
    let queries = plan.routes.calls.iter().filter_map(|call| call.query.clone());
    queries.map(|query| (query.database, query.writes)).collect()
}

/// Returns the database figures of every window.
fn of_databases(plan: &Blueprint) -> Vec<String> {
    let mut paths = Vec::new();
    for (name, writes) in queried(plan) {
        paths.push(format!("failed-{}.{name}", if writes { "writes" } else { "reads" }));
    }
    for part in &plan.parts {
        let Config::Database(group) = &part.config else { continue };
        let name = &group.name;
        // The declared primary lags behind no member until another has taken over.
        for member in &group.members[1..] {
            let stats = ["lag.NAME.mean", "lag.NAME.p95", "lag.NAME.max", "backlog.NAME.mean"];
            paths.extend(stats.map(|path| path.replace("NAME", &member.name)));
        }
        paths.push(format!("failovers.{name}"));
        paths.push(format!("lost-writes.{name}"));
        if group.by_replicas {
            paths.push(format!("stale.{name}"));
            paths.push(format!("stale.{name}.chance"));
        }
        if group.failover.as_ref().is_some_and(|failover| !failover.fence) {
            paths.push(format!("split-brain.{name}"));
        }
    }
    paths
}

/// Returns the figures of every run around a break.
fn around_a_break(plan: &Blueprint, breaks: bool) -> Vec<String> {
    let mut paths = Vec::new();
    for workload in &plan.workloads {
        let class = &plan.routes.classes[workload.class.index()].name;
        paths.push(format!("latency.{class}.p95"));
        if workload.clients.is_some() {
            paths.push(format!("latency.{class}-view.p95"));
        }
        paths.push(format!("arrival-rate.{class}"));
        paths.push(format!("served.{class}.chance"));
        paths.push(format!("lost.{class}"));
        if breaks {
            paths.push(format!("lost.{class}[cause={PLANNED}]"));
            paths.push(format!("missed.{class}"));
            paths.push(format!("losing.{class}"));
        }
    }
    paths
}
