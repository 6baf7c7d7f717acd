//! A purge: messages that tell caches and the edges of CDNs at all sites of a change, so that they remove their old copies.
//!
//! Model: a request changes an object at the origin, and sends one message to each cache and each edge that the purge names.
//! From that instant every copy of the object is old. A message crosses the network to the site of its cache, takes the
//! processor time there, and removes the copy, or stores the new one (`through`). A message to an edge leaves its site, takes
//! half of the edge's `origin` time and the time of the edge. Until it is there, look-ups find the old copy: stale answers.
//!
//! A message whose way is cut off waits and goes on when the way is back, or is lost (`when-cut-off`). A cache whose process
//! is down has lost its copies: the message to it is *moot*. A lost message leaves an old copy until it expires, is evicted, or
//! its object changes again. A writer that waits goes on when all messages are confirmed, at the latest after `time-out`; a lost
//! message is never confirmed.
//!
//! Holds: messages sent = done + moot + lost + on their way, at any instant; stale answers of a cache that a message reaches
//! after d are those of look-ups within d of the change.
//! Leaves out: a bound on the messages that wait; batches of messages; order between two purges of one object, since either
//! removes the copy; messages that are on their way when a window of a trajectory begins.
//! Source: Schlossnagle, Scalable Internet Architectures (purges by Spread); Wikimedia's HTCP purges (datagrams that are lost);
//! RFC 9110 §4.2 and RFC 9111 §4.4 (invalidation).

pub mod account;
pub mod check;
pub mod components;
pub mod figures;
pub mod flow;
pub mod live;
pub mod parts;
pub mod plan;
pub mod spec;
pub mod step;
