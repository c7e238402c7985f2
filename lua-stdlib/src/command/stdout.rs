//! The command's standard output.
//!
//! Owns what happens when nobody reads it, and knows whether the last line has ended: the
//! prompt needs a line of its own.

use std::cell::Cell;
use std::io::{self, Write};
use std::rc::Rc;

/// Exit code of a process that wrote to a closed pipe: what a shell shows for `SIGPIPE`.
const CLOSED_PIPE: i32 = 128 + 13;

/// Whether everything written so far ends in a line break. It counts what has left the
/// buffers.
#[derive(Clone, Debug)]
pub(super) struct LineStart(Rc<Cell<bool>>);

impl LineStart {
    /// True also before anything is written.
    pub(super) fn is_reached(&self) -> bool {
        self.0.get()
    }
}

/// Standard output that ends the process when nobody reads it any more, as `SIGPIPE` would.
pub(super) struct Stdout {
    inner: io::Stdout,
    at_line_start: LineStart,
}

impl Stdout {
    pub(super) fn new() -> (Stdout, LineStart) {
        let at_line_start = LineStart(Rc::new(Cell::new(true)));
        let stdout = Stdout {
            inner: io::stdout(),
            at_line_start: at_line_start.clone(),
        };
        (stdout, at_line_start)
    }
}

fn check<T>(result: io::Result<T>) -> io::Result<T> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(CLOSED_PIPE),
        result => result,
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = check(self.inner.write(bytes))?;
        if let Some(last) = bytes[..written].last() {
            self.at_line_start.0.set(*last == b'\n');
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        check(self.inner.flush())
    }
}
