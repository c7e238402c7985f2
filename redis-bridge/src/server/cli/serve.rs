//! `ferrous serve`: runs the server in the foreground and says where it listens.

use std::process::ExitCode;

use clap::ArgMatches;

use crate::server::{cli, listen};

/// Serves until the process is told to stop.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, String> {
    let config = cli::config_of(matches)?;
    let announce = |addresses: &[std::net::SocketAddr]| {
        let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        say(&format!("ferrous listening on {}", addresses.join(" and ")));
    };
    listen::run(config, announce).map_err(|error| error.to_string())?;
    say("ferrous stopped");
    Ok(ExitCode::SUCCESS)
}

/// Prints a line; unlike `println!` it does not mind that nobody reads it.
fn say(line: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
