//! A scenario that a program builds in code.

use std::time::Duration;

use super::error::Error;
use super::scenario::Scenario;
use super::value::Value;

/// A scenario under construction, in code instead of in a file.
///
/// The frequent keys of the language have a method each; [`Self::set`] sets any key. [`Self::build`] reads and checks
/// the result as a scenario file is read and checked. Model and diagnostics equal those of the file that
/// [`Self::to_toml`] returns.
///
/// ```
/// use std::time::Duration;
/// use fivenines::{Run, Scenario, Value};
///
/// let scenario = Scenario::builder("desk")
///     .station("desk", 1, Value::exponential(Duration::from_millis(20)))
///     .request("page", [Value::step("visit", "desk")])
///     .workload("visitors", "page", Value::per_second(20.0))
///     .window("busy", Duration::from_secs(20))
///     .build()?;
/// let results = scenario.run(&Run::new().replications(3))?;
/// assert!(results.figure("utilization.desk@busy")?.value() > 0.3);
/// # Ok::<(), fivenines::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    root: toml::Table,
}

impl Builder {
    pub(super) fn new(name: &str) -> Self {
        Self { root: toml::Table::new() }.set("scenario", name).set("format", 2)
    }

    /// Sets any key of the language by its path, such as `zone.web.cpu.cap`, and replaces an earlier value. A part of
    /// the path that is not a plain word stands in double quotes.
    ///
    /// ```
    /// # use fivenines::{Scenario, Value};
    /// let builder = Scenario::builder("desk").set("station.desk.limit", 5);
    /// assert!(builder.to_toml().ends_with("[station.desk]\nlimit = 5\n"));
    /// ```
    #[must_use]
    pub fn set(self, path: &str, value: impl Into<Value>) -> Self {
        let parts = parts(path);
        let keys: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.put(&keys, value)
    }

    fn put(mut self, keys: &[&str], value: impl Into<Value>) -> Self {
        let Some((last, above)) = keys.split_last() else { return self };
        let mut table = &mut self.root;
        for key in above {
            let entry =
                table.entry((*key).to_string()).or_insert_with(|| toml::Table::new().into());
            if !entry.is_table() {
                *entry = toml::Table::new().into();
            }
            table = entry.as_table_mut().expect("it has just been made one");
        }
        table.insert((*last).to_string(), value.into().into_toml());
        self
    }

    /// Appends an entry to a list of tables at the root.
    fn push(mut self, list: &str, value: Value) -> Self {
        let entry =
            self.root.entry(list.to_string()).or_insert_with(|| toml::Value::Array(Vec::new()));
        if let Some(items) = entry.as_array_mut() {
            items.push(value.into_toml());
        }
        self
    }

    /// Sets the title, one line that reports show.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let builder = Scenario::builder("desk").title("One desk");
    /// ```
    #[must_use]
    pub fn title(self, title: &str) -> Self {
        self.set("title", title)
    }

    /// Sets the seed of all random draws; 1 if it is not set.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let builder = Scenario::builder("desk").seed(7);
    /// ```
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.set("run.seed", seed)
    }

    /// Sets the number of independent replications.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let builder = Scenario::builder("desk").replications(30);
    /// ```
    #[must_use]
    pub fn replications(self, count: u32) -> Self {
        self.set("run.replications", count)
    }

    /// Sets the simulated time over which faults are sampled and availability is estimated.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use fivenines::Scenario;
    /// let year = Duration::from_secs(365 * 86_400);
    /// let builder = Scenario::builder("desk").horizon(10 * year);
    /// assert!(builder.to_toml().contains("horizon = \"10y\""));
    /// ```
    #[must_use]
    pub fn horizon(self, length: Duration) -> Self {
        self.set("run.horizon", length)
    }

    /// Adds a station: a queue with the given number of servers and a distribution of service times.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use fivenines::{Scenario, Value};
    /// let service = Value::exponential(Duration::from_millis(20));
    /// let builder = Scenario::builder("desk").station("desk", 2, service);
    /// ```
    #[must_use]
    pub fn station(self, name: &str, servers: u32, service: impl Into<Value>) -> Self {
        self.put(&["station", name, "servers"], servers).put(&["station", name, "service"], service)
    }

    /// Adds a server model: the given number of machines, each with `cores` cores and `memory` bytes of memory.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let builder = Scenario::builder("shop").server("host", 2, 8, 32 << 30);
    /// ```
    #[must_use]
    pub fn server(self, name: &str, count: u32, cores: u32, memory: u64) -> Self {
        let of = |key| ["server", name, key];
        self.put(&of("count"), count)
            .put(&of("cores"), cores)
            .put(&of("memory"), Value::bytes(memory))
    }

    /// Adds one zone per server in `on`, each with at most `cores` cores and `memory` bytes of memory.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let builder = Scenario::builder("shop").zone("web", &["host-1", "host-2"], 4.0, 4 << 30);
    /// ```
    #[must_use]
    pub fn zone(self, name: &str, on: &[&str], cores: f64, memory: u64) -> Self {
        let of = |key| ["zone", name, key];
        let cpu = Value::table().with("cap", cores);
        self.put(&of("count"), on.len())
            .put(&of("on"), on.to_vec())
            .put(&of("cpu"), cpu)
            .put(&of("memory"), Value::bytes(memory))
    }

    /// Adds a service with one member in each zone of the given name; each member has `workers` workers.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let builder = Scenario::builder("shop").service("app", "web", 20);
    /// ```
    #[must_use]
    pub fn service(self, name: &str, zone: &str, workers: u32) -> Self {
        self.put(&["service", name, "in"], zone).put(&["service", name, "workers"], workers)
    }

    /// Adds a request class with its steps.
    ///
    /// ```
    /// # use fivenines::{Scenario, Value};
    /// let builder = Scenario::builder("desk").request("page", [Value::step("visit", "desk")]);
    /// ```
    #[must_use]
    pub fn request(self, class: &str, steps: impl Into<Value>) -> Self {
        self.put(&["request", class, "steps"], steps)
    }

    /// Adds a workload: a source of requests of one class, with its mean rate.
    ///
    /// ```
    /// # use fivenines::{Scenario, Value};
    /// let builder = Scenario::builder("desk").workload("visitors", "page", Value::per_second(20.0));
    /// ```
    #[must_use]
    pub fn workload(self, name: &str, class: &str, rate: impl Into<Value>) -> Self {
        self.put(&["workload", name, "request"], class).put(&["workload", name, "rate"], rate)
    }

    /// Adds a window that is simulated request by request, with the length that is measured. `window.NAME.warm-up`
    /// sets its warm-up, `window.NAME.level` an arrival rate of its own.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use fivenines::{Scenario, Value};
    /// let builder = Scenario::builder("desk")
    ///     .window("peak", Duration::from_secs(600))
    ///     .set("window.peak.warm-up", Duration::from_secs(60))
    ///     .set("window.peak.level", "2 x rate");
    /// ```
    #[must_use]
    pub fn window(self, name: &str, length: Duration) -> Self {
        self.put(&["window", name, "length"], length)
    }

    /// Adds a latency objective for a class: a statistic such as `p95` and its upper bound.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use fivenines::Scenario;
    /// let builder = Scenario::builder("desk").objective("page", "p95", Duration::from_millis(500));
    /// ```
    #[must_use]
    pub fn objective(self, class: &str, stat: &str, bound: Duration) -> Self {
        self.put(&["objective", class, "latency", stat], bound)
    }

    /// Adds an expectation: a condition on a figure that every run evaluates.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let builder = Scenario::builder("desk").expect("utilization.desk@busy", "within 5% of 0.4");
    /// ```
    #[must_use]
    pub fn expect(self, figure: &str, is: &str) -> Self {
        self.push("expect", Value::table().with("figure", figure).with("is", is))
    }

    /// Returns the text of the scenario file that gives the same model.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// assert_eq!(Scenario::builder("desk").to_toml(), "scenario = \"desk\"\nformat = 2\n");
    /// ```
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(&self.root).expect("keys are texts, and values are values of TOML")
    }

    /// Reads and checks what was built. Relative paths start in the current folder.
    ///
    /// # Errors
    ///
    /// The diagnostics of a scenario with errors; their line numbers refer to [`Self::to_toml`].
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let error = Scenario::builder("desk").station("desk", 0, "20ms").build().unwrap_err();
    /// let fields: Vec<&str> = error.diagnostics().iter().map(|found| found.field()).collect();
    /// assert_eq!(fields, ["horizon", "station.desk.servers"]);
    /// ```
    pub fn build(&self) -> Result<Scenario, Error> {
        Scenario::parse(&self.to_toml())
    }
}

/// Splits a path into its keys; a part in double quotes is one key.
fn parts(path: &str) -> Vec<String> {
    let mut keys = vec![String::new()];
    let mut quoted = false;
    for c in path.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => keys.push(String::new()),
            _ => keys.last_mut().expect("there is always one").push(c),
        }
    }
    keys
}
