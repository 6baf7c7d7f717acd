//! References and mistakes.

use crate::kinds::station::Station;
use crate::plan::kind::checks::{Checks, Purpose, none};

impl Checks for Station {
    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    none!(follow, entrance, onward, store, uses, unused, begins);
}
