//! Components of the event loop.

use crate::kinds::station::Station;
use crate::plan::kind::components::Components;

impl Components for Station {}
