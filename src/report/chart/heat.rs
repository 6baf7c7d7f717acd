//! A heat map: a matrix of numbers on a colour scale; each cell shows its number if it fits.

use plotters::element::Rectangle;

use super::scale::{Room, Scale, TICK_SIZE};
use super::timeline::Tip;
use super::{Drawn, Grid, Margins, Root, Sheet, nothing, plot, units, words};
use crate::convert::whole;
use crate::report::document::{Figure, HeatMap};
use crate::report::number::{self, Display};
use crate::report::svg::{Drawing, HEAT_STEPS, Ink, fitted, text_width};

/// Height of a cell in pixels.
const CELL: f64 = 24.0;
/// Height of the colour key below the matrix.
const KEY: f64 = 26.0;

pub fn heat(sheet: &Sheet<'_>, map: &HeatMap) -> Drawing {
    let all: Vec<f64> = map.values.iter().flatten().filter_map(|v| drawable(*v)).collect();
    if all.is_empty() || map.rows.is_empty() || map.columns.is_empty() {
        return nothing(sheet);
    }
    let matrix = Matrix::new(sheet, map, &all);
    // On narrow paper the longer side runs down the page.
    if !matrix.numbers_fit() && map.columns.len() > map.rows.len() {
        let turned = transposed(map);
        return Matrix::new(sheet, &turned, &all).draw(sheet, &turned);
    }
    matrix.draw(sheet, map)
}

/// Returns a value that can be coloured; larger ones are not drawn, since no quantity reaches 1e100.
fn drawable(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.abs() <= 1e100)
}

fn transposed(map: &HeatMap) -> HeatMap {
    let cell = |row: usize, column: usize| map.values.get(row)?.get(column).copied().flatten();
    let values = (0..map.columns.len())
        .map(|column| (0..map.rows.len()).map(|row| cell(row, column)).collect())
        .collect();
    HeatMap {
        rows_are: map.columns_are.clone(),
        columns_are: map.rows_are.clone(),
        rows: map.columns.clone(),
        columns: map.rows.clone(),
        values_are: map.values_are.clone(),
        values,
    }
}

/// Sizes of the matrix, and the mapping of values to numbers and colours.
struct Matrix<'a> {
    left: f64,
    cell: f64,
    widest: f64,
    low: f64,
    high: f64,
    decimals: usize,
    display: Display<'a>,
}

impl<'a> Matrix<'a> {
    fn new(sheet: &Sheet<'_>, map: &'a HeatMap, all: &[f64]) -> Self {
        let high = all.iter().copied().fold(f64::MIN, f64::max);
        let low = all.iter().copied().fold(f64::MAX, f64::min);
        // The scale of nonnegative values starts at zero, so that a pale cell means a small value.
        let low = if low >= 0.0 { 0.0 } else { low };
        let display = Display::of(&map.values_are.unit, high.abs().max(low.abs()));
        let most = (high * display.factor).abs().max((low * display.factor).abs());
        let decimals = if most >= 10.0 { 0 } else { 2 - usize::from(most >= 1.0) };
        let labels = map.rows.iter().map(|label| text_width(label, TICK_SIZE));
        let left = labels.fold(0.0, f64::max).min(sheet.pixels() * 0.3) + 12.0;
        let cell = (sheet.pixels() - left - 2.0) / map.columns.len() as f64;
        let mut matrix = Self { left, cell, widest: 0.0, low, high, decimals, display };
        let widths = all.iter().map(|value| text_width(&matrix.number(*value), TICK_SIZE));
        matrix.widest = widths.fold(0.0, f64::max);
        matrix
    }

    fn number(&self, value: f64) -> String {
        let shown = value * self.display.factor;
        if shown.abs() >= 1e6 {
            return format!("{shown:.1e}");
        }
        number::group(&format!("{:.*}", self.decimals, shown))
    }

    fn numbers_fit(&self) -> bool {
        self.widest + 3.0 <= self.cell
    }

    fn step(&self, value: f64) -> u8 {
        let span = self.high - self.low;
        let share = if span > 0.0 { (value - self.low) / span } else { 0.0 };
        whole::u8(share * f64::from(HEAT_STEPS)).min(HEAT_STEPS - 1)
    }

    fn draw(&self, sheet: &Sheet<'_>, map: &HeatMap) -> Drawing {
        let height = CELL * map.rows.len() as f64;
        let length = self.cell * map.columns.len() as f64;
        let x = Scale::categories(&map.columns, (self.cell - 3.0).max(40.0), Room::Across(length));
        let y = Scale::categories(&map.rows, self.left - 12.0, Room::Up(height));
        let margins = Margins { left: self.left, right: 2.0, below: 44.0 };
        let below = margins.below + KEY;
        let margins = Margins { below, ..margins };
        sheet.paint(&map.rows_are, &[], height + below, |root, top| {
            let area = plot(root, (top, margins), (x, y), (Grid::None, ""))?;
            let (half, tall) = (units(self.cell / 2.0), units(CELL / 2.0));
            for (row, values) in map.values.iter().take(map.rows.len()).enumerate() {
                for (column, value) in values.iter().take(map.columns.len()).enumerate() {
                    let (x, y) = area.map_coordinate(&(column as f64, row as f64));
                    let Some(value) = drawable(*value) else {
                        let style = Ink::Muted.letters(TICK_SIZE);
                        root.draw_text("–", &style, (x - units(3.5), y - units(5.5)))?;
                        continue;
                    };
                    let step = self.step(value);
                    let corners = [(x - half, y - tall), (x + half, y + tall)];
                    root.draw(&Tip(format!(
                        "{}, {}: {}",
                        map.rows[row],
                        map.columns[column],
                        number::figure(&Figure::exact(value, map.values_are.unit.clone()))
                    )))?;
                    root.draw(&Rectangle::new(corners, Ink::Heat(step).fill()))?;
                    if self.numbers_fit() {
                        let text = self.number(value);
                        let wide = units(text_width(&text, TICK_SIZE) / 2.0);
                        let style = Ink::HeatText(step).letters(TICK_SIZE);
                        root.draw_text(&text, &style, (x - wide, y - units(5.5)))?;
                    }
                }
            }
            let y = top + height + 23.0;
            let columns = Ink::Muted.letters(TICK_SIZE);
            let name = fitted(&map.columns_are, TICK_SIZE, length);
            let wide = text_width(&name, TICK_SIZE);
            let middle = self.left + (length - wide).max(0.0) / 2.0;
            words(root, &name, &columns, (middle, y))?;
            self.key(root, map, (sheet.pixels(), y + 22.0))
        })
    }

    /// Draws the colour scale with its ends and its label.
    fn key(&self, root: &Root<'_>, map: &HeatMap, (width, y): (f64, f64)) -> Drawn {
        let style = Ink::Muted.letters(TICK_SIZE);
        let unit = [self.display.prefix, self.display.suffix].join("");
        let name = match unit.as_str() {
            "" => map.values_are.label.clone(),
            unit => format!("{} ({unit})", map.values_are.label),
        };
        let (low, high) = (self.number(self.low), self.number(self.high));
        let ends = text_width(&low, TICK_SIZE) + text_width(&high, TICK_SIZE);
        let steps = 12.0 * f64::from(HEAT_STEPS);
        let room = (width - ends - steps - 24.0).clamp(0.0, 240.0);
        let mut x = text_width(&name, TICK_SIZE).min(room) + 10.0;
        words(root, &fitted(&name, TICK_SIZE, room), &style, (0.0, y))?;
        words(root, &low, &style, (x, y))?;
        x += text_width(&low, TICK_SIZE) + 5.0;
        for step in 0..HEAT_STEPS {
            let corners = [(x, y), (x + 12.0, y + 11.0)].map(|(x, y)| (units(x), units(y)));
            root.draw(&Rectangle::new(corners, Ink::Heat(step).fill()))?;
            x += 12.0;
        }
        words(root, &high, &style, (x + 5.0, y))
    }
}
