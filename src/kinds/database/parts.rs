//! What can fail.

use crate::kinds::database::Database;
use crate::plan::kind::parts::Parts;

impl Parts for Database {}
