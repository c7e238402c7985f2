//! The streams that are open on this thread, so that `os.exit` can write what they buffer: C's
//! `exit` does, although it runs no finalizers.
//!
//! Owns the list. A stream belongs to its file value; the list only looks at it.

use std::cell::RefCell;
use std::io;
use std::rc::{Rc, Weak};

use super::file::Stream;

/// A stream as its file value holds it.
pub(super) type Shared = Rc<RefCell<Stream>>;

thread_local! {
    static OPEN: RefCell<Vec<Weak<RefCell<Stream>>>> = const { RefCell::new(Vec::new()) };
}

/// `stream` for a file value; from now on it is listed.
pub(super) fn share(stream: Stream) -> Shared {
    let shared = Rc::new(RefCell::new(stream));
    OPEN.with_borrow_mut(|open| {
        // Look for closed streams only when the list would grow: each is looked at a few times.
        if open.len() == open.capacity() {
            open.retain(|stream| stream.strong_count() > 0);
        }
        open.push(Rc::downgrade(&shared));
    });
    shared
}

/// Closes a stream that its file value has given up.
pub(super) fn close(stream: Shared) -> io::Result<()> {
    match Rc::try_unwrap(stream) {
        Ok(stream) => stream.into_inner().close(),
        // `flush_all` holds it, and the process ends.
        Err(_) => Ok(()),
    }
}

/// Writes what all open streams buffer. Failures are lost, as at C's `exit`.
pub(crate) fn flush_all() {
    OPEN.with_borrow(|open| {
        for stream in open.iter().filter_map(Weak::upgrade) {
            // One that is in use belongs to a call that never returns.
            if let Ok(mut stream) = stream.try_borrow_mut() {
                let _ = stream.flush();
            }
        }
    });
}
