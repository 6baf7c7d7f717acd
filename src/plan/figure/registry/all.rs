//! Complete registry: the rows of the table, then those that kinds of components declare.

use super::{Row, rows};

/// Rows of all figures: those of the table, then those that kinds of components declare.
pub const ROWS: &[Row] = &ALL;

const ALL: [Row; COUNT] = {
    let mut all = [rows::ROWS[0]; COUNT];
    let mut at = 0;
    while at < rows::ROWS.len() {
        all[at] = rows::ROWS[at];
        at += 1;
    }
    let mut kind = 0;
    while kind < crate::kinds::ROWS.len() {
        let mut row = 0;
        while row < crate::kinds::ROWS[kind].len() {
            all[at] = crate::kinds::ROWS[kind][row];
            at += 1;
            row += 1;
        }
        kind += 1;
    }
    all
};

const COUNT: usize = {
    let mut count = rows::ROWS.len();
    let mut kind = 0;
    while kind < crate::kinds::ROWS.len() {
        count += crate::kinds::ROWS[kind].len();
        kind += 1;
    }
    count
};
