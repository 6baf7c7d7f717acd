//! Loss on a link, as TCP makes up for it.
//!
//! Model: a message is cut into segments of [`SEGMENT`] bytes, and each is lost with the same probability. The loss of a segment
//! with at least [`DUPLICATES`] behind it is detected by the acknowledgements of those: from there on the rate of the
//! message is at most that of a window which is halved at every loss. The loss of one of the last segments is detected by the
//! retransmission time-out: the sender waits for it, sends again, and doubles it as often as that is lost too.
//!
//! In: a probability, bytes, the round trip, uniform numbers. Out: the time-outs of a message, the bytes from its first loss on,
//! and the least time that these take.
//! Leaves out: slow start, tail loss probes (RFC 8985), lost acknowledgements (a later one replaces them), a connection that
//! ends after many time-outs, the bandwidth of what is sent again.
//! Source: RFC 5681 (three duplicate acknowledgements); RFC 6298 (time-outs and their doubling, at most 60 s by 2.5); RFC 6691
//! (segments); Mathis, Semke, Mahdavi & Ott (1997), The macroscopic behavior of the TCP congestion avoidance algorithm
//! (MSS / RTT × √(3/2p)).

use crate::convert::whole;
use crate::engine::special::ln;
use crate::units::SimDuration;

/// Bytes of a segment: the 1,500 of an Ethernet frame without the headers of IP and TCP.
pub const SEGMENT: u64 = 1_460;
/// Number of segments behind a lost one whose acknowledgements report the loss.
pub const DUPLICATES: u64 = 3;
/// Largest time-out.
const LARGEST: SimDuration = SimDuration::from_secs(60);
/// Largest number of time-outs of a message: the sum of their times stays finite at any probability.
const MOST: f64 = 1_000.0;

/// Returns how often in a row an event of this probability happens, for a `uniform` number in (0, 1).
fn in_a_row(probability: f64, uniform: f64) -> f64 {
    if probability <= 0.0 { 0.0 } else { (ln(uniform) / ln(probability)).floor() }
}

/// Returns the time for which a message of `bytes` waits for time-outs, the first of which is `first`.
#[must_use]
pub fn time_outs(loss: f64, bytes: u64, first: SimDuration, uniform: f64) -> SimDuration {
    let last = bytes.div_ceil(SEGMENT).clamp(1, DUPLICATES);
    let any = 1.0 - (0..last).fold(1.0, |all, _| all * (1.0 - loss));
    let mut waits = SimDuration::ZERO;
    if uniform >= any {
        return waits;
    }
    let mut left = (1.0 + in_a_row(loss, uniform / any)).min(MOST);
    let mut next = first.min(LARGEST);
    while left >= 1.0 {
        waits += next;
        next = next.saturating_mul(2).min(LARGEST);
        left -= 1.0;
    }
    waits
}

/// Returns the bytes of a message from the first lost segment on whose loss is reported by acknowledgements; 0 without one.
#[must_use]
pub fn from_a_loss(loss: f64, bytes: u64, uniform: f64) -> u64 {
    let reported = bytes.div_ceil(SEGMENT).saturating_sub(DUPLICATES);
    if reported == 0 {
        return 0;
    }
    let before = in_a_row(1.0 - loss, uniform);
    if before >= reported as f64 { 0 } else { bytes.saturating_sub(whole::u64(before) * SEGMENT) }
}

/// Returns the least time that `bytes` take from a loss on.
#[must_use]
pub fn least_time(loss: f64, round_trip: SimDuration, bytes: u64) -> SimDuration {
    let segments = bytes as f64 / SEGMENT as f64;
    SimDuration::from_seconds_f64(segments * round_trip.seconds() * libm::sqrt(loss / 1.5))
}

#[cfg(test)]
mod tests;
