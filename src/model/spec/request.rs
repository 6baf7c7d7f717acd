//! The steps of a request.

use crate::kinds::station::spec::VisitStep;
use crate::scenario::law::LawSpec;
use crate::scenario::names::{Name, Named, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::choice;
use crate::units::{Bytes, Probability, SimDuration};

spec! {
    /// A class of requests.
    pub struct RequestSpec {
        /// Where it enters; none: its steps begin at once.
        enter: Option<Reference>,
        /// Demands drawn once per request, to be spent in slices.
        demands: Named<LawSpec<SimDuration>> = {},
        /// What it does.
        steps: Vec<StepSpec>,
        /// Size of the answer.
        reply: Option<LawSpec<Bytes>>,
        /// What the client fetches next, in parallel.
        then: Option<ThenSpec>,
    }
}

spec! {
    /// What a client fetches next.
    pub struct ThenSpec {
        /// Class of the parts.
        request: Name,
        /// Their number.
        count: LawSpec<f64>,
    }
}

/// The forms of steps, with those that kinds of components bring along.
macro_rules! step_form {
    ($($doc:literal, $key:literal => $Variant:ident($Form:path);)*) => {
        choice! {
            /// A step of a request.
            pub enum StepSpec {
                /// Processor time.
                "cpu" => Cpu(CpuStep),
                /// A call of another component.
                "call" => Call(CallStep),
                /// Operations on a mount.
                "io" => Io(IoStep),
                /// One visit to a station.
                "visit" => Visit(VisitStep),
                /// One of several branches.
                "choose" => Choose(ChooseStep),
                /// To another step.
                "goto" => Goto(GotoStep),
                /// Several branches at once.
                "parallel" => Parallel(ParallelStep),
                /// Several times.
                "repeat" => Repeat(RepeatStep),
                /// Waiting.
                "delay" => Delay(DelayStep),
                $(
                    #[doc = $doc]
                    $key => $Variant($Form),
                )*
            }
        }
    };
}
crate::kinds::each_step!(step_form,);

spec! {
    /// Spends a share of a drawn demand at the request's member of a service.
    pub struct CpuStep {
        /// The service.
        cpu: Reference,
        /// Name of the demand.
        demand: Name,
        /// Share of it.
        share: f64 = 1.0 => within(0.0, 1.0),
        /// Threads that do it side by side, each on at most one core.
        threads: u32 = 1 => within(1, 65_535),
        /// For `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// Queries of a database, one after the other, or a nested request to a service.
    pub struct CallStep {
        /// Whom.
        call: Reference,
        /// Reads; a fraction is a mean.
        read: Option<f64> => within(0.0, 65_535.0),
        /// Writes; a fraction is a mean.
        write: Option<f64> => within(0.0, 65_535.0),
        /// Of a service: what is done there.
        steps: Option<Vec<StepSpec>>,
        /// After this long the caller gives up.
        time_out: Option<SimDuration>,
        /// For `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// Operations on a mount of the request's member of its service.
    pub struct IoStep {
        /// Which mount.
        io: Name,
        /// Reads from disk, one after the other; a fraction is a mean.
        read: f64 = 0 => within(0.0, 65_535.0),
        /// Writes that nobody waits for; a fraction is a mean.
        write: f64 = 0 => within(0.0, 65_535.0),
        /// File operations at the head of a file server; a fraction is a mean.
        ops: f64 = 0 => within(0.0, 65_535.0),
        /// Whether the request waits for its reads.
        wait: bool = true,
        /// For `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// One of several branches, or none with the probability that is left.
    pub struct ChooseStep {
        /// The branches.
        choose: Vec<BranchSpec> => not_empty(),
        /// For `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// A branch.
    pub struct BranchSpec {
        /// Probability of the branch.
        probability: Probability,
        /// What it does.
        steps: Vec<StepSpec>,
    }
}

spec! {
    /// To the step with a label.
    pub struct GotoStep {
        /// The label.
        goto: Name,
        /// Probability of the jump; else the next step follows.
        probability: Probability = 1,
        /// For `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// Several branches at once; ends with the last.
    pub struct ParallelStep {
        /// The branches.
        parallel: Vec<LaneSpec> => not_empty(),
        /// For `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// One of the branches done at once.
    pub struct LaneSpec {
        /// What it does.
        steps: Vec<StepSpec>,
    }
}

spec! {
    /// The same steps several times.
    pub struct RepeatStep {
        /// How often and what.
        repeat: RepeatSpec,
        /// For `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// How often and what.
    pub struct RepeatSpec {
        /// How often.
        count: LawSpec<f64>,
        /// What.
        steps: Vec<StepSpec>,
    }
}

spec! {
    /// Waiting; holds nothing but what is held.
    pub struct DelayStep {
        /// How long.
        delay: LawSpec<SimDuration>,
        /// For `goto`.
        label: Option<Name>,
    }
}
