//! A report is safe, readable and the same every time, whatever its text and numbers are.

use crate::inside::gallery;

use fivenines::report::document::*;
use fivenines::report::text::{Letters, Terminal};
use fivenines::report::{chart, csv, html, json, svg, text};

/// An opening tag: its name and its attributes.
#[derive(Clone, Debug, PartialEq)]
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> f64 {
        self.attribute(name).and_then(|value| value.parse().ok()).unwrap_or(0.0)
    }
}

const VOID: [&str; 1] = ["meta"];

/// Reads markup strictly: quoted attributes, balanced tags, known entities, no stray `<`. Returns
/// the opening tags in order, each with the text directly in it.
fn tags(markup: &str) -> Vec<Tag> {
    let mut rest = markup.strip_prefix("<!doctype html>").unwrap_or(markup);
    if let Some(at) = rest.strip_prefix("<?xml").and_then(|r| r.find("?>")) {
        rest = &rest[at + "<?xml?>".len()..];
    }
    let mut found: Vec<Tag> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    while let Some(at) = rest.find('<') {
        let before = &rest[..at];
        check_text(before);
        if let Some(inside) = open.last() {
            found[*inside].text.push_str(before);
        }
        let end = rest[at..].find('>').expect("a tag ends") + at;
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let opened = open.pop().expect("a closing tag closes something");
            assert_eq!(found[opened].name, name);
            continue;
        }
        let (tag, closed) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name: String = tag.chars().take_while(|c| !c.is_whitespace()).collect();
        let attributes = attributes(&tag[name.len()..]);
        if !closed && !VOID.contains(&name.as_str()) {
            open.push(found.len());
        }
        if name == "style" || name == "script" {
            let at = rest.find(&format!("</{name}>")).expect("raw text ends");
            rest = &rest[at..];
        }
        found.push(Tag { name, attributes, text: String::new() });
    }
    assert!(open.is_empty(), "everything is closed");
    found
}

fn attributes(mut text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return found;
        }
        let (key, rest) = text.split_once("=\"").expect("attributes have a quoted value");
        let (value, rest) = rest.split_once('"').expect("the quote ends");
        assert!(key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{key}");
        check_text(value);
        found.push((key.into(), value.into()));
        text = rest;
    }
}

fn check_text(text: &str) {
    let raw = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!text.contains(raw), "no control character: {text:?}");
    for part in text.split('&').skip(1) {
        let name = part.split_once(';').expect("an entity ends").0;
        let known = ["amp", "lt", "gt", "quot"].contains(&name);
        assert!(
            known || name.strip_prefix('#').is_some_and(|n| n.parse::<u32>().is_ok()),
            "{name}"
        );
    }
}

fn charts<'a>(document: &'a Document) -> Vec<&'a Chart> {
    let blocks = document.sections.iter().flat_map(|section| &section.blocks);
    let chart = |block: &'a Block| match block {
        Block::Chart(chart) => Some(chart),
        _ => None,
    };
    document.lead.chart.iter().chain(blocks.filter_map(chart)).collect()
}

/// Two hundred texts that try to leave their place.
pub(super) fn hostile() -> Vec<String> {
    const CORES: [&str; 25] = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</text><script>1</script>",
        "</svg></figure>",
        "</title><b>",
        "]]><x/>",
        "<!-- ",
        "&lt;b&gt; & &#x3c;",
        "javascript:alert(1)",
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-2+3",
        "@SUM(A1:A9)",
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "\u{202e}gnp.exe",
        "\u{9b}31m",
        "\0\u{8}\u{7f}",
        "a\r\nb,c\"d\"",
        "\tx\u{b}",
        "{{ 7 * 7 }} {% raw %}",
        "url(#x) ; } * { display: none",
        "\u{feff}\u{200b}\u{fffe}",
        "＝1＋1",
        "𝕏é漢字🙂",
    ];
    let mut all = Vec::new();
    for core in CORES {
        for shape in ["{}", "={}", "\"{}\"", "'{}'", "{}{}", "<{}>", " {} ", "{}&"] {
            all.push(shape.replace("{}", core));
        }
    }
    assert_eq!(all.len(), 200);
    all
}

/// A document of which every text is `text`.
fn poisoned(word: &str) -> Document {
    let mut document = gallery::document();
    let set = |place: &mut String| *place = word.to_string();
    for place in [
        &mut document.title,
        &mut document.scenario,
        &mut document.question,
        &mut document.source,
        &mut document.digest,
        &mut document.command,
    ] {
        set(place);
    }
    document.partial = Some(word.into());
    document.notes.iter_mut().for_each(set);
    document.verdicts.iter_mut().for_each(|verdict| set(&mut verdict.text));
    for section in &mut document.sections {
        set(&mut section.heading);
        set(&mut section.intro);
        for block in &mut section.blocks {
            poison(block, word);
        }
    }
    document
}

fn poison(block: &mut Block, word: &str) {
    let set = |place: &mut String| *place = word.to_string();
    match block {
        Block::Table(table) => {
            set(&mut table.caption);
            for column in &mut table.columns {
                set(&mut column.name);
                set(&mut column.objective);
            }
            table.columns[1].unit = Unit::Other(word.into());
            for cell in table.rows.iter_mut().flatten() {
                match cell {
                    Cell::Text(text) | Cell::Missing { reason: text } => set(text),
                    Cell::Figure(figure) => figure.unit = Unit::Other(word.into()),
                    Cell::Name(row) => {
                        set(&mut row.name);
                        set(&mut row.about);
                    }
                    Cell::Count(_) => {}
                }
            }
        }
        Block::Chart(chart) => poison_chart(chart, word),
        Block::Text(text) | Block::Source(text) => set(text),
        Block::Definitions(all) => all.iter_mut().for_each(|definition| {
            set(&mut definition.term);
            set(&mut definition.meaning);
        }),
        Block::Checks(all) => all.iter_mut().for_each(|check| {
            set(&mut check.name);
            set(&mut check.detail);
        }),
        Block::Folded(fold) => {
            set(&mut fold.summary);
            fold.blocks.iter_mut().for_each(|block| poison(block, word));
        }
    }
}

fn poison_chart(chart: &mut Chart, word: &str) {
    let set = |place: &mut String| *place = word.to_string();
    let axis = |axis: &mut Axis| {
        axis.label = word.into();
        axis.unit = Unit::Other(word.into());
    };
    for place in [&mut chart.name, &mut chart.title, &mut chart.finding] {
        set(place);
    }
    match &mut chart.kind {
        ChartKind::Lines(lines) => {
            axis(&mut lines.x);
            axis(&mut lines.y);
            lines.series.iter_mut().for_each(|series| set(&mut series.name));
        }
        ChartKind::Stacked(chart) => {
            axis(&mut chart.axis);
            chart.parts.iter_mut().for_each(set);
            for bar in &mut chart.bars {
                set(&mut bar.label);
                bar.words.iter_mut().for_each(set);
            }
        }
        ChartKind::Panels(chart) => {
            axis(&mut chart.x);
            axis(&mut chart.y);
            set(&mut chart.mark);
            chart.panels.iter_mut().for_each(|panel| set(&mut panel.label));
            let lines = chart.objective.iter_mut().chain(&mut chart.load);
            lines.for_each(|line| set(&mut line.label));
        }
        ChartKind::Ecdf(ecdf) => {
            axis(&mut ecdf.axis);
            ecdf.series.iter_mut().for_each(|series| set(&mut series.name));
            ecdf.objective.iter_mut().for_each(|objective| set(&mut objective.label));
        }
        ChartKind::Bars(bars) => {
            axis(&mut bars.axis);
            bars.bars.iter_mut().for_each(|bar| set(&mut bar.label));
        }
        ChartKind::Ladder(ladder) => {
            axis(&mut ladder.axis);
            ladder.levels.iter_mut().for_each(set);
            ladder.rows.iter_mut().for_each(|row| set(&mut row.label));
        }
        ChartKind::Heat(heat) => {
            axis(&mut heat.values_are);
            set(&mut heat.rows_are);
            set(&mut heat.columns_are);
            heat.rows.iter_mut().chain(&mut heat.columns).for_each(set);
        }
        ChartKind::Timeline(timeline) => {
            axis(&mut timeline.axis);
            for lane in &mut timeline.lanes {
                set(&mut lane.label);
                lane.spans.iter_mut().for_each(|span| set(&mut span.cause));
            }
        }
        ChartKind::Front(front) => {
            axis(&mut front.x);
            axis(&mut front.y);
            front.kinds.iter_mut().for_each(set);
            front.points.iter_mut().for_each(|point| set(&mut point.label));
        }
        ChartKind::Waterfall(waterfall) => {
            axis(&mut waterfall.axis);
            waterfall.steps.iter_mut().for_each(|step| set(&mut step.label));
        }
    }
}

/// Names of elements and of their attributes, in order.
pub(super) fn structure(page: &str) -> Vec<(String, Vec<String>)> {
    let names = |tag: Tag| (tag.name, tag.attributes.into_iter().map(|(key, _)| key).collect());
    tags(page).into_iter().map(names).collect()
}

/// Only what our own writer makes: no link, no handler, nothing that loads.
fn assert_harmless_svg(drawing: &str) {
    const ELEMENTS: [&str; 11] =
        ["svg", "title", "desc", "style", "defs", "pattern", "rect", "path", "circle", "text", "g"];
    for tag in tags(drawing) {
        assert!(ELEMENTS.contains(&tag.name.as_str()), "{}", tag.name);
        for (key, value) in &tag.attributes {
            assert!(!key.starts_with("on") && !key.contains("href"), "{key}={value}");
            let loads = value.contains("url(") && !value.starts_with("url(#");
            assert!(!loads && !value.contains("script:"), "{key}={value}");
        }
    }
}

/// T28, I8: hostile text stays text in HTML and SVG: no new element, no new attribute.
#[test]
fn hostile_text_stays_text_on_a_page() {
    let mut plain = poisoned("x");
    let is_chart = |block: &Block| matches!(block, Block::Chart(_));
    let drawn: Vec<Block> = charts(&plain).into_iter().cloned().map(Block::Chart).collect();
    plain.sections.iter_mut().for_each(|section| section.blocks.retain(|b| !is_chart(b)));
    plain.lead.chart = None;
    plain.lead.table.as_mut().unwrap().columns[0].objective = "x".into();
    let expected = structure(&html::page(&plain));
    for word in hostile() {
        let mut document = plain.clone();
        document.title = word.clone();
        let blocks = document.sections.iter_mut().flat_map(|section| &mut section.blocks);
        blocks.for_each(|block| poison(block, &word));
        document.verdicts[0].text = word.clone();
        document.command = word.clone();
        document.lead.answer[0] = word.clone();
        document.lead.below[0] = word.clone();
        document.lead.facts[0] = Fact::plain(&word, word.clone());
        document.lead.advice[0] = Fact::plain(&word, word.clone());
        document.lead.strip[0] = Tile {
            label: word.clone(),
            value: word.clone(),
            interval: word.clone(),
            details: vec![word.clone()],
            judgement: None,
        };
        let table = document.lead.table.as_mut().unwrap();
        (table.columns[0].name, table.columns[0].objective) = (word.clone(), word.clone());
        let verdict = Some(Judgement::NotMet);
        let name = RowName { name: word.clone(), verdict, about: word.clone() };
        table.rows[0][0] = Cell::Name(name);
        document.sections[0].heading = word.clone();
        assert_eq!(structure(&html::page(&document)), expected, "{word:?}");
    }
    // Drawings differ in where text is cut; what they are made of does not.
    for (n, word) in hostile().iter().enumerate() {
        let Block::Chart(mut chart) = drawn[n % drawn.len()].clone() else { unreachable!() };
        poison_chart(&mut chart, word);
        for width in [chart::NARROW, chart::WIDE] {
            let drawing = chart::draw(&chart, word, width);
            assert_harmless_svg(&drawing.standalone());
            assert_harmless_svg(&drawing.inline("wide"));
        }
    }
}

/// T28, I7: hostile text reads back from CSV as it was, and no cell begins a formula.
#[test]
fn hostile_text_reads_back_from_csv_and_json() {
    let rows: Vec<Vec<Cell>> = hostile().into_iter().map(|word| vec![Cell::Text(word)]).collect();
    let columns = vec![Column::words("name", "name")];
    let table = Table { caption: String::new(), columns, rows };
    let bytes = csv::table(&table, None).unwrap();
    let mut reader = ::csv::Reader::from_reader(&bytes[..]);
    let read: Vec<String> = reader.records().map(|record| record.unwrap()[0].to_string()).collect();
    let guards = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    assert!(read.iter().all(|cell| !cell.starts_with(guards)));
    let back: Vec<&str> = read.iter().map(|cell| csv::unguarded(cell)).collect();
    assert_eq!(back, hostile());
    for word in hostile() {
        let document = poisoned(&word);
        let bytes = json::bytes(&json::document(&document));
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["title"], word.as_str());
    }
}

/// T28, I9: no control character and no bidirectional override reaches a terminal.
#[test]
fn hostile_text_cannot_steer_a_terminal() {
    for word in hostile() {
        let document = poisoned(&word);
        for letters in [Letters::Unicode, Letters::Ascii] {
            let shown = text::document(&document, Terminal { width: 80, letters });
            let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!shown.contains(steers), "{word:?}");
            assert!(letters == Letters::Unicode || shown.is_ascii(), "{word:?}");
        }
    }
}

/// D1: the same document gives the same bytes; the page stays under its limit of 2 MB.
#[test]
fn the_same_document_gives_the_same_bytes() {
    let page = html::page(&gallery::document());
    assert_eq!(page, html::page(&gallery::document()));
    assert!(page.len() <= 2_000_000, "{} bytes", page.len());
    assert_eq!(json::document(&gallery::document()), json::document(&gallery::document()));
}

/// I8, I10: a page asks for nothing from anywhere, and its policy would not let it.
#[test]
fn a_page_holds_everything_it_needs() {
    let page = html::page(&gallery::document());
    let all = tags(&page);
    for tag in &all {
        for (key, value) in &tag.attributes {
            let outward = ["src", "action", "data", "style"].contains(&key.as_str())
                || (key == "href" && !value.starts_with('#'))
                || (value.contains("//") && key != "xmlns");
            assert!(!outward, "{}: {key}={value}", tag.name);
        }
    }
    let policy = all.iter().find(|tag| tag.attribute("http-equiv").is_some()).unwrap();
    let policy = policy.attribute("content").unwrap();
    assert!(policy.starts_with("default-src &#39;none&#39;"), "{policy}");
    let mut ids: Vec<&str> = all.iter().filter_map(|tag| tag.attribute("id")).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "every id is used once");
    let is_bar = |tag: &&Tag| tag.attribute("aria-hidden") == Some("true");
    for drawing in all.iter().filter(|tag| tag.name == "svg" && !is_bar(tag)) {
        assert_eq!(drawing.attribute("role"), Some("img"));
        let named = drawing.attribute("aria-labelledby").unwrap();
        assert!(named.split(' ').all(|id| ids.binary_search(&id).is_ok()), "{named}");
    }
}

/// Headings come in order, and every drawing is followed by its data.
#[test]
fn a_page_can_be_read_aloud() {
    let document = gallery::document();
    let page = html::page(&document);
    let count = |name: &str| page.matches(name).count();
    assert_eq!((count("<main>"), count("<h1>")), (1, 1));
    assert_eq!(count("<h2 "), document.sections.len() + 4);
    let drawn = charts(&document).len();
    assert_eq!(count("<figure>"), drawn);
    assert_eq!(count("<details><summary>Data of this chart"), drawn);
    for part in page.split("<figure>").skip(1) {
        let figure = part.split("</figure>").next().unwrap();
        let order = ["<svg", "<figcaption>", "<details>", "<table>"].map(|tag| figure.find(tag));
        assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{order:?}");
    }
    assert!(page.contains("<strong>PARTIAL</strong> the memory limit"));
}

/// Boxes of all texts of a drawing: left, top, right, bottom.
fn boxes(drawing: &str) -> Vec<([f64; 4], String)> {
    let plain = |text: &str| {
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        text.replace("&#39;", "'").replace("&amp;", "&")
    };
    let texts = tags(drawing).into_iter().filter(|tag| tag.name == "text");
    let boxed = |tag: Tag| {
        let size = tag.number("font-size");
        let words = plain(&tag.text);
        // The table of widths is on the wide side; what it says is a bound.
        let width = svg::text_width(&words, size);
        let left = match tag.attribute("text-anchor") {
            Some("end") => tag.number("x") - width,
            Some("middle") => tag.number("x") - width / 2.0,
            _ => tag.number("x"),
        };
        let bottom = tag.number("y");
        ([left, bottom - 0.72 * size, left + width, bottom + 0.1 * size], words)
    };
    texts.map(boxed).collect()
}

/// No two texts overlap and none is cut off, at any width a page or a phone gives.
#[test]
fn words_on_a_chart_never_overlap() {
    let document = gallery::document();
    let long = poisoned("a rather long label that no chart has room for on a narrow screen");
    for chart in charts(&document).into_iter().chain(charts(&long)) {
        for width in [320, 360, 420, 560, 760, 900] {
            let drawing = chart::draw(chart, "c", width);
            let boxes = boxes(&drawing.standalone());
            for (n, (one, words)) in boxes.iter().enumerate() {
                let inside = one[0] > -1.5 && one[2] < f64::from(width) + 1.5;
                let inside = inside && one[1] >= 0.0 && one[3] <= f64::from(drawing.height());
                assert!(inside, "`{words}` at {one:?} of {} at {width}", chart.title);
                for (other, more) in &boxes[..n] {
                    let apart = one[0] >= other[2]
                        || other[0] >= one[2]
                        || one[1] >= other[3]
                        || other[1] >= one[3];
                    assert!(apart, "`{words}` and `{more}` of {} at {width}", chart.title);
                }
            }
        }
    }
}

/// S9: whatever the numbers are, a chart is drawn and holds no NaN.
#[test]
fn numbers_that_are_none_are_not_drawn() {
    let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 0.0, -1.0, 5e-324];
    for value in bad {
        for (spacing, unit) in [
            (Spacing::Linear, Unit::Seconds),
            (Spacing::Log, Unit::Bytes),
            (Spacing::Nines, Unit::Ratio),
        ] {
            let axis = Axis { label: "v".into(), unit, spacing, ..Axis::default() };
            let estimate = Some(Estimate { value, interval: Some((value, f64::NAN)) });
            let point = Point { x: value, y: Some(value), band: Some((value, value)) };
            let series = vec![Series { name: "s".into(), points: vec![point; 3] }];
            let objective = Some(Objective { value, label: "o".into() });
            let kinds = [
                ChartKind::Lines(LineChart {
                    x: axis.clone(),
                    y: axis.clone(),
                    join: Join::Step,
                    series: series.clone(),
                    objective: objective.clone(),
                    limits: Vec::new(),
                }),
                ChartKind::Ecdf(EcdfChart {
                    axis: axis.clone(),
                    series,
                    objective: objective.clone(),
                }),
                ChartKind::Bars(BarChart {
                    axis: axis.clone(),
                    growth: Growth::Up,
                    bars: vec![Bar { label: "b".into(), estimate }],
                    objective: objective.clone(),
                }),
                ChartKind::Ladder(LadderChart {
                    axis: axis.clone(),
                    levels: vec!["l".into()],
                    rows: vec![LadderRow { label: "r".into(), values: vec![estimate; 2] }],
                    objective: objective.clone(),
                }),
                ChartKind::Stacked(StackedChart {
                    axis: axis.clone(),
                    parts: vec!["p".into()],
                    bars: vec![StackedBar {
                        label: "b".into(),
                        whole: Estimate { value, interval: Some((value, f64::NAN)) },
                        values: vec![value],
                        words: vec!["w".into()],
                    }],
                }),
                ChartKind::Panels(Box::new(PanelChart {
                    x: axis.clone(),
                    y: axis.clone(),
                    panels: vec![Panel {
                        label: "p".into(),
                        points: vec![point; 2],
                        mark: Some(1),
                    }],
                    objective: objective.clone(),
                    load: objective,
                    mark: "m".into(),
                })),
                ChartKind::Heat(HeatMap {
                    rows: vec!["r".into()],
                    columns: vec!["c".into()],
                    values: vec![vec![Some(value), None], vec![]],
                    values_are: axis.clone(),
                    ..HeatMap::default()
                }),
                ChartKind::Front(FrontChart {
                    x: axis.clone(),
                    y: axis.clone(),
                    points: vec![FrontPoint {
                        label: "p".into(),
                        x: value,
                        y: Estimate { value, interval: Some((value, f64::NAN)) },
                        rank: FrontRank::Front,
                    }],
                    ..FrontChart::default()
                }),
                ChartKind::Waterfall(WaterfallChart {
                    axis: axis.clone(),
                    steps: vec![FallStep {
                        label: "s".into(),
                        kind: FallKind::Effect,
                        from: value,
                        to: 1.0,
                        interval: Some((f64::NAN, value)),
                    }],
                }),
                ChartKind::Timeline(Timeline {
                    axis,
                    from: 0.0,
                    to: value,
                    words: &[],
                    lanes: vec![Lane {
                        label: "l".into(),
                        spans: vec![Span { from: value, to: value, cause: "c".into() }],
                    }],
                }),
            ];
            for kind in kinds {
                let chart =
                    Chart { name: "c".into(), title: "t".into(), finding: "f".into(), kind };
                let drawing = chart::draw(&chart, "c", 360).standalone();
                assert_harmless_svg(&drawing);
                let shown = text::table(
                    &chart::table(&chart),
                    Terminal { width: 60, letters: Letters::Unicode },
                );
                for no_number in ["NaN", "inf"] {
                    assert!(!drawing.contains(no_number), "{value} {:?}", chart.kind);
                    assert!(!shown.contains(no_number), "{shown}");
                }
            }
        }
    }
}

/// A narrow terminal shows the first columns whole and the others below, behind the first once more. A first screen
/// names the others.
#[test]
fn a_narrow_terminal_shows_every_column_or_says_what_it_leaves_out() {
    let document = gallery::document();
    let Block::Table(table) = &document.sections[0].blocks[0] else { unreachable!() };
    let show = |width| text::table(table, Terminal { width, letters: Letters::Ascii });
    let wide = show(120);
    assert!(wide.contains("lost requests") && !wide.contains("not shown"), "{wide}");
    assert!(wide.contains("99.9762 % +- 0.0020") && wide.contains("n_eff 412 < 1000"), "{wide}");
    let narrow = show(60);
    assert!(narrow.contains("lost requests") && !narrow.contains("not shown"), "{narrow}");
    let heads = |text: &str, name: &str| text.lines().filter(|line| line.starts_with(name)).count();
    let first = &table.columns[0].name;
    assert!(heads(&narrow, first) > 1 && heads(&wide, first) == 1, "{narrow}");
    let short = text::short_table(table, Terminal { width: 60, letters: Letters::Ascii });
    let gone = short.lines().find(|line| line.starts_with("not shown")).unwrap();
    assert!(gone.contains("lost requests"), "{short}");
    for width in [20, 40, 60, 80, 120] {
        assert!(show(width).lines().all(|line| line.chars().count() <= usize::from(width)));
    }
}

/// Every chart is drawn by itself and in the page. With `FIVENINES_GALLERY=target/gallery` they are written into that
/// folder, to be looked at: `FIVENINES_GALLERY=target/gallery cargo test --lib the_gallery_can_be_looked_at`.
#[test]
fn the_gallery_can_be_looked_at() {
    let place = tempfile::tempdir().unwrap();
    let out = std::env::var_os("FIVENINES_GALLERY");
    let out = out.map_or_else(|| place.path().to_path_buf(), std::path::PathBuf::from);
    std::fs::create_dir_all(&out).unwrap();
    let document = gallery::document();
    std::fs::write(out.join("report.html"), html::page(&document)).unwrap();
    for drawn in charts(&document) {
        let drawing = chart::draw(drawn, &drawn.name, chart::WIDE);
        std::fs::write(out.join(&drawn.name).with_extension("svg"), drawing.standalone()).unwrap();
    }
}
