//! The whole scenario as one form: its sections are declared here, their keys in
//! [`model::spec`](crate::model::spec), those of components in [`kinds`](crate::kinds).

use crate::kinds::client::spec::ClientsSpec;
use crate::kinds::zone::spec::VmSpec;
use crate::model::spec::price::CostSpec;
use crate::model::spec::request::RequestSpec;
use crate::model::spec::runs::{
    ClaimSpec, ExpectSpec, FaultSpec, ObjectiveSpec, OperationSpec, RunSpec, WindowSpec,
};
use crate::model::spec::traffic::{ProfileSpec, WorkloadSpec};
use crate::scenario::names::{Name, Named};
use crate::scenario::spec::spec;

/// The form of a scenario, with a section for each kind of component.
macro_rules! scenario_form {
    ($(
        $Kind:ident, $field:ident, $word:literal, $Form:path, $doc:literal,
        |$spec:ident| $count:expr, $Answers:path;
    )*) => {
        spec! {
            /// A scenario: one complete file.
            pub struct ScenarioSpec {
                /// Name of the scenario, and of its results.
                scenario: Name,
                /// Version of the language: 2.
                format: u32 = 2 => within(2, 2).because("another version of fivenines reads it"),
                /// Scenario file that this one is laid over: a relative path, which begins in the folder of this file.
                base: Option<String>,
                /// Paths that are left out of the base, such as "fault.change".
                without: Option<Vec<String>>,
                /// Title in one line, for tables.
                title: Option<String>,
                /// Question that the scenario answers.
                question: Option<String>,
                /// Source of the architecture or of its values.
                source: Option<String>,
                /// Length, number and start of the runs, and the precision of their figures.
                run: RunSpec = {},
                /// Intervals simulated request by request.
                window: Named<WindowSpec> = {},
                $(
                    #[doc = $doc]
                    $field: Named<$Form> = {},
                )*
                /// Virtual machines: hypervisors on servers, each in a zone of its own.
                vm: Named<VmSpec> = {},
                /// Weekly shapes of traffic.
                profile: Named<ProfileSpec> = {},
                /// Users and their behaviour.
                clients: Named<ClientsSpec> = {},
                /// Sources of requests.
                workload: Named<WorkloadSpec> = {},
                /// Classes of requests.
                request: Named<RequestSpec> = {},
                /// Objectives of request classes.
                objective: Named<ObjectiveSpec> = {},
                /// Faults: failures of components, and their repair.
                fault: Named<FaultSpec> = {},
                /// Planned work.
                operation: Named<OperationSpec> = {},
                /// Prices.
                cost: Option<CostSpec>,
                /// Expectations: figures and the conditions that they must meet.
                expect: Vec<ExpectSpec> = [],
                /// Claims of sources, judged by `compare`.
                claim: Vec<ClaimSpec> = [],
            }
        }
    };
}
crate::kinds::each_kind!(scenario_form);
