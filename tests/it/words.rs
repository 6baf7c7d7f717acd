//! Promise: comments and names use the field's words: a noun phrase or a verb first, the textbook term where there is
//! one.
//!
//! `words.txt` lists the files that still have places to rewrite, with their greatest number and the reason. What is
//! rewritten is written down with `FIVENINES_TIDY=write`; a new place is a failure that names the line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::tidy::{File, files, listed, root};

/// Words that no line of a doc comment begins with: a clause without a head says no subject.
const HEADLESS: [&str; 15] = [
    "What", "Who", "Whose", "Whom", "Whether", "Which", "Of", "By", "As", "Where", "How", "Why",
    "So many", "That of", "Those",
];

/// Words that have a term, and the term.
const TERMS: [(&str, &str); 32] = [
    ("live through", "simulate, run"),
    ("lives through", "simulates, runs"),
    ("lived through", "simulated, run"),
    ("living through", "simulating, running"),
    ("live on", "go on, run on"),
    ("nobody", "no member, no client"),
    ("somebody", "a member, a client"),
    ("whoever", "the member that, the client that"),
    ("by hand", "analytic, in closed form"),
    ("by arithmetic", "analytic, in closed form"),
    ("reckon", "compute"),
    ("reckons", "computes"),
    ("reckoned", "computed"),
    ("worked off", "drained"),
    ("stretch", "interval"),
    ("stretches", "intervals"),
    ("further try", "retry"),
    ("further tries", "retries"),
    ("tries again", "retries"),
    ("thrown out", "evicted, dropped"),
    ("stands still", "is stalled"),
    ("stand still", "are stalled"),
    ("fares", "its health"),
    ("unseen", "undetected"),
    ("found out", "detected"),
    ("has the address", "holds the virtual IP"),
    ("lead-in", "warm-up"),
    ("master", "primary"),
    ("slave", "replica"),
    ("slaves", "replicas"),
    ("so many", "n, the given number"),
    ("in the mean", "on average, expected"),
];

/// Parts of the name of an item that have a term, and the term.
const NAMES: [(&str, &str); 8] = [
    ("fares", "health"),
    ("reckon", "compute"),
    ("reckoned", "computed"),
    ("nobody", "none"),
    ("somebody", "any"),
    ("whoever", "the noun"),
    ("thrown", "evicted, dropped"),
    ("throw", "evict, drop"),
];

/// The text without what stands between backquotes.
fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

fn is_word(text: &str, word: &str) -> bool {
    let edge = |at: Option<char>| at.is_none_or(|c| !c.is_alphanumeric() && c != '-' && c != '_');
    text.match_indices(word).any(|(at, _)| {
        edge(text[..at].chars().next_back()) && edge(text[at + word.len()..].chars().next())
    })
}

/// The parts of an item's name, in lower case.
fn parts(name: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = '_';
    for letter in name.chars() {
        let begins = letter == '_' || (letter.is_uppercase() && last.is_lowercase());
        if begins {
            all.push(String::new());
        }
        if letter != '_' {
            all.last_mut().unwrap().extend(letter.to_lowercase());
        }
        last = letter;
    }
    all
}

/// What a line has that is to be written otherwise, with what to write.
fn wrong(line: &str) -> Vec<String> {
    let line = line.trim();
    if let Some(comment) = line.strip_prefix("//") {
        let text = comment.trim_start_matches(['/', '!']);
        let is_doc = text.len() < comment.len();
        let text = without_code(text.trim_start());
        let begins = |word: &&&str| {
            text.strip_prefix(**word).is_some_and(|rest| rest.starts_with(' ') && is_doc)
        };
        let headless = HEADLESS.iter().find(begins);
        let headless =
            headless.map(|word| format!("\"{word} …\": begin with the noun, or with a verb"));
        let low = text.to_lowercase();
        let terms = TERMS.iter().filter(|(word, _)| is_word(&low, word));
        return headless
            .into_iter()
            .chain(terms.map(|(word, term)| format!("\"{word}\": {term}")))
            .collect();
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let kinds = ["fn", "struct", "enum", "trait", "mod", "const", "static", "type"];
    let Some(at) = words.iter().take(4).rposition(|word| kinds.contains(word)) else {
        return Vec::new();
    };
    let name = words.get(at + 1).copied().unwrap_or_default();
    let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let parts = parts(name);
    let found = NAMES.iter().filter(|(word, _)| parts.iter().any(|part| part == word));
    found.map(|(word, term)| format!("`{name}`: {term} instead of {word}")).collect()
}

fn places(file: &File) -> Vec<String> {
    let lines = file.lines.iter().enumerate();
    lines
        .flat_map(|(at, line)| {
            wrong(line).into_iter().map(move |what| format!("src/{}:{}: {what}", file.path, at + 1))
        })
        .collect()
}

#[test]
fn comments_and_names_use_the_terms_of_the_field() {
    let files = files();
    let found: BTreeMap<String, Vec<String>> = files
        .iter()
        .map(|file| (file.path.clone(), places(file)))
        .filter(|(_, places)| !places.is_empty())
        .collect();
    let place = root().join("tests/it/words.txt");
    let known = listed(&std::fs::read_to_string(&place).unwrap_or_default());
    if std::env::var("FIVENINES_TIDY").is_ok_and(|word| word == "write") {
        let mut text = String::new();
        for (path, places) in &found {
            let reason = known.get(path).map_or("no reason yet", |(_, reason)| reason);
            let _ = writeln!(text, "{path} {}: {reason}", places.len());
        }
        return std::fs::write(&place, text).unwrap();
    }
    let mut too_many = Vec::new();
    for (path, places) in &found {
        let (most, reason) = known.get(path).map_or((0, ""), |(most, reason)| (*most, reason));
        if places.len() > most {
            too_many.push(format!("{}\n({most} are on the list)", places.join("\n")));
        }
        assert!(reason != "no reason yet", "tests/it/words.txt says no reason for {path}");
    }
    assert!(too_many.is_empty(), "write these otherwise:\n{}", too_many.join("\n"));
    for (path, (most, _)) in &known {
        let now = found.get(path).map_or(0, Vec::len);
        assert!(now == *most, "{path} has {now} places now: FIVENINES_TIDY=write writes it down");
    }
}

/// The test sees what it is there for.
#[test]
fn a_clause_without_a_head_and_a_private_word_are_found() {
    for (line, places) in [
        ("/// What a balancer does.", 1),
        ("/// Returns what a balancer does.", 0),
        ("// nobody waits for it", 1),
        ("/// As many as `nobody` has.", 1),
        ("/// Holds the master, and reckons its lag.", 2),
        ("    pub fn part_fares(&self) {", 1),
        ("struct PartFares;", 1),
        ("    pub(crate) const fn reckon() {", 1),
        ("let fares = 1;", 0),
        ("/// Mastery of stretched slaves-to-be", 0),
    ] {
        assert_eq!(wrong(line).len(), places, "{line}");
    }
}
