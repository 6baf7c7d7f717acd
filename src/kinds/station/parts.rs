//! What can fail.

use crate::kinds::station::Station;
use crate::plan::kind::parts::Parts;

impl Parts for Station {}
