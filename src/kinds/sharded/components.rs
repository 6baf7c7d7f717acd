//! Sharded databases in the event loop: no component of their own.

use crate::kinds::sharded::plan::Sharded;
use crate::plan::kind::components::{Components, none};

impl Components for Sharded {
    none!(carries, gather, mounts, pools, entrance, keeper, finish);
}
