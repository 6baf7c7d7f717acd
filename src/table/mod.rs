//! Tables of columns in files, without knowledge of what the columns mean.

pub mod parquet;
