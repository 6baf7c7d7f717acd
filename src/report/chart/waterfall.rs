//! Waterfall charts: the reductions of a whole, one below the other, down to the remainder.

use plotters::element::{PathElement, Rectangle};

use super::rows::{BAR, Rows, value_text};
use super::scale::{Room, Scale, TICK_SIZE};
use super::{Grid, Key, Margins, Sample, Sheet, nothing, plot, units};
use crate::report::document::{Estimate, FallKind, FallStep, WaterfallChart};
use crate::report::svg::{Drawing, Ink, text_width};

/// Returns the pattern of a step, with its meaning.
const fn pattern(kind: FallKind) -> (u8, &'static str) {
    match kind {
        FallKind::Whole => (0, "in all"),
        FallKind::Effect => (1, "saved if this cause did not exist"),
        FallKind::Interaction => (2, "interaction"),
        FallKind::Left => (3, "left without any"),
    }
}

pub fn waterfall(sheet: &Sheet<'_>, chart: &WaterfallChart) -> Drawing {
    let finite = |step: &&FallStep| step.from.is_finite() && step.to.is_finite();
    let steps: Vec<&FallStep> = chart.steps.iter().filter(finite).collect();
    if steps.is_empty() {
        return nothing(sheet);
    }
    let bounds = |step: &FallStep| {
        let interval = step.interval.filter(|(low, high)| low.is_finite() && high.is_finite());
        // The bounds of the step give the bounds of its end.
        interval.map(|(low, high)| {
            let ends = [step.from - low, step.from - high];
            match step.kind {
                FallKind::Whole | FallKind::Left => [low, high],
                FallKind::Effect | FallKind::Interaction => ends,
            }
        })
    };
    let mut values: Vec<f64> = vec![0.0];
    for step in &steps {
        values.extend([step.from, step.to]);
        values.extend(bounds(step).into_iter().flatten());
    }
    let texts: Vec<String> = steps
        .iter()
        .map(|step| {
            let estimate = Estimate { value: step.size(), interval: step.interval };
            value_text(&estimate, &chart.axis)
        })
        .collect();
    let rows = Rows::new(sheet, steps.iter().map(|step| step.label.clone()).collect());
    let text_room = texts.iter().map(|text| text_width(text, TICK_SIZE)).fold(0.0, f64::max);
    let length = sheet.pixels() - rows.left - text_room - 12.0;
    let (x, title) = Scale::over(&chart.axis, &values, Room::Across(length));
    let margins = Margins { left: rows.left, right: text_room + 12.0, below: 44.0 };
    let mut keys: Vec<Key> = Vec::new();
    for step in &steps {
        let (index, name) = pattern(step.kind);
        if !keys.iter().any(|key| key.name == name) {
            keys.push(Key { sample: Sample::Pattern(index), name: name.into() });
        }
    }
    sheet.paint("", &keys, rows.height + margins.below, |root, top| {
        let y = rows.scale.clone();
        let area = plot(root, (top, margins), (x, y), (Grid::Down, &title))?;
        for (row, (step, text)) in steps.iter().zip(&texts).enumerate() {
            let (_, middle) = area.map_coordinate(&(0.0, row as f64));
            let y = rows.begin(sheet, root, middle, row)?;
            let at = |value: f64| area.map_coordinate(&(value, 0.0)).0;
            let (from, to) = (at(step.from), at(step.to));
            let half = units(BAR / 2.0);
            // A very small step gets a visible width.
            let (left, right) = (from.min(to), from.max(to).max(from.min(to) + 10));
            let (index, _) = pattern(step.kind);
            let corners = [(left, y - half), (right, y + half)];
            root.draw(&Rectangle::new(corners, Ink::Pattern(index).fill()))?;
            let mut most = right;
            if let Some([a, b]) = bounds(step) {
                let (low, high) = (at(a).min(at(b)), at(a).max(at(b)));
                let cap = units(4.0);
                for path in [
                    vec![(low, y), (high, y)],
                    vec![(low, y - cap), (low, y + cap)],
                    vec![(high, y - cap), (high, y + cap)],
                ] {
                    root.draw(&PathElement::new(path, Ink::Axis.stroke(13)))?;
                }
                most = most.max(high);
            }
            let style = Ink::Label.letters(TICK_SIZE);
            root.draw_text(text, &style, (most + 60, y - units(6.0)))?;
        }
        Ok(())
    })
}
