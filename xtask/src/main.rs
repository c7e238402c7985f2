//! `cargo xtask`: the commands people use every day.
//!
//! This file only dispatches. Flags live in [`cli`], each command in its own module. Nothing here
//! links the other crates of the workspace: xtask runs their binaries, so crashes are data.

mod cli;
mod proc;
mod redis;
mod summary;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let done = match cli::Xtask::parse().command {
        cli::Command::Test(flags) => redis::run(&redis::Options {
            filters: flags.words,
            require_peers: flags.require_peers,
            bless: flags.bless,
            release: flags.release,
        }),
    };
    match done {
        Ok(summary) => {
            print!("{summary}");
            summary.exit_code()
        }
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
