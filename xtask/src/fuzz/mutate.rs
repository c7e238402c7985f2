//! Breaks programs: tokens deleted, doubled, swapped, replaced, the text cut off, bytes changed.
//! Most results do not compile, which is the point: the error must be the reference's. Those that
//! do compile end, because guards are tokens that nothing here removes.

use fastrand::Rng;

use super::token::{self, GUARDS};

/// Tokens put in where none was.
const STRAY: &[&str] = &[
    "and ",
    "break ",
    "do ",
    "else ",
    "elseif ",
    "end ",
    "false ",
    "for ",
    "function ",
    "if ",
    "in ",
    "local ",
    "nil ",
    "not ",
    "or ",
    "repeat ",
    "return ",
    "then ",
    "true ",
    "until ",
    "while ",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "#",
    "==",
    "~=",
    "<=",
    ">=",
    "<",
    ">",
    "=",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ";",
    ":",
    ",",
    ".",
    "..",
    "... ",
    "x ",
    "0 ",
    "1e ",
    "0x ",
    "3..4 ",
    "'s' ",
    "'open\n",
    "[[",
    "]]",
    "[=[",
    "--",
    "--[[",
    "\\",
    "~",
    "@",
    "$",
    "\u{7f}",
    "goto ",
    "'\\300'",
    "'\\'",
    "!",
];

/// A broken copy of `program`.
pub(super) fn mutate(program: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut tokens: Vec<Vec<u8>> = token::split(program).iter().map(|t| t.to_vec()).collect();
    for _ in 0..rng.usize(1..=3) {
        if tokens.is_empty() {
            break;
        }
        let at = rng.usize(..tokens.len());
        match rng.u8(..8) {
            0 | 1 => delete(&mut tokens, at, rng.usize(1..=3)),
            2 => {
                let other = rng.usize(..tokens.len());
                swap(&mut tokens, at, other);
            }
            3 => {
                let other = (at + 1).min(tokens.len() - 1);
                swap(&mut tokens, at, other);
            }
            4 => tokens.insert(at, tokens[rng.usize(..tokens.len())].clone()),
            5 => tokens.insert(at, STRAY[rng.usize(..STRAY.len())].into()),
            6 if !is_guard(&tokens[at]) => tokens[at] = tokens[rng.usize(..tokens.len())].clone(),
            7 if rng.bool() => tokens.truncate(at),
            _ if !is_guard(&tokens[at]) => noise(&mut tokens[at], rng),
            _ => {}
        }
    }
    let mut text = tokens.concat();
    // An escape byte in front would announce precompiled code, which is another matter.
    if text.first() == Some(&0x1b) {
        text[0] = b' ';
    }
    text
}

fn is_guard(token: &[u8]) -> bool {
    GUARDS.iter().any(|guard| token.starts_with(guard))
}

fn delete(tokens: &mut Vec<Vec<u8>>, at: usize, n_tokens: usize) {
    for _ in 0..n_tokens {
        if at < tokens.len() && !is_guard(&tokens[at]) {
            tokens.remove(at);
        }
    }
}

fn swap(tokens: &mut [Vec<u8>], a: usize, b: usize) {
    if !is_guard(&tokens[a]) && !is_guard(&tokens[b]) {
        tokens.swap(a, b);
    }
}

/// Changes, removes or adds one byte.
fn noise(token: &mut Vec<u8>, rng: &mut Rng) {
    let at = rng.usize(..token.len());
    let byte = if rng.bool() {
        rng.u8(..)
    } else {
        rng.u8(b' '..0x7f)
    };
    match rng.u8(..4) {
        0 => {
            token.remove(at);
        }
        1 => token.insert(at, byte),
        _ => token[at] = byte,
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::mutate;

    #[test]
    fn guards_survive() {
        let guard = b"if tick() then break end";
        let program = [
            &guard[..],
            b" x = y .. 'long enough to tell it from a text cut off' + 1",
        ];
        for seed in 0..2000 {
            let text = mutate(&program.concat(), &mut Rng::with_seed(seed));
            let is_kept = text.windows(guard.len()).any(|at| at == guard);
            assert!(
                is_kept || text.len() < 30,
                "{}",
                String::from_utf8_lossy(&text)
            );
        }
    }

    #[test]
    fn same_seed_same_text() {
        let text = |seed| mutate(b"local a = {1, 2} print(a[1])", &mut Rng::with_seed(seed));
        assert_eq!(text(3), text(3));
        assert_ne!(text(3), text(4));
    }
}
