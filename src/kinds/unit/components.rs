//! Units, groups and crews have no components in the event loop: only the health net simulates them.

use crate::kinds::unit::{Crew, Group, Unit};
use crate::plan::kind::components::{Components, none};

impl Components for Unit {
    none!(carries, gather, mounts, pools, entrance, keeper, finish);
}

impl Components for Group {
    none!(carries, gather, mounts, pools, entrance, keeper, finish);
}

impl Components for Crew {
    none!(carries, gather, mounts, pools, entrance, keeper, finish);
}
