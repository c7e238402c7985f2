//! What the user of the debugger can say while a script is stopped.

use lua_vm::{Builtin, CallCx, Level, LuaError, Results, Value};

use super::hook::SCRIPT;
use super::{Answer, Line, MAX_BREAKPOINTS, Session, State, values};

/// What a slot without a name is called.
const TEMPORARY: &[u8] = b"(*temporary)";

/// Carries out a command, called from the hook. Level 1 is the script's.
///
/// # Errors
///
/// The script is to stop for good: a limit was reached.
pub(super) fn execute(
    cx: &mut CallCx<'_>,
    session: &Session,
    args: &[&[u8]],
) -> Result<Answer, LuaError> {
    let name = args
        .first()
        .map_or(Vec::new(), |name| name.to_ascii_lowercase());
    let is_valkey = session.with_state(|state| state.compat.is_valkey());
    match &name[..] {
        b"s" | b"step" | b"n" | b"next" => {
            session.with_state(|state| state.is_stepping = true);
            return Ok(Answer::Resume);
        }
        b"c" | b"continue" => return Ok(Answer::Resume),
        b"a" | b"abort" => {
            session.with_state(|state| state.is_aborted = true);
            return Ok(Answer::Resume);
        }
        b"l" | b"list" => session.with_state(|state| state.list_asked(&args[1..])),
        b"w" | b"whole" => session.with_state(|state| state.list(1, usize::MAX)),
        b"b" | b"break" => session.with_state(|state| state.break_at(&args[1..])),
        b"p" | b"print" => match args {
            [_, name] => print(cx, session, name)?,
            _ => print_all(cx, session)?,
        },
        b"t" | b"trace" => trace(cx, session)?,
        b"e" | b"eval" => eval(cx, session, &args[1..].join(&b' '))?,
        b"r" | b"redis" if args.len() > 1 => command(cx, session, &args[1..])?,
        b"v" | b"valkey" | b"server" if is_valkey && args.len() > 1 => {
            command(cx, session, &args[1..])?;
        }
        _ => return Ok(Answer::Unknown),
    }
    Ok(Answer::Lines(session.with_state(State::take_log)))
}

/// The number that C's `atoi` sees at the beginning of a text.
fn leading_number(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    let digits = digits.iter().take_while(|b| b.is_ascii_digit());
    let add = |sum: i64, digit: &u8| sum.saturating_mul(10).saturating_add((digit - b'0').into());
    sign * digits.fold(0, add)
}

impl State {
    /// `list [line] [ctx]`.
    fn list_asked(&mut self, args: &[&[u8]]) {
        const CONTEXT: i64 = 5;
        let asked = args.first().map_or(0, |line| leading_number(line));
        let around = usize::try_from(asked).ok().filter(|&line| line > 0);
        let context = args.get(1).map_or(CONTEXT, |text| leading_number(text));
        if let Ok(context) = usize::try_from(context) {
            self.list(around.unwrap_or(self.line), context);
        }
    }

    /// Notes the lines at most `context` away from one.
    fn list(&mut self, around: usize, context: usize) {
        for line in 1..=self.source.len() {
            if around == 0 || around.abs_diff(line) <= context {
                self.note_source(line);
            }
        }
    }

    /// `break [line|-line|0] ...`.
    fn break_at(&mut self, args: &[&[u8]]) {
        if args.is_empty() {
            return self.list_breakpoints();
        }
        for arg in args {
            match crate::commands::args::int(arg) {
                Err(_) => self.note([b"Invalid argument:'", *arg, b"'"].concat()),
                Ok(0) => {
                    self.breakpoints.clear();
                    self.note("All breakpoints removed.");
                }
                Ok(line @ 1..) => self.add_breakpoint(usize::try_from(line).unwrap_or(usize::MAX)),
                Ok(line) => {
                    let line = usize::try_from(line.unsigned_abs()).unwrap_or(usize::MAX);
                    let known = self.breakpoints.len();
                    self.breakpoints.retain(|&other| other != line);
                    self.note(if self.breakpoints.len() < known {
                        "Breakpoint removed."
                    } else {
                        "No breakpoint in the specified line."
                    });
                }
            }
        }
    }

    fn list_breakpoints(&mut self) {
        if self.breakpoints.is_empty() {
            return self.note("No breakpoints set. Use 'b <line>' to add one.");
        }
        self.note(format!("{} breakpoints set:", self.breakpoints.len()));
        for line in self.breakpoints.clone() {
            self.note_source(line);
        }
    }

    fn add_breakpoint(&mut self, line: usize) {
        if self.breakpoints.len() == MAX_BREAKPOINTS {
            self.note("Too many breakpoints set.");
        } else if line > self.source.len() || self.is_breakpoint(line) {
            self.note("Wrong line number.");
        } else {
            self.breakpoints.push(line);
            self.list(line, 1);
        }
    }

    fn note_value(&mut self, intro: &[u8], value: Value<'_>) {
        let mut text = intro.to_vec();
        values::write_value(&mut text, value, self.compat);
        self.log.push(Line {
            text,
            may_be_cut: true,
        });
    }
}

/// The levels of the running coroutine, without that of the hook.
fn levels<'c>(cx: &'c CallCx<'_>) -> impl Iterator<Item = Level<'c>> {
    (1..).map_while(|level| cx.level(None, level).ok().flatten())
}

/// The local variables and temporaries of a level.
fn locals<'v>(level: Level<'v>) -> impl Iterator<Item = (&'v [u8], Value<'v>)> {
    (1..).map_while(move |n| level.local(n))
}

/// `print name`: the first variable of that name, innermost level first.
fn print(cx: &CallCx<'_>, session: &Session, name: &[u8]) -> Result<(), LuaError> {
    let found = levels(cx)
        .flat_map(locals)
        .find(|(other, _)| *other == name)
        .map(|(_, value)| value);
    let is_global = matches!(name, b"KEYS" | b"ARGV");
    let found = found.or_else(|| is_global.then(|| cx.globals().get_bytes(name)));
    session.with_state(|state| match found {
        Some(value) => state.note_value(b"<value> ", value),
        None => state.note("No such variable."),
    });
    Ok(())
}

/// `print`: all variables of the innermost level.
fn print_all(cx: &CallCx<'_>, session: &Session) -> Result<(), LuaError> {
    let level = levels(cx).next();
    session.with_state(|state| {
        let mut has_any = false;
        for (name, value) in level.into_iter().flat_map(locals) {
            if name != TEMPORARY {
                state.note_value(&[b"<value> ", name, b" = "].concat(), value);
                has_any = true;
            }
        }
        if !has_any {
            state.note("No local variables in the current context.");
        }
    });
    Ok(())
}

/// `trace`: the functions of the script that are running, innermost first.
fn trace(cx: &CallCx<'_>, session: &Session) -> Result<(), LuaError> {
    for (at, level) in levels(cx).enumerate() {
        let function = level.function();
        if function.and_then(lua_vm::Function::source) != Some(SCRIPT) {
            continue;
        }
        let name = level.name().map_or(b"top level".to_vec(), |(_, name)| name);
        let intro: &[u8] = if at == 0 { b"In " } else { b"From " };
        session.with_state(|state| {
            state.note([intro, &name, b":"].concat());
            state.note_source(level.current_line().unwrap_or(0) as usize);
        });
    }
    Ok(())
}

/// `eval code`: an expression, or else a statement, which sees globals only.
fn eval(cx: &mut CallCx<'_>, session: &Session, code: &[u8]) -> Result<(), LuaError> {
    const CHUNK: &[u8] = b"@ldb_eval";
    let top = cx.top();
    let expression = [b"return ", code].concat();
    // Under `pcall` errors stay what they are: the script's own handler is not asked.
    cx.push(Value::Function(cx.builtin(Builtin::Pcall)));
    let compiled = cx
        .load(&expression, CHUNK)
        .or_else(|_| cx.load(code, CHUNK))
        .map(|function| cx.push(Value::Function(function)));
    if let Err(error) = compiled {
        let is_valkey = session.with_state(|state| state.compat.is_valkey());
        let intro: &[u8] = if is_valkey {
            b"Error compiling code: "
        } else {
            b"<error> "
        };
        session.note([intro, &error.message()[..]].concat());
        return cx.set_top(top);
    }
    cx.call(1, Results::Exactly(2))?;
    let value = cx.value(-1);
    session.with_state(|state| {
        if cx.value(-2).truthy() {
            state.note_value(b"<retval> ", value);
        } else {
            state.note([b"<error> ", &values::error_text(value)[..]].concat());
        }
    });
    cx.set_top(top)
}

/// `redis command ...`: a command as the script would call it.
fn command(cx: &mut CallCx<'_>, session: &Session, args: &[&[u8]]) -> Result<(), LuaError> {
    let top = cx.top();
    let api = cx.globals().get_bytes(b"redis").as_table();
    let call = api.map_or(Value::Nil, |api| api.get_bytes(b"pcall"));
    cx.push(call);
    for arg in args {
        cx.push_bytes(arg)?;
    }
    // What is called is shown as if the user went line by line.
    session.with_state(|state| state.is_stepping = true);
    let outcome = cx.try_call(args.len(), Results::Exactly(1));
    session.with_state(|state| state.is_stepping = false);
    // An error has been shown already.
    let _ = outcome?;
    cx.set_top(top)
}
