//! Components of the event loop.

use crate::kinds::queue::plan::Queue;
use crate::plan::kind::components::Components;

impl Components for Queue {}
