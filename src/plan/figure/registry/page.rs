//! The reference page of the figures.

use std::fmt::Write as _;

use super::{At, ROWS, Row, Word};
use crate::plan::figure::Metric;

/// Renders the reference page of all figures.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(
        "# Figures\n\n\
         Every figure that a path can name (the grammar is in [language.md](language.md), section 6). What is \
         not listed here is refused with E0414. *Precision* says whether `precision` adds replications until \
         its half-width is reached; *margin* is the relative difference that `gate` takes for a \
         change.\n",
    );
    let mut last = None;
    for row in by_metric() {
        if last != Some(row.metric) {
            last = Some(row.metric);
            let metric = row.metric;
            let _ = write!(
                page,
                "\n## `{}`\n\n{}\n\n\
                 | of | statistic | selections | where | solver | unit | estimand | interval | precision | margin |\n\
                 |---|---|---|---|---|---|---|---|---|---|\n",
                metric.id(),
                metric.meaning(),
            );
        }
        let words: Vec<String> = row.stats.iter().map(|word| shown(*word)).collect();
        let keys: Vec<String> = row
            .keys
            .iter()
            .map(|key| {
                let open = if key.required { "" } else { "?" };
                format!("`[{}={}]`{open}", key.name, key.value.words())
            })
            .collect();
        let at: Vec<&str> =
            row.at.iter().filter(|at| **at != At::Unnamed).map(|at| at.suffix()).collect();
        let at =
            if at.is_empty() { "no window".to_string() } else { format!("`{}`", at.join("`, `")) };
        let word = row.stats[0];
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            row.whose(),
            words.join(", "),
            keys.join(" "),
            at,
            row.by.solver(),
            row.unit(word).words(),
            row.estimand,
            row.interval.words(),
            if row.precise { "yes" } else { "no" },
            match row.margin(word) {
                0.0 => "none".to_string(),
                margin => format!("{} %", (margin * 100.0).round()),
            },
        );
    }
    page.push_str(
        "\nA selection marked `?` may be left out. Runs around a break are a fixed number: there `precision` is \
         refused.\n",
    );
    page
}

/// Returns the rows in the order of metrics, and those of one metric in the order of the table.
#[must_use]
pub fn by_metric() -> Vec<&'static Row> {
    let of = |metric: &Metric| {
        let metric = *metric;
        ROWS.iter().filter(move |row| row.metric == metric)
    };
    Metric::ALL.iter().flat_map(of).collect()
}

/// Renders a statistic for the reference page.
fn shown(word: Word) -> String {
    match word {
        Word::Own => "(none)".into(),
        word => word.written().iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", "),
    }
}
