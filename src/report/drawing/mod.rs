//! The drawing of a system: what stands where, how busy it is at peak, and who asks whom.
//!
//! Model: a [`System`] (plain data), rectangles for its nodes, lanes for its arrows, SVG and a list in words.
//! Holds: the same system gives the same bytes; only integers decide places.
//! Leaves out: measured times, faults.

pub mod label;
pub mod layout;
pub mod paint;
pub mod route;
mod text;

pub use paint::STYLE;
pub use text::list;

use super::svg::Drawing;
use crate::plan::drawing::System;

/// Width to which a drawing keeps, in pixels.
pub const WIDE: i32 = 1192;

/// Draws a system; `id` begins the ids in the drawing.
#[must_use]
pub fn draw(system: &System, id: &str) -> Drawing {
    let places = layout::places(system, &paint::sizes(system), WIDE);
    let nets = route::nets(system, &places, &paint::headings(system, &places));
    paint::drawing(system, &places, &nets, id)
}
