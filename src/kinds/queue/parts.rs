//! What can fail.

use crate::kinds::queue::plan::Queue;
use crate::plan::kind::parts::Parts;

impl Parts for Queue {}
