//! `CLIENT`: what a client says about itself, and what it may know of others or do
//! to them.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::row;
use super::tracking::{caching, getredir, redirection, tracking, trackinginfo};
use crate::commands::Cx;
use crate::commands::args::{is, parse_i64};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group};
use crate::reply::{Protocol, ReplySink};
use crate::replying;
use crate::server::acl::UserRef;
use crate::server::client::Client;
use crate::server::pubsub::Topic;
use crate::server::session::{ClientId, Replies};
use crate::server::state::Pause;
use crate::server::{Server, Session};

const CONN: Group = Group::Connection;

pub(crate) const COMMANDS: &[CommandSpec] =
    &[CommandSpec::container(CONN, "client", "2.4.0", CLIENT)];

const SELF: &str = "noscript loading stale";
/// Flags of what may be asked while a script keeps the server busy.
const SELF_BUSY: &str = "noscript loading stale allow_busy";
const ADMIN: &str = "admin noscript loading stale";

#[rustfmt::skip]
const CLIENT: &[CommandSpec] = &[
    row(CONN, "client|caching", "6.0.0", 3, SELF_BUSY, replying!(caching)),
    row(CONN, "client|capa", "8.0.0", -3, SELF_BUSY, replying!(capa)),
    row(CONN, "client|getname", "2.6.9", 2, SELF_BUSY, replying!(getname)),
    row(CONN, "client|getredir", "6.0.0", 2, SELF_BUSY, replying!(getredir)),
    row(CONN, "client|help", "5.0.0", 2, "loading stale", replying!(help)),
    row(CONN, "client|id", "5.0.0", 2, SELF_BUSY, replying!(id)),
    row(CONN, "client|info", "6.2.0", 2, SELF, replying!(info)),
    row(CONN, "client|kill", "2.4.0", -3, ADMIN, replying!(kill)),
    row(CONN, "client|list", "2.4.0", -2, ADMIN, replying!(list)),
    row(CONN, "client|no-evict", "7.0.0", 3, "admin noscript loading stale allow_busy", replying!(no_evict)),
    row(CONN, "client|no-touch", "7.2.0", 3, SELF_BUSY, replying!(no_touch)),
    row(CONN, "client|pause", "3.0.0", -3, ADMIN, replying!(pause)),
    row(CONN, "client|reply", "3.2.0", 3, SELF_BUSY, replying!(reply)),
    row(CONN, "client|setinfo", "7.2.0", 4, SELF_BUSY, replying!(setinfo)),
    row(CONN, "client|setname", "2.6.9", 3, SELF_BUSY, replying!(setname)),
    row(CONN, "client|tracking", "6.0.0", -3, SELF_BUSY, replying!(tracking)),
    row(CONN, "client|trackinginfo", "6.2.0", 2, SELF_BUSY, replying!(trackinginfo)),
    row(CONN, "client|unblock", "5.0.0", -3, ADMIN, replying!(unblock)),
    row(CONN, "client|unpause", "6.2.0", 2, ADMIN, replying!(unpause)),
];

/// The error of a name with characters that would not print on one line.
pub(super) const BAD_NAME: CommandError =
    CommandError::of("ERR Client names cannot contain spaces, newlines or special characters.");

/// Are all characters printable, and none a space?
pub(super) fn is_printable_name(name: &[u8]) -> bool {
    name.iter().all(u8::is_ascii_graphic)
}

fn id(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.integer(cx.session.id as i64);
    Ok(())
}

fn getname(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if cx.session.name.is_empty() {
        out.null();
    } else {
        out.bulk(&cx.session.name);
    }
    Ok(())
}

fn setname(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if !is_printable_name(args[2]) {
        return Err(BAD_NAME);
    }
    cx.session.name = args[2].to_vec();
    out.ok();
    Ok(())
}

fn setinfo(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let option = args[2];
    let slot = if is(option, "LIB-NAME") {
        0
    } else if is(option, "LIB-VER") {
        1
    } else {
        return Err(CommandError::new(
            [b"ERR Unrecognized option '", option, b"'"].concat(),
        ));
    };
    if !is_printable_name(args[3]) {
        let name = ["lib-name", "lib-ver"][slot];
        let text = format!("ERR {name} cannot contain spaces, newlines or special characters.");
        return Err(CommandError::new(text));
    }
    cx.session.library[slot] = args[3].to_vec();
    out.ok();
    Ok(())
}

/// The capabilities a client announces make no difference to this server.
fn capa(_: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.ok();
    Ok(())
}

fn on_or_off(word: &[u8]) -> Result<bool, CommandError> {
    match word {
        _ if is(word, "ON") => Ok(true),
        _ if is(word, "OFF") => Ok(false),
        _ => Err(CommandError::SYNTAX),
    }
}

fn no_evict(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    cx.session.no_evict = on_or_off(args[2])?;
    out.ok();
    Ok(())
}

fn no_touch(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    cx.session.no_touch = on_or_off(args[2])?;
    out.ok();
    Ok(())
}

fn reply(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let how = args[2];
    if is(how, "ON") {
        cx.session.replies = Replies::On;
        out.ok();
    } else if is(how, "OFF") {
        cx.session.replies = Replies::Off;
    } else if is(how, "SKIP") {
        if cx.session.replies != Replies::Off {
            cx.session.replies = Replies::SkipNext;
        }
    } else {
        return Err(CommandError::SYNTAX);
    }
    Ok(())
}

fn pause(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let all = match args.get(3) {
        None => true,
        Some(mode) if is(mode, "ALL") => true,
        Some(mode) if is(mode, "WRITE") => false,
        Some(_) => {
            return Err(CommandError::of(
                "ERR CLIENT PAUSE mode must be WRITE or ALL",
            ));
        }
    };
    if args.len() > 4 {
        return Err(CommandError::SYNTAX);
    }
    let millis = parse_i64(args[2]).ok_or(CommandError::of(
        "ERR timeout is not an integer or out of range",
    ))?;
    let millis = u64::try_from(millis).map_err(|_| CommandError::of("ERR timeout is negative"))?;
    let end = Instant::now().checked_add(Duration::from_millis(millis));
    let until = end.ok_or(CommandError::of("ERR timeout is out of range"))?;
    // A second pause can only make the first one longer and stricter.
    let old = cx.server.pause.filter(|pause| pause.until > Instant::now());
    cx.server.pause = Some(Pause {
        until: old.map_or(until, |old| old.until.max(until)),
        all: all || old.is_some_and(|old| old.all),
    });
    out.ok();
    Ok(())
}

fn unpause(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    cx.server.unpause();
    out.ok();
    Ok(())
}

fn unblock(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let error: Option<&[u8]> = match args.get(3) {
        None => None,
        Some(how) if is(how, "TIMEOUT") => None,
        Some(how) if is(how, "ERROR") => Some(b"UNBLOCKED client unblocked via CLIENT UNBLOCK"),
        Some(_) => {
            let text = "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR";
            return Err(CommandError::of(text));
        }
    };
    let id = parse_i64(args[2]).ok_or(CommandError::NOT_INTEGER)?;
    let client = ClientId::try_from(id)
        .ok()
        .and_then(|id| cx.server.clients.get(id))
        .cloned();
    let was_blocked = client.is_some_and(|client| client.unblock(cx.server, error));
    out.integer(i64::from(was_blocked));
    Ok(())
}

/// What kind of client `TYPE` selects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ClientType {
    Normal,
    Subscriber,
    /// Masters and replicas, of which there are none.
    Replication,
}

impl ClientType {
    fn parse(word: &[u8]) -> Result<Self, CommandError> {
        match word {
            _ if is(word, "NORMAL") => Ok(Self::Normal),
            _ if is(word, "PUBSUB") => Ok(Self::Subscriber),
            _ if is(word, "MASTER") || is(word, "REPLICA") || is(word, "SLAVE") => {
                Ok(Self::Replication)
            }
            _ => Err(CommandError::new(
                [b"ERR Unknown client type '", word, b"'"].concat(),
            )),
        }
    }

    fn of(session: &Session) -> Self {
        if session.subscriptions > 0 {
            Self::Subscriber
        } else {
            Self::Normal
        }
    }
}

/// All clients' ids, oldest first; that of the caller is there even without a socket.
fn all_ids(cx: &Cx<'_>) -> Vec<ClientId> {
    cx.server.clients.iter().map(|client| client.id).collect()
}

fn list(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let mut type_ = None;
    let mut ids = all_ids(cx);
    match args[2..] {
        [] => {}
        [word, name] if is(word, "TYPE") => type_ = Some(ClientType::parse(name)?),
        [word, ref wanted @ ..] if is(word, "ID") && !wanted.is_empty() => {
            let mut chosen = Vec::new();
            for id in wanted {
                let id = parse_i64(id).and_then(|id| ClientId::try_from(id).ok());
                chosen.push(id.ok_or(CommandError::of("ERR Invalid client ID"))?);
            }
            chosen.retain(|id| ids.contains(id));
            ids = chosen;
        }
        _ => return Err(CommandError::SYNTAX),
    }
    let mut text = String::new();
    for id in ids {
        let line = with_session(cx, id, |server, client, session| {
            let is_wanted = type_.is_none_or(|type_| type_ == ClientType::of(session));
            is_wanted.then(|| describe(server, Some(client), session))
        });
        if let Some(line) = line.flatten() {
            text.push_str(&line);
            text.push('\n');
        }
    }
    out.verbatim(*b"txt", text.as_bytes());
    Ok(())
}

fn info(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let client = cx.server.clients.get(cx.session.id);
    let line = describe(cx.server, client, cx.session) + "\n";
    out.verbatim(*b"txt", line.as_bytes());
    Ok(())
}

/// Looks at a client and its session, the caller's own included.
fn with_session<T>(
    cx: &Cx<'_>,
    id: ClientId,
    look: impl FnOnce(&Server, &Rc<Client>, &Session) -> T,
) -> Option<T> {
    let client = cx.server.clients.get(id)?;
    if id == cx.session.id {
        return Some(look(cx.server, client, cx.session));
    }
    let session = client.session()?;
    Some(look(cx.server, client, &session))
}

/// One line of `CLIENT LIST`, without its end.
pub(crate) fn describe(server: &Server, client: Option<&Rc<Client>>, session: &Session) -> String {
    let [address, local] = client
        .map(|client| client.addresses.clone())
        .unwrap_or_default();
    let age = client.map_or(0, |client| client.connected.elapsed().as_secs());
    let idle = client.map_or(0, |client| client.last_active.get().elapsed().as_secs());
    let (n_in, n_out) = client.map_or((0, 0), |client| client.buffered());
    let tracker = server.tracking.get(session.id);
    let mut flags = String::new();
    for (is_set, letter) in [
        (session.is_monitor, 'O'),
        (session.subscriptions > 0, 'P'),
        (session.transaction.is_some(), 'x'),
        (client.is_some_and(|client| client.is_blocked()), 'b'),
        (server.watches.is_dirty(session.id), 'd'),
        (session.closing, 'c'),
        (tracker.is_some(), 't'),
        (tracker.is_some_and(|t| t.is_redirect_broken), 'R'),
        (tracker.is_some_and(|t| t.prefixes.is_some()), 'B'),
        (session.no_evict, 'e'),
        (session.no_touch, 'T'),
    ] {
        if is_set {
            flags.push(letter);
        }
    }
    if flags.is_empty() {
        flags.push('N');
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let n_names = |topic| server.pubsub.names_of(session.id, topic).len();
    let multi = session
        .transaction
        .as_ref()
        .map_or(-1, |t| t.queued.len() as i64);
    let events = if n_out > 0 { "rw" } else { "r" };
    let resp = if session.protocol == Protocol::Resp3 {
        3
    } else {
        2
    };
    format!(
        "id={} addr={address} laddr={local} fd=-1 name={} age={age} idle={idle} flags={flags} \
         db={} sub={} psub={} ssub={} multi={multi} watch={} qbuf={n_in} qbuf-free=0 argv-mem=0 \
         multi-mem=0 rbs=0 rbp=0 obl={n_out} oll=0 omem=0 tot-mem={} events={events} cmd={} \
         user={} redir={} resp={resp} lib-name={} lib-ver={}",
        session.id,
        text(&session.name),
        session.db,
        n_names(Topic::Channel),
        n_names(Topic::Pattern),
        n_names(Topic::Shard),
        server.watches.keys_of(session.id).len(),
        n_in + n_out,
        session.last_command,
        text(&session.user_name()),
        redirection(tracker),
        text(&session.library[0]),
        text(&session.library[1]),
    )
}

/// Which clients `CLIENT KILL` ends.
#[derive(Default)]
struct Victims<'a> {
    id: Option<ClientId>,
    address: Option<&'a [u8]>,
    local: Option<&'a [u8]>,
    type_: Option<ClientType>,
    user: Option<UserRef>,
    /// At least so old, in seconds.
    max_age_s: Option<u64>,
    /// The caller too.
    with_caller: bool,
}

impl<'a> Victims<'a> {
    fn parse(cx: &Cx<'_>, mut options: &[&'a [u8]]) -> Result<Self, CommandError> {
        let mut victims = Self::default();
        while let [word, value, rest @ ..] = options {
            let positive = |value: &[u8]| parse_i64(value).filter(|n| *n > 0);
            match *word {
                word if is(word, "ID") => {
                    let text = "ERR client-id should be greater than 0";
                    let id = positive(value).ok_or(CommandError::of(text))?;
                    victims.id = Some(id.unsigned_abs());
                }
                word if is(word, "MAXAGE") => {
                    let text = "ERR maxage should be greater than 0";
                    let age = positive(value).ok_or(CommandError::of(text))?;
                    victims.max_age_s = Some(age.unsigned_abs());
                }
                word if is(word, "ADDR") => victims.address = Some(value),
                word if is(word, "LADDR") => victims.local = Some(value),
                word if is(word, "TYPE") => victims.type_ = Some(ClientType::parse(value)?),
                word if is(word, "USER") => {
                    let user = cx.server.acl.get(value).cloned().ok_or_else(|| {
                        CommandError::new([b"ERR No such user '", *value, b"'"].concat())
                    })?;
                    victims.user = Some(user);
                }
                word if is(word, "SKIPME") => match *value {
                    value if is(value, "YES") => victims.with_caller = false,
                    value if is(value, "NO") => victims.with_caller = true,
                    _ => return Err(CommandError::SYNTAX),
                },
                _ => return Err(CommandError::SYNTAX),
            }
            options = rest;
        }
        if options.is_empty() {
            Ok(victims)
        } else {
            Err(CommandError::SYNTAX)
        }
    }

    fn include(&self, client: &Client, session: &Session) -> bool {
        let [address, local] = &client.addresses;
        self.id.is_none_or(|id| id == client.id)
            && self
                .address
                .is_none_or(|wanted| wanted == address.as_bytes())
            && self.local.is_none_or(|wanted| wanted == local.as_bytes())
            && self
                .type_
                .is_none_or(|type_| type_ == ClientType::of(session))
            && self.user.as_ref().is_none_or(|wanted| {
                session
                    .user
                    .as_ref()
                    .is_some_and(|user| Rc::ptr_eq(user, wanted))
            })
            && self
                .max_age_s
                .is_none_or(|age| client.connected.elapsed().as_secs() >= age)
    }
}

fn kill(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    // The old form names an address, and does not spare the caller.
    let is_old_form = args.len() == 3;
    let victims = if is_old_form {
        Victims {
            address: Some(args[2]),
            with_caller: true,
            ..Victims::default()
        }
    } else {
        Victims::parse(cx, &args[2..])?
    };
    let mut n_killed = 0;
    for id in all_ids(cx) {
        let is_caller = id == cx.session.id;
        let is_victim = with_session(cx, id, |_, client, session| {
            victims.include(client, session)
        });
        if is_victim != Some(true) || (is_caller && !victims.with_caller) {
            continue;
        }
        n_killed += 1;
        if is_caller {
            // It still gets its answer.
            cx.session.closing = true;
        } else if let Some(client) = cx.server.clients.get(id) {
            client.kill();
        }
    }
    if !is_old_form {
        out.integer(n_killed);
    } else if n_killed > 0 {
        out.ok();
    } else {
        return Err(CommandError::of("ERR No such client"));
    }
    Ok(())
}

fn help(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    super::help(
        out,
        cx.server.compat,
        "CLIENT",
        &[
            "CAPA <option> [options...]",
            "    The client claims its some capability options.",
            "GETNAME",
            "    Return the name of the current connection.",
            "GETREDIR",
            "    Return the client ID we are redirecting to when tracking is enabled.",
            "ID",
            "    Return the ID of the current connection.",
            "INFO",
            "    Return information about the current client connection.",
            "KILL <ip:port>",
            "    Kill connection made from <ip:port>.",
            "KILL <option> <value> [<option> <value> [...]]",
            "    Kill connections. Options are: ADDR, LADDR, TYPE, USER, SKIPME, ID, MAXAGE.",
            "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <client-id> [...]]",
            "    Return information about client connections.",
            "NO-EVICT (ON|OFF)",
            "    Protect current client connection from eviction.",
            "NO-TOUCH (ON|OFF)",
            "    Will not touch LRU/LFU stats when this mode is on.",
            "PAUSE <timeout> [WRITE|ALL]",
            "    Suspend all, or just write, clients for <timeout> milliseconds.",
            "REPLY (ON|OFF|SKIP)",
            "    Control the replies sent to the current connection.",
            "SETINFO <option> <value>",
            "    Set client meta attr. Options are: LIB-NAME, LIB-VER.",
            "SETNAME <name>",
            "    Assign the name <name> to the current connection.",
            "UNBLOCK <clientid> [TIMEOUT|ERROR]",
            "    Unblock the specified blocked client.",
            "UNPAUSE",
            "    Stop the current client pause, resuming traffic.",
        ],
    );
    Ok(())
}
