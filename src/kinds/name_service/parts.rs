//! What can fail.

use crate::kinds::name_service::plan::NameService;
use crate::plan::kind::parts::Parts;

impl Parts for NameService {}
