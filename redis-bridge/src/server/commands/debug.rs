//! `DEBUG`: what tests of clients and tools ask for. Nothing here can end the server.

use std::net::SocketAddr;

use super::row;
use crate::commands::Cx;
use crate::commands::args::{float, int, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group};
use crate::host::LogLevel;
use crate::reply::{Protocol, ReplySink};
use crate::replying;
use crate::server::state::random_id;
use crate::server::{dispatch, memory};

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    row(Group::Server, "debug", "1.0.0", -2, "admin noscript loading stale", replying!(debug)),
];

/// `DEBUG`, for those whom `enable-debug-command` lets use it.
fn debug(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let is_allowed = match cx.server.config.get("enable-debug-command") {
        "yes" => true,
        "local" => is_local(cx),
        _ => false,
    };
    if !is_allowed {
        return Err(CommandError::of(
            "ERR DEBUG command not allowed. If the enable-debug-command option is set to \
             \"local\", you can run it from a local connection, otherwise you need to set this \
             option in the configuration file, and then restart the server.",
        ));
    }
    match args[1..] {
        [word, seconds] if is(word, "SLEEP") => {
            // The whole server sleeps, which is what it is for: seeing what clients do.
            let duration = std::time::Duration::try_from_secs_f64(float(seconds).unwrap_or(0.0));
            std::thread::sleep(duration.unwrap_or_default());
            out.ok();
        }
        [word, text] if is(word, "ERROR") => {
            let line: Vec<u8> = text
                .iter()
                .map(|&b| if matches!(b, b'\r' | b'\n') { b' ' } else { b })
                .collect();
            out.error(&line);
        }
        [word, text] if is(word, "LOG") => {
            let line = [b"DEBUG LOG: ", text].concat();
            cx.server.logger.log(LogLevel::Warning, &line);
            out.ok();
        }
        [word, key] if is(word, "OBJECT") => object(cx, key, out)?,
        [word, flag] if is(word, "SET-ACTIVE-EXPIRE") => {
            cx.server.is_expiring = int(flag).unwrap_or(0) != 0;
            out.ok();
        }
        // Lists have one encoding of long elements.
        [word, _] if is(word, "QUICKLIST-PACKED-THRESHOLD") => out.ok(),
        [word] if is(word, "CHANGE-REPL-ID") => {
            cx.server.replication_id = random_id();
            out.ok();
        }
        [word, name] if is(word, "PROTOCOL") => protocol(name, out)?,
        [word] if is(word, "HELP") => help(cx, out),
        _ => {
            let text = b"ERR unknown subcommand or wrong number of arguments for '";
            return Err(CommandError::new(
                [&text[..], dispatch::shown(args[1]), b"'. Try DEBUG HELP."].concat(),
            ));
        }
    }
    Ok(())
}

fn object(cx: &mut Cx<'_>, key: &[u8], out: &mut dyn ReplySink) -> Done {
    cx.expire_if_due(key);
    let entry = cx.server.keyspace.db(cx.db()).get(key);
    let entry = entry.ok_or(CommandError::NO_SUCH_KEY)?;
    let length = memory::estimate(key, entry);
    let text = format!(
        "Value at:0x0 refcount:1 encoding:{} serializedlength:{length} lru:0 lru_seconds_idle:0",
        entry.value.encoding()
    );
    out.status(text.as_bytes());
    Ok(())
}

/// The number that clients' tests expect; a circle has nothing to do with it.
#[allow(clippy::approx_constant)]
const SOME_DOUBLE: f64 = 3.141;

/// A reply of each kind that there is.
fn protocol(name: &[u8], out: &mut dyn ReplySink) -> Done {
    let is_resp3 = out.protocol() == Protocol::Resp3;
    match name {
        _ if is(name, "string") => out.bulk(b"Hello World"),
        _ if is(name, "integer") => out.integer(12345),
        _ if is(name, "double") => out.double(SOME_DOUBLE),
        _ if is(name, "null") => out.null(),
        _ if is(name, "array") => {
            out.array(3);
            (0..3).for_each(|n| out.integer(n));
        }
        _ if is(name, "set") => {
            out.set(3);
            (0..3).for_each(|n| out.integer(n));
        }
        _ if is(name, "map") => {
            out.map(3);
            for n in 0..3 {
                out.integer(n);
                out.boolean(n == 1);
            }
        }
        _ if is(name, "push") && is_resp3 => {
            out.push(2);
            out.bulk(b"server-cpu-usage");
            out.integer(42);
        }
        _ if is(name, "push") => {
            return Err(CommandError::of(
                "ERR RESP2 is not supported by this command",
            ));
        }
        _ if is(name, "true") => out.boolean(true),
        _ if is(name, "false") => out.boolean(false),
        // The attribute would go before it.
        _ if is(name, "attrib") => out.bulk(b"Some real reply following the attribute"),
        _ if is(name, "verbatim") => out.verbatim(*b"txt", b"This is a verbatim\nstring"),
        _ if is(name, "bignum") => out.big_number(b"1234567999999999999999999999999999999"),
        _ => {
            return Err(CommandError::of(
                "ERR Wrong protocol type name. Please use one of the following: \
                 string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
            ));
        }
    }
    Ok(())
}

/// Does the client run on the machine of the server?
fn is_local(cx: &Cx<'_>) -> bool {
    let client = cx.server.clients.get(cx.session.id);
    let address = client.and_then(|client| client.addresses[0].parse::<SocketAddr>().ok());
    address.is_some_and(|address| address.ip().to_canonical().is_loopback())
}

fn help(cx: &Cx<'_>, out: &mut dyn ReplySink) {
    let lines = [
        "CHANGE-REPL-ID",
        "    Change the replication id that INFO shows.",
        "ERROR <string>",
        "    Return a protocol error with <string> as message.",
        "LOG <message>",
        "    Write <message> to the server log.",
        "OBJECT <key>",
        "    Show low level info about <key> and its value.",
        "PROTOCOL <type>",
        "    Reply with a test value of the specified type.",
        "QUICKLIST-PACKED-THRESHOLD <size>",
        "    Accepted; lists have one encoding of long elements.",
        "SET-ACTIVE-EXPIRE (0|1)",
        "    Whether expired keys are deleted before somebody asks for them.",
        "SLEEP <seconds>",
        "    Stop the server for <seconds>. Decimals allowed.",
    ];
    super::help(out, cx.server.compat, "DEBUG", &lines);
}
