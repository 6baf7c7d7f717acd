//! Promise: comments, names, messages, pages and scenarios use the field's words: a noun phrase or a verb first, the
//! textbook term where there is one.
//!
//! Read are comments, names and string literals of `src` (literals of tests are not), all pages of `docs`, `README.md`
//! and `ARCHITECTURE.md`, and the comments, titles and questions of shipped scenarios. `words.txt` lists the files that
//! have places which stay, with their greatest number and the reason. What is rewritten is written down with
//! `FIVENINES_TIDY=write`; a new place is a failure that names the line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::tidy::{File, files, listed, root};

/// Words that no line of a doc comment begins with: a clause without a head says no subject.
const HEADLESS: [&str; 15] = [
    "What", "Who", "Whose", "Whom", "Whether", "Which", "Of", "By", "As", "Where", "How", "Why",
    "So many", "That of", "Those",
];

/// Words that have a term, and the term.
const TERMS: [(&str, &str); 47] = [
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
    ("everybody", "every member, every client"),
    ("give up", "abandon, time out"),
    ("gives up", "abandons, times out"),
    ("given up", "abandoned, timed out"),
    ("go away", "leave"),
    ("goes away", "leaves"),
    ("wait in line", "wait in the queue"),
    ("waits in line", "waits in the queue"),
    ("has room", "has a free slot, has capacity"),
    ("room for", "capacity for"),
    ("unnoticed", "undetected"),
    ("not noticed", "not detected"),
    ("quick look", "quick run"),
    ("laid to", "attributed to"),
    ("as far as can be seen", "no difference detected"),
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

/// Returns the text without what stands between quotation marks: quotations keep their words.
fn without_quotations(text: &str) -> String {
    let mut parts = text.split('\u{201c}');
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |all, part| all + part.split_once('\u{201d}').map_or("", |(_, rest)| rest))
}

/// Returns the text without what a format string fills in, such as `{name:>3}`.
fn without_values(text: &str) -> String {
    let mut parts = text.split('{');
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |all, part| {
        let (value, rest) = part.split_once('}').unwrap_or(("", part));
        // Braces of JSON or TOML hold text.
        if value.contains([' ', '"']) { all + part } else { all + rest }
    })
}

/// Returns the words of a text that have a term, each with the term.
fn terms(text: &str) -> Vec<String> {
    let low = without_code(text).to_lowercase();
    let found = TERMS.iter().filter(|(word, _)| is_word(&low, word));
    found.map(|(word, term)| format!("\"{word}\": {term}")).collect()
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
        return headless.into_iter().chain(terms(&text)).collect();
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

/// Returns the length of the character literal, or of the lifetime's mark, at the start of the source.
fn character(source: &str) -> usize {
    let mut letters = source.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some((at, letter))) => {
            let after = at + letter.len_utf8();
            source[after..].find('\'').map_or(1, |end| after + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

/// Returns the text of the string literal at the start of the source, behind its opening quote, and its length there.
fn literal(source: &str) -> (String, usize) {
    let (mut text, mut letters) = (String::new(), source.char_indices().peekable());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (text, at + 1),
            '\\' => match letters.next() {
                // The line goes on behind the indentation of the next.
                Some((_, '\n')) => while letters.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some((_, 'n' | 't')) => text.push(' '),
                Some((_, escaped)) => text.push(escaped),
                None => {}
            },
            _ => text.push(letter),
        }
    }
    (text, source.len())
}

/// Returns the string literals of Rust source, each with the number of the line on which it begins.
fn literals(source: &str) -> Vec<(usize, String)> {
    let (mut at, mut line, mut counted, mut found) = (0, 1, 0, Vec::new());
    while let Some(next) = source[at..].find(['"', '\'', '/']) {
        let before = &source[at..at + next];
        at += next;
        line += source[counted..at].matches('\n').count();
        counted = at;
        let rest = &source[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with('\'') {
            at += character(rest);
        } else if let Some(body) = rest.strip_prefix('"') {
            let name = before.trim_end_matches('#');
            let (text, length) = if name.ends_with('r') {
                let end = format!("\"{}", "#".repeat(before.len() - name.len()));
                let length = body.find(&end).unwrap_or(body.len());
                (body[..length].to_string(), length + end.len())
            } else {
                literal(body)
            };
            found.push((line, text));
            at = (at + 1 + length).min(source.len());
        } else {
            at += 1;
        }
    }
    found
}

/// Returns the lines of a source file before its tests; none of a file of tests.
fn product(file: &File) -> &[String] {
    if file.path.split('/').any(|part| part == "tests" || part == "tests.rs") {
        return &[];
    }
    let is_test = |pair: &[String]| {
        pair[0].trim() == "#[cfg(test)]"
            && pair[1].trim_start().starts_with("mod ")
            && pair[1].ends_with('{')
    };
    let end = file.lines.windows(2).position(is_test);
    &file.lines[..end.unwrap_or(file.lines.len())]
}

/// Returns the places of a source file: in comments and names, then in string literals.
fn source(file: &File) -> Vec<(usize, String)> {
    let lines = file.lines.iter().enumerate();
    let lines =
        lines.flat_map(|(at, line)| wrong(line).into_iter().map(move |what| (at + 1, what)));
    let texts = literals(&product(file).join("\n"));
    let texts = texts.into_iter().flat_map(|(line, text)| {
        terms(&without_values(&text))
            .into_iter()
            .map(move |what| (line, format!("{what} (in a text)")))
    });
    lines.chain(texts).collect()
}

/// Returns the places of a page; code and quotations have none.
fn page(text: &str) -> Vec<(usize, String)> {
    let (mut fenced, mut found) = (false, Vec::new());
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced && !line.trim_start().starts_with('>') {
            found.extend(terms(&without_quotations(line)).into_iter().map(|what| (at + 1, what)));
        }
    }
    found
}

/// Returns the comment of a line of a scenario.
fn comment(line: &str) -> &str {
    let mut open = None;
    for (at, letter) in line.char_indices() {
        match open {
            Some(quote) if letter == quote => open = None,
            None if letter == '#' => return &line[at..],
            None if letter == '"' || letter == '\'' => open = Some(letter),
            _ => {}
        }
    }
    ""
}

/// Returns the places of a scenario: in comments, titles and questions. Its names and its quotations of sources stay.
fn scenario(text: &str) -> Vec<(usize, String)> {
    let line = |(at, line): (usize, &str)| {
        let key = line.split('=').next().unwrap_or_default().trim();
        let text = if ["title", "question"].contains(&key) { line } else { comment(line) };
        terms(&without_quotations(text)).into_iter().map(move |what| (at + 1, what)).collect()
    };
    text.lines().enumerate().flat_map::<Vec<_>, _>(line).collect()
}

/// Returns the files of a folder that end as given, by their paths from the root of the repository.
fn found_in(folder: &str, end: &str) -> Vec<String> {
    let (mut open, mut found) = (vec![root().join(folder)], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == end) {
                let path = path.strip_prefix(root()).unwrap();
                found.push(path.display().to_string().replace('\\', "/"));
            }
        }
    }
    found
}

/// Returns the places of all files that have some, by path: of sources from `src` on, of others from the root on.
fn all_places() -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    let mut put = |path: &str, folder: &str, places: Vec<(usize, String)>| {
        let shown = |(line, what)| format!("{folder}{path}:{line}: {what}");
        if !places.is_empty() {
            all.insert(path.to_string(), places.into_iter().map(shown).collect());
        }
    };
    for file in files() {
        put(&file.path, "src/", source(&file));
    }
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let mut pages = found_in("docs", "md");
    pages.extend(["README.md", "ARCHITECTURE.md"].map(String::from));
    let scenarios = found_in("scenarios", "toml");
    assert!(pages.len() > 10 && scenarios.len() > 100, "pages and scenarios are there");
    for path in pages {
        put(&path, "", page(&read(&path)));
    }
    for path in scenarios {
        put(&path, "", scenario(&read(&path)));
    }
    all
}

#[test]
fn comments_messages_and_pages_use_the_terms_of_the_field() {
    let found = all_places();
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
    for (source, lines) in [
        ("let a = \"nobody waits\";", vec![1]),
        ("// \"nobody\"\nlet a = '\"'; // nobody \"nobody\"", vec![]),
        ("let a = '\\'';\nlet b = \"a \\\"nobody\\\" \\\n    waits in \\\n    line\";", vec![2, 2]),
        ("let a: &'static str = r#\"\n\"nobody\" waits\"#;\nlet b = \"somebody\";", vec![1, 3]),
        ("let a = \"`nobody` is a name\"; let whoever = \"no-nobody\";", vec![]),
        ("let a = '/'; let b = \"in the \\\n     mean\" / 2;", vec![1]),
        (
            "let a = \"{nobody}, {nobody:?} {{ nobody = 1 }}\"; let b = \"{ nobody = 1 }\";",
            vec![1, 1],
        ),
    ] {
        let file =
            File { path: "any.rs".to_string(), lines: source.lines().map(String::from).collect() };
        let found = self::source(&file).into_iter();
        let found = found.filter(|(_, what)| what.ends_with("(in a text)")).map(|(line, _)| line);
        assert_eq!(found.collect::<Vec<_>>(), lines, "{source}");
    }
    let tested = ["let a = \"nobody\";", "#[cfg(test)]", "mod tests {", "let b = \"nobody\";", "}"];
    let file = |path: &str| File {
        path: path.to_string(),
        lines: tested.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(source(&file("plan/load.rs")).len(), 1);
    assert_eq!(source(&file("plan/tests.rs")).len(), 0);
    let text = "Nobody waits.\n> nobody\n```text\nnobody\n```\n\u{201c}nobody\u{201d} and somebody, `nobody`\n";
    let lines: Vec<usize> = page(text).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [1, 6]);
    let text = "# nobody waits\ntitle = \"Nobody\"\nclaim = \"nobody # nobody\" # somebody\n[unit.nobody]\n\
                question = \"What does \u{201c}nobody\u{201d} do?\"\nhits = 'nobody'\n";
    let lines: Vec<usize> = scenario(text).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [1, 2, 3]);
}
