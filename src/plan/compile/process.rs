//! Processes and processors, of which components of several kinds are made.

use super::Builder;
use crate::kinds::service::live::ServiceConfig;
use crate::kinds::zone::live::CpuConfig;
use crate::mechanism::cpu_share::ZoneLimits;
use crate::model::blueprint::Config;
use crate::model::ids::ComponentId;

/// What bounds the requests inside of a process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// Requests that are worked on at a time; none: all.
    pub workers: Option<u32>,
    /// Requests that may wait for a worker; none: all.
    pub backlog: Option<u32>,
    /// The queue stands at the caller: a caller that times out leaves it.
    pub callers_wait: bool,
}

impl Builder<'_> {
    /// A process of the section `of`, with the detail that the figures of the section ask for.
    pub(crate) fn process(&self, of: &str, bounds: Bounds) -> Config {
        Self::process_with(bounds, self.draft().wants_detail(of))
    }

    /// A process of which no figure asks for detail.
    pub(crate) const fn plain_process() -> Config {
        let none = Bounds { workers: None, backlog: None, callers_wait: false };
        Self::process_with(none, false)
    }

    const fn process_with(bounds: Bounds, detailed: bool) -> Config {
        let Bounds { workers, backlog, callers_wait } = bounds;
        Config::Service(ServiceConfig { workers, backlog, callers_wait, detailed })
    }

    /// A processor that these zones share.
    pub(crate) fn processor(
        &mut self,
        id: ComponentId,
        cores: u32,
        zones: Vec<ZoneLimits>,
    ) -> Config {
        Config::Cpu(CpuConfig { cores, zones, unit: self.unit(id, 0) })
    }
}
