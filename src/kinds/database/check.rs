//! References and mistakes.

use crate::kinds::database::Database;
use crate::plan::kind::checks::Checks;

impl Checks for Database {}
