//! The `ferrous` command: its arguments, and what each subcommand does. The settings
//! are flags made from the table in [`config`](super::config).

mod eval;
mod serve;

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};

use crate::server::config::{CONFIG, Config};

/// The status of a command that could not do its work: bad usage, no connection.
const UNUSABLE: u8 = 2;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let matches = command().get_matches();
    let outcome = match matches.subcommand() {
        Some(("eval", matches)) => eval::run(matches),
        Some((_, matches)) => serve::run(matches),
        None => serve::run(&matches),
    };
    outcome.unwrap_or_else(|problem| {
        eprintln!("ferrous: {problem}");
        ExitCode::from(UNUSABLE)
    })
}

fn command() -> Command {
    Command::new("ferrous")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A server for Redis clients that runs Lua scripts on Ferrous Lua")
        .args_conflicts_with_subcommands(true)
        .args(settings())
        .subcommand(
            Command::new("serve")
                .about("Serve clients; also what `ferrous` alone does")
                .args(settings()),
        )
        .subcommand(eval::command().args(settings().filter(concerns_scripts)))
}

/// Does a setting make a difference to a script that runs without clients?
fn concerns_scripts(arg: &Arg) -> bool {
    let name = arg.get_id().as_str();
    name.starts_with("script-") || ["databases", "logfile", "loglevel"].contains(&name)
}

/// One flag for each setting.
fn settings() -> impl Iterator<Item = Arg> {
    CONFIG.iter().map(|spec| {
        let default = if spec.default.is_empty() {
            "\"\""
        } else {
            spec.default
        };
        let arg = Arg::new(spec.name)
            .long(spec.name)
            .value_name("VALUE")
            .allow_hyphen_values(true)
            .help(format!("{} [default: {default}]", spec.help));
        if spec.alias.is_empty() {
            arg
        } else {
            arg.alias(spec.alias)
        }
    })
}

/// The settings that the flags make.
fn config_of(matches: &ArgMatches) -> Result<Config, String> {
    let mut config = Config::default();
    for (at, spec) in CONFIG.iter().enumerate() {
        if let Ok(Some(value)) = matches.try_get_one::<String>(spec.name) {
            config
                .set(at, value)
                .map_err(|why| format!("--{} {value}: {why}", spec.name))?;
        }
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        command().debug_assert();
    }

    #[test]
    fn flags_become_settings() {
        let port_of = |args: &[&str]| {
            let matches = command().try_get_matches_from(args).expect("valid");
            let matches = matches.subcommand().map_or(&matches, |(_, inner)| inner);
            config_of(matches).map(|config| config.int("port"))
        };
        assert_eq!(port_of(&["ferrous"]), Ok(6379));
        assert_eq!(port_of(&["ferrous", "--port", "7000"]), Ok(7000));
        assert_eq!(port_of(&["ferrous", "serve", "--port", "7000"]), Ok(7000));
        let too_high = "--port 70000: argument must be between 0 and 65535 inclusive";
        assert_eq!(
            port_of(&["ferrous", "--port", "70000"]),
            Err(too_high.to_owned())
        );
    }
}
