//! Commands on ranges of sorted sets: by rank, by score, by the members' bytes.

use std::ops::Range;

use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, KeySpec, rows_of};
use crate::commands::zsets::{open_scored, send_scored};
use crate::keyspace::number;
use crate::keyspace::ranked::Scored;
use crate::keyspace::zset::SortedSet;
use crate::keyspace::{EventClass, Typed};
use crate::reply::ReplySink;
use crate::replying;

rows_of!(SortedSet);

const FIRST: KeySpec = KeySpec::FIRST;

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    row("zcount", "2.0.0", 4, "readonly fast", FIRST, replying!(zcount)),
    row("zlexcount", "2.8.9", 4, "readonly fast", FIRST, replying!(zlexcount)),
    row("zrange", "1.2.0", -4, "readonly", FIRST, replying!(zrange)),
    row("zrangebylex", "2.8.9", -4, "readonly", FIRST, replying!(zrangebylex)),
    row("zrangebyscore", "1.0.5", -4, "readonly", FIRST, replying!(zrangebyscore)),
    row("zrangestore", "6.2.0", -5, "write denyoom; OW update; RO access", KeySpec::TWO, replying!(zrangestore)),
    row("zremrangebylex", "2.8.9", 4, "write; RW delete", FIRST, replying!(zremrangebylex)),
    row("zremrangebyrank", "2.0.0", 4, "write; RW delete", FIRST, replying!(zremrangebyrank)),
    row("zremrangebyscore", "1.2.0", 4, "write; RW delete", FIRST, replying!(zremrangebyscore)),
    row("zrevrange", "1.2.0", -4, "readonly", FIRST, replying!(zrevrange)),
    row("zrevrangebylex", "2.8.9", -4, "readonly", FIRST, replying!(zrevrangebylex)),
    row("zrevrangebyscore", "2.2.0", -4, "readonly", FIRST, replying!(zrevrangebyscore)),
];

/// One end of a range of scores.
#[derive(Clone, Copy, Debug)]
struct ScoreBound {
    score: f64,
    is_exclusive: bool,
}

impl ScoreBound {
    fn parse(text: &[u8]) -> Result<Self, CommandError> {
        let (is_exclusive, number) = match text {
            [b'(', number @ ..] => (true, number),
            _ => (false, text),
        };
        let score = number::parse_bound(number);
        let score = score.ok_or(CommandError::of("ERR min or max is not a float"))?;
        Ok(Self {
            score,
            is_exclusive,
        })
    }
}

/// One end of a range of members.
#[derive(Clone, Copy, Debug)]
enum LexBound<'a> {
    Lowest,
    Highest,
    Inclusive(&'a [u8]),
    Exclusive(&'a [u8]),
}

impl<'a> LexBound<'a> {
    fn parse(text: &'a [u8]) -> Result<Self, CommandError> {
        match text {
            [b'-'] => Ok(Self::Lowest),
            [b'+'] => Ok(Self::Highest),
            [b'[', member @ ..] => Ok(Self::Inclusive(member)),
            [b'(', member @ ..] => Ok(Self::Exclusive(member)),
            _ => Err(CommandError::of(
                "ERR min or max not valid string range item",
            )),
        }
    }

    /// As the lower end: is the member before the range?
    fn is_above(self, member: &[u8]) -> bool {
        match self {
            Self::Lowest => false,
            Self::Highest => true,
            Self::Inclusive(bound) => member < bound,
            Self::Exclusive(bound) => member <= bound,
        }
    }

    /// As the upper end: is the member not behind the range?
    fn admits(self, member: &[u8]) -> bool {
        match self {
            Self::Lowest => false,
            Self::Highest => true,
            Self::Inclusive(bound) => member <= bound,
            Self::Exclusive(bound) => member < bound,
        }
    }
}

/// How the ends of a range are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Lex,
}

/// A part of a sorted set.
#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    /// First and last rank, both inclusive, from the end if negative.
    Ranks(i64, i64),
    Scores(ScoreBound, ScoreBound),
    Lex(LexBound<'a>, LexBound<'a>),
}

impl<'a> Part<'a> {
    fn parse(by: By, min: &'a [u8], max: &'a [u8]) -> Result<Self, CommandError> {
        Ok(match by {
            By::Rank => Self::Ranks(args::int(min)?, args::int(max)?),
            By::Score => Self::Scores(ScoreBound::parse(min)?, ScoreBound::parse(max)?),
            By::Lex => Self::Lex(LexBound::parse(min)?, LexBound::parse(max)?),
        })
    }

    /// The ranks of its members in ascending order; if `reverse`, given ranks count
    /// from the highest score.
    fn ranks(self, zset: &SortedSet, reverse: bool) -> Range<usize> {
        let (start, end) = match self {
            Self::Ranks(start, stop) => {
                let len = zset.len();
                let range = args::index_range(start, stop, len);
                if !reverse || range.is_empty() {
                    return range;
                }
                (len - range.end, len - range.start)
            }
            Self::Scores(min, max) => {
                let below = |it: &Scored| {
                    it.score < min.score || (min.is_exclusive && it.score == min.score)
                };
                let up_to = |it: &Scored| {
                    it.score < max.score || (!max.is_exclusive && it.score == max.score)
                };
                (zset.count_before(below), zset.count_before(up_to))
            }
            Self::Lex(min, max) => (
                zset.count_before(|it| min.is_above(&it.member)),
                zset.count_before(|it| max.admits(&it.member)),
            ),
        };
        start..end.max(start)
    }
}

/// A request for the members of a part, in one of the two directions.
struct Query<'a> {
    part: Part<'a>,
    reverse: bool,
    with_scores: bool,
    offset: i64,
    /// Negative means all.
    limit: i64,
}

impl<'a> Query<'a> {
    /// Parses `min max [option ...]`. A command of the old kind fixes `by` and
    /// `reverse`; for the new ones they are options.
    fn parse(
        words: &[&'a [u8]],
        fixed: Option<(By, bool)>,
        stores: bool,
    ) -> Result<Self, CommandError> {
        let [first, second, words @ ..] = words else {
            return Err(CommandError::SYNTAX);
        };
        let (mut by, mut reverse) = (fixed.map(|it| it.0), fixed.map(|it| it.1));
        let (mut with_scores, mut offset, mut limit) = (false, 0, -1);
        let mut options = Options::new(words);
        while let Some(word) = options.next() {
            if !stores && is(word, "withscores") {
                with_scores = true;
            } else if is(word, "limit") && options.left() >= 2 {
                offset = args::int(options.value()?)?;
                limit = args::int(options.value()?)?;
            } else if reverse.is_none() && is(word, "rev") {
                reverse = Some(true);
            } else if by.is_none() && is(word, "bylex") {
                by = Some(By::Lex);
            } else if by.is_none() && is(word, "byscore") {
                by = Some(By::Score);
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        let (by, reverse) = (by.unwrap_or(By::Rank), reverse.unwrap_or(false));
        if limit != -1 && by == By::Rank {
            return Err(CommandError::of(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or \
                 BYLEX",
            ));
        }
        if with_scores && by == By::Lex {
            return Err(CommandError::of(
                "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
            ));
        }
        let is_swapped = reverse && by != By::Rank;
        let (min, max) = if is_swapped {
            (second, first)
        } else {
            (first, second)
        };
        let part = Part::parse(by, min, max)?;
        Ok(Self {
            part,
            reverse,
            with_scores,
            offset,
            limit,
        })
    }

    /// The ranks asked for, ascending.
    fn ranks(&self, zset: &SortedSet) -> Range<usize> {
        let range = self.part.ranks(zset, self.reverse);
        if matches!(self.part, Part::Ranks(..)) {
            return range;
        }
        // A negative offset is beyond the end.
        let offset = usize::try_from(self.offset)
            .unwrap_or(usize::MAX)
            .min(range.len());
        let limit = usize::try_from(self.limit)
            .unwrap_or(usize::MAX)
            .min(range.len() - offset);
        if self.reverse {
            range.end - offset - limit..range.end - offset
        } else {
            range.start + offset..range.start + offset + limit
        }
    }

    fn reply(&self, zset: Option<&SortedSet>, out: &mut dyn ReplySink) {
        let Some(zset) = zset else {
            out.array(0);
            return;
        };
        let ranks = self.ranks(zset);
        if self.with_scores {
            open_scored(out, ranks.len());
        } else {
            out.array(ranks.len());
        }
        let mut send = |it: &Scored| {
            if self.with_scores {
                send_scored(out, &it.member, it.score);
            } else {
                out.bulk(&it.member);
            }
        };
        let members = zset.range(ranks);
        if self.reverse {
            members.rev().for_each(&mut send);
        } else {
            members.for_each(&mut send);
        }
    }
}

fn range(
    cx: &mut Cx<'_>,
    args: &[&[u8]],
    fixed: Option<(By, bool)>,
    out: &mut dyn ReplySink,
) -> Done {
    let query = Query::parse(&args[2..], fixed, false)?;
    query.reply(cx.read(args[1])?, out);
    Ok(())
}

fn zrange(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    range(cx, args, None, out)
}

fn zrevrange(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    range(cx, args, Some((By::Rank, true)), out)
}

fn zrangebyscore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    range(cx, args, Some((By::Score, false)), out)
}

fn zrevrangebyscore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    range(cx, args, Some((By::Score, true)), out)
}

fn zrangebylex(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    range(cx, args, Some((By::Lex, false)), out)
}

fn zrevrangebylex(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    range(cx, args, Some((By::Lex, true)), out)
}

fn zrangestore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let (dest, source) = (args[1], args[2]);
    let query = Query::parse(&args[3..], None, true)?;
    let mut result = SortedSet::default();
    if let Some(zset) = cx.read::<SortedSet>(source)? {
        for it in zset.range(query.ranks(zset)) {
            result.set(&it.member, it.score);
        }
    }
    let len = result.len();
    cx.store(
        dest,
        result.into_value(),
        EventClass::SortedSet,
        "zrangestore",
    );
    out.integer(len as i64);
    Ok(())
}

fn count(cx: &mut Cx<'_>, args: &[&[u8]], by: By, out: &mut dyn ReplySink) -> Done {
    let part = Part::parse(by, args[2], args[3])?;
    let zset = cx.read::<SortedSet>(args[1])?;
    out.integer(zset.map_or(0, |zset| part.ranks(zset, false).len()) as i64);
    Ok(())
}

fn zcount(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    count(cx, args, By::Score, out)
}

fn zlexcount(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    count(cx, args, By::Lex, out)
}

fn remove(
    cx: &mut Cx<'_>,
    args: &[&[u8]],
    by: By,
    event: &'static str,
    out: &mut dyn ReplySink,
) -> Done {
    let part = Part::parse(by, args[2], args[3])?;
    let Some(zset) = cx.edit::<SortedSet>(args[1])? else {
        out.integer(0);
        return Ok(());
    };
    let n_removed = zset.remove_range(part.ranks(zset, false)).len();
    if n_removed > 0 {
        cx.changed(args[1], EventClass::SortedSet, event);
        cx.settle(args[1]);
    }
    out.integer(n_removed as i64);
    Ok(())
}

fn zremrangebyrank(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    remove(cx, args, By::Rank, "zremrangebyrank", out)
}

fn zremrangebyscore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    remove(cx, args, By::Score, "zremrangebyscore", out)
}

fn zremrangebylex(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    remove(cx, args, By::Lex, "zremrangebylex", out)
}
