//! Promise: who changes the program finds each thing in its room: folders use only those above them, names are
//! resolved in few files, and long files and functions are known by name, each with its reason.
//!
//! `tidy.txt` is the list of what is longer than it should be. A number there is the most that the test accepts:
//! what has become shorter is written down with `FIVENINES_TIDY=write`, what has become longer is a failure. The
//! test prints what it counted (`cargo test --test it tidy:: -- --nocapture`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The folders of `src` in the order of dependence: each uses only those before it.
const FOLDERS: [&str; 17] = [
    "convert",
    "table",
    "units",
    "engine",
    "stats",
    "scenario",
    "observe",
    "health",
    "workload",
    "mechanism",
    "model",
    "plan",
    "solve",
    "study",
    "report",
    "facade",
    "cli",
];

/// Files of a kind that stand with the model: what the file says, and what happens in the loop. All others stand
/// with the plan.
const WITH_MODEL: [&str; 6] = ["spec", "live", "guests", "account", "brokers", "mechanism"];

/// The place among [`FOLDERS`] of what stands at `path`, such as `plan/load.rs` or `kinds/cache/live/tests.rs`; `None`
/// for what stands nowhere, such as `lib.rs`.
fn level(path: &str) -> Option<usize> {
    let mut parts = path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part));
    let mut folder = parts.next()?;
    if folder == "kinds" {
        let room = parts.nth(1).unwrap_or("spec");
        folder = if room == "mod" || WITH_MODEL.contains(&room) { "model" } else { "plan" };
    }
    FOLDERS.iter().position(|other| *other == folder)
}

/// Lines of a file that need a reason.
const LONG_FILE: usize = 600;
/// Lines of a function that need a reason.
const LONG_FUNCTION: usize = 70;

/// A source file: its path below `src`, its lines.
pub struct File {
    pub path: String,
    pub lines: Vec<String>,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn files() -> Vec<File> {
    let mut found = Vec::new();
    let mut open = vec![root().join("src")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let lines = text.lines().map(String::from).collect();
                let path = path.strip_prefix(root().join("src")).unwrap();
                found.push(File { path: path.display().to_string(), lines });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 200, "the sources are there");
    found
}

impl File {
    /// Lines of code: no comment, not empty.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.lines.iter().map(|line| line.trim()).enumerate();
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with("//"))
    }

    fn folder(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The folder of the kind in which it stands; `None` outside of all.
    fn kind(&self) -> Option<&str> {
        self.path.strip_prefix("kinds/")?.split_once('/').map(|(kind, _)| kind)
    }

    /// Names and lines of its functions, as rustfmt writes them.
    fn functions(&self) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            let body = line.trim_start();
            let indent = &line[..line.len() - body.len()];
            let words: Vec<&str> = body.split_whitespace().collect();
            let Some(place) = words.iter().position(|word| *word == "fn") else { continue };
            let before = ["pub", "const", "unsafe", "async", "extern"];
            let known = |word: &&str| before.iter().any(|one| word.starts_with(one));
            if !words[..place].iter().all(known) || body.ends_with(';') {
                continue;
            }
            // A method of a trait that is only declared.
            let ends = |line: &&String| line.ends_with(';') || line.ends_with('{');
            if self.lines[at..].iter().find(ends).is_none_or(|line| line.ends_with(';')) {
                continue;
            }
            let name = words.get(place + 1).unwrap_or(&"").split(['(', '<']).next().unwrap();
            let end = format!("{indent}}}");
            let length = self.lines[at..].iter().position(|line| *line == end);
            found.push((name.to_string(), length.map_or(1, |length| length + 1)));
        }
        found
    }
}

#[test]
fn a_folder_uses_only_those_above_it() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files() {
        let Some(own) = level(&file.path) else { continue };
        // The table of kinds names what each of them is, at every level.
        if file.path == "kinds/mod.rs" {
            continue;
        }
        for (at, line) in file.code() {
            for used in line.split("crate::").skip(1) {
                let end = used.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
                let used = used[..end.unwrap_or(used.len())].replace("::", "/");
                let Some(other) = level(&used) else { continue };
                seen += 1;
                if other > own {
                    wrong.push(format!("{}:{}: {line}", file.path, at + 1));
                }
            }
        }
    }
    assert!(seen > 1_000, "uses were read");
    assert!(wrong.is_empty(), "these use a folder below them:\n{}", wrong.join("\n"));
}

/// What the command may name of the crate, and why. Everything else is behind the facade.
const COMMAND: [(&str, &str); 5] = [
    ("facade", "what it does"),
    ("report", "what it prints and writes"),
    ("cli", "itself"),
    ("scenario::render", "text from outside is escaped and wrapped as diagnostics are"),
    ("units::SimDuration", "instants of events, in seconds"),
];

#[test]
fn the_command_stands_on_the_facade_and_prints_by_the_report() {
    let mut used = [false; COMMAND.len()];
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.folder() == "cli") {
        for (at, line) in file.code() {
            for path in line.split("crate::").skip(1) {
                let known = |name: &str| {
                    let rest = path.strip_prefix(name);
                    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
                };
                match COMMAND.iter().position(|(name, _)| known(name)) {
                    Some(place) => used[place] = true,
                    None => wrong.push(format!("{}:{}: {line}", file.path, at + 1)),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "ask the facade for this instead:\n{}", wrong.join("\n"));
    let idle: Vec<&str> =
        COMMAND.iter().zip(used).filter(|(_, used)| !used).map(|((name, _), _)| *name).collect();
    assert!(idle.is_empty(), "the command names these no more, take them off the list: {idle:?}");
}

/// Where text may still be asked for what it names, and why. Everything else takes what these have resolved.
const RESOLVE: [(&str, &str); 13] = [
    ("plan/names.rs", "the names themselves"),
    ("plan/links.rs", "references between components"),
    ("plan/placement.rs", "where zones stand"),
    ("plan/route/resolve.rs", "steps"),
    ("plan/targets.rs", "what faults and operations hit"),
    ("plan/bounds.rs", "counts parts before anything is resolved"),
    ("kinds/database/check.rs", "keys of a table of members"),
    ("kinds/balancer/links.rs", "whether a database or services stand behind one"),
    ("kinds/sharded/check.rs", "whether a name stands for several databases"),
    ("kinds/zone/links.rs", "whether a server would stand in a zone"),
    ("plan/checks/runs.rs", "zones of a resize"),
    ("study/breaks.rs", "the part of a figure"),
    ("plan/availability/", "causes, which are kept by name"),
];

#[test]
fn names_are_resolved_in_few_rooms() {
    let mut used = [false; RESOLVE.len()];
    let mut wrong = Vec::new();
    for file in files() {
        for (at, line) in file.code() {
            let asks = ["names.find(", "names.resolve(", "names().find(", "targets::parts("];
            let asks = asks.iter().any(|call| line.contains(call));
            // The names of the loop are those of a name service.
            if !asks || level(&file.path) < level("plan") {
                continue;
            }
            match RESOLVE.iter().position(|(room, _)| file.path.starts_with(room)) {
                Some(room) => used[room] = true,
                None => wrong.push(format!("{}:{}: {line}", file.path, at + 1)),
            }
        }
    }
    // The names ask themselves without a field.
    used[0] = true;
    assert!(wrong.is_empty(), "names are resolved where they should be ids:\n{}", wrong.join("\n"));
    let idle: Vec<&str> =
        RESOLVE.iter().zip(used).filter(|(_, used)| !used).map(|((room, _), _)| *room).collect();
    assert!(idle.is_empty(), "these resolve nothing any more, take them off the list: {idle:?}");
}

/// Which kind names which other, and why.
const KNOWS: [(&str, &str, &str); 7] = [
    ("balancer", "client", "cookies are kept with the guests"),
    ("cdn", "cache", "an edge holds objects as a cache does"),
    ("nas", "disks", "a pool is a set of disks"),
    ("queue", "service", "a consumer holds as many messages as its service has workers"),
    ("scaler", "service", "without a bound on its workers no request waits"),
    ("zone", "disks", "a server has sets of disks"),
    ("zone", "service", "the services of a zone use its memory"),
];

#[test]
fn a_kind_names_another_only_where_it_is_made_of_it() {
    let mut used = [false; KNOWS.len()];
    let mut wrong = Vec::new();
    for file in files() {
        let Some(kind) = file.kind() else { continue };
        for (at, line) in file.code() {
            for other in line.split("crate::kinds::").skip(1) {
                let end = other.find(|c: char| !c.is_ascii_lowercase() && c != '_');
                let other = &other[..end.unwrap_or(other.len())];
                // Without a folder it is the table.
                let folder = root().join("src/kinds").join(other).is_dir() && !other.is_empty();
                if other == kind || !folder {
                    continue;
                }
                match KNOWS.iter().position(|(one, two, _)| (*one, *two) == (kind, other)) {
                    Some(place) => used[place] = true,
                    None => wrong.push(format!("{}:{}: {line}", file.path, at + 1)),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "these name another kind:\n{}", wrong.join("\n"));
    let idle: Vec<_> = KNOWS.iter().zip(used).filter(|(_, used)| !used).collect();
    assert!(idle.is_empty(), "these name it no more, take them off the list: {idle:?}");
}

/// Words of the plan and the loop that mean one kind, with its folder.
const WORDS: [(&str, &str); 36] = [
    ("Balancer", "balancer"),
    ("Cache", "cache"),
    ("Cdn", "cdn"),
    ("Edge", "cdn"),
    ("Client", "client"),
    ("Clients", "client"),
    ("Database", "database"),
    ("Disks", "disks"),
    ("Feed", "feed"),
    ("Log", "log"),
    ("Head", "nas"),
    ("Pool", "nas"),
    ("Nas", "nas"),
    ("Link", "network"),
    ("Site", "network"),
    ("Rack", "network"),
    ("NameService", "name_service"),
    ("Queue", "queue"),
    ("Scaler", "scaler"),
    ("Server", "zone"),
    ("Service", "service"),
    ("Switch", "network"),
    ("Uplink", "network"),
    ("Station", "station"),
    ("Zone", "zone"),
    ("Cpu", "zone"),
    ("Lending", "zone"),
    ("Paging", "zone"),
    ("IoLedger", "disks"),
    ("Links", "network"),
    ("Names", "name_service"),
    ("Unit", "unit"),
    ("Group", "unit"),
    ("Crew", "unit"),
    ("Purge", "purge"),
    ("Sharded", "sharded"),
];

/// Number of places where a folder of a kind names another kind by a word of the plan or the loop. A smaller number is written
/// here.
const NAMED: usize = 89;

#[test]
fn kinds_do_not_name_each_other_more_often_by_words_of_the_plan() {
    let mut pairs: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for file in files() {
        let Some(kind) = file.kind() else { continue };
        for (_, line) in file.code() {
            for of in ["Kind::", "Part::", "Config::", "Component::", "Entrance::"] {
                for named in line.split(of).skip(1) {
                    let end = named.find(|c: char| !c.is_ascii_alphanumeric());
                    let named = &named[..end.unwrap_or(named.len())];
                    let other = WORDS.iter().find(|(word, _)| *word == named);
                    if let Some((_, other)) = other.filter(|(_, other)| *other != kind) {
                        *pairs.entry((kind.to_string(), other)).or_default() += 1;
                    }
                }
            }
        }
    }
    let all: usize = pairs.values().sum();
    println!("kinds named by other kinds: {all}, {pairs:?}");
    assert!(all <= NAMED, "{all} names of other kinds, {NAMED} are known: {pairs:?}");
    assert!(all + 3 > NAMED, "less than {NAMED}: write {all} into this file");
}

/// Sections of a scenario, as fields of its form and of the links between components, with the folder of their kind.
const FIELDS: [(&str, &str); 30] = [
    ("balancer", "balancer"),
    ("balancers", "balancer"),
    ("cache", "cache"),
    ("caches", "cache"),
    ("cdn", "cdn"),
    ("cdns", "cdn"),
    ("clients", "client"),
    ("crew", "unit"),
    ("database", "database"),
    ("databases", "database"),
    ("feed", "feed"),
    ("group", "unit"),
    ("link", "network"),
    ("log", "log"),
    ("name_service", "name_service"),
    ("nas", "nas"),
    ("purge", "purge"),
    ("queue", "queue"),
    ("queues", "queue"),
    ("rack", "network"),
    ("scaler", "scaler"),
    ("scalers", "scaler"),
    ("server", "zone"),
    ("service", "service"),
    ("services", "service"),
    ("site", "network"),
    ("station", "station"),
    ("unit", "unit"),
    ("vm", "zone"),
    ("zone", "zone"),
];

/// Number of files outside of all kinds that name each. A smaller number is written here: a new name of a kind in a phase is a
/// step back.
const PHASES: [(&str, usize); 19] = [
    ("balancer", 22),
    ("cache", 8),
    ("cdn", 18),
    ("client", 16),
    ("database", 29),
    ("disks", 16),
    ("feed", 3),
    ("log", 0),
    ("name_service", 11),
    ("nas", 19),
    ("network", 28),
    ("purge", 2),
    ("queue", 1),
    ("scaler", 10),
    ("service", 28),
    ("sharded", 1),
    ("station", 10),
    ("unit", 17),
    ("zone", 48),
];

/// The folder whose kind a line names: by its path, by a word of the plan, or by a section of the scenario.
fn names(line: &str) -> BTreeSet<&str> {
    let word = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        rest[..end.unwrap_or(rest.len())].to_string()
    };
    let mut found = BTreeSet::new();
    for (before, known) in [
        (["Kind::", "Part::", "Config::", "Component::", "Entrance::"].as_slice(), &WORDS[..]),
        (["scenario.", "links.", "links.own."].as_slice(), &FIELDS[..]),
    ] {
        for before in before {
            for (at, _) in line.match_indices(before) {
                // `WatchedKind::` is another type.
                if line[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) {
                    continue;
                }
                let named = word(&line[at + before.len()..]);
                found.extend(known.iter().filter(|(own, _)| *own == named).map(|(_, kind)| *kind));
            }
        }
    }
    for rest in line.split("kinds::").skip(1) {
        let named = word(rest);
        found.extend(PHASES.iter().map(|(kind, _)| *kind).filter(|kind| *kind == named));
    }
    found
}

#[test]
fn no_more_files_outside_of_its_folder_name_a_kind() {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for file in files() {
        if file.path.starts_with("kinds/") || file.path.contains("test") {
            continue;
        }
        let lines: Vec<String> = file.code().map(|(_, line)| line.to_string()).collect();
        let named: BTreeSet<&str> = lines.iter().flat_map(|line| names(line)).collect();
        let known = PHASES.iter().filter(|(kind, _)| named.contains(kind));
        known.for_each(|(kind, _)| *count.entry(kind).or_default() += 1);
    }
    let now: Vec<(&str, usize)> =
        PHASES.iter().map(|(kind, _)| (*kind, count.get(kind).copied().unwrap_or(0))).collect();
    println!("files of the phases that name each kind: {now:?}");
    assert_eq!(now, PHASES, "more is a step back; a smaller number is written here");
}

/// Files of the facade whose types are not for users.
const INSIDE: [&str; 2] = ["facade/load.rs", "facade/ready.rs"];

#[test]
fn every_function_of_the_facade_has_an_example() {
    let mut lacking = Vec::new();
    let mut seen = 0;
    for file in files() {
        if !file.path.starts_with("facade/") || INSIDE.contains(&file.path.as_str()) {
            continue;
        }
        let lines = &file.lines;
        for (at, line) in lines.iter().enumerate() {
            let line =
                line.trim_start_matches("    pub const fn ").trim_start_matches("    pub fn ");
            if line.len() == lines[at].len() {
                continue;
            }
            seen += 1;
            let above = lines[..at].iter().rev();
            let doc =
                above.take_while(|line| line.starts_with("    ///") || line.starts_with("    #["));
            if !doc.into_iter().any(|line| line.contains("```")) {
                lacking.push(format!("{}:{}", file.path, at + 1));
            }
        }
    }
    assert!(lacking.is_empty(), "without an example: {}", lacking.join(", "));
    assert!(seen > 100, "{seen} functions were read");
}

/// What is longer than it should be, with its length.
fn long(files: &[File]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for file in files {
        if file.lines.len() > LONG_FILE {
            found.insert(format!("file {}", file.path), file.lines.len());
        }
        for (name, lines) in file.functions() {
            if lines > LONG_FUNCTION {
                let most = found.entry(format!("function {} {name}", file.path)).or_insert(0);
                *most = lines.max(*most);
            }
        }
    }
    found
}

/// Lines such as `file model/world.rs 1155: the loop`.
pub fn listed(text: &str) -> BTreeMap<String, (usize, String)> {
    let line = |line: &str| {
        let (what, reason) = line.split_once(": ")?;
        let (what, lines) = what.rsplit_once(' ')?;
        Some((what.to_string(), (lines.parse().ok()?, reason.to_string())))
    };
    text.lines().filter_map(line).collect()
}

#[test]
fn long_files_and_functions_are_known_each_with_its_reason() {
    let files = files();
    let (found, place) = (long(&files), root().join("tests/it/tidy.txt"));
    let known = listed(&std::fs::read_to_string(&place).unwrap_or_default());
    if std::env::var("FIVENINES_TIDY").is_ok_and(|word| word == "write") {
        let mut text = String::new();
        for (what, lines) in &found {
            let reason = known.get(what).map_or("no reason yet", |(_, reason)| reason);
            // Rounded up, so that a line more or less is no change.
            let _ = writeln!(text, "{what} {}: {reason}", lines.div_ceil(20) * 20);
        }
        return std::fs::write(&place, text).unwrap();
    }
    let mut wrong = Vec::new();
    for (what, lines) in &found {
        match known.get(what) {
            None => wrong.push(format!("{what} has {lines} lines and is not on the list")),
            Some((most, _)) if lines > most => {
                wrong.push(format!("{what} has {lines} lines, {most} are on the list"));
            }
            Some((_, reason)) if reason == "no reason yet" => wrong.push(format!("{what}: why?")),
            Some(_) => {}
        }
    }
    assert!(
        wrong.is_empty(),
        "split them, or say in tests/it/tidy.txt why not:\n{}",
        wrong.join("\n")
    );
    let gone: Vec<&String> = known.keys().filter(|what| !found.contains_key(*what)).collect();
    assert!(gone.is_empty(), "these are short now, take them off tests/it/tidy.txt: {gone:?}");
}

/// What says how far the house is from one folder a kind.
#[test]
fn the_house_is_counted() {
    let files = files();
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut public, mut worlds, mut rooms) = (0, 0, 0);
    for file in &files {
        *lines.entry(file.folder()).or_default() += file.code().count();
        let is_public = |(_, line): &(usize, &str)| {
            let rest = line.strip_prefix("pub ").unwrap_or_default();
            let items = ["fn ", "const ", "struct ", "enum ", "trait ", "type ", "static ", "mod "];
            items.iter().any(|item| rest.starts_with(item))
        };
        public += file.code().filter(is_public).count();
        let blocks = file.code().filter(|(_, line)| {
            line.starts_with("impl")
                && [" World<", " World {", " Around<"].iter().any(|of| line.contains(of))
        });
        let blocks = blocks.count();
        if !file.path.starts_with("model/") {
            worlds += blocks;
            rooms += usize::from(blocks > 0);
        }
    }
    println!("lines of code by folder: {lines:?}");
    println!("public items: {public}");
    println!("blocks of the loop outside model: {worlds}, in {rooms} files");
    // More than today is a step back.
    // The one is of placement, which has a world of its own.
    assert!(worlds <= 1 && rooms <= 1, "the loop has methods in {rooms} files outside of its own");
    assert!(public > 100, "items were read");
}
