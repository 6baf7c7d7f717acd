//! Complete registry: the rows of the tables, then those that kinds of components declare.

use super::{Row, Whose, energy, rows};
use crate::kinds::FIGURES;
use crate::plan::figure::Metric;

/// Rows of all figures: those of the tables, then those that kinds of components declare.
pub static ROWS: &[Row] = &ALL;

static ALL: [Row; COUNT] = {
    let mut all = [rows::ROWS[0]; COUNT];
    let mut at = 0;
    while at < rows::ROWS.len() {
        all[at] = rows::ROWS[at];
        at += 1;
    }
    let mut row = 0;
    while row < energy::ROWS.len() {
        all[at] = energy::ROWS[row];
        at += 1;
        row += 1;
    }
    let mut kind = 0;
    while kind < FIGURES.len() {
        let mut row = 0;
        while row < FIGURES[kind].rows.len() {
            all[at] = FIGURES[kind].rows[row];
            at += 1;
            row += 1;
        }
        kind += 1;
    }
    all
};

const COUNT: usize = {
    let mut count = rows::ROWS.len() + energy::ROWS.len();
    let mut kind = 0;
    while kind < FIGURES.len() {
        count += FIGURES[kind].rows.len();
        kind += 1;
    }
    count
};

/// Returns whether a metric may be asked of the whole scenario, without a name.
#[must_use]
pub fn is_of_all(metric: Metric) -> bool {
    let whole = |of: &Whose| matches!(of, Whose::Scenario | Whose::ScenarioOrClass);
    ROWS.iter().any(|row| row.metric == metric && row.of.iter().any(whole))
}
