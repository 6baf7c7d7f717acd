//! Line charts: series over an axis with lines, steps and bands, and cumulative distributions.

use plotters::element::{PathElement, Polygon};

use super::scale::{Room, Scale};
use super::{
    Drawn, Grid, Key, Margins, Plot, Root, Sample, Sheet, marker, nothing, numbered, plot,
};
use crate::convert::whole;
use crate::report::document::{
    Axis, EcdfChart, Join, LineChart, Objective, Point, Series, SeriesLimit, Unit,
};
use crate::report::svg::{Drawing, Ink};

/// The line of an objective.
#[derive(Clone, Copy)]
enum Guide<'a> {
    /// Across the plot, at a value of y.
    Across(Option<&'a Objective>),
    /// Down the plot, at a value of x.
    Down(Option<&'a Objective>),
}

pub fn lines(sheet: &Sheet<'_>, chart: &LineChart) -> Drawing {
    let guide = Guide::Across(chart.objective.as_ref());
    draw(sheet, (&chart.x, &chart.y), (&chart.series, &chart.limits), chart.join, guide)
}

pub fn ecdf(sheet: &Sheet<'_>, chart: &EcdfChart) -> Drawing {
    let y = Axis::linear("share at or below", Unit::Ratio);
    let guide = Guide::Down(chart.objective.as_ref());
    draw(sheet, (&chart.axis, &y), (&chart.series, &[]), Join::Step, guide)
}

fn draw(
    sheet: &Sheet<'_>,
    (x_axis, y_axis): (&Axis, &Axis),
    (series, limits): (&[Series], &[SeriesLimit]),
    join: Join,
    guide: Guide<'_>,
) -> Drawing {
    let (across, down) = match guide {
        Guide::Across(objective) => (objective, None),
        Guide::Down(objective) => (None, objective),
    };
    let objective = across.or(down);
    let values = |of: fn(&Point) -> [Option<f64>; 3], extra: Option<&Objective>| {
        let all = numbered(series).flat_map(|(_, s)| s.points.iter()).flat_map(of).flatten();
        let all = all.chain(extra.map(|o| o.value));
        all.filter(|value| value.is_finite()).collect::<Vec<f64>>()
    };
    let xs = values(|p| [p.y.map(|_| p.x), None, None], down);
    let mut ys = values(|p| [p.y, p.band.map(|b| b.0), p.band.map(|b| b.1)], across);
    if xs.is_empty() || ys.is_empty() {
        return nothing(sheet);
    }
    ys.extend(limits.iter().map(|limit| limit.value).filter(|value| value.is_finite()));
    if matches!(guide, Guide::Down(_)) {
        // A distribution starts at zero and ends at one.
        ys.extend([0.0, 1.0]);
    }
    let height = (sheet.pixels() * 0.42).clamp(200.0, 300.0);
    let (y, y_title) = Scale::over(y_axis, &ys, Room::Up(height));
    let left = (y.label_width() + 12.0).max(24.0);
    let room = sheet.pixels() - left;
    let (x, x_title) = Scale::over(x_axis, &xs, Room::Across(room - 30.0));
    let margins = Margins { left, right: x.overhang(room).max(8.0), below: 44.0 };
    let columns = whole::usize(room * 1.5);
    let mut keys: Vec<Key> = numbered(series)
        .map(|(i, s)| {
            let dense = is_dense(&s.points, columns);
            let sample = if dense { Sample::Dense(i) } else { Sample::Line(i) };
            Key { sample, name: s.name.clone() }
        })
        .collect();
    keys.extend(Key::objective(objective));
    if keys.len() == 1 {
        keys.clear();
    }
    sheet.paint(&y_title, &keys, height + margins.below, |root, top| {
        let area = plot(root, (top, margins), (x.clone(), y.clone()), (Grid::Across, &x_title))?;
        for (index, one) in numbered(series) {
            band(&area, index, &one.points, join, (&x, &y))?;
        }
        if let Some(objective) = objective.filter(|o| o.value.is_finite()) {
            rule(root, &area, &guide, objective.value)?;
        }
        for limit in limits.iter().filter(|limit| limit.value.is_finite()) {
            let index = u8::try_from(limit.series % 8).expect("below eight");
            bound(root, &area, index, limit)?;
        }
        for (index, one) in numbered(series) {
            curve(root, &area, index, (&one.points, join), (&x, &y, columns))?;
        }
        Ok(())
    })
}

/// Draws the line of the objective across the whole plot.
fn rule(root: &Root<'_>, area: &Plot<'_>, guide: &Guide<'_>, value: f64) -> Drawn {
    let (xs, ys) = area.get_pixel_range();
    let ends = match guide {
        Guide::Across(_) => {
            let y = area.map_coordinate(&(0.0, value)).1;
            vec![(xs.start, y), (xs.end, y)]
        }
        Guide::Down(_) => {
            let x = area.map_coordinate(&(value, 0.0)).0;
            vec![(x, ys.start), (x, ys.end)]
        }
    };
    root.draw(&PathElement::new(ends, Ink::Objective.stroke(15)))
}

/// Draws a limit of a series across the whole plot.
fn bound(root: &Root<'_>, area: &Plot<'_>, index: u8, limit: &SeriesLimit) -> Drawn {
    let (xs, _) = area.get_pixel_range();
    let y = area.map_coordinate(&(0.0, limit.value)).1;
    let style = Ink::Stroke(index).stroke(8);
    if !limit.is_floor {
        return root.draw(&PathElement::new(vec![(xs.start, y), (xs.end, y)], style));
    }
    let dash = (xs.end - xs.start) / 60;
    for at in (0..60).step_by(2) {
        let from = xs.start + at * dash;
        root.draw(&PathElement::new(vec![(from, y), (from + dash, y)], style))?;
    }
    Ok(())
}

fn drawable(point: &Point, x: &Scale, y: &Scale) -> Option<(f64, f64)> {
    let value = point.y?;
    (x.fraction(point.x).is_some() && y.fraction(value).is_some()).then_some((point.x, value))
}

/// Fills the band between the bounds; a missing bound leaves a gap.
fn band(
    area: &Plot<'_>,
    index: u8,
    points: &[Point],
    join: Join,
    (x, y): (&Scale, &Scale),
) -> Drawn {
    let mut lower: Vec<(f64, f64)> = Vec::new();
    let mut upper: Vec<(f64, f64)> = Vec::new();
    let fill = |lower: &mut Vec<(f64, f64)>, upper: &mut Vec<(f64, f64)>| -> Drawn {
        if lower.len() > 1 {
            let mut corners = joined(lower, join);
            corners.extend(joined(upper, join).into_iter().rev());
            area.draw(&Polygon::new(corners, Ink::Band(index).fill()))?;
        }
        lower.clear();
        upper.clear();
        Ok(())
    };
    for point in points {
        let bounds = point.band.filter(|(low, high)| {
            x.fraction(point.x).is_some()
                && y.fraction(*low).is_some()
                && y.fraction(*high).is_some()
        });
        match bounds {
            Some((low, high)) => {
                lower.push((point.x, low));
                upper.push((point.x, high));
            }
            None => fill(&mut lower, &mut upper)?,
        }
    }
    fill(&mut lower, &mut upper)
}

/// Returns the corners of a line through `points`.
fn joined(points: &[(f64, f64)], join: Join) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::with_capacity(points.len() * 2);
    for &(x, y) in points {
        if let (Join::Step, Some(&(_, held))) = (join, out.last()) {
            out.push((x, held));
        }
        out.push((x, y));
    }
    out
}

/// Draws a series: its line, with a gap at each missing value, and its markers.
fn curve(
    root: &Root<'_>,
    area: &Plot<'_>,
    index: u8,
    (points, join): (&[Point], Join),
    (x, y, columns): (&Scale, &Scale, usize),
) -> Drawn {
    let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for point in points {
        match drawable(point, x, y) {
            Some(place) => runs.last_mut().expect("it starts with one run").push(place),
            None => runs.push(Vec::new()),
        }
    }
    // A dense series is drawn without dashes; its markers distinguish it.
    let dense = is_dense(points, columns);
    let style = if dense { Ink::Stroke(index).stroke(11) } else { Ink::Line(index).stroke(20) };
    let mut places = Vec::new();
    for run in runs.iter().filter(|run| !run.is_empty()) {
        let kept = thinned(run, x, columns);
        area.draw(&PathElement::new(joined(&kept, join), style))?;
        places.extend(kept);
    }
    // With few points each has a marker; with many, six per series do, staggered between series.
    let every = if places.len() <= 24 { 1 } else { places.len().div_ceil(6) };
    let first = if every == 1 { 0 } else { (usize::from(index) * every) / 8 };
    for place in places.iter().skip(first).step_by(every) {
        marker(root, index, area.map_coordinate(place))?;
    }
    Ok(())
}

/// Returns whether a series has more points than the drawing can resolve.
fn is_dense(points: &[Point], columns: usize) -> bool {
    points.len() > columns
}

/// Keeps only the first, least, greatest and last point in each column of pixels, in order. The drawing is the same,
/// and the file is small.
fn thinned(points: &[(f64, f64)], x: &Scale, columns: usize) -> Vec<(f64, f64)> {
    if points.len() <= columns {
        return points.to_vec();
    }
    let column =
        |point: &(f64, f64)| whole::i64(x.fraction(point.0).unwrap_or(0.0) * columns as f64);
    let mut out = Vec::new();
    for group in points.chunk_by(|a, b| column(a) == column(b)) {
        let order = |a: &usize, b: &usize| group[*a].1.total_cmp(&group[*b].1);
        let least = (0..group.len()).min_by(order).unwrap_or(0);
        let most = (0..group.len()).max_by(order).unwrap_or(0);
        let mut kept = vec![0, least, most, group.len() - 1];
        kept.sort_unstable();
        kept.dedup();
        out.extend(kept.into_iter().map(|at| group[at]));
    }
    out
}
