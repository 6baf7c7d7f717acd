//! Components of the event loop.

use crate::kinds::name_service::plan::NameService;
use crate::plan::kind::components::Components;

impl Components for NameService {}
