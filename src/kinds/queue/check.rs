//! References and mistakes.

use crate::kinds::queue::plan::Queue;
use crate::plan::kind::checks::Checks;

impl Checks for Queue {}
