//! Needs and offered work of power feeds: no request asks for one. The graph adds them below what hangs on them.

use crate::kinds::feed::plan::Feed;
use crate::plan::kind::flow::{Flow, nothing};

impl Flow for Feed {
    nothing!(all);
}
