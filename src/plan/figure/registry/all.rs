//! The rows of the registry and those that kinds of components bring along, one after the other.

use super::{Row, rows};

/// All figures: the rows of all kinds of components, and those that some bring along.
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
