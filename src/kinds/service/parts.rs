//! What can fail.

use crate::kinds::service::Service;
use crate::plan::kind::parts::Parts;

impl Parts for Service {}
