//! What can fail.

use crate::kinds::unit::{Crew, Group, Unit};
use crate::plan::kind::parts::Parts;

impl Parts for Unit {}

impl Parts for Group {}

impl Parts for Crew {}
