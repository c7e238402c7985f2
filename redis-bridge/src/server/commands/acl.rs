//! `ACL`: the users and what they may do, as [`crate::server::acl`] keeps them.

use std::rc::Rc;

use super::row;
use crate::commands::args::{int, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CATEGORIES, CommandSpec, Group};
use crate::commands::{self, Cx};
use crate::compat::Compat;
use crate::host::LogLevel;
use crate::reply::ReplySink;
use crate::replying;
use crate::server::acl::{DEFAULT_USER, Denial, Selector, User, UserRef};
use crate::server::pubsub::Topic;
use crate::server::session::ClientId;
use crate::server::state::{Server, unix_ms};
use crate::server::{Session, dispatch};

const SRV: Group = Group::Server;
const ADMIN: &str = "admin noscript loading stale";
const OPEN: &str = "noscript loading stale";

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec::container(SRV, "acl", "6.0.0", ACL)];

#[rustfmt::skip]
const ACL: &[CommandSpec] = &[
    row(SRV, "acl|cat", "6.0.0", -2, OPEN, replying!(cat)),
    row(SRV, "acl|deluser", "6.0.0", -3, ADMIN, replying!(deluser)),
    row(SRV, "acl|dryrun", "7.0.0", -4, ADMIN, replying!(dryrun)),
    row(SRV, "acl|genpass", "6.0.0", -2, OPEN, replying!(genpass)),
    row(SRV, "acl|getuser", "6.0.0", 3, ADMIN, replying!(getuser)),
    row(SRV, "acl|help", "6.0.0", 2, "loading stale", replying!(help)),
    row(SRV, "acl|list", "6.0.0", 2, ADMIN, replying!(list)),
    row(SRV, "acl|load", "6.0.0", 2, ADMIN, replying!(load)),
    row(SRV, "acl|log", "6.0.0", -2, ADMIN, replying!(log)),
    row(SRV, "acl|save", "6.0.0", 2, ADMIN, replying!(save)),
    row(SRV, "acl|setuser", "6.0.0", -3, ADMIN, replying!(setuser)),
    row(SRV, "acl|users", "6.0.0", 2, ADMIN, replying!(users)),
    row(SRV, "acl|whoami", "6.0.0", 2, OPEN, replying!(whoami)),
];

/// The error of a subcommand that takes no such number of arguments.
fn wrong_number(sub: &[u8]) -> CommandError {
    let start = b"ERR unknown subcommand or wrong number of arguments for '";
    CommandError::new([&start[..], dispatch::shown(sub), b"'. Try ACL HELP."].concat())
}

fn whoami(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.bulk(&cx.session.user_name());
    Ok(())
}

fn users(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let users = cx.server.acl.users();
    out.array(users.len());
    users.for_each(|user| out.bulk(&user.borrow().name));
    Ok(())
}

fn list(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let users = cx.server.acl.users();
    out.array(users.len());
    users.for_each(|user| out.bulk(&user.borrow().to_line()));
    Ok(())
}

fn getuser(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let Some(user) = cx.server.acl.get(args[2]) else {
        out.null();
        return Ok(());
    };
    let user = user.borrow();
    let flags = user.flags();
    out.map(6);
    out.bulk(b"flags");
    out.set(flags.len());
    flags.iter().for_each(|flag| out.bulk(flag.as_bytes()));
    out.bulk(b"passwords");
    out.array(user.passwords.len());
    user.passwords.iter().for_each(|digits| out.bulk(digits));
    let (root, others) = user.selectors.split_at(1);
    root.iter().for_each(|selector| describe(selector, out));
    out.bulk(b"selectors");
    out.array(others.len());
    for selector in others {
        out.map(3);
        describe(selector, out);
    }
    Ok(())
}

/// The three fields of a selector.
fn describe(selector: &Selector, out: &mut dyn ReplySink) {
    let fields = [
        ("commands", selector.commands_text()),
        ("keys", selector.keys_text()),
        ("channels", selector.channels_text()),
    ];
    for (field, value) in fields {
        out.bulk(field.as_bytes());
        out.bulk(&value);
    }
}

fn setuser(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let user = cx.server.acl.changed_user(args[2], &args[3..]);
    let user = user.map_err(|why| CommandError::new([b"ERR ", &why[..]].concat()))?;
    if let Some(known) = cx.server.acl.get(args[2]).cloned() {
        let before = known.replace(user);
        end_lost_subscriptions(cx.server, cx.session, &known, &before);
    } else {
        cx.server.acl.add(user);
    }
    out.ok();
    Ok(())
}

fn deluser(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if args[2..].contains(&DEFAULT_USER) {
        let text = "ERR The 'default' user cannot be removed";
        return Err(CommandError::of(text));
    }
    let mut n_deleted = 0;
    for name in &args[2..] {
        if let Some(user) = cx.server.acl.remove(name) {
            n_deleted += 1;
            end_clients_of(cx.server, cx.session, &user);
        }
    }
    out.integer(n_deleted);
    Ok(())
}

/// Is it a session of this user?
fn is_of(session: &Session, user: &UserRef) -> bool {
    let own = session.user.as_ref();
    own.is_some_and(|own| Rc::ptr_eq(own, user))
}

/// Disconnects everybody who acts as a user that is gone; the caller gets its reply.
fn end_clients_of(server: &Server, caller: &mut Session, user: &UserRef) {
    for client in server.clients.iter() {
        if client
            .session()
            .is_some_and(|session| is_of(&session, user))
        {
            client.kill();
        }
    }
    if is_of(caller, user) {
        caller.user = Some(Rc::clone(server.acl.default_user()));
        caller.authenticated = false;
        caller.closing = true;
    }
}

/// Disconnects those who listen to what their user, who was like `before`, may not
/// listen to any more.
fn end_lost_subscriptions(server: &Server, caller: &mut Session, user: &UserRef, before: &User) {
    let after = user.borrow();
    if after.keeps_channels_of(before) {
        return;
    }
    let has_lost = |id: ClientId| {
        let topics = [Topic::Channel, Topic::Pattern, Topic::Shard];
        topics.iter().any(|&topic| {
            let mut names = server.pubsub.names_of(id, topic).iter();
            names.any(|name| !after.may_listen(name, topic == Topic::Pattern))
        })
    };
    for client in server.clients.iter() {
        if client
            .session()
            .is_some_and(|session| is_of(&session, user))
            && has_lost(client.id)
        {
            client.kill();
        }
    }
    if is_of(caller, user) && has_lost(caller.id) {
        caller.closing = true;
    }
}

fn cat(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let names: Vec<_> = match args[2..] {
        [] => CATEGORIES.iter().map(|(name, _)| *name).collect(),
        [category] => {
            if !CATEGORIES.iter().any(|(name, _)| is(category, name)) {
                let text = [b"ERR Unknown category '", dispatch::shown(category), b"'"].concat();
                return Err(CommandError::new(text));
            }
            let is_in = |spec: &&CommandSpec| spec.categories().any(|name| is(category, name));
            let every = commands::all_with_subcommands();
            every.filter(is_in).map(|spec| spec.name).collect()
        }
        _ => return Err(wrong_number(args[1])),
    };
    out.array(names.len());
    names.iter().for_each(|name| out.bulk(name.as_bytes()));
    Ok(())
}

fn dryrun(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (name, call) = (args[2], &args[3..]);
    let Some(user) = cx.server.acl.get(name) else {
        let text = [b"ERR User '", name, b"' not found"].concat();
        return Err(CommandError::new(text));
    };
    let spec = commands::resolve(call)
        .map_err(|_| CommandError::new([b"ERR Command '", call[0], b"' not found"].concat()))?;
    if !spec.accepts(call.len()) {
        return Err(CommandError::wrong_arity(spec.name));
    }
    let Err(denial) = user.borrow().check(spec, call) else {
        out.ok();
        return Ok(());
    };
    let mut text = match cx.server.compat {
        Compat::Redis70 => b"This user has no permissions to ".to_vec(),
        _ => [b"User ", name, b" has no permissions to "].concat(),
    };
    let (verb, object, noun) = match denial {
        Denial::Command => ("run", spec.name.as_bytes(), "command"),
        Denial::Key(at) => ("access", call[at], "key"),
        Denial::Channel(at) => ("access", call[at], "channel"),
    };
    for part in [verb.as_bytes(), b" the '", object, b"' ", noun.as_bytes()] {
        text.extend_from_slice(part);
    }
    out.bulk(&text);
    Ok(())
}

fn genpass(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    use std::hash::{BuildHasher, RandomState};
    let bits = match args[2..] {
        [] => 256,
        [bits] => {
            let text = "ERR ACL GENPASS argument must be the number of bits for the output \
                        password, a positive number up to 4096";
            Some(int(bits)?)
                .filter(|n| (1..=4096).contains(n))
                .ok_or(CommandError::of(text))?
        }
        _ => return Err(wrong_number(args[1])),
    };
    let n_digits = (bits.unsigned_abs() as usize).div_ceil(4);
    let mut digits = String::new();
    while digits.len() < n_digits {
        // The keys of the standard hasher come from the system's random source.
        digits += &format!("{:016x}", RandomState::new().hash_one(digits.len()));
    }
    digits.truncate(n_digits);
    out.bulk(digits.as_bytes());
    Ok(())
}

fn log(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    const DEFAULT_COUNT: i64 = 10;
    let count = match args[2..] {
        [] => DEFAULT_COUNT,
        [word] if is(word, "RESET") => {
            cx.server.acl.log.clear();
            out.ok();
            return Ok(());
        }
        [count] => int(count)?,
        _ => return Err(wrong_number(args[1])),
    };
    let entries = cx.server.acl.log.iter();
    let count = usize::try_from(count).unwrap_or(0).min(entries.len());
    // Later servers tell more of each entry.
    let with_times = cx.server.compat != Compat::Redis70;
    let now_ms = unix_ms();
    out.array(count);
    for entry in entries.take(count) {
        out.map(if with_times { 10 } else { 7 });
        out.bulk(b"count");
        out.integer(entry.count as i64);
        let fields: [(&str, &[u8]); 4] = [
            ("reason", entry.reason.name().as_bytes()),
            ("context", entry.context.name().as_bytes()),
            ("object", &entry.object),
            ("username", &entry.username),
        ];
        for (field, value) in fields {
            out.bulk(field.as_bytes());
            out.bulk(value);
        }
        out.bulk(b"age-seconds");
        out.double(now_ms.saturating_sub(entry.times_ms[1]) as f64 / 1000.0);
        out.bulk(b"client-info");
        out.bulk(entry.client.as_bytes());
        if with_times {
            let [created, updated] = entry.times_ms;
            for (field, value) in [
                ("entry-id", entry.id),
                ("timestamp-created", created),
                ("timestamp-last-updated", updated),
            ] {
                out.bulk(field.as_bytes());
                out.integer(value as i64);
            }
        }
    }
    Ok(())
}

/// The file of users.
fn file_of(cx: &Cx<'_>) -> Result<String, CommandError> {
    let path = cx.server.config.get("aclfile");
    if path.is_empty() {
        let who = if cx.server.compat.is_valkey() {
            "This instance"
        } else {
            "This Redis instance"
        };
        let text = "is not configured to use an ACL file. You may want to specify users via the \
                    ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis \
                    configuration file set) in order to store users in the Redis configuration.";
        return Err(CommandError::new(format!("ERR {who} {text}")));
    }
    Ok(path.to_owned())
}

fn save(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let path = file_of(cx)?;
    if let Err(error) = cx.server.acl.save(&path) {
        let line = format!("Cannot save the users in {path}: {error}");
        cx.server.logger.log(LogLevel::Warning, line.as_bytes());
        return Err(CommandError::of(
            "ERR There was an error trying to save the ACLs. Please check the server logs for \
             more information",
        ));
    }
    out.ok();
    Ok(())
}

fn load(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let path = file_of(cx)?;
    let snapshot = |user: &UserRef| (Rc::clone(user), user.borrow().clone());
    let before: Vec<_> = cx.server.acl.users().map(snapshot).collect();
    let gone = cx.server.acl.load(&path);
    for user in gone.map_err(|why| CommandError::new(format!("ERR {why}")))? {
        end_clients_of(cx.server, cx.session, &user);
    }
    for (user, before) in before {
        end_lost_subscriptions(cx.server, cx.session, &user, &before);
    }
    out.ok();
    Ok(())
}

fn help(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    super::help(
        out,
        cx.server.compat,
        "ACL",
        &[
            "CAT [<category>]",
            "    List all commands that belong to <category>, or all command categories",
            "    when no category is specified.",
            "DELUSER <username> [<username> ...]",
            "    Delete a list of users.",
            "DRYRUN <username> <command> [<arg> ...]",
            "    Returns whether the user can execute the given command without executing the \
             command.",
            "GETUSER <username>",
            "    Get the user's details.",
            "GENPASS [<bits>]",
            "    Generate a secure 256-bit user password. The optional `bits` argument can",
            "    be used to specify a different size.",
            "LIST",
            "    Show users details in config file format.",
            "LOAD",
            "    Reload users from the ACL file.",
            "LOG [<count> | RESET]",
            "    Show the ACL log entries.",
            "SAVE",
            "    Save the current config to the ACL file.",
            "SETUSER <username> <attribute> [<attribute> ...]",
            "    Create or modify a user with the specified attributes.",
            "USERS",
            "    List all the registered usernames.",
            "WHOAMI",
            "    Return the current connection username.",
        ],
    );
    Ok(())
}
