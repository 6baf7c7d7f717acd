//! References and mistakes.

use crate::kinds::service::Service;
use crate::plan::kind::checks::Checks;

impl Checks for Service {}
