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
        /// Component where requests enter. Without it, their steps begin at once.
        enter: Option<Reference>,
        /// Demands for processor time, drawn once per request and spent by `cpu` steps.
        demands: Named<LawSpec<SimDuration>> = {},
        /// Steps of the request, in order.
        steps: Vec<StepSpec>,
        /// Size of the answer.
        reply: Option<LawSpec<Bytes>>,
        /// Requests that the client makes next, in parallel.
        then: Option<ThenSpec>,
    }
}

spec! {
    /// Requests that a client makes next.
    pub struct ThenSpec {
        /// Class of the requests that the client makes next.
        request: Name,
        /// Number of requests that the client makes next.
        count: LawSpec<f64>,
    }
}

/// The forms of steps, with those that kinds of components bring along.
macro_rules! step_form {
    ($($doc:literal, $key:literal => $Variant:ident($Form:path);)*) => {
        choice! {
            /// A step of a request.
            pub enum StepSpec {
                /// Processor time at a service.
                "cpu" => Cpu(CpuStep),
                /// A call of another component.
                "call" => Call(CallStep),
                /// Operations on a mount.
                "io" => Io(IoStep),
                /// One visit to a station.
                "visit" => Visit(VisitStep),
                /// One of several branches, by probability.
                "choose" => Choose(ChooseStep),
                /// A jump to another step.
                "goto" => Goto(GotoStep),
                /// Several branches at once.
                "parallel" => Parallel(ParallelStep),
                /// The same steps several times.
                "repeat" => Repeat(RepeatStep),
                /// A delay that uses no resource.
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
        /// Service at whose member the demand is spent.
        cpu: Reference,
        /// Name of the demand.
        demand: Name,
        /// Share of the demand that this step spends.
        share: f64 = 1.0 => within(0.0, 1.0),
        /// Number of threads that do the work in parallel, each on at most one core.
        threads: u32 = 1 => within(1, 65_535),
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// Queries of a database, one after the other, or a nested request to a service.
    pub struct CallStep {
        /// Component that is called: a database or a service, or a balancer in front of services.
        call: Reference,
        /// Number of read queries; a fraction is a mean.
        read: Option<f64> => within(0.0, 65_535.0),
        /// Number of write queries; a fraction is a mean.
        write: Option<f64> => within(0.0, 65_535.0),
        /// Steps at the called service.
        steps: Option<Vec<StepSpec>>,
        /// Time after which the caller abandons the call. Without it, no bound.
        time_out: Option<SimDuration>,
        /// Bytes of the call on a link between two sites. Without it, one.
        sends: Option<LawSpec<Bytes>>,
        /// Bytes of its answer on a link between two sites. Without it, one.
        returns: Option<LawSpec<Bytes>>,
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// Operations on a mount of the request's member of its service.
    pub struct IoStep {
        /// Mount, by its name in the service's `mounts`.
        io: Name,
        /// Number of reads from disk, one after the other; a fraction is a mean.
        read: f64 = 0 => within(0.0, 65_535.0),
        /// Number of writes, for which the request does not wait; a fraction is a mean.
        write: f64 = 0 => within(0.0, 65_535.0),
        /// If true, the request waits until each of its writes is durable, one after the other. Without it, it waits for
        /// none.
        durable: Option<bool>,
        /// Number of file operations at the head of a file server; a fraction is a mean.
        ops: f64 = 0 => within(0.0, 65_535.0),
        /// If true, the request waits for its reads.
        wait: bool = true,
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// One of several branches, or none with the remaining probability.
    pub struct ChooseStep {
        /// Branches, of which at most one is executed.
        choose: Vec<BranchSpec> => not_empty(),
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// Branch of a choice.
    pub struct BranchSpec {
        /// Probability of the branch.
        probability: Probability,
        /// Steps of the branch.
        steps: Vec<StepSpec>,
    }
}

spec! {
    /// A jump to the step with a label.
    pub struct GotoStep {
        /// Label of the step to jump to.
        goto: Name,
        /// Probability of the jump; otherwise the next step follows.
        probability: Probability = 1,
        /// Name of this step, for other jumps.
        label: Option<Name>,
    }
}

spec! {
    /// Several branches at once; the step ends with the last of them.
    pub struct ParallelStep {
        /// Branches executed at once.
        parallel: Vec<LaneSpec> => not_empty(),
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// Branch executed at the same time as others.
    pub struct LaneSpec {
        /// Steps of the branch.
        steps: Vec<StepSpec>,
    }
}

spec! {
    /// The same steps several times.
    pub struct RepeatStep {
        /// Number of repetitions, and the steps to repeat.
        repeat: RepeatSpec,
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// Number of repetitions, and the steps to repeat.
    pub struct RepeatSpec {
        /// Number of repetitions.
        count: LawSpec<f64>,
        /// Steps to repeat.
        steps: Vec<StepSpec>,
    }
}

spec! {
    /// A delay. It uses no resource beyond those already held.
    pub struct DelayStep {
        /// Length of the delay.
        delay: LawSpec<SimDuration>,
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}
