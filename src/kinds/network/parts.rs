//! What can fail.

use crate::kinds::network::{Link, Rack, Site};
use crate::plan::kind::parts::Parts;

impl Parts for Site {}

impl Parts for Rack {}

impl Parts for Link {}
