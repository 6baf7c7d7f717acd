//! Charts with one row (or column) per label: bars, and ladders of several levels.

use plotters::element::{PathElement, Rectangle};

use super::scale::{Room, Scale, TICK_SIZE};
use super::timeline::Tip;
use super::{
    Drawn, Failure, Grid, Key, Margins, Plot, Root, Sample, Sheet, WORD_SIZE, marker, nothing,
    numbered, numbers, plot, units,
};
use crate::report::document::{Axis, Bar, BarChart, Estimate, Figure, Growth, LadderChart, Unit};
use crate::report::number::{self, figure_parts};
use crate::report::svg::{Drawing, Ink, fitted, text_width};
use crate::report::text::visible;

/// Height of a row and of its bar, in pixels.
const ROW: f64 = 26.0;
pub(super) const BAR: f64 = 15.0;
/// Height of a row whose label stands above it.
const ROW_BELOW_LABEL: f64 = 40.0;
/// Smallest width in pixels of a column that can hold its label.
const COLUMN: f64 = 44.0;

/// Formats the value of an estimate, with the digits that its interval supports. The unit is printed only if it
/// depends on the size; otherwise the title of the axis has it.
pub(super) fn value_text(estimate: &Estimate, axis: &Axis) -> String {
    let unit = match &axis.unit {
        Unit::Seconds
        | Unit::Downtime
        | Unit::Bytes
        | Unit::BitsPerSecond
        | Unit::Watts
        | Unit::Joules
        | Unit::Grams
        | Unit::Ratio => axis.unit.clone(),
        Unit::Dollars | Unit::DollarsPerMonth => Unit::Dollars,
        Unit::None | Unit::PerSecond | Unit::Other(_) => Unit::None,
    };
    let Estimate { value, interval } = *estimate;
    let figure = Figure { value, interval, unit, rounding: axis.rounding, ..Figure::default() };
    figure_parts(&figure).0
}

/// Returns the tooltip of a value: its label, the value and its interval.
fn tip(label: &str, estimate: &Estimate, axis: &Axis) -> Tip {
    let Estimate { value, interval } = *estimate;
    let (unit, rounding) = (axis.unit.clone(), axis.rounding);
    let figure = Figure { value, interval, unit, rounding, ..Figure::default() };
    Tip(format!("{label}: {}", number::figure(&figure)))
}

/// Returns an estimate whose value is finite; an interval that is not finite is dropped.
fn sound(estimate: Option<&Estimate>) -> Option<Estimate> {
    let estimate = estimate.copied().filter(|e| e.value.is_finite())?;
    let interval = estimate.interval.filter(|(l, h)| l.is_finite() && h.is_finite());
    Some(Estimate { interval, ..estimate })
}

/// Placement of the labels of rows: to the left, or above each row if there is no space.
pub(super) struct Rows {
    labels: Vec<String>,
    /// True if the labels are above the rows.
    above: bool,
    /// Space to the left of the plot in pixels.
    pub left: f64,
    /// Height of all rows in pixels.
    pub height: f64,
    pub scale: Scale,
}

impl Rows {
    pub fn new(sheet: &Sheet<'_>, labels: Vec<String>) -> Self {
        let widths = labels.iter().map(|label| text_width(&visible(label), TICK_SIZE));
        let widest = widths.fold(0.0, f64::max);
        let above = widest > sheet.pixels() * 0.36;
        let left = if above { 4.0 } else { widest + 14.0 };
        let row = if above { ROW_BELOW_LABEL } else { ROW };
        let height = row * labels.len() as f64 + 6.0;
        let shown = if above { vec![String::new(); labels.len()] } else { labels.clone() };
        let scale = Scale::categories(&shown, widest, Room::Up(height));
        Self { labels, above, left, height, scale }
    }

    /// Draws the label of row `at` if labels are above; returns the vertical centre of the row's bar.
    pub fn begin(
        &self,
        sheet: &Sheet<'_>,
        root: &Root<'_>,
        middle: i32,
        at: usize,
    ) -> Result<i32, Failure> {
        if !self.above {
            return Ok(middle);
        }
        let label = fitted(&self.labels[at], TICK_SIZE, sheet.pixels() - self.left - 8.0);
        let place = (units(self.left + 4.0), middle - units(ROW_BELOW_LABEL / 2.0 - 3.0));
        root.draw_text(&label, &Ink::Label.letters(TICK_SIZE), place)?;
        Ok(middle + units(9.0))
    }
}

pub fn bars(sheet: &Sheet<'_>, chart: &BarChart) -> Drawing {
    let found: Vec<Option<Estimate>> =
        chart.bars.iter().map(|bar| sound(bar.estimate.as_ref())).collect();
    let mut values = numbers(found.iter().flatten());
    if values.is_empty() {
        return nothing(sheet);
    }
    values.extend(chart.objective.iter().map(|o| o.value).filter(|v| v.is_finite()));
    values.push(0.0);
    let up =
        chart.growth == Growth::Up && COLUMN * chart.bars.len() as f64 <= sheet.pixels() - 60.0;
    if up { columns(sheet, chart, &found, &values) } else { across(sheet, chart, &found, &values) }
}

fn objective_key(chart: &BarChart) -> Vec<Key> {
    Key::objective(chart.objective.as_ref()).into_iter().collect()
}

fn across(
    sheet: &Sheet<'_>,
    chart: &BarChart,
    found: &[Option<Estimate>],
    values: &[f64],
) -> Drawing {
    let labels: Vec<String> = chart.bars.iter().map(|bar: &Bar| bar.label.clone()).collect();
    let rows = Rows::new(sheet, labels);
    let texts: Vec<String> = found
        .iter()
        .map(|e| e.map_or_else(|| "no figure".into(), |e| value_text(&e, &chart.axis)))
        .collect();
    let text_room = texts.iter().map(|t| text_width(t, TICK_SIZE)).fold(0.0, f64::max);
    let length = sheet.pixels() - rows.left - text_room - 12.0;
    let (x, title) = Scale::over(&chart.axis, values, Room::Across(length));
    let margins = Margins { left: rows.left, right: text_room + 12.0, below: 44.0 };
    sheet.paint("", &objective_key(chart), rows.height + margins.below, |root, top| {
        let y = rows.scale.clone();
        let area = plot(root, (top, margins), (x, y), (Grid::Down, &title))?;
        guide_down(root, &area, chart.objective.as_ref().map(|o| o.value))?;
        for (row, (estimate, text)) in found.iter().zip(&texts).enumerate() {
            let (zero, middle) = area.map_coordinate(&(0.0, row as f64));
            let y = rows.begin(sheet, root, middle, row)?;
            let Some(estimate) = estimate else {
                let style = Ink::Muted.letters(TICK_SIZE);
                root.draw_text(text, &style, (zero + 60, y - units(6.0)))?;
                continue;
            };
            let half = units(BAR / 2.0);
            let (end, _) = area.map_coordinate(&(estimate.value, 0.0));
            let corners = [(zero, y - half), (end, y + half)];
            root.draw(&tip(&chart.bars[row].label, estimate, &chart.axis))?;
            root.draw(&Rectangle::new(corners, Ink::Pattern(0).fill()))?;
            let most = whisker(root, &area, estimate, y)?.max(end).max(zero);
            let style = Ink::Label.letters(TICK_SIZE);
            root.draw_text(text, &style, (most + 60, y - units(6.0)))?;
        }
        Ok(())
    })
}

/// Draws the interval of `estimate` at the height `y`; returns its right end.
fn whisker(root: &Root<'_>, area: &Plot<'_>, estimate: &Estimate, y: i32) -> Result<i32, Failure> {
    let Some((low, high)) = estimate.interval else { return Ok(i32::MIN) };
    let (low, _) = area.map_coordinate(&(low, 0.0));
    let (high, _) = area.map_coordinate(&(high, 0.0));
    let cap = units(4.0);
    for path in [
        vec![(low, y), (high, y)],
        vec![(low, y - cap), (low, y + cap)],
        vec![(high, y - cap), (high, y + cap)],
    ] {
        root.draw(&PathElement::new(path, Ink::Axis.stroke(13)))?;
    }
    Ok(high)
}

/// Draws the line of an objective down the plot.
fn guide_down(root: &Root<'_>, area: &Plot<'_>, value: Option<f64>) -> Drawn {
    let Some(value) = value.filter(|v| v.is_finite()) else { return Ok(()) };
    let (_, ys) = area.get_pixel_range();
    let x = area.map_coordinate(&(value, 0.0)).0;
    let ends = vec![(x, ys.start), (x, ys.end)];
    root.draw(&PathElement::new(ends, Ink::Objective.stroke(15)))
}

fn columns(
    sheet: &Sheet<'_>,
    chart: &BarChart,
    found: &[Option<Estimate>],
    values: &[f64],
) -> Drawing {
    let height = (sheet.pixels() * 0.36).clamp(190.0, 260.0);
    // Space above the highest bar for its number.
    let most = values.iter().copied().fold(0.0, f64::max);
    let mut reach = values.to_vec();
    reach.push(most * 1.08);
    let (y, title) = Scale::over(&chart.axis, &reach, Room::Up(height));
    let left = y.label_width() + 14.0;
    let slot = (sheet.pixels() - left - 8.0) / found.len() as f64;
    let labels: Vec<String> = chart.bars.iter().map(|bar| bar.label.clone()).collect();
    let room = Room::Across(slot * found.len() as f64);
    let x = Scale::categories(&labels, slot - 13.0, room);
    let margins = Margins { left, right: 8.0, below: 26.0 };
    sheet.paint(&title, &objective_key(chart), height + margins.below, |root, top| {
        let area = plot(root, (top, margins), (x, y), (Grid::Across, ""))?;
        if let Some(objective) = chart.objective.as_ref().filter(|o| o.value.is_finite()) {
            let (xs, _) = area.get_pixel_range();
            let y = area.map_coordinate(&(0.0, objective.value)).1;
            let ends = vec![(xs.start, y), (xs.end, y)];
            root.draw(&PathElement::new(ends, Ink::Objective.stroke(15)))?;
        }
        let half = units((slot * 0.62).min(70.0) / 2.0);
        for (column, estimate) in found.iter().enumerate() {
            let (middle, zero) = area.map_coordinate(&(column as f64, 0.0));
            let Some(estimate) = estimate else {
                put_above(root, "none", (middle, zero), slot, Ink::Muted)?;
                continue;
            };
            let (_, end) = area.map_coordinate(&(0.0, estimate.value));
            let corners = [(middle - half, end), (middle + half, zero)];
            root.draw(&Rectangle::new(corners, Ink::Pattern(0).fill()))?;
            let mut least = end.min(zero);
            if let Some((low, high)) = estimate.interval {
                let (low, high) =
                    (area.map_coordinate(&(0.0, low)).1, area.map_coordinate(&(0.0, high)).1);
                let cap = units(5.0);
                for path in [
                    vec![(middle, low), (middle, high)],
                    vec![(middle - cap, low), (middle + cap, low)],
                    vec![(middle - cap, high), (middle + cap, high)],
                ] {
                    root.draw(&PathElement::new(path, Ink::Axis.stroke(13)))?;
                }
                least = least.min(high);
            }
            let text = value_text(estimate, &chart.axis);
            put_above(root, &text, (middle, least), slot, Ink::Label)?;
        }
        Ok(())
    })
}

/// Prints `text` above a point, if it fits the column.
fn put_above(root: &Root<'_>, text: &str, (x, y): (i32, i32), slot: f64, ink: Ink) -> Drawn {
    let wide = text_width(text, TICK_SIZE);
    if wide > slot - 2.0 {
        return Ok(());
    }
    root.draw_text(text, &ink.letters(TICK_SIZE), (x - units(wide / 2.0), y - units(16.0)))
}

pub fn ladder(sheet: &Sheet<'_>, chart: &LadderChart) -> Drawing {
    let rows: Vec<Vec<(u8, Estimate)>> = chart
        .rows
        .iter()
        .map(|row| {
            let values = numbered(&row.values);
            values.filter_map(|(i, value)| Some((i, sound(value.as_ref())?))).collect()
        })
        .collect();
    let mut values = numbers(rows.iter().flatten().map(|(_, estimate)| estimate));
    if values.is_empty() {
        return nothing(sheet);
    }
    values.extend(chart.objective.iter().map(|o| o.value).filter(|v| v.is_finite()));
    let labels: Vec<String> = chart.rows.iter().map(|row| row.label.clone()).collect();
    let lanes = Rows::new(sheet, labels);
    let length = sheet.pixels() - lanes.left;
    let (x, title) = Scale::over(&chart.axis, &values, Room::Across(length - 24.0));
    let right = x.overhang(length).max(12.0);
    let margins = Margins { left: lanes.left, right, below: 44.0 };
    let mut keys: Vec<Key> = numbered(&chart.levels)
        .map(|(i, name)| Key { sample: Sample::Marker(i), name: name.clone() })
        .collect();
    keys.extend(Key::objective(chart.objective.as_ref()));
    sheet.paint("", &keys, lanes.height + margins.below, |root, top| {
        let y = lanes.scale.clone();
        let area = plot(root, (top, margins), (x.clone(), y), (Grid::Down, &title))?;
        guide_down(root, &area, chart.objective.as_ref().map(|o| o.value))?;
        for (row, levels) in rows.iter().enumerate() {
            let (_, middle) = area.map_coordinate(&(0.0, row as f64));
            let y = lanes.begin(sheet, root, middle, row)?;
            let name = |at: u8| {
                let level = chart.levels.get(usize::from(at)).map_or("", String::as_str);
                format!("{}, {level}", chart.rows[row].label)
            };
            let words = |(at, estimate): &(u8, Estimate)| tip(&name(*at), estimate, &chart.axis);
            let tips: Vec<Tip> = levels.iter().map(words).collect();
            rung(root, &area, &x, (levels, &tips, y))?;
        }
        Ok(())
    })
}

/// Draws the levels of one row at the height `y`.
fn rung(
    root: &Root<'_>,
    area: &Plot<'_>,
    x: &Scale,
    (levels, tips, y): (&[(u8, Estimate)], &[Tip], i32),
) -> Drawn {
    let pixel = |value: f64| x.fraction(value).map(|_| area.map_coordinate(&(value, 0.0)).0);
    let both = levels.iter().zip(tips);
    let seen: Vec<(u8, i32, &Estimate, &Tip)> =
        both.filter_map(|((i, e), tip)| Some((*i, pixel(e.value)?, e, tip))).collect();
    let places = || seen.iter().map(|(_, place, ..)| *place);
    let (Some(least), Some(most)) = (places().min(), places().max()) else {
        let (xs, _) = area.get_pixel_range();
        let style = Ink::Muted.letters(WORD_SIZE - 1.0);
        return root.draw_text("no figure", &style, (xs.start + 60, y - units(6.0)));
    };
    root.draw(&PathElement::new(vec![(least, y), (most, y)], Ink::Grid.stroke(40)))?;
    for (index, place, estimate, tip) in seen {
        let bounds = estimate.interval.and_then(|(low, high)| Some((pixel(low)?, pixel(high)?)));
        if let Some((low, high)) = bounds {
            let bar = vec![(low, y), (high, y)];
            root.draw(&PathElement::new(bar, Ink::Stroke(index).stroke(25)))?;
        }
        root.draw(tip)?;
        marker(root, index, (place, y))?;
    }
    Ok(())
}
