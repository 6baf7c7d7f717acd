//! One step of a queue of views under overload.

use super::row::Row;
use crate::plan::fluid::users::Patience;

/// Relative change of a queue's length, as a share of the capacity, below which it has settled. At a load of exactly 1,
/// or just below, it would otherwise be followed for years: only the few views that abandon it drain it.
const STEADY: f64 = 1e-3;

/// Advances the queue of views by `seconds` at a constant rate; returns the views lost from it.
///
/// It settles at the length at which abandonment equals the surplus. Without a surplus, the rest of a steady queue is
/// lost and served in proportion to the rates at which views abandon it and drain from it.
pub(super) fn line(
    row: &mut Row,
    patience: &Patience,
    (rate, capacity): (f64, f64),
    (seconds, room): (f64, f64),
) -> f64 {
    let surplus = rate - capacity;
    if !patience.ends() {
        let line = (row.waiting + surplus * seconds).max(0.0);
        row.waiting = line.min(room);
        row.settled = surplus <= 0.0 && row.waiting <= 0.0;
        return line - row.waiting;
    }
    let scale = patience.scale();
    let most = patience.most().map_or(f64::INFINITY, |most| most.seconds() * capacity).min(room);
    let (mut left, mut lost) = (seconds, 0.0);
    let mut before: Option<f64> = None;
    while left > 0.0 {
        if surplus <= 0.0 && row.waiting <= 0.0 {
            (row.waiting, row.settled) = (0.0, true);
            return lost;
        }
        if row.waiting >= most && surplus > 0.0 {
            (row.waiting, row.settled) = (most, true);
            return lost + surplus * left;
        }
        let gone = if capacity > 0.0 { patience.gone(row.waiting / capacity) } else { 1.0 };
        let change = rate * (1.0 - gone) - capacity;
        // The steady length lies between two steps of opposite sign.
        let stays = surplus > 0.0 && before.is_some_and(|before| before * change < 0.0);
        if stays || change.abs() <= STEADY * capacity {
            row.settled = true;
            if surplus > 0.0 {
                return lost + surplus * left;
            }
            let (abandons, drains) = (rate * gone, -surplus);
            let rest = std::mem::take(&mut row.waiting);
            let share = if abandons > 0.0 { abandons / (abandons + drains) } else { 0.0 };
            return lost + rest * share;
        }
        before = Some(change);
        let step = (scale / 50.0).min(left);
        let line = (row.waiting + change * step).max(0.0);
        // Lost views are those that arrived and neither wait nor were served, bounded by the end of the queue.
        lost += rate * gone * step + (line - most).max(0.0);
        row.waiting = line.min(most);
        left -= step;
    }
    lost
}
