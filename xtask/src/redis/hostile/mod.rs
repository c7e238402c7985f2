//! What a hostile script or client may not do: stop the server, take its memory, or spoil it for
//! the next client. After each attack a new client must be answered, a script must run as before,
//! and memory must be back where it was.

mod clients;
mod scripts;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use self::clients::CLIENTS;
pub(crate) use self::clients::noise_for_the_debugger;
pub(crate) use self::scripts::{Answer, SCRIPTS};
use super::Options;
use super::connection::Connection;
use super::judge;
use super::resp::Line;
use super::server::{Kind, Launch, Server};
use crate::known::KnownFailures;
use crate::proc::Profile;
use crate::summary::Summary;

/// How long an attack may hold the server: far above what the limits allow.
const ATTACK_LIMIT: Duration = Duration::from_secs(60);

/// The limits of the server under attack.
pub(crate) const INSTRUCTION_LIMIT: &str = "20000000";
/// See [`INSTRUCTION_LIMIT`].
pub(crate) const MEMORY_LIMIT_BYTES: &str = "67108864";

/// What an attack may leave behind: in the interpreter, and in the process, whose allocator keeps
/// some of what it got.
const LEFT_IN_LUA_BYTES: u64 = 1 << 20;
const LEFT_RESIDENT_BYTES: u64 = 160 << 20;
/// The same of a sanitized build, whose allocator keeps what is freed, to tell of its use.
const LEFT_RESIDENT_SANITIZED_BYTES: u64 = 1 << 30;

/// Runs all attacks on one server of ours; the real one lacks the limits.
pub(super) fn run(ours: &Path, options: &Options, known: &KnownFailures) -> Result<Summary> {
    let mut summary = Summary::default();
    let limits = [
        "--script-instruction-limit",
        INSTRUCTION_LIMIT,
        "--script-memory-limit",
        MEMORY_LIMIT_BYTES,
    ];
    let launch = Launch::ours(ours, &limits);
    let scripts = SCRIPTS
        .iter()
        .map(|(name, _, _)| format!("hostile/script: {name}"));
    let clients = CLIENTS
        .iter()
        .map(|(name, _)| format!("hostile/client: {name}"));
    let n_selected = scripts
        .chain(clients)
        .filter(|name| options.selects(name))
        .count();
    if n_selected == 0 {
        return Ok(summary);
    }
    if launch.kind == Kind::Redis {
        summary.skip(
            n_selected,
            "redis: hostile: redis-server has no script limits",
        );
        return Ok(summary);
    }
    let selects = |name: &str| options.selects(name);
    let mut arena = Arena::new(launch)?;
    if options.profile == Profile::Sanitized {
        arena.left_resident_bytes = LEFT_RESIDENT_SANITIZED_BYTES;
    }
    arena.attack_by_scripts(&selects, known, &mut summary)?;
    for (name, attack) in CLIENTS {
        arena.attack(
            &format!("hostile/client: {name}"),
            attack,
            &selects,
            known,
            &mut summary,
        )?;
    }
    Ok(summary)
}

/// Runs the attacks by scripts on a server that keeps to the limits above.
pub(crate) fn run_scripts(
    launch: Launch,
    selects: &dyn Fn(&str) -> bool,
    known: &KnownFailures,
) -> Result<Summary> {
    let mut summary = Summary::default();
    let name = |script: &(&str, &str, Answer)| format!("hostile/script: {}", script.0);
    if SCRIPTS.iter().any(|script| selects(&name(script))) {
        Arena::new(launch)?.attack_by_scripts(selects, known, &mut summary)?;
    }
    Ok(summary)
}

/// The server under attack, and what it used before the first one.
struct Arena {
    server: Server,
    before: Option<Usage>,
    /// How much more an attack may leave resident.
    left_resident_bytes: u64,
}

/// What a server uses, in bytes.
#[derive(Debug, Clone, Copy)]
struct Usage {
    /// `used_memory_lua`, where the server tells it.
    lua_bytes: Option<u64>,
    resident_bytes: u64,
}

impl Arena {
    fn new(launch: Launch) -> Result<Arena> {
        Ok(Arena {
            server: Server::start(launch)?,
            before: None,
            left_resident_bytes: LEFT_RESIDENT_BYTES,
        })
    }

    fn attack_by_scripts(
        &mut self,
        selects: &dyn Fn(&str) -> bool,
        known: &KnownFailures,
        summary: &mut Summary,
    ) -> Result<()> {
        // Said once, so that the attacks still tell of the rest.
        let measure = usage(&self.server)?.lua_bytes;
        let problem = measure
            .is_none()
            .then(|| "  INFO has no used_memory_lua\n".to_owned());
        judge("hostile/memory of scripts is told", problem, known, summary);
        for (name, script, answer) in SCRIPTS {
            let attack = |server: &Server| attack_by_script(server, script, *answer);
            let name = format!("hostile/script: {name}");
            self.attack(&name, attack, selects, known, summary)?;
        }
        Ok(())
    }

    fn attack(
        &mut self,
        name: &str,
        attack: impl Fn(&Server) -> Result<()>,
        selects: &dyn Fn(&str) -> bool,
        known: &KnownFailures,
        summary: &mut Summary,
    ) -> Result<()> {
        if !selects(name) {
            return Ok(());
        }
        let before = match self.before {
            Some(before) => before,
            None => usage(&self.server)?,
        };
        self.before = Some(before);
        let mut problem = attack(&self.server)
            .err()
            .map(|error| format!("  {error:#}\n"));
        let fault = match self.server.crash()? {
            Some(how) => Some(format!("the server crashed: {how}")),
            None => aftermath(&self.server, before, self.left_resident_bytes)
                .err()
                .map(|error| format!("{error:#}")),
        };
        if let Some(fault) = fault {
            let text = problem.get_or_insert_default();
            text.push_str(&format!("  {fault}\n{}", self.server.log_tail()));
            self.server.restart()?;
            self.before = None;
        }
        judge(name, problem, known, summary);
        Ok(())
    }
}

/// The next client is answered, a script runs, memory is back.
fn aftermath(server: &Server, before: Usage, left_resident_bytes: u64) -> Result<()> {
    server.ping()?;
    let answer = ask(server, &["EVAL", "return {6 * 7, redis.call('ping')}", "0"])?;
    if shown(&answer) != "*2 :42 +PONG" {
        bail!("afterwards a script is answered {}", shown(&answer));
    }
    ask(server, &["FLUSHALL"])?;
    ask(server, &["SCRIPT", "FLUSH"])?;
    let after = usage(server)?;
    let grew = |before: u64, after: u64, limit: u64| after.saturating_sub(before) > limit;
    let lua = before.lua_bytes.zip(after.lua_bytes);
    if lua.is_some_and(|(before, after)| grew(before, after, LEFT_IN_LUA_BYTES))
        || grew(
            before.resident_bytes,
            after.resident_bytes,
            left_resident_bytes,
        )
    {
        bail!("memory is not given back: {before:?}, then {after:?}");
    }
    Ok(())
}

fn usage(server: &Server) -> Result<Usage> {
    ask(
        server,
        &["EVAL", "collectgarbage() collectgarbage() return 1", "0"],
    )?;
    let info = ask(server, &["INFO", "memory"])?;
    let text = info
        .first()
        .and_then(Line::value)
        .context("INFO is no string")?;
    let text = String::from_utf8_lossy(&text);
    let lua = text
        .lines()
        .find_map(|line| line.strip_prefix("used_memory_lua:"));
    Ok(Usage {
        lua_bytes: lua.and_then(|bytes| bytes.trim().parse().ok()),
        resident_bytes: server.resident_bytes()?,
    })
}

/// One command on a connection of its own.
fn ask(server: &Server, words: &[&str]) -> Result<Vec<Line>> {
    server.connect()?.ask(words)
}

fn reply(connection: &mut Connection) -> Result<Vec<Line>> {
    let reply = connection.reply(ATTACK_LIMIT);
    reply.map_err(|error| anyhow::anyhow!("the answer is {error}"))
}

/// A reply on one line, cut where it is long.
fn shown(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines.iter().take(10) {
        text.push_str(&line.text);
        text.push(' ');
    }
    let cut: String = text.trim_end().chars().take(400).collect();
    cut
}

fn attack_by_script(server: &Server, script: &str, answer: Answer) -> Result<()> {
    let lines = ask(server, &["EVAL", script, "0"])?;
    let got = shown(&lines);
    if !answer.allows(&got) {
        bail!("expected {answer:?}, got {got}");
    }
    Ok(())
}
