//! The whole scenario as one form: its sections are declared here, their keys in
//! [`model::spec`](crate::model::spec), those of components in [`kinds`](crate::kinds).

use crate::kinds::client::spec::ClientsSpec;
use crate::model::spec::request::RequestSpec;
use crate::model::spec::runs::{
    ClaimSpec, CostSpec, ExpectSpec, FaultSpec, ObjectiveSpec, OperationSpec, RunSpec, WindowSpec,
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
                /// Its name, and that of its results.
                scenario: Name,
                /// Version of the language: 2.
                format: u32 = 2 => within(2, 2).because("another version of fivenines reads it"),
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
                $(
                    #[doc = $doc]
                    $field: Named<$Form> = {},
                )*
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
    };
}
crate::kinds::each_kind!(scenario_form);
