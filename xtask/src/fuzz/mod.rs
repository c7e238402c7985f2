//! `cargo xtask fuzz`: random programs on our `lua` and on `lua5.1`, whose outputs must be equal,
//! and the coverage-guided targets of `xtask/fuzz`.

mod coverage;
mod differential;
mod engine;
mod explained;
mod generate;
mod minimise;
mod mutate;
mod token;

use anyhow::Result;

use crate::cli::{FuzzCommand, FuzzFlags};

pub(crate) use self::differential::suite;

/// Runs what the command line asks for, and answers whether nothing was found.
pub(crate) fn run(flags: &FuzzFlags) -> Result<bool> {
    match &flags.command {
        Some(FuzzCommand::Coverage(coverage)) => coverage::run(coverage),
        None => differential::run(flags),
    }
}
