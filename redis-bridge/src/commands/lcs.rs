//! `LCS`: the longest common subsequence of two strings.

use crate::commands::Cx;
use crate::commands::args::{self, Options, is};
use crate::commands::error::{CommandError, Done};
use crate::commands::spec::{CommandSpec, Group, KeySpec};
use crate::keyspace::string::Text;
use crate::reply::ReplySink;
use crate::replying;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec::new(
    Group::String,
    "lcs",
    "7.0.0",
    -3,
    "readonly",
    KeySpec::TWO,
    replying!(lcs),
)];

/// The most memory that the table of lengths may take, in bytes.
const MAX_TABLE_BYTES: usize = 512 * 1024 * 1024;

/// What is asked for.
#[derive(Default)]
struct Wish {
    only_len: bool,
    ranges: bool,
    with_lens: bool,
    min_len: usize,
}

impl Wish {
    fn parse(words: &[&[u8]]) -> Result<Self, CommandError> {
        let mut wish = Self::default();
        let mut options = Options::new(words);
        while let Some(word) = options.next() {
            if is(word, "idx") {
                wish.ranges = true;
            } else if is(word, "len") {
                wish.only_len = true;
            } else if is(word, "withmatchlen") {
                wish.with_lens = true;
            } else if is(word, "minmatchlen") && options.left() > 0 {
                // A negative minimum is no minimum.
                wish.min_len = usize::try_from(args::int(options.value()?)?).unwrap_or(0);
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        if wish.ranges && wish.only_len {
            return Err(CommandError::of(
                "ERR If you want both the length and indexes, please just use IDX.",
            ));
        }
        Ok(wish)
    }
}

/// Bytes that both strings have in a row: where, and how many.
struct Match {
    a_start: usize,
    b_start: usize,
    len: usize,
}

fn lcs(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let not_strings = CommandError::of("ERR The specified keys must contain string values");
    let texts = cx.read_all::<Text>(&args[1..3]).map_err(|_| not_strings)?;
    let wish = Wish::parse(&args[3..])?;
    let bytes = |text: Option<&Text>| text.map(|text| text.bytes().to_vec()).unwrap_or_default();
    let (a, b) = (bytes(texts[0]), bytes(texts[1]));
    let n_cells = (a.len() + 1).checked_mul(b.len() + 1);
    let fits = n_cells.is_some_and(|n_cells| n_cells <= MAX_TABLE_BYTES / size_of::<u32>());
    if !fits {
        return Err(CommandError::of(
            "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ));
    }
    let table = lengths(&a, &b);
    let total = table.last().copied().unwrap_or(0);
    if wish.only_len {
        out.integer(total.into());
        return Ok(());
    }
    let (subsequence, matches) = trace(&table, &a, &b);
    if !wish.ranges {
        out.bulk(&subsequence);
        return Ok(());
    }
    let wanted: Vec<&Match> = matches.iter().filter(|it| it.len >= wish.min_len).collect();
    out.map(2);
    out.bulk(b"matches");
    out.array(wanted.len());
    for it in wanted {
        out.array(if wish.with_lens { 3 } else { 2 });
        for start in [it.a_start, it.b_start] {
            out.array(2);
            out.integer(start as i64);
            out.integer((start + it.len - 1) as i64);
        }
        if wish.with_lens {
            out.integer(it.len as i64);
        }
    }
    out.bulk(b"len");
    out.integer(total.into());
    Ok(())
}

/// Row by row, the length of the longest common subsequence of the first `i` bytes
/// of `a` and the first `j` of `b`.
fn lengths(a: &[u8], b: &[u8]) -> Vec<u32> {
    let width = b.len() + 1;
    let mut table = vec![0; (a.len() + 1) * width];
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            table[i * width + j] = if a[i - 1] == b[j - 1] {
                table[(i - 1) * width + j - 1] + 1
            } else {
                table[(i - 1) * width + j].max(table[i * width + j - 1])
            };
        }
    }
    table
}

/// Walks back through the table: the subsequence, and the matching ranges from the
/// last to the first.
fn trace(table: &[u32], a: &[u8], b: &[u8]) -> (Vec<u8>, Vec<Match>) {
    let width = b.len() + 1;
    let (mut i, mut j) = (a.len(), b.len());
    let mut reversed = Vec::new();
    let mut matches: Vec<Match> = Vec::new();
    while i > 0 && j > 0 {
        if a[i - 1] == b[j - 1] {
            reversed.push(a[i - 1]);
            i -= 1;
            j -= 1;
            match matches.last_mut() {
                Some(it) if it.a_start == i + 1 && it.b_start == j + 1 => {
                    *it = Match {
                        a_start: i,
                        b_start: j,
                        len: it.len + 1,
                    };
                }
                _ => matches.push(Match {
                    a_start: i,
                    b_start: j,
                    len: 1,
                }),
            }
        } else if table[(i - 1) * width + j] > table[i * width + j - 1] {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    reversed.reverse();
    (reversed, matches)
}
