//! The table of diagnostic codes: number, class, title.
//!
//! A code never changes its meaning and is never reused for another. The hundreds of a number are its class; the
//! letter is `E` for an error, `W` for a warning. A message with a new cause gets a new line here; docs and tests
//! enumerate [`Code::ALL`].

use std::fmt;

/// The class of a diagnostic; printed after the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The text is not TOML 1.0.
    Syntax,
    /// The bytes are not UTF-8.
    Encoding,
    /// A value of another type is required.
    Type,
    /// The unit is missing, unknown, or of another quantity.
    Unit,
    /// A name does not exist, or names the wrong kind of component.
    Ref,
    /// The value lies outside its range.
    Range,
    /// No such key or word.
    Unknown,
    /// A required key or section is missing.
    Missing,
    /// A chain of references comes back to its start.
    Cycle,
    /// The same name twice.
    Dup,
    /// A list or table that must not be empty is empty.
    Empty,
    /// Two settings exclude each other.
    Conflict,
    /// No arrangement can meet the requirement.
    Infeasible,
    /// A setting has no effect.
    Inert,
    /// A bound on the size of input.
    Limit,
    /// A file outside the allowed folders.
    Path,
    /// A trace file that cannot be read.
    Trace,
}

impl Class {
    /// Returns the word in messages and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Syntax => "SYNTAX",
            Self::Encoding => "ENCODING",
            Self::Type => "TYPE",
            Self::Unit => "UNIT",
            Self::Ref => "REF",
            Self::Range => "RANGE",
            Self::Unknown => "UNKNOWN",
            Self::Missing => "MISSING",
            Self::Cycle => "CYCLE",
            Self::Dup => "DUP",
            Self::Empty => "EMPTY",
            Self::Conflict => "CONFLICT",
            Self::Infeasible => "INFEASIBLE",
            Self::Inert => "INERT",
            Self::Limit => "LIMIT",
            Self::Path => "PATH",
            Self::Trace => "TRACE",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The severity of a diagnostic: whether it prevents a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario is refused.
    Error,
    /// The scenario runs; a person should look at it.
    Warning,
}

impl Severity {
    /// Returns `error` or `warning`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

macro_rules! codes {
    ($($name:ident = $id:literal, $class:ident, $title:literal;)*) => {
        /// A stable code of a diagnostic. The titles are in [`Code::title`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $title] $name,)* }

        impl Code {
            /// All codes, by number within their class.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the code as written: a letter and four digits.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// Returns the class of the code.
            #[must_use]
            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)* }
            }

            /// Returns the meaning of the code, for the reference page.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    NotToml = "E0001", Syntax, "The text is not TOML 1.0.";
    StringNotClosed = "E0002", Syntax, "A string has no closing quote.";
    NotAScenario = "E0003", Syntax, "The file is JSON, not TOML.";
    BareReturn = "E0004", Syntax, "A carriage return without a newline.";
    ControlCharacter = "E0005", Syntax, "A control character stands raw in the text.";
    KeyTwice = "E0006", Syntax, "A key or table is given twice.";
    NewerToml = "E0007", Syntax, "TOML 1.1 is used where TOML 1.0 is the language.";
    OldFormat = "E0008", Syntax, "The file is written in format 1 of the language.";
    NotUtf8 = "E0101", Encoding, "The file is not UTF-8.";
    WrongType = "E0201", Type, "A value of another kind is needed.";
    NotWhole = "E0202", Type, "A whole number is needed.";
    NotADate = "E0203", Type, "Time is simulated time, not a date.";
    TableOrList = "E0204", Type, "One table where a list of tables is meant, or the reverse.";
    NotAName = "E0205", Type, "A name is not kebab-case.";
    UnitMissing = "E0301", Unit, "A quantity has no unit.";
    UnitUnknown = "E0302", Unit, "The quantity has no such unit.";
    UnitOfOther = "E0303", Unit, "The unit belongs to another quantity.";
    WrongKind = "E0411", Ref, "The name is of another kind of component than is needed.";
    NoSuchName = "E0412", Ref, "No component has this name.";
    NoSuchMember = "E0413", Ref, "The group has no such member or role.";
    NoSuchFigure = "E0414", Ref, "No such figure, or not of this component.";
    OutOfRange = "E0501", Range, "The value is outside its range.";
    NotFinite = "E0502", Range, "The number is not finite.";
    TooFine = "E0503", Range, "The value is not zero but below the smallest step.";
    NotAProbability = "E0504", Range, "A probability lies between 0 and 1.";
    EndBeforeStart = "E0505", Range, "An end lies before its start.";
    BadLaw = "E0506", Range, "The parameters make no law.";
    UnknownKey = "E0601", Unknown, "The table has no such key.";
    UnknownWord = "E0602", Unknown, "The value is none of the words allowed.";
    UnknownSection = "E0603", Unknown, "The language has no such section.";
    MissingKey = "E0701", Missing, "A required key is not given.";
    MissingSection = "E0702", Missing, "A required section is not given.";
    MissingSpread = "E0703", Missing, "A law has a mean and no spread.";
    SelfReference = "E0801", Cycle, "Something refers to itself.";
    RouteCycle = "E0802", Cycle, "Calls form a cycle without an exit.";
    PlacementCycle = "E0803", Cycle, "A component stands on itself, through others.";
    NameTwice = "E0901", Dup, "Two components have one name.";
    NameCase = "E0902", Dup, "Two names differ only in case.";
    NameReserved = "E0903", Dup, "A name is a word of the language.";
    Empty = "E1001", Empty, "A list must hold at least one entry.";
    Sum = "E1101", Conflict, "Shares that must add up do not.";
    KeysExclude = "E1102", Conflict, "Two keys exclude each other.";
    Overlap = "E1103", Conflict, "Two faults overlap on one part.";
    TimesConflict = "E1104", Conflict, "Two times contradict each other.";
    LawOverdetermined = "E1105", Conflict, "A law is given more than it needs.";
    Contradiction = "E1106", Conflict, "No value meets two expectations of one figure.";
    Placement = "E1201", Infeasible, "A placement cannot be met.";
    Capacity = "E1202", Infeasible, "More is placed than there is capacity for.";
    Quorum = "E1203", Infeasible, "A quorum cannot be reached.";
    NotYet = "E1204", Infeasible, "The requests solver cannot simulate this yet.";
    NoEffect = "E1301", Inert, "A setting cannot take effect.";
    AfterHorizon = "E1302", Inert, "Something starts after the horizon.";
    Unused = "E1303", Inert, "Nothing uses this.";
    FileTooLarge = "E1401", Limit, "The file is larger than 16 MiB.";
    TooDeep = "E1402", Limit, "Nested deeper than 64.";
    StringTooLong = "E1403", Limit, "A string is longer than 4 KiB.";
    NameTooLong = "E1404", Limit, "A name is longer than 128 bytes.";
    TooMany = "E1405", Limit, "More entries than the bound.";
    RunTooLong = "E1408", Limit, "The run would simulate more events than the bound.";
    OutsideFolder = "E1501", Path, "A file outside the scenario's folder.";
    NotAFile = "E1502", Path, "A path that is not a regular file.";
    TraceUnreadable = "E1601", Trace, "A trace is missing, empty or has only a header.";
    TraceContent = "E1602", Trace, "A line of a trace is wrong.";
    TraceArchive = "E1603", Trace, "A compressed trace is damaged or of another format.";
    SplitBrain = "W1201", Infeasible, "A quorum lets two halves decide alone.";
    SinglePoint = "W1202", Infeasible, "A single point of failure: the loss of one component ends service.";
    SharedFate = "W1203", Infeasible, "Redundant parts share a domain.";
    Overload = "W1204", Infeasible, "The load of a resource is above its capacity.";
    AfterLoss = "W1205", Infeasible, "After one loss the load of a resource is above its capacity.";
    Saturated = "W1206", Infeasible, "More users than can be served at once.";
    TimeOuts = "W1101", Conflict, "Time-outs contradict each other.";
    NoOutage = "W1301", Inert, "The run is too short to see its faults.";
    SeldomUsed = "W1302", Inert, "A setting has next to no effect.";
    NoContent = "W1303", Inert, "Memory cannot cache reads of data without a size.";
    UnusedProfile = "W1304", Inert, "No workload uses this profile.";
    NoPrice = "W0701", Missing, "A part has no price.";
    NoHealthCheck = "W1207", Infeasible, "A balancer never detects a dead member.";
    OverYears = "W1208", Infeasible, "Over years a failure is counted otherwise than in windows.";
    TooFast = "W1209", Infeasible, "A disk would read faster than any of its kind can.";
    ColdMemory = "W1210", Infeasible, "A window begins with memory that is not warm yet.";
    AtOnce = "W1211", Infeasible, "A launched member serves at once.";
    TraceTimes = "W1601", Trace, "The times of a trace look like another unit.";
    RecordEnds = "W1602", Trace, "Recorded failures end long before the horizon.";
}

impl Code {
    /// Returns the word in messages and in JSON for what is wrong: the class, but for an architecture that can be built
    /// and is doubtful.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match (self.severity(), self.class()) {
            (Severity::Warning, Class::Infeasible) => "RISK",
            (_, class) => class.word(),
        }
    }

    /// Returns the severity, given by the letter of the code.
    #[must_use]
    pub const fn severity(self) -> Severity {
        if self.id().as_bytes()[0] == b'W' { Severity::Warning } else { Severity::Error }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique_and_its_hundred_is_its_class() {
        let mut ids: Vec<_> = Code::ALL.iter().map(|code| code.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(&code.id()[1..3], format!("{:02}", code.class() as u8), "{code}");
            assert!(code.title().ends_with('.'), "{code}");
        }
    }
}
