//! SVG that is accessible, themed and reproducible byte for byte.
//!
//! Model: a drawing backend for plotters. Plotters uses colours, this crate uses names: the RGB triple of a style
//! encodes an [`Ink`], and the backend writes it as a CSS class (and a pattern). One style sheet then themes every
//! drawing, and colour is never the only distinction.
//! In: calls by plotters in tenths of a pixel (its coordinates are integers). Out: a [`Drawing`], which is written as
//! a separate file or inline in a page.
//! Holds: ids and coordinates are deterministic; text is escaped; no font is measured, widths come from a table that
//! is wider than common system fonts; no error is possible.
//! Leaves out: bitmaps, arcs, gradients.
//! Source: WAI-ARIA graphics practice (`role="img"`, `<title>`, `<desc>`); colours of Okabe & Ito (2008).

use std::convert::Infallible;
use std::fmt::Write;

use plotters::prelude::{IntoTextStyle, RGBColor, TextStyle};
use plotters::style::{Color, ShapeStyle};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle, FontTransform,
};

pub use super::measure::{fitted, text_width, wrapped};

use super::measure::TIP;
use super::text::visible;
use crate::convert::whole;

/// Units of plotters per pixel.
pub const UNITS: i32 = 10;

/// Number of series that readers can distinguish; charts leave out further ones.
pub const SERIES: u8 = 8;

/// Steps of the colour scale of a heat map.
pub const HEAT_STEPS: u8 = 9;

/// Margin around a drawing in a separate file, in pixels.
const MARGIN: u32 = 12;

/// Style sheet of all drawings; a separate file includes it, a page has it once.
pub const CHART_STYLE: &str = include_str!("templates/chart.css");

/// A drawing style: a name to which the style sheet assigns a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Invisible.
    Clear,
    /// Important words.
    Text,
    /// Words on a plot, with a clear background.
    Label,
    /// Labels of axes.
    Muted,
    /// Axes and tick marks.
    Axis,
    /// Grid.
    Grid,
    /// The line of a series, with its colour and dashes.
    Line(u8),
    /// Solid strokes of a series: error bars, outlines.
    Stroke(u8),
    /// Marker of a series, filled.
    Marker(u8),
    /// Band of a series.
    Band(u8),
    /// Area of a series, filled with its pattern.
    Pattern(u8),
    /// A step of the colour scale.
    Heat(u8),
    /// Words on a step of the colour scale.
    HeatText(u8),
    /// Line of an objective.
    Objective,
}

impl Ink {
    const fn code(self) -> (u8, u8) {
        match self {
            Self::Clear => (0, 0),
            Self::Text => (1, 0),
            Self::Muted => (2, 0),
            Self::Axis => (3, 0),
            Self::Grid => (4, 0),
            Self::Line(i) => (5, i % SERIES),
            Self::Stroke(i) => (6, i % SERIES),
            Self::Marker(i) => (7, i % SERIES),
            Self::Band(i) => (8, i % SERIES),
            Self::Pattern(i) => (9, i % SERIES),
            Self::Heat(i) => (10, i % HEAT_STEPS),
            Self::HeatText(i) => (11, i % HEAT_STEPS),
            Self::Objective => (12, 0),
            Self::Label => (13, 0),
        }
    }

    const fn of(color: BackendColor) -> Self {
        let (kind, index, _) = color.rgb;
        match kind {
            1 => Self::Text,
            2 => Self::Muted,
            3 => Self::Axis,
            4 => Self::Grid,
            5 => Self::Line(index),
            6 => Self::Stroke(index),
            7 => Self::Marker(index),
            8 => Self::Band(index),
            9 => Self::Pattern(index),
            10 => Self::Heat(index),
            11 => Self::HeatText(index),
            12 => Self::Objective,
            13 => Self::Label,
            _ => Self::Clear,
        }
    }

    fn class(self) -> String {
        match self {
            Self::Clear => String::new(),
            Self::Text => "t".into(),
            Self::Muted => "u".into(),
            Self::Axis => "a".into(),
            Self::Grid => "g".into(),
            Self::Line(i) => format!("l k{i} d{i}"),
            Self::Stroke(i) => format!("l k{i}"),
            Self::Marker(i) => format!("m{i}"),
            Self::Band(i) => format!("b{i}"),
            Self::Pattern(i) => format!("p k{i}"),
            Self::Heat(i) => format!("h{i}"),
            Self::HeatText(i) => format!("n{i}"),
            Self::Objective => "o".into(),
            Self::Label => "v".into(),
        }
    }

    /// Returns the plotters colour that encodes this name.
    #[must_use]
    pub const fn color(self) -> RGBColor {
        let (kind, index) = self.code();
        RGBColor(kind, index, 0)
    }

    /// Returns a stroke of `tenths` of a pixel.
    #[must_use]
    pub fn stroke(self, tenths: u32) -> ShapeStyle {
        let color = match self {
            Self::Clear => self.color().mix(0.0),
            _ => self.color().to_rgba(),
        };
        ShapeStyle { color, filled: false, stroke_width: tenths }
    }

    /// Returns a fill.
    #[must_use]
    pub fn fill(self) -> ShapeStyle {
        ShapeStyle { filled: true, ..self.stroke(UNITS as u32) }
    }

    /// Returns letters `pixels` high.
    #[must_use]
    pub fn letters(self, pixels: f64) -> TextStyle<'static> {
        let style = ("sans-serif", pixels * f64::from(UNITS)).into_text_style(&(1, 1));
        TextStyle { color: self.color().to_backend_color(), ..style }
    }

    /// Returns bold letters `pixels` high.
    #[must_use]
    pub fn bold(self, pixels: f64) -> TextStyle<'static> {
        let font = ("sans-serif", pixels * f64::from(UNITS), plotters::style::FontStyle::Bold);
        TextStyle { color: self.color().to_backend_color(), ..font.into_text_style(&(1, 1)) }
    }
}

/// Writes `text` escaped for element content and for attributes.
pub(super) fn escape(out: &mut String, text: &str) {
    for letter in visible(text).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
}

/// Writes a label; the part that was cut off becomes a tooltip.
pub(super) fn label_text(out: &mut String, text: &str) {
    let (shown, full) = text.split_once(TIP).map_or((text, None), |(s, f)| (s, Some(f)));
    escape(out, shown);
    if let Some(full) = full {
        out.push_str("<title>");
        escape(out, full);
        out.push_str("</title>");
    }
}

/// A finished drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    id: String,
    width: u32,
    height: u32,
    title: String,
    description: String,
    body: String,
    /// Class of the element, and the style sheet for it.
    class: &'static str,
    style: &'static str,
}

impl Drawing {
    /// Wraps the output of a [`SvgBackend`] with the same `id`, `width` and `height`. Only letters, digits and
    /// hyphens of `id` are kept.
    #[must_use]
    pub fn new(
        id: &str,
        (width, height): (u32, u32),
        title: &str,
        description: &str,
        body: String,
    ) -> Self {
        Self {
            id: plain_id(id),
            width,
            height,
            title: title.into(),
            description: description.into(),
            body,
            class: "chart",
            style: CHART_STYLE,
        }
    }

    /// Returns the drawing of a system, with its own style sheet.
    #[must_use]
    pub fn styled(self, style: &'static str) -> Self {
        Self { class: "drawing", style, ..self }
    }

    /// Returns the height in pixels.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// Returns a separate file, with its style sheet.
    #[must_use]
    pub fn standalone(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(&mut out, &format!("{} file", self.class), Some(self.style));
        out.push('\n');
        out
    }

    /// Returns an element for a page that has the style sheet; `class` is added to its class.
    #[must_use]
    pub fn inline(&self, class: &str) -> String {
        let mut out = String::new();
        self.write(&mut out, &format!("{} {class}", self.class), None);
        out
    }

    fn write(&self, out: &mut String, class: &str, style: Option<&str>) {
        let id = &self.id;
        // A separate file has its own margin.
        let margin = if style.is_some() { MARGIN } else { 0 };
        let (width, height) = (self.width + 2 * margin, self.height + 2 * margin);
        let corner = -i64::from(margin);
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{class}\" role=\"img\" \
             aria-labelledby=\"{id}-t {id}-d\" viewBox=\"{corner} {corner} {width} {height}\" width=\"{width}\" \
             height=\"{height}\" font-family=\"system-ui,sans-serif\">\n<title id=\"{id}-t\">"
        );
        escape(out, &self.title);
        let _ = write!(out, "</title>\n<desc id=\"{id}-d\">");
        escape(out, &self.description);
        out.push_str("</desc>\n");
        if let Some(style) = style {
            let _ = writeln!(out, "<style>{style}</style>");
        }
        self.write_patterns(out);
        out.push_str(&self.body);
        out.push_str("</svg>");
    }

    /// Writes the definitions of the patterns that the drawing uses.
    fn write_patterns(&self, out: &mut String) {
        let id = &self.id;
        let used = |i: &usize| self.body.contains(&format!("url(#{id}-p{i})"));
        let used: Vec<usize> = (0..HATCHES.len()).filter(used).collect();
        if used.is_empty() {
            return;
        }
        out.push_str("<defs>\n");
        for i in used {
            let _ = writeln!(
                out,
                "<pattern id=\"{id}-p{i}\" width=\"6\" height=\"6\" \
                 patternUnits=\"userSpaceOnUse\"><rect class=\"w{i}\" width=\"6\" height=\"6\"/>\
                 <path class=\"x\" d=\"{}\"/></pattern>",
                HATCHES[i]
            );
        }
        out.push_str("</defs>\n");
    }
}

/// One hatch per series, on a tile of 6 × 6.
const HATCHES: [&str; SERIES as usize] = [
    "M0 0",
    "M-1 1L1 -1M0 6L6 0M5 7L7 5",
    "M2 3h2M3 2v2",
    "M-1 5L1 7M0 0L6 6M5 -1L7 1",
    "M0 3h6",
    "M0 0L6 6M0 6L6 0",
    "M3 0v6",
    "M0 3h6M3 0v6",
];

fn plain_id(id: &str) -> String {
    let kept: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    if kept.starts_with(|c: char| c.is_ascii_alphabetic()) { kept } else { format!("c{kept}") }
}

/// The backend, which writes the body of a [`Drawing`].
#[derive(Debug)]
pub struct SvgBackend<'a> {
    out: &'a mut String,
    id: String,
    size: (u32, u32),
    tip: Option<String>,
}

impl<'a> SvgBackend<'a> {
    /// Creates a backend of `size` pixels that appends to `out`.
    #[must_use]
    pub fn new(out: &'a mut String, id: &str, size: (u32, u32)) -> Self {
        Self { out, id: plain_id(id), size, tip: None }
    }

    /// Sets the tooltip of the next shape.
    pub fn tip(&mut self, text: &str) {
        self.tip = Some(text.into());
    }

    /// Closes the element just opened, with its tooltip if one was set.
    fn close(&mut self, name: &str) {
        match self.tip.take() {
            None => self.out.push_str("/>\n"),
            Some(tip) => {
                self.out.push_str("><title>");
                escape(self.out, &tip);
                let _ = writeln!(self.out, "</title></{name}>");
            }
        }
    }

    fn open_path(&mut self, class: &str, width: u32) {
        let _ = write!(self.out, "<path class=\"{class}\"");
        if width != UNITS as u32 {
            let _ = write!(self.out, " stroke-width=\"{}\"", tenths(i64::from(width)));
        }
        self.out.push_str(" d=\"");
    }

    fn points(&mut self, path: impl IntoIterator<Item = BackendCoord>) {
        let mut previous: Option<BackendCoord> = None;
        for (x, y) in path {
            if previous == Some((x, y)) {
                continue;
            }
            match previous {
                None => {
                    let _ = write!(self.out, "M{} {}", tenths(x), tenths(y));
                }
                Some((_, old)) if old == y => {
                    let _ = write!(self.out, "H{}", tenths(x));
                }
                Some((old, _)) if old == x => {
                    let _ = write!(self.out, "V{}", tenths(y));
                }
                Some(_) => {
                    let _ = write!(self.out, "L{} {}", tenths(x), tenths(y));
                }
            }
            previous = Some((x, y));
        }
    }

    fn paint(&mut self, ink: Ink) {
        if let Ink::Pattern(i) = ink {
            let _ = write!(self.out, " fill=\"url(#{}-p{i})\"", self.id);
        }
    }
}

/// Formats tenths of a pixel as pixels with one decimal.
fn tenths(value: impl Into<i64>) -> String {
    let value: i64 = value.into();
    let sign = if value < 0 { "-" } else { "" };
    let size = value.unsigned_abs();
    match size % 10 {
        0 => format!("{sign}{}", size / 10),
        part => format!("{sign}{}.{part}", size / 10),
    }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for SvgBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.size.0 * UNITS as u32, self.size.1 * UNITS as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (x0, y0): BackendCoord,
        (x1, y1): BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            let ink = Ink::of(style.color());
            let (x0, x1, y0, y1) = (x0.min(x1), x0.max(x1), y0.min(y1), y0.max(y1));
            let (width, height) = (tenths(x1 - x0), tenths(y1 - y0));
            let (x, y, class) = (tenths(x0), tenths(y0), ink.class());
            let _ = write!(self.out, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\"");
            let _ = write!(self.out, " width=\"{width}\" height=\"{height}\"");
            self.paint(ink);
            self.close("rect");
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            self.open_path(&Ink::of(style.color()).class(), style.stroke_width());
            self.points(path);
            self.out.push('"');
            self.close("path");
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            let (x, y, radius) = (tenths(x), tenths(y), tenths(radius));
            let class = Ink::of(style.color()).class();
            let _ = write!(self.out, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\"");
            let _ = write!(self.out, " r=\"{radius}\"");
            self.close("circle");
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            let ink = Ink::of(style.color());
            let _ = write!(self.out, "<path class=\"{}\" d=\"", ink.class());
            self.points(corners);
            self.out.push_str("Z\"");
            self.paint(ink);
            self.close("path");
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Drawn {
        if text.is_empty() {
            return Ok(());
        }
        let anchor = style.anchor();
        let size = style.size();
        // Text is placed on its baseline; a capital has a height of 0.72 of the size.
        let rise = match anchor.v_pos {
            VPos::Top => 0.80,
            VPos::Center => 0.36,
            VPos::Bottom => -0.22,
        };
        let shift = whole::i32((size * rise).round());
        let (x, y, turn) = match style.transform() {
            FontTransform::None => (x, y + shift, 0),
            FontTransform::Rotate90 => (x - shift, y, 90),
            FontTransform::Rotate180 => (x, y - shift, 180),
            FontTransform::Rotate270 => (x + shift, y, 270),
        };
        let class = Ink::of(style.color()).class();
        let (x, y, size) = (tenths(x), tenths(y), tenths(whole::i32(size.round())));
        let _ = write!(self.out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\"");
        let _ = write!(self.out, " font-size=\"{size}\"");
        match anchor.h_pos {
            HPos::Left => {}
            HPos::Right => self.out.push_str(" text-anchor=\"end\""),
            HPos::Center => self.out.push_str(" text-anchor=\"middle\""),
        }
        if matches!(style.style(), FontStyle::Bold) {
            self.out.push_str(" font-weight=\"600\"");
        }
        if turn != 0 {
            let _ = write!(self.out, " transform=\"rotate({turn} {x} {y})\"");
        }
        self.out.push('>');
        label_text(self.out, text);
        self.out.push_str("</text>\n");
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let width = whole::u32(text_width(text, style.size()).ceil());
        Ok((width, whole::u32(style.size().ceil())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_have_one_decimal_and_no_more() {
        assert_eq!(tenths(0), "0");
        assert_eq!(tenths(1_234), "123.4");
        assert_eq!(tenths(-7), "-0.7");
        assert_eq!(tenths(120), "12");
    }

    #[test]
    fn a_name_survives_the_way_through_plotters() {
        let all = [Ink::Text, Ink::Muted, Ink::Axis, Ink::Grid, Ink::Objective, Ink::Line(3)];
        let more = [Ink::Stroke(7), Ink::Marker(0), Ink::Band(2), Ink::Pattern(5), Ink::Heat(8)];
        for ink in all.into_iter().chain(more) {
            assert_eq!(Ink::of(ink.stroke(10).color()), ink);
        }
    }
}
