//! References and mistakes.

use crate::kinds::station::Station;
use crate::plan::kind::checks::Checks;

impl Checks for Station {}
