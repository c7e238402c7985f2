//! The prompt of `lua` at a pseudo-terminal: what keys do, and what the screen shows then.

#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

/// Only a hang takes that long.
const HANG_MILLIS: u64 = 60_000;

/// What the editor sends last when it has drawn the prompt, or changed the line.
const READY: &str = "\x1b[?2026l";

/// What it sends when a line has been taken or dropped.
const LEFT: &str = "\x1b[?2004l\r\n";

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const UP: &str = "\x1b[A";
const ENTER: &str = "\r";

fn start(history: &Path) -> PtySession {
    let mut lua = Command::new(env!("CARGO_BIN_EXE_lua"));
    lua.env("TERM", "xterm")
        .env("LUA_HISTORY", history)
        .env_remove("LUA_INIT");
    let mut terminal = spawn_command(lua, Some(HANG_MILLIS)).unwrap();
    terminal.exp_string("Ferrous Lua").unwrap();
    terminal.exp_string(READY).unwrap();
    terminal
}

/// Sends keys and waits for the screen to show each text, in turn; then ends the session.
fn check_with(history: &Path, steps: &[(&str, &str)]) {
    let mut terminal = start(history);
    for (keys, shown) in steps {
        terminal.send(keys).unwrap();
        terminal.flush().unwrap();
        if let Err(error) = terminal.exp_string(shown) {
            panic!("{keys:?}: {error}");
        }
    }
    terminal.send(CTRL_D).unwrap();
    terminal.flush().unwrap();
    terminal.exp_eof().unwrap();
    let ending = format!("{:?}", terminal.process().wait().unwrap());
    assert!(
        ending.starts_with("Exited(") && ending.ends_with(", 0)"),
        "{ending}"
    );
}

fn check(steps: &[(&str, &str)]) {
    check_with(Path::new(""), steps);
}

/// A path for a history file of the test `name`, without a file.
fn history_file(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("history-{name}"));
    let _ = std::fs::remove_file(&path);
    path
}

#[test]
fn chunks_and_continuations() {
    check(&[
        ("=1 + 1\r", "\n2\r\n"),
        ("", READY),
        ("return nil, 'two'\r", "\nnil\ttwo\r\n"),
        ("", READY),
        ("for i = 1, 2 do\r", ">> "),
        ("", READY),
        ("print(-i)\r", ">> "),
        ("", READY),
        ("end\r", "\n-1\r\n-2\r\n"),
        ("", READY),
        ("x = = 1\r", "\nstdin:1: unexpected symbol near '='\r\n"),
        ("", READY),
        ("_PROMPT, _PROMPT2 = 'lua: ', '...: '\r", "lua: "),
        ("", READY),
        ("(\r", "...: "),
        ("", READY),
        ("print)('yes')\r", "\nyes\r\n"),
        ("", READY),
    ]);
}

#[test]
fn interrupts() {
    check(&[
        // At the prompt the line is dropped, and with it what it continues.
        ("dropped = 1", "= 1"),
        (CTRL_C, LEFT),
        ("", READY),
        ("=dropped\r", "\nnil\r\n"),
        ("", READY),
        ("dropped = {\r", ">> "),
        ("", READY),
        (CTRL_C, LEFT),
        ("", READY),
        ("=dropped\r", "\nnil\r\n"),
        ("", READY),
        // A running chunk gets an error.
        (
            "print('run' .. 'ning') while true do end\r",
            "\nrunning\r\n",
        ),
        (
            CTRL_C,
            "interrupted!\r\nstack traceback:\r\n\tstdin:1: in main chunk\r\n\t[C]: ?\r\n",
        ),
        ("", READY),
        (
            "function spin() print('spin' .. 'ning') while true do end end\r",
            READY,
        ),
        ("=pcall(spin)\r", "\nspinning\r\n"),
        (CTRL_C, "false\tinterrupted!\r\n"),
        ("", READY),
        // So does a coroutine, and a native that works for long.
        (
            "=coroutine.resume(coroutine.create(spin))\r",
            "\nspinning\r\n",
        ),
        (CTRL_C, "false\t"),
        ("", "interrupted!\r\n"),
        ("", READY),
        (
            "print('match' .. 'ing') s = ('a'):rep(1e6) s:find('.-.-.-.-b')\r",
            "\nmatching\r\n",
        ),
        (CTRL_C, "interrupted!\r\n"),
        ("", "[C]: in function 'find'"),
        ("", READY),
        ("=1\r", "\n1\r\n"),
        ("", READY),
    ]);
}

#[test]
fn completion() {
    check(&[
        ("=collectg\t", "arbage"),
        ("('count') > 0\r", "\ntrue\r\n"),
        ("", READY),
        ("shape = { width = 3 }\r", READY),
        ("=shape.w\t", "idth"),
        (ENTER, "\n3\r\n"),
        ("", READY),
        ("string.re\t\t", "rep      reverse"),
        (CTRL_C, LEFT),
        ("", READY),
    ]);
}

#[test]
fn scripts_may_leave_a_line_unfinished() {
    check(&[
        ("io.write('unfinished')\r", "\nunfinished\r\n"),
        ("", READY),
        ("io.stdout:setvbuf('no') io.write('again')\r", "\nagain\r\n"),
        ("", READY),
    ]);
}

#[test]
fn recall_within_and_across_sessions() {
    let history = history_file("recall");
    let first = [
        ("first = 'recalled'\r", READY),
        ("print(\r", ">> "),
        ("", READY),
        ("first)\r", "\nrecalled\r\n"),
        ("", READY),
        // The whole chunk comes back, not its last line.
        (UP, "print("),
        (ENTER, "\nrecalled\r\n"),
        ("", READY),
    ];
    check_with(&history, &first);
    let kept = std::fs::read_to_string(&history).unwrap();
    assert_eq!(kept, "#V2\nfirst = 'recalled'\nprint(\\nfirst)\n");
    let second = [
        (UP, "first)"),
        ("", READY),
        // Within the chunk first.
        (UP, UP),
        (UP, "first = 'recalled'"),
        ("", READY),
        (ENTER, READY),
        ("=first\r", "\nrecalled\r\n"),
        ("", READY),
    ];
    check_with(&history, &second);
}

#[test]
fn a_second_interrupt_ends_the_process() {
    let mut lua = Command::new(env!("CARGO_BIN_EXE_lua"));
    let script = "function spin() print('spinning') while true do end end
        print(pcall(spin)) spin()";
    lua.args(["-e", script]).env_remove("LUA_INIT");
    let mut terminal = spawn_command(lua, Some(HANG_MILLIS)).unwrap();
    for shown in ["spinning\r\n", "false\tinterrupted!\r\nspinning\r\n"] {
        terminal.exp_string(shown).unwrap();
        terminal.send(CTRL_C).unwrap();
        terminal.flush().unwrap();
    }
    terminal.exp_eof().unwrap();
    let ending = format!("{:?}", terminal.process().wait().unwrap());
    assert!(ending.starts_with("Signaled("), "{ending}");
}
