//! Small line charts side by side, on the same axes: one curve each.
//!
//! In: a [`PanelChart`]. Out: a grid of panels, in which the reader compares the places of the curves.
//! Holds: both ends of a logarithmic axis have a label where they fit; bounds are drawn as far as the axis reaches.

use plotters::element::PathElement;

use super::scale::{Room, Scale};
use super::timeline::Tip;
use super::{
    Drawn, Grid, Key, Margins, Root, Sample, Sheet, WORD_SIZE, mark, marker, nothing, plot, units,
    words,
};
use crate::convert::whole;
use crate::report::document::{Figure, Panel, PanelChart, Point};
use crate::report::number;
use crate::report::svg::{Drawing, Ink, fitted};

/// Smallest width of a panel, and height of its plot, in pixels.
const LEAST: f64 = 158.0;
const TALL: f64 = 132.0;
/// Height of the plot of a panel that stands alone.
const ALONE: f64 = 230.0;
/// Space above a plot for the name of its panel, and below it for labels of ticks.
const ABOVE: f64 = 22.0;
const BELOW: f64 = 30.0;

pub fn panels(sheet: &Sheet<'_>, chart: &PanelChart) -> Drawing {
    let points = || chart.panels.iter().flat_map(|panel| &panel.points);
    let known = points().filter(|point| point.x.is_finite());
    let known = known.filter_map(|point| Some((point.x, point.y.filter(|y| y.is_finite())?)));
    let (mut xs, mut ys): (Vec<f64>, Vec<f64>) = known.unzip();
    if xs.is_empty() {
        return nothing(sheet);
    }
    let finite = |guide: &Option<crate::report::document::Objective>| {
        guide.as_ref().map(|guide| guide.value).filter(|value| value.is_finite())
    };
    xs.extend(finite(&chart.load));
    ys.extend(finite(&chart.objective));
    let (round_xs, round_ys) = (around(&xs), around(&ys));
    xs.extend(round_xs);
    ys.extend(round_ys);
    let across = whole::usize((sheet.pixels() / LEAST).floor()).clamp(1, 3).min(chart.panels.len());
    let tall = if chart.panels.len() == 1 { ALONE } else { TALL };
    let down = chart.panels.len().div_ceil(across);
    let wide = sheet.pixels() / across as f64;
    let (y, y_title) = Scale::over(&chart.y, &ys, Room::Up(tall));
    let left = (y.label_width() + 10.0).max(24.0);
    let (x, x_title) = Scale::over(&chart.x, &xs, Room::Across(wide - left - 14.0));
    let margins = Margins { left, right: 12.0, below: BELOW };
    let mut keys = vec![Key { sample: Sample::Mark, name: chart.mark.clone() }];
    keys.extend(Key::objective(chart.objective.as_ref()));
    if let (Some(load), Some(_)) = (&chart.load, finite(&chart.load)) {
        keys.push(Key { sample: Sample::Load, name: load.label.clone() });
    }
    let each = ABOVE + tall + BELOW;
    let above = format!("{y_title} upward, {x_title} to the right");
    sheet.paint(&above, &keys, each * down as f64, |root, top| {
        let (_, below) = root.split_vertically(units(top));
        for (root, panel) in below.split_evenly((down, across)).iter().zip(&chart.panels) {
            draw(root, (chart, panel), (&x, &y), (margins, wide))?;
        }
        Ok(())
    })
}

/// Returns the nearest values of 1, 2 or 5 times a power of ten that enclose all `values`, so that both ends of an axis
/// have a label.
fn around(values: &[f64]) -> Vec<f64> {
    let positive = || values.iter().copied().filter(|value| *value > 0.0);
    let (low, high) = positive().fold((f64::MAX, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return Vec::new();
    }
    let decade = |value: f64| libm::pow(10.0, libm::floor(libm::log10(value)));
    let steps = |value: f64| [1.0, 2.0, 5.0, 10.0].map(|part| part * decade(value));
    let below = steps(low).into_iter().rev().find(|step| *step <= low * 1.000_001);
    let above = steps(high).into_iter().find(|step| *step >= high * 0.999_999);
    below.into_iter().chain(above).filter(|value| value.is_finite()).collect()
}

/// Draws one panel.
fn draw(
    root: &Root<'_>,
    (chart, panel): (&PanelChart, &Panel),
    (x, y): (&Scale, &Scale),
    (margins, wide): (Margins, f64),
) -> Drawn {
    let name = fitted(&panel.label, WORD_SIZE, wide - margins.left - 4.0);
    words(root, &name, &Ink::Text.bold(WORD_SIZE), (margins.left, 5.0))?;
    let area = plot(root, (ABOVE, margins), (x.clone(), y.clone()), (Grid::Across, ""))?;
    let (across, down) = area.get_pixel_range();
    // Pixels of the area count from the sheet, those of the root from its own corner.
    let (corner_x, corner_y) = root.get_base_pixel();
    let at = |(x, y): (i32, i32)| (x - corner_x, y - corner_y);
    let place = |x: f64, y: f64| at(area.map_coordinate(&(x, y)));
    let (start, end) = (at((across.start, down.start)), at((across.end, down.end)));
    if let Some(objective) = chart.objective.as_ref().filter(|one| y.fraction(one.value).is_some())
    {
        let height = place(f64::NAN, objective.value).1;
        let ends = vec![(start.0, height), (end.0, height)];
        root.draw(&PathElement::new(ends, Ink::Objective.stroke(15)))?;
    }
    if let Some(load) = chart.load.as_ref().filter(|one| x.fraction(one.value).is_some()) {
        let across = place(load.value, f64::NAN).0;
        let ends = vec![(across, start.1), (across, end.1)];
        root.draw(&PathElement::new(ends, Ink::Stroke(6).stroke(12)))?;
    }
    let inside = |value: f64| y.fraction(value).map(|at| at.clamp(0.0, 1.0));
    let height = |value: f64| {
        let share = inside(value).unwrap_or(0.0);
        end.1 - whole::i32((f64::from(end.1 - start.1) * share).round())
    };
    let drawn: Vec<(usize, &Point, f64)> = panel
        .points
        .iter()
        .enumerate()
        .filter_map(|(at, point)| Some((at, point, point.y.filter(|y| inside(*y).is_some())?)))
        .filter(|(_, point, _)| x.fraction(point.x).is_some())
        .collect();
    for (_, point, _) in &drawn {
        let Some((low, high)) = point.band else { continue };
        let across = place(point.x, f64::NAN).0;
        let ends = vec![(across, height(low)), (across, height(high))];
        root.draw(&PathElement::new(ends, Ink::Axis.stroke(10)))?;
    }
    let line: Vec<(i32, i32)> =
        drawn.iter().map(|(_, point, value)| place(point.x, *value)).collect();
    root.draw(&PathElement::new(line, Ink::Line(0).stroke(18)))?;
    for (index, point, value) in drawn {
        root.draw(&Tip(tip(chart, panel, point)))?;
        let at = place(point.x, value);
        if panel.mark == Some(index) { mark(root, at)? } else { marker(root, 0, at)? }
    }
    Ok(())
}

/// Returns the words for readers who point at a point.
fn tip(chart: &PanelChart, panel: &Panel, point: &Point) -> String {
    let x = Figure::exact(point.x, chart.x.unit.clone());
    let y = Figure {
        value: point.y.unwrap_or(f64::NAN),
        interval: point.band,
        unit: chart.y.unit.clone(),
        ..Figure::default()
    };
    format!("{}: {} at {}", panel.label, number::figure(&y), number::figure(&x))
}
