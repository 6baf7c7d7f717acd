//! What can fail.

use crate::kinds::zone::{Server, Zone};
use crate::plan::kind::parts::Parts;

impl Parts for Server {}

impl Parts for Zone {}
