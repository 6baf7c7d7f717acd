//! Methods of intervals that the table of figures allows.
//!
//! With assertions on, every judged figure is checked against it: the reference page of figures cannot name a method
//! that the results do not.

use crate::plan::figure::registry::IntervalOf;
use crate::stats::interval::Method;

/// Returns whether an interval may be made by `method`. One run that decides and values without noise are allowed
/// everywhere.
#[must_use]
pub const fn allows(interval: IntervalOf, method: Method) -> bool {
    use IntervalOf as Of;
    use Method as M;
    if matches!(method, M::OneRunDecides | M::Arithmetic) {
        return true;
    }
    match interval {
        Of::Replications => matches!(method, M::StudentT | M::PairedT),
        Of::Corrected => matches!(method, M::StudentT | M::PairedT | M::ControlVariate),
        Of::Events => matches!(
            method,
            M::StudentT
                | M::PairedT
                | M::Jackknife
                | M::ClopperPearson
                | M::ExactPoisson
                | M::RuleOfThree
                | M::CompoundPoisson
        ),
        Of::Spread => matches!(method, M::ChiSquare),
        Of::Crossing => matches!(method, M::StudentT | M::PairedT | M::ControlVariate),
        Of::Ratio => {
            matches!(method, M::Jackknife | M::CompoundPoisson | M::RuleOfThree | M::ExactPoisson)
        }
        Of::Order => matches!(method, M::OrderStatistics),
        Of::Spans => matches!(method, M::ClopperPearson | M::RuleOfThree | M::StudentT),
        Of::Squares => matches!(
            method,
            M::CompoundPoisson | M::RuleOfThree | M::ExactPoisson | M::StudentT | M::Jackknife
        ),
        Of::Pairs => {
            matches!(method, M::Jackknife | M::ExactPoisson | M::RuleOfThree | M::CompoundPoisson)
        }
        Of::Batches => matches!(method, M::StudentT | M::BatchMeans),
        Of::Drawn => matches!(method, M::TwoPhase | M::Woodruff | M::RuleOfThree | M::StudentT),
        Of::Exact => false,
    }
}
