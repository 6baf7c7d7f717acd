//! Power feeds have no component in the event loop: the parts that hang on them have theirs.

use crate::kinds::feed::plan::Feed;
use crate::plan::kind::components::{Components, none};

impl Components for Feed {
    none!(carries, gather, mounts, pools, entrance, keeper, finish);
}
