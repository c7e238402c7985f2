//! Publishing and subscribing.

use super::row;
use crate::commands::Cx;
use crate::commands::error::Done;
use crate::commands::spec::{CommandSpec, Group, KeySpec};
use crate::keyspace::glob::{self, Case};
use crate::reply::ReplySink;
use crate::replying;
use crate::server::pubsub::{Topic, publish, publish_sharded};

const PS: Group = Group::Pubsub;
const LISTEN: &str = "pubsub noscript loading stale listens";
const LISTEN_TO_PATTERNS: &str = "pubsub noscript loading stale listens_to_patterns";
/// Flags of the commands about channels of shards, which decide where they run.
const LISTEN_TO_SHARD: &str = "pubsub noscript loading stale listens; not_key";
const LEAVE: &str = "pubsub noscript loading stale";
const LEAVE_SHARD: &str = "pubsub noscript loading stale; not_key";
const ASK: &str = "pubsub loading stale";
const SEND: &str = "pubsub loading stale fast may_replicate publishes";
const SEND_TO_SHARD: &str = "pubsub loading stale fast may_replicate publishes; not_key";

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    row(PS, "psubscribe", "2.0.0", -2, LISTEN_TO_PATTERNS, replying!(psubscribe)),
    row(PS, "publish", "2.0.0", 3, SEND, replying!(publish_command)),
    CommandSpec::container(PS, "pubsub", "2.8.0", PUBSUB),
    row(PS, "punsubscribe", "2.0.0", -1, LEAVE, replying!(punsubscribe)),
    CommandSpec::new(PS, "spublish", "7.0.0", 3, SEND_TO_SHARD, KeySpec::FIRST, replying!(spublish)),
    CommandSpec::new(PS, "ssubscribe", "7.0.0", -2, LISTEN_TO_SHARD, KeySpec::ALL, replying!(ssubscribe)),
    row(PS, "subscribe", "2.0.0", -2, LISTEN, replying!(subscribe)),
    CommandSpec::new(PS, "sunsubscribe", "7.0.0", -1, LEAVE_SHARD, KeySpec::ALL, replying!(sunsubscribe)),
    row(PS, "unsubscribe", "2.0.0", -1, LEAVE, replying!(unsubscribe)),
];

#[rustfmt::skip]
const PUBSUB: &[CommandSpec] = &[
    row(PS, "pubsub|channels", "2.8.0", -2, ASK, replying!(channels)),
    row(PS, "pubsub|help", "6.2.0", 2, "loading stale", replying!(help)),
    row(PS, "pubsub|numpat", "2.8.0", 2, ASK, replying!(numpat)),
    row(PS, "pubsub|numsub", "2.8.0", -2, ASK, replying!(numsub)),
    row(PS, "pubsub|shardchannels", "7.0.0", -2, ASK, replying!(shardchannels)),
    row(PS, "pubsub|shardnumsub", "7.0.0", -2, ASK, replying!(shardnumsub)),
];

fn subscribe(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    join(cx, Topic::Channel, "subscribe", &args[1..], out);
    Ok(())
}

fn psubscribe(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    join(cx, Topic::Pattern, "psubscribe", &args[1..], out);
    Ok(())
}

fn ssubscribe(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    join(cx, Topic::Shard, "ssubscribe", &args[1..], out);
    Ok(())
}

fn unsubscribe(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    leave(cx, Topic::Channel, "unsubscribe", &args[1..], out);
    Ok(())
}

fn punsubscribe(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    leave(cx, Topic::Pattern, "punsubscribe", &args[1..], out);
    Ok(())
}

fn sunsubscribe(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    leave(cx, Topic::Shard, "sunsubscribe", &args[1..], out);
    Ok(())
}

/// Subscribes to each name; each has a reply of its own.
fn join(cx: &mut Cx<'_>, topic: Topic, verb: &str, names: &[&[u8]], out: &mut dyn ReplySink) {
    for name in names {
        cx.server.pubsub.subscribe(cx.session.id, topic, name);
        confirm(cx, topic, verb, Some(name), out);
    }
}

/// Unsubscribes from each name, or from all; each has a reply of its own.
fn leave(cx: &mut Cx<'_>, topic: Topic, verb: &str, names: &[&[u8]], out: &mut dyn ReplySink) {
    let id = cx.session.id;
    let all = cx.server.pubsub.names_of(id, topic).to_vec();
    let names = if names.is_empty() {
        all.iter().map(Vec::as_slice).collect()
    } else {
        names.to_vec()
    };
    for name in &names {
        cx.server.pubsub.unsubscribe(id, topic, name);
        confirm(cx, topic, verb, Some(name), out);
    }
    if names.is_empty() {
        confirm(cx, topic, verb, None, out);
    }
}

fn confirm(
    cx: &mut Cx<'_>,
    topic: Topic,
    verb: &str,
    name: Option<&[u8]>,
    out: &mut dyn ReplySink,
) {
    let id = cx.session.id;
    let topics = [Topic::Channel, Topic::Pattern, Topic::Shard];
    cx.session.subscriptions = topics
        .iter()
        .map(|&topic| cx.server.pubsub.names_of(id, topic).len())
        .sum();
    out.push(3);
    out.bulk(verb.as_bytes());
    match name {
        Some(name) => out.bulk(name),
        None => out.null(),
    }
    out.integer(cx.server.pubsub.count_of(id, topic) as i64);
}

/// Ends all of a client's subscriptions without a word.
pub(super) fn leave_all(cx: &mut Cx<'_>) {
    cx.server.pubsub.forget(cx.session.id);
    cx.session.subscriptions = 0;
}

fn publish_command(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.integer(publish(cx.server, args[1], args[2]) as i64);
    Ok(())
}

fn spublish(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.integer(publish_sharded(cx.server, args[1], args[2]) as i64);
    Ok(())
}

fn channels(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    list(cx, Topic::Channel, args, out)
}

fn shardchannels(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    list(cx, Topic::Shard, args, out)
}

fn list(cx: &Cx<'_>, topic: Topic, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    if args.len() > 3 {
        let sub = String::from_utf8_lossy(args[1]);
        let text = format!(
            "ERR unknown subcommand or wrong number of arguments for '{sub}'. Try PUBSUB HELP."
        );
        return Err(crate::commands::error::CommandError::new(text));
    }
    let is_wanted = |name: &[u8]| {
        args.get(2)
            .is_none_or(|pattern| glob::matches(pattern, name, Case::Sensitive))
    };
    let names = cx.server.pubsub.names(topic).map(|(name, _)| name);
    let names: Vec<_> = names.filter(|name| is_wanted(name)).collect();
    out.array(names.len());
    names.iter().for_each(|name| out.bulk(name));
    Ok(())
}

fn numsub(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    count(cx, Topic::Channel, &args[2..], out);
    Ok(())
}

fn shardnumsub(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    count(cx, Topic::Shard, &args[2..], out);
    Ok(())
}

fn count(cx: &Cx<'_>, topic: Topic, names: &[&[u8]], out: &mut dyn ReplySink) {
    out.array(names.len() * 2);
    for name in names {
        out.bulk(name);
        out.integer(cx.server.pubsub.listeners(topic, name).len() as i64);
    }
}

fn numpat(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.integer(cx.server.pubsub.len(Topic::Pattern) as i64);
    Ok(())
}

fn help(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    super::help(
        out,
        cx.server.compat,
        "PUBSUB",
        &[
            "CHANNELS [<pattern>]",
            "    Return the currently active channels matching a <pattern> (default: '*').",
            "NUMPAT",
            "    Return number of subscriptions to patterns.",
            "NUMSUB [<channel> ...]",
            "    Return the number of subscribers for the specified channels, excluding",
            "    pattern subscriptions(default: no channels).",
            "SHARDCHANNELS [<pattern>]",
            "    Return the currently active shard level channels matching a <pattern> (default: \
             '*').",
            "SHARDNUMSUB [<shardchannel> ...]",
            "    Return the number of subscribers for the specified shard level channel(s)",
        ],
    );
    Ok(())
}
