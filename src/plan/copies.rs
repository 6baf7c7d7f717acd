//! Components that keep copies of objects, as purges reach them.
//!
//! Takes resolved references; gives for each component the processes that a message goes to, the objects of which it keeps
//! copies, and the work that a message costs by itself.

use crate::plan::Draft;
use crate::plan::document::ScenarioSpec;
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::law::LawSpec;
use crate::scenario::source::Span;
use crate::units::SimDuration;
use crate::workload::changed::Changes;
use crate::workload::popularity::Zipf;

/// Receivers of a purge: a component with one store of objects, or one whose members keep copies of what one class asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Copies {
    /// Its kind and its index in the file.
    pub of: (Kind, usize),
    /// The request class whose objects its members keep; `None` for one store.
    pub class: Option<usize>,
    /// True if it gets the new copy instead.
    pub through: bool,
}

/// Returns whether purges reach a component.
#[must_use]
pub fn is_purged(draft: &Draft, of: (Kind, usize)) -> bool {
    draft.links.own.purges.iter().flat_map(|purge| &purge.of).any(|copies| copies.of == of)
}

/// The answers of a kind whose components keep copies of objects.
pub trait Keeper: Sync {
    /// Returns whether the members of a component keep copies of what one class asks for; false if it has one store for all
    /// classes.
    fn keeps_by_class(&self) -> bool;

    /// Reports a component that keeps no copies object by object, or whose hits under purges are not known; `span` is the
    /// place where the purge names it.
    fn check(&self, draft: &Draft, copies: Copies, span: Span, out: &mut Diagnostics);

    /// Returns the name of the component that has the copies.
    fn content(&self, draft: &Draft, copies: Copies) -> String;

    /// Returns the names of the components that a message goes to.
    fn places(&self, draft: &Draft, copies: Copies) -> Vec<String>;

    /// Returns the popularity of the objects; `None` if no copies are kept object by object, or it cannot be used.
    fn popularity<'d>(&self, draft: &'d Draft, copies: Copies) -> Option<&'d Zipf>;

    /// Returns exponent and number of the objects as written; `None` if no copies are kept object by object.
    fn objects(&self, scenario: &ScenarioSpec, copies: Copies) -> Option<(f64, u64)>;

    /// Returns the place of the class in the rows of the members; 0 for one store.
    fn row(&self, draft: &Draft, copies: Copies) -> u32;

    /// Returns the time of a message there if the purge gives none.
    fn work<'d>(&self, draft: &'d Draft, copies: Copies) -> Option<&'d LawSpec<SimDuration>>;

    /// Returns the network time between the copies and the origin, there and back; `None` if the file gives none.
    fn trip<'d>(&self, draft: &'d Draft, copies: Copies) -> Option<&'d LawSpec<SimDuration>>;
}

impl Copies {
    /// Returns the answers of its kind.
    ///
    /// # Panics
    /// Panics if the kind keeps no copies: references to such kinds are refused.
    #[must_use]
    pub fn keeper(&self) -> &'static dyn Keeper {
        self.of.0.answers().keeper().expect("a purge reaches kinds that keep copies")
    }

    /// Returns whether the component has one store for all classes.
    #[must_use]
    pub fn is_one_store(&self) -> bool {
        !self.keeper().keeps_by_class()
    }

    /// Returns the parts that a message goes to.
    #[must_use]
    pub fn parts(&self, draft: &Draft) -> Vec<Part> {
        self.of.0.answers().parts(draft, self.of.1)
    }

    /// Returns the changes that one step of a purge brings there on average, of `changes` of its objects.
    #[must_use]
    pub fn of_purge(&self, draft: &Draft, purge: usize, changes: &Changes) -> Changes {
        let spec = &draft.scenario.purge[purge].1;
        let arrives = 1.0 - spec.lost.value.get();
        let changes = changes.removing.map(|rate| rate * arrives);
        if self.through {
            Changes { storing: changes, ..Changes::default() }
        } else {
            Changes { removing: changes, ..Changes::default() }
        }
    }
}
