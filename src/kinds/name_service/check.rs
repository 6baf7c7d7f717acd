//! References and mistakes.

use crate::kinds::name_service::plan::NameService;
use crate::plan::kind::checks::Checks;

impl Checks for NameService {}
