//! Processes and processors, which several kinds of components use.

use super::Builder;
use crate::kinds::service::live::ServiceConfig;
use crate::kinds::zone::live::CpuConfig;
use crate::mechanism::cpu_share::ZoneLimits;
use crate::mechanism::processor::CpuModel;
use crate::model::blueprint::Config;
use crate::model::ids::ComponentId;

/// Limits of the requests inside a process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// Largest number of requests processed at a time; `None`: no limit.
    pub workers: Option<u32>,
    /// Largest number of requests that wait for a worker; `None`: no limit.
    pub backlog: Option<u32>,
    /// True if the queue is at the caller: a caller that times out leaves it.
    pub callers_wait: bool,
}

impl Builder<'_> {
    /// Configures a process of the section `of`, with the detail that figures of the section need.
    pub(crate) fn process(&self, of: &str, bounds: Bounds) -> Config {
        Self::process_with(bounds, self.draft().wants_detail(of))
    }

    /// Configures a process without limits and without detail.
    pub(crate) const fn plain_process() -> Config {
        let none = Bounds { workers: None, backlog: None, callers_wait: false };
        Self::process_with(none, false)
    }

    const fn process_with(bounds: Bounds, detailed: bool) -> Config {
        let Bounds { workers, backlog, callers_wait } = bounds;
        let fills_memory = false;
        Config::Service(ServiceConfig { workers, backlog, callers_wait, detailed, fills_memory })
    }

    /// Configures a processor that these zones share by `model`.
    pub(crate) fn processor(
        &mut self,
        id: ComponentId,
        cores: u32,
        zones: Vec<ZoneLimits>,
        model: CpuModel,
    ) -> Config {
        Config::Cpu(CpuConfig { cores, zones, model, unit: self.unit(id, 0) })
    }
}
