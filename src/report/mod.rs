//! Results to text, CSV, JSON, SVG and HTML. It computes no statistic.
