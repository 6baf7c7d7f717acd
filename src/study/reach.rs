//! Figures of a scenario that a change of its file can move.
//!
//! Model: a figure is a function of its solver's input. For a window that is the blueprint, with the traffic of each
//! workload as fixed by the level of the window. For a figure of the horizon it is the availability plan, and its
//! traffic where the figure is of traffic. For a capacity it is the search; for headroom the value itself. The input is
//! hashed as its debug text, which names every field.
//!
//! Takes a compiled scenario and a path; returns a digest. Holds: two scenarios with equal digests give the same
//! figure, bit for bit. Different digests may still give the same figure.
//! Leaves out: figures of windows drawn from the horizon, and costs, which have no digest.

use std::fmt::{self, Write};

use sha2::{Digest, Sha256};

use crate::model::blueprint::Blueprint;
use crate::model::outage::Faults;
use crate::plan::Draft;
use crate::plan::availability::AvailabilityNet;
use crate::plan::figure::registry::By;
use crate::plan::figure::{Figure, Metric};
use crate::plan::headroom;
use crate::study::scenario::{StudyPlan, by_arithmetic};
use crate::study::window::WindowPlan;
use crate::study::years::YearsPlan;
use crate::units::Rate;

/// Input of a figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A window, by name.
    Window(String),
    /// The faults of the horizon.
    Faults,
    /// The faults of the horizon, and the traffic that meets them.
    Traffic,
    /// The searches for capacities.
    Capacity,
    /// A computed value.
    Headroom(Figure),
}

impl Input {
    /// Returns the input of the figure at `path`; `None` if it is not known here.
    #[must_use]
    pub fn of(study: &StudyPlan, path: &str) -> Option<Self> {
        let figure = Figure::parse(path).ok()?;
        let window = || {
            let name = figure.window.as_deref()?;
            study.windows.iter().find(|one| one.window.name == name)
        };
        match figure.row().by {
            By::Search => Some(Self::Capacity),
            By::Arithmetic => Some(Self::Headroom(figure)),
            By::Requests => Some(Self::Window(window()?.window.name.clone())),
            By::Up => study.years.as_ref().map(|_| Self::Faults),
            By::Traffic | By::Roles => study.years.as_ref().map(|_| Self::Traffic),
            By::Both => None,
        }
    }

    /// Returns all inputs of a study.
    #[must_use]
    pub fn all(study: &StudyPlan) -> Vec<Self> {
        let windows = study.windows.iter().map(|one| Self::Window(one.window.name.clone()));
        let mut all: Vec<Self> = windows.collect();
        if study.years.is_some() {
            all.extend([Self::Faults, Self::Traffic]);
        }
        if !study.sought.is_empty() {
            all.push(Self::Capacity);
        }
        all
    }

    /// Returns its description.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Window(name) => format!("figures of the window `{name}`"),
            Self::Faults => "availabilities over the horizon".into(),
            Self::Traffic => {
                "figures of traffic over the horizon, such as `lost.<class>@horizon`".into()
            }
            Self::Capacity => "capacities".into(),
            Self::Headroom(figure) => format!("`{figure}`"),
        }
    }
}

/// Returns a digest of `input`.
#[must_use]
pub fn digest(draft: &Draft, plan: &Blueprint, study: &StudyPlan, input: &Input) -> [u8; 32] {
    let mut text = Hashed(Sha256::new());
    // The hasher accepts every write.
    let _ = match input {
        Input::Window(name) => {
            let window = study.windows.iter().find(|one| one.window.name == *name);
            window.map_or(Ok(()), |one| text.window(plan, one))
        }
        Input::Faults => study.years.as_ref().map_or(Ok(()), |years| text.years(years, false)),
        Input::Traffic => study.years.as_ref().map_or(Ok(()), |years| text.years(years, true)),
        Input::Capacity => study.sought.iter().try_for_each(|sought| {
            let mut levels = vec![None; plan.workloads.len()];
            levels[sought.workload.index()] = Some(sought.effort.from);
            write!(text, "{sought:?}")?;
            text.blueprint(plan, &levels, sought.window.faults)
        }),
        Input::Headroom(figure) if figure.metric == Metric::Saturates => {
            write!(text, "{:?}", headroom::saturates(draft, figure))
        }
        Input::Headroom(figure) => write!(text, "{:?}", by_arithmetic(draft, figure)),
    };
    text.0.finalize().into()
}

/// Hashes what is written.
struct Hashed(Sha256);

impl Write for Hashed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

impl Hashed {
    fn window(&mut self, plan: &Blueprint, of: &WindowPlan) -> fmt::Result {
        // Measures, and the records kept for them, belong to the figure, not to its input.
        let WindowPlan { window, replications, precision, measures: _, level, drill, followed: _ } =
            of;
        write!(self, "{window:?} {replications:?} {precision:?} {level:?} {drill:?}")?;
        self.blueprint(plan, &window.levels, window.faults)
    }

    /// Hashes a blueprint. `levels` are rates that replace a workload's own traffic; `faults` selects the faults.
    fn blueprint(
        &mut self,
        plan: &Blueprint,
        levels: &[Option<Rate>],
        faults: Faults,
    ) -> fmt::Result {
        let Blueprint {
            seed,
            routes,
            parts,
            zones,
            units,
            workloads,
            clients,
            operations,
            resizes,
            recaps,
            causes,
            gone_wrong,
            health,
            network,
            hearers,
            power,
        } = plan;
        for (at, workload) in workloads.iter().enumerate() {
            let fixed = levels.get(at).copied().flatten();
            match fixed.and_then(|level| workload.arrivals.at_level(level).ok()) {
                Some(arrivals) => {
                    let mut workload = workload.clone();
                    workload.arrivals = arrivals;
                    write!(self, "{workload:?}")?;
                }
                None => write!(self, "{workload:?}")?,
            }
        }
        write!(self, "{seed:?} {routes:?} {parts:?} {zones:?} {units:?} {clients:?}")?;
        write!(self, "{operations:?} {resizes:?} {recaps:?} {causes:?} {network:?} {hearers:?}")?;
        write!(self, "{power:?} {gone_wrong:?}")?;
        match (faults, health) {
            (Faults::Off, _) | (_, None) => Ok(()),
            (Faults::Live, Some(health)) => write!(self, "{:?} {:?}", health.live, health.start),
            (Faults::Drill, Some(health)) => write!(self, "{:?}", health.quiet),
        }
    }

    fn years(&mut self, years: &YearsPlan, traffic: bool) -> fmt::Result {
        let YearsPlan { of, replications, precision, level, figures: _, kept: _ } = years;
        // An autoscaler moves members with the traffic.
        let traffic = traffic || of.fluid.as_ref().is_some_and(|fluid| !fluid.scaled.is_empty());
        write!(self, "{replications:?} {precision:?} {level:?}")?;
        write!(self, "{:?} {:?} {:?} {:?}", of.seed, of.start, of.horizon, of.shortest_outage)?;
        write!(self, "{:?} {:?} {:?}", of.watched, of.measured, of.repair)?;
        write!(self, "{:?} {:?} {:?} {:?}", of.removable, of.causes, of.roles, of.common)?;
        write!(self, "{:?} {:?}", of.restores, of.disk_sets)?;
        for one in &of.nets {
            let AvailabilityNet { without, net, meters, fleets, alone, .. } = one;
            let AvailabilityNet { causes, roles, restores, disk_sets, load, .. } = one;
            write!(self, "{without:?} {net:?} {meters:?} {fleets:?} {alone:?}")?;
            write!(self, "{causes:?} {roles:?} {restores:?} {disk_sets:?}")?;
            if traffic {
                write!(self, "{load:?}")?;
            }
        }
        if traffic { write!(self, "{:?}", of.fluid) } else { Ok(()) }
    }
}
