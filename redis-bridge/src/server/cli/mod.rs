//! The `ferrous` command: its arguments, and what each subcommand does. The settings
//! are flags made from the table in [`config`](super::config).

mod arguments;
mod eval;
mod serve;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::server::config::{CONFIG, Config};

/// The status of a command that could not do its work: bad usage, no connection.
const UNUSABLE: u8 = 2;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    let outcome = match server_arguments(&args) {
        Some(args) => serve::run(args),
        None => match command().get_matches_from(&args).subcommand() {
            Some(("eval", matches)) => eval::run(matches),
            // Whatever else there is has been answered: help and the version.
            _ => Ok(ExitCode::SUCCESS),
        },
    };
    outcome.unwrap_or_else(|problem| {
        eprintln!("ferrous: {problem}");
        ExitCode::from(UNUSABLE)
    })
}

/// The arguments of the server, if it is to run.
fn server_arguments(args: &[OsString]) -> Option<&[OsString]> {
    let args = match args {
        [_, first, rest @ ..] if first == "serve" => rest,
        [_, rest @ ..] => rest,
        [] => args,
    };
    let is_other = |first: &OsString| {
        let words = ["eval", "help", "-h", "--help", "-V", "-v", "--version"];
        words.iter().any(|word| first == word)
    };
    (!args.first().is_some_and(is_other)).then_some(args)
}

/// The command line as help tells of it. The arguments of the server are read by
/// [`arguments`], as they may also be what `redis-server` takes.
fn command() -> Command {
    Command::new("ferrous")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .arg(
            Arg::new("version")
                .short('V')
                .visible_short_alias('v')
                .long("version")
                .action(ArgAction::Version)
                .help("Print version"),
        )
        .arg(config_file())
        .about("A server for Redis clients that runs Lua scripts on Ferrous Lua")
        .args_conflicts_with_subcommands(true)
        .args(settings())
        .subcommand(
            Command::new("serve")
                .about("Serve clients; also what `ferrous` alone does")
                .arg(config_file())
                .args(settings()),
        )
        .subcommand(eval::command(settings().filter(concerns_scripts)))
}

/// Does a setting make a difference to a script that runs without clients?
fn concerns_scripts(arg: &Arg) -> bool {
    let name = arg.get_id().as_str();
    match name {
        "script-debug-sessions" => false,
        "databases" | "logfile" | "loglevel" => true,
        _ => name.starts_with("script-"),
    }
}

/// Its directives have the names of the flags.
fn config_file() -> Arg {
    Arg::new("config-file")
        .value_name("CONFIG")
        .help("Configuration file, in the form of redis.conf; - is standard input")
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
        let databases_of = |value: &str| {
            let args = ["ferrous", "eval", "--databases", value, "-e", "return 1"];
            let matches = command().try_get_matches_from(args).expect("valid");
            let matches = matches.subcommand().map_or(&matches, |(_, inner)| inner);
            config_of(matches).map(|config| config.int("databases"))
        };
        assert_eq!(databases_of("3"), Ok(3));
        let too_low = "--databases 0: argument must be between 1 and 2147483647 inclusive";
        assert_eq!(databases_of("0"), Err(too_low.to_owned()));
    }

    #[test]
    fn what_the_server_gets() {
        let check = |args: &[&str], expected: Option<&[&str]>| {
            let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
            let args = words(args);
            assert_eq!(server_arguments(&args), expected.map(words).as_deref());
        };
        check(&["ferrous"], Some(&[]));
        check(&["ferrous", "serve", "a.conf"], Some(&["a.conf"]));
        check(&["ferrous", "--port", "1"], Some(&["--port", "1"]));
        check(&["ferrous", "serve", "--help"], None);
        check(&["ferrous", "eval", "x.lua"], None);
        check(&["ferrous", "-v"], None);
    }
}
