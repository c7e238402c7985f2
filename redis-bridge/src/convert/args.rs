//! Lua values as arguments of commands: strings as they are, numbers as text.

use lua_vm::{CallCx, Value};
use smallvec::SmallVec;

use crate::resp::number::{write_double, write_seventeen_digits};
use crate::script::wording::Wording;

/// Arguments of a call that has few of them need no allocation.
const INLINE: usize = 8;

/// A number as text; the longest has 24 bytes.
pub(crate) type NumberText = SmallVec<[u8; 32]>;

/// Something among the arguments that is neither a string nor a number.
#[derive(Debug)]
pub(crate) struct BadArgument;

/// Calls `body` with the arguments of the running native from `first` on.
///
/// # Errors
///
/// [`BadArgument`], and then `body` was not called.
pub(crate) fn with_args<R>(
    cx: &CallCx<'_>,
    first: usize,
    wording: &Wording,
    body: impl FnOnce(&[&[u8]]) -> R,
) -> Result<R, BadArgument> {
    let mut texts: SmallVec<[NumberText; INLINE]> = SmallVec::new();
    for i in first..=cx.arg_count() {
        match cx.arg(i) {
            Value::Number(number) => texts.push(number_text(number, wording)),
            Value::String(_) => {}
            _ => return Err(BadArgument),
        }
    }
    let mut numbers = texts.iter();
    let args: SmallVec<[&[u8]; INLINE]> = (first..=cx.arg_count())
        .map(|i| match cx.arg(i) {
            Value::String(text) => text.as_bytes(),
            _ => numbers.next().map_or(&[][..], |text| text),
        })
        .collect();
    Ok(body(&args))
}

/// A number as commands get it.
pub(crate) fn number_text(number: f64, wording: &Wording) -> NumberText {
    /// Whole numbers up to here are written out.
    const MAX_WHOLE: f64 = (1_i64 << 62) as f64;
    if !wording.shortest_numbers {
        let mut text = Vec::with_capacity(32);
        write_seventeen_digits(&mut text, number);
        return NumberText::from_vec(text);
    }
    if number.fract() == 0.0 && number.abs() <= MAX_WHOLE {
        return NumberText::from_slice(itoa::Buffer::new().format(number as i64).as_bytes());
    }
    let mut text = Vec::with_capacity(32);
    write_double(&mut text, number);
    NumberText::from_vec(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::Compat;

    fn check(number: f64, shortest: &str, seventeen: &str) {
        let text = |compat| {
            let text = number_text(number, Wording::of(compat));
            String::from_utf8_lossy(&text).into_owned()
        };
        assert_eq!(text(Compat::Valkey91), shortest);
        assert_eq!(text(Compat::Redis70), seventeen);
    }

    #[test]
    fn numbers_as_arguments() {
        check(3.0, "3", "3");
        check(-0.0, "0", "-0");
        check(1e15, "1000000000000000", "1000000000000000");
        check(1e17, "100000000000000000", "1e+17");
        check(1e19, "1e+19", "1e+19");
        check(0.1, "0.1", "0.10000000000000001");
        check(-1.5e-7, "-1.5e-7", "-1.4999999999999999e-07");
        check(0.00001, "0.00001", "1.0000000000000001e-05");
        check(0.5, "0.5", "0.5");
        check(12.25, "12.25", "12.25");
        check(f64::INFINITY, "inf", "inf");
        check(f64::NAN.copysign(-1.0), "-nan", "-nan");
    }
}
