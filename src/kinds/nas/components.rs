//! Components of the event loop.

use crate::kinds::nas::Nas;
use crate::plan::kind::components::Components;

impl Components for Nas {}
