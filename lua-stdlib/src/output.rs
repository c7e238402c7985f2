//! Where `print` writes: one sink per thread, standard output unless changed.
//!
//! Owns the sink and its buffering. As C's `stdout`, it is buffered by line on a terminal and
//! by block otherwise.

use std::cell::{Cell, RefCell};
use std::io::{self, BufWriter, IsTerminal, LineWriter, Write};

thread_local! {
    static SINK: RefCell<Box<dyn Write>> = RefCell::new(standard());
    static UNBUFFERED: Cell<bool> = const { Cell::new(false) };
}

/// Size of the block buffer, in bytes.
const BLOCK: usize = 32 * 1024;

fn standard() -> Box<dyn Write> {
    buffered(io::stdout(), io::stdout().is_terminal())
}

/// `sink` with the buffering that C gives to `stdout`.
pub fn buffered(sink: impl Write + 'static, is_terminal: bool) -> Box<dyn Write> {
    if is_terminal {
        Box::new(LineWriter::new(sink))
    } else {
        Box::new(BufWriter::with_capacity(BLOCK, sink))
    }
}

/// Sends what this thread's scripts print to `sink` from now on. What the old one still
/// buffers is written first.
pub fn redirect(sink: Box<dyn Write>) {
    let mut old = SINK.replace(sink);
    let _ = old.flush();
}

/// Writes `bytes` to the sink.
pub fn write(bytes: &[u8]) -> io::Result<()> {
    SINK.with_borrow_mut(|sink| {
        sink.write_all(bytes)?;
        if UNBUFFERED.get() {
            sink.flush()
        } else {
            Ok(())
        }
    })
}

/// Hands everything buffered to the sink's destination.
pub fn flush() -> io::Result<()> {
    SINK.with_borrow_mut(|sink| sink.flush())
}

/// Whether every write is handed on at once (`io.stdout:setvbuf("no")`).
pub(crate) fn set_unbuffered(unbuffered: bool) {
    UNBUFFERED.set(unbuffered);
}
