//! Replaying a log when the server starts. A command that the end of the last file cuts
//! off is cut away; everything else that is wrong is refused, with its place.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use bytes::{Buf as _, BytesMut};
use smallvec::SmallVec;

use crate::commands::spec::CommandSpec;
use crate::commands::{self, Cx};
use crate::host::LogLevel;
use crate::reply::Protocol;
use crate::resp::parse::{Limits, Progress, RequestParser};
use crate::resp::write::RespWriter;
use crate::server::session::{Queued, Session};
use crate::server::state::Server;

/// Room that is made in the buffer before each read, in bytes.
const READ_BYTES: usize = 256 * 1024;
/// After so many commands clients may be looked at.
const COMMANDS_PER_LOOK: u64 = 16;
/// Commands that failed are named in the server's log, but not more than so many.
const MAX_WARNINGS: usize = 10;

/// Why a log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or the folder cannot be read or written.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The manifest is none.
    #[error("{path}:{line}: bad manifest: {why}", path = path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Counts from 1.
        line: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// Something in a file is not as it should be.
    #[error(
        "{path}: {why} at byte {offset} of {len}; make a copy, then repair or remove the file",
        path = path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
        /// Where the command starts.
        offset: u64,
        /// The length of the file in bytes.
        len: u64,
    },
    /// The last command is not whole, and the settings do not allow that.
    #[error(
        "{path}: the file ends in the middle of what starts at byte {offset}; with \
         aof-load-truncated yes that is cut off",
        path = path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where the command, or its transaction, starts.
        offset: u64,
    },
    /// A client wants the server to end.
    #[error("the server was told to end while it was loading")]
    Stopped,
    /// Another server uses the folder.
    #[error("{path}: another server uses this folder", path = .0.display())]
    InUse(PathBuf),
    /// The folder has files of a log, but nothing says in which order.
    #[error("{path} is missing, but there are files that it should name", path = .0.display())]
    NoManifest(PathBuf),
}

/// What replaying needs between commands.
struct Replay<'a> {
    server: &'a mut Server,
    session: Session,
    /// The commands since `MULTI`, and where that stands.
    transaction: Option<(u64, Vec<Queued>)>,
    reply: Vec<u8>,
    n_commands: u64,
    n_failed: usize,
}

/// Replays a file. If its end is cut off and `may_cut` allows it, the file is cut where
/// the last whole command or transaction ends. Returns its length.
pub(super) fn replay(server: &mut Server, path: &Path, may_cut: bool) -> Result<u64, LoadError> {
    let failed = |error| LoadError::Io {
        path: path.to_owned(),
        error,
    };
    let mut file = File::open(path).map_err(failed)?;
    let len = file.metadata().map_err(failed)?.len();
    let before_bytes = server.loading.map_or(0, |it| it.done_bytes);
    let mut session = Session::new(0);
    session.deny_blocking = true;
    let mut replay = Replay {
        server,
        session,
        transaction: None,
        reply: Vec::new(),
        n_commands: 0,
        n_failed: 0,
    };
    let corrupt = |offset, why: String| LoadError::Corrupt {
        path: path.to_owned(),
        why,
        offset,
        len,
    };
    let mut parser = RequestParser::default();
    let mut input = BytesMut::new();
    let mut offset = 0;
    let mut is_at_end = false;
    loop {
        let step = step(&mut parser, &input).map_err(|why| corrupt(offset, why))?;
        match step {
            Step::Skip(n) => {
                input.advance(n);
                offset += n as u64;
            }
            Step::Command(n) => {
                let args: SmallVec<[&[u8]; 16]> = parser.args(&input).collect();
                replay
                    .command(&args, offset)
                    .map_err(|why| corrupt(offset, why))?;
                drop(args);
                input.advance(n);
                offset += n as u64;
                parser.shrink();
                if replay.n_commands.is_multiple_of(COMMANDS_PER_LOOK) {
                    replay.server.serve_while_loading(before_bytes + offset);
                    if replay.server.is_stopping {
                        return Err(LoadError::Stopped);
                    }
                }
            }
            Step::NeedsMore(_) if is_at_end => break,
            Step::NeedsMore(n) => {
                let before = input.len();
                let n = n.clamp(READ_BYTES, 64 * READ_BYTES);
                input.resize(before + n, 0);
                let read = read_full(&mut file, &mut input[before..]).map_err(failed)?;
                input.truncate(before + read);
                is_at_end = read < n;
            }
        }
    }
    let valid = replay
        .transaction
        .as_ref()
        .map_or(offset, |(start, _)| *start);
    if valid == len {
        return Ok(len);
    }
    if let Some(at) = later_command(&input) {
        // Not the end of the file is missing, but a length in the middle is wrong.
        let why = format!(
            "a length that reaches beyond the end of the file, although more follows at byte {}",
            offset + at as u64
        );
        return Err(corrupt(offset, why));
    }
    if !may_cut {
        return Err(LoadError::Truncated {
            path: path.to_owned(),
            offset: valid,
        });
    }
    let cut = || -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(valid)?;
        file.sync_all()
    };
    cut().map_err(failed)?;
    let what = if replay.transaction.is_some() {
        "transaction"
    } else {
        "command"
    };
    let text = format!(
        "{}: the file ends in the middle of a {what}: cut from {len} to {valid} bytes",
        path.display()
    );
    server.logger.log(LogLevel::Warning, text.as_bytes());
    Ok(valid)
}

/// Reads until the buffer is full or the file ends.
fn read_full(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < buffer.len() {
        match file.read(&mut buffer[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}

/// What stands at the start of the input.
enum Step {
    /// Something to pass over, of that many bytes.
    Skip(usize),
    /// A command of that many bytes.
    Command(usize),
    /// Less than that; at least so many bytes are missing.
    NeedsMore(usize),
}

const LIMITS: Limits = Limits {
    max_bulk_bytes: i64::MAX,
    authenticated: true,
};

fn step(parser: &mut RequestParser, input: &[u8]) -> Result<Step, String> {
    match input.first() {
        None => return Ok(Step::NeedsMore(1)),
        // An annotation, such as the time (`aof-timestamp-enabled`).
        Some(b'#') => {
            let end = memchr::memchr(b'\n', input);
            return Ok(end.map_or(Step::NeedsMore(1), |end| Step::Skip(end + 1)));
        }
        Some(b'*') => {}
        Some(_) if input.starts_with(b"REDIS") || input.starts_with(b"VALKEY") => {
            let why = "a snapshot in the RDB format, which this server does not read (have it \
                       rewritten with aof-use-rdb-preamble no)";
            return Err(why.to_owned());
        }
        Some(_) => return Err("no command".to_owned()),
    }
    match parser.parse(input, LIMITS) {
        Ok(Progress::Incomplete(n)) => Ok(Step::NeedsMore(n)),
        Ok(Progress::Complete(_)) if parser.args(input).len() == 0 => {
            Err("an empty command".to_owned())
        }
        Ok(Progress::Complete(n)) => Ok(Step::Command(n)),
        Err(error) => Err(error.to_string()),
    }
}

/// Where in the rest of a file, behind its start, a whole command stands, if any does.
fn later_command(input: &[u8]) -> Option<usize> {
    let starts = memchr::memmem::find_iter(input, b"\r\n*").map(|at| at + 2);
    starts.into_iter().find(|&at| {
        let mut parser = RequestParser::default();
        let rest = &input[at..];
        matches!(parser.parse(rest, LIMITS), Ok(Progress::Complete(_))) && {
            let args: Vec<&[u8]> = parser.args(rest).collect();
            commands::resolve(&args).is_ok_and(|spec| spec.accepts(args.len()))
        }
    })
}

impl Replay<'_> {
    /// Runs a command, or keeps it for the end of its transaction.
    fn command(&mut self, args: &[&[u8]], offset: u64) -> Result<(), String> {
        let shown = || String::from_utf8_lossy(args[0]).into_owned();
        let spec = commands::resolve(args).map_err(|_| format!("unknown command '{}'", shown()))?;
        if !spec.accepts(args.len()) {
            return Err(format!("wrong number of arguments for '{}'", spec.name));
        }
        match (spec.name, &mut self.transaction) {
            ("multi", None) => self.transaction = Some((offset, Vec::new())),
            ("multi", Some(_)) => return Err("MULTI inside a transaction".to_owned()),
            ("exec", None) => return Err("EXEC without MULTI".to_owned()),
            ("exec", Some((_, commands))) => {
                let commands = std::mem::take(commands);
                self.transaction = None;
                for Queued { spec, args } in commands {
                    let args: SmallVec<[&[u8]; 16]> = args.iter().map(Vec::as_slice).collect();
                    self.run(spec, &args);
                }
            }
            (_, Some((_, commands))) => {
                let args = args.iter().map(|arg| arg.to_vec()).collect();
                commands.push(Queued { spec, args });
            }
            (_, None) => self.run(spec, args),
        }
        Ok(())
    }

    fn run(&mut self, spec: &'static CommandSpec, args: &[&[u8]]) {
        self.reply.clear();
        let mut cx = Cx {
            server: self.server,
            session: &mut self.session,
        };
        let mut reply = RespWriter::new(&mut self.reply, Protocol::Resp2);
        (spec.handler)(&mut cx, args, &mut reply);
        self.n_commands += 1;
        if let Some(error) = self.reply.strip_prefix(b"-") {
            self.n_failed += 1;
            if self.n_failed <= MAX_WARNINGS {
                let text = [
                    b"While replaying the append-only file, '",
                    spec.name.as_bytes(),
                    b"' failed: ",
                    error.trim_ascii_end(),
                ];
                self.server.logger.log(LogLevel::Warning, &text.concat());
            }
        }
    }
}
