//! `cargo xtask`: the commands people use every day.
//!
//! This file only dispatches. Flags live in [`cli`], each command in its own module. Nothing here
//! links the other crates of the workspace: xtask runs their binaries, so crashes are data.

mod cli;
mod conformance;
mod known;
mod proc;
mod redis;
mod summary;
mod test;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let done = match cli::Xtask::parse().command {
        cli::Command::Test(flags) => test::run(flags),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
