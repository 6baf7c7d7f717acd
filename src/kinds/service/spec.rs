//! Services.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{Name, Named, Reference};
use crate::scenario::spec::spec;
use crate::scenario::value::Spanned;
use crate::scenario::words::or_unlimited;
use crate::units::{Bytes, Probability, SimDuration};

/// `40` or `"unlimited"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Workers {
    /// No bound.
    Unlimited,
    /// A bounded number.
    Count(u32),
}

or_unlimited!(Workers, Count, u32);

impl Workers {
    /// Returns the bound; `None` without one.
    #[must_use]
    pub const fn bound(self) -> Option<u32> {
        match self {
            Self::Unlimited => None,
            Self::Count(count) => Some(count),
        }
    }
}

spec! {
    /// A process in every member of its zones; the members of the service are those of the zones, in order.
    pub struct ServiceSpec {
        /// Zones that the service runs in.
        in_: Reference,
        /// Largest number of requests in service per member, or `"unlimited"`. A worker is held until the answer is
        /// complete.
        workers: Workers,
        /// Largest number of requests that wait per member; more are refused, or dropped while the member is
        /// stalled. Without it, no bound.
        backlog: Option<u32>,
        /// Number of members that must serve for the service's request classes to be structurally up.
        needs: u32 = 1 => at_least(1),
        /// Storage, by the name that `io` steps use.
        mounts: Named<MountSpec> = {},
        /// Time to restart the process.
        restart: Option<LawSpec<SimDuration>>,
        /// Slower work after a restart or a launch.
        warm_up: Option<WarmUpSpec>,
        /// Memory that each member uses, under the `memory` of its zone. Without it, it always fits.
        working_set: Option<WorkingSetSpec>,
    }
}

spec! {
    /// Memory that a member of a service uses, touched or not. What is above the cap of its zone is paged.
    pub struct WorkingSetSpec {
        /// Memory used without requests.
        base: Bytes,
        /// Further memory per request in service. Without it, none.
        per_request: Bytes = "0B",
        /// Sizes of the files that it maps, by name. Zones of a server that map the same file share its pages, and then it
        /// counts for none of them. Without it, none.
        maps: Named<Spanned<Bytes>> = {},
        /// Pages of 4 KiB that each step touches before it computes.
        touches: u32 => within(1, 10_000),
        /// Share of the pages that are dirty: they are written before they are taken back.
        dirty: Probability = 0.5,
        /// Mount with the swap device, on one set of disks of the server.
        swap: Name,
    }
}

spec! {
    /// Slower work for some time after a restart or a launch.
    pub struct WarmUpSpec {
        /// Time after it in which the work is slower.
        for_: SimDuration,
        /// Speed in that time, as a share of the full speed.
        speed: f64 => above(0.0),
    }
}

/// `"store:assets"`, or a record with the time after which an operation fails.
#[derive(Clone, Debug)]
pub struct MountSpec {
    /// Owner and volume; of several the first at the member's own site.
    pub volumes: Vec<crate::scenario::names::Label>,
    /// Time without an answer after which an operation fails; none: retry for ever.
    pub soft: Option<SimDuration>,
}

spec! {
    /// A mount whose operations time out.
    pub struct SoftMountSpec {
        /// Owner and volume: `"store:assets"`.
        volume: String,
        /// Time without an answer after which an operation fails.
        time_out: SimDuration,
    }
}

impl crate::scenario::value::Value for MountSpec {
    fn read(
        item: &crate::scenario::document::Item,
        out: &mut crate::scenario::diagnostic::Diagnostics,
    ) -> Option<Self> {
        use crate::scenario::names::{Label, OneOrMany};
        if item.as_table().is_some() {
            let soft = <SoftMountSpec as crate::scenario::value::Value>::read(item, out)?;
            let label = Label { text: soft.volume.value.clone(), span: soft.volume.span };
            return Some(Self { volumes: vec![label], soft: Some(soft.time_out.value) });
        }
        let volumes = <OneOrMany<Label> as crate::scenario::value::Value>::read(item, out)?;
        Some(Self { volumes: volumes.0, soft: None })
    }
    fn shape() -> crate::scenario::value::Shape {
        use crate::scenario::names::{Label, OneOrMany};
        crate::scenario::value::Shape::Either(vec![
            <OneOrMany<Label> as crate::scenario::value::Value>::shape(),
            <SoftMountSpec as crate::scenario::value::Value>::shape(),
        ])
    }
    fn canonical(&self) -> serde_json::Value {
        let volumes: Vec<_> = self.volumes.iter().map(|volume| volume.text.clone()).collect();
        match (self.soft, volumes.as_slice()) {
            (Some(soft), [volume]) => {
                serde_json::json!({ "volume": volume, "time-out": soft.to_string() })
            }
            _ => volumes.into(),
        }
    }
}
