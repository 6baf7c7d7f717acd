//! References and mistakes.

use crate::kinds::zone::{Server, Zone};
use crate::plan::kind::checks::Checks;

impl Checks for Server {}

impl Checks for Zone {}
