//! Needs and offered work of a scaler: none, since the work is that of its members.

use crate::kinds::scaler::plan::Scaler;
use crate::plan::kind::flow::{Flow, nothing};

impl Flow for Scaler {
    nothing!(all);
}
