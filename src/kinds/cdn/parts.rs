//! What can fail.

use crate::kinds::cdn::Cdn;
use crate::plan::kind::parts::Parts;

impl Parts for Cdn {}
