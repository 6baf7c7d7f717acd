//! Dense numbers for the items of a plan. Names are resolved once, in `plan`; nothing in the event loop reads
//! a name.

use crate::convert::table;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ident)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub struct $name(pub $inner);

        impl $name {
            /// Returns the id of the entry at `index` of its table.
            #[must_use]
            #[inline]
            pub const fn at(index: usize) -> Self {
                Self(table::$inner(index))
            }

            /// Returns the index into its table.
            #[must_use]
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// A component of the world: a station, a service member, a processor, a disk set.
    ComponentId(u32)
);
id!(
    /// The members that a step may be sent to, with the rule that picks one.
    PoolId(u32)
);
id!(
    /// A random quantity of a step: key, law and factor.
    DemandId(u32)
);
id!(
    /// The number of times a step is done: fixed, a mean, or a law.
    AmountId(u32)
);
id!(
    /// A key of random draws, by purpose and owner.
    KeyId(u32)
);
id!(
    /// A request class.
    ClassId(u16)
);
id!(
    /// A source of work.
    WorkloadId(u16)
);
id!(
    /// A kind of call with a time-out, with a ledger of its own.
    CallId(u32)
);
id!(
    /// An item with one armed alarm: a processor, a disk, a head, a link.
    UnitId(u32)
);
id!(
    /// A cause of losses: a fault of the plan. Zero is overload, without any fault.
    CauseId(u32)
);

impl ComponentId {
    /// No component.
    pub const NONE: Self = Self(u32::MAX);
}

impl CauseId {
    /// The cause of losses without a fault: more work than capacity.
    pub const OVERLOAD: Self = Self(0);
}
