//! Components of the event loop.

use crate::kinds::cdn::Cdn;
use crate::plan::kind::components::Components;

impl Components for Cdn {}
