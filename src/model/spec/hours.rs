//! Hours of the week: of lent servers, of crews.

use crate::model::spec::traffic::Moment;
use crate::scenario::spec::spec;
use crate::scenario::words::words;

spec! {
    /// Hours of a day, or of the week. They may go on past midnight.
    pub struct HoursSpec {
        /// Moment at which they begin: a time of day, or a weekday and a time of day.
        from: Moment,
        /// Moment at which they end.
        to: Moment,
        /// Days on which they begin. Only for times of day. Without it, every day.
        days: Option<Vec<Day>> => not_empty(),
    }
}

words! {
    /// Day of the week.
    pub enum Day {
        /// Monday.
        Mon = "Mon",
        /// Tuesday.
        Tue = "Tue",
        /// Wednesday.
        Wed = "Wed",
        /// Thursday.
        Thu = "Thu",
        /// Friday.
        Fri = "Fri",
        /// Saturday.
        Sat = "Sat",
        /// Sunday.
        Sun = "Sun",
    }
}

impl Day {
    /// Returns the number of the day in the week; 0 is Monday.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Mon => 0,
            Self::Tue => 1,
            Self::Wed => 2,
            Self::Thu => 3,
            Self::Fri => 4,
            Self::Sat => 5,
            Self::Sun => 6,
        }
    }
}
