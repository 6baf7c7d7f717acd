//! The whole scenario as one form: its sections are declared here, their keys in
//! [`model::spec`](crate::model::spec).

use crate::kinds::balancer::spec::BalancerSpec;
use crate::kinds::cache::spec::CacheSpec;
use crate::kinds::cdn::spec::CdnSpec;
use crate::kinds::client::spec::ClientsSpec;
use crate::kinds::database::spec::DatabaseSpec;
use crate::kinds::name_service::spec::NameServiceSpec;
use crate::kinds::nas::spec::NasSpec;
use crate::kinds::network::spec::{LinkSpec, RackSpec, SiteSpec};
use crate::kinds::service::spec::ServiceSpec;
use crate::kinds::station::spec::StationSpec;
use crate::kinds::unit::spec::{CrewSpec, GroupSpec, UnitSpec};
use crate::kinds::zone::spec::{ServerSpec, ZoneSpec};
use crate::model::spec::request::RequestSpec;
use crate::model::spec::runs::{
    ClaimSpec, CostSpec, ExpectSpec, FaultSpec, ObjectiveSpec, OperationSpec, RunSpec, WindowSpec,
};
use crate::model::spec::traffic::{ProfileSpec, WorkloadSpec};
use crate::scenario::names::{Name, Named};
use crate::scenario::spec::spec;

spec! {
    /// A scenario: one complete file.
    pub struct ScenarioSpec {
        /// Its name, and that of its results.
        scenario: Name,
        /// Version of the language: 1.
        format: u32 = 1 => at_least(1),
        /// One line, for tables.
        title: Option<String>,
        /// The question it answers.
        question: Option<String>,
        /// Where the architecture or its values come from.
        source: Option<String>,
        /// How long, how often, from where.
        run: RunSpec = {},
        /// Stretches lived through request by request.
        window: Named<WindowSpec> = {},
        /// Data centres.
        site: Named<SiteSpec> = {},
        /// Racks.
        rack: Named<RackSpec> = {},
        /// Links between sites.
        link: Named<LinkSpec> = {},
        /// Physical servers.
        server: Named<ServerSpec> = {},
        /// Zones on servers.
        zone: Named<ZoneSpec> = {},
        /// Processes in zones.
        service: Named<ServiceSpec> = {},
        /// Balancers.
        balancer: Named<BalancerSpec> = {},
        /// Name services.
        name_service: Named<NameServiceSpec> = {},
        /// Caches outside the sites.
        cdn: Named<CdnSpec> = {},
        /// Object caches.
        cache: Named<CacheSpec> = {},
        /// Databases.
        database: Named<DatabaseSpec> = {},
        /// File servers.
        nas: Named<NasSpec> = {},
        /// Queues of the textbook.
        station: Named<StationSpec> = {},
        /// Repairable parts.
        unit: Named<UnitSpec> = {},
        /// Groups of units.
        group: Named<GroupSpec> = {},
        /// People who repair.
        crew: Named<CrewSpec> = {},
        /// Shapes of traffic.
        profile: Named<ProfileSpec> = {},
        /// Users.
        clients: Named<ClientsSpec> = {},
        /// Sources of requests.
        workload: Named<WorkloadSpec> = {},
        /// Classes of requests.
        request: Named<RequestSpec> = {},
        /// What is asked of a class.
        objective: Named<ObjectiveSpec> = {},
        /// What goes wrong.
        fault: Named<FaultSpec> = {},
        /// What is planned.
        operation: Named<OperationSpec> = {},
        /// Prices.
        cost: Option<CostSpec>,
        /// Judged figures.
        expect: Vec<ExpectSpec> = [],
        /// Claims of sources, judged by `compare`.
        claim: Vec<ClaimSpec> = [],
    }
}
