//! References and mistakes.

use crate::kinds::network::{Link, Rack, Site};
use crate::plan::kind::checks::Checks;

impl Checks for Site {}

impl Checks for Rack {}

impl Checks for Link {}
