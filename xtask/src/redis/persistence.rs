//! The group `persistence`: what the append-only file gets for exact commands, byte by byte beside
//! `redis-server`'s; whether each server reads the other's files; and a short run of the soak test.
//!
//! Cases stand in `redis-suite/persistence/*.log`: commands behind `> `, and below them what is
//! logged behind `< `, a line per command. Other clients have a letter: `a> ` waits for the reply,
//! `a& ` only sends. A time in the log is shown as `@` and its distance from now in seconds;
//! numbers of entries that a server makes up as `ID`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};
use similar::TextDiff;

use super::connection::Connection;
use super::resp::{Scan, encode_command, scan};
use super::server::{Kind, Launch, Server};
use super::text::{self, quote};
use super::{Options, judge, suite_dir};
use crate::cli::SoakFlags;
use crate::known::KnownFailures;
use crate::summary::Summary;

const REPLY_LIMIT: Duration = Duration::from_secs(30);
/// A client that only sends has been heard after this; all servers are on this machine.
const HEARD: Duration = Duration::from_millis(60);

/// One case.
struct LogCase {
    name: String,
    /// Of each line: the client's letter, whether to wait, the words.
    steps: Vec<(char, bool, Vec<Vec<u8>>)>,
    recorded: Vec<String>,
    /// The lines without what is recorded.
    source: Vec<String>,
}

/// Runs the group.
pub(super) fn run(
    ours: &Path,
    peer: Option<&Path>,
    options: &Options,
    known: &KnownFailures,
) -> Result<Summary> {
    let mut summary = Summary::default();
    let files = load()?;
    let mut cases: Vec<_> = files.values().flatten().collect();
    cases.retain(|case| options.selects(&case.name));
    if !cases.is_empty() {
        let mut our_server = start(ours, false)?;
        let mut real_server = peer.map(|peer| start(peer, true)).transpose()?;
        for case in cases {
            let got = play(case, &our_server)?;
            let real = match &real_server {
                Some(server) => play(case, server)?,
                None => case.recorded.clone(),
            };
            let mut problem = difference("logged", &real, &got);
            if real != case.recorded {
                let text = difference("recorded", &case.recorded, &real).unwrap_or_default();
                problem.get_or_insert_default().push_str(&text);
            }
            judge(&case.name, problem, known, &mut summary);
        }
        if let Some(real_server) = &mut real_server {
            let name = "persistence/each reads the other's files";
            let problem = exchange(&mut our_server, real_server)?;
            judge(name, problem, known, &mut summary);
        }
    }
    for policy in ["always", "everysec"] {
        let name = format!("persistence/nothing is lost: {policy}");
        if options.selects(&name) && Launch::ours(ours, &[]).kind == Kind::Ferrous {
            let outcome = super::soak::soak(Launch::ours(ours, &[]), &SoakFlags::short(policy))?;
            println!("{}", outcome.figures);
            let problem = (!outcome.violations.is_empty()).then(|| outcome.violations.join("\n"));
            judge(&name, problem, known, &mut summary);
        }
    }
    Ok(summary)
}

/// Records what the real server logs.
pub(super) fn bless(peer: &Path, options: &Options) -> Result<()> {
    let server = start(peer, true)?;
    for (path, cases) in load()? {
        let mut text = String::new();
        for case in cases {
            let recorded = if options.selects(&case.name) {
                play(&case, &server)?
            } else {
                case.recorded
            };
            text += &case.source.join("\n");
            text += &recorded
                .iter()
                .map(|line| format!("\n< {line}"))
                .collect::<String>();
            text += "\n\n";
        }
        let text = format!("{}\n", text.trim_end());
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn start(binary: &Path, is_peer: bool) -> Result<Server> {
    // So that all is written when the reply comes, whatever the disk does.
    let mut args = vec!["--appendonly", "yes", "--appendfsync", "no"];
    if is_peer || Launch::ours(binary, &[]).kind == Kind::Redis {
        args.extend(["--aof-use-rdb-preamble", "no"]);
    } else {
        args.extend(["--script-compat", super::RECORDED_MODE]);
    }
    let launch = if is_peer {
        Launch::peer(binary)
    } else {
        Launch::ours(binary, &[])
    };
    Server::start(launch.with(&args))
}

/// All case files, with their cases.
fn load() -> Result<BTreeMap<PathBuf, Vec<LogCase>>> {
    let dir = suite_dir().join("persistence");
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(&dir).context("no cases for the append-only file")? {
        let path = entry?.path();
        let text = std::fs::read_to_string(&path)?;
        let cases = parse(&text).map_err(|why| anyhow!("{}: {why}", path.display()))?;
        files.insert(path, cases);
    }
    Ok(files)
}

fn parse(text: &str) -> Result<Vec<LogCase>> {
    let mut cases: Vec<LogCase> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix("== ") {
            cases.push(LogCase {
                name: format!("persistence/{name}"),
                steps: Vec::new(),
                recorded: Vec::new(),
                source: vec![line.to_owned()],
            });
            continue;
        }
        let case = cases.last_mut().context("a line before the first case")?;
        if let Some(logged) = line.strip_prefix("< ") {
            case.recorded.push(logged.to_owned());
            continue;
        }
        let (mark, words) = line.split_once(' ').context("a line without a space")?;
        let (client, waits) = match mark.chars().collect::<Vec<_>>()[..] {
            ['>'] => (' ', true),
            [client, '>'] => (client, true),
            [client, '&'] => (client, false),
            _ => bail!("what is {line}?"),
        };
        let words = text::split(words).map_err(|why| anyhow!("{line}: {why}"))?;
        let words = words.iter().map(|word| word.bytes().to_vec()).collect();
        case.steps.push((client, waits, words));
        case.source.push(line.to_owned());
    }
    Ok(cases)
}

/// Runs a case; returns what was logged for it.
fn play(case: &LogCase, server: &Server) -> Result<Vec<String>> {
    let mut clients: BTreeMap<char, Connection> = BTreeMap::new();
    let ask = |client: &mut Connection, words: &[Vec<u8>]| -> Result<()> {
        client.send(&encode_command(words))?;
        let reply = client.reply(REPLY_LIMIT);
        reply
            .map(drop)
            .map_err(|why| anyhow!("{}: {why}", case.name))
    };
    let main = clients.entry(' ').or_insert(server.connect()?);
    for line in ["SELECT 0", "FLUSHALL", "FUNCTION FLUSH", "DEL nosuch"] {
        let words: Vec<_> = line
            .split(' ')
            .map(|word| word.as_bytes().to_vec())
            .collect();
        ask(main, &words)?;
    }
    let before = increment(server)?.len();
    let started = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64;
    for (letter, waits, words) in &case.steps {
        let client = match clients.entry(*letter) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(server.connect()?),
        };
        if words[0] == b"sleep" {
            let ms = String::from_utf8_lossy(&words[1]).parse()?;
            sleep(Duration::from_millis(ms));
        } else if *waits {
            ask(client, words)?;
        } else {
            client.send(&encode_command(words))?;
            sleep(HEARD);
        }
    }
    sleep(HEARD);
    commands(
        increment(server)?.get(before..).unwrap_or_default(),
        started,
    )
}

/// The only increment there is.
fn increment(server: &Server) -> Result<Vec<u8>> {
    let path = server
        .folder()
        .join("appendonlydir/appendonly.aof.1.incr.aof");
    std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// A line for each command, logged not more than a second after the time `now`.
fn commands(mut bytes: &[u8], now: i64) -> Result<Vec<String>> {
    let mut commands = Vec::new();
    while !bytes.is_empty() {
        let Scan::Reply { n_bytes, lines } = scan(bytes) else {
            bail!(
                "the log ends with {}",
                quote(&bytes[..bytes.len().min(200)])
            );
        };
        let words = lines.iter().skip(1).map(|line| {
            let value = line.value().unwrap_or_default();
            let text = String::from_utf8_lossy(&value);
            match text.parse::<i64>() {
                Ok(time) if (time - now).abs() < 100_000_000_000 => {
                    format!("@{}", (time - now).div_euclid(1000))
                }
                _ if is_entry_id(&text, now) => "ID".to_owned(),
                _ if value.iter().all(|b| b.is_ascii_graphic()) && !value.is_empty() => {
                    text.into_owned()
                }
                _ => quote(&value),
            }
        });
        commands.push(words.collect::<Vec<_>>().join(" "));
        bytes = &bytes[n_bytes..];
    }
    Ok(commands)
}

/// Is it the number of a stream's entry that was made just now?
fn is_entry_id(text: &str, now: i64) -> bool {
    let parts = text
        .split_once('-')
        .map(|(ms, n)| (ms.parse::<i64>(), n.parse::<u64>()));
    matches!(parts, Some((Ok(ms), Ok(_))) if (now - ms).abs() < 1_000_000)
}

fn difference(what: &str, expected: &[String], got: &[String]) -> Option<String> {
    if expected == got {
        return None;
    }
    let (expected, got) = (expected.join("\n") + "\n", got.join("\n") + "\n");
    let diff = TextDiff::from_lines(&expected, &got);
    let diff = diff.unified_diff().header(what, "got").to_string();
    Some(diff.lines().map(|line| format!("  {line}\n")).collect())
}

/// Data of all types, for the other server to read.
const DATA: &[&str] = &[
    "SET string value",
    "SET binary \"a\\x00\\xff\\r\\nb\"",
    "SET number 17",
    "SET until v PX 100000000",
    "RPUSH list a b c",
    "SADD set x y z",
    "SADD numbers 1 2 3",
    "HSET hash f v g w",
    "ZADD zset 1.5 a -inf b 3 c 0.1 d 1e300 e",
    "EVAL \"for i = 1, 1000 do redis.call('rpush', 'long', i) redis.call('sadd', 'wide', i) \
     redis.call('zadd', 'ranks', i / 7, i) redis.call('hset', 'fields', i, i) end\" 0",
    "FUNCTION LOAD \"#!lua name=lib\\n redis.register_function('twice', function(keys) \
     redis.call('incr', keys[1]) return redis.call('incr', keys[1]) end)\"",
    "FCALL twice 1 counted",
    "SELECT 5",
    "SET elsewhere 1",
    "MULTI",
    "INCR elsewhere",
    "INCR elsewhere",
    "EXEC",
    "SELECT 0",
];

/// A text that tells all data of a database.
const DIGEST: &str = "redis.call('select', ARGV[1]) local all = {} \
    local keys = redis.call('keys', '*') table.sort(keys) \
    for _, k in ipairs(keys) do local t = redis.call('type', k).ok local v \
    if t == 'string' then v = {redis.call('get', k)} \
    elseif t == 'list' then v = redis.call('lrange', k, 0, -1) \
    elseif t == 'set' then v = redis.call('smembers', k) table.sort(v) \
    elseif t == 'hash' then v = {} local h = redis.call('hgetall', k) \
    for i = 1, #h, 2 do v[#v + 1] = h[i] .. '=' .. h[i + 1] end table.sort(v) \
    else v = redis.call('zrange', k, 0, -1, 'withscores') end \
    all[#all + 1] = k .. ':' .. t .. ':' .. redis.call('pexpiretime', k) .. ':' .. \
    redis.sha1hex(table.concat(v, ' ')) end return table.concat(all, '\\n')";

/// Has each server write, rewrite, and read what the other wrote.
fn exchange(ours: &mut Server, real: &mut Server) -> Result<Option<String>> {
    let mut problems = String::new();
    for rewrites in [false, true] {
        for (writer, reader) in [(&*ours, &*real), (&*real, &*ours)] {
            let names = format!("{} reads what {} wrote", reader.name(), writer.name());
            let mut source = Server::start(writer.launch().clone())?;
            let mut client = source.connect()?;
            for line in DATA {
                let words = text::split(line).map_err(|why| anyhow!("{line}: {why}"))?;
                let words: Vec<_> = words.iter().map(|word| word.bytes().to_vec()).collect();
                let got = ask(&mut client, &words)?;
                if got.starts_with('-') {
                    bail!("{line:.60}: {got}");
                }
            }
            if rewrites {
                ask(&mut client, &["BGREWRITEAOF"])?;
                let deadline = std::time::Instant::now() + REPLY_LIMIT;
                while !source
                    .folder()
                    .join("appendonlydir/appendonly.aof.2.base.aof")
                    .exists()
                {
                    if std::time::Instant::now() > deadline {
                        bail!("{} does not rewrite its log", source.name());
                    }
                    sleep(HEARD);
                }
            }
            let written = [digest(&mut client, "0")?, digest(&mut client, "5")?];
            source.stop(true)?;
            let copied = Server::start_in_copy(reader.launch().clone(), source.folder());
            let read = match copied {
                Ok(mut copy) => {
                    let mut client = copy.connect()?;
                    let read = [digest(&mut client, "0")?, digest(&mut client, "5")?];
                    let twice = ask(&mut client, &["FCALL", "twice", "1", "counted"])?;
                    if twice != ":4" {
                        problems += &format!("  {names}: FCALL is answered {twice}\n");
                    }
                    copy.stop(true)?;
                    read
                }
                Err(error) => {
                    problems += &format!("  {names}: {error:#}\n");
                    continue;
                }
            };
            if read != written {
                problems += &format!("  {names}: {read:?}\n  in place of {written:?}\n");
            }
        }
    }
    Ok((!problems.is_empty()).then_some(problems))
}

fn digest(client: &mut Connection, db: &str) -> Result<String> {
    ask(client, &["EVAL", DIGEST, "0", db])
}

fn ask<W: AsRef<[u8]>>(client: &mut Connection, words: &[W]) -> Result<String> {
    let lines = client.ask(words)?;
    Ok(lines
        .first()
        .map_or_else(String::new, |line| line.text.clone()))
}
