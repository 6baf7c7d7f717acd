//! A message queue: producers publish messages to a broker, consumers do the work of each message.
//!
//! Model: the broker holds messages in the order of publication. A message is *arriving* until it is
//! safe (on disk, and at the follower of a mirrored pair: `confirm`), then *ready*. It is delivered to
//! the next consumer in turn that has a free slot, and is *in flight* until it is acknowledged. The
//! consumers are the members of a service; each holds at most `prefetch` messages that it has not
//! finished. The work of a message is a request of one class.
//!
//! Delivery is at least once. A message that is in flight comes back and is delivered again
//!
//! - when `acknowledge-within` is over, while its consumer goes on working;
//! - when its work fails, after a back-off;
//! - when the connection to its consumer breaks: at once when the process dies, after `heartbeat` when its
//!   host falls silent;
//! - when the broker fails or is taken over: all connections break.
//!
//! It comes back to its old place, before all messages that were published after it. With `attempts` given,
//! a message that comes back after that many deliveries is a *dead letter* instead.
//!
//! Decisions:
//!
//! - **An acknowledgement belongs to a delivery.** The latest delivery of a message counts; an earlier one
//!   that ends later changes nothing. An acknowledgement that is too late counts as long as the message has
//!   not been delivered again (SQS: the most recent receipt handle).
//! - **A slot is at the consumer.** It is free again when the consumer has finished, not when the broker has
//!   stopped waiting. So a slow consumer gets no more messages than its slots.
//! - **A duplicate is work done twice**: each completion of a message's work after its first.
//! - **A limit bounds the messages that wait**, as in RabbitMQ: messages in flight are not counted, and a
//!   message that comes back is always accepted.
//! - **A broker that fails loses messages that are not safe yet.** A producer that waits receives "accepted" when
//!   its message is safe, so such a message outlives any single broker that is durable or mirrored. Messages
//!   are delivered only when they are safe (quorum queues, JetStream).
//! - **A broker that is not durable** loses everything with its process, unless its follower has it.
//! - **The first broker is active, the second follows.** A broker that took over stays active.
//!
//! In: messages and instants. Out: deliveries, counts, time integrals. Holds: published =
//! acknowledged + dead letters + dropped + lost + inside; delivered = acknowledged in time + timed out +
//! failed + returned + in flight; the area under the number waiting or in flight equals the sum of the
//! times spent there. [`mechanism::MessageQueue::close`] compares them at the end of each measured window, in release
//! builds too.
//!
//! Leaves out: priorities, expiry of messages, delivery to several queues (topics), deliveries in
//! batches, quorums of three and more, acknowledgements lost at a takeover, the disk of a durable broker
//! (its time is part of `confirm`), routing of dead letters to another queue.
//!
//! Source: RabbitMQ documentation, "Consumer Prefetch", "Consumer Acknowledgements and Publisher Confirms",
//! "Queue Length Limit", "Quorum Queues"; Amazon SQS Developer Guide, "Visibility timeout"; NATS
//! documentation, "JetStream consumers" (AckWait, MaxDeliver, MaxAckPending).

pub mod account;
pub mod brokers;
pub mod check;
pub mod components;
pub mod figures;
pub mod flow;
pub mod live;
pub mod mechanism;
pub mod parts;
pub mod plan;
pub mod spec;
pub mod step;

#[cfg(test)]
mod tests;
