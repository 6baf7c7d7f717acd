//! Charts: one SVG drawing per kind, for the file and for the page.
//!
//! Model: plotters computes the layout and draws through an SVG backend of this crate; this folder chooses sizes,
//! ticks and keys. In: a [`Chart`] and a width in pixels. Out: a [`Drawing`].
//! Holds: texts do not overlap from 320 pixels on; a series differs from the others by dash, marker or hatch as well
//! as by colour; a value that is missing or not finite is not drawn.
//! Leaves out: interaction; the data are in a table below each chart.

mod data;
mod front;
mod heat;
mod lines;
mod rows;
mod scale;
mod timeline;
mod waterfall;

use std::convert::Infallible;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::prelude::Cartesian2d;
use plotters::style::TextStyle;

pub use data::table;
use scale::{Scale, TICK_SIZE};

use super::document::{Chart, ChartKind, Document, Estimate, Objective, Section};
use super::svg::{Drawing, Ink, SvgBackend, UNITS, fitted, text_width, wrapped};
use super::write::ResultFile;
use crate::convert::whole;

/// Width in pixels of a drawing for a wide screen or a page.
pub const WIDE: u32 = 760;
/// Width in pixels of a drawing for a narrow screen.
pub const NARROW: u32 = 328;

type Root<'a> = DrawingArea<SvgBackend<'a>, Shift>;
type Plot<'a> = DrawingArea<SvgBackend<'a>, Cartesian2d<Scale, Scale>>;
type Failure = DrawingAreaErrorKind<Infallible>;
type Drawn = Result<(), Failure>;

/// Draws `chart` in `width` pixels (at least 240). Every id in the drawing begins with `id`, which is unique in a
/// page.
#[must_use]
pub fn draw(chart: &Chart, id: &str, width: u32) -> Drawing {
    let sheet = Sheet { chart, id, width: width.max(240) };
    match &chart.kind {
        ChartKind::Lines(lines) => lines::lines(&sheet, lines),
        ChartKind::Ecdf(ecdf) => lines::ecdf(&sheet, ecdf),
        ChartKind::Bars(bars) => rows::bars(&sheet, bars),
        ChartKind::Ladder(ladder) => rows::ladder(&sheet, ladder),
        ChartKind::Heat(heat) => heat::heat(&sheet, heat),
        ChartKind::Timeline(timeline) => timeline::timeline(&sheet, timeline),
        ChartKind::Front(points) => front::front(&sheet, points),
        ChartKind::Waterfall(falls) => waterfall::waterfall(&sheet, falls),
    }
}

/// Returns the drawings of a document, one file each under `plots/`.
pub fn files(document: &Document) -> impl Iterator<Item = ResultFile> + '_ {
    let in_sections = document.sections.iter().flat_map(Section::charts);
    document.lead.chart.iter().chain(in_sections).map(|drawn| {
        let drawing = draw(drawn, &drawn.name, WIDE).standalone();
        ResultFile::covered(format!("plots/{}.svg", drawn.name), drawing.into_bytes())
    })
}

/// Returns the caption: title and finding.
#[must_use]
pub fn caption(chart: &Chart) -> String {
    match chart.finding.as_str() {
        "" => chart.title.clone(),
        finding => format!("{}. {finding}", chart.title),
    }
}

/// The sheet on which a chart is drawn.
struct Sheet<'a> {
    chart: &'a Chart,
    id: &'a str,
    width: u32,
}

/// An entry of the legend.
struct Key {
    sample: Sample,
    name: String,
}

/// The symbol of an entry of the legend.
#[derive(Clone, Copy)]
enum Sample {
    Line(u8),
    Dense(u8),
    Marker(u8),
    Hollow,
    Pattern(u8),
    Objective,
}

impl Key {
    fn objective(objective: Option<&Objective>) -> Option<Self> {
        let name = objective.filter(|o| o.value.is_finite())?.label.clone();
        Some(Self { sample: Sample::Objective, name })
    }
}

/// Space around the plot, in pixels.
#[derive(Clone, Copy, Default)]
struct Margins {
    left: f64,
    right: f64,
    below: f64,
}

/// Font sizes of title and words, height of a line, and width of a legend symbol, in pixels.
const TITLE_SIZE: f64 = 14.0;
const WORD_SIZE: f64 = 12.0;
const LINE: f64 = 19.0;
const SAMPLE: f64 = 26.0;

impl Sheet<'_> {
    fn pixels(&self) -> f64 {
        f64::from(self.width)
    }

    /// Draws title, label and legend, then calls `paint` to draw the plot, `height` pixels high. `paint` receives the
    /// sheet and the pixel at which the plot begins.
    fn paint(
        &self,
        above: &str,
        keys: &[Key],
        height: f64,
        paint: impl FnOnce(&Root<'_>, f64) -> Drawn,
    ) -> Drawing {
        let width = self.pixels();
        // Bold letters are wider than the table of widths states.
        let title = wrapped(&self.chart.title, TITLE_SIZE * 1.08, width - 4.0, 3);
        let rows = key_rows(keys, width);
        let mut top = 4.0 + LINE * (title.len() + rows.len()) as f64;
        top += if above.is_empty() { 6.0 } else { LINE + 4.0 };
        let size = (self.width, whole::u32((top + height).ceil()) + 2);
        let mut body = String::new();
        let root = SvgBackend::new(&mut body, self.id, size).into_drawing_area();
        let header = || -> Drawn {
            let mut y = 4.0;
            for line in &title {
                words(&root, line, &Ink::Text.bold(TITLE_SIZE), (0.0, y + 2.0))?;
                y += LINE;
            }
            for row in &rows {
                for (x, key) in row {
                    draw_key(&root, key, (*x, y), width)?;
                }
                y += LINE;
            }
            let label = fitted(above, TICK_SIZE, width);
            words(&root, &label, &Ink::Muted.letters(TICK_SIZE), (0.0, y + 3.0))
        };
        header()
            .and_then(|()| paint(&root, top))
            .expect("our backend cannot fail: it appends to a string and measures no font");
        drop(root);
        Drawing::new(self.id, size, &self.chart.title, &caption(self.chart), body)
    }
}

/// Converts pixels to the integer units of plotters.
fn units(pixels: f64) -> i32 {
    whole::i32((pixels * f64::from(UNITS)).round())
}

fn words(root: &Root<'_>, text: &str, style: &TextStyle<'_>, (x, y): (f64, f64)) -> Drawn {
    if text.is_empty() {
        return Ok(());
    }
    root.draw_text(text, style, (units(x), units(y)))
}

/// Arranges the legend in rows; each entry comes with its first pixel.
fn key_rows(keys: &[Key], width: f64) -> Vec<Vec<(f64, &Key)>> {
    let mut rows: Vec<Vec<(f64, &Key)>> = Vec::new();
    let mut x = width;
    for key in keys {
        let wide = SAMPLE + 8.0 + text_width(&key.name, WORD_SIZE).min(width - SAMPLE - 8.0);
        if rows.is_empty() || x + wide > width {
            rows.push(Vec::new());
            x = 0.0;
        }
        if let Some(row) = rows.last_mut() {
            row.push((x, key));
        }
        x += wide + 16.0;
    }
    rows
}

fn draw_key(root: &Root<'_>, key: &Key, (x, y): (f64, f64), width: f64) -> Drawn {
    let middle = y + LINE / 2.0;
    let line = |ink: Ink, thick| {
        let ends = vec![(units(x), units(middle)), (units(x + SAMPLE), units(middle))];
        root.draw(&PathElement::new(ends, ink.stroke(thick)))
    };
    match key.sample {
        Sample::Line(i) => {
            line(Ink::Line(i), 20)?;
            marker(root, i, (units(x + SAMPLE / 2.0), units(middle)))?;
        }
        Sample::Dense(i) => {
            line(Ink::Stroke(i), 20)?;
            marker(root, i, (units(x + SAMPLE / 2.0), units(middle)))?;
        }
        Sample::Marker(i) => marker(root, i, (units(x + SAMPLE / 2.0), units(middle)))?,
        Sample::Hollow => hollow(root, (units(x + SAMPLE / 2.0), units(middle)))?,
        Sample::Objective => line(Ink::Objective, 15)?,
        Sample::Pattern(i) => {
            let corners = [(x, middle - 6.0), (x + SAMPLE, middle + 6.0)];
            root.draw(&Rectangle::new(
                corners.map(|(x, y)| (units(x), units(y))),
                Ink::Pattern(i).fill(),
            ))?;
        }
    }
    let room = width - x - SAMPLE - 8.0;
    let name = fitted(&key.name, WORD_SIZE, room);
    words(root, &name, &Ink::Text.letters(WORD_SIZE), (x + SAMPLE + 7.0, y + 3.5))
}

/// Draws the marker of series `index`, centred at a point in units of plotters.
fn marker(root: &Root<'_>, index: u8, (x, y): (i32, i32)) -> Drawn {
    let style = Ink::Marker(index).fill();
    let corners: &[(i32, i32)] = match index % 8 {
        0 => return root.draw(&Circle::new((x, y), 38_u32, style)),
        1 => &[(-34, -34), (34, -34), (34, 34), (-34, 34)],
        2 => &[(0, -46), (44, 34), (-44, 34)],
        3 => &[(0, -48), (42, 0), (0, 48), (-42, 0)],
        4 => &[(0, 46), (44, -34), (-44, -34)],
        5 => &PLUS,
        6 => &CROSS,
        _ => &[(-46, 0), (34, -44), (34, 44)],
    };
    let corners: Vec<_> = corners.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
    root.draw(&Polygon::new(corners, style))
}

/// Draws an outlined marker.
fn hollow(root: &Root<'_>, (x, y): (i32, i32)) -> Drawn {
    let corners = [(-38, -38), (38, -38), (38, 38), (-38, 38), (-38, -38)];
    let corners: Vec<_> = corners.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
    root.draw(&PathElement::new(corners, Ink::Stroke(0).stroke(15)))
}

const PLUS: [(i32, i32); 12] = [
    (-14, -46),
    (14, -46),
    (14, -14),
    (46, -14),
    (46, 14),
    (14, 14),
    (14, 46),
    (-14, 46),
    (-14, 14),
    (-46, 14),
    (-46, -14),
    (-14, -14),
];
const CROSS: [(i32, i32); 12] = [
    (-24, -44),
    (0, -20),
    (24, -44),
    (44, -24),
    (20, 0),
    (44, 24),
    (24, 44),
    (0, 20),
    (-24, 44),
    (-44, 24),
    (-20, 0),
    (-44, -24),
];

/// The direction of the grid lines of a plot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grid {
    Across,
    Down,
    None,
}

/// Draws the axes, grid and tick labels of a plot; returns the area to draw on. The title of the x axis is at the
/// bottom right.
fn plot<'a>(
    root: &Root<'a>,
    (top, margins): (f64, Margins),
    (x, y): (Scale, Scale),
    (grid, x_title): (Grid, &str),
) -> Result<Plot<'a>, Failure> {
    let (width, height) = root.dim_in_pixel();
    let mut builder = ChartBuilder::on(root);
    builder
        .margin_top(units(top))
        .margin_right(units(margins.right))
        .margin_bottom(units(margins.below - 22.0))
        .y_label_area_size(units(margins.left))
        .x_label_area_size(units(22.0));
    let mut chart: ChartContext<'_, _, Cartesian2d<Scale, Scale>> =
        builder.build_cartesian_2d(x, y)?;
    let mut mesh = chart.configure_mesh();
    match grid {
        Grid::Across => mesh.disable_x_mesh(),
        Grid::Down => mesh.disable_y_mesh(),
        Grid::None => mesh.disable_mesh(),
    };
    mesh.label_style(Ink::Muted.letters(TICK_SIZE))
        .axis_style(Ink::Axis.stroke(10))
        .bold_line_style(Ink::Grid.stroke(10))
        .light_line_style(Ink::Clear.stroke(10))
        .set_all_tick_mark_size(30)
        .draw()?;
    if !x_title.is_empty() {
        let (width, height) = (f64::from(width), f64::from(height));
        let (width, height) = (width / f64::from(UNITS), height / f64::from(UNITS));
        let label = fitted(x_title, TICK_SIZE, width);
        let wide = text_width(&label, TICK_SIZE);
        let middle = (margins.left + width - margins.right - wide) / 2.0;
        let at = (middle.min(width - wide).max(0.0), height - 17.0);
        words(root, &label, &Ink::Muted.letters(TICK_SIZE), at)?;
    }
    Ok(chart.plotting_area().clone())
}

/// Returns all finite numbers of estimates, including the bounds.
fn numbers<'a>(estimates: impl Iterator<Item = &'a Estimate>) -> Vec<f64> {
    let mut all = Vec::new();
    for estimate in estimates {
        all.push(estimate.value);
        all.extend(estimate.interval.iter().flat_map(|(low, high)| [*low, *high]));
    }
    all.retain(|value| value.is_finite());
    all
}

/// Draws a note that there are no figures.
fn nothing(sheet: &Sheet<'_>) -> Drawing {
    sheet.paint("", &[], 60.0, |root, top| {
        let style = Ink::Muted.letters(WORD_SIZE);
        words(root, "no figures to draw", &style, (0.0, top + 20.0))
    })
}

/// Returns the first eight of `all` with their indices; more could not be distinguished.
fn numbered<T>(all: &[T]) -> impl Iterator<Item = (u8, &T)> {
    (0..super::svg::SERIES).zip(all)
}
