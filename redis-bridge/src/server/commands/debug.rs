//! `DEBUG`: what tests of clients and tools ask for. Nothing here can end the server.

use std::net::SocketAddr;

use super::row;
use crate::commands::Cx;
use crate::commands::args::{float, int, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group};
use crate::host::LogLevel;
use crate::keyspace::Value;
use crate::keyspace::dump;
use crate::keyspace::string::Text;
use crate::reply::{Protocol, ReplySink};
use crate::replying;
use crate::server::digest::DataDigest;
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
        [word] if is(word, "DIGEST") => {
            let mut digest = DataDigest::default();
            let keyspace = cx.keyspace();
            for number in 0..keyspace.n_databases() {
                digest.append_database(number, keyspace.db(number));
            }
            out.status(digest.to_hex().as_bytes());
        }
        [word, ref keys @ ..] if is(word, "DIGEST-VALUE") => {
            out.array(keys.len());
            for key in keys {
                cx.expire_if_due(key);
                let mut digest = DataDigest::default();
                if let Some(entry) = cx.server.keyspace.db(cx.db()).get(key) {
                    digest.append_value(&entry.value, entry.expires_at_ms().is_some());
                }
                out.status(digest.to_hex().as_bytes());
            }
        }
        [word, count, ref rest @ ..] if is(word, "POPULATE") && rest.len() < 3 => {
            populate(cx, count, rest)?;
            out.ok();
        }
        [word, ref options @ ..] if is(word, "RELOAD") => reload(cx, options, out)?,
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

/// Adds so many keys, `key:0` and so on, with values like `value:0`, but no key that there
/// is; `rest` may name another beginning than `key`, and the values' length.
fn populate(cx: &mut Cx<'_>, count: &[u8], rest: &[&[u8]]) -> Done {
    let positive = |text: &[u8]| {
        let number = int(text).ok().and_then(|number| u64::try_from(number).ok());
        let error = "ERR value is out of range, must be positive";
        number.ok_or(CommandError::of(error))
    };
    let count = positive(count)?;
    let [prefix, size] = match *rest {
        [] => [&b"key"[..], b"0"],
        [prefix] => [prefix, b"0"],
        [prefix, size, ..] => [prefix, size],
    };
    let max_bytes = cx.server.settings.max_bulk_bytes.unsigned_abs();
    let size = positive(size)?.min(max_bytes) as usize;
    for number in 0..count {
        let key = [prefix, format!(":{number}").as_bytes()].concat();
        if cx.exists(&key) {
            continue;
        }
        let mut value = format!("value:{number}").into_bytes();
        if size > 0 {
            value.resize(size, 0);
        }
        cx.put(&key, Value::String(Text::new(&value)));
        cx.log_as(&[b"SET", &key, &value]);
        let db = cx.db();
        cx.server.signal_modified(db, &key);
        cx.server.keyspace.dirty += 1;
    }
    Ok(())
}

/// Writes every value as a snapshot would have it, and reads it back. There are no files of
/// snapshots, so those that `NOSAVE` would read are what is there.
fn reload(cx: &mut Cx<'_>, options: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let is_known = |word: &&[u8]| ["MERGE", "NOFLUSH", "NOSAVE"].iter().any(|it| is(word, it));
    if !options.iter().all(is_known) {
        let text = "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.";
        return Err(CommandError::of(text));
    }
    cx.log_nothing();
    let keyspace = cx.keyspace();
    for number in 0..keyspace.n_databases() {
        let database = keyspace.db_mut(number);
        let keys: Vec<Box<[u8]>> = database.iter().map(|(key, _)| key.into()).collect();
        for key in keys {
            let Some(entry) = database.get_mut(&key) else {
                continue;
            };
            let mut bytes = Vec::new();
            dump::write_value(&mut bytes, &entry.value);
            let read = dump::read_value(&bytes);
            entry.value = read.ok_or(CommandError::of("ERR Error trying to load the RDB dump"))?;
        }
    }
    out.ok();
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
        "DIGEST",
        "    Output a hex signature representing the current DB content.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    Output a hex signature of the values of all the specified keys.",
        "ERROR <string>",
        "    Return a protocol error with <string> as message.",
        "LOG <message>",
        "    Write <message> to the server log.",
        "OBJECT <key>",
        "    Show low level info about <key> and its value.",
        "POPULATE <count> [<prefix>] [<size>]",
        "    Create <count> string keys named key:<num>. If <prefix> is specified then",
        "    it is used instead of the 'key' prefix.",
        "PROTOCOL <type>",
        "    Reply with a test value of the specified type.",
        "QUICKLIST-PACKED-THRESHOLD <size>",
        "    Accepted; lists have one encoding of long elements.",
        "RELOAD [option ...]",
        "    Write all values as snapshots have them, and read them back.",
        "SET-ACTIVE-EXPIRE (0|1)",
        "    Whether expired keys are deleted before somebody asks for them.",
        "SLEEP <seconds>",
        "    Stop the server for <seconds>. Decimals allowed.",
    ];
    super::help(out, cx.server.compat, "DEBUG", &lines);
}
