//! Numbers to numbers: estimators, intervals, quantiles, warm-up. It knows no simulator type.
