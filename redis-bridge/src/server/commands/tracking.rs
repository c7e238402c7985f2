//! `CLIENT TRACKING` and what belongs to it: a client says that it keeps copies of what it
//! reads, and wants to hear when that changes. Who is told what, [`tracking`](crate::server::tracking)
//! knows. The rows are among those of [`client`](super::client).

use std::collections::BTreeSet;

use crate::commands::Cx;
use crate::commands::args::{is, parse_i64};
use crate::commands::error::{CommandError, Done};
use crate::reply::ReplySink;
use crate::server::session::ClientId;
use crate::server::tracking::{Choice, Tracker};

/// The options of `CLIENT TRACKING ON`.
#[derive(Default)]
struct Options<'a> {
    redirect: Option<ClientId>,
    prefixes: Vec<&'a [u8]>,
    broadcasts: bool,
    opt_in: bool,
    opt_out: bool,
    no_loop: bool,
}

impl<'a> Options<'a> {
    fn parse(cx: &Cx<'_>, mut words: &[&'a [u8]]) -> Result<Self, CommandError> {
        let mut options = Self::default();
        while let [word, rest @ ..] = words {
            words = rest;
            match (*word, rest) {
                (word, [id, rest @ ..]) if is(word, "REDIRECT") => {
                    if options.redirect.is_some() {
                        let text = "ERR A client can only redirect to a single other client";
                        return Err(CommandError::of(text));
                    }
                    let id = parse_i64(id).ok_or(CommandError::NOT_INTEGER)?;
                    let id = u64::try_from(id).ok();
                    let known = id.filter(|&id| cx.server.clients.get(id).is_some());
                    let text = "ERR The client ID you want redirect to does not exist";
                    options.redirect = Some(known.ok_or(CommandError::of(text))?);
                    words = rest;
                }
                (word, [prefix, rest @ ..]) if is(word, "PREFIX") => {
                    options.prefixes.push(prefix);
                    words = rest;
                }
                (word, _) if is(word, "BCAST") => options.broadcasts = true,
                (word, _) if is(word, "OPTIN") => options.opt_in = true,
                (word, _) if is(word, "OPTOUT") => options.opt_out = true,
                (word, _) if is(word, "NOLOOP") => options.no_loop = true,
                _ => return Err(CommandError::SYNTAX),
            }
        }
        Ok(options)
    }

    fn choice(&self) -> Choice {
        match (self.opt_in, self.opt_out) {
            (true, _) => Choice::OptIn,
            (_, true) => Choice::OptOut,
            _ => Choice::All,
        }
    }

    /// Do they agree with each other, and with how the client tracks now?
    fn check(&self, now: Option<&Tracker>) -> Done {
        let refuse = |text| Err(CommandError::of(text));
        if !self.broadcasts && !self.prefixes.is_empty() {
            return refuse("ERR PREFIX option requires BCAST mode to be enabled");
        }
        if now.is_some_and(|now| now.prefixes.is_some() != self.broadcasts) {
            return refuse(
                "ERR You can't switch BCAST mode on/off before disabling tracking for this client, \
                 and then re-enabling it with a different mode.",
            );
        }
        if self.broadcasts && (self.opt_in || self.opt_out) {
            return refuse("ERR OPTIN and OPTOUT are not compatible with BCAST");
        }
        if self.opt_in && self.opt_out {
            return refuse("ERR You can't specify both OPTIN mode and OPTOUT mode");
        }
        let was = now.map_or(Choice::All, |now| now.choice);
        if matches!(
            (self.choice(), was),
            (Choice::OptIn, Choice::OptOut) | (Choice::OptOut, Choice::OptIn)
        ) {
            return refuse(
                "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, \
                 and then re-enabling it with a different mode.",
            );
        }
        self.check_prefixes(now.and_then(|now| now.prefixes.as_ref()))
    }

    /// No key may begin with two of a client's prefixes.
    fn check_prefixes(&self, known: Option<&BTreeSet<Vec<u8>>>) -> Done {
        let overlap = |a: &[u8], b: &[u8]| a.starts_with(b) || b.starts_with(a);
        let refuse = |prefix: &[u8], how: &[u8], other: &[u8]| {
            Err(CommandError::new(
                [
                    b"ERR Prefix '",
                    prefix,
                    b"' overlaps with ",
                    how,
                    b" '",
                    other,
                    b"'. Prefixes for a single client must not overlap.",
                ]
                .concat(),
            ))
        };
        for (at, prefix) in self.prefixes.iter().enumerate() {
            if let Some(other) = known.into_iter().flatten().find(|k| overlap(k, prefix)) {
                return refuse(prefix, b"an existing prefix", other);
            }
            if let Some(other) = self.prefixes[at + 1..].iter().find(|o| overlap(o, prefix)) {
                return refuse(prefix, b"another provided prefix", other);
            }
        }
        Ok(())
    }
}

pub(super) fn tracking(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let options = Options::parse(cx, &args[3..])?;
    let id = cx.session.id;
    match args[2] {
        word if is(word, "ON") => {
            let now = cx.server.tracking.get(id);
            options.check(now)?;
            let prefixes = options.broadcasts.then(|| {
                let mut prefixes = now.and_then(|now| now.prefixes.clone()).unwrap_or_default();
                prefixes.extend(options.prefixes.iter().map(|prefix| prefix.to_vec()));
                if options.prefixes.is_empty() {
                    prefixes.insert(Vec::new());
                }
                prefixes
            });
            let tracker = Tracker {
                redirect: options.redirect,
                is_redirect_broken: false,
                prefixes,
                choice: options.choice(),
                has_said_caching: now.is_some_and(|now| now.has_said_caching),
                no_loop: options.no_loop,
            };
            cx.server.tracking.enable(id, tracker);
        }
        word if is(word, "OFF") => cx.server.tracking.disable(id),
        _ => return Err(CommandError::SYNTAX),
    }
    out.ok();
    Ok(())
}

pub(super) fn caching(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let tracker = cx.server.tracking.get_mut(cx.session.id);
    let Some(tracker) = tracker else {
        return Err(CommandError::of(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN \
             or OPTOUT mode enabled",
        ));
    };
    let refuse = |text| Err(CommandError::of(text));
    match args[2] {
        word if is(word, "YES") => {
            if tracker.choice != Choice::OptIn {
                return refuse(
                    "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
                );
            }
        }
        word if is(word, "NO") => {
            if tracker.choice != Choice::OptOut {
                return refuse(
                    "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
                );
            }
        }
        _ => return Err(CommandError::SYNTAX),
    }
    tracker.has_said_caching = true;
    out.ok();
    Ok(())
}

pub(super) fn trackinginfo(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let tracker = cx.server.tracking.get(cx.session.id);
    let mut flags = vec![if tracker.is_some() { "on" } else { "off" }];
    if let Some(tracker) = tracker {
        if tracker.prefixes.is_some() {
            flags.push("bcast");
        }
        let (name, caching) = match tracker.choice {
            Choice::All => (None, ""),
            Choice::OptIn => (Some("optin"), "caching-yes"),
            Choice::OptOut => (Some("optout"), "caching-no"),
        };
        flags.extend(name);
        if tracker.has_said_caching {
            flags.push(caching);
        }
        if tracker.no_loop {
            flags.push("noloop");
        }
        if tracker.is_redirect_broken {
            flags.push("broken_redirect");
        }
    }
    out.map(3);
    out.bulk(b"flags");
    out.set(flags.len());
    flags.iter().for_each(|flag| out.bulk(flag.as_bytes()));
    out.bulk(b"redirect");
    out.integer(redirection(tracker));
    out.bulk(b"prefixes");
    let prefixes = tracker.and_then(|tracker| tracker.prefixes.as_ref());
    out.array(prefixes.map_or(0, BTreeSet::len));
    prefixes.into_iter().flatten().for_each(|p| out.bulk(p));
    Ok(())
}

pub(super) fn getredir(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.integer(redirection(cx.server.tracking.get(cx.session.id)));
    Ok(())
}

/// Who gets a client's messages: 0 is itself, -1 says that there are none.
pub(super) fn redirection(tracker: Option<&Tracker>) -> i64 {
    let redirect = |tracker: &Tracker| tracker.redirect.unwrap_or(0);
    tracker.map_or(-1, |tracker| {
        i64::try_from(redirect(tracker)).unwrap_or(i64::MAX)
    })
}
