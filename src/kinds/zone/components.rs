//! Components of the event loop.

use crate::kinds::zone::{Server, Zone};
use crate::plan::kind::components::Components;

impl Components for Server {}

impl Components for Zone {}
