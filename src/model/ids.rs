//! Dense numbers for the things of a plan. Names are resolved once, in `plan`; nothing in the
//! event loop sees a string.

use crate::convert::table;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ident)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// The entry at `index` of the table of its kind.
            #[must_use]
            #[inline]
            pub const fn at(index: usize) -> Self {
                Self(table::$inner(index))
            }

            /// As an index into the table of its kind.
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
    /// The members a step may be sent to, and how one is picked.
    PoolId(u32)
);
id!(
    /// A random quantity of a step: key, law and factor.
    DemandId(u32)
);
id!(
    /// How many times a step is done: fixed, a mean, or a law.
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
    /// A kind of call with a time-out, for its ledger.
    CallId(u32)
);
id!(
    /// Something with one armed alarm: a processor, one disk, a head, a link.
    UnitId(u32)
);
id!(
    /// A cause of harm: a fault of the plan. Zero is overload, where nothing was broken.
    CauseId(u32)
);

impl ComponentId {
    /// No component.
    pub const NONE: Self = Self(u32::MAX);
}

impl CauseId {
    /// Nothing was broken: there was more work than capacity.
    pub const OVERLOAD: Self = Self(0);
}
