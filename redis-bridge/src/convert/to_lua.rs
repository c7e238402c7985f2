//! Replies of commands as Lua values: a receiver that builds them on the stack of the
//! native that called.

use lua_vm::{CallCx, LuaError, Table, Value};
use smallvec::SmallVec;

use crate::reply::{Protocol, ReplySink};

/// Replies nested deeper than this are refused.
const MAX_DEPTH: usize = 250;

/// An aggregate whose parts are still to come; its table is on the stack.
#[derive(Debug)]
struct Open {
    shape: Shape,
    /// Parts to come; keys and values of a map are two.
    left: usize,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    /// The next index.
    List(i64),
    /// Whether a key lies above the table.
    Map {
        has_key: bool,
    },
    Set,
}

/// Receives one reply and leaves it on the stack as a Lua value.
pub(crate) struct ValueBuilder<'c, 'a> {
    cx: &'c CallCx<'a>,
    protocol: Protocol,
    open: SmallVec<[Open; 4]>,
    /// The value, or the table that will be it, is on the stack.
    has_started: bool,
    is_error: bool,
    failure: Option<LuaError>,
}

impl<'c, 'a> ValueBuilder<'c, 'a> {
    /// A receiver that shapes values for scripts that chose this protocol.
    pub(crate) fn new(cx: &'c CallCx<'a>, protocol: Protocol) -> Self {
        Self {
            cx,
            protocol,
            open: SmallVec::new(),
            has_started: false,
            is_error: false,
            failure: None,
        }
    }

    /// Ends the reply, whose value is now the last one on the stack: is it an error?
    ///
    /// # Errors
    ///
    /// The memory limit; a reply nested too deeply.
    pub(crate) fn finish(mut self) -> Result<bool, LuaError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        // A host that broke off leaves aggregates open.
        while let Some(open) = self.open.pop() {
            self.cx
                .pop(1 + usize::from(matches!(open.shape, Shape::Map { has_key: true })));
        }
        if !self.has_started {
            self.cx.push_bool(false);
        }
        Ok(self.is_error)
    }

    fn is_resp3(&self) -> bool {
        self.protocol == Protocol::Resp3
    }

    fn attempt(&mut self, step: impl FnOnce(&mut Self) -> Result<(), LuaError>) {
        if self.failure.is_none()
            && let Err(failure) = step(self)
        {
            self.failure = Some(failure);
        }
    }

    /// Puts a finished value, or a table that will be filled, where it belongs.
    fn place(&mut self, value: Value<'_>) -> Result<(), LuaError> {
        let Some(open) = self.open.last_mut() else {
            self.has_started = true;
            self.cx.push(value);
            return Ok(());
        };
        open.left -= 1;
        match &mut open.shape {
            Shape::List(next) => {
                let index = *next;
                *next += 1;
                if !value.is_nil()
                    && let Value::Table(table) = self.cx.value(-1)
                {
                    table.set_index(index, value)?;
                }
            }
            Shape::Map {
                has_key: has_key @ false,
            } => {
                *has_key = true;
                self.cx.push(value);
            }
            Shape::Map { has_key } => {
                *has_key = false;
                if let Value::Table(table) = self.cx.value(-2) {
                    insert(table, self.cx.value(-1), value)?;
                }
                self.cx.pop(1);
            }
            Shape::Set => {
                if let Value::Table(table) = self.cx.value(-1) {
                    insert(table, value, Value::Boolean(true))?;
                }
            }
        }
        Ok(())
    }

    /// Leaves the aggregates that are complete.
    fn close(&mut self) {
        while self.open.last().is_some_and(|open| open.left == 0) {
            self.open.pop();
            self.cx.pop(1);
        }
    }

    fn leaf(&mut self, value: Value<'_>) {
        self.attempt(|this| {
            this.place(value)?;
            this.close();
            Ok(())
        });
    }

    fn text(&mut self, bytes: &[u8]) {
        self.attempt(|this| {
            let cx = this.cx;
            this.place(Value::String(cx.new_string(bytes)?))?;
            this.close();
            Ok(())
        });
    }

    /// `{ [field] = text }`.
    fn field(&mut self, field: &[u8], text: &[u8]) {
        self.attempt(|this| {
            let cx = this.cx;
            let table = cx.new_table(0, 1)?;
            table.set_bytes(field, Value::String(cx.new_string(text)?))?;
            this.place(Value::Table(table))?;
            this.close();
            Ok(())
        });
    }

    /// Begins an aggregate of `len` parts; `field` names its only field if it is not
    /// the value itself.
    fn begin(&mut self, shape: Shape, len: usize, field: Option<&[u8]>) {
        self.attempt(|this| {
            let cx = this.cx;
            if this.open.len() >= MAX_DEPTH {
                return Err(cx.error("reply nested too deeply"));
            }
            cx.ensure_stack(3)?;
            let table = match shape {
                Shape::List(_) => cx.new_table(len, 0)?,
                Shape::Map { .. } => cx.new_table(0, len / 2)?,
                Shape::Set => cx.new_table(0, len)?,
            };
            match field {
                Some(field) => {
                    let outer = cx.new_table(0, 1)?;
                    outer.set_bytes(field, Value::Table(table))?;
                    this.place(Value::Table(outer))?;
                }
                None => this.place(Value::Table(table))?,
            }
            cx.push(Value::Table(table));
            this.open.push(Open { shape, left: len });
            this.close();
            Ok(())
        });
    }
}

/// Adds an entry, unless its key can be none.
fn insert(table: Table<'_>, key: Value<'_>, value: Value<'_>) -> Result<(), LuaError> {
    match key {
        Value::Nil => Ok(()),
        Value::Number(n) if n.is_nan() => Ok(()),
        _ => table.set(key, value),
    }
}

impl ReplySink for ValueBuilder<'_, '_> {
    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn status(&mut self, text: &[u8]) {
        self.field(b"ok", text);
    }

    fn error(&mut self, text: &[u8]) {
        self.is_error |= self.open.is_empty();
        self.attempt(|this| {
            let cx = this.cx;
            let table = error_table(cx, text)?;
            table.set_bytes(COUNTED, Value::Boolean(true))?;
            this.place(Value::Table(table))?;
            this.close();
            Ok(())
        });
    }

    #[allow(clippy::cast_precision_loss)] // that is what scripts get
    fn integer(&mut self, value: i64) {
        self.leaf(Value::Number(value as f64));
    }

    fn bulk(&mut self, bytes: &[u8]) {
        self.text(bytes);
    }

    fn null(&mut self) {
        let null = if self.is_resp3() {
            Value::Nil
        } else {
            Value::Boolean(false)
        };
        self.leaf(null);
    }

    fn null_array(&mut self) {
        self.null();
    }

    fn array(&mut self, len: usize) {
        self.begin(Shape::List(1), len, None);
    }

    fn map(&mut self, pairs: usize) {
        let len = pairs.saturating_mul(2);
        if self.is_resp3() {
            self.begin(Shape::Map { has_key: false }, len, Some(b"map"));
        } else {
            self.array(len);
        }
    }

    fn set(&mut self, len: usize) {
        if self.is_resp3() {
            self.begin(Shape::Set, len, Some(b"set"));
        } else {
            self.array(len);
        }
    }

    fn double(&mut self, value: f64) {
        if !self.is_resp3() {
            let mut text = Vec::new();
            crate::resp::number::write_double(&mut text, value);
            return self.text(&text);
        }
        self.attempt(|this| {
            let table = this.cx.new_table(0, 1)?;
            table.set_bytes(b"double", Value::Number(value))?;
            this.place(Value::Table(table))?;
            this.close();
            Ok(())
        });
    }

    fn boolean(&mut self, value: bool) {
        let value = if self.is_resp3() {
            Value::Boolean(value)
        } else {
            Value::Number(f64::from(u8::from(value)))
        };
        self.leaf(value);
    }

    fn big_number(&mut self, digits: &[u8]) {
        if self.is_resp3() {
            self.field(b"big_number", digits);
        } else {
            self.text(digits);
        }
    }

    fn verbatim(&mut self, format: [u8; 3], text: &[u8]) {
        if !self.is_resp3() {
            return self.text(text);
        }
        self.attempt(|this| {
            let cx = this.cx;
            let inner = cx.new_table(0, 2)?;
            inner.set_bytes(b"string", Value::String(cx.new_string(text)?))?;
            inner.set_bytes(b"format", Value::String(cx.new_string(&format)?))?;
            let outer = cx.new_table(0, 1)?;
            outer.set_bytes(b"verbatim_string", Value::Table(inner))?;
            this.place(Value::Table(outer))?;
            this.close();
            Ok(())
        });
    }

    fn push(&mut self, len: usize) {
        self.array(len);
    }
}

/// The field of an error table that says that the error has been counted.
pub(crate) const COUNTED: &[u8] = b"ignore_error_stats_update";

/// `{ err = text }`.
///
/// # Errors
///
/// The memory limit.
pub(crate) fn error_table<'c>(cx: &'c CallCx<'_>, text: &[u8]) -> Result<Table<'c>, LuaError> {
    let table = cx.new_table(0, 2)?;
    table.set_bytes(b"err", Value::String(cx.new_string(text)?))?;
    Ok(table)
}
