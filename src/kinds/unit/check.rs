//! References and mistakes.

use crate::kinds::unit::{Crew, Group, Unit};
use crate::plan::kind::checks::Checks;

impl Checks for Unit {}

impl Checks for Group {}

impl Checks for Crew {}
