//! References and mistakes.

use crate::kinds::nas::Nas;
use crate::plan::kind::checks::Checks;

impl Checks for Nas {}
