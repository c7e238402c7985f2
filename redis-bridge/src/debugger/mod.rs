//! The debugger of scripts: stops them at lines, and carries out what a user says
//! meanwhile: step, list, print and so on.
//!
//! A [`Session`] is given to the engine before a script runs; without one nothing here
//! costs anything. Its [`Console`] is the user: over a socket of our own server
//! ([`wire`]), or through whatever another server has for it. The commands `help` and
//! `maxlen`, and the cutting of long lines, are the console's; all others are in
//! `commands`. It knows no server and no store.

mod commands;
mod hook;
pub mod tee;
mod values;
pub mod wire;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::compat::Compat;

pub(crate) use hook::{install, remove};

/// A line for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The text, which may hold any bytes.
    pub text: Vec<u8>,
    /// It may be cut: it shows a value, which can be of any length.
    pub may_be_cut: bool,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// These lines are to be shown, and the next command is to be read.
    Lines(Vec<Line>),
    /// The script goes on.
    Resume,
    /// There is no such command, or not with so many arguments.
    Unknown,
}

/// Why there are no more commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hangup {
    /// The user is gone: the script is to run on by itself, but not for long.
    Gone,
    /// Something is wrong, in these words: the script is to end with this error.
    Failed(String),
}

/// The user of a debugging session.
pub trait Console {
    /// Shows lines.
    fn show(&mut self, lines: Vec<Line>);

    /// Has the user's commands carried out, one after the other, and shows what they
    /// answer, until one lets the script go on.
    ///
    /// # Errors
    ///
    /// There are no more commands.
    fn converse(&mut self, execute: &mut dyn FnMut(&[&[u8]]) -> Answer) -> Result<(), Hangup>;
}

/// One debugging session: a script, where it is to stop, and who debugs it. Clones are
/// the same session.
#[derive(Clone)]
pub struct Session(Rc<Parts>);

struct Parts {
    console: RefCell<Box<dyn Console>>,
    state: RefCell<State>,
}

/// How many lines a script may be stopped at.
const MAX_BREAKPOINTS: usize = 64;

/// How long a script may run on when its user has hung up.
const LONGEST_ALONE: Duration = Duration::from_secs(5);

/// What a session knows beside its user.
struct State {
    source: Vec<Vec<u8>>,
    breakpoints: Vec<usize>,
    /// Stop at the next line.
    is_stepping: bool,
    /// The script called `redis.breakpoint()`: stop at the next line.
    has_called: bool,
    /// The line that the script is at.
    line: usize,
    log: Vec<Line>,
    /// The user wants the script to end.
    is_aborted: bool,
    /// When the script last went on.
    resumed: Instant,
    /// After so long without a stop it is stopped.
    patience: Duration,
    /// Since when nobody debugs it.
    hung_up: Option<Instant>,
    compat: Compat,
}

impl Session {
    /// A session for the script with that text; `#!` and all, as lines are counted from
    /// its first. A script that runs for longer than `patience` is stopped.
    #[must_use]
    pub fn new(
        source: &[u8],
        console: Box<dyn Console>,
        compat: Compat,
        patience: Duration,
    ) -> Self {
        let is_break = |b: &u8| matches!(b, b'\r' | b'\n');
        let end = source
            .iter()
            .rposition(|b| !is_break(b))
            .map_or(0, |at| at + 1);
        let source = match &source[..end] {
            [] => Vec::new(),
            source => source.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect(),
        };
        Self(Rc::new(Parts {
            console: RefCell::new(console),
            state: RefCell::new(State {
                source,
                breakpoints: Vec::new(),
                is_stepping: true,
                has_called: false,
                line: 0,
                log: Vec::new(),
                is_aborted: false,
                resumed: Instant::now(),
                patience,
                hung_up: None,
                compat,
            }),
        }))
    }

    /// Shows what was noted since the last stop, and that the script has ended.
    pub fn end(&self) {
        self.note("<endsession>");
        let lines = self.with_state(State::take_log);
        self.0.console.borrow_mut().show(lines);
    }

    /// Gives out what was noted since the last stop: for servers that say by themselves that
    /// a session has ended.
    #[must_use]
    pub fn take_lines(&self) -> Vec<Line> {
        self.with_state(State::take_log)
    }

    /// Has the script run on for too long without its user? Nobody else can end it meanwhile.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.with_state(|state| {
            let longest = state.patience.min(LONGEST_ALONE);
            state.hung_up.is_some_and(|then| then.elapsed() >= longest)
        })
    }

    fn with_state<R>(&self, body: impl FnOnce(&mut State) -> R) -> R {
        body(&mut self.0.state.borrow_mut())
    }

    /// Adds a line to those that are shown at the next stop.
    fn note(&self, text: impl Into<Vec<u8>>) {
        self.with_state(|state| state.note(text));
    }

    /// As [`note`](Self::note), if the user goes line by line.
    fn note_step(&self, text: impl FnOnce(Compat) -> Line) {
        self.with_state(|state| {
            if state.is_stepping {
                let line = text(state.compat);
                state.log.push(line);
            }
        });
    }

    /// A script calls this command.
    pub(crate) fn note_command(&self, args: &[&[u8]]) {
        const MAX_SHOWN: usize = 10;
        self.note_step(|compat| {
            let intro = if compat.is_valkey() {
                "<command>"
            } else {
                "<redis>"
            };
            let mut text = intro.as_bytes().to_vec();
            for (at, arg) in args.iter().enumerate() {
                text.push(b' ');
                if at == MAX_SHOWN {
                    let left = format!("... ({} more)", args.len() - at - 1);
                    text.extend_from_slice(left.as_bytes());
                    break;
                }
                text.extend_from_slice(arg);
            }
            Line::whole(text)
        });
    }

    /// A command has answered; the reply is encoded.
    pub(crate) fn note_reply(&self, reply: &[u8]) {
        if let Some(error) = reply.strip_prefix(b"-") {
            let end = error
                .iter()
                .position(|&b| b == b'\r')
                .unwrap_or(error.len());
            self.note_error(&[b"-", &error[..end]].concat());
        }
        self.note_step(|_| Line {
            text: [b"<reply> ", &values::reply_text(reply)[..]].concat(),
            may_be_cut: true,
        });
    }

    /// The API makes an error of this text.
    pub(crate) fn note_error(&self, text: &[u8]) {
        self.note_step(|_| Line::whole([b"<error> ", text].concat()));
    }

    /// The script calls `redis.breakpoint()`.
    pub(crate) fn stop_at_next_line(&self) {
        self.with_state(|state| state.has_called = true);
    }

    /// The script calls `redis.debug()` with these values.
    pub(crate) fn note_values(&self, values: &[lua_vm::Value<'_>]) {
        self.with_state(|state| {
            let mut text = format!("<debug> line {}: ", state.line).into_bytes();
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    text.extend_from_slice(b", ");
                }
                values::write_value(&mut text, *value, state.compat);
            }
            state.note(text);
        });
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Line {
    fn whole(text: impl Into<Vec<u8>>) -> Self {
        Self {
            text: text.into(),
            may_be_cut: false,
        }
    }
}

impl State {
    fn note(&mut self, text: impl Into<Vec<u8>>) {
        self.log.push(Line::whole(text));
    }

    fn take_log(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.log)
    }

    fn is_breakpoint(&self, line: usize) -> bool {
        self.breakpoints.contains(&line)
    }

    /// Notes a line of the source, and whether it is the current one or a breakpoint.
    fn note_source(&mut self, line: usize) {
        let mark = match (line == self.line, self.is_breakpoint(line)) {
            (true, true) => "->#",
            (true, false) => "-> ",
            (false, true) => "  #",
            (false, false) => "   ",
        };
        let source = line.checked_sub(1).and_then(|at| self.source.get(at));
        let source = source.map_or(&b"<out of range source code line>"[..], Vec::as_slice);
        let source = crate::convert::to_reply::until_nul(source);
        let text = [format!("{mark}{line:<3} ").as_bytes(), source].concat();
        self.note(text);
    }
}
