//! A receiver of replies that passes them on and keeps their encoding, for the debugger
//! to show.

use crate::reply::{Protocol, ReplySink};
use crate::resp::write::RespWriter;

/// Passes replies on.
pub(crate) struct Tee<'a> {
    sink: &'a mut dyn ReplySink,
    copy: RespWriter<'a>,
}

impl<'a> Tee<'a> {
    /// Keeps the encoding in `copy`.
    pub(crate) fn new(sink: &'a mut dyn ReplySink, copy: &'a mut Vec<u8>) -> Self {
        let protocol = sink.protocol();
        Self {
            sink,
            copy: RespWriter::new(copy, protocol),
        }
    }
}

/// Methods that go to both.
macro_rules! both {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {
        $(fn $name(&mut self $(, $arg: $type)*) {
            self.copy.$name($($arg),*);
            self.sink.$name($($arg),*);
        })*
    };
}

impl ReplySink for Tee<'_> {
    fn protocol(&self) -> Protocol {
        self.sink.protocol()
    }

    both! {
        status(text: &[u8]);
        error(text: &[u8]);
        integer(value: i64);
        bulk(bytes: &[u8]);
        null();
        null_array();
        array(len: usize);
        map(pairs: usize);
        set(len: usize);
        double(value: f64);
        boolean(value: bool);
        big_number(digits: &[u8]);
        verbatim(format: [u8; 3], text: &[u8]);
        push(len: usize);
    }
}
