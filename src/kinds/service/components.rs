//! Components of the event loop.

use crate::kinds::service::Service;
use crate::plan::kind::components::Components;

impl Components for Service {}
