//! Kinds of components, one folder each: the keys of a section, its checks, its compiled form, and its behaviour
//! in the event loop.
//!
//! `each_kind!` is the table of kinds. The name of a file decides its level: `spec` and `live` are below the plan,
//! all others belong to it (`tests/it/tidy.rs`). A kind names another kind only where it is built from it.

use crate::plan::figure::own::OwnFigures;
use crate::plan::names::Kind;

pub mod balancer;
pub mod cache;
pub mod cdn;
pub mod client;
pub mod database;
pub mod disks;
pub mod feed;
pub mod log;
pub mod name_service;
pub mod nas;
pub mod network;
pub mod purge;
pub mod queue;
pub mod scaler;
pub mod service;
pub mod sharded;
pub mod station;
pub mod unit;
pub mod zone;

/// Calls `make!` with the kinds of components, in the order of their sections. A row holds the variant of
/// [`Kind`], the field of the scenario, the word of the section, the form of its keys, a description,
/// the number of members per section (0 for a kind with one member per zone), and the type that answers
/// the plan for the kind ([`Answers`](crate::plan::kind::Answers)).
macro_rules! each_kind {
    ($make:ident) => {
        $make! {
            Site, site, "site", crate::kinds::network::spec::SiteSpec, "Data centres, with their links to the Internet.", |_spec| 1, crate::kinds::network::Site;
            Rack, rack, "rack", crate::kinds::network::spec::RackSpec, "Racks and their switches.", |_spec| 1, crate::kinds::network::Rack;
            Link, link, "link", crate::kinds::network::spec::LinkSpec, "Links between sites.", |_spec| 1, crate::kinds::network::Link;
            Server, server, "server", crate::kinds::zone::spec::ServerSpec, "Physical servers.",
                |spec| spec.count.value, crate::kinds::zone::Server;
            Zone, zone, "zone", crate::kinds::zone::spec::ZoneSpec, "Zones: containers on servers, with a processor share and a memory cap.",
                |spec| spec.count.value, crate::kinds::zone::Zone;
            Service, service, "service", crate::kinds::service::spec::ServiceSpec,
                "Processes in zones.", |_spec| 0, crate::kinds::service::Service;
            Balancer, balancer, "balancer", crate::kinds::balancer::spec::BalancerSpec, "Load balancers in front of services, or of the reads of databases.",
                |spec| spec.count.value, crate::kinds::balancer::Balancer;
            NameService, name_service, "name-service",
                crate::kinds::name_service::spec::NameServiceSpec, "Name services, which answer clients with an address.", |_spec| 1, crate::kinds::name_service::plan::NameService;
            Cdn, cdn, "cdn", crate::kinds::cdn::spec::CdnSpec, "Content delivery networks: caches outside the sites.",
                |spec| spec.count.value, crate::kinds::cdn::Cdn;
            Cache, cache, "cache", crate::kinds::cache::spec::CacheSpec, "Object caches in zones.", |_spec| 1, crate::kinds::cache::plan::Cache;
            Database, database, "database", crate::kinds::database::spec::DatabaseSpec, "Replicated databases.",
                |_spec| 0, crate::kinds::database::Database;
            Nas, nas, "nas", crate::kinds::nas::spec::NasSpec, "File servers: heads in front of pools of disks.", |_spec| 1, crate::kinds::nas::Nas;
            Station, station, "station", crate::kinds::station::spec::StationSpec,
                "Queues with servers, as in queueing theory.", |spec| spec.count.value, crate::kinds::station::Station;
            Unit, unit, "unit", crate::kinds::unit::spec::UnitSpec, "Repairable parts.",
                |spec| spec.count.value, crate::kinds::unit::Unit;
            Group, group, "group", crate::kinds::unit::spec::GroupSpec, "Groups of units.", |_spec| 1, crate::kinds::unit::Group;
            Crew, crew, "crew", crate::kinds::unit::spec::CrewSpec, "People who repair units.", |_spec| 1, crate::kinds::unit::Crew;
            Queue, queue, "queue", crate::kinds::queue::spec::QueueSpec, "Message queues: producers publish, the members of a service consume.",
                |spec| crate::convert::table::u32(spec.in_.value.0.len()), crate::kinds::queue::plan::Queue;
            Sharded, sharded, "sharded", crate::kinds::sharded::spec::ShardedSpec, "Databases whose data is divided between other databases.",
                |_spec| 1, crate::kinds::sharded::plan::Sharded;
            Log, log, "log", crate::kinds::log::spec::LogSpec, "Logs: processes write records, each of which is due at every subscriber.",
                |spec| crate::convert::table::u32(spec.to.value.0.len()), crate::kinds::log::plan::Log;
            Scaler, scaler, "scaler", crate::kinds::scaler::spec::ScalerSpec, "Autoscalers, which launch and remove members of a service with the load.",
                |_spec| 1, crate::kinds::scaler::plan::Scaler;
            Purge, purge, "purge", crate::kinds::purge::spec::PurgeSpec, "Purges: messages that remove old copies from caches and edges at all sites.",
                |_spec| 1, crate::kinds::purge::plan::Purge;
            Feed, feed, "feed", crate::kinds::feed::spec::FeedSpec, "Power feeds: servers, switches, heads and appliances hang on them.",
                |_spec| 1, crate::kinds::feed::plan::Feed;
        }
    };
}
pub(crate) use each_kind;

/// All kinds, in the order in which they are compiled. Pools, draw keys and programs are numbered in this order;
/// a deep probe asks other components in the order of their pools.
pub const COMPILED: [Kind; 22] = [
    Kind::Station,
    Kind::Site,
    Kind::Rack,
    Kind::Link,
    Kind::Server,
    Kind::Zone,
    Kind::Nas,
    Kind::Service,
    Kind::Balancer,
    Kind::Cdn,
    Kind::NameService,
    Kind::Queue,
    Kind::Database,
    Kind::Cache,
    Kind::Unit,
    Kind::Group,
    Kind::Crew,
    Kind::Sharded,
    Kind::Log,
    Kind::Scaler,
    Kind::Purge,
    Kind::Feed,
];

/// Resolved references of the components whose kind has no field of its own in
/// [`Links`](crate::plan::links::Links).
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// Zone member of each cache.
    pub caches: Vec<Option<(usize, u32)>>,
    /// Links of each queue.
    pub queues: Vec<queue::plan::QueueLinks>,
    /// Links of each sharded database.
    pub sharded: Vec<sharded::plan::ShardedLinks>,
    /// Links of each log.
    pub logs: Vec<log::plan::LogLinks>,
    /// References of each autoscaler.
    pub scalers: Vec<scaler::plan::ScalerLinks>,
    /// References of each purge.
    pub purges: Vec<purge::plan::PurgeLinks>,
    /// Power feeds that sections name.
    pub feeds: feed::plan::FeedLinks,
}

/// Calls `make!` with the tokens `$($before)*` and the steps that kinds of components add. A row holds a description
/// of the step, its key, its variant and the form of its keys. The form implements how the step is resolved
/// ([`Asked`](crate::plan::route::ask::Asked)).
macro_rules! each_step {
    ($make:ident, $($before:tt)*) => {
        $make! {
            $($before)*
            "A look-up in a cache.", "cache" => Cache(crate::kinds::cache::spec::CacheStep);
            "A change of an object behind a cache.", "update" => Update(crate::kinds::cache::spec::UpdateStep);
            "Publication of a message to a queue.", "publish" => Publish(crate::kinds::queue::spec::PublishStep);
            "A wait until published messages are done.", "await" => Await(crate::kinds::queue::spec::AwaitStep);
            "A record written to a log.", "log" => Log(crate::kinds::log::spec::LogStep);
            "A change of an object, of which a purge tells caches and edges.", "purge" => Purge(crate::kinds::purge::spec::PurgeStep);
        }
    };
}
pub(crate) use each_step;

/// Calls `make!` with the components of the event loop. A row holds a description, the variant, the type that the
/// loop stores, and the type of the component itself. The order of the rows is the order in which kinds start their
/// own activity at time zero.
macro_rules! each_component {
    ($make:ident) => {
        $make! {
            "A station.", Station: crate::kinds::station::live::Station, crate::kinds::station::live::Station;
            "A member of a service or a database.", Service: crate::kinds::service::live::Service, crate::kinds::service::live::Service;
            "The processor of a server.", Cpu: Box<crate::kinds::zone::live::Cpu>, crate::kinds::zone::live::Cpu;
            "The hours in which servers are lent.", Lending: crate::kinds::zone::live::lending::Lending, crate::kinds::zone::live::lending::Lending;
            "A set of disks.", Disks: crate::kinds::disks::live::Disks, crate::kinds::disks::live::Disks;
            "The memory of a zone with declared working sets.", Paging: Box<crate::kinds::zone::live::paging::Paging>, crate::kinds::zone::live::paging::Paging;
            "The disk operations of a zone.", IoLedger: crate::kinds::disks::live::ledger::IoLedger, crate::kinds::disks::live::ledger::IoLedger;
            "A head of a file server.", Head: crate::kinds::nas::live::Head, crate::kinds::nas::live::Head;
            "The network.", Links: Box<crate::kinds::network::live::Links>, crate::kinds::network::live::Links;
            "One link of the network.", Link: crate::kinds::network::live::Link, crate::kinds::network::live::Link;
            "One of several uplinks that carry the users of a site together.", Uplink: crate::kinds::network::live::Uplink, crate::kinds::network::live::Uplink;
            "The contents of an object cache.", Cache: crate::kinds::cache::live::Cache, crate::kinds::cache::live::Cache;
            "The edges of a CDN.", Cdn: Box<crate::kinds::cdn::live::Cdn>, crate::kinds::cdn::live::Cdn;
            "An edge of a CDN.", Edge: crate::kinds::cdn::live::Edge, crate::kinds::cdn::live::Edge;
            "The beliefs of a balancer and how it chooses.", Balancer: Box<crate::kinds::balancer::live::Balancer>, crate::kinds::balancer::live::Balancer;
            "A name service.", Names: Box<crate::kinds::name_service::live::Names>, crate::kinds::name_service::live::Names;
            "The roles of the members of a database and their replication.", Database: Box<crate::kinds::database::live::Database>, crate::kinds::database::live::Database;
            "The messages of a queue.", Queue: Box<crate::kinds::queue::live::Queue>, crate::kinds::queue::live::Queue;
            "The copies of the records of a log on their way.", Log: Box<crate::kinds::log::live::Log>, crate::kinds::log::live::Log;
            "An autoscaler.", Scaler: Box<crate::kinds::scaler::live::Scaler>, crate::kinds::scaler::live::Scaler;
            "The messages of a purge on their way.", Purge: Box<crate::kinds::purge::live::Purge>, crate::kinds::purge::live::Purge;
        }
    };
}
pub(crate) use each_component;

/// Calls `make!` with the tokens `$($before)*` and the metrics that kinds of components add, in the order of this list.
macro_rules! each_metric {
    ($make:ident, $($before:tt)*) => {
        crate::kinds::chain_metrics! {
            [purge scaler zone disks log queue] $make, $($before)*
        }
    };
}
pub(crate) use each_metric;

/// Appends the metrics of the first of the kinds, whose `metrics!` calls this with the others; calls `make!` at the end.
macro_rules! chain_metrics {
    ([] $make:ident, $($all:tt)*) => {
        $make! { $($all)* }
    };
    ([$kind:ident $($others:ident)*] $make:ident, $($before:tt)*) => {
        crate::kinds::$kind::figures::metrics! { [$($others)*] $make, $($before)* }
    };
}
pub(crate) use chain_metrics;

/// Figures that kinds of components answer themselves, in the order in which their rows stand in the registry.
pub const FIGURES: &[OwnFigures] = &[
    disks::figures::FIGURES,
    zone::figures::FIGURES,
    queue::figures::FIGURES,
    log::figures::FIGURES,
    scaler::figures::FIGURES,
    purge::figures::FIGURES,
    balancer::figures::FIGURES,
    cache::figures::FIGURES,
    cdn::figures::FIGURES,
    database::figures::FIGURES,
    network::figures::FIGURES,
];

#[cfg(test)]
mod tests {
    use super::{COMPILED, Kind};

    #[test]
    fn every_kind_is_compiled_once() {
        let mut compiled = COMPILED.to_vec();
        compiled.sort_unstable();
        let mut all = Kind::ALL.to_vec();
        all.sort_unstable();
        assert_eq!(compiled, all);
    }
}
