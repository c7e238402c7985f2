//! The limits of the module, set while the server runs, and the counters of what was stopped.

use anyhow::{Result, bail};

use super::Rig;
use super::node::{Node, wait_until};
use crate::redis::resp::encode_command;

const SECTION: [&str; 2] = ["INFO", "ferrous_engine"];

/// What the server says it has stopped: by memory, by instructions, by kill.
fn stops(node: &mut Node) -> Result<[u64; 3]> {
    let mut number = |name: &str| -> Result<u64> { Ok(node.field(&SECTION, name)?.parse()?) };
    Ok([
        number("ferrous_stopped_by_memory_limit")?,
        number("ferrous_stopped_by_instruction_limit")?,
        number("ferrous_stopped_by_kill")?,
    ])
}

/// Each limit stops a script and the loading of a library, and is counted; so is a kill; errors
/// that scripts make and catch themselves are not.
pub(super) fn count_stops(rig: &Rig<'_>) -> Result<String> {
    const LOOP: &str = "while true do end";
    const HOG: &str = "local t = {} for i = 1, 1e9 do t[i] = {i} end";
    let mut node = Node::start(rig.ours(&["--busy-reply-threshold", "50"]))?;
    let expect = |node: &mut Node, expected: [u64; 3]| -> Result<()> {
        let found = stops(node)?;
        if found != expected {
            bail!("{found:?} were stopped by memory, instructions and kill, not {expected:?}");
        }
        Ok(())
    };
    let library = |body: &str| format!("#!lua name=l\n{body}");

    for caught in ["return pcall(error, 'x') and 1 or 2", "return {err='x'}"] {
        node.ask(&["EVAL", caught, "0"])?;
    }
    expect(&mut node, [0, 0, 0])?;

    let set = |node: &mut Node, name: &str, value: &str| {
        node.must(&["CONFIG", "SET", name, value], "+OK")
    };
    set(&mut node, "ferrous.script-instruction-limit", "1000000")?;
    for words in [
        &["EVAL", LOOP, "0"][..],
        &["EVAL", "pcall(function() while true do end end)", "0"],
        &["FUNCTION", "LOAD", &library(LOOP)],
    ] {
        let answer = node.ask(words)?;
        if !answer.contains("instruction limit") {
            bail!("{words:?} is answered {answer}");
        }
    }
    expect(&mut node, [0, 3, 0])?;

    set(&mut node, "ferrous.script-instruction-limit", "0")?;
    set(&mut node, "ferrous.script-memory-limit", "4mb")?;
    for words in [
        &["EVAL", HOG, "0"][..],
        &["FUNCTION", "LOAD", &library(HOG)],
    ] {
        let answer = node.ask(words)?;
        if !answer.contains("memory limit") {
            bail!("{words:?} is answered {answer}");
        }
    }
    expect(&mut node, [2, 3, 0])?;

    set(&mut node, "ferrous.script-memory-limit", "0")?;
    let mut busy = node.server.connect()?;
    busy.send(&encode_command(&["EVAL", LOOP, "0"]))?;
    wait_until("a script to kill", || {
        Ok(node.ask(&["SCRIPT", "KILL"])? == "+OK")
    })?;
    wait_until("the end of the script", || {
        Ok(node.ask(&["PING"])? == "+PONG")
    })?;
    expect(&mut node, [2, 3, 1])?;
    Ok("2 by memory, 3 by instructions, 1 by kill".to_owned())
}

/// What scripts have left behind counts against no limit that is set later, and goes between calls
/// that need little: neither waits until as much has been allocated again.
pub(super) fn drop_garbage(rig: &Rig<'_>) -> Result<String> {
    const HELD: &str = "used_memory_vm_eval";
    const MANY: u64 = 64 << 20;
    let mut node = Node::start(rig.ours(&[]))?;
    let held =
        |node: &mut Node| -> Result<u64> { Ok(node.field(&["INFO", "memory"], HELD)?.parse()?) };
    let leave = format!("return #string.rep('x', {MANY})");
    node.must(&["EVAL", &leave, "0"], &format!(":{MANY}"))?;
    let left = held(&mut node)?;
    let mut n_calls = 0;
    while held(&mut node)? > MANY / 64 {
        node.must(&["EVAL", "return 1", "0"], ":1")?;
        n_calls += 1;
        if n_calls > 1000 {
            bail!("{left} bytes were left, and after {n_calls} small calls it is as much");
        }
    }

    node.must(&["EVAL", &leave, "0"], &format!(":{MANY}"))?;
    for (name, value) in [
        ("ferrous.script-instruction-limit", "100000"),
        ("ferrous.script-memory-limit", "10mb"),
    ] {
        node.must(&["CONFIG", "SET", name, value], "+OK")?;
    }
    node.must(&["EVAL", "return 1", "0"], ":1")?;
    let kept = held(&mut node)?;
    if kept > 10 << 20 {
        bail!("{kept} bytes are held under a limit of 10 MiB");
    }
    Ok(format!("gone after {n_calls} small calls"))
}
