use super::*;
use crate::units::Rate;
use crate::workload::arrivals::{Process, Traffic};

const LINEAGE: Lineage = Lineage::replication(0);

fn sessions(mean_pages: f64, think_s: f64) -> Sessions {
    let think = DurationLaw(Law::exponential(think_s).unwrap());
    Sessions::new(mean_pages, &think, Seed(9), LINEAGE, "visitors").unwrap()
}

/// P(N > k) = (1 − 1/m)^k. 100,000 sessions: a share p has a standard deviation of √(p(1−p)/n);
/// the band is 3.29 of them. Variance of N is m(m − 1).
#[test]
fn session_lengths_are_geometric_with_the_stated_mean() {
    const COUNT: u64 = 100_000;
    let mean_pages = 3.7;
    let source = sessions(mean_pages, 30.0);
    let lengths: Vec<u32> = (0..COUNT).map(|session| source.pages(session)).collect();
    let n = COUNT as f64;
    let mean = lengths.iter().map(|pages| f64::from(*pages)).sum::<f64>() / n;
    let band = 3.29 * (mean_pages * (mean_pages - 1.0) / n).sqrt();
    assert!((mean - mean_pages).abs() < band, "{mean} ± {band}");
    let mut stay = 1.0;
    for pages in 1..=8_u32 {
        stay *= 1.0 - 1.0 / mean_pages;
        let longer = lengths.iter().filter(|length| **length > pages).count() as f64 / n;
        let band = 3.29 * (stay * (1.0 - stay) / n).sqrt();
        assert!((longer - stay).abs() < band, "{longer} longer than {pages}, not {stay}");
    }
    assert!((0..1_000).all(|session| sessions(1.0, 30.0).pages(session) == 1));
}

/// D13: the ordinal of a draw is the session, the page and the position, never the time.
#[test]
fn d13_every_page_and_position_has_a_key_of_its_own() {
    let mut ordinals: Vec<u64> = Vec::new();
    for session in [0, 1, 2, (1 << 40) - 1] {
        for page in [0, 1, MAX_PAGES - 1] {
            for position in [0, 1, MAX_POSITIONS - 1] {
                ordinals.push(PageKey { session, page }.ordinal(position));
            }
        }
    }
    let count = ordinals.len();
    ordinals.sort_unstable();
    ordinals.dedup();
    assert_eq!(ordinals.len(), count);
    let arrival = Arrival { at: SimTime::ZERO, ordinal: 5 };
    assert_eq!(PageKey::single(arrival), PageKey { session: 5, page: 0 });
}

/// Sessions at 1/s with 4 pages on average are 4 page views per second once the first sessions are over. Counts of a
/// session are clustered: variance ÷ mean of the page count is E[N²]/E[N] = 2m − 1 = 7, so 20,000 s have 80,000 ±
/// 3.29·√(7·80,000) = 2,462 page views.
#[test]
fn open_sessions_give_the_page_rate_of_starts_times_pages() {
    let starts = Traffic::new(Rate::per_second(1.0).unwrap(), Process::Poisson).unwrap();
    let until = SimTime::from_nanos(21_000_000_000_000);
    let span = (SimTime::ZERO, until);
    let stream = ArrivalStream::new(&starts, Seed(9), LINEAGE, "visitors", span);
    let source = sessions(4.0, 20.0);
    let views: Vec<(SimTime, PageKey)> =
        SessionArrivals::new(source.clone(), stream.clone(), until).collect();
    assert!(views.windows(2).all(|pair| pair[0] < pair[1]), "in order, each page once");
    let settled = views.iter().filter(|(at, _)| at.seconds() >= 1_000.0).count() as f64;
    assert!((settled - 80_000.0).abs() < 2_462.0, "{settled}");
    // Every session starts with its page 0 and has the pages it is keyed to have.
    let firsts: Vec<SimTime> =
        views.iter().filter(|(_, page)| page.page == 0).map(|(at, _)| *at).collect();
    assert!(stream.map(|start| start.at).eq(firsts));
    let of_tenth = views.iter().filter(|(_, page)| page.session == 10).count();
    assert_eq!(of_tenth, source.pages(10) as usize);
}

#[test]
fn the_next_page_comes_a_thought_after_this_one() {
    let source = sessions(4.0, 20.0);
    let session = (0..100).find(|session| source.pages(*session) == 2).unwrap();
    let first = PageKey { session, page: 0 };
    let asked = SimTime::from_nanos(1_000);
    let (at, second) = source.next_page(first, asked).unwrap();
    assert_eq!(second, PageKey { session, page: 1 });
    assert_eq!(at - asked, source.think(first));
    assert_eq!(source.next_page(second, at), None);
    assert_eq!(source.next_page(first, SimTime::NEVER).map(|(at, _)| at), Some(SimTime::NEVER));
}

#[test]
fn hostile_sessions_are_refused() {
    let think = DurationLaw(Law::constant(1.0).unwrap());
    for pages in [0.0, 0.9, 101.0, f64::NAN, f64::INFINITY] {
        let refused = Sessions::new(pages, &think, Seed(1), LINEAGE, "visitors");
        assert!(matches!(refused, Err(SessionError::Pages(_))), "{pages}");
    }
}
