//! A cache as a part, and the popularity of what it keeps.

use crate::model::spec::popularity::PopularitySpec;
use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::workload::popularity::Zipf;

/// Kind of the object caches.
#[derive(Debug)]
pub struct Cache;

/// Returns the part of the cache at `index`.
#[must_use]
pub const fn part_of(index: usize) -> Part {
    Part::Own(Own { kind: Kind::Cache, index, member: 0 })
}

/// Reports why no table can be made of the popularity of `owner`.
pub(crate) fn refuse(owner: &str, spec: &PopularitySpec, out: &mut Diagnostics) {
    if let Err(error) = Zipf::new(spec.zipf.value, spec.objects.value) {
        let message = format!("{owner}: {error}");
        out.push(Diagnostic::new(Code::OutOfRange, spec.span, message));
    }
}
