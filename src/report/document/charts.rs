//! The data of charts that compare several scenarios.

use super::{Axis, Estimate, Objective, Point};

/// Bars that are stacked from the same parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StackedChart {
    /// Axis of the values, across.
    pub axis: Axis,
    /// Names of the parts, at most eight, from the left.
    pub parts: Vec<String>,
    /// The bars, top to bottom.
    pub bars: Vec<StackedBar>,
}

/// A bar of parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StackedBar {
    /// Its label.
    pub label: String,
    /// The whole, which the sum of the parts does not exceed.
    pub whole: Estimate,
    /// One value per part.
    pub values: Vec<f64>,
    /// Words for readers who point at a part, one per part.
    pub words: Vec<String>,
}

/// Small line charts on the same axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PanelChart {
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// The panels, in rows from the left.
    pub panels: Vec<Panel>,
    /// A horizontal line in every panel.
    pub objective: Option<Objective>,
    /// A vertical line in every panel.
    pub load: Option<Objective>,
    /// The meaning of the marked point.
    pub mark: String,
}

/// A curve of a [`PanelChart`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// Its name.
    pub label: String,
    /// Its points in order of x.
    pub points: Vec<Point>,
    /// Index of the marked point.
    pub mark: Option<usize>,
}
