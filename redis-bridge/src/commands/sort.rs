//! `SORT`: the elements of a list, a set or a sorted set in numerical or alphabetical
//! order, perhaps by values that other keys hold.

use std::cmp::Ordering;

use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group, KeySpec};
use crate::commands::{self, Cx};
use crate::keyspace::list::List;
use crate::keyspace::{EventClass, Typed, Value, number};
use crate::reply::ReplySink;
use crate::replying;

#[rustfmt::skip]
pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec::new(Group::Generic, "sort", "1.0.0", -2, "write denyoom movablekeys sorts dangerous; RO access; OW update", KeySpec::FirstAndStore, replying!(sort)),
    CommandSpec::new(Group::Generic, "sort_ro", "7.0.0", -2, "readonly movablekeys sorts dangerous", KeySpec::FIRST, replying!(sort_ro)),
];

/// What `SORT` is to do.
struct Order<'a> {
    descending: bool,
    alphabetical: bool,
    /// The pattern of the keys whose values to compare; one without `*` means not to
    /// sort at all.
    by: Option<&'a [u8]>,
    get: Vec<&'a [u8]>,
    offset: i64,
    /// Negative means all.
    limit: i64,
    store: Option<&'a [u8]>,
}

impl<'a> Order<'a> {
    fn parse(words: &[&'a [u8]], may_store: bool) -> Result<Self, CommandError> {
        let mut order = Self {
            descending: false,
            alphabetical: false,
            by: None,
            get: Vec::new(),
            offset: 0,
            limit: -1,
            store: None,
        };
        let mut options = Options::new(words);
        while let Some(word) = options.next() {
            let left = options.left();
            if is(word, "asc") {
                order.descending = false;
            } else if is(word, "desc") {
                order.descending = true;
            } else if is(word, "alpha") {
                order.alphabetical = true;
            } else if is(word, "limit") && left >= 2 {
                order.offset = args::int(options.value()?)?;
                order.limit = args::int(options.value()?)?;
            } else if may_store && is(word, "store") && left >= 1 {
                order.store = Some(options.value()?);
            } else if is(word, "by") && left >= 1 {
                order.by = Some(options.value()?);
            } else if is(word, "get") && left >= 1 {
                order.get.push(options.value()?);
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        Ok(order)
    }

    fn keeps_order(&self) -> bool {
        self.by.is_some_and(|pattern| !pattern.contains(&b'*'))
    }

    /// The positions that `LIMIT` leaves of `len`.
    fn window(&self, len: usize) -> std::ops::Range<usize> {
        let start = usize::try_from(self.offset).unwrap_or(0).min(len);
        let limit = usize::try_from(self.limit).unwrap_or(len);
        start..start.saturating_add(limit).min(len)
    }
}

fn sort(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let order = Order::parse(&args[2..], true)?;
    check_patterns(cx, args, &order)?;
    run(cx, args[1], order, out)
}

fn sort_ro(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let order = Order::parse(&args[2..], false)?;
    check_patterns(cx, args, &order)?;
    run(cx, args[1], order, out)
}

/// Patterns lead to any key, so whoever uses them must be permitted to read all.
fn check_patterns(cx: &Cx<'_>, args: &[&[u8]], order: &Order<'_>) -> Done {
    let option = match (order.by, &order.get[..]) {
        (Some(by), _) if by.contains(&b'*') => "BY",
        (_, []) => return Ok(()),
        _ => "GET",
    };
    let Some(user) = &cx.session.user else {
        return Ok(());
    };
    let spec = commands::resolve(args).ok();
    if spec.is_some_and(|spec| user.borrow().may_read_all_keys(spec, args)) {
        return Ok(());
    }
    let text = format!("ERR {option} option of SORT denied due to insufficient ACL permissions.");
    Err(CommandError::new(text))
}

fn run(cx: &mut Cx<'_>, key: &[u8], mut order: Order<'_>, out: &mut dyn ReplySink) -> Done {
    let in_script = cx.server.running_script.is_some();
    cx.look(key);
    if let Some(Value::SortedSet(zset)) = cx.value(key) {
        // Redis sorts no listpack, and what has become a skiplist stays one.
        zset.enlarge();
    }
    let mut elements: Vec<Box<[u8]>> = match cx.value(key) {
        None => Vec::new(),
        Some(Value::List(list)) if order.keeps_order() && order.descending => {
            list.iter().rev().map(Box::from).collect()
        }
        Some(Value::List(list)) => list.iter().map(Box::from).collect(),
        Some(Value::SortedSet(zset)) if order.keeps_order() && order.descending => {
            zset.iter().rev().map(|it| Box::from(&*it.member)).collect()
        }
        Some(Value::SortedSet(zset)) => zset.iter().map(|it| Box::from(&*it.member)).collect(),
        Some(Value::Set(set)) => {
            if order.keeps_order() && (order.store.is_some() || in_script) {
                // A set has no order of its own that another server would reproduce.
                order.by = None;
                order.alphabetical = true;
            }
            set.iter().map(|member| Box::from(&*member)).collect()
        }
        Some(Value::String(_) | Value::Hash(_) | Value::Stream(_)) => {
            return Err(CommandError::WRONG_TYPE);
        }
    };
    if !order.keeps_order() {
        elements = sorted(cx, elements, &order)?;
    }
    let chosen = &elements[order.window(elements.len())];
    let mut values: Vec<Option<Box<[u8]>>> = Vec::new();
    for element in chosen {
        if order.get.is_empty() {
            values.push(Some(element.clone()));
        }
        for pattern in &order.get {
            values.push(look_up(cx, pattern, element));
        }
    }
    let Some(dest) = order.store else {
        out.array(values.len());
        for value in values {
            match value {
                Some(value) => out.bulk(&value),
                None => out.null(),
            }
        }
        return Ok(());
    };
    let len = values.len();
    let list: List = values.into_iter().map(Option::unwrap_or_default).collect();
    cx.store(dest, list.into_value(), EventClass::List, "sortstore");
    out.integer(len as i64);
    Ok(())
}

/// Sorts elements by themselves or by what the pattern finds for them.
fn sorted(
    cx: &mut Cx<'_>,
    elements: Vec<Box<[u8]>>,
    order: &Order<'_>,
) -> Result<Vec<Box<[u8]>>, CommandError> {
    let mut keyed = Vec::with_capacity(elements.len());
    for element in elements {
        let weight = match order.by {
            Some(pattern) => look_up(cx, pattern, &element),
            None => Some(element.clone()),
        };
        let score = match &weight {
            Some(text) if !order.alphabetical => number::parse_weight(text).ok_or(
                CommandError::of("ERR One or more scores can't be converted into double"),
            )?,
            _ => 0.0,
        };
        keyed.push((score, weight, element));
    }
    keyed.sort_by(|(score_a, weight_a, a), (score_b, weight_b, b)| {
        let ascending = if order.alphabetical {
            weight_a.cmp(weight_b)
        } else {
            score_a
                .partial_cmp(score_b)
                .unwrap_or(Ordering::Equal)
                .then_with(|| a.cmp(b))
        };
        if order.descending {
            ascending.reverse()
        } else {
            ascending
        }
    });
    Ok(keyed.into_iter().map(|(_, _, element)| element).collect())
}

/// The value that a pattern leads to: the first `*` stands for the element, and
/// `->field` behind it names a field of a hash. `#` is the element itself.
fn look_up(cx: &mut Cx<'_>, pattern: &[u8], element: &[u8]) -> Option<Box<[u8]>> {
    if pattern == b"#" {
        return Some(element.into());
    }
    let star = pattern.iter().position(|byte| *byte == b'*')?;
    let (prefix, suffix) = (&pattern[..star], &pattern[star + 1..]);
    let arrow = suffix.windows(2).position(|pair| pair == b"->");
    // An arrow at the very end is part of the key.
    let arrow = arrow.filter(|at| at + 2 < suffix.len());
    let (suffix, field) = match arrow {
        Some(at) => (&suffix[..at], Some(&suffix[at + 2..])),
        None => (suffix, None),
    };
    let key = [prefix, element, suffix].concat();
    match (cx.value(&key)?, field) {
        (Value::Hash(hash), Some(field)) => hash.get(field).map(Box::from),
        (Value::String(text), None) => Some(Box::from(&*text.bytes())),
        _ => None,
    }
}
