//! Promises I1 to I3 and B7: no text makes the reader fail.

use proptest::prelude::*;

use super::*;
use crate::scenario::code::Code;
use crate::scenario::document::{Data, Item};

fn codes(text: &str) -> Vec<Code> {
    read(text).found.sorted().iter().map(|diagnostic| diagnostic.code).collect()
}

/// Cases 7 and 8 of the corpus, and their relatives.
#[test]
fn deep_nesting_is_refused_before_a_parser_sees_it() {
    let deep = 100_000;
    for text in [
        format!("x = {}", "[".repeat(deep)),
        format!("x = {}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("x = {}", "{a=".repeat(deep)),
        format!("{} = 1", vec!["a"; deep].join(".")),
        format!("[{}]\nb = 1", vec!["a"; deep].join(".")),
        format!("[{}]\n{} = 1", vec!["a"; 40].join("."), vec!["b"; 40].join(".")),
        format!("x = {{ {} = 1 }}", vec!["a"; 70].join(".")),
    ] {
        assert_eq!(codes(&text), [Code::TooDeep], "{}", &text[..40]);
    }
    let outcome = read(&format!("\nx = {}", "[".repeat(deep)));
    assert!(outcome.text().contains("nested deeper than 64"));
    assert!(outcome.report().json().contains("\"line\":2,"));
    let allowed = format!("x = {}{}", "[".repeat(60), "]".repeat(60));
    assert!(!codes(&allowed).contains(&Code::TooDeep));
}

/// Case 9 of the corpus, and the other bounds.
#[test]
fn sizes_are_bounded() {
    let mut found = Diagnostics::new();
    let source = Source::from_bytes("big.toml", &vec![b'#'; 17 << 20], &mut found);
    let text = read_source(source, found).text();
    assert!(text.contains("LIMIT") && text.contains("17.0 MiB") && text.contains("16 MiB"));
    let long = |bytes: usize| format!("title = \"{}\"\n{HEAD}", "x".repeat(bytes));
    assert!(read(&long(4_096)).found.is_empty());
    assert_eq!(codes(&long(4_097)), [Code::StringTooLong]);
    let named = |bytes: usize| format!("{HEAD}[zone.{}]\nmemory = \"1B\"\n", "x".repeat(bytes));
    assert!(read(&named(128)).found.is_empty());
    assert_eq!(codes(&named(129)), [Code::NameTooLong]);
    assert_eq!(codes(&format!("x = [{}1]", "1,".repeat(1_100_000))), [Code::TooMany]);
    assert_eq!(codes(&"a b ".repeat(2_100_000)), [Code::TooMany]);
    // Headers with a missing bracket are syntax errors, however many there are.
    assert!(!codes(&"[[a]\n".repeat(100)).contains(&Code::TooDeep));
}

#[test]
fn a_file_that_is_none_is_not_opened() {
    let mut found = Diagnostics::new();
    let error = Source::read(&std::env::temp_dir(), &mut found).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(Source::read(std::path::Path::new("/no/such/file.toml"), &mut found).is_err());
}

/// Case 5 of the corpus: a byte order mark and CRLF change nothing.
#[test]
fn line_ends_and_byte_order_mark_do_not_change_the_model() {
    let text = format!("title = \"a\"\n{HEAD}[zone.w]\nmemory = \"1GiB\"\n");
    let other = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let print = |text: &str| read(text).spec.unwrap().canonical();
    assert_eq!(print(&text), print(&other));
}

/// Reads every item as every type of value; each type reports what it does not accept.
fn read_as_everything(item: &Item, out: &mut Diagnostics) {
    let _ = SimDuration::read(item, out);
    let _ = Bytes::read(item, out);
    let _ = Bandwidth::read(item, out);
    let _ = Rate::read(item, out);
    let _ = Probability::read(item, out);
    let _ = Money::read(item, out);
    let _ = u32::read(item, out);
    let _ = f64::read(item, out);
    let _ = Reference::read(item, out);
    let _ = Policy::read(item, out);
    let _ = LawSpec::<SimDuration>::read(item, out);
    let _ = LawSpec::<f64>::read(item, out);
    let _ = Step::read(item, out);
    let _ = Named::<OneOrMany<Reference>>::read(item, out);
    match &item.data {
        Data::List(items) => items.iter().for_each(|item| read_as_everything(item, out)),
        Data::Table(table) => {
            table.entries.iter().for_each(|entry| read_as_everything(&entry.item, out));
        }
        _ => {}
    }
}

const SEED: &str = include_str!("../../../tests/bad/mutate.toml");

/// Pieces that cause errors: quotes, brackets, odd numbers, odd characters.
const PIECES: &[&str] = &[
    "\"",
    "'",
    "\"\"\"",
    "[",
    "]",
    "{",
    "}",
    "[[",
    "=",
    ",",
    ".",
    "\n",
    "\r",
    "\0",
    "#",
    "\\",
    "nan",
    "-inf",
    "1e999",
    "99999999999999999999999999999999999999999",
    "-1",
    "0x",
    "2026-01-01",
    "\u{1b}",
    "\u{202e}",
    "µ",
    "é",
    "\"1e-30s\"",
    "\"400 y\"",
    "\"120%\"",
    "dist",
    "value",
    "mean",
    "{ dist = ",
];

fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0..4_u8, 0..PIECES.len(), 0..40_usize);
    prop::collection::vec(edit, 1..6).prop_map(|edits| {
        let mut text: Vec<char> = SEED.chars().collect();
        for (place, kind, piece, length) in edits {
            let at = place.index(text.len());
            let end = (at + length).min(text.len());
            match kind {
                0 => drop(text.drain(at..end)),
                1 => drop(text.splice(at..at, PIECES[piece].chars())),
                2 => drop(text.splice(at..end, PIECES[piece].chars())),
                _ => {
                    let again: Vec<char> = text[at..end].to_vec();
                    drop(text.splice(at..at, again));
                }
            }
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200, failure_persistence: None, ..ProptestConfig::default()
    })]

    /// Promise I1, on mutants of a large valid scenario.
    #[test]
    fn no_mutant_of_a_scenario_brings_the_reader_down(text in mutated()) {
        let mut outcome = read(&text);
        if let Some(document) = &outcome.document {
            read_as_everything(&document.root, &mut outcome.found);
        }
        let shown = outcome.text();
        prop_assert_eq!(&shown, &outcome.text());
        prop_assert!(shown.chars().all(|c| !c.is_control() || c == '\n'));
        for line in outcome.report().json().lines() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(line).is_ok());
        }
    }

    /// Promise I1, on meaningless texts and bytes.
    #[test]
    fn no_bytes_bring_the_reader_down(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut found = Diagnostics::new();
        let source = Source::from_bytes("noise", &bytes, &mut found);
        let outcome = read_source(source, found);
        prop_assert!(outcome.found.has_errors());
        prop_assert!(!outcome.text().is_empty());
    }

    /// An override is input, too.
    #[test]
    fn no_override_brings_the_reader_down(assignment in "[a-z.\\[\\]=\"'0-9{}\n-]{0,40}") {
        let mut found = Diagnostics::new();
        let source = Source::from_text("f", SEED);
        let mut document = Document::parse(source, &mut found).expect("the seed is sound");
        crate::scenario::overrides::set(&mut document, &assignment, &mut found);
        let _ = TestScenario::read(&document.root, &mut found);
        let source = document.source.clone();
        let outcome = Outcome { source, document: Some(document), spec: None, found };
        prop_assert!(!outcome.text().is_empty());
    }
}
