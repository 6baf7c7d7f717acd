//! Components of the event loop.

use crate::kinds::database::Database;
use crate::plan::kind::components::Components;

impl Components for Database {}
