//! What a program may refer to at a point: variables with the kind of value they most likely hold,
//! and what the function around allows.

/// What an expression is meant to give. Programs are not typed; a kind is a good guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Text,
    Boolean,
    /// A table whose fields are named so that the name tells the kind; see `field_name`.
    Table,
    /// A table with numbers or strings at 1, 2, 3 and so on.
    List,
    /// A table with metamethods.
    Object,
    Function,
    /// A coroutine made by `coroutine.wrap`.
    Wrapped,
    /// A coroutine.
    Thread,
    Any,
}

/// A variable in scope.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// A program may assign to it.
    pub(super) is_assignable: bool,
}

/// What a function, or the main chunk, allows inside.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Frame {
    /// It has `...`.
    pub(super) is_vararg: bool,
    /// It is the body of a coroutine, so it may yield.
    pub(super) yields: bool,
    /// Loops around, up to the function.
    pub(super) n_loops: u8,
}

/// Scopes, innermost last.
#[derive(Debug)]
pub(super) struct Scopes {
    blocks: Vec<Vec<Variable>>,
    frames: Vec<Frame>,
}

impl Scopes {
    pub(super) fn new() -> Scopes {
        let main = Frame {
            is_vararg: true,
            ..Frame::default()
        };
        Scopes {
            blocks: vec![Vec::new()],
            frames: vec![main],
        }
    }

    pub(super) fn open(&mut self) {
        self.blocks.push(Vec::new());
    }

    pub(super) fn close(&mut self) {
        self.blocks.pop();
    }

    pub(super) fn enter(&mut self, frame: Frame) {
        self.frames.push(frame);
    }

    pub(super) fn leave(&mut self) {
        self.frames.pop();
    }

    /// The function around.
    pub(super) fn frame(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// Nesting of blocks.
    pub(super) fn n_blocks(&self) -> usize {
        self.blocks.len()
    }

    pub(super) fn declare(&mut self, name: &str, kind: Kind) {
        self.add(name, kind, true);
    }

    pub(super) fn declare_constant(&mut self, name: &str, kind: Kind) {
        self.add(name, kind, false);
    }

    fn add(&mut self, name: &str, kind: Kind, is_assignable: bool) {
        let name = name.to_owned();
        if let Some(block) = self.blocks.last_mut() {
            block.push(Variable {
                name,
                kind,
                is_assignable,
            });
        }
    }

    /// Declares a global: known from here on everywhere.
    pub(super) fn declare_global(&mut self, name: &str, kind: Kind) {
        let name = name.to_owned();
        if let Some(block) = self.blocks.first_mut() {
            block.push(Variable {
                name,
                kind,
                is_assignable: true,
            });
        }
    }

    /// What is declared in the innermost block.
    pub(super) fn innermost(&self) -> &[Variable] {
        self.blocks.last().map_or(&[], Vec::as_slice)
    }

    /// All variables in scope that satisfy `is_wanted`.
    pub(super) fn matching(&self, is_wanted: impl Fn(&Variable) -> bool) -> Vec<&Variable> {
        let all = self.blocks.iter().flatten();
        all.filter(|variable| is_wanted(variable)).collect()
    }
}
