//! The interactive mode of `lua`: reads chunks line by line and prints what they return.
//!
//! Owns prompts, the test for incomplete input, and lines that come from no terminal. Errors
//! are reported and the loop goes on. `edit` reads lines from people.

use std::io::{self, BufRead, IsTerminal};

use lua_vm::{Root, Value};

use super::call::ShowResults;
use super::edit::Edited;
use super::{Reported, Session};
use crate::output;

/// What a source of lines has to say.
pub(super) enum Line {
    /// A line without its line break; several lines if they were pasted or recalled.
    Text(Vec<u8>),
    /// Ctrl-C: what has been typed is to be forgotten.
    Dropped,
    /// Ctrl-D, or the end of the input.
    End,
}

/// Where lines come from. It holds the session between two chunks.
pub(super) trait Lines {
    fn session(&mut self) -> &mut Session;

    /// Reads a line after showing `prompt`.
    fn read(&mut self, prompt: &[u8]) -> Line;

    /// Remembers a chunk as it was typed.
    fn remember(&mut self, _typed: &[u8]) {}
}

/// Reads and runs chunks until the input ends.
pub(super) fn run(session: &mut Session) {
    // The reference reports without the program's name here, and nothing comes after.
    session.program.clear();
    let is_talk = io::stdin().is_terminal() && io::stdout().is_terminal();
    let plain = if is_talk {
        match Edited::new(session) {
            Ok(mut lines) => {
                run_chunks(&mut lines);
                None
            }
            Err(session) => Some(session),
        }
    } else {
        Some(session)
    };
    if let Some(session) = plain {
        run_chunks(&mut Plain { session });
        // At a terminal the editor has ended its line.
        let _ = output::write(b"\n");
    }
}

fn run_chunks(lines: &mut dyn Lines) {
    while let Some(loaded) = read_chunk(lines) {
        if let Ok(chunk) = loaded {
            let _ = lines.session().call(&chunk, &[], ShowResults::Yes);
        }
    }
}

/// Lines that make a complete chunk, loaded, or one that cannot become complete, reported;
/// `None` at the end of the input, whatever was begun.
fn read_chunk(lines: &mut dyn Lines) -> Option<Result<Root, Reported>> {
    let mut typed = Vec::new();
    loop {
        let prompt = match typed.is_empty() {
            true => prompt(lines.session(), b"_PROMPT", b"> "),
            false => prompt(lines.session(), b"_PROMPT2", b">> "),
        };
        match lines.read(&prompt) {
            Line::End => return None,
            Line::Dropped => {
                typed.clear();
                continue;
            }
            Line::Text(line) => typed.extend_from_slice(&line),
        }
        let source = match typed.as_slice() {
            [b'=', expression @ ..] => [b"return ", expression].concat(),
            chunk => chunk.to_vec(),
        };
        let session = lines.session();
        let loaded = match session.try_load(&source, b"=stdin") {
            Ok(chunk) => Ok(chunk),
            // More lines could complete it: the parser stopped at its end.
            Err(message) if message.ends_with(b"'<eof>'") => {
                typed.push(b'\n');
                continue;
            }
            Err(message) => Err(session.report(&message)),
        };
        lines.remember(&typed);
        return Some(loaded);
    }
}

/// The prompt that the global `name` holds.
fn prompt(session: &Session, name: &[u8], default: &[u8]) -> Vec<u8> {
    match session.vm.globals().get_bytes(name) {
        Value::String(prompt) => prompt.as_bytes().to_vec(),
        Value::Number(number) => lua_vm::format_number(number).as_bytes().to_vec(),
        _ => default.to_vec(),
    }
}

/// Lines of a file or a pipe. Prompt and line are shown, as the reference's line editor does,
/// so that the output reads like a session.
struct Plain<'s> {
    session: &'s mut Session,
}

impl Lines for Plain<'_> {
    fn session(&mut self) -> &mut Session {
        self.session
    }

    fn read(&mut self, prompt: &[u8]) -> Line {
        let _ = output::write(prompt);
        let _ = output::flush();
        let mut line = Vec::new();
        match io::stdin().lock().read_until(b'\n', &mut line) {
            Ok(1..) => {}
            _ => return Line::End,
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        // A terminal shows by itself what is typed.
        if !io::stdin().is_terminal() {
            let _ = output::write(&line);
            let _ = output::write(b"\n");
            let _ = output::flush();
        }
        Line::Text(line)
    }
}
