//! A scatter chart of named points over two axes, with the Pareto front joined.

use plotters::element::PathElement;

use super::scale::{Room, Scale, TICK_SIZE};
use super::timeline::Tip;
use super::{
    Grid, Key, Margins, Sample, Sheet, diamond, half_filled, hollow, marker, nothing, numbers,
    plot, units,
};
use crate::report::document::{Figure, FrontChart, FrontPoint, FrontRank};
use crate::report::number;
use crate::report::svg::{Drawing, Ink, UNITS, text_width};

/// Space around a marker that labels keep free, in pixels.
const CLEAR: f64 = 7.0;
/// Height of a label, in pixels.
const TALL: f64 = 13.0;

/// A rectangle on the sheet, in pixels.
#[derive(Clone, Copy)]
struct Patch {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Patch {
    fn meets(self, other: Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// Returns the left upper corners at which a label may stand, the preferred first.
fn places((x, y): (f64, f64), wide: f64) -> [(f64, f64); 10] {
    // First above the horizontal line to the right, then wherever there is space.
    let (right, left, middle) = (x + CLEAR + 2.0, x - wide - CLEAR - 2.0, x - wide / 2.0);
    [
        (right, y - TALL - 4.0),
        (left, y - TALL - 4.0),
        (middle, y - CLEAR - TALL - 2.0),
        (right, y - TALL / 2.0),
        (middle, y + CLEAR + 2.0),
        (left, y - TALL / 2.0),
        (right, y + CLEAR - 2.0),
        (left, y + CLEAR - 2.0),
        (middle, y - CLEAR - 2.0 * TALL - 4.0),
        (middle, y + CLEAR + TALL + 4.0),
    ]
}

/// Returns the words for readers who point at a point.
fn tip(chart: &FrontChart, point: &FrontPoint) -> String {
    let x = Figure::exact(point.x, chart.x.unit.clone());
    let y = Figure {
        value: point.y.value,
        interval: point.y.interval,
        unit: chart.y.unit.clone(),
        rounding: chart.y.rounding,
        ..Figure::default()
    };
    let kind = &chart.kinds[point.rank as usize];
    format!("{}: {}, {}; {kind}", point.label, number::figure(&x), number::figure(&y))
}

pub fn front(sheet: &Sheet<'_>, chart: &FrontChart) -> Drawing {
    let drawable =
        chart.points.iter().filter(|point| point.x.is_finite() && point.y.value.is_finite());
    let points: Vec<_> = drawable.collect();
    if points.is_empty() {
        return nothing(sheet);
    }
    // Both axes begin at zero, so that a saving is seen in proportion to the whole.
    let mut xs: Vec<f64> = points.iter().map(|point| point.x).collect();
    let mut ys = numbers(points.iter().map(|point| &point.y));
    xs.push(0.0);
    // Space for the label of the dearest.
    xs.push(xs.iter().copied().fold(0.0, f64::max) * 1.08);
    ys.push(0.0);
    let height = (sheet.pixels() * 0.45).clamp(220.0, 320.0);
    let (y, y_title) = Scale::over(&chart.y, &ys, Room::Up(height));
    let left = (y.label_width() + 12.0).max(24.0);
    let room = sheet.pixels() - left;
    let (x, x_title) = Scale::over(&chart.x, &xs, Room::Across(room - 30.0));
    let margins = Margins { left, right: x.overhang(room).max(12.0), below: 44.0 };
    let samples = [Sample::Line(0), Sample::Diamond, Sample::Hollow, Sample::HalfFilled];
    let has = |at: usize| points.iter().any(|point| point.rank as usize == at);
    let keys = samples.into_iter().zip(chart.kinds.iter()).enumerate().filter(|(at, _)| has(*at));
    let keys: Vec<Key> =
        keys.map(|(_, (sample, name))| Key { sample, name: name.clone() }).collect();
    sheet.paint(&y_title, &keys, height + margins.below, |root, top| {
        let area = plot(root, (top, margins), (x.clone(), y.clone()), (Grid::Across, &x_title))?;
        let mut path: Vec<(f64, f64)> = Vec::new();
        for point in points.iter().filter(|point| point.rank == FrontRank::Front) {
            // Between two costs the cheaper scenario applies, so the line is a staircase.
            path.extend(path.last().map(|before| (point.x, before.1)));
            path.push((point.x, point.y.value));
        }
        area.draw(&PathElement::new(path, Ink::Line(0).stroke(15)))?;
        let pixels = |at: i32| f64::from(at) / f64::from(UNITS);
        let mut taken: Vec<Patch> = Vec::new();
        for point in &points {
            let drawn = |(low, high): &(f64, f64)| low.is_finite() && high.is_finite();
            if let Some((low, high)) = point.y.interval.filter(drawn) {
                area.draw(&PathElement::new(
                    vec![(point.x, low), (point.x, high)],
                    Ink::Axis.stroke(12),
                ))?;
            }
            let at = area.map_coordinate(&(point.x, point.y.value));
            root.draw(&Tip(tip(chart, point)))?;
            match point.rank {
                FrontRank::Front => marker(root, 0, at)?,
                FrontRank::Beaten => diamond(root, at)?,
                FrontRank::Excluded => hollow(root, at)?,
                FrontRank::Undecided => half_filled(root, at)?,
            }
            let (x, y) = (pixels(at.0), pixels(at.1));
            taken.push(Patch {
                left: x - CLEAR,
                top: y - CLEAR,
                right: x + CLEAR,
                bottom: y + CLEAR,
            });
        }
        let (across, down) = area.get_pixel_range();
        let inside = |patch: &Patch| {
            patch.left >= pixels(across.start)
                && patch.right <= pixels(across.end) + margins.right
                && patch.top >= pixels(down.start)
                && patch.bottom <= pixels(down.end)
        };
        for point in &points {
            let at = area.map_coordinate(&(point.x, point.y.value));
            let (x, y) = (pixels(at.0), pixels(at.1));
            let wide = text_width(&point.label, TICK_SIZE);
            let patch = |(left, top): (f64, f64)| Patch {
                left,
                top,
                right: left + wide,
                bottom: top + TALL,
            };
            let free =
                |patch: &Patch| inside(patch) && !taken.iter().any(|other| patch.meets(*other));
            // A label without space is only in the table below.
            let Some(place) = places((x, y), wide).map(patch).into_iter().find(free) else {
                continue;
            };
            taken.push(place);
            let corner = (units(place.left), units(place.top + 1.0));
            root.draw_text(&point.label, &Ink::Label.letters(TICK_SIZE), corner)?;
        }
        Ok(())
    })
}
