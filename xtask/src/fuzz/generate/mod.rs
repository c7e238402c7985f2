//! Writes random programs of Lua 5.1 that end, print much of what they compute, and do the same in
//! every process: nothing depends on addresses, time, or when garbage is collected.
//!
//! Programs come from templates: Lua text with holes, `$` and a letter, that are filled by more
//! templates. [`hole`](Generator::fill) lists the letters; the tables are in the modules beside
//! this one. A program ends because every loop begins with a call of `tick` and every function with
//! one of `tock`, which say after some hundred calls that it is time to leave, and because what is
//! stored in a variable or a field is `cut` to a bounded length. `xtask/fuzz/prelude.lua` has them.

mod declare;
mod function;
mod library;
mod literal;
mod object;
mod scope;
mod shape;
mod statement;
mod value;

use fastrand::Rng;

use self::scope::{Frame, Kind, Scopes};

/// Templates with how often each is chosen, relative to the others of its table.
type Table = &'static [(u16, &'static str)];

/// Nesting of expressions.
const EXPRESSION_DEPTH: u8 = 4;

/// Writes one program. See the module's head.
pub(super) struct Generator {
    rng: Rng,
    out: Vec<u8>,
    scopes: Scopes,
    /// Statements that may still be written.
    fuel: u16,
    /// Levels of expression left.
    depth: u8,
    /// Depth of calls of `pcall` around: errors are welcome there, elsewhere they end the program.
    n_protected: u8,
    /// Names given out, so that each is new.
    n_names: u32,
}

/// Program `index` of the run with `seed`: always the same text for the same pair.
pub(super) fn program(seed: u64, index: u64) -> Vec<u8> {
    Generator::new(rng(seed, index)).program()
}

/// The source of randomness for program `index` of a run: neighbours have nothing in common.
pub(super) fn rng(seed: u64, index: u64) -> Rng {
    let mut mixer = Rng::with_seed(seed);
    let salt = mixer.u64(..);
    Rng::with_seed(index.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt)
}

impl Generator {
    fn new(rng: Rng) -> Generator {
        Generator {
            rng,
            out: Vec::new(),
            scopes: Scopes::new(),
            fuel: 0,
            depth: EXPRESSION_DEPTH,
            n_protected: 0,
            n_names: 0,
        }
    }

    fn program(mut self) -> Vec<u8> {
        self.fuel = if self.chance(10) {
            5
        } else {
            self.rng.u16(8..60)
        };
        self.declare_basics();
        while self.fuel > 0 {
            self.statement();
        }
        self.print_variables();
        if self.chance(5) {
            self.fill("return $v, $v");
        }
        self.out
    }

    /// True in `percent` of cases.
    fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    fn emit(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// One of a list, all equally likely.
    fn any<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.rng.usize(..items.len())]
    }

    /// One template of a table, by weight, filled.
    fn choose(&mut self, table: Table) {
        let total: u16 = table.iter().map(|(weight, _)| weight).sum();
        let mut left = self.rng.u16(..total);
        for (weight, template) in table {
            if left < *weight {
                return self.fill(template);
            }
            left -= weight;
        }
    }

    /// Writes a template, its holes filled:
    ///
    /// | hole | gives |
    /// |---|---|
    /// | `$n` `$s` `$b` `$t` `$l` `$o` `$f` `$v` | an expression: number, string, boolean, table, list, object, function, anything |
    /// | `$T` `$M` `$O` `$X` | the same for a table, list, object or string that an index or a call may follow |
    /// | `$i` `$e` | a small integer, a number at some edge |
    /// | `$q` `$p` `$r` `$m` `$u` | a string literal: any, a pattern, a replacement, a format with its arguments, a source text |
    /// | `$k` | a field name of tables |
    /// | `$c` `$C` `$d` | arguments, more arguments after a first, `...` where there is one |
    /// | `$S` | an expression cut to a bounded length, for what is stored |
    /// | `$w` | something that can be assigned to |
    /// | `$B` `$L` `$P` | a block, the body of a loop, a block inside `pcall` |
    /// | `$F` | the rest of a function after the word `function` |
    /// | `$<` `$>` | nothing: between them is a function without `...`, written out in the template |
    /// | `$_` | white space, now and then a comment |
    /// | `$$` | the sign itself |
    fn fill(&mut self, template: &str) {
        let mut parts = template.split('$');
        if let Some(head) = parts.next() {
            self.emit(head);
        }
        while let Some(part) = parts.next() {
            let mut rest = part.chars();
            match rest.next() {
                Some(letter) => self.hole(letter),
                // Two signs in a row: an empty part between them, the second one is text.
                None => {
                    self.emit("$");
                    rest = parts.next().unwrap_or_default().chars();
                }
            }
            self.emit(rest.as_str());
        }
    }

    fn hole(&mut self, letter: char) {
        match letter {
            'n' => self.expression(Kind::Number),
            's' => self.expression(Kind::Text),
            'b' => self.expression(Kind::Boolean),
            't' => self.expression(Kind::Table),
            'l' => self.expression(Kind::List),
            'o' => self.expression(Kind::Object),
            'f' => self.expression(Kind::Function),
            'v' => self.any_expression(),
            'T' => self.prefix(Kind::Table),
            'M' => self.prefix(Kind::List),
            'O' => self.prefix(Kind::Object),
            'X' => self.prefix(Kind::Text),
            'i' => self.small_integer(),
            'e' => self.edge_number(),
            'q' => self.string_literal(),
            'p' => self.pattern(),
            'r' => self.replacement(),
            'm' => self.format_arguments(),
            'u' => self.source_literal(),
            'k' => self.field_name(),
            'c' => self.arguments(),
            'C' => self.more_arguments(),
            'd' => self.dots(),
            'S' => self.stored(Kind::Any),
            'w' => self.assignable(),
            'B' => self.block(),
            'L' => self.loop_body(),
            'P' => self.protected_block(),
            'F' => self.function_rest(),
            '<' => self.scopes.enter(Frame::default()),
            '>' => self.scopes.leave(),
            '_' => self.white_space(),
            other => unreachable!("no hole ${other}"),
        }
    }

    /// Mostly a space; line breaks between the tokens of an expression test line numbers.
    fn white_space(&mut self) {
        let space = match self.rng.u8(..40) {
            0..=2 => "\n",
            3 => " --[[c]] ",
            4 => " -- c\n",
            _ => " ",
        };
        self.emit(space);
    }

    /// A name that no other variable of the program has.
    fn new_name(&mut self, prefix: &str) -> String {
        self.n_names += 1;
        format!("{prefix}{}", self.n_names)
    }
}

#[cfg(test)]
mod tests {
    use super::{Generator, program, rng};

    #[test]
    fn same_seed_same_program() {
        for index in 0..200 {
            assert_eq!(program(1, index), program(1, index));
        }
        assert_ne!(program(1, 0), program(1, 1));
        assert_ne!(program(1, 0), program(2, 0));
    }

    #[test]
    fn templates_are_filled() {
        let text = |template| {
            let mut generator = Generator::new(rng(0, 0));
            generator.fill(template);
            String::from_utf8(generator.out).unwrap()
        };
        assert_eq!(text("a$$b"), "a$b");
        assert_eq!(text("$$"), "$");
        assert!(!text("x = $n + $i").contains('$'));
    }

    #[test]
    fn loops_and_functions_are_guarded() {
        let count = |text: &str, word: &str| text.matches(word).count();
        for index in 0..200 {
            let text = String::from_utf8_lossy(&program(3, index)).into_owned();
            assert!(
                count(&text, "tick() then break end") >= count(&text, "while "),
                "{text}"
            );
        }
    }
}
