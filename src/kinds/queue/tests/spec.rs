//! Keys of a queue, as a file has them.

use crate::kinds::queue::spec::{PublishStep, QueueSpec, WhenFull};
use crate::kinds::service::spec::Workers;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::document::Document;
use crate::scenario::source::Source;
use crate::scenario::value::Value;

fn read<T: Value>(text: &str) -> (Option<T>, Vec<String>) {
    let mut out = Diagnostics::new();
    let document = Document::parse(Source::from_text("queue.toml", text), &mut out).unwrap();
    let found = T::read(&document.root, &mut out);
    let messages = out.sorted().iter().map(|diagnostic| diagnostic.message.clone()).collect();
    (found, messages)
}

/// The smallest declaration, and one with every key.
#[test]
fn a_queue_is_declared_in_few_lines() {
    let least = r#"
        in = "mq-1"
        request = "resize"
        durable = true
        back-off = { first = "1s" }
    "#;
    let (queue, messages) = read::<QueueSpec>(least);
    assert_eq!(messages, Vec::<String>::new());
    let queue = queue.unwrap();
    assert!(queue.prefetch.is_none() && queue.attempts.is_none() && queue.limit.is_none());
    assert_eq!(queue.back_off.factor.value, 1.0);
    let all = r#"
        in = ["mq-1", "mq-2"]
        request = "resize"
        prefetch = "unlimited"
        acknowledge-within = "30s"
        attempts = 5
        back-off = { first = "1s", factor = 2, longest = "5min" }
        heartbeat = "1min"
        limit = 10_000
        limit-bytes = "1GiB"
        size = "2kB"
        when-full = "drop-oldest"
        durable = false
        confirm = "2ms"
        publish = "0.1ms"
        failover = { detect = "10s", takeover = "5s", coverage = 0.95 }
        catch-up = "1min"
    "#;
    let (queue, messages) = read::<QueueSpec>(all);
    assert_eq!(messages, Vec::<String>::new());
    let queue = queue.unwrap();
    assert_eq!(queue.in_.value.0.len(), 2);
    assert_eq!(queue.prefetch.unwrap().value, Workers::Unlimited);
    assert_eq!(queue.when_full.unwrap().value, WhenFull::DropOldest);
}

/// Keys that decide on lost messages, or on repetition without a pause, have no default.
#[test]
fn nothing_that_loses_messages_has_a_default() {
    let (_, messages) = read::<QueueSpec>("in = \"mq-1\"\nrequest = \"resize\"");
    let missing = messages.join("\n");
    assert!(missing.contains("`durable`") && missing.contains("`back-off`"), "{missing}");
    let (_, messages) = read::<QueueSpec>(
        "in = \"mq-1\"\nrequest = \"r\"\ndurable = true\nback-off = { first = \"0s\" }",
    );
    assert_eq!(messages.len(), 1, "{messages:?}");
}

#[test]
fn a_producer_waits_unless_it_says_otherwise() {
    let (step, messages) = read::<PublishStep>("publish = \"jobs\"");
    assert_eq!(messages, Vec::<String>::new());
    assert!(step.unwrap().wait.value);
    let (step, _) = read::<PublishStep>("publish = \"jobs\"\nwait = false");
    assert!(!step.unwrap().wait.value);
}
