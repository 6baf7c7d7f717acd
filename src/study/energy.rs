//! Figures of power, energy, its carbon and its cost, from the energy of each meter by hour of the day.
//!
//! A part counts with what it draws; the whole scenario, carbon and cost count with the PUE of each site.

use crate::model::power::{HOURS_OF_DAY, Power};
use crate::plan::figure::{Figure, Metric, NoSuchFigure};
use crate::scenario::suggest;

/// Quantity of a set of meters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfEnergy {
    /// Mean power in watts.
    Power,
    /// Energy in joules.
    Energy,
    /// Carbon in grams.
    Carbon,
    /// Cost in dollars.
    Cost,
}

/// Quantity of a subject of [`Power::subjects`], by place; the first is the whole scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The quantity.
    pub of: OfEnergy,
    /// The subject.
    pub subject: usize,
}

impl Drawn {
    /// The energy of the whole scenario.
    pub const ALL: Self = Self { of: OfEnergy::Energy, subject: 0 };

    /// Resolves a figure.
    ///
    /// # Errors
    ///
    /// [`NoSuchFigure`], if the scenario has no such figure.
    pub fn resolve(power: &Power, figure: &Figure) -> Result<Self, NoSuchFigure> {
        if power.meters.is_empty() {
            let message = format!("`{figure}`: no part in this scenario has a declared power");
            let help = "give a server one: `power = { idle = \"110W\", full = \"260W\" }`";
            return Err(NoSuchFigure::new(message).help(help));
        }
        let of = match figure.metric {
            Metric::Power => OfEnergy::Power,
            Metric::Carbon => OfEnergy::Carbon,
            Metric::EnergyCost => OfEnergy::Cost,
            _ => OfEnergy::Energy,
        };
        if figure.metric == Metric::ViewsPerKwh {
            return Ok(Self::ALL);
        }
        let scope = figure.scope.strip_suffix("-*").unwrap_or(&figure.scope);
        let name = match &figure.resource {
            Some(resource) => {
                format!("{scope}.{}", resource.strip_suffix("-*").unwrap_or(resource))
            }
            None => scope.to_string(),
        };
        let subjects = &power.subjects;
        let Some(subject) = subjects.iter().position(|(other, _)| *other == name) else {
            let message = format!("`{figure}`: `{name}` has no declared power");
            let known: Vec<&str> = subjects[1..].iter().map(|(name, _)| name.as_str()).collect();
            return Err(NoSuchFigure::new(message).help_if(suggest::help(
                &name,
                &known,
                "there are",
            )));
        };
        let whole = matches!(of, OfEnergy::Power | OfEnergy::Energy) || subject == 0;
        if !whole {
            let message = format!("`{figure}`: it is that of the whole scenario");
            return Err(NoSuchFigure::new(message).help("leave the name out"));
        }
        let lacks = |meter: usize| {
            let grid = power.grid(meter);
            match of {
                OfEnergy::Carbon => grid.is_none_or(|grid| grid.carbon.is_none()),
                OfEnergy::Cost => grid.is_none_or(|grid| grid.price.is_none()),
                OfEnergy::Power | OfEnergy::Energy => false,
            }
        };
        if let Some(meter) = (0..power.meters.len()).find(|meter| lacks(*meter)) {
            let key = if of == OfEnergy::Cost { "energy-price" } else { "carbon" };
            let name = &power.meters[meter].name;
            let message = match power.grid(meter) {
                Some(grid) => format!(
                    "`{figure}`: `{name}` draws power in `{}`, which has no `{key}`",
                    grid.site
                ),
                None => format!("`{figure}`: `{name}` draws power outside of all sites"),
            };
            let help = format!("give every site with a `power` a `{key}`");
            return Err(NoSuchFigure::new(message).help(help));
        }
        Ok(Self { of, subject })
    }

    /// Returns its value: `joules` returns the energy of a meter by hour of the day, over `seconds`.
    #[must_use]
    pub fn value(
        self,
        power: &Power,
        joules: impl Fn(usize) -> [f64; HOURS_OF_DAY],
        seconds: f64,
    ) -> f64 {
        let mut sum = 0.0;
        for meter in &power.subjects[self.subject].1 {
            let (hours, grid) = (joules(*meter), power.grid(*meter));
            let pue = grid.filter(|_| self.subject == 0).map_or(1.0, |grid| grid.pue);
            let all = hours.iter().sum::<f64>() * pue;
            sum += match (self.of, grid) {
                (OfEnergy::Power, _) => all / seconds,
                (OfEnergy::Energy, _) => all,
                (OfEnergy::Carbon, Some(grid)) => {
                    let carbon = grid.carbon.iter().flatten();
                    hours.iter().zip(carbon).map(|(joules, grams)| joules * grams * pue).sum()
                }
                (OfEnergy::Cost, Some(grid)) => all * grid.price.unwrap_or(0.0),
                (OfEnergy::Carbon | OfEnergy::Cost, None) => 0.0,
            };
        }
        sum
    }
}
