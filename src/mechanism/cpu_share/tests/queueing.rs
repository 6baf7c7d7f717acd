//! Processor sharing against queueing theory: response and number present do not depend on the law
//! of the work, and a request's response is proportional to its work.

use super::*;

/// Requests after the warm-up, in batches whose means are nearly independent.
const BATCHES: usize = 30;
const BATCH: u32 = 30_000;
const WARM_UP: u32 = 20_000;
/// Student's t, 29 degrees of freedom, for a two-sided interval of 99.9 %.
const STUDENT: f64 = 3.659;

#[derive(Clone, Copy, Debug)]
enum Law {
    Fixed,
    Exponential,
    /// Lognormal of squared coefficient of variation 4.
    Lognormal,
}

const LAWS: [Law; 3] = [Law::Fixed, Law::Exponential, Law::Lognormal];

/// SplitMix64 (Steele, Lea & Flood 2014).
struct Draws(u64);

impl Draws {
    /// Returns a uniform number in (0, 1).
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        ((z >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(self.uniform())
    }

    fn work(&mut self, law: Law, mean: f64) -> f64 {
        match law {
            Law::Fixed => mean,
            Law::Exponential => self.exponential(mean),
            Law::Lognormal => {
                let variance = libm::log(5.0);
                let radius = libm::sqrt(-2.0 * libm::log(self.uniform()));
                let normal = radius * libm::cos(std::f64::consts::TAU * self.uniform());
                mean * libm::exp(libm::sqrt(variance) * normal - variance / 2.0)
            }
        }
    }
}

/// Batch means of a run.
#[derive(Default)]
struct Observed {
    response: Vec<f64>,
    in_system: Vec<f64>,
    more_than_4: Vec<f64>,
    response_of_5_ms: Vec<f64>,
    response_of_50_ms: Vec<f64>,
}

/// Sums of one batch.
#[derive(Default)]
struct Batch {
    done: u32,
    response: f64,
    probes: [(u32, f64); 2],
    nanos: f64,
    present: f64,
    more_than_4: f64,
}

/// Simulates Poisson arrivals at one zone of `cores`. One in a hundred works exactly 5 ms and one 50 ms; the
/// rest follow `law` with the mean that gives 10 ms over all.
fn observe(cores: u16, arrivals_per_s: f64, law: Law, seed: u64) -> Observed {
    const WORK_OF_REST_S: f64 = (0.010 - 0.01 * 0.005 - 0.01 * 0.050) / 0.98;
    let mut cpu = CpuShare::new(Cores::whole(cores), &[ZoneLimits::only_shares(100)]);
    let mut draws = Draws(seed);
    // Arrival and kind (0, 1: probe; 2: other) by phase number.
    let mut requests: Vec<(SimTime, usize)> = Vec::new();
    let mut free: Vec<u32> = Vec::new();
    let mut finished = Vec::new();
    let mut observed = Observed::default();
    let mut batch = Batch::default();
    let mut warm_up = WARM_UP;
    let mut now = SimTime::ZERO;
    let mut arrival = SimTime::ZERO;
    while observed.response.len() < BATCHES {
        let next = arrival.min(cpu.next_due().unwrap_or(SimTime::NEVER));
        let (length, present) = (next.since(now).nanos() as f64, cpu.phases(0));
        batch.nanos += length;
        batch.present += length * f64::from(present);
        batch.more_than_4 += if present > 4 { length } else { 0.0 };
        now = next;
        finished.extend(cpu.advance(now));
        for phase in finished.drain(..) {
            let (came, kind) = requests[phase as usize];
            let response = now.since(came).seconds();
            free.push(phase);
            batch.done += 1;
            batch.response += response;
            if let Some(probe) = batch.probes.get_mut(kind) {
                *probe = (probe.0 + 1, probe.1 + response);
            }
        }
        if now == arrival {
            let choice = draws.uniform();
            let (kind, work_s) = match choice {
                _ if choice < 0.01 => (0, 0.005),
                _ if choice < 0.02 => (1, 0.050),
                _ => (2, draws.work(law, WORK_OF_REST_S)),
            };
            let phase = free.pop().unwrap_or_else(|| {
                requests.push((now, kind));
                requests.len() as u32 - 1
            });
            requests[phase as usize] = (now, kind);
            let work = Work::of_one_core(SimDuration::from_seconds_f64(work_s));
            cpu.runnable(now, 0, phase, work, Cores::ONE);
            arrival = now + SimDuration::from_seconds_f64(draws.exponential(1.0 / arrivals_per_s));
        }
        if warm_up > 0 && batch.done >= warm_up {
            warm_up = 0;
            batch = Batch::default();
        } else if warm_up == 0 && batch.done >= BATCH {
            observed.response.push(batch.response / f64::from(batch.done));
            observed.in_system.push(batch.present / batch.nanos);
            observed.more_than_4.push(batch.more_than_4 / batch.nanos);
            let [short, long] = batch.probes.map(|(count, sum)| sum / f64::from(count));
            observed.response_of_5_ms.push(short);
            observed.response_of_50_ms.push(long);
            batch = Batch::default();
        }
    }
    assert!(cpu.server_ledger(now).balances());
    observed
}

/// Asserts that the 99.9 % interval of the batch means contains `exact` and is no wider than ± `share` of it.
fn judge(what: &str, law: Law, means: &[f64], exact: f64, share: f64) {
    let count = means.len() as f64;
    let mean = means.iter().sum::<f64>() / count;
    let squares: f64 = means.iter().map(|value| (value - mean) * (value - mean)).sum();
    let half_width = STUDENT * libm::sqrt(squares / (count - 1.0) / count);
    assert!(
        (mean - exact).abs() <= half_width && half_width <= share * exact,
        "{what}, {law:?}: {mean} ± {half_width}, exact {exact}"
    );
}

/// O08: one core at 80 %; FIFO would give 0.11 s for the lognormal work, not 0.05 s.
#[test]
fn response_on_one_core_depends_on_the_mean_work_only() {
    for (law, seed) in LAWS.into_iter().zip(8_001..) {
        let observed = observe(1, 80.0, law, seed);
        judge("response", law, &observed.response, 0.05, 0.06);
        judge("in system", law, &observed.in_system, 4.0, 0.06);
        // E[T | x] = x / (1 - 0.8).
        judge("response of 5 ms", law, &observed.response_of_5_ms, 0.025, 0.06);
        judge("response of 50 ms", law, &observed.response_of_50_ms, 0.25, 0.06);
    }
}

/// O09: four cores at 80 %, at most one per request.
#[test]
fn response_on_four_cores_depends_on_the_mean_work_only() {
    for (law, seed) in LAWS.into_iter().zip(9_001..) {
        let observed = observe(4, 320.0, law, seed);
        judge("response", law, &observed.response, 0.017_455_405_897_3, 0.05);
        judge("in system", law, &observed.in_system, 5.585_729_887_15, 0.05);
        judge("more than 4", law, &observed.more_than_4, 0.477_145_977_43, 0.05);
        judge("response of 50 ms", law, &observed.response_of_50_ms, 0.087_277_029_486_7, 0.05);
    }
}
