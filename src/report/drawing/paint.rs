//! The picture: boxes, arrows, signs and the legend as SVG.
//!
//! In: a [`System`] with its places and nets. Out: the body of an SVG drawing. Holds: text from the scenario is
//! escaped; each text fits its box by the table of widths, or is cut with the whole in the tooltip; colour is never the
//! only distinction.

use std::fmt::Write as _;

use super::label;
use super::layout::{Places, Rect, UNIT};
use super::route::{Net, Point};
use crate::convert::whole;
use crate::plan::drawing::arrows::Carries;
use crate::plan::drawing::{Busy, Form, Node, System};
use crate::report::measure::{fitted, text_width, wrapped};
use crate::report::svg::{Drawing, escape, label_text};

/// Style sheet of a drawing.
pub const STYLE: &str = include_str!("../templates/drawing.css");

/// Sizes of letters in pixels: names, all other words.
const LARGE: f64 = 13.0;
const SMALL: f64 = 11.5;
/// Least and largest width of a node.
const LEAST_WIDTH: i32 = 12 * UNIT;
const MOST_WIDTH: i32 = 28 * UNIT;
/// Width of the sign of a single point of failure, with its gap.
const SIGN: i32 = 20;
/// Height of the caption above the boxes.
const CAPTION: i32 = 4 * UNIT;
/// Offset of the second box behind a stack.
const STACK: i32 = 4;

/// Width of bold letters relative to others.
const BOLD: f64 = 1.13;

fn width_of(text: &str, size: f64) -> i32 {
    whole::i32(text_width(text, size).ceil())
}

fn bold_width(text: &str, size: f64) -> i32 {
    whole::i32((text_width(text, size) * BOLD).ceil())
}

/// Cuts bold letters to a width.
fn bold_fitted(text: &str, size: f64, width: i32) -> String {
    fitted(text, size, f64::from(width) / BOLD)
}

const fn on_grid(length: i32) -> i32 {
    (length + UNIT - 1) / UNIT * UNIT
}

/// Returns the lines of a node without children.
fn lines(node: &Node) -> Vec<(String, f64)> {
    let mut lines = vec![(label::title(node), LARGE)];
    lines.extend(Some((label::sort(node), SMALL)).filter(|(text, _)| !text.is_empty()));
    lines.extend(label::busy(node).map(|text| (text, SMALL)));
    lines.extend(node.saturates_first.then(|| (label::FIRST.to_string(), SMALL)));
    lines
}

/// Returns the lines of a node as far as they fit its rectangle, with the size of the letters.
pub fn shown(node: &Node, rect: Rect) -> Vec<(String, f64)> {
    let fit = |(number, (text, size)): (usize, (String, f64))| {
        let room = rect.width - 16;
        let text = match number {
            0 => bold_fitted(&text, size, room - sign_width(node)),
            _ => fitted(&text, size, f64::from(room)),
        };
        (text, size)
    };
    lines(node).into_iter().enumerate().map(fit).collect()
}

fn sign_width(node: &Node) -> i32 {
    if node.takes_down.is_empty() { 0 } else { SIGN }
}

/// Returns the width of a heading: sign, words, utilisation.
fn heading_width(node: &Node) -> i32 {
    let chip = label::busy(node).map_or(0, |text| width_of(&text, SMALL) + 20);
    sign_width(node) + bold_width(&label::heading(node), LARGE) + chip
}

/// Returns the size of each node without children, and the least width of each box.
pub fn sizes(system: &System) -> Vec<(i32, i32)> {
    let size = |node: &Node| {
        if node.form == Form::Place {
            return (on_grid(heading_width(node).min(2 * MOST_WIDTH) + 32), 0);
        }
        let lines = lines(node);
        let wide = |(at, (text, size)): (usize, &(String, f64))| {
            let bold = at == 0 || text == label::FIRST;
            let sign = if at == 0 { sign_width(node) } else { 0 };
            if bold { bold_width(text, *size) + sign } else { width_of(text, *size) }
        };
        let round = if node.form == Form::Source { 16 } else { 0 };
        let width = lines.iter().enumerate().map(wide).max().unwrap_or(0) + 20 + round;
        let height = on_grid(16 * i32::try_from(lines.len()).unwrap_or(1) + 10);
        (on_grid(width).clamp(LEAST_WIDTH, MOST_WIDTH), height)
    };
    system.nodes.iter().map(size).collect()
}

/// Returns the rectangles of the headings of boxes, over which no arrow runs.
pub fn headings(system: &System, places: &Places) -> Vec<Rect> {
    let boxes = system.nodes.iter().zip(&places.nodes);
    let heading = |(node, rect): (&Node, &Rect)| {
        let width = heading_width(node).min(rect.width - 16);
        Rect { x: rect.x + 8, y: rect.y + 8, width, height: 16 }
    };
    boxes.filter(|(node, _)| node.form == Form::Place).map(heading).collect()
}

/// Draws a system.
pub fn drawing(system: &System, places: &Places, nets: &[Net], id: &str) -> Drawing {
    let mut painter = Painter { system, places, out: String::new() };
    let legend = painter.legend_entries(nets);
    let width = places.width.max(56 * UNIT);
    let caption = format!("{}: {}", system.name, label::load(system));
    painter.words("s-t", (24, 20), LARGE, &fitted(&caption, LARGE, f64::from(width - 48)), "");
    painter.out.push_str("<g transform=\"translate(0 32)\">\n");
    for root in &system.roots {
        painter.boxes(*root);
    }
    nets.iter().for_each(|net| painter.net(net));
    for (at, node) in system.nodes.iter().enumerate() {
        if node.form != Form::Place {
            painter.node(at);
        }
    }
    painter.out.push_str("</g>\n");
    let top = painter.points(width, CAPTION + places.height + 8);
    let bottom = painter.legend(legend, width, top);
    let size = (u32::try_from(width).unwrap_or(0), u32::try_from(bottom).unwrap_or(0));
    let title = format!("The system {}", system.name);
    let description = describe(system);
    Drawing::new(id, size, &title, &description, painter.out).styled(STYLE)
}

/// Returns the long description: counts, the busiest node, the single points of failure.
fn describe(system: &System) -> String {
    let nodes: Vec<&Node> = system.nodes.iter().filter(|node| node.form != Form::Place).collect();
    let busiest = nodes.iter().filter_map(|node| node.busy.as_ref()).fold(
        None,
        |most: Option<&Busy>, busy| match most {
            Some(most) if most.share >= busy.share => Some(most),
            _ => Some(busy),
        },
    );
    let busiest = busiest.map_or("No utilisation is known.".to_string(), |busy| {
        format!("The busiest resource is {}.", label::busy_in_full(busy))
    });
    let singles = label::points(system);
    let count = system.nodes.len();
    format!("{count} boxes and {} arrows. {busiest} {singles}", system.connections.len())
}

/// Entry of the legend.
enum Key {
    /// A step of utilisation; `None`: unknown.
    Step(Option<usize>),
    /// Single point of failure.
    Single,
    /// Several members alike.
    Stack,
    /// A member that waits to take over.
    Standby,
    /// The resource that saturates first.
    First,
    /// Content of an arrow.
    Arrow(Carries),
}

struct Painter<'a> {
    system: &'a System,
    places: &'a Places,
    out: String,
}

impl Painter<'_> {
    fn words(&mut self, class: &str, (x, y): Point, size: f64, text: &str, more: &str) {
        let _ = write!(
            self.out,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{more}>"
        );
        label_text(&mut self.out, text);
        self.out.push_str("</text>\n");
    }

    fn rect(&mut self, class: &str, rect: Rect, round: i32) {
        let Rect { x, y, width, height } = rect;
        let _ = writeln!(
            self.out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>"
        );
    }

    fn open(&mut self, at: usize) {
        self.out.push_str("<g><title>");
        escape(&mut self.out, &label::hover(self.system, at).replace('\n', ". "));
        self.out.push_str("</title>\n");
    }

    /// Draws the box of a place, then those in it.
    fn boxes(&mut self, at: usize) {
        let node = &self.system.nodes[at];
        if node.form != Form::Place {
            return;
        }
        let rect = self.places.nodes[at];
        let depth = self.system.around(at).count() % 2;
        self.open(at);
        if node.count > 1 {
            self.rect("s-k", Rect { x: rect.x + STACK, y: rect.y + STACK, ..rect }, 6);
        }
        let single = if node.takes_down.is_empty() { "" } else { " s-1" };
        self.rect(&format!("s-b s-b{depth}{single}"), rect, 6);
        let mut x = rect.x + 12;
        let y = rect.y + 20;
        if !node.takes_down.is_empty() {
            self.sign((x, y));
            x += SIGN;
        }
        let step = node.busy.as_ref().map(|busy| label::step(busy.share));
        let chip = step.zip(label::busy(node));
        let chip_width = chip.as_ref().map_or(0, |(_, text)| width_of(text, SMALL) + 20);
        let room = rect.right() - 8 - x - chip_width;
        let heading = bold_fitted(&label::heading(node), LARGE, room);
        self.words("s-h", (x, y), LARGE, &heading, " font-weight=\"600\"");
        if let Some((step, text)) = chip {
            x += bold_width(&heading, LARGE) + 8;
            let wide = width_of(&text, SMALL) + 12;
            let chip = Rect { x, y: rect.y + 7, width: wide, height: 18 };
            self.rect(&format!("s-u{step}"), chip, 4);
            self.words(&format!("s-v{step}"), (x + 6, y), SMALL, &text, "");
        }
        self.out.push_str("</g>\n");
        for child in &node.children {
            self.boxes(*child);
        }
    }

    /// Draws a node without children.
    fn node(&mut self, at: usize) {
        let node = &self.system.nodes[at];
        let rect = self.places.nodes[at];
        let step = node.busy.as_ref().map(|busy| label::step(busy.share));
        let (fill, ink) = match (step, node.form) {
            (Some(step), _) => (format!("s-u{step}"), format!("s-v{step}")),
            (None, Form::Source) => ("s-s".to_string(), "s-t".to_string()),
            (None, _) => ("s-n".to_string(), "s-t".to_string()),
        };
        let round = if node.form == Form::Source { rect.height / 2 } else { 4 };
        let single = if node.takes_down.is_empty() { "" } else { " s-1" };
        self.open(at);
        if node.count > 1 {
            self.rect("s-k", Rect { x: rect.x + STACK, y: rect.y + STACK, ..rect }, round);
        }
        let standby = if node.standby { " s-y" } else { "" };
        let first = if node.saturates_first { " s-z" } else { "" };
        self.rect(&format!("s-c {fill}{standby}{first}{single}"), rect, round);
        if !node.takes_down.is_empty() {
            self.sign((rect.right() - SIGN, rect.y + 19));
        }
        let lines = shown(node, rect);
        let count = i32::try_from(lines.len()).unwrap_or(1);
        let mut y = rect.y + (rect.height - 16 * count) / 2 + 12;
        for (number, (text, size)) in lines.iter().enumerate() {
            let sign = if number == 0 { sign_width(node) } else { 0 };
            let last = number + 1 == lines.len() && node.saturates_first;
            let bold = if number == 0 || last { " font-weight=\"600\"" } else { "" };
            let x = rect.x + (rect.width - sign) / 2;
            let middle = format!("{bold} text-anchor=\"middle\"");
            self.words(&ink, (x, y), *size, text, &middle);
            y += 16;
        }
        self.out.push_str("</g>\n");
    }

    /// Draws the sign of a single point of failure, with its lower left corner at a point.
    fn sign(&mut self, (x, y): Point) {
        let (peak, foot) = (y - 13, y + 1);
        let _ = writeln!(
            self.out,
            "<path class=\"s-w\" d=\"M{x} {foot}L{} {peak}L{} {foot}Z\"/><path class=\"s-x\" d=\"M{} {}v5m0 2v1.6\"/>",
            x + 8,
            x + 16,
            x + 8,
            y - 9
        );
    }

    fn net(&mut self, net: &Net) {
        let class = line_class(net.carries);
        let name = |node: &usize| label::title(&self.system.nodes[*node]);
        let from: Vec<String> = net.from.iter().map(name).collect();
        let to: Vec<String> = net.to.iter().map(name).collect();
        let classes: Vec<String> = net.classes.iter().cloned().collect();
        let what = match classes.as_slice() {
            [] => String::new(),
            some => format!(" of {}", label::list(some)),
        };
        let title = format!(
            "{} → {}: {}{what}",
            label::list(&from),
            label::list(&to),
            label::carries(net.carries)
        );
        self.out.push_str("<g><title>");
        escape(&mut self.out, &title);
        self.out.push_str("</title>\n");
        let _ = write!(self.out, "<path class=\"s-l {class}\" d=\"");
        net.lines.iter().for_each(|line| rounded(&mut self.out, line));
        self.out.push_str("\"/>\n");
        for joint in &net.joints {
            let _ = writeln!(
                self.out,
                "<circle class=\"s-j\" cx=\"{}\" cy=\"{}\" r=\"2.5\"/>",
                joint.0, joint.1
            );
        }
        if net.carries != Carries::Network {
            net.heads.iter().for_each(|(before, tip)| self.head(*before, *tip));
        }
        self.out.push_str("</g>\n");
    }

    fn head(&mut self, before: Point, tip: Point) {
        let (dx, dy) = ((tip.0 - before.0).signum(), (tip.1 - before.1).signum());
        let (x, y) = (tip.0 - 7 * dx, tip.1 - 7 * dy);
        let _ = writeln!(
            self.out,
            "<path class=\"s-a\" d=\"M{} {}L{} {}L{} {}Z\"/>",
            tip.0,
            tip.1,
            x - 4 * dy,
            y - 4 * dx,
            x + 4 * dy,
            y + 4 * dx
        );
    }

    fn legend_entries(&self, nets: &[Net]) -> Vec<(Key, String)> {
        let nodes = &self.system.nodes;
        let mut all: Vec<(Key, String)> = Vec::new();
        if nodes.iter().any(|node| node.busy.is_some()) {
            let steps = label::STEPS.iter().enumerate();
            all.extend(steps.map(|(at, (_, words))| (Key::Step(Some(at)), (*words).to_string())));
        }
        all.push((Key::Step(None), "no load".to_string()));
        if nodes.iter().any(|node| !node.takes_down.is_empty()) {
            all.push((Key::Single, label::SINGLE.to_string()));
        }
        if nodes.iter().any(|node| node.count > 1) {
            // Measured loads of equal members differ.
            let load = if self.system.measured { ", with the load of the busiest" } else { "" };
            all.push((Key::Stack, format!("several alike{load}")));
        }
        if nodes.iter().any(|node| node.standby) {
            all.push((Key::Standby, label::STANDBY.to_string()));
        }
        if nodes.iter().any(|node| node.saturates_first && node.form != Form::Place) {
            all.push((Key::First, label::FIRST.to_string()));
        }
        let mut arrows: Vec<Carries> = nets.iter().map(|net| net.carries).collect();
        arrows.sort_unstable();
        arrows.dedup();
        let word = |one: Carries| (Key::Arrow(one), label::carries(one).to_string());
        all.extend(arrows.into_iter().map(word));
        all
    }

    /// Lists the single points of failure from `top` on; returns the bottom of the list.
    fn points(&mut self, width: i32, top: i32) -> i32 {
        let mut y = top;
        for line in wrapped(&label::points(self.system), SMALL, f64::from(width - 48), 4) {
            self.words("s-t", (24, y + 14), SMALL, &line, "");
            y += 18;
        }
        y + 8
    }

    /// Draws the legend from `top` on; returns its bottom.
    fn legend(&mut self, entries: Vec<(Key, String)>, width: i32, top: i32) -> i32 {
        let (mut x, mut y) = (24, top);
        for (key, words) in entries {
            let wide = 40 + width_of(&words, SMALL) + 24;
            if x > 24 && x + wide > width {
                (x, y) = (24, y + 24);
            }
            let swatch = Rect { x, y: y + 2, width: 32, height: 16 };
            match key {
                Key::Step(step) => {
                    let fill = step.map_or("s-n".to_string(), |step| format!("s-u{step}"));
                    self.rect(&format!("s-c {fill}"), swatch, 3);
                }
                Key::Single => {
                    self.rect("s-c s-n s-1", swatch, 3);
                    self.sign((x + 8, y + 15));
                }
                Key::Standby => self.rect("s-c s-n s-y", swatch, 3),
                Key::First => self.rect("s-c s-n s-z", swatch, 3),
                Key::Stack => {
                    let behind = Rect { x: x + STACK, y: y + 2 + STACK, width: 28, height: 14 };
                    self.rect("s-k", behind, 3);
                    self.rect("s-c s-n", Rect { x, y: y + 2, width: 28, height: 14 }, 3);
                }
                Key::Arrow(carries) => {
                    let class = line_class(carries);
                    let middle = y + 10;
                    let _ =
                        writeln!(self.out, "<path class=\"s-l {class}\" d=\"M{x} {middle}h26\"/>");
                    if carries != Carries::Network {
                        self.head((x + 26, middle), (x + 32, middle));
                    }
                }
            }
            self.words("s-t", (x + 40, y + 14), SMALL, &words, "");
            x += wide;
        }
        y + 32
    }
}

const fn line_class(carries: Carries) -> &'static str {
    match carries {
        Carries::Requests => "s-l0",
        Carries::Data => "s-l1",
        Carries::Replication => "s-l2",
        Carries::Network => "s-l3",
        Carries::Health => "s-l4",
        Carries::Repairs => "s-l5",
        Carries::Members => "s-l6",
        Carries::Power => "s-l7",
    }
}

/// Writes a line with rounded corners.
fn rounded(out: &mut String, line: &[Point]) {
    const ROUND: i32 = 4;
    let Some(first) = line.first() else { return };
    let _ = write!(out, "M{} {}", first.0, first.1);
    for at in 1..line.len() {
        let (x, y) = line[at];
        let Some((next_x, next_y)) = line.get(at + 1) else {
            let _ = write!(out, "L{x} {y}");
            break;
        };
        let (a, b) = line[at - 1];
        let before = (x - ROUND * (x - a).signum(), y - ROUND * (y - b).signum());
        let after = (x + ROUND * (next_x - x).signum(), y + ROUND * (next_y - y).signum());
        let _ = write!(out, "L{} {}Q{x} {y} {} {}", before.0, before.1, after.0, after.1);
    }
}
