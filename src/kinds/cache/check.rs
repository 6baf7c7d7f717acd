//! References and mistakes.

use crate::kinds::cache::plan::Cache;
use crate::plan::kind::checks::Checks;

impl Checks for Cache {}
