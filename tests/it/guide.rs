//! Promise: a page of docs/guide shows what the program prints. The commands of each page run in order in a folder of
//! their own, and the lines shown, the exit codes and the pictures are those of the program.
//!
//! - A ```` ```console ```` block has commands (`$ fivenines …`, ended by ` # exit code N` where N is not 0) and their output at 80
//!   columns. A line `…` stands for any number of lines; a line that ends in `…` shows the beginning of one.
//! - A block whose first line is `# file: NAME` is written to that file, one with `# add to NAME:` is appended, and the
//!   lines of one with `# in NAME:` or `// in NAME:` stand in that file in this order.
//! - `<!-- picture: PATH -->` before an image says which file of the commands it is.
//! - `<!-- full set -->` before a block: it runs with `FIVENINES_FULL=1`.
//! - A figure in backticks in a sentence stands in a block of the page.
//!
//! `FIVENINES_GUIDE=write` puts outputs and pictures into the pages.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, pipe};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::binary;

/// The lines that stand for lines left out.
const LEFT_OUT: &str = "…";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> PathBuf {
    root().join("docs/guide")
}

fn writes() -> bool {
    std::env::var("FIVENINES_GUIDE").is_ok_and(|word| word == "write")
}

/// A page with the lines read so far, the folder of its commands and what is wrong.
struct Page {
    name: String,
    place: tempfile::TempDir,
    fresh: Vec<String>,
    wrong: Vec<String>,
}

/// The pages of the guide, each by itself.
macro_rules! pages {
    ($($test:ident $page:literal)*) => {
        const PAGES: &[&str] = &[$($page),*];
        mod page { $(#[test] fn $test() { super::page($page); })* }
    };
}

pages! {
    first_site "first-site.md"
    traffic "traffic.md"
    what_to_buy "what-to-buy.md"
    replica "replica.md"
    rack "rack.md"
    ci "ci.md"
    uncertain "uncertain.md"
    report "report.md"
    trust "trust.md"
    new_kind "new-kind.md"
}

/// Runs a page, and compares it with what its commands print or writes it.
fn page(name: &str) {
    let path = folder().join(name);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let place = tempfile::tempdir().unwrap();
    for shared in ["scenarios", "docs", "src"] {
        link(&root().join(shared), &place.path().join(shared));
    }
    let mut page = Page { name: name.into(), place, fresh: Vec::new(), wrong: Vec::new() };
    page.run(&lines);
    let fresh = page.fresh.join("\n") + "\n";
    if writes() && fresh != text {
        fs::write(&path, fresh).unwrap();
    }
    assert!(page.wrong.is_empty(), "{}", page.wrong.join("\n\n"));
}

/// Makes a folder of the repository reachable from the folder of a page.
fn link(from: &Path, to: &Path) {
    #[cfg(unix)]
    std::os::unix::fs::symlink(from, to).unwrap();
    #[cfg(windows)]
    std::os::windows::fs::symlink_dir(from, to).unwrap();
}

/// Returns what stands behind `word` in a line that is an HTML comment.
fn directive<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    line.strip_prefix("<!-- ")?.strip_suffix(" -->")?.strip_prefix(word)
}

impl Page {
    fn run(&mut self, lines: &[&str]) {
        let mut at = 0;
        while at < lines.len() {
            let line = lines[at];
            self.fresh.push(line.to_string());
            at += 1;
            if let Some(from) = directive(line, "picture: ") {
                self.picture(from, lines.get(at).copied().unwrap_or(""));
            }
            let Some(kind) = line.strip_prefix("```").filter(|kind| !kind.is_empty()) else {
                continue;
            };
            let end = at + lines[at..].iter().position(|line| *line == "```").unwrap();
            let body = &lines[at..end];
            let full = at > 1 && directive(lines[at - 2], "full set").is_some();
            if full && std::env::var_os("FIVENINES_FULL").is_none() {
                println!("{}:{at} is skipped: FIVENINES_FULL is not set", self.name);
                self.fresh.extend(body.iter().map(ToString::to_string));
            } else if kind == "console" {
                self.console(body, at);
            } else {
                self.file(body, at);
                self.fresh.extend(body.iter().map(ToString::to_string));
            }
            self.fresh.push("```".into());
            at = end + 1;
        }
    }

    fn fails(&mut self, line: usize, what: &str) {
        self.wrong.push(format!("docs/guide/{}:{line}: {what}", self.name));
    }

    /// Runs the commands of a block; `line` is the number of the line before its first.
    fn console(&mut self, body: &[&str], line: usize) {
        let starts: Vec<usize> = (0..body.len()).filter(|at| body[*at].starts_with("$ ")).collect();
        if starts.first() != Some(&0) {
            self.fails(line + 1, "a console block begins with a command: `$ …`");
        }
        for (number, from) in starts.iter().enumerate() {
            let end = starts.get(number + 1).copied().unwrap_or(body.len());
            // A command goes on in the next line behind a backslash.
            let more = body[*from..end].iter().take_while(|line| line.ends_with('\\')).count();
            let words =
                body[*from..=*from + more].iter().map(|line| line.trim_end_matches('\\').trim());
            let typed = words.collect::<Vec<_>>().join(" ");
            let (code, printed) = run(typed.trim_start_matches("$ "), self.place.path());
            let wanted =
                typed.split_once(" # exit code ").map_or(0, |(_, code)| code.parse().unwrap());
            if code != wanted {
                let last = printed.len().saturating_sub(30);
                let printed = printed[last..].join("\n");
                self.fails(line + from + 1, &format!("`{typed}` ended with {code}:\n{printed}"));
            }
            let shown = &body[from + more + 1..end];
            self.fresh.extend(body[*from..=*from + more].iter().map(ToString::to_string));
            if matches(shown, &printed) {
                self.fresh.extend(shown.iter().map(ToString::to_string));
                continue;
            }
            if !writes() {
                let printed = printed.join("\n");
                let what = format!("`{typed}` prints this (FIVENINES_GUIDE=write):\n{printed}");
                self.fails(line + from + 1, &what);
            }
            self.fresh.extend(renewed(shown, &printed));
        }
    }

    /// Writes, extends or compares a file that the page shows.
    fn file(&mut self, body: &[&str], line: usize) {
        let text = || body[1..].join("\n") + "\n";
        let head = body.first().copied().unwrap_or("").replace("// ", "# ");
        if let Some(name) = head.strip_prefix("# file: ") {
            fs::write(self.place.path().join(name), text()).unwrap();
        } else if let Some(name) =
            head.strip_prefix("# add to ").and_then(|name| name.strip_suffix(':'))
        {
            let path = self.place.path().join(name);
            let before = fs::read_to_string(&path).unwrap();
            fs::write(path, before + &text()).unwrap();
        } else if let Some(name) =
            head.strip_prefix("# in ").and_then(|name| name.strip_suffix(':'))
        {
            let text = fs::read_to_string(self.place.path().join(name)).unwrap();
            let mut lines = text.lines().map(squeezed);
            for shown in body[1..].iter().filter(|line| !["", LEFT_OUT].contains(line)) {
                if !lines.any(|line| line == squeezed(shown)) {
                    self.fails(line, &format!("`{shown}` is not in {name} at this place"));
                }
            }
        } else {
            self.fails(line, "a block that is no console names its file in its first line");
        }
    }

    /// Compares the picture of `line` with the file that the commands made.
    fn picture(&mut self, from: &str, line: &str) {
        let at = self.fresh.len();
        let Some(name) = line.split("](").nth(1).and_then(|rest| rest.split(')').next()) else {
            return self.fails(at, "no image follows");
        };
        let Ok(made) = fs::read(self.place.path().join(from)) else {
            return self.fails(at, &format!("no command made {from}"));
        };
        let kept = folder().join(name);
        if fs::read(&kept).is_ok_and(|kept| kept == made) {
            return;
        }
        if writes() {
            return fs::write(kept, made).unwrap();
        }
        self.fails(at, &format!("{name} is not the picture that the commands make"));
    }
}

/// A line with single blanks.
fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of a command; quotes hold words together, `#` begins a comment.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in command.chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// Runs a command in a folder: its exit code and the lines that a terminal of 80 columns shows.
fn run(command: &str, place: &Path) -> (i32, Vec<String>) {
    let words = words(command);
    let text: Vec<&str> = words.iter().map(String::as_str).collect();
    let read = |name: &str| fs::read_to_string(place.join(name)).unwrap();
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_string()).collect();
    match text[..] {
        ["cat", file] => (0, lines(&read(file))),
        ["head", "-n", count, file] => {
            (0, read(file).lines().take(count.parse().unwrap()).map(String::from).collect())
        }
        ["grep", what, file] => {
            let text = read(file);
            let found = text.lines().filter(|line| line.contains(what)).map(String::from);
            (0, found.collect())
        }
        ["cp", from, to] => {
            fs::copy(place.join(from), place.join(to)).unwrap();
            (0, Vec::new())
        }
        ["fivenines", ref words @ ..] => {
            let (mut reader, writer) = pipe().unwrap();
            let mut program = Command::new(binary());
            program.current_dir(place).env("COLUMNS", "80").stderr(writer.try_clone().unwrap());
            for name in ["NO_COLOR", "CLICOLOR_FORCE", "LC_ALL", "RUST_BACKTRACE"] {
                program.env_remove(name);
            }
            let words = match words {
                [words @ .., ">", file] => {
                    program.stdout(fs::File::create(place.join(file)).unwrap());
                    drop(writer);
                    words
                }
                words => {
                    program.stdout(writer);
                    words
                }
            };
            let mut child = program.args(words).spawn().unwrap();
            // The pipe ends once the child's are its only writers.
            drop(program);
            let mut printed = String::new();
            reader.read_to_string(&mut printed).unwrap();
            let code = child.wait().unwrap().code().unwrap();
            // A blank that does not break looks like any other on a page.
            let printed: Vec<String> = lines(&printed.replace(['\u{a0}', '\u{202f}'], " "));
            (code, printed.into_iter().filter(|line| !is_progress(line)).collect())
        }
        _ => panic!("no command of a page: `{command}`"),
    }
}

/// True for `shop 80/116`: how far a run has come after so long depends on the machine.
fn is_progress(line: &str) -> bool {
    let counts = line.rsplit(' ').next().and_then(|last| last.split_once('/'));
    counts.is_some_and(|(done, all)| done.parse::<u64>().is_ok() && all.parse::<u64>().is_ok())
}

/// True if the shown line is the printed one, or its beginning.
fn same(shown: &str, printed: &str) -> bool {
    shown.strip_suffix(LEFT_OUT).map_or(shown == printed, |begin| printed.starts_with(begin))
}

/// True if the shown lines are the printed ones, `…` being any number of them.
fn matches(shown: &[&str], printed: &[String]) -> bool {
    match shown {
        [] => printed.is_empty(),
        [LEFT_OUT] => true,
        [LEFT_OUT, rest @ ..] => (0..=printed.len()).any(|from| matches(rest, &printed[from..])),
        [line, rest @ ..] => {
            let ends = |first: &String| same(line, first) && matches(rest, &printed[1..]);
            printed.first().is_some_and(ends)
        }
    }
}

/// The likeness of two words: 2 if they are the same, 1 if only their numbers differ.
fn likeness(a: &str, b: &str) -> Option<usize> {
    let digits = |word: &str| word.split(|c: char| c.is_ascii_digit()).collect::<String>();
    if a == b { Some(2) } else { (digits(a) == digits(b)).then_some(1) }
}

/// The place of the printed line that is most like the shown one.
fn place_of(shown: &str, printed: &[String], range: Range<usize>) -> Option<usize> {
    let shown = shown.trim_end_matches(LEFT_OUT);
    let alike = |at: usize| {
        let pairs = printed[at].split_whitespace().zip(shown.split_whitespace());
        pairs.filter_map(|(a, b)| likeness(a, b)).sum::<usize>()
    };
    let best = range.clone().map(alike).max().filter(|best| *best > 0)?;
    range.into_iter().find(|at| alike(*at) == best)
}

/// The printed lines, cut as the shown ones were; all of them where nothing was shown.
fn renewed(shown: &[&str], printed: &[String]) -> Vec<String> {
    let (mut fresh, mut from) = (Vec::new(), 0);
    let mut parts = shown.split(|line| *line == LEFT_OUT).enumerate().peekable();
    while let Some((number, part)) = parts.next() {
        let last = parts.peek().is_none();
        if number > 0 {
            fresh.push(LEFT_OUT.to_string());
        }
        let all = shown.is_empty() || (number == 0 && last);
        let begin = match part.first() {
            Some(first) if number > 0 => place_of(first, printed, from..printed.len()),
            _ => Some(from),
        };
        let Some(begin) = begin.filter(|_| all || !part.is_empty()) else { continue };
        let end = match part.last() {
            Some(end) if !last => place_of(end, printed, begin..printed.len()).map(|end| end + 1),
            _ => Some(printed.len()),
        };
        let end = end.unwrap_or(begin + part.len()).min(printed.len());
        for (at, line) in printed[begin..end].iter().enumerate() {
            let cut = part.get(at).filter(|shown| shown.ends_with(LEFT_OUT));
            let line = cut.map_or(line.clone(), |shown| {
                let kept: String = line.chars().take(shown.chars().count() - 1).collect();
                kept + LEFT_OUT
            });
            fresh.push(line);
        }
        from = end;
    }
    fresh
}

/// The lines of a page outside of its blocks and comments, and those inside of blocks.
fn parted(text: &str) -> (String, String) {
    let (mut prose, mut blocks, mut inside) = (String::new(), String::new(), false);
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !line.starts_with("<!-- ") {
            let part = if inside { &mut blocks } else { &mut prose };
            part.push_str(line);
            part.push('\n');
        }
    }
    (prose, blocks)
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

#[test]
fn a_figure_of_a_sentence_stands_in_an_output_of_the_page() {
    let mut wrong = Vec::new();
    for name in PAGES {
        let (prose, blocks) = parted(&read(name));
        let blocks = squeezed(&blocks);
        for span in squeezed(&prose).split('`').skip(1).step_by(2) {
            let figure =
                span.starts_with(|first: char| first.is_ascii_digit() || "$±≥≤".contains(first));
            if figure && !blocks.contains(span) {
                wrong.push(format!("docs/guide/{name}: `{span}` is in no block of the page"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The anchors of a page, as GitHub makes them of its headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let heads = text.lines().filter_map(|line| line.strip_prefix('#'));
    let anchor = |head: &str| {
        let head = head.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        head.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    };
    heads.map(anchor).collect()
}

#[test]
fn every_link_of_the_guide_leads_somewhere() {
    let mut wrong = Vec::new();
    for name in PAGES.iter().chain(&["README.md"]) {
        let (prose, _) = parted(&read(name));
        let targets = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        // Pictures are compared with those that the commands make.
        for target in targets.filter(|target| !target.ends_with(".svg")) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { folder().join(name) } else { folder().join(path) };
            let text = fs::read(&file).map(|bytes| String::from_utf8_lossy(&bytes).to_string());
            let text = if file.is_dir() { Ok(String::new()) } else { text };
            let there = text.is_ok_and(|text| anchor.is_empty() || anchors(&text).contains(anchor));
            if !there {
                wrong.push(format!("docs/guide/{name}: {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_and_picture_of_the_guide_is_run_and_listed() {
    let index = read("README.md");
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    for name in entries.map(|name| name.to_str().unwrap().to_string()) {
        if name.ends_with(".md") && name != "README.md" {
            assert!(PAGES.contains(&name.as_str()), "{name} is not in `pages!`");
            assert!(index.contains(&format!("({name})")), "README.md of the guide lacks {name}");
        } else if name.ends_with(".svg") {
            let shown = |page: &&str| read(page).contains(&format!("({name})"));
            assert!(PAGES.iter().any(shown), "no page shows {name}");
        }
    }
    let pictures = |page: &&&str| !read(page).contains("<!-- picture: ");
    let without: Vec<&&str> = PAGES.iter().filter(pictures).collect();
    assert!(without.is_empty(), "these have no picture of the program: {without:?}");
    let main = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(main.contains("docs/guide/README.md"), "README.md names the guide");
}

#[test]
fn lines_left_out_match_any_number_and_an_output_is_cut_again_as_it_was() {
    let printed: Vec<String> = ["head", "a  1 s", "b  2 s", "c  3 s"].map(String::from).to_vec();
    for (shown, fits) in [
        (&["head", "…"][..], true),
        (&["…", "b  2 s", "…"], true),
        (&["…", "c  3 s"], true),
        (&["he…", "…"], true),
        (&["…", "b  3 s", "…"], false),
        (&["head"], false),
        (&[], false),
    ] {
        assert_eq!(matches(shown, &printed), fits, "{shown:?}");
    }
    assert_eq!(renewed(&["…", "b  9 s", "…"], &printed), ["…", "b  2 s", "…"]);
    assert_eq!(renewed(&["hea…", "a  0 s", "…"], &printed), ["hea…", "a  1 s", "…"]);
    assert_eq!(renewed(&["…", "c  0 s"], &printed), ["…", "c  3 s"]);
    assert_eq!(renewed(&[], &printed), printed);
    assert!(!is_progress("shop: 3/4 of it") && is_progress("shop 80/116"));
    assert_eq!(
        words("fivenines run 'a b' x=\"c\" # exit code 1"),
        ["fivenines", "run", "a b", "x=c"]
    );
}
