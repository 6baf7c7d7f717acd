//! Oracles of the message queue: closed forms against the mechanism, driven by a small event loop of its own.
//!
//! Mutants that were planted, each alone, and the test that failed for it:
//!
//! | mutant | detected by |
//! |---|---|
//! | a message that comes back goes to the end of the queue | `messages_come_back_to_their_old_place` |
//! | the consumer stays the first of the turn after a delivery | `consumers_take_turns_by_free_slots` |
//! | a slot is free again at the time-out | `a_slow_consumer_is_not_given_more` |
//! | an earlier delivery may acknowledge | `dead_letters_follow_the_truncated_geometric_law` |
//! | the limit counts messages in flight | `what_a_full_queue_loses_is_that_of_mmck` |
//! | drop-oldest drops the newest | `drop_oldest_keeps_the_newest` |
//! | deliveries begin before a message is safe | `a_broker_loses_what_is_not_safe` |
//! | a follower that was away counts as in sync | `a_follower_that_was_away_cannot_take_over` |
//! | the age forgets its head when a message comes back | `the_age_of_the_oldest_message_is_integrated_exactly` |

mod brokers;
mod closed_forms;
mod flow;
mod harness;
mod queueing;
mod random;
mod rules;
mod spec;
