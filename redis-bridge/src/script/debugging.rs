//! `SCRIPT DEBUG`, and the sessions that the next `EVAL` of such a client begins.
//!
//! A session has the connection for itself, and ends it. In the mode `YES` it runs on a
//! copy of the data, in a thread of its own, and the server serves others meanwhile; in
//! the mode `SYNC` it runs on the data, and all others wait.

use std::cell::RefCell;
use std::io::Write as _;
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::commands::Cx;
use crate::commands::args::is;
use crate::commands::error::{CommandError, Done};
use crate::debugger::Session as Debugger;
use crate::debugger::wire::Wire;
use crate::host::LogLevel;
use crate::keyspace::Keyspace;
use crate::reply::{Protocol, ReplySink};
use crate::resp::number::DoubleText;
use crate::resp::write::RespWriter;
use crate::script::commands::eval_with;
use crate::server::acl::User;
use crate::server::config::Config;
use crate::server::{Server, Session};

/// How long a line to the user may take to be sent.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// How the scripts of a client are to be debugged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebugMode {
    /// On a copy of the data.
    Copy,
    /// On the data.
    Sync,
}

/// Handles `SCRIPT DEBUG YES|SYNC|NO`.
pub(super) fn debug(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    match args[3..] {
        [] => {}
        [engine] if cx.server.compat.is_valkey() => {
            if !is(engine, "lua") {
                let text = b"ERR No scripting engine found with name '";
                let text = [&text[..], engine, b"' to enable debug"].concat();
                return Err(CommandError::new(text));
            }
        }
        _ => return Err(CommandError::wrong_arity("script|debug")),
    }
    if cx.session.has_unsent {
        let text = "ERR SCRIPT DEBUG must be called outside a pipeline";
        return Err(CommandError::of(text));
    }
    cx.session.debug = if is(args[2], "no") {
        None
    } else if is(args[2], "yes") {
        Some(DebugMode::Copy)
    } else if is(args[2], "sync") {
        Some(DebugMode::Sync)
    } else {
        return Err(CommandError::of("ERR Use SCRIPT DEBUG YES/SYNC/NO"));
    };
    out.ok();
    Ok(())
}

/// Does the client want its scripts debugged? What is part of a transaction is not.
pub(super) fn is_wanted(cx: &Cx<'_>) -> bool {
    cx.session.debug.is_some() && !cx.session.deny_blocking
}

/// Begins the session of a client that [wants](is_wanted) one, with the arguments of its
/// `EVAL`. There is no reply yet if the session goes on by itself.
pub(super) fn begin(
    cx: &mut Cx<'_>,
    args: &[&[u8]],
    read_only: bool,
    out: &mut dyn ReplySink,
) -> Done {
    let mode = cx.session.debug.take();
    let max_copies = usize::try_from(cx.server.config.int("script-debug-sessions"));
    if mode == Some(DebugMode::Copy)
        && max_copies.is_ok_and(|most| cx.server.n_debug_copies() >= most)
    {
        return Err(CommandError::of(
            "ERR can't run EVAL in debugging mode: script-debug-sessions copies of the data \
             are in use",
        ));
    }
    cx.session.closing = true;
    let Some(socket) = cx.session.debug_socket.take() else {
        return Err(CommandError::of("ERR this connection cannot debug scripts"));
    };
    if mode == Some(DebugMode::Sync) {
        log(cx, "synchronous debugging session started");
        run(cx, args, read_only, &socket, out);
        // The connection's own handle shares this mode.
        let _ = socket.set_nonblocking(true);
        log(cx, "synchronous debugging session ended");
        return Ok(());
    }
    let apart = Apart {
        keyspace: cx.server.keyspace.copy(),
        config: cx.server.config.clone(),
        args: args.iter().map(|arg| arg.to_vec()).collect(),
        read_only,
        db: cx.session.db,
        protocol: cx.session.protocol,
        user: cx.session.user.as_ref().map(|user| user.borrow().clone()),
        socket,
        _copy: Arc::clone(&cx.server.debug_copies),
    };
    let thread = std::thread::Builder::new().name("debugger".to_owned());
    thread.spawn(move || apart.run()).map_err(|error| {
        let text = format!("ERR can't run EVAL in debugging mode: {error}");
        CommandError::new(text)
    })?;
    log(cx, "debugging session started");
    Ok(())
}

fn log(cx: &mut Cx<'_>, text: &str) {
    cx.server.logger.log(LogLevel::Notice, text.as_bytes());
}

/// Debugs a script; the session has ended when this returns, but for the reply.
fn run(
    cx: &mut Cx<'_>,
    args: &[&[u8]],
    read_only: bool,
    socket: &TcpStream,
    out: &mut dyn ReplySink,
) {
    let user = socket
        .set_nonblocking(false)
        .and_then(|()| socket.set_write_timeout(Some(SEND_TIMEOUT)))
        .and_then(|()| socket.try_clone());
    let user = match user {
        Ok(user) => user,
        Err(error) => return out.error(format!("ERR can't debug: {error}").as_bytes()),
    };
    let compat = cx.server.compat;
    let patience = match cx.server.settings.busy_threshold_ms {
        0 => 5000,
        threshold => threshold,
    };
    let user = Box::new(Wire::new(user, compat));
    let debugger = Debugger::new(args[1], user, compat, Duration::from_millis(patience));
    cx.session.debugger = Some(debugger.clone());
    let done = eval_with(cx, args, read_only, out);
    cx.session.debugger = None;
    debugger.end();
    if let Err(error) = done {
        error.send(out);
    }
}

/// All that a session needs to run by itself.
struct Apart {
    keyspace: Keyspace,
    config: Config,
    args: Vec<Vec<u8>>,
    read_only: bool,
    db: usize,
    protocol: Protocol,
    user: Option<User>,
    socket: TcpStream,
    /// Counts the session for as long as it runs.
    _copy: Arc<()>,
}

impl Apart {
    fn run(self) {
        let mut server = Server::new(self.config);
        server.keyspace = self.keyspace;
        let mut session = Session::new(0);
        session.db = self.db;
        session.protocol = self.protocol;
        session.user = self.user.map(|user| Rc::new(RefCell::new(user)));
        let args: Vec<_> = self.args.iter().map(Vec::as_slice).collect();
        let mut bytes = Vec::new();
        let mut out =
            RespWriter::new(&mut bytes, self.protocol).with_doubles(DoubleText::of(server.compat));
        let mut cx = Cx {
            server: &mut server,
            session: &mut session,
        };
        run(&mut cx, &args, self.read_only, &self.socket, &mut out);
        // A user who has gone needs no reply.
        let _ = (&self.socket).write_all(&bytes);
    }
}
