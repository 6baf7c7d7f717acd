//! Planned outages of a virtual machine that meet: the second would not begin, since its part is down.

use std::collections::BTreeMap;

use crate::kinds::zone::vm;
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;
use crate::units::SimDuration;

/// Planned outages of one part by one operation, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Outages {
    /// Begin of the first, after time zero.
    first: u64,
    /// Time from one to the next; `None`: there is one.
    every: Option<u64>,
    /// Length of each.
    lasts: u64,
    /// True if they are reboots.
    reboots: bool,
    /// Place of the operation's begin in the file.
    span: Span,
}

impl Outages {
    /// Returns whether one of these begins while one of `other` lasts, or the other way round. An end that is also a
    /// begin counts. The begins of two periods differ by all multiples of their greatest common divisor.
    fn meet(&self, other: &Self) -> bool {
        let (early, late) = if self.first <= other.first { (self, other) } else { (other, self) };
        let gap = late.first - early.first;
        let Some(every) = early.every else { return gap <= early.lasts };
        let every = late.every.map_or(every, |other| common_divisor(other, every)).max(1);
        let since = gap % every;
        since <= early.lasts || every - since <= late.lasts
    }
}

/// Returns the greatest common divisor.
fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Reports an operation that takes a virtual machine out, or reboots it, while another one does.
pub fn check(draft: &Draft, out: &mut Diagnostics) {
    if draft.as_written().vm.is_empty() {
        return;
    }
    let mut all: BTreeMap<Part, Vec<Outages>> = BTreeMap::new();
    for (_, spec) in draft.scenario.operation.iter() {
        let Some(at) = &spec.at else { continue };
        let outages = |after: u64, lasts: SimDuration, reboots: bool| Outages {
            first: at.value.after_zero(week_start(draft)).nanos().saturating_add(after),
            every: spec.every.as_ref().map(|every| every.period().nanos()),
            lasts: lasts.nanos(),
            reboots,
            span: at.span,
        };
        for (machine, lasts) in vm::reboots(draft, spec) {
            all.entry(machine).or_default().push(outages(0, lasts, true));
        }
        let Some(lasts) = spec.lasts.as_ref().filter(|_| spec.takes_out()) else { continue };
        // A deployment takes the parts out one after the other.
        let each = spec.turn().nanos();
        let mut after = 0_u64;
        for part in draft.targets.operated(spec) {
            all.entry(part).or_default().push(outages(after, lasts.value, false));
            after = after.saturating_add(each);
        }
    }
    for (part, outages) in &all {
        for (at, second) in outages.iter().enumerate() {
            let first = outages[..at].iter().find(|first| {
                (first.reboots || second.reboots) && first.span != second.span && first.meet(second)
            });
            let Some(first) = first else { continue };
            let message = format!(
                "`{}` is still down for another operation when this one begins, or the other way round",
                part.name(draft)
            );
            let help = "leave the time between them that it takes to stop, to boot, or that the work lasts";
            let mistake = Diagnostic::new(Code::TimesConflict, second.span, message).help(help);
            return out.push(mistake.related(first.span, "the other"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with the outages of four weeks, written out; for months and quarters, of two years.
    #[test]
    fn outages_meet_where_two_of_them_do() {
        const DAY: u64 = 24;
        let (month, quarter) = (28 * DAY, 91 * DAY);
        let all = |one: &Outages| -> Vec<u64> {
            let days = if one.every.is_some_and(|every| every >= month) { 728 } else { 28 };
            let often = one.every.map_or(1, |every| days * DAY / every);
            (0..often).map(|turn| one.first + turn * one.every.unwrap_or(0)).collect()
        };
        let mut met = 0;
        for (every, other_every) in [
            (None, None),
            (None, Some(DAY)),
            (Some(DAY), None),
            (Some(DAY), Some(7 * DAY)),
            (Some(month), Some(quarter)),
            (Some(quarter), Some(month)),
        ] {
            for first in (0..60).step_by(7) {
                for lasts in [1, 5, 11] {
                    let of = |first, every, lasts| Outages {
                        first,
                        every,
                        lasts,
                        reboots: true,
                        span: Span::default(),
                    };
                    let (one, other) = (of(first, every, lasts), of(30, other_every, 4));
                    let truth = all(&one).iter().any(|a| {
                        all(&other)
                            .iter()
                            .any(|b| a <= b && *b <= a + lasts || b <= a && *a <= b + 4)
                    });
                    assert_eq!(one.meet(&other), truth, "{one:?} {other:?}");
                    assert_eq!(other.meet(&one), truth, "{one:?} {other:?}");
                    met += u32::from(truth);
                }
            }
        }
        assert!(met > 20, "{met}");
    }
}
