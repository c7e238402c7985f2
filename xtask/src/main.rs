//! `cargo xtask`: the commands people use every day.
//!
//! This file only dispatches. Flags live in [`cli`], each command in its own module. Nothing here
//! links the other crates of the workspace: xtask runs their binaries, so crashes are data.

mod bench;
mod cli;
mod clients;
mod conformance;
mod fuzz;
mod known;
mod lint;
mod proc;
mod redis;
mod summary;
mod test;
mod tidy;
mod valkey;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let done = match cli::Xtask::parse().command {
        cli::Command::Test(flags) => test::run(flags),
        cli::Command::Bench(flags) => bench::run(&flags),
        cli::Command::Fuzz(flags) => fuzz::run(&flags),
        cli::Command::Soak(flags) if flags.valkey => valkey::soak::run(&flags),
        cli::Command::Soak(flags) => redis::soak::run(&flags),
        cli::Command::Lint => lint::run(),
        cli::Command::Tidy => tidy::run(),
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
