//! Systems made by chance, over years: utilisation as a fluid, and what becomes of its views.

use fivenines::plan::availability;
use fivenines::solve::flows;
use fivenines::solve::fluid::{Known, Memo};

use super::pieces::rich;
use super::system::Dice;
use super::*;

/// Hours in a week.
const HOURS: usize = 168;

/// In no hour of the week is a resource busier than its capacity, nor over the whole horizon, and no more views are lost,
/// given up and served late than were intended: 300 systems (100 without
/// FIVENINES_FULL=1) at 1, 10 or 100 times the load for which they were made. Systems with edges are left out: each age of
/// their content is a state, which takes minutes.
#[test]
fn over_years_no_resource_is_busier_than_its_capacity() {
    let mut dice = Dice(43);
    let wanted = if is_full("200 of 300 systems") { 300 } else { 100 };
    let (mut judged, mut full, mut refused) = (0, 0, 0);
    while judged < wanted {
        let more = dice.pick(&["", "0", "00"]);
        let text = rich(&mut dice)
            .replace("[run]\n", "[run]\nhorizon = \"1h\"\n")
            .replace("/s\"\narrivals", &format!("{more}/s\"\narrivals"));
        if text.contains("[cdn.") {
            continue;
        }
        let Ok(draft) = draft_or_complaints(&text) else {
            refused += 1;
            assert!(refused < 40 * wanted, "{refused} of {judged} are refused over years");
            continue;
        };
        let Ok(plan) = availability::plan(&draft, &[]) else { continue };
        let Some(fluid) = plan.fluid.as_ref() else { continue };
        let known = Known::default();
        let mut memo = Memo::new(fluid, &known);
        let seen = flows::run_with_traffic(&plan, 0, judged, &[], &mut memo).unwrap();
        let (traffic, busy) = (seen.traffic.unwrap(), memo.busy());
        for (resource, mean) in traffic.busy.iter().enumerate() {
            let hours = (0..HOURS).filter_map(|hour| busy.hour(resource, hour));
            let most = hours.fold(*mean, f64::max);
            assert!(
                most <= 1.0 + 1e-9,
                "case {judged}: {:?} is busy for {most} of its capacity\n{text}",
                fluid.network.resources[resource].part
            );
            full += u64::from(most > 0.999);
        }
        for class in &traffic.classes {
            let parts = class.lost.iter().chain([&class.never_born, &class.late]);
            assert!(parts.clone().all(|part| *part >= 0.0), "case {judged}: {class:?}\n{text}");
            let (all, within) = (class.intended, 1.0 + 1e-9);
            assert!(parts.sum::<f64>() <= all * within, "case {judged}: {class:?}\n{text}");
        }
        judged += 1;
    }
    assert!(full > wanted / 10, "{full} resources are full");
}
