//! What can fail.

use crate::kinds::cache::plan::Cache;
use crate::plan::kind::parts::Parts;

impl Parts for Cache {}
