//! The drawing of a scenario.

use std::collections::BTreeMap;

use super::scenario::Scenario;
use crate::plan::Draft;
use crate::plan::drawing::System;
use crate::report::drawing;

/// A picture of the system that a scenario describes, and the same in words.
///
/// It shows what stands where, the utilisation at the design peak (computed, not simulated), the single points of
/// failure, and which component sends requests to which.
///
/// ```
/// use fivenines::Scenario;
///
/// let drawing = Scenario::load("scenarios/tiers/tier-5.toml")?.drawing();
/// assert!(drawing.svg().starts_with("<?xml"));
/// assert!(drawing.text().contains("server twin-1"));
/// # Ok::<(), fivenines::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Drawing {
    system: System,
}

impl Drawing {
    pub(crate) fn of(draft: &Draft) -> Self {
        Self { system: System::of(draft, &BTreeMap::new()) }
    }

    /// Returns the picture as an SVG file. The same scenario gives the same bytes.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let scenario = Scenario::load("scenarios/tiers/starter.toml")?;
    /// assert!(scenario.drawing().svg().contains("single point of failure"));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn svg(&self) -> String {
        drawing::draw(&self.system, "system").standalone()
    }

    /// Returns the same as a nested list: each box with its utilisation, its arrows, and what its loss takes down.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let scenario = Scenario::load("scenarios/tiers/starter.toml")?;
    /// assert!(scenario.drawing().text().contains("users public"));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        drawing::list(&self.system)
    }
}

impl Scenario {
    /// Returns the drawing of the system.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let scenario = Scenario::load("scenarios/oracles/o01-mm1.toml")?;
    /// println!("{}", scenario.drawing().text());
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn drawing(&self) -> Drawing {
        Drawing::of(self.draft())
    }
}
