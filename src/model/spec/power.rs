//! Power of a server by its load.
//!
//! The measured curves are medians, load by load, over results of SPECpower_ssj2008 published by 2016 for single nodes
//! (spec.org, snapshot of 2016-06-13), by the number of processor chips and the year in which the hardware became
//! available. They are rounded to 0.1 W. No result of a single system is reproduced.

use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::Watts;

/// Number of values of a curve: at 0, 10, … 100 % of load.
pub const LOADS: usize = 11;

spec! {
    /// Power of a server by its load, the share of its cores that is busy: a line from `idle` to `full`, a `curve`, or
    /// one of the `measured` curves.
    pub struct PowerSpec {
        /// Power without load.
        idle: Option<Watts> => at_most(Watts::MAX),
        /// Power at full load.
        full: Option<Watts> => at_most(Watts::MAX),
        /// Power at 0, 10, … 100 % of load: 11 values, as SPECpower_ssj2008 publishes.
        curve: Option<Vec<Watts>> => at_most(Watts::MAX),
        /// Curve of measured servers.
        measured: Option<Measured>,
    }
}

words! {
    /// Median curve of published results of SPECpower_ssj2008.
    pub enum Measured {
        /// 11 servers with one chip, hardware of 2014 to 2016, median 4 cores: 15 to 51 W.
        OneSocket2014 = "1-socket-2014",
        /// 59 servers with two chips, hardware of 2007 and 2008, median 8 cores: 154 to 260 W.
        TwoSocket2007 = "2-socket-2007",
        /// 80 servers with two chips, hardware of 2009 and 2010, median 12 cores: 74 to 242 W.
        TwoSocket2009 = "2-socket-2009",
        /// 136 servers with two chips, hardware of 2011 to 2013, median 16 cores: 57 to 248 W.
        TwoSocket2011 = "2-socket-2011",
        /// 27 servers with two chips, hardware of 2014 to 2016, median 36 cores: 47 to 267 W.
        TwoSocket2014 = "2-socket-2014",
        /// 24 servers with four chips, hardware of 2011 to 2013, median 44 cores: 127 to 576 W.
        FourSocket2011 = "4-socket-2011",
    }
}

impl Measured {
    /// Returns the power at 0, 10, … 100 % of load.
    #[must_use]
    pub fn watts(self) -> Vec<Watts> {
        // In tenths of a watt.
        let tenths: [u64; LOADS] = match self {
            Self::OneSocket2014 => [150, 197, 223, 243, 282, 321, 362, 412, 468, 505, 511],
            Self::TwoSocket2007 => {
                [1540, 1640, 1760, 1900, 2000, 2100, 2180, 2300, 2410, 2510, 2600]
            }
            Self::TwoSocket2009 => {
                [738, 1070, 1220, 1340, 1465, 1575, 1725, 1865, 2040, 2220, 2420]
            }
            Self::TwoSocket2011 => [570, 820, 917, 1030, 1145, 1280, 1460, 1680, 1890, 2195, 2475],
            Self::TwoSocket2014 => [466, 864, 1020, 1190, 1350, 1460, 1630, 1850, 2120, 2400, 2670],
            Self::FourSocket2011 => {
                [1270, 2160, 2500, 2935, 3420, 3890, 4325, 4690, 5040, 5435, 5755]
            }
        };
        tenths.into_iter().map(|tenths| Watts::from_milliwatts(tenths * 100)).collect()
    }
}

impl PowerSpec {
    /// Returns the power at evenly spaced loads from 0 to 1; `None` if no way to give it is complete.
    #[must_use]
    pub fn points(&self) -> Option<Vec<Watts>> {
        if let Some(measured) = &self.measured {
            return Some(measured.value.watts());
        }
        if let Some(curve) = &self.curve {
            return Some(curve.value.clone());
        }
        let (idle, full) = (self.idle.as_ref()?, self.full.as_ref()?);
        Some(vec![idle.value, full.value])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each curve is the median, load by load, of as many published results as its comment says.
    #[test]
    #[allow(clippy::disallowed_methods)]
    fn measured_curves_are_medians_of_the_published_results() {
        let Some(folder) = std::env::var_os("FIVENINES_DATA") else {
            println!("skipped: FIVENINES_DATA does not say where the large data is");
            return;
        };
        let file = std::path::Path::new(&folder).join("specpower_ssj2008_single_node.csv");
        let mut rows = csv::Reader::from_path(file).unwrap();
        let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
        let curves = [
            (Measured::OneSocket2014, "1", 2014..=2016, 11),
            (Measured::TwoSocket2007, "2", 2007..=2008, 59),
            (Measured::TwoSocket2009, "2", 2009..=2010, 80),
            (Measured::TwoSocket2011, "2", 2011..=2013, 136),
            (Measured::TwoSocket2014, "2", 2014..=2016, 27),
            (Measured::FourSocket2011, "4", 2011..=2013, 24),
        ];
        for (curve, chips, years, count) in curves {
            let year = |row: &csv::StringRecord| row[8].rsplit('-').next()?.parse::<u32>().ok();
            let is_it = |row: &&csv::StringRecord| {
                &row[3] == chips && year(row).is_some_and(|year| years.contains(&year))
            };
            let found: Vec<_> = rows.iter().filter(is_it).collect();
            assert_eq!(found.len(), count, "{curve:?}");
            for (load, watts) in curve.watts().into_iter().enumerate() {
                let mut all: Vec<f64> =
                    found.iter().map(|row| row[10 + load].parse().unwrap()).collect();
                all.sort_by(f64::total_cmp);
                let median = f64::midpoint(all[(count - 1) / 2], all[count / 2]);
                // Rounded to 0.1 W.
                let given = watts.watts();
                assert!(
                    (given - median).abs() <= 0.0501,
                    "{curve:?} {load}: {given}, not {median}"
                );
            }
        }
    }
}
