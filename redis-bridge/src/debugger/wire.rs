//! The user of the debugger behind a connection: lines go out as arrays of statuses,
//! commands come in as arrays of strings. What `redis-cli --ldb` speaks.

use std::io::{Read, Write};

use super::{Answer, Console, Hangup, Line};
use crate::compat::Compat;
use crate::convert::to_reply::until_nul;

/// More bytes of a command are not read.
const MAX_BUFFERED: usize = 1024 * 1024;
/// Arguments of a command.
const MAX_ARGS: usize = 1024;
/// Bytes of an argument.
const MAX_ARG_BYTES: usize = 1024;
/// Bytes of a value that are shown if the user has not said otherwise.
const SHOWN_BYTES: usize = 256;
/// The fewest bytes that can be asked for.
const MIN_SHOWN_BYTES: i64 = 60;

/// The arguments of a command, the first of which is its name.
type Command = Vec<Vec<u8>>;

/// A user behind a stream, which waits for what it reads.
#[derive(Debug)]
pub struct Wire<S> {
    stream: S,
    input: Vec<u8>,
    /// Bytes of a value that are shown; `None` for all.
    shown_bytes: Option<usize>,
    /// The user knows that values are cut, and what to do about it.
    knows: bool,
    compat: Compat,
}

impl<S: Read + Write> Wire<S> {
    /// A user who has sent nothing yet.
    pub fn new(stream: S, compat: Compat) -> Self {
        Self {
            stream,
            input: Vec::new(),
            shown_bytes: Some(SHOWN_BYTES),
            knows: false,
            compat,
        }
    }

    fn send(&mut self, lines: &[Vec<u8>]) {
        let mut out = format!("*{}\r\n", lines.len()).into_bytes();
        for line in lines {
            let space = |b: &u8| if matches!(b, b'\r' | b'\n') { b' ' } else { *b };
            out.push(b'+');
            out.extend(line.iter().map(space));
            out.extend_from_slice(b"\r\n");
        }
        // Whoever does not listen any more is noticed when nothing comes.
        let _ = self.stream.write_all(&out);
    }

    fn cut(&mut self, lines: Vec<Line>) -> Vec<Vec<u8>> {
        let mut texts = Vec::with_capacity(lines.len());
        for Line { text, may_be_cut } in lines {
            match self.shown_bytes.filter(|&n| may_be_cut && text.len() > n) {
                Some(shown) => {
                    texts.push([&text[..shown], b" ..."].concat());
                    if !std::mem::replace(&mut self.knows, true) {
                        let hint = "<hint> The above reply was trimmed. Use 'maxlen 0' to \
                                    disable trimming.";
                        texts.push(hint.into());
                    }
                }
                None => texts.push(text),
            }
        }
        texts
    }

    /// The next command.
    fn read(&mut self) -> Result<Command, Hangup> {
        loop {
            if let Some((args, end)) = parse(&self.input)? {
                self.input.drain(..end);
                return Ok(args);
            }
            if self.input.len() > MAX_BUFFERED {
                return Err(Hangup::Failed("max client buffer reached".to_owned()));
            }
            let mut chunk = [0; 1024];
            match self.stream.read(&mut chunk) {
                Ok(n @ 1..) => self.input.extend_from_slice(&chunk[..n]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                _ => return Err(Hangup::Gone),
            }
        }
    }

    /// `maxlen [len]`.
    fn maxlen(&mut self, args: &[&[u8]]) -> Vec<u8> {
        if let [_, len] = args {
            self.knows = true;
            let text = String::from_utf8_lossy(len);
            let digits = text
                .trim_start()
                .find(|c: char| !c.is_ascii_digit() && c != '-');
            let number = &text.trim_start()[..digits.unwrap_or(text.trim_start().len())];
            self.shown_bytes = match number.parse::<i64>().unwrap_or(0) {
                0 => None,
                len => usize::try_from(len.max(MIN_SHOWN_BYTES)).ok(),
            };
        }
        let text = match self.shown_bytes {
            Some(n) => format!("<value> replies are truncated at {n} bytes."),
            None => "<value> replies are unlimited.".to_owned(),
        };
        text.into_bytes()
    }
}

impl<S: Read + Write> Console for Wire<S> {
    fn show(&mut self, lines: Vec<Line>) {
        let texts = self.cut(lines);
        self.send(&texts);
    }

    fn converse(&mut self, execute: &mut dyn FnMut(&[&[u8]]) -> Answer) -> Result<(), Hangup> {
        loop {
            let args = self.read()?;
            let args: Vec<&[u8]> = args.iter().map(|arg| until_nul(arg)).collect();
            match &args[0].to_ascii_lowercase()[..] {
                b"h" | b"help" => self.send(&help(self.compat)),
                b"m" | b"maxlen" => {
                    let line = self.maxlen(&args);
                    self.send(&[line]);
                }
                _ => match execute(&args) {
                    Answer::Resume => return Ok(()),
                    Answer::Lines(lines) => self.show(lines),
                    Answer::Unknown => {
                        let name = self.compat.title();
                        let text = format!(
                            "<error> Unknown {name} Lua debugger command or wrong number of \
                             arguments."
                        );
                        self.send(&[text.into_bytes()]);
                    }
                },
            }
        }
    }
}

/// The command at the beginning of what was received, and where it ends; `None` if it is
/// not all there.
fn parse(input: &[u8]) -> Result<Option<(Command, usize)>, Hangup> {
    let broken = || Hangup::Failed("protocol error".to_owned());
    if input.is_empty() {
        return Ok(None);
    }
    let mut at = memchr::memchr(b'*', input).ok_or_else(broken)?;
    let Some(n_args) = number(input, &mut at, MAX_ARGS).map_err(|()| broken())? else {
        return Ok(None);
    };
    let mut args = Vec::with_capacity(n_args);
    while args.len() < n_args {
        match input.get(at) {
            None => return Ok(None),
            Some(b'$') => {}
            Some(_) => return Err(broken()),
        }
        let Some(len) = number(input, &mut at, MAX_ARG_BYTES).map_err(|()| broken())? else {
            return Ok(None);
        };
        let Some(end) = input.get(at + len..at + len + 2) else {
            return Ok(None);
        };
        if end != b"\r\n" {
            return Err(broken());
        }
        args.push(input[at..at + len].to_vec());
        at += len + 2;
    }
    Ok(Some((args, at)))
}

/// The number behind the mark at `at`, from 1 to `max`; `at` then is behind its line.
fn number(input: &[u8], at: &mut usize, max: usize) -> Result<Option<usize>, ()> {
    let line = &input[*at + 1..];
    let Some(end) = memchr::memmem::find(line, b"\r\n") else {
        return Ok(None);
    };
    let digits = line[..end].iter().take_while(|b| b.is_ascii_digit());
    let add = |sum: usize, digit: &u8| sum.saturating_mul(10).saturating_add((digit - b'0').into());
    let number = digits.fold(0, add);
    *at += 1 + end + 2;
    if (1..=max).contains(&number) {
        Ok(Some(number))
    } else {
        Err(())
    }
}

/// What `help` shows.
fn help(compat: Compat) -> Vec<Vec<u8>> {
    let (name, api, call) = if compat.is_valkey() {
        (
            "Valkey",
            "server",
            "[v]alkey <cmd>         Execute a Valkey command.",
        )
    } else {
        (
            "Redis",
            "redis",
            "[r]edis <cmd>        Execute a Redis command.",
        )
    };
    let text = format!(
        "\
{name} Lua debugger help:
[h]elp               Show this help.
[s]tep               Run current line and stop again.
[n]ext               Alias for step.
[c]ontinue           Run till next breakpoint.
[l]ist               List source code around current line.
[l]ist [line]        List source code around [line].
                     line = 0 means: current position.
[l]ist [line] [ctx]  In this form [ctx] specifies how many lines
                     to show before/after [line].
[w]hole              List all source code. Alias for 'list 1 1000000'.
[p]rint              Show all the local variables.
[p]rint <var>        Show the value of the specified variable.
                     Can also show global vars KEYS and ARGV.
[b]reak              Show all breakpoints.
[b]reak <line>       Add a breakpoint to the specified line.
[b]reak -<line>      Remove breakpoint from the specified line.
[b]reak 0            Remove all breakpoints.
[t]race              Show a backtrace.
[e]val <code>        Execute some Lua code (in a different callframe).
{call}
[m]axlen [len]       Trim logged {name} replies and Lua var dumps to len.
                     Specifying zero as <len> means unlimited.
[a]bort              Stop the execution of the script. In sync
                     mode dataset changes will be retained.

Debugger functions you can call from Lua scripts:
{api}.debug()        Produce logs in the debugger console.
{api}.breakpoint()   Stop execution like if there was a breakpoint in the
                     next line of code."
    );
    text.lines().map(|line| line.as_bytes().to_vec()).collect()
}
