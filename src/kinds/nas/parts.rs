//! What can fail.

use crate::kinds::nas::Nas;
use crate::plan::kind::parts::Parts;

impl Parts for Nas {}
