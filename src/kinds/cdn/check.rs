//! References and mistakes.

use crate::kinds::cdn::Cdn;
use crate::plan::kind::checks::Checks;

impl Checks for Cdn {}
