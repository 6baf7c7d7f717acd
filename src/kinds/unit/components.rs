//! Components of the event loop.

use crate::kinds::unit::{Crew, Group, Unit};
use crate::plan::kind::components::Components;

impl Components for Unit {}

impl Components for Group {}

impl Components for Crew {}
