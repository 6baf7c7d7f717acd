//! The table of all distributions that a scenario can use, with their parameters.

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// The quantity itself.
    Quantity,
    /// A number.
    Factor,
    /// A whole number.
    Count,
    /// A list of quantities.
    Quantities,
    /// A list of numbers.
    Factors,
    /// A list of `[quantity, probability]` pairs.
    Points,
    /// A list of `{ weight, mean }`.
    Branches,
    /// A list of `{ weight, … a law … }`.
    Parts,
    /// The path of a file.
    File,
    /// `"lines"` or `"steps"`.
    Between,
}

/// A distribution that a scenario can use.
#[derive(Debug)]
pub struct Dist {
    /// The word in `dist`.
    pub name: &'static str,
    /// Its description.
    pub doc: &'static str,
    /// Its parameters: key, type, and whether the key is always required.
    pub parameters: &'static [(&'static str, Parameter, bool)],
}

use Parameter as P;

/// All distributions, in the order of the reference page.
pub const DISTS: &[Dist] = &[
    Dist {
        name: "constant",
        doc: "Always the same value; a plain value is short for it.",
        parameters: &[("value", P::Quantity, true)],
    },
    Dist {
        name: "uniform",
        doc: "Every value between two bounds equally likely.",
        parameters: &[("low", P::Quantity, true), ("high", P::Quantity, true)],
    },
    Dist {
        name: "exponential",
        doc: "Exponential: memoryless.",
        parameters: &[("mean", P::Quantity, true)],
    },
    Dist {
        name: "erlang",
        doc: "The sum of k exponential stages.",
        parameters: &[("mean", P::Quantity, true), ("k", P::Count, true)],
    },
    Dist {
        name: "gamma",
        doc: "Gamma, by its mean and its coefficient of variation.",
        parameters: &[("mean", P::Quantity, true), ("cv", P::Factor, true)],
    },
    Dist {
        name: "weibull",
        doc: "Wear (shape above 1) or early failures (below); `shape` or `cv`.",
        parameters: &[
            ("mean", P::Quantity, true),
            ("shape", P::Factor, false),
            ("cv", P::Factor, false),
        ],
    },
    Dist {
        name: "lognormal",
        doc: "Lognormal, by figures of its own: `mean` or `median`, and `cv`, `p95` or `p99`.",
        parameters: &[
            ("mean", P::Quantity, false),
            ("median", P::Quantity, false),
            ("cv", P::Factor, false),
            ("p95", P::Quantity, false),
            ("p99", P::Quantity, false),
        ],
    },
    Dist {
        name: "normal",
        doc: "Normal, cut off at zero; `cv` or `sd`. With `low` or `high`, `mean` and `sd` are \
              those before the cut.",
        parameters: &[
            ("mean", P::Quantity, true),
            ("cv", P::Factor, false),
            ("sd", P::Quantity, false),
            ("low", P::Quantity, false),
            ("high", P::Quantity, false),
        ],
    },
    Dist {
        name: "hyperexponential",
        doc: "A mixture of exponentials: `mean` and `cv` (two branches of balanced means), or \
              `of`: a list of weights and means.",
        parameters: &[
            ("mean", P::Quantity, false),
            ("cv", P::Factor, false),
            ("of", P::Branches, false),
        ],
    },
    Dist {
        name: "pareto",
        doc: "Pareto between two bounds.",
        parameters: &[
            ("shape", P::Factor, true),
            ("low", P::Quantity, true),
            ("high", P::Quantity, true),
        ],
    },
    Dist {
        name: "triangular",
        doc: "Triangular: smallest, most likely and largest value.",
        parameters: &[
            ("low", P::Quantity, true),
            ("mode", P::Quantity, true),
            ("high", P::Quantity, true),
        ],
    },
    Dist {
        name: "discrete",
        doc: "One of the given values, by weights that sum to 1.",
        parameters: &[("values", P::Quantities, true), ("weights", P::Factors, true)],
    },
    Dist {
        name: "empirical",
        doc: "Observed values: `values` equally likely, points of a `cdf`, or a CSV `file` of values.",
        parameters: &[
            ("values", P::Quantities, false),
            ("cdf", P::Points, false),
            ("file", P::File, false),
            ("between", P::Between, false),
        ],
    },
    Dist {
        name: "mixture",
        doc: "One of the given laws, by weights that sum to 1.",
        parameters: &[("of", P::Parts, true)],
    },
    Dist {
        name: "poisson",
        doc: "Poisson: number of independent events.",
        parameters: &[("mean", P::Quantity, true)],
    },
    Dist {
        name: "geometric",
        doc: "Geometric: number of failures before the first success, from 0.",
        parameters: &[("mean", P::Quantity, true)],
    },
];
