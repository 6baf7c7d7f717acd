//! Promise: every numbered test of the mechanisms' description is in the files that the table of `docs/testing.md` names,
//! under its number, and the table names all files that have one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::tidy::root;

/// A section and the number of a test in it.
type Number = (String, u32);

/// Returns the tests of each file by the table: its rows are a section, a subject, and for each file the numbers of its
/// tests.
fn listed(page: &str) -> BTreeMap<String, BTreeSet<Number>> {
    let table = page.split_once("## Numbered tests").expect("the table is there").1;
    let table = table.split("\n## ").next().unwrap_or_default();
    let mut found: BTreeMap<String, BTreeSet<Number>> = BTreeMap::new();
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [section, _, places] = cells[..] else { panic!("three columns: {row}") };
        for place in places.split("; ") {
            let (numbers, file) = place.split_once(": ").unwrap_or_else(|| panic!("{place}"));
            let tests = found.entry(file.trim_matches('`').to_string()).or_default();
            for range in numbers.split(", ") {
                let (first, last) = range.split_once(" to ").unwrap_or((range, range));
                let [first, last] = [first, last].map(|number| number.parse::<u32>().unwrap());
                tests.extend((first..=last).map(|number| (section.to_string(), number)));
            }
        }
    }
    found
}

/// Returns the number that a comment begins with: `/// 4.8 test 6: …`.
fn number(line: &str) -> Option<Number> {
    let (section, rest) = line.trim_start().strip_prefix("/// ")?.split_once(" test ")?;
    let (chapter, part) = section.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let number = rest[..end].parse().ok()?;
    (digits(chapter) && digits(part)).then(|| (section.to_string(), number))
}

/// Returns the numbered tests below a folder: comments that are followed by a test.
fn numbered(folder: &Path, found: &mut BTreeMap<String, BTreeSet<Number>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            numbered(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            for (at, line) in lines.iter().enumerate() {
                let Some(number) = number(line) else { continue };
                let next = lines[at..].iter().find(|line| !line.trim_start().starts_with("///"));
                let file = path.strip_prefix(root()).unwrap().display().to_string();
                assert_eq!(next.map(|line| line.trim()), Some("#[test]"), "{file}: {line}");
                found.entry(file).or_default().insert(number);
            }
        }
    }
}

#[test]
fn every_numbered_test_is_where_the_table_says() {
    let page = std::fs::read_to_string(root().join("docs/testing.md")).unwrap();
    let mut found = BTreeMap::new();
    numbered(&root().join("src"), &mut found);
    numbered(&root().join("tests"), &mut found);
    assert_eq!(listed(&page), found, "the table, and the comments of the tests");
}

/// Each section has its tests from 1 on without a gap.
#[test]
fn no_numbered_test_is_missing() {
    let page = std::fs::read_to_string(root().join("docs/testing.md")).unwrap();
    let all: BTreeSet<Number> = listed(&page).into_values().flatten().collect();
    for (section, count) in [
        ("1.7", 9),
        ("2.8", 7),
        ("3.9", 8),
        ("4.8", 7),
        ("5.5", 5),
        ("6.5", 4),
        ("7.5", 8),
        ("8.4", 4),
        ("9.6", 6),
    ] {
        let there: Vec<u32> =
            all.iter().filter(|(of, _)| of == section).map(|(_, number)| *number).collect();
        assert_eq!(there, (1..=count).collect::<Vec<_>>(), "section {section}");
    }
}
