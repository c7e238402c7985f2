//! `LATENCY`: what took long, and how long commands take.

use super::row;
use crate::commands::Cx;
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group};
use crate::commands::{self};
use crate::reply::ReplySink;
use crate::replying;
use crate::server::latency::Series;
use crate::server::stats::CommandStats;

const SRV: Group = Group::Server;
const ADMIN: &str = "admin noscript loading stale";

pub(crate) const COMMANDS: &[CommandSpec] =
    &[CommandSpec::container(SRV, "latency", "2.8.13", LATENCY)];

#[rustfmt::skip]
const LATENCY: &[CommandSpec] = &[
    row(SRV, "latency|doctor", "2.8.13", 2, ADMIN, replying!(doctor)),
    row(SRV, "latency|graph", "2.8.13", 3, ADMIN, replying!(graph)),
    row(SRV, "latency|help", "2.8.13", 2, "loading stale", replying!(help)),
    row(SRV, "latency|histogram", "7.0.0", -2, ADMIN, replying!(histogram)),
    row(SRV, "latency|history", "2.8.13", 3, ADMIN, replying!(history)),
    row(SRV, "latency|latest", "2.8.13", 2, ADMIN, replying!(latest)),
    row(SRV, "latency|reset", "2.8.13", -2, ADMIN, replying!(reset)),
];

fn latest(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let series = cx.server.latency.iter();
    out.array(series.len());
    for (event, Series { samples, max_ms }) in series {
        let last = samples.last();
        out.array(4);
        out.bulk(event.as_bytes());
        out.integer(last.map_or(0, |it| it.unix_s) as i64);
        out.integer(last.map_or(0, |it| it.ms) as i64);
        out.integer(*max_ms as i64);
    }
    Ok(())
}

fn history(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let series = cx.server.latency.get(args[2]);
    let samples = series.map_or(&[][..], |series| &series.samples);
    out.array(samples.len());
    for sample in samples {
        out.array(2);
        out.integer(sample.unix_s as i64);
        out.integer(sample.ms as i64);
    }
    Ok(())
}

fn reset(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    out.integer(cx.server.latency.reset(&args[2..]) as i64);
    Ok(())
}

/// A column for each sample, as high as it took long.
fn graph(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    const HEIGHT: u64 = 4;
    let Some(series) = cx.server.latency.get(args[2]) else {
        let start = b"ERR No samples available for event '";
        return Err(CommandError::new([start, args[2], b"'"].concat()));
    };
    let times = || series.samples.iter().map(|sample| sample.ms);
    let (high, low) = (times().max().unwrap_or(0), times().min().unwrap_or(0));
    let mut text = format!(
        "{} - high {high} ms, low {low} ms (all time high {} ms)\n{}\n",
        String::from_utf8_lossy(args[2]),
        series.max_ms,
        "-".repeat(80)
    );
    for row in (0..HEIGHT).rev() {
        // A column reaches this row if its share of the height is larger.
        text.extend(times().map(|ms| {
            let reaches = (ms - low) * HEIGHT > row * (high - low).max(1) || row == 0;
            if reaches { '#' } else { ' ' }
        }));
        text.push('\n');
    }
    out.verbatim(*b"txt", text.as_bytes());
    Ok(())
}

fn doctor(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let title = cx.server.compat.title();
    let text = if cx.server.settings.latency_threshold_ms == 0 {
        format!(
            "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this {title} \
             instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in \
             order to enable it. If we weren't in a deep space mission I'd suggest to take a look \
             at https://{}.io/topics/latency-monitor.\n",
            title.to_ascii_lowercase()
        )
    } else {
        let mut text = String::new();
        for (event, series) in cx.server.latency.iter() {
            let sum: u64 = series.samples.iter().map(|sample| sample.ms).sum();
            let mean = sum / series.samples.len().max(1) as u64;
            text += &format!(
                "{event}: {} latency spikes (average {mean}ms). Worst all time event {}ms.\n",
                series.samples.len(),
                series.max_ms
            );
        }
        if text.is_empty() {
            text += "Dave, no latency spike was observed during the lifetime of this instance, not \
                     in the slightest bit. I honestly think you ought to sit down calmly, take a \
                     stress pill, and think things over.\n";
        }
        text
    };
    out.verbatim(*b"txt", text.as_bytes());
    Ok(())
}

fn histogram(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let known = cx.server.stats.commands_by_name();
    let is_called = |stats: &&CommandStats| stats.calls > 0;
    let mut found: Vec<&CommandStats> = Vec::new();
    if args.len() == 2 {
        found.extend(known.iter().filter(is_called));
    }
    for name in &args[2..] {
        let Some(wanted) = commands::find(name) else {
            continue;
        };
        // A container stands for its subcommands.
        let is_wanted = |stats: &&CommandStats| {
            let container = stats.spec.name.split_once('|').map(|(name, _)| name);
            stats.spec.name == wanted.name || container == Some(wanted.name)
        };
        found.extend(known.iter().filter(is_called).filter(is_wanted));
    }
    out.map(found.len());
    for stats in found {
        let classes = stats.histogram.cumulative();
        out.bulk(stats.spec.name.as_bytes());
        out.map(2);
        out.bulk(b"calls");
        out.integer(stats.calls as i64);
        out.bulk(b"histogram_usec");
        out.map(classes.len());
        for (end_us, count) in classes {
            out.integer(end_us as i64);
            out.integer(count as i64);
        }
    }
    Ok(())
}

fn help(cx: &mut Cx<'_>, _: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    super::help(
        out,
        cx.server.compat,
        "LATENCY",
        &[
            "DOCTOR",
            "    Return a human readable latency analysis report.",
            "GRAPH <event>",
            "    Return an ASCII latency graph for the <event> class.",
            "HISTORY <event>",
            "    Return time-latency samples for the <event> class.",
            "LATEST",
            "    Return the latest latency samples for all events.",
            "RESET [<event> ...]",
            "    Reset latency data of one or more <event> classes.",
            "    (default: reset all data for all event classes)",
            "HISTOGRAM [COMMAND ...]",
            "    Return a cumulative distribution of latencies in the format of a histogram for \
             the specified command names.",
            "    If no commands are specified then all histograms are replied.",
        ],
    );
    Ok(())
}
