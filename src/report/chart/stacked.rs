//! Stacked bars: the parts of a whole, one bar per row.

use plotters::element::Rectangle;

use super::rows::{BAR, Rows, value_text};
use super::scale::{Room, Scale, TICK_SIZE};
use super::timeline::Tip;
use super::{Drawn, Grid, Key, Margins, Plot, Root, Sample, Sheet, nothing, numbers, plot, units};
use crate::report::document::{StackedBar, StackedChart};
use crate::report::svg::{Drawing, Ink, SERIES, text_width};

/// Space around a number inside its part, in pixels.
const AROUND: f64 = 5.0;

pub fn stacked(sheet: &Sheet<'_>, chart: &StackedChart) -> Drawing {
    let is_drawn = |bar: &&StackedBar| {
        bar.whole.value.is_finite() && bar.values.iter().all(|value| value.is_finite())
    };
    let bars: Vec<&StackedBar> = chart.bars.iter().filter(is_drawn).collect();
    let mut values = numbers(bars.iter().map(|bar| &bar.whole));
    if values.is_empty() {
        return nothing(sheet);
    }
    values.push(0.0);
    values.extend(bars.iter().map(|bar| bar.values.iter().sum::<f64>()));
    let rows = Rows::new(sheet, bars.iter().map(|bar| bar.label.clone()).collect());
    let texts: Vec<String> = bars.iter().map(|bar| value_text(&bar.whole, &chart.axis)).collect();
    let text_room = texts.iter().map(|text| text_width(text, TICK_SIZE)).fold(0.0, f64::max);
    let length = sheet.pixels() - rows.left - text_room - 12.0;
    let (x, title) = Scale::over(&chart.axis, &values, Room::Across(length));
    let margins = Margins { left: rows.left, right: text_room + 12.0, below: 44.0 };
    let keys = (0..SERIES).zip(&chart.parts);
    let keys = keys.map(|(at, name)| Key { sample: Sample::Pattern(at), name: name.clone() });
    let keys: Vec<Key> = keys.collect();
    sheet.paint("", &keys, rows.height + margins.below, |root, top| {
        let y = rows.scale.clone();
        let area = plot(root, (top, margins), (x, y), (Grid::Down, &title))?;
        for (row, (bar, text)) in bars.iter().zip(&texts).enumerate() {
            let (_, middle) = area.map_coordinate(&(0.0, row as f64));
            let y = rows.begin(sheet, root, middle, row)?;
            let sum = draw_parts(root, &area, (chart, bar), y)?;
            let end = area.map_coordinate(&(bar.whole.value.max(sum), 0.0)).0;
            let style = Ink::Label.letters(TICK_SIZE);
            root.draw_text(text, &style, (end + 60, y - units(6.0)))?;
        }
        Ok(())
    })
}

/// Draws the parts of a bar at the height `y`; returns their sum.
fn draw_parts(
    root: &Root<'_>,
    area: &Plot<'_>,
    (chart, bar): (&StackedChart, &StackedBar),
    y: i32,
) -> Result<f64, super::Failure> {
    let half = units(BAR / 2.0);
    let mut sum = 0.0;
    for (at, value) in (0..SERIES).zip(&bar.values) {
        let from = area.map_coordinate(&(sum, 0.0)).0;
        sum += value;
        let to = area.map_coordinate(&(sum, 0.0)).0;
        if to <= from {
            continue;
        }
        let words = bar.words.get(usize::from(at)).cloned().unwrap_or_default();
        root.draw(&Tip(words))?;
        let corners = [(from, y - half), (to, y + half)];
        root.draw(&Rectangle::new(corners, Ink::Pattern(at).fill()))?;
        let estimate = crate::report::document::Estimate { value: *value, interval: None };
        inside(root, &value_text(&estimate, &chart.axis), (from, to), y)?;
    }
    Ok(sum)
}

/// Prints a number inside a part that is wide enough.
fn inside(root: &Root<'_>, text: &str, (from, to): (i32, i32), y: i32) -> Drawn {
    let wide = units(text_width(text, TICK_SIZE));
    if wide + 2 * units(AROUND) > to - from {
        return Ok(());
    }
    let at = ((from + to - wide) / 2, y - units(6.0));
    root.draw_text(text, &Ink::Label.letters(TICK_SIZE), at)
}
