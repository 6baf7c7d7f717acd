//! Subjects: what the name in a path refers to.

/// Sort of subject that has a figure: what the name in a path refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The whole scenario, without a name.
    Scenario,
    /// The whole scenario, without a name, or a request class.
    ScenarioOrClass,
    /// A request class.
    Class,
    /// A request class with an objective of availability.
    ClassWithAvailability,
    /// A request class with an objective of latency.
    ClassWithLatency,
    /// The page views of a class.
    View,
    /// Any component with a queue or servers, by its name or that of a part.
    Component,
    /// A resource that can be busy, such as the processor of a server.
    Resource,
    /// A station.
    Station,
    /// A service.
    Service,
    /// All members of one name.
    Group,
    /// A load balancer.
    Balancer,
    /// A database.
    Database,
    /// A replicated database whose replicas may take over.
    DatabaseWithFailover,
    /// A member of a replicated database.
    Member,
    /// A member of a replicated database whose replicas may take over.
    MemberWithFailover,
    /// A file server.
    FileServer,
    /// A cache of a service.
    Cache,
    /// A content delivery network.
    Cdn,
    /// The memory of a server.
    Memory,
    /// Part with a declared power.
    Metered,
    /// A component kind that declares the figure itself.
    Own(&'static str),
    /// A component kind that declares the figure itself, by a name of two parts.
    OwnPart(&'static str),
}

impl Whose {
    /// Returns the word for the reference page.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Scenario => "none: the whole scenario",
            Self::ScenarioOrClass => "none, or class",
            Self::Class => "class",
            Self::ClassWithAvailability => "class with an objective `availability`",
            Self::ClassWithLatency => "class with an objective of latency",
            Self::View => "`CLASS-view`",
            Self::Component => "component",
            Self::Resource => "resource",
            Self::Station => "station",
            Self::Service => "service",
            Self::Group => "group",
            Self::Balancer => "balancer",
            Self::Database => "database",
            Self::DatabaseWithFailover => "database with a failover",
            Self::Member => "member of a database",
            Self::MemberWithFailover => "member of a database with a failover",
            Self::FileServer => "file server",
            Self::Cache => "cache",
            Self::Cdn => "CDN",
            Self::Memory => "memory",
            Self::Metered => "part with a `power`",
            Self::Own(kind) | Self::OwnPart(kind) => kind,
        }
    }

    /// Returns whether the subject is a request class.
    #[must_use]
    pub const fn is_class(self) -> bool {
        matches!(
            self,
            Self::ScenarioOrClass
                | Self::Class
                | Self::ClassWithAvailability
                | Self::ClassWithLatency
        )
    }

    /// Returns whether its name may have a second part: `store.main`, `www-1.cpu`.
    #[must_use]
    pub const fn has_parts(self) -> bool {
        matches!(
            self,
            Self::Component
                | Self::Resource
                | Self::Station
                | Self::Cache
                | Self::Metered
                | Self::OwnPart(_)
        )
    }
}
