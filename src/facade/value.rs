//! Values of a scenario that is built in code, and cells of result tables.

use std::fmt;
use std::time::Duration;

use crate::units::{Bandwidth, Bytes, SimDuration};

/// A value of the scenario language, for [`Builder::set`](crate::Builder::set) and
/// [`Scenario::with`](crate::Scenario::with). Rows of [`Results::table`](crate::Results::table) have the same type.
///
/// Numbers, texts, lists and durations convert with `From`; other quantities, distributions and tables have a
/// function each. A value displays as the TOML of a scenario file.
///
/// ```
/// use std::time::Duration;
/// use fivenines::Value;
///
/// assert_eq!(Value::from(4).to_string(), "4");
/// assert_eq!(Value::from(Duration::from_millis(250)).to_string(), r#""250ms""#);
/// assert_eq!(Value::per_second(20.0).to_string(), r#""20/s""#);
/// assert_eq!(Value::from(["host-1", "host-2"]).to_string(), r#"["host-1", "host-2"]"#);
/// ```
#[derive(Clone, PartialEq)]
pub struct Value(toml::Value);

impl Value {
    /// Returns a rate in events per second.
    ///
    /// ```
    /// # use fivenines::Value;
    /// assert_eq!(Value::per_second(0.5).to_string(), r#""0.5/s""#);
    /// ```
    #[must_use]
    pub fn per_second(count: f64) -> Self {
        Self::words(format!("{count}/s"))
    }

    /// Returns a rate in events per year of 365 days.
    ///
    /// ```
    /// # use fivenines::Value;
    /// assert_eq!(Value::per_year(2.0).to_string(), r#""2/y""#);
    /// ```
    #[must_use]
    pub fn per_year(count: f64) -> Self {
        Self::words(format!("{count}/y"))
    }

    /// Returns a size in bytes.
    ///
    /// ```
    /// # use fivenines::Value;
    /// assert_eq!(Value::bytes(64 << 30).to_string(), r#""64GiB""#);
    /// ```
    #[must_use]
    pub fn bytes(count: u64) -> Self {
        Self::words(Bytes::new(count).to_string())
    }

    /// Returns a bandwidth in bytes per second.
    ///
    /// ```
    /// # use fivenines::Value;
    /// assert_eq!(Value::bytes_per_second(12_500_000).to_string(), r#""100Mbit/s""#);
    /// ```
    #[must_use]
    pub fn bytes_per_second(count: u64) -> Self {
        Self::words(Bandwidth::from_bytes_per_s(count).to_string())
    }

    /// Returns a price in dollars per month.
    ///
    /// ```
    /// # use fivenines::Value;
    /// assert_eq!(Value::dollars_per_month(250.0).to_string(), r#""$250/month""#);
    /// ```
    #[must_use]
    pub fn dollars_per_month(count: f64) -> Self {
        Self::words(format!("${count}/month"))
    }

    /// Returns a distribution by its name in the language, with its mean; [`Self::with`] adds further parameters.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use fivenines::Value;
    /// let law = Value::law("erlang", Duration::from_millis(12)).with("phases", 3);
    /// assert_eq!(law.to_string(), r#"{ dist = "erlang", mean = "12ms", phases = 3 }"#);
    /// ```
    #[must_use]
    pub fn law(dist: &str, mean: impl Into<Self>) -> Self {
        Self::table().with("dist", dist).with("mean", mean)
    }

    /// Returns the exponential distribution with the given mean.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use fivenines::Value;
    /// let law = Value::exponential(Duration::from_millis(20));
    /// assert_eq!(law.to_string(), r#"{ dist = "exponential", mean = "20ms" }"#);
    /// ```
    #[must_use]
    pub fn exponential(mean: impl Into<Self>) -> Self {
        Self::law("exponential", mean)
    }

    /// Returns the lognormal distribution with the given mean and coefficient of variation.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use fivenines::Value;
    /// let law = Value::lognormal(Duration::from_millis(60), 1.5);
    /// assert_eq!(law.to_string(), r#"{ dist = "lognormal", mean = "60ms", cv = 1.5 }"#);
    /// ```
    #[must_use]
    pub fn lognormal(mean: impl Into<Self>, cv: f64) -> Self {
        Self::law("lognormal", mean).with("cv", cv)
    }

    /// Returns a step of a request: its kind (`cpu`, `call`, `io`, `visit`, `delay`, …) and the component it names.
    /// [`Self::with`] adds further keys.
    ///
    /// ```
    /// # use fivenines::Value;
    /// let step = Value::step("call", "db").with("read", 6);
    /// assert_eq!(step.to_string(), r#"{ call = "db", read = 6 }"#);
    /// ```
    #[must_use]
    pub fn step(kind: &str, of: impl Into<Self>) -> Self {
        Self::table().with(kind, of)
    }

    /// Returns a table without keys.
    ///
    /// ```
    /// # use fivenines::Value;
    /// assert_eq!(Value::table().with("cap", 4.0).to_string(), "{ cap = 4.0 }");
    /// ```
    #[must_use]
    pub fn table() -> Self {
        Self(toml::Value::Table(toml::Table::new()))
    }

    /// Adds a key to the table, or replaces its value. Any other value becomes a table with this key.
    ///
    /// ```
    /// # use fivenines::Value;
    /// let cpu = Value::table().with("shares", 200).with("cap", 4.0);
    /// assert_eq!(cpu.to_string(), "{ shares = 200, cap = 4.0 }");
    /// ```
    #[must_use]
    pub fn with(self, key: &str, value: impl Into<Self>) -> Self {
        let mut table = match self.0 {
            toml::Value::Table(table) => table,
            _ => toml::Table::new(),
        };
        table.insert(key.to_string(), value.into().0);
        Self(toml::Value::Table(table))
    }

    /// Returns the value of a key; `None` if this is not a table or has no such key.
    ///
    /// ```
    /// # use fivenines::Value;
    /// let cpu = Value::table().with("cap", 4.0);
    /// assert_eq!(cpu.get("cap").and_then(|cap| cap.number()), Some(4.0));
    /// assert!(cpu.get("shares").is_none());
    /// ```
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Self> {
        self.0.get(key).cloned().map(Self)
    }

    /// Returns the number of a key; `None` if the key is missing or its value is not a number.
    ///
    /// ```
    /// # use fivenines::Value;
    /// assert_eq!(Value::table().with("cap", 4.0).number_of("cap"), Some(4.0));
    /// ```
    #[must_use]
    pub fn number_of(&self, key: &str) -> Option<f64> {
        self.get(key)?.number()
    }

    /// Returns the text of a key; `None` if the key is missing or its value is not a text.
    ///
    /// ```
    /// # use fivenines::Value;
    /// assert_eq!(Value::step("visit", "desk").text_of("visit").as_deref(), Some("desk"));
    /// ```
    #[must_use]
    pub fn text_of(&self, key: &str) -> Option<String> {
        self.get(key)?.text().map(str::to_string)
    }

    /// Returns the number; `None` if the value is not a number.
    ///
    /// ```
    /// # use fivenines::Value;
    /// assert_eq!(Value::from(4).number(), Some(4.0));
    /// assert_eq!(Value::from("4").number(), None);
    /// ```
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match &self.0 {
            toml::Value::Integer(count) => Some(*count as f64),
            toml::Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the whole number; `None` if the value is not one, as `4.0`, which is a measured number.
    ///
    /// ```
    /// # use fivenines::Value;
    /// assert_eq!(Value::from(4).integer(), Some(4));
    /// assert_eq!(Value::from(4.0).integer(), None);
    /// ```
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        self.0.as_integer()
    }

    /// Returns the text; `None` if the value is not a text. A quantity with a unit is a text.
    ///
    /// ```
    /// # use fivenines::Value;
    /// assert_eq!(Value::per_second(20.0).text(), Some("20/s"));
    /// ```
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.as_str()
    }

    fn words(text: String) -> Self {
        Self(toml::Value::String(text))
    }

    pub(crate) fn into_toml(self) -> toml::Value {
        self.0
    }
}

/// Writes TOML on one line.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::words(text.to_string())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::words(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self(toml::Value::Boolean(value))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self(toml::Value::Float(value))
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self(toml::Value::Integer(value.into()))
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self(toml::Value::Integer(value.into()))
    }
}

impl From<u64> for Value {
    /// Converts a number; one that exceeds the range of TOML becomes a text, which readers of counts refuse.
    fn from(value: u64) -> Self {
        match i64::try_from(value) {
            Ok(value) => Self(toml::Value::Integer(value)),
            Err(_) => Self::words(value.to_string()),
        }
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::from(value as u64)
    }
}

impl From<Duration> for Value {
    /// Converts a duration with a resolution of 1 ns; more than 584 years become the longest `SimDuration`.
    fn from(length: Duration) -> Self {
        let nanos = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
        Self::words(SimDuration::from_nanos(nanos).to_string())
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self(toml::Value::Array(items.into_iter().map(|item| item.into().0).collect()))
    }
}

impl<T: Into<Self>, const N: usize> From<[T; N]> for Value {
    fn from(items: [T; N]) -> Self {
        Self(toml::Value::Array(items.into_iter().map(|item| item.into().0).collect()))
    }
}
