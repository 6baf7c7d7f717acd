//! Timelines: outages on lanes, with start, length and cause.

use plotters::element::{PathElement, Rectangle};

use super::scale::{Room, Scale, TICK_SIZE};
use super::{Grid, Key, Margins, Sample, Sheet, nothing, plot, units};
use crate::convert::table;
use crate::report::document::{Figure, Timeline, Unit};
use crate::report::number;
use crate::report::svg::{Drawing, Ink, SERIES, SvgBackend, text_width};

/// Height of a lane and of its spans, in pixels.
const LANE: f64 = 28.0;
const SPAN: f64 = 16.0;
/// Smallest width of a span in units of plotters, so that a short outage in a long year is visible.
const LEAST: i32 = 25;

/// Label of all causes after the first seven.
const REST: &str = "other causes";

pub fn timeline(sheet: &Sheet<'_>, chart: &Timeline) -> Drawing {
    if chart.lanes.is_empty() || !(chart.from.is_finite() && chart.to > chart.from) {
        return nothing(sheet);
    }
    let causes = causes(chart);
    let colours = colours(&causes, chart.words);
    let labels: Vec<String> = chart.lanes.iter().map(|lane| lane.label.clone()).collect();
    let widest = labels.iter().map(|label| text_width(label, TICK_SIZE)).fold(0.0, f64::max);
    let room = widest.min(sheet.pixels() * 0.3);
    let left = room + 14.0;
    let height = LANE * labels.len() as f64 + 4.0;
    let length = sheet.pixels() - left;
    let ends = [chart.from, chart.to];
    let (x, title) = Scale::over(&chart.axis, &ends, Room::Across(length - 20.0));
    let y = Scale::categories(&labels, room, Room::Up(height));
    let margins = Margins { left, right: x.overhang(length).max(8.0), below: 44.0 };
    let key = |(i, cause): (usize, &String)| Key {
        sample: Sample::Pattern(colours[i]),
        name: cause.clone(),
    };
    let keys: Vec<Key> = causes.iter().enumerate().map(key).collect();
    sheet.paint("", &keys, height + margins.below, |root, top| {
        let area = plot(root, (top, margins), (x, y), (Grid::Down, &title))?;
        for (row, lane) in chart.lanes.iter().enumerate() {
            let at = row as f64;
            let rail = vec![(chart.from, at), (chart.to, at)];
            area.draw(&PathElement::new(rail, Ink::Grid.stroke(20)))?;
            for span in &lane.spans {
                let (from, to) = (span.from.max(chart.from), span.to.min(chart.to));
                if from > to || !span.from.is_finite() || !span.to.is_finite() {
                    continue;
                }
                let cause = causes.iter().position(|cause| *cause == span.cause);
                let ink = Ink::Pattern(colours[cause.unwrap_or(causes.len() - 1)]);
                let (start, y) = area.map_coordinate(&(from, at));
                let (end, _) = area.map_coordinate(&(to, at));
                let end = end.max(start + LEAST);
                let half = units(SPAN / 2.0);
                let corners = [(start, y - half), (end, y + half)];
                root.draw(&Tip(span_words(&lane.label, span, &chart.axis.unit)))?;
                root.draw(&Rectangle::new(corners, ink.fill()))?;
            }
        }
        Ok(())
    })
}

/// Returns the causes in order of appearance; with more than eight, the eighth stands for all others.
fn causes(chart: &Timeline) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    for span in chart.lanes.iter().flat_map(|lane| &lane.spans) {
        if !causes.contains(&span.cause) {
            causes.push(span.cause.clone());
        }
    }
    if causes.len() > usize::from(SERIES) {
        causes.truncate(usize::from(SERIES) - 1);
        causes.push(REST.into());
    }
    causes
}

/// Returns the colour of each cause: that of the word with which it begins, or else the first that is free.
fn colours(causes: &[String], words: &[&str]) -> Vec<u8> {
    let own = |cause: &String| words.iter().position(|word| cause.starts_with(word));
    let mut taken: Vec<u8> = Vec::new();
    let known: Vec<Option<u8>> = causes
        .iter()
        .map(|cause| {
            let colour = own(cause).map(table::u8).filter(|colour| *colour < SERIES);
            let colour = colour.filter(|colour| !taken.contains(colour));
            taken.extend(colour);
            colour
        })
        .collect();
    let mut free = (0..SERIES).filter(|colour| !taken.contains(colour));
    known.into_iter().map(|colour| colour.or_else(|| free.next()).unwrap_or(SERIES - 1)).collect()
}

fn span_words(lane: &str, span: &crate::report::document::Span, unit: &Unit) -> String {
    let value = |value| number::figure(&Figure::exact(value, unit.clone()));
    format!("{lane}: {}, {} from {}", span.cause, value(span.to - span.from), value(span.from))
}

/// The tooltip of the shape that is drawn next.
pub(super) struct Tip(pub(super) String);

impl<'a> plotters::element::PointCollection<'a, (i32, i32)> for &'a Tip {
    type Point = &'a (i32, i32);
    type IntoIter = std::iter::Empty<&'a (i32, i32)>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::empty()
    }
}

impl<'b> plotters::element::Drawable<SvgBackend<'b>> for Tip {
    fn draw<I: Iterator<Item = (i32, i32)>>(
        &self,
        _: I,
        backend: &mut SvgBackend<'b>,
        _: (u32, u32),
    ) -> Result<(), plotters_backend::DrawingErrorKind<std::convert::Infallible>> {
        backend.tip(&self.0);
        Ok(())
    }
}
