//! Promise: one page lists the systems of the sources, each with its question and what its run is tested to show.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

use crate::shared;

/// Systems of the sources, by folder below `scenarios/`, with a heading for each.
const SYSTEMS: [(&str, &str, &[&str]); 4] = [
    (
        "tiers",
        "Web architectures",
        &[
            "starter", "tier-1", "tier-2", "tier-3", "tier-4", "tier-5", "tier-6", "tier-7",
            "tier-8",
        ],
    ),
    (
        "databases",
        "Databases",
        &["db-1", "db-2-master-master", "db-2-master-slave", "db-3", "db-4", "db-5"],
    ),
    (
        "platform",
        "Mechanisms of the platform",
        &[
            "fair-share",
            "bursting",
            "io-throttle",
            "ram-cache",
            "memory-resize",
            "zone-vs-vm",
            "provisioning",
            "multi-tenant",
            "multi-site",
        ],
    ),
    (
        "scalable",
        "Scalable architectures and customers",
        &[
            "image-cluster",
            "replica-location",
            "standby",
            "caching",
            "logging",
            "replication",
            "whos-online",
            "complexity",
            "billion-pages",
            "render-farm",
        ],
    ),
];

/// Expectations of a file that the page has.
const SHOWN: usize = 3;

/// Returns the system to which a file belongs: the longest name with which its own begins.
fn system_of<'a>(stem: &str, systems: &[&'a str]) -> Option<&'a str> {
    let is_of = |system: &&&str| {
        let rest = stem.strip_prefix(**system);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    systems.iter().filter(is_of).max_by_key(|system| system.len()).copied()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Returns the row of a file, and the number of its expectations.
fn row(folder: &str, stem: &str) -> (String, usize) {
    let path = shared::scenarios().join(folder).join(format!("{stem}.toml"));
    let file: Table = fs::read_to_string(path).unwrap().parse().unwrap();
    let text = |table: &Table, key: &str| match table.get(key) {
        Some(Value::String(text)) => cell(text),
        found => panic!("{folder}/{stem}: {key} is {found:?}"),
    };
    let expected = file.get("expect").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut shows: Vec<String> = Vec::new();
    for one in expected.iter().take(SHOWN) {
        let one = one.as_table().unwrap();
        shows.push(format!("`{}` {}", text(one, "figure"), text(one, "is")));
    }
    if expected.len() > SHOWN {
        shows.push(format!("{} more", expected.len() - SHOWN));
    }
    let row = format!(
        "| [{stem}](../scenarios/{folder}/{stem}.toml) | {} | {} |\n",
        text(&file, "question"),
        shows.join("; ")
    );
    (row, expected.len())
}

/// Returns the names of the files of a folder, sorted.
fn stems(folder: &str) -> Vec<String> {
    let folder = shared::scenarios().join(folder);
    let files = shared::shipped().into_iter().filter(|path| path.parent() == Some(&folder));
    let mut stems: Vec<String> =
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_string()).collect();
    stems.sort();
    stems
}

fn page() -> String {
    let count: usize = SYSTEMS.iter().map(|(.., systems)| systems.len()).sum();
    let mut page = format!(
        "# The systems of the sources\n\n\
         This page lists the {count} systems of the source documents with their scenarios. Each file derives its figures in its \
         header, and says\nwhat follows from them. The last column has the first three figures that the file expects of its run; the \
         [full set of tests](testing.md)\nruns each file and fails if one does not hold. Which claims of the sources hold is on \
         [another page](claims.md). The results of the nine\nweb architectures are [kept](../results/README.md).\n\n\
         ```sh\nfivenines run scenarios/databases/db-3.toml\n```\n\n\
         This page is written by `FIVENINES_SYSTEMS=write cargo test --test it systems_page`.\n"
    );
    for (folder, heading, systems) in SYSTEMS {
        let head = "| scenario | question | expected figures |\n|---|---|---|\n";
        write!(page, "\n## {heading}\n\n{head}").unwrap();
        let stems = stems(folder);
        for system in systems {
            let own: Vec<&String> =
                stems.iter().filter(|stem| system_of(stem, systems) == Some(*system)).collect();
            assert!(!own.is_empty(), "no scenario of `{system}` ships");
            let mut expectations = 0;
            for stem in own {
                let (row, expected) = row(folder, stem);
                page.push_str(&row);
                expectations += expected;
            }
            assert!(expectations > 0, "nothing is expected of `{system}`");
        }
        let others: Vec<&String> =
            stems.iter().filter(|stem| system_of(stem, systems).is_none()).collect();
        if !others.is_empty() {
            write!(page, "\nBeside them:\n\n{head}").unwrap();
        }
        for stem in others {
            page.push_str(&row(folder, stem).0);
        }
    }
    page
}

#[test]
fn the_page_of_the_systems_is_what_the_files_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/systems.md");
    let page = page();
    if std::env::var("FIVENINES_SYSTEMS").is_ok_and(|what| what == "write") {
        fs::write(&path, &page).unwrap();
    }
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    assert!(readme.contains("the 34 systems of the sources") && page.contains("the 34 systems"));
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, page, "write docs/systems.md anew with FIVENINES_SYSTEMS=write");
}
