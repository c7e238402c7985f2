//! Makes a program smaller while it keeps a property: lines and blocks first, then tokens. Knows
//! nothing of what the property is.

use anyhow::Result;

use super::token;

/// Most times the property is looked at: a bound on the time, which is short for most programs.
const MOST_TESTS: usize = 1500;

/// A minimisation: what is left, and how often it may still be tested.
struct Minimiser<'a> {
    holds: &'a mut dyn FnMut(&[u8]) -> Result<bool>,
    tests_left: usize,
}

/// The smallest program found for which `holds` is true, as it is for `program`.
pub(super) fn minimise(
    program: &[u8],
    holds: &mut dyn FnMut(&[u8]) -> Result<bool>,
) -> Result<Vec<u8>> {
    let mut minimiser = Minimiser {
        holds,
        tests_left: MOST_TESTS,
    };
    let mut best = program.to_vec();
    loop {
        let before = best.len();
        let lines: Vec<&[u8]> = best.split_inclusive(|&byte| byte == b'\n').collect();
        best = minimiser.remove_parts(lines)?;
        best = minimiser.remove_blocks(best)?;
        best = minimiser.remove_parts(token::split(&best))?;
        if best.len() == before || minimiser.tests_left == 0 {
            return Ok(best);
        }
    }
}

impl Minimiser<'_> {
    /// Whether a candidate will do.
    fn test(&mut self, parts: &[&[u8]]) -> Result<bool> {
        if self.tests_left == 0 {
            return Ok(false);
        }
        self.tests_left -= 1;
        (self.holds)(&parts.concat())
    }

    /// Takes runs of parts away, long ones first, until no single part can go.
    fn remove_parts(&mut self, parts: Vec<&[u8]>) -> Result<Vec<u8>> {
        let mut parts = parts;
        let mut run = parts.len().div_ceil(2);
        while run > 0 {
            let mut at = 0;
            while at < parts.len() {
                let end = (at + run).min(parts.len());
                let candidate = [&parts[..at], &parts[end..]].concat();
                if self.test(&candidate)? {
                    parts = candidate;
                } else {
                    at += run;
                }
            }
            run /= 2;
        }
        Ok(parts.concat())
    }

    /// Takes away whole blocks, from the line they begin in to their end, or only what is around
    /// their body.
    fn remove_blocks(&mut self, text: Vec<u8>) -> Result<Vec<u8>> {
        let mut text = text;
        let mut at = 0;
        loop {
            let tokens = token::split(&text);
            let Some(block) = blocks(&tokens).into_iter().find(|block| block.open >= at) else {
                return Ok(text);
            };
            let close = block.close + 1;
            let line = line_start(&tokens, block.open);
            let kept: Vec<Vec<&[u8]>> = [
                [&tokens[..line], &tokens[close..]].concat(),
                [&tokens[..block.open], &tokens[close..]].concat(),
                [
                    &tokens[..line],
                    &tokens[block.open + 1..block.close],
                    &tokens[close..],
                ]
                .concat(),
            ]
            .into();
            let mut smaller = None;
            for candidate in kept {
                if self.test(&candidate)? {
                    smaller = Some(candidate.concat());
                    break;
                }
            }
            match smaller {
                Some(smaller) => text = smaller,
                None => at = block.open + 1,
            }
        }
    }
}

/// A pair of tokens that belong together.
struct Block {
    open: usize,
    close: usize,
}

/// The pairs of words and brackets in a program, by where they open. `do` of loops counts, not the
/// loop's first word.
fn blocks(tokens: &[&[u8]]) -> Vec<Block> {
    let mut open = Vec::new();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.trim_ascii_end() {
            b"do" | b"function" | b"if" | b"repeat" | b"(" | b"{" | b"cut(" => open.push(at),
            b"end" | b"until" | b")" | b"}" => {
                found.extend(open.pop().map(|start| Block {
                    open: start,
                    close: at,
                }));
            }
            _ => {}
        }
    }
    found.sort_by_key(|block| block.open);
    found
}

/// The first token of the line in which token `at` stands.
fn line_start(tokens: &[&[u8]], at: usize) -> usize {
    let before = tokens[..at]
        .iter()
        .rposition(|token| token.contains(&b'\n'));
    before.map_or(0, |line_end| line_end + 1)
}

#[cfg(test)]
mod tests {
    use super::minimise;

    fn check(program: &str, is_wanted: fn(&str) -> bool, expected: &str) {
        let mut holds = |text: &[u8]| Ok(is_wanted(std::str::from_utf8(text).unwrap()));
        let smaller = minimise(program.as_bytes(), &mut holds).unwrap();
        assert_eq!(String::from_utf8(smaller).unwrap().trim(), expected);
    }

    #[test]
    fn lines_and_tokens_go() {
        check(
            "local a = 1\nprint(a + 2)\nlocal b = 3\n",
            |text| text.contains("print"),
            "print",
        );
    }

    #[test]
    fn blocks_go_whole() {
        let is_balanced = |text: &str| {
            let count = |word| text.matches(word).count();
            count("do") == count("end") && text.contains("bug")
        };
        check(
            "while x do\nfor i = 1, 2 do\nprint(i) end\nbug()\nend\nlocal y\n",
            is_balanced,
            "bug",
        );
    }

    #[test]
    fn what_cannot_shrink_stays() {
        check("return x", |text| text == "return x", "return x");
    }
}
