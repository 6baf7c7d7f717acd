//! Diagnostics of `check` in SARIF 2.1.0, which code scanning of GitHub and editors read.
//!
//! One result per diagnostic, at its place in the file. The rules are those codes that occur, with their meaning. A
//! file that cannot be read is a notification of the tool. There is no time and no host: the same files give the same
//! bytes.
//!
//! Source: OASIS, *Static Analysis Results Interchange Format (SARIF) Version 2.1.0* (2020).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::json;
use super::text::visible;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::render::Report;
use crate::scenario::source::Span;

/// Address of the schema.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// A log under construction.
#[derive(Debug, Default)]
pub struct Log {
    rules: BTreeMap<&'static str, Code>,
    results: Vec<Value>,
    notifications: Vec<Value>,
}

impl Log {
    /// Adds the diagnostics of the file `file`: errors in the order of the text, then warnings.
    pub fn add(&mut self, file: &str, report: &Report<'_>) {
        for diagnostic in report.found.sorted() {
            self.rules.insert(diagnostic.code.id(), diagnostic.code);
            self.results.push(result(file, report, diagnostic));
        }
    }

    /// Adds a file that cannot be read, or is no file.
    pub fn unreadable(&mut self, file: &str, message: &str) {
        self.notifications.push(json!({
            "level": "error",
            "message": { "text": visible(message) },
            "locations": [ { "physicalLocation": { "artifactLocation": { "uri": uri(file) } } } ],
        }));
    }

    /// Returns the whole log.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let rule = |(id, code): (&&str, &Code)| {
            json!({
                "id": id,
                "name": format!("{code:?}"),
                "shortDescription": { "text": code.title() },
                "properties": { "class": code.word() },
            })
        };
        let rules: Vec<Value> = self.rules.iter().map(rule).collect();
        json::bytes(&json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [ {
                "tool": { "driver": {
                    "name": "fivenines",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                } },
                "columnKind": "unicodeCodePoints",
                "invocations": [ {
                    "executionSuccessful": self.notifications.is_empty(),
                    "toolExecutionNotifications": self.notifications,
                } ],
                "results": self.results,
            } ],
        }))
    }
}

fn result(file: &str, report: &Report<'_>, of: &Diagnostic) -> Value {
    let text = match &of.help {
        Some(help) => format!("{}. Help: {help}", of.message),
        None => of.message.clone(),
    };
    let related: Vec<Value> = of
        .related
        .iter()
        .map(|(span, label)| {
            let mut place = location(file, report, *span);
            place["message"] = json!({ "text": visible(label) });
            place
        })
        .collect();
    let mut result = json!({
        "ruleId": of.code.id(),
        "level": of.severity().word(),
        "message": { "text": visible(&text) },
        "locations": [ location(file, report, of.span) ],
        "properties": { "field": report.field(of) },
    });
    if !related.is_empty() {
        result["relatedLocations"] = Value::Array(related);
    }
    result
}

/// Returns the place of a span. A value of `--set` stands in no file: its place is the whole scenario file.
fn location(file: &str, report: &Report<'_>, span: Span) -> Value {
    let begin = report.source.place(span);
    let mut physical = json!({ "artifactLocation": { "uri": uri(file) } });
    if begin.file == report.source.name() {
        let end = report.source.place(Span::new(span.end, span.end));
        physical["region"] = json!({
            "startLine": begin.line,
            "startColumn": begin.column,
            "endLine": end.line,
            "endColumn": end.column,
        });
    }
    json!({ "physicalLocation": physical })
}

/// Returns a path as a relative or absolute reference: `/` between folders, other characters escaped (RFC 3986).
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.replace(std::path::MAIN_SEPARATOR, "/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_is_a_reference_that_readers_resolve() {
        assert_eq!(uri("scenarios/a b#1.toml"), "scenarios/a%20b%231.toml");
        assert_eq!(uri("zürich.toml"), "z%C3%BCrich.toml");
    }
}
