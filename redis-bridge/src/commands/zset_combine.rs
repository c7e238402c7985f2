//! Unions, intersections and differences of sorted sets; sets take part with a score
//! of 1 for each member.

use hashbrown::HashMap;

use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, KeySpec, rows_of};
use crate::commands::zsets::{open_scored, send_scored};
use crate::keyspace::set::Set;
use crate::keyspace::zset::SortedSet;
use crate::keyspace::{EventClass, Typed, Value};
use crate::reply::ReplySink;
use crate::replying;

rows_of!(SortedSet);

const SOURCES: KeySpec = KeySpec::Counted { dest: 0, count: 1 };
const DEST_AND_SOURCES: KeySpec = KeySpec::Counted { dest: 1, count: 2 };
const READ: &str = "readonly movablekeys";
const WRITE: &str = "write denyoom movablekeys; OW update; RO access";

pub(crate) const COMMANDS: &[CommandSpec] = &[
    row("zdiff", "6.2.0", -3, READ, SOURCES, replying!(zdiff)),
    row(
        "zdiffstore",
        "6.2.0",
        -4,
        WRITE,
        DEST_AND_SOURCES,
        replying!(zdiffstore),
    ),
    row("zinter", "6.2.0", -3, READ, SOURCES, replying!(zinter)),
    row(
        "zintercard",
        "7.0.0",
        -3,
        READ,
        SOURCES,
        replying!(zintercard),
    ),
    row(
        "zinterstore",
        "2.0.0",
        -4,
        WRITE,
        DEST_AND_SOURCES,
        replying!(zinterstore),
    ),
    row("zunion", "6.2.0", -3, READ, SOURCES, replying!(zunion)),
    row(
        "zunionstore",
        "2.0.0",
        -4,
        WRITE,
        DEST_AND_SOURCES,
        replying!(zunionstore),
    ),
];

/// Something that can take part.
#[derive(Clone, Copy)]
enum Source<'a> {
    Missing,
    Set(&'a Set),
    SortedSet(&'a SortedSet),
}

impl Source<'_> {
    fn len(self) -> usize {
        match self {
            Self::Missing => 0,
            Self::Set(set) => set.len(),
            Self::SortedSet(zset) => zset.len(),
        }
    }

    fn score(self, member: &[u8]) -> Option<f64> {
        match self {
            Self::Missing => None,
            Self::Set(set) => set.contains(member).then_some(1.0),
            Self::SortedSet(zset) => zset.score(member),
        }
    }

    /// Calls `visit` with each member and its score, while it returns true.
    fn walk(self, mut visit: impl FnMut(&[u8], f64) -> bool) {
        match self {
            Self::Missing => {}
            Self::Set(set) => {
                let _ = set.iter().all(|member| visit(&member, 1.0));
            }
            Self::SortedSet(zset) => {
                let _ = zset.iter().all(|it| visit(&it.member, it.score));
            }
        }
    }
}

/// What becomes of the scores of a member that is in several sources.
#[derive(Clone, Copy)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn parse(word: &[u8]) -> Result<Self, CommandError> {
        match word.to_ascii_lowercase().as_slice() {
            b"sum" => Ok(Self::Sum),
            b"min" => Ok(Self::Min),
            b"max" => Ok(Self::Max),
            _ => Err(CommandError::SYNTAX),
        }
    }

    fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            // Infinity minus infinity counts as 0.
            Self::Sum => zero_if_nan(a + b),
            Self::Min => a.min(b),
            Self::Max => a.max(b),
        }
    }
}

fn zero_if_nan(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

/// What a command does with the result, which decides on its options.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Reply,
    Store,
    Count,
}

/// A call, parsed.
struct Combination<'a> {
    operation: Operation,
    sources: Vec<(Source<'a>, f64)>,
    aggregate: Aggregate,
    with_scores: bool,
    /// No more are counted.
    limit: usize,
}

impl<'a> Combination<'a> {
    /// Parses `numkeys key [key ...] [option ...]` that begins at `args[at]`, and
    /// looks the keys up.
    fn parse(
        cx: &'a mut Cx<'_>,
        args: &[&[u8]],
        at: usize,
        operation: Operation,
        purpose: Purpose,
    ) -> Result<Self, CommandError> {
        // Two different errors: no number at all, or one below 1.
        args::int(args[at])?;
        let name = String::from_utf8_lossy(args[0]).to_ascii_lowercase();
        let none = format!("ERR at least 1 input key is needed for '{name}' command");
        let (keys, rest) = args::counted_keys(args, at, CommandError::new(none))?;
        let mut sources = look_up(cx, keys)?;
        let (mut aggregate, mut with_scores, mut limit) = (Aggregate::Sum, false, 0);
        let mut options = Options::new(rest);
        let weighs = operation != Operation::Difference && purpose != Purpose::Count;
        while let Some(word) = options.next() {
            if weighs && is(word, "weights") && options.left() >= sources.len() {
                for (_, weight) in &mut sources {
                    let text = options.value()?;
                    *weight = args::parse_f64(text)
                        .ok_or(CommandError::of("ERR weight value is not a float"))?;
                }
            } else if weighs && is(word, "aggregate") && options.left() > 0 {
                aggregate = Aggregate::parse(options.value()?)?;
            } else if purpose == Purpose::Reply && is(word, "withscores") {
                with_scores = true;
            } else if purpose == Purpose::Count && is(word, "limit") && options.left() > 0 {
                let negative = CommandError::of("ERR LIMIT can't be negative");
                limit = args::int_from(options.value()?, 0, negative)? as usize;
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        if operation != Operation::Difference {
            sources.sort_by_key(|(source, _)| source.len());
        }
        let limit = if limit == 0 { usize::MAX } else { limit };
        Ok(Self {
            operation,
            sources,
            aggregate,
            with_scores,
            limit,
        })
    }

    fn run(&self) -> SortedSet {
        let mut result = SortedSet::default();
        match self.operation {
            Operation::Union => {
                let mut scores: HashMap<Box<[u8]>, f64> = HashMap::new();
                for (source, weight) in &self.sources {
                    source.walk(|member, score| {
                        let score = zero_if_nan(weight * score);
                        if let Some(sum) = scores.get_mut(member) {
                            *sum = self.aggregate.apply(*sum, score);
                        } else {
                            scores.insert(member.into(), score);
                        }
                        true
                    });
                }
                for (member, score) in scores {
                    result.set(&member, score);
                }
            }
            Operation::Intersection => self.intersect(|member, score| {
                result.set(member, score);
                true
            }),
            Operation::Difference => {
                let Some(((first, _), others)) = self.sources.split_first() else {
                    return result;
                };
                first.walk(|member, score| {
                    if !others
                        .iter()
                        .any(|(other, _)| other.score(member).is_some())
                    {
                        result.set(member, score);
                    }
                    true
                });
            }
        }
        result
    }

    /// Visits what all sources have, while `visit` returns true.
    fn intersect(&self, mut visit: impl FnMut(&[u8], f64) -> bool) {
        let Some(((first, weight), others)) = self.sources.split_first() else {
            return;
        };
        first.walk(|member, score| {
            let mut sum = zero_if_nan(weight * score);
            for (other, weight) in others {
                let Some(score) = other.score(member) else {
                    return true;
                };
                sum = self.aggregate.apply(sum, weight * score);
            }
            visit(member, sum)
        });
    }
}

fn look_up<'a>(cx: &'a mut Cx<'_>, keys: &[&[u8]]) -> Result<Vec<(Source<'a>, f64)>, CommandError> {
    for key in keys {
        cx.expire_if_due(key);
    }
    let database = cx.server.keyspace.db(cx.session.db);
    let source = |key: &&[u8]| match database.get(key).map(|entry| &entry.value) {
        None => Ok((Source::Missing, 1.0)),
        Some(Value::Set(set)) => Ok((Source::Set(set), 1.0)),
        Some(Value::SortedSet(zset)) => Ok((Source::SortedSet(zset), 1.0)),
        Some(_) => Err(CommandError::WRONG_TYPE),
    };
    keys.iter().map(source).collect()
}

fn reply_with(
    cx: &mut Cx<'_>,
    args: &[&[u8]],
    operation: Operation,
    out: &mut dyn ReplySink,
) -> Done {
    let combination = Combination::parse(cx, args, 1, operation, Purpose::Reply)?;
    let result = combination.run();
    if combination.with_scores {
        open_scored(out, result.len());
        result
            .iter()
            .for_each(|it| send_scored(out, &it.member, it.score));
    } else {
        out.array(result.len());
        result.iter().for_each(|it| out.bulk(&it.member));
    }
    Ok(())
}

fn store_as(
    cx: &mut Cx<'_>,
    args: &[&[u8]],
    operation: Operation,
    event: &'static str,
    out: &mut dyn ReplySink,
) -> Done {
    let result = Combination::parse(cx, args, 2, operation, Purpose::Store)?.run();
    let len = result.len();
    cx.store(args[1], result.into_value(), EventClass::SortedSet, event);
    out.integer(len as i64);
    Ok(())
}

fn zunion(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    reply_with(cx, args, Operation::Union, out)
}

fn zinter(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    reply_with(cx, args, Operation::Intersection, out)
}

fn zdiff(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    reply_with(cx, args, Operation::Difference, out)
}

fn zunionstore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    store_as(cx, args, Operation::Union, "zunionstore", out)
}

fn zinterstore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    store_as(cx, args, Operation::Intersection, "zinterstore", out)
}

fn zdiffstore(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    store_as(cx, args, Operation::Difference, "zdiffstore", out)
}

fn zintercard(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let combination = Combination::parse(cx, args, 1, Operation::Intersection, Purpose::Count)?;
    let mut n_common = 0;
    combination.intersect(|_, _| {
        n_common += 1;
        n_common < combination.limit
    });
    out.integer(n_common as i64);
    Ok(())
}
