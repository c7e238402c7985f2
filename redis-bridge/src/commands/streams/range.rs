//! `XLEN`, `XRANGE`, `XREVRANGE`.

use super::{parse_end, parse_start, send_entries};
use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::keyspace::stream::{Stream, StreamId};
use crate::reply::ReplySink;

pub(super) fn xlen(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let len = cx.read::<Stream>(args[1])?.map_or(0, |it| it.log.len());
    out.integer(len as i64);
    Ok(())
}

/// The value of the option `COUNT`, the only one; `None` is no limit.
fn parse_count(words: &[&[u8]]) -> Result<Option<usize>, CommandError> {
    let mut options = Options::new(words);
    let mut count = None;
    while let Some(word) = options.next() {
        if !is(word, "count") || options.left() == 0 {
            return Err(CommandError::SYNTAX);
        }
        let value = args::int(options.value()?)?.max(0);
        count = Some(usize::try_from(value).unwrap_or(usize::MAX));
    }
    Ok(count)
}

/// Looks the stream up, and sends what `pick` says.
fn send_range(
    cx: &mut Cx<'_>,
    args: &[&[u8]],
    range: (StreamId, StreamId),
    is_reversed: bool,
    out: &mut dyn ReplySink,
) -> Done {
    let count = parse_count(&args[4..])?;
    let Some(stream) = cx.read::<Stream>(args[1])? else {
        out.array(0);
        return Ok(());
    };
    let (start, end) = range;
    let limit = count.unwrap_or(usize::MAX);
    match count {
        // Strange, but so it is.
        Some(0) => out.null_array(),
        _ if is_reversed => send_entries(out, stream.log.range_back(start, end).take(limit)),
        _ => send_entries(out, stream.log.range(start, end).take(limit)),
    }
    Ok(())
}

pub(super) fn xrange(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (start, end) = (parse_start(args[2])?, parse_end(args[3])?);
    send_range(cx, args, (start, end), false, out)
}

pub(super) fn xrevrange(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (start, end) = (parse_start(args[3])?, parse_end(args[2])?);
    send_range(cx, args, (start, end), true, out)
}
