//! Components of the event loop.

use crate::kinds::network::{Link, Rack, Site};
use crate::plan::kind::components::Components;

impl Components for Site {}

impl Components for Rack {}

impl Components for Link {}
