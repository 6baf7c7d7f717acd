//! Components of the event loop.

use crate::kinds::cache::plan::Cache;
use crate::plan::kind::components::Components;

impl Components for Cache {}
