//! `ferrous eval`: runs one script, on an empty store or on a running server, and
//! prints the reply as `redis-cli` does.

use std::ffi::OsString;
use std::io::{self, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::ExitCode;

use lua_stdlib::profile;

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};

use crate::reply::{Protocol, ReplySink};
use crate::resp::value::{Value, read_value};
use crate::resp::write::RespWriter;
use crate::script::ScriptEngine;
use crate::server::cli;
use crate::server::{Server, Session, dispatch};

const DEFAULT_PORT: u16 = 6379;

/// The arguments that say which server is to run the script.
const SERVER: &str = "server";

/// The arguments, with the settings of the server that the script runs on if it is not on one
/// that runs already. `-h` is the host, as in `redis-cli`, so help is `--help` alone.
pub(super) fn command(settings: impl Iterator<Item = Arg>) -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name);
    Command::new("eval")
        .about("Run one script and print its reply")
        .override_usage("ferrous eval [OPTIONS] [FILE | -e SCRIPT] [KEY...] [, ARG...]")
        .after_help(
            "The script runs on an empty store, or with -h or -p on a running server.\n\
             FILE may be - for standard input. A comma alone ends the keys.",
        )
        .disable_help_flag(true)
        .arg(flag("help").action(ArgAction::Help).help("Print help"))
        .arg(
            flag("script")
                .short('e')
                .value_name("SCRIPT")
                .help("The script itself"),
        )
        .arg(
            flag("host")
                .short('h')
                .value_name("HOST")
                .help("Run on the server of this host"),
        )
        .arg(
            flag("server-port")
                .short('p')
                .value_name("PORT")
                .value_parser(value_parser!(u16))
                .help("Run on the server of this port"),
        )
        .arg(
            flag("pass")
                .short('a')
                .value_name("PASSWORD")
                .requires(SERVER)
                .help("Authenticate to the server"),
        )
        .arg(
            flag("resp3")
                .short('3')
                .action(ArgAction::SetTrue)
                .help("Ask for the reply in RESP3"),
        )
        .arg(
            flag("raw")
                .action(ArgAction::SetTrue)
                .help("Print strings as they are, and no types"),
        )
        .arg(
            flag("profile")
                .value_name("FILE")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value(profile::DEFAULT_PATH)
                .value_parser(value_parser!(PathBuf))
                .conflicts_with(SERVER)
                .help(
                    "Show what the script spends its instructions on; a flame graph goes to FILE",
                ),
        )
        .group(
            ArgGroup::new(SERVER)
                .args(["host", "server-port"])
                .multiple(true),
        )
        .args(settings.map(|arg| arg.conflicts_with(SERVER)))
        .arg(
            Arg::new("rest")
                .value_parser(value_parser!(OsString))
                .num_args(0..)
                .trailing_var_arg(true)
                .allow_hyphen_values(true)
                .hide(true),
        )
}

/// Runs the script. The status tells whether its reply was an error.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, String> {
    let request = request(matches)?;
    let protocol = if matches.get_flag("resp3") {
        Protocol::Resp3
    } else {
        Protocol::Resp2
    };
    let host = matches.get_one::<String>("host");
    let port = matches.get_one::<u16>("server-port");
    let reply = if host.is_none() && port.is_none() {
        run_here(matches, &request, protocol)?
    } else {
        let host = host.map_or("127.0.0.1", String::as_str);
        let port = port.copied().unwrap_or(DEFAULT_PORT);
        let password = matches.get_one::<String>("pass").map(String::as_str);
        run_there((host, port), password, &request, protocol)
            .map_err(|error| format!("{host}:{port}: {error}"))?
    };
    let text = if matches.get_flag("raw") {
        reply.to_raw()
    } else {
        reply.to_terminal()
    };
    io::stdout()
        .write_all(&text)
        .map_err(|error| error.to_string())?;
    Ok(if reply.is_error() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The `EVAL` command that the arguments ask for.
fn request(matches: &ArgMatches) -> Result<Vec<Vec<u8>>, String> {
    let rest = matches.get_many::<OsString>("rest").unwrap_or_default();
    let mut rest = rest.map(|arg| arg.as_encoded_bytes().to_vec());
    let script = match matches.get_one::<String>("script") {
        Some(script) => script.clone().into_bytes(),
        None => {
            let file = matches
                .get_many::<OsString>("rest")
                .and_then(|mut rest| rest.next());
            rest.next();
            read_script(file.ok_or("there is no script: give a FILE or -e SCRIPT")?)?
        }
    };
    let words: Vec<_> = rest.collect();
    let comma = words.iter().position(|word| word == b",");
    let (keys, args) = comma.map_or((&words[..], &[][..]), |at| (&words[..at], &words[at + 1..]));
    let n_keys = keys.len().to_string().into_bytes();
    Ok([&[b"EVAL".to_vec(), script, n_keys], keys, args].concat())
}

fn read_script(file: &OsString) -> Result<Vec<u8>, String> {
    let mut script = Vec::new();
    let read = if file == "-" {
        io::stdin().read_to_end(&mut script)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut script))
    };
    read.map_err(|error| format!("{}: {error}", file.to_string_lossy()))?;
    Ok(script)
}

/// Runs a command on a store of its own.
fn run_here(
    matches: &ArgMatches,
    request: &[Vec<u8>],
    protocol: Protocol,
) -> Result<Value, String> {
    let mut server = Server::new(cli::config_of(matches)?);
    let mut session = Session::new(1);
    session.protocol = protocol;
    let args: Vec<_> = request.iter().map(Vec::as_slice).collect();
    let mut out = Vec::new();
    let profile_path = matches.get_one::<PathBuf>("profile");
    if profile_path.is_some() {
        let mut engine = ScriptEngine::new(server.compat)
            .map_err(|_| "not enough memory for the script engine")?;
        engine.environment_mut().start_profile(profile::INTERVAL);
        server.scripts = Some(Box::new(engine));
    }
    dispatch::execute(&mut server, &mut session, &args, &mut out);
    if let (Some(path), Some(engine)) = (profile_path, &mut server.scripts)
        && let Some(profile) = engine.environment_mut().stop_profile()
    {
        profile::report(&profile, path, |text| {
            // Nobody is left to be told if that fails.
            let _ = io::stderr().write_all(text.as_bytes());
        });
    }
    read_value(&mut out.as_slice()).map_err(|error| error.to_string())
}

/// Runs a command on a server.
fn run_there(
    address: (&str, u16),
    password: Option<&str>,
    request: &[Vec<u8>],
    protocol: Protocol,
) -> io::Result<Value> {
    let stream = TcpStream::connect(address)?;
    let mut replies = BufReader::new(stream);
    let mut ask = |args: &[&[u8]]| -> io::Result<Value> {
        let mut wire = Vec::new();
        let mut writer = RespWriter::new(&mut wire, Protocol::Resp2);
        writer.array(args.len());
        args.iter().for_each(|arg| writer.bulk(arg));
        replies.get_mut().write_all(&wire)?;
        read_value(&mut replies)
    };
    let mut expect = |args: &[&[u8]]| match ask(args)? {
        Value::Error(text) => Err(io::Error::other(
            String::from_utf8_lossy(&text).into_owned(),
        )),
        reply => Ok(reply),
    };
    if let Some(password) = password {
        expect(&[b"AUTH", password.as_bytes()])?;
    }
    if protocol == Protocol::Resp3 {
        expect(&[b"HELLO", b"3"])?;
    }
    let args: Vec<_> = request.iter().map(Vec::as_slice).collect();
    ask(&args)
}
