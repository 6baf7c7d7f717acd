//! The reference page of result files, generated from the declarations of their columns.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::columns::Described;
use super::{claims, comparison, run, sweep};

/// The files of one command.
struct Command {
    heading: &'static str,
    intro: &'static str,
    files: Vec<Part>,
}

/// A file, or the rows of a file about one subject.
struct Part {
    about: Option<&'static str>,
    described: Described,
}

fn commands() -> [Command; 4] {
    let whole = |described| Part { about: None, described };
    let parts = comparison::described().into_iter();
    let part = |(about, described)| Part { about: Some(about), described };
    [
        Command {
            heading: "`fivenines run`",
            intro: "The folder of a scenario, alone and as a member of a comparison. A file is there only when it \
                    has something to report.",
            files: run::files::described().into_iter().map(whole).collect(),
        },
        Command {
            heading: "`fivenines compare`",
            intro: "The rows of `comparison.csv` begin with a column `about`, the subject of the \
                    row; a column that does not belong to it is empty. The columns of bounds are \
                    there only where some row has an interval. `comparison.json` has the same rows \
                    in the lists `data`, `utilization`, `breaks`, `databases`, `steps`, `years` \
                    and `offers`.",
            files: parts.map(part).collect(),
        },
        Command {
            heading: "`fivenines sweep`",
            intro: "The folder of a sweep. `spread.csv` and `moved-by.csv` are there for variants that were drawn.",
            files: sweep::described().into_iter().map(whole).collect(),
        },
        Command {
            heading: "`fivenines compare` with claims",
            intro: "The folder of a ledger of claims.",
            files: vec![whole(claims::described())],
        },
    ]
}

/// Returns the documentation of the files of all commands, in the order of the page; a file with several kinds of rows
/// has an entry for each.
#[must_use]
pub fn files() -> Vec<Described> {
    commands().into_iter().flat_map(|one| one.files).map(|part| part.described).collect()
}

/// Writes the page in Markdown.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(
        "# Result files\n\nEvery column of the CSV files that the commands write. A name ends with \
         the unit: `_s` seconds, `_ratio` a share or a ratio from 0 to 1, `_per_s` per second, \
         `_per_year` per year. `_lo` and `_hi` are the bounds of the interval of the column before \
         them. A missing value is an empty field, with the reason in the last column where there \
         is one. A file of partial results begins with a line `# PARTIAL` and the reason.\n\nNot \
         on this page: `summary.json`, `replications.json`, `comparison.json` and other JSON \
         files, `journal.jsonl` ([journal.md](journal.md)), drawings and pages. `fivenines export --form parquet` \
         writes the same tables as Parquet, with the same names of columns.\n",
    );
    for command in commands() {
        let _ = write!(page, "\n## {}\n\n{}\n", command.heading, command.intro);
        for Part { about, described } in command.files {
            let about = about.map_or_else(String::new, |about| format!(", rows about `{about}`"));
            let _ = write!(
                page,
                "\n### `{}`{about}\n\nA row: {}\n\n| column | meaning |\n|---|---|\n",
                described.name,
                uncapitalised(described.row_is),
            );
            for column in &described.columns {
                let names: Vec<String> = column.names.iter().map(|n| format!("`{n}`")).collect();
                let _ = writeln!(page, "| {} | {} |", names.join(", "), column.meaning);
            }
        }
    }
    page
}

fn uncapitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Returns the same for programs, as a list of files.
#[must_use]
pub fn list() -> Json {
    let part = |Part { about, described }: Part| {
        let columns = described.columns.iter().flat_map(|column| {
            column.names.iter().map(|name| json!({ "name": name, "meaning": column.meaning }))
        });
        json!({
            "file": described.name,
            "about": about,
            "row": described.row_is,
            "columns": columns.collect::<Vec<_>>(),
        })
    };
    commands().into_iter().flat_map(|one| one.files).map(part).collect()
}
