//! Alarms of a database group, each with its number.

/// Purpose of an alarm of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// The next probe of a member.
    Probe(usize),
    /// The next write that a replica applies.
    Apply(usize),
    /// The next block of a rebuild.
    Rebuild(usize),
    /// The next step of the failover.
    Step,
    /// A failover of a healthy primary.
    False,
    /// The acknowledgement of the first waiting write, or its time-out.
    Acknowledge,
    /// The eviction of a silent member.
    Suspect(usize),
    /// The next record that a replica forces.
    Force(usize),
    /// The next message that arrives.
    Post,
}

impl Alarm {
    /// Returns the number of alarms of a group of `members`.
    #[must_use]
    pub const fn count(members: u32) -> u32 {
        3 * members + 3
    }

    /// Returns the number of alarms of a group of `members` that wait for each other.
    #[must_use]
    pub const fn count_of_agreeing(members: u32) -> u32 {
        5 * members + 4
    }

    pub(super) fn local(self, members: usize) -> usize {
        match self {
            Self::Probe(member) => member,
            Self::Apply(member) => members + member,
            Self::Rebuild(member) => 2 * members + member,
            Self::Step => 3 * members,
            Self::False => 3 * members + 1,
            Self::Acknowledge => 3 * members + 2,
            Self::Suspect(member) => 3 * members + 3 + member,
            Self::Force(member) => 4 * members + 3 + member,
            Self::Post => 5 * members + 3,
        }
    }

    pub(super) fn of(local: usize, members: usize) -> Self {
        if let Some(more) = local.checked_sub(3 * members + 3) {
            return match (more / members, more % members) {
                (0, member) => Self::Suspect(member),
                (1, member) => Self::Force(member),
                _ => Self::Post,
            };
        }
        match (local / members, local % members) {
            (0, member) => Self::Probe(member),
            (1, member) => Self::Apply(member),
            (2, member) => Self::Rebuild(member),
            _ if local == 3 * members => Self::Step,
            _ if local == 3 * members + 1 => Self::False,
            _ => Self::Acknowledge,
        }
    }
}
