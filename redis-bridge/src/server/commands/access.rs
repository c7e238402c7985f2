//! `ACL`. There is one user, `default`, who may do everything once the connection
//! knows the password; others cannot be made, and these commands say so.

use super::row;
use crate::commands::args::{int, is, parse_i64};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CATEGORIES, CommandSpec, Group};
use crate::commands::{self, Cx};
use crate::reply::ReplySink;
use crate::replying;

const SRV: Group = Group::Server;
const ADMIN: &str = "admin noscript loading stale";
const OPEN: &str = "noscript loading stale";

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec::container(SRV, "acl", "6.0.0", ACL)];

#[rustfmt::skip]
const ACL: &[CommandSpec] = &[
    row(SRV, "acl|cat", "6.0.0", -2, OPEN, replying!(cat)),
    row(SRV, "acl|dryrun", "7.0.0", -4, ADMIN, replying!(dryrun)),
    row(SRV, "acl|genpass", "6.0.0", -2, OPEN, replying!(genpass)),
    row(SRV, "acl|getuser", "6.0.0", 3, ADMIN, replying!(getuser)),
    row(SRV, "acl|help", "6.0.0", 2, "loading stale", replying!(help)),
    row(SRV, "acl|list", "6.0.0", 2, ADMIN, replying!(list)),
    row(SRV, "acl|log", "6.0.0", -2, ADMIN, replying!(log)),
    row(SRV, "acl|users", "6.0.0", 2, ADMIN, replying!(users)),
    row(SRV, "acl|whoami", "6.0.0", 2, OPEN, replying!(whoami)),
];

fn whoami(_: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.bulk(b"default");
    Ok(())
}

fn users(_: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.array(1);
    out.bulk(b"default");
    Ok(())
}

/// The hash under which `ACL` shows a password.
fn password_hash(password: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(password)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn list(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let password = cx.server.settings.password.as_ref();
    let secret = password.map_or_else(|| "nopass".to_owned(), |p| format!("#{}", password_hash(p)));
    out.array(1);
    out.bulk(format!("user default on {secret} ~* &* +@all").as_bytes());
    Ok(())
}

fn getuser(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if args[2] != b"default" {
        out.null();
        return Ok(());
    }
    let password = cx.server.settings.password.as_ref();
    let flags: &[&str] = if password.is_some() {
        &["on"]
    } else {
        &["on", "nopass"]
    };
    out.map(6);
    out.bulk(b"flags");
    out.set(flags.len());
    flags.iter().for_each(|flag| out.bulk(flag.as_bytes()));
    out.bulk(b"passwords");
    out.array(usize::from(password.is_some()));
    if let Some(password) = password {
        out.bulk(password_hash(password).as_bytes());
    }
    for (field, value) in [("commands", "+@all"), ("keys", "~*"), ("channels", "&*")] {
        out.bulk(field.as_bytes());
        out.bulk(value.as_bytes());
    }
    out.bulk(b"selectors");
    out.array(0);
    Ok(())
}

fn cat(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let names: Vec<_> = match args[2..] {
        [] => CATEGORIES.iter().map(|(name, _)| *name).collect(),
        [category] => {
            if !CATEGORIES.iter().any(|(name, _)| is(category, name)) {
                let text = [b"ERR Unknown category '", category, b"'"].concat();
                return Err(CommandError::new(text));
            }
            let every =
                commands::all().flat_map(|spec| std::iter::once(spec).chain(spec.subcommands));
            let is_in = |spec: &&CommandSpec| spec.categories().any(|name| is(category, name));
            // A container only stands for its subcommands.
            let plain = every.filter(|spec| spec.subcommands.is_empty());
            plain.filter(is_in).map(|spec| spec.name).collect()
        }
        _ => return Err(CommandError::wrong_arity("acl|cat")),
    };
    out.array(names.len());
    names.iter().for_each(|name| out.bulk(name.as_bytes()));
    Ok(())
}

fn dryrun(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if args[2] != b"default" {
        let text = [b"ERR User '", args[2], b"' not found"].concat();
        return Err(CommandError::new(text));
    }
    let spec = commands::resolve(&args[3..])
        .map_err(|_| CommandError::new([b"ERR Command '", args[3], b"' not found"].concat()))?;
    if !spec.accepts(args.len() - 3) {
        return Err(CommandError::wrong_arity(spec.name));
    }
    out.ok();
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
        _ => return Err(CommandError::wrong_arity("acl|genpass")),
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

/// Nobody is ever denied anything but by a wrong password, so the log is empty.
fn log(_: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    match args[2..] {
        [word] if is(word, "RESET") => out.ok(),
        [] => out.array(0),
        [count] if parse_i64(count).is_some() => out.array(0),
        [_] => return Err(CommandError::NOT_INTEGER),
        _ => return Err(CommandError::wrong_arity("acl|log")),
    }
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
            "DRYRUN <username> <command> [<arg> ...]",
            "    Returns whether the user can execute the given command without executing the \
             command.",
            "GENPASS [<bits>]",
            "    Generate a secure 256-bit user password. The optional `bits` argument can",
            "    be used to specify a different size.",
            "GETUSER <username>",
            "    Get the user's details.",
            "LIST",
            "    Show users details in config file format.",
            "LOG [<count> | RESET]",
            "    Show the ACL log entries.",
            "USERS",
            "    List all the registered usernames.",
            "WHOAMI",
            "    Return the current connection username.",
        ],
    );
    Ok(())
}
