//! Components that keep copies of objects, as purges reach them: object caches, and the edges of CDNs.
//!
//! Takes resolved references; gives for each component the processes that a message goes to, the objects of which it keeps
//! copies, and the work that a message costs by itself.

use crate::kinds::{cache, cdn};
use crate::plan::Draft;
use crate::plan::document::ScenarioSpec;
use crate::plan::names::{Kind, member_name};
use crate::plan::part::Part;
use crate::scenario::law::LawSpec;
use crate::units::SimDuration;
use crate::workload::changed::Changes;
use crate::workload::popularity::Zipf;

/// Receivers of a purge: an object cache, or the edges of a CDN with their copies of what one class asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Copies {
    /// Its kind and its index in the file.
    pub of: (Kind, usize),
    /// The request class whose objects a CDN keeps.
    pub class: Option<usize>,
    /// True if it gets the new copy instead.
    pub through: bool,
}

/// Returns whether purges reach a component.
#[must_use]
pub fn is_purged(draft: &Draft, of: (Kind, usize)) -> bool {
    draft.links.own.purges.iter().flat_map(|purge| &purge.of).any(|copies| copies.of == of)
}

impl Copies {
    /// Returns the index of the object cache, if it is one.
    #[must_use]
    pub fn cache(&self) -> Option<usize> {
        (self.of.0 == Kind::Cache).then_some(self.of.1)
    }

    /// Returns the index of the CDN and the class, if these are edges.
    #[must_use]
    pub fn edges(&self) -> Option<(usize, usize)> {
        (self.of.0 == Kind::Cdn).then_some(self.of.1).zip(self.class)
    }

    /// Returns the parts that a message goes to: the process of the cache, or each edge.
    #[must_use]
    pub fn parts(&self, draft: &Draft) -> Vec<Part> {
        self.of.0.answers().parts(draft, self.of.1)
    }

    /// Returns the component that has the copies.
    #[must_use]
    pub fn content(&self, draft: &Draft) -> String {
        match self.of {
            (Kind::Cache, index) => cache::components::content_name(&draft.scenario.cache[index].0),
            (_, index) => cdn::components::origin_name(&draft.scenario.cdn[index].0),
        }
    }

    /// Returns the names of the components that a message goes to.
    #[must_use]
    pub fn places(&self, draft: &Draft) -> Vec<String> {
        match self.of {
            (Kind::Cache, index) => vec![draft.scenario.cache[index].0.text.clone()],
            (_, index) => {
                let (name, spec) = &draft.scenario.cdn[index];
                (0..spec.count.value).map(|edge| member_name(name, edge)).collect()
            }
        }
    }

    /// Returns the popularity of its objects; `None` if it keeps none object by object, or it cannot be used.
    #[must_use]
    pub fn popularity<'d>(&self, draft: &'d Draft) -> Option<&'d Zipf> {
        match self.of {
            (Kind::Cache, index) => draft.hits.popularity(index),
            (_, index) => draft.hits.row_at_edge(index, self.class?).map(|row| &row.popularity),
        }
    }

    /// Returns exponent and number of its objects as written; `None` if it keeps none object by object.
    #[must_use]
    pub fn objects(&self, scenario: &ScenarioSpec) -> Option<(f64, u64)> {
        let popularity = match self.of {
            (Kind::Cache, index) => scenario.cache[index].1.popularity.as_ref()?,
            (_, index) => {
                let content = scenario.cdn[index].1.content.as_ref()?;
                let class = &scenario.request[self.class?].0;
                content.value.popularity.get(&class.text)?
            }
        };
        Some((popularity.zipf.value, popularity.objects.value))
    }

    /// Returns the number of the class among the rows of the edges; 0 for a cache.
    #[must_use]
    pub fn row(&self, draft: &Draft) -> u32 {
        let Some((index, class)) = self.edges() else { return 0 };
        let name = &draft.scenario.request[class].0;
        let content = draft.scenario.cdn[index].1.content.as_ref();
        let rows = content.into_iter().flat_map(|content| content.value.popularity.iter());
        let row = rows.map(|(row, _)| row).position(|row| row.text == name.text);
        crate::convert::place(row.unwrap_or(0))
    }

    /// Returns the time of a message there if the purge gives none: the work of a look-up of the cache, the time of a request
    /// at an edge.
    #[must_use]
    pub fn work<'d>(&self, draft: &'d Draft) -> Option<&'d LawSpec<SimDuration>> {
        match self.of {
            (Kind::Cache, index) => Some(&draft.scenario.cache[index].1.cpu.value),
            (_, index) => draft.scenario.cdn[index].1.service_time.as_ref().map(|law| &law.value),
        }
    }

    /// Returns the network time between an edge and the origin, there and back.
    #[must_use]
    pub fn trip<'d>(&self, draft: &'d Draft) -> Option<&'d LawSpec<SimDuration>> {
        let (cdn, _) = self.edges()?;
        draft.scenario.cdn[cdn].1.origin.as_ref().map(|law| &law.value)
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
