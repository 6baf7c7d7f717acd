//! The messages that users need most, and their appearance.

use super::*;
use crate::scenario::code::Code;

#[test]
fn a_report_looks_like_this() {
    let text = "scenario = \"t\"\n[run]\nhorizon = \"1d\"\n[server.twin]\ncount = 0\ncoers = 2\n";
    let plain = Style { ascii: true, ..Style::default() };
    assert_eq!(
        read(text).report().text(plain),
        r"error[E0501] RANGE: `count` is 0, must be >= 1; to model an outage use a fault
 --> tier.toml:5:9
  |
5 | count = 0
  |         ^
  |
  = field: server.twin.count

error[E0601] UNKNOWN: unknown key `coers`
 --> tier.toml:6:1
  |
6 | coers = 2
  | ^^^^^
  |
  = field: server.twin.coers
  = help: did you mean `cores`?

check: 2 errors, 0 warnings in tier.toml
"
    );
    assert_eq!(
        read("a = 1\nb = { a = 2 }\na = 3\n").report().text(plain),
        r"error[E0006] SYNTAX: `a` is given twice
 --> tier.toml:3:1
  |
3 | a = 3
  | ^
 ::: tier.toml:1:1
  |
1 | a = 1
  | - first given here
  |
  = help: keep one of them

check: 1 error, 0 warnings in tier.toml
"
    );
}

/// The parser gives a message and a place, but no kind of error: a changed message after an upgrade shows here.
#[test]
fn what_the_parser_says_of_common_mistakes_has_our_words_and_a_way_out() {
    for (text, code, words) in [
        ("a = 1\na = 2\n", Code::KeyTwice, "given twice"),
        ("[a]\n[a]\n", Code::KeyTwice, "given twice"),
        ("b = { c = 1, c = 2 }\n", Code::KeyTwice, "given twice"),
        ("a = 30s\n", Code::NotToml, "put quotes around it"),
        ("a = soon\n", Code::NotToml, "put quotes around it"),
        (" = 1\n", Code::NotToml, "anything else needs quotes"),
        ("größe = 1\n", Code::NotToml, "anything else needs quotes"),
        ("a = 1\na.b = 2\n", Code::NotToml, "already given as a value"),
    ] {
        let outcome = read(text);
        let found: Vec<String> =
            outcome.found.sorted().iter().map(|one| format!("{:?} {one:?}", one.code)).collect();
        let wanted = |one: &String| one.starts_with(&format!("{code:?} ")) && one.contains(words);
        assert!(found.iter().any(wanted), "{text}: {found:#?}");
    }
}

/// Promise I9: control characters, C1 and bidirectional overrides never reach a terminal.
#[test]
fn what_a_terminal_would_act_on_is_shown_as_an_escape() {
    let outcome = read_with_head(
        "title = 3\n[balancer.\"\\u001b[31m\"]\nto = \"a\"\n[balancer.b]\nto = \"\u{202e}a\"\n\
         algorithm = \"\\u009b2J\"\n\"\u{2066}x\" = 1\n",
    );
    for style in [Style::default(), Style { ascii: true, ..Style::default() }] {
        let text = outcome.report().text(style);
        assert!(text.contains(r"\u{1b}[31m") && text.contains(r"\u{202e}"), "{text}");
        assert!(text.contains(r"\u{9b}2J") && text.contains(r"\u{2066}"), "{text}");
        assert!(text.chars().all(|c| !c.is_control() || c == '\n'), "{text:?}");
        assert!(!text.contains(['\u{202e}', '\u{2066}']));
    }
    assert!(outcome.report().json().chars().all(|c| !c.is_control() || c == '\n'));
    let coloured = Style { colour: true, ..Style::default() };
    assert!(outcome.report().text(coloured).contains("\u{1b}[1m"));
}

#[test]
fn long_lines_are_cut_around_the_place_at_any_width() {
    let line = format!("weights = [{}nan, {}1]\n", "1, ".repeat(3_000), "1, ".repeat(3_000));
    let outcome = read_with_head(&format!("[balancer.b]\nto = \"a\"\n{line}"));
    for width in [0, 20, 40, 80, 200] {
        let text = outcome.report().text(Style { width, ..Style::default() });
        assert!(text.contains("nan") && text.contains("tier.toml:6:9012"), "{text}");
        let source_line = text.lines().find(|l| l.starts_with("6 ")).unwrap();
        assert!(source_line.chars().count() <= width.max(48), "{width}: {source_line}");
    }
    let value = format!("[balancer.b]\nto = \"a\"\nalgorithm = \"{}\"\n", "x".repeat(4_000));
    let json = read_with_head(&value).report().json();
    assert!(json.lines().all(|line| line.len() < 600), "{json}");
}

#[test]
fn at_most_fifty_are_printed_and_all_are_counted() {
    let text: String = (0..20_000).map(|n| format!("key-{n} = 1\n")).collect();
    let outcome = read(&format!("{text}{HEAD}"));
    assert_eq!(outcome.report().json().lines().count(), 50);
    let text = outcome.text();
    assert!(text.ends_with("check: 20000 errors, 0 warnings in tier.toml, the first 50 shown\n"));
}

#[test]
fn errors_come_first_then_warnings_each_by_place() {
    use crate::scenario::diagnostic::Diagnostic;
    use crate::scenario::source::Span;
    let mut found = Diagnostics::new();
    for (code, start) in
        [(Code::Overload, 0), (Code::UnknownKey, 9), (Code::SinglePoint, 3), (Code::WrongType, 5)]
    {
        found.push(Diagnostic::new(code, Span::new(start, start + 1), "x"));
    }
    found.push(Diagnostic::new(Code::WrongType, Span::new(5, 6), "x"));
    let order: Vec<_> = found.sorted().iter().map(|d| d.code).collect();
    let expected = [Code::WrongType, Code::UnknownKey, Code::Overload, Code::SinglePoint];
    assert_eq!(order, expected);
    assert_eq!((found.errors(), found.warnings()), (3, 2));
}

/// The suggested name is the intended one for 95 of 100 single typing errors.
#[test]
fn single_typos_find_their_key() {
    let text = include_str!("../../../tests/bad/mutate.toml").to_string();
    let document = Document::parse(Source::from_text("t", &text), &mut Diagnostics::new()).unwrap();
    let mut keys = Vec::new();
    collect_keys(&document.root, &mut keys);
    keys.sort();
    keys.dedup();
    let long: Vec<_> = keys.iter().filter(|key| key.len() >= 4).cloned().collect();
    let mut state = 42_u64;
    let mut draw = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((state >> 33) % below as u64).unwrap()
    };
    let (mut right, mut tried) = (0, 0);
    while tried < 500 {
        let key = &long[draw(long.len())];
        let mut typo: Vec<u8> = key.bytes().collect();
        let (at, letter) = (draw(typo.len() - 1), b'a' + u8::try_from(draw(26)).unwrap());
        match draw(4) {
            0 => typo.insert(at, letter),
            1 => {
                typo.remove(at);
            }
            2 => typo[at] = letter,
            _ => typo.swap(at, at + 1),
        }
        let typo = String::from_utf8(typo).unwrap();
        if keys.contains(&typo) {
            continue;
        }
        tried += 1;
        let nearest = crate::scenario::suggest::nearest(&typo, keys.iter().map(String::as_str));
        right += usize::from(nearest == Some(key));
    }
    println!("{right} of {tried} typos among {} keys found their key", keys.len());
    assert!(right >= 475, "only {right} of {tried}");
}

fn collect_keys(item: &crate::scenario::document::Item, keys: &mut Vec<String>) {
    if let Some(table) = item.as_table() {
        for entry in &table.entries {
            keys.push(entry.key.clone());
            collect_keys(&entry.item, keys);
        }
    }
}
