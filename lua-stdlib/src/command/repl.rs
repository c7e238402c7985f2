//! The interactive mode of `lua`: reads chunks line by line and prints what they return.
//!
//! Owns prompts and the test for incomplete input. Errors are reported and the loop goes on.

use std::io::{self, BufRead, Write};

use lua_vm::Value;

use super::{Session, ShowResults};

/// Reads and runs chunks until standard input ends.
pub(super) fn run(session: &mut Session) {
    // The reference reports without the program's name here.
    let program = std::mem::take(&mut session.program);
    while let Some(source) = read_chunk(session) {
        if let Ok(chunk) = session.load(&source, b"=stdin") {
            let _ = session.call(&chunk, &[], ShowResults::Yes);
        }
    }
    let _ = crate::output::write(b"\n");
    session.program = program;
}

/// Lines that make a complete chunk, or one that cannot become complete.
fn read_chunk(session: &mut Session) -> Option<Vec<u8>> {
    let mut source = read_line(session, b"_PROMPT", b"> ")?;
    if let [b'=', expression @ ..] = source.as_slice() {
        source = [b"return ", expression].concat();
    }
    while is_incomplete(session, &source) {
        // At the end of input an unfinished chunk is dropped.
        let line = read_line(session, b"_PROMPT2", b">> ")?;
        source.push(b'\n');
        source.extend_from_slice(&line);
    }
    Some(source)
}

/// Whether more lines could complete `source`: the parser stopped at its end.
fn is_incomplete(session: &mut Session, source: &[u8]) -> bool {
    match session.vm.load(source, b"=stdin") {
        Ok(_) => false,
        Err(error) => error.message().ends_with(b"'<eof>'"),
    }
}

/// One line without its line break, after the prompt that the global `name` holds.
fn read_line(session: &mut Session, name: &[u8], default: &[u8]) -> Option<Vec<u8>> {
    let prompt = match session.vm.globals().get_bytes(name) {
        Value::String(prompt) => prompt.as_bytes().to_vec(),
        Value::Number(prompt) => lua_vm::format_number(prompt).as_bytes().to_vec(),
        _ => default.to_vec(),
    };
    let _ = crate::output::write(&prompt);
    let _ = crate::output::flush();
    let _ = io::stdout().flush();
    let mut line = Vec::new();
    if io::stdin().lock().read_until(b'\n', &mut line).ok()? == 0 {
        return None;
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Some(line)
}
