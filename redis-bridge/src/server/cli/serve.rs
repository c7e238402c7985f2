//! `ferrous serve`: runs the server in the foreground and says where it listens.

use std::ffi::OsString;
use std::io::Read as _;
use std::process::ExitCode;

use crate::compat::Compat;
use crate::host::LogLevel;
use crate::server::cli::arguments::Arguments;
use crate::server::config::Config;
use crate::server::config::file::FileError;
use crate::server::log::Logger;
use crate::server::{Server, listen};

/// The status of a server that could not be configured.
const MISCONFIGURED: u8 = 1;

/// Serves until the process is told to stop.
pub(super) fn run(args: &[OsString]) -> Result<ExitCode, String> {
    let mut config = Config::default();
    if let Err(problem) = configure(&mut config, &Arguments::parse(args)) {
        return Ok(refuse(&config, &problem));
    }
    let unused: Vec<_> = config.unused.iter().map(String::as_str).collect();
    let unused = unused.join(" ");
    let mut server = Server::new(config.clone());
    if let Err(problem) = server.declare_users() {
        return Ok(refuse(&config, &problem));
    }
    if !unused.is_empty() {
        let text = format!("These directives have no effect here: {unused}");
        server.logger.log(LogLevel::Notice, text.as_bytes());
    }
    let announce = |addresses: &[std::net::SocketAddr]| {
        let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        say(&format!("ferrous listening on {}", addresses.join(" and ")));
    };
    listen::run_server(server, announce).map_err(|error| error.to_string())?;
    say("ferrous stopped");
    Ok(ExitCode::SUCCESS)
}

fn configure(config: &mut Config, arguments: &Arguments) -> Result<(), FileError> {
    let mut more = String::new();
    if arguments.reads_stdin {
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes);
        read.map_err(|error| FileError::Open("-".into(), error))?;
        more = String::from_utf8_lossy(&bytes).into_owned() + "\n";
    }
    more += &arguments.directives;
    config.read(arguments.file.as_deref(), &more)
}

/// Says why the server cannot start.
fn refuse(config: &Config, problem: &FileError) -> ExitCode {
    let compat = Compat::from_name(config.get("script-compat")).unwrap_or_default();
    let text = problem.explain(compat);
    match problem {
        FileError::Open(..) => Logger::new(config).log(LogLevel::Warning, text.as_bytes()),
        FileError::Line { .. } => eprintln!("{text}"),
    }
    ExitCode::from(MISCONFIGURED)
}

/// Prints a line; unlike `println!` it does not mind that nobody reads it.
fn say(line: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
