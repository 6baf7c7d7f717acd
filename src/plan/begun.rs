//! Components that begin requests of a class themselves, as a queue does for each message. Such a component knows which
//! members are there.

use crate::plan::Draft;
use crate::plan::names::Kind;

/// A component that begins requests of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beginner {
    /// Kind of the component.
    pub kind: Kind,
    /// Section of its kind.
    pub index: usize,
    /// The class.
    pub class: usize,
}

/// Returns all components that begin requests.
#[must_use]
pub fn all(draft: &Draft) -> Vec<Beginner> {
    let of_kind = |kind: &Kind| {
        let kind = *kind;
        let sections = 0..kind.sections(&draft.scenario);
        sections.filter_map(move |index| {
            let class = kind.answers().begins(draft, index)?;
            Some(Beginner { kind, index, class })
        })
    };
    Kind::ALL.iter().flat_map(of_kind).collect()
}

/// Returns whether a component begins the requests of a class.
#[must_use]
pub fn is_begun(draft: &Draft, class: usize) -> bool {
    all(draft).iter().any(|one| one.class == class)
}
