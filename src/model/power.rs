//! Power meters of parts, and the sites whose grid feeds them.

use crate::mechanism::power::PowerCurve;
use crate::model::ids::ComponentId;
use crate::units::SimDuration;

/// Hours of a day.
pub const HOURS_OF_DAY: usize = 24;

/// Power meter of a part.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerMeter {
    /// Name of the part.
    pub name: String,
    /// Its power by load.
    pub curve: PowerCurve,
    /// Index of its site in [`Power::grids`]; `None` outside of all sites.
    pub grid: Option<usize>,
    /// Processor whose load counts; `None` if the power is constant, or for a solver without components.
    pub processor: Option<ComponentId>,
}

/// Energy supply of a site.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Name of the site.
    pub site: String,
    /// Energy that the site draws per energy that its parts draw.
    pub pue: f64,
    /// Price in dollars per joule; `None` without one in the file.
    pub price: Option<f64>,
    /// Carbon in grams per joule, by hour of the day; `None` without one in the file.
    pub carbon: Option<[f64; HOURS_OF_DAY]>,
}

/// All power meters of a scenario; none if no part has a declared power.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Power {
    /// Meters, in the order of parts.
    pub meters: Vec<PowerMeter>,
    /// Sites, in the order of the file.
    pub grids: Vec<Grid>,
    /// Subjects of figures with their meters: the whole scenario with an empty name, each part, each group of parts.
    pub subjects: Vec<(String, Vec<usize>)>,
    /// Time of the day at time zero.
    pub zero: SimDuration,
}

impl Power {
    /// Returns the site that feeds a meter.
    #[must_use]
    pub fn grid(&self, meter: usize) -> Option<&Grid> {
        self.meters[meter].grid.map(|grid| &self.grids[grid])
    }
}
