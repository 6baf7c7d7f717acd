//! Tests of the command, its files and the facade, in one binary; a module a promise to the user.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "tests narrow numbers that they wrote"
)]

mod batch;
mod bounds;
mod browser;
mod claims;
mod cli;
mod common;
mod cores;
mod curves;
#[cfg(target_os = "linux")]
mod endings;
mod energy;
mod explorer;
mod facade;
mod faults_shipped;
mod feeds;
mod figures;
mod first_screen;
mod format;
mod full;
mod gate;
mod guide;
mod links;
mod logs;
mod loss;
mod messages;
mod numbered;
mod outputs;
mod pauses;
mod peers;
mod purges;
mod queues;
mod replay;
mod replication;
mod replication_link;
mod results;
mod scale;
mod sharded;
mod shards;
#[cfg(target_os = "linux")]
mod slurm;
mod stories;
mod sweep;
mod switching;
mod systems_page;
mod systems_shipped;
mod templates;
mod tidy;
mod variants;
mod words;
mod years;

#[path = "../shared/mod.rs"]
mod shared;
