//! Throughput of two servers in alternation, by redis-benchmark or valkey-benchmark: `ferrous` beside
//! `redis-server`, and Valkey with the module beside its own engine. The answers of scripts are
//! checked first.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::workloads::{COMMANDS, KEY, KEYSPACE, SCRIPTS, Script, VALUE};
use crate::cli::BenchFlags;
use crate::proc::{self, Profile};
use crate::redis::server::{Launch, Server};
use crate::valkey::tree::{self, Build, Trees};

/// Clients at once.
const CLIENTS: &str = "50";
/// Commands that each client sends before it waits, for scripts.
const SCRIPT_PIPELINE: &str = "16";
/// The same for plain commands, and how many are sent in all.
const COMMAND_RUNS: [(&str, u32); 2] = [("1", 150_000), ("16", 600_000)];
const RUN_LIMIT: Duration = Duration::from_secs(300);

/// The servers of a comparison, the real one first, and the programs that drive them.
struct Pair {
    names: [&'static str; 2],
    servers: [Server; 2],
    cli: PathBuf,
    tool: PathBuf,
}

/// Scripts and plain commands on `ferrous` and `redis-server`.
pub(super) fn redis(flags: &BenchFlags) -> Result<bool> {
    let find = |name: &str, package: &str| {
        proc::find_program(name).with_context(|| format!("no {name}: apt-get install {package}"))
    };
    let peer = find("redis-server", "redis-server")?;
    let ours = match &flags.ferrous {
        Some(path) => path.clone(),
        None => proc::build_binary("redis-bridge", "ferrous", Profile::Release)?,
    };
    let pair = Pair {
        names: ["redis-server", "ferrous"],
        servers: [
            Server::start(Launch::peer(&peer))?,
            Server::start(Launch::ours(&ours, &[]))?,
        ],
        cli: find("redis-cli", "redis-tools")?,
        tool: find("redis-benchmark", "redis-tools")?,
    };
    pair.measure(flags, true)
}

/// Scripts on Valkey with its own engine, and with the module in its place.
pub(super) fn valkey(flags: &BenchFlags) -> Result<bool> {
    let trees = Trees::find().context(tree::HINT)?;
    let module = crate::valkey::module(Profile::Release)?;
    let pair = Pair {
        names: ["C engine", "module"],
        servers: [
            Server::start(trees.launch(Build::Default, None, &[]))?,
            Server::start(trees.launch(Build::Default, Some(&module), &[]))?,
        ],
        cli: trees.program(Build::Default, "valkey-cli"),
        tool: trees.program(Build::Default, "valkey-benchmark"),
    };
    pair.measure(flags, false)
}

/// What a server does in a second: by the clock, and of its own processor time, which other
/// programs on the machine change little.
#[derive(Clone, Copy, Default)]
struct Rates {
    wall: f64,
    cpu: f64,
}

impl Pair {
    /// Prints a table; false when a script answered wrongly.
    fn measure(&self, flags: &BenchFlags, with_commands: bool) -> Result<bool> {
        println!(
            "{}; {CLIENTS} clients, best of {}",
            super::cpu_name(),
            flags.n_runs()
        );
        let [theirs, ours] = self.names;
        println!(
            "{:<36}{:>34}{:>36}",
            "",
            format!("per second: {theirs}, {ours}"),
            "per second of the server's CPU"
        );
        let mut results = Vec::new();
        let mut all_right = true;
        if with_commands {
            for command in COMMANDS {
                for (pipeline, requests) in COMMAND_RUNS {
                    let name = format!("{}, pipeline {pipeline}", command.name);
                    if flags.selects(&name) {
                        let rates = self.alternate(flags, pipeline, requests, command.words)?;
                        results.push(report(&name, rates, self.names));
                    }
                }
            }
        }
        for script in SCRIPTS {
            let name = format!("EVALSHA, {}", script.name);
            if !flags.selects(&name) {
                continue;
            }
            match self.prepare(script) {
                Ok(digest) => {
                    let command = ["evalsha", &digest, "1", KEY, script.argument];
                    let rates =
                        self.alternate(flags, SCRIPT_PIPELINE, script.requests, &command)?;
                    results.push(report(&name, rates, self.names));
                }
                Err(error) => {
                    all_right = false;
                    println!("FAILED {name}: {error:#}");
                }
            }
        }
        if let Some(path) = &flags.json {
            let value = serde_json::json!({
                "cpu": super::cpu_name(), "runs": flags.n_runs(), "workloads": results,
            });
            std::fs::write(path, format!("{value:#}\n"))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(all_right)
    }

    /// The best rates of each server, run in turn.
    fn alternate(
        &self,
        flags: &BenchFlags,
        pipeline: &str,
        requests: u32,
        command: &[&str],
    ) -> Result<[Rates; 2]> {
        let mut best = [Rates::default(); 2];
        for _ in 0..flags.n_runs() {
            for (server, best) in self.servers.iter().zip(&mut best) {
                let before = server.cpu_seconds()?;
                let wall = throughput(&self.tool, server.port(), pipeline, requests, command)?;
                let used = server.cpu_seconds()? - before;
                best.wall = best.wall.max(wall);
                best.cpu = best.cpu.max(f64::from(requests) / used);
            }
        }
        Ok(best)
    }

    /// Stores the value, loads the script and checks its answer on both; gives its digest.
    fn prepare(&self, script: &Script) -> Result<String> {
        let mut digest = String::new();
        for (server, name) in self.servers.iter().zip(self.names) {
            let ask = |words: &[&str]| ask(&self.cli, server.port(), words);
            ask(&["SET", KEY, VALUE])?;
            digest = ask(&["SCRIPT", "LOAD", script.source])?;
            let answer = ask(&["EVALSHA", &digest, "1", KEY, script.argument])?;
            if answer != script.answer {
                bail!("{name} answers {answer:?}, not {:?}", script.answer);
            }
        }
        Ok(digest)
    }
}

/// Prints one row, and gives it as JSON.
fn report(name: &str, [theirs, ours]: [Rates; 2], names: [&str; 2]) -> serde_json::Value {
    println!(
        "{name:<36}{:>12.0}{:>12.0}{:>10}{:>14.0}{:>12.0}{:>10}",
        theirs.wall,
        ours.wall,
        format!("x{:.2}", ours.wall / theirs.wall),
        theirs.cpu,
        ours.cpu,
        format!("x{:.2}", ours.cpu / theirs.cpu),
    );
    let rates = |theirs: f64, ours: f64| serde_json::json!({ names[0]: theirs, names[1]: ours, "ratio": ours / theirs });
    serde_json::json!({
        "name": name,
        "per_second": rates(theirs.wall, ours.wall),
        "per_cpu_second": rates(theirs.cpu, ours.cpu),
    })
}

/// One command through redis-cli: its answer as text.
fn ask(cli: &Path, port: u16, command: &[&str]) -> Result<String> {
    let port = port.to_string();
    let mut args = vec!["-p", &port];
    args.extend(command);
    let finished = proc::run(cli, &args, b"", RUN_LIMIT)?;
    let text = String::from_utf8_lossy(&finished.stdout)
        .trim_end()
        .to_owned();
    if !finished.ending.is_success() {
        bail!("redis-cli {command:?}: {} {text}", finished.ending);
    }
    Ok(text)
}

/// Requests per second in one run of redis-benchmark, or Valkey's.
fn throughput(
    tool: &Path,
    port: u16,
    pipeline: &str,
    requests: u32,
    command: &[&str],
) -> Result<f64> {
    let (port, requests) = (port.to_string(), requests.to_string());
    let mut args = vec!["-p", &port, "-c", CLIENTS, "-P", pipeline, "-n", &requests];
    args.extend(["-r", KEYSPACE, "--csv"]);
    args.extend(command);
    let finished = proc::run(tool, &args, b"", RUN_LIMIT)?;
    let text = String::from_utf8_lossy(&finished.stdout);
    if !finished.ending.is_success() {
        bail!("{}: {}", tool.display(), finished.ending);
    }
    requests_per_second(&text).with_context(|| format!("{} said: {text}", tool.display()))
}

/// The second field of the last line of redis-benchmark's CSV.
fn requests_per_second(csv: &str) -> Option<f64> {
    let fields = |line: &'_ str| line.split("\",\"").map(str::to_owned).collect::<Vec<_>>();
    let mut lines = csv.lines().filter(|line| line.starts_with('"'));
    let n_fields = fields(lines.next()?).len();
    // The first field is a command line, in which there may be quotes and commas too.
    let last = fields(lines.next_back()?);
    let at = last.len().checked_sub(n_fields)? + 1;
    last.get(at)?.trim_matches('"').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::requests_per_second;

    #[test]
    fn reads_the_csv() {
        let csv = "\"test\",\"rps\",\"avg_latency_ms\"\n\"evalsha ab 1 k\",\"123456.78\",\"0.5\"\n";
        assert_eq!(requests_per_second(csv), Some(123_456.78));
        let quoted = "\"test\",\"rps\"\n\"evalsha {\"a\",\"b\"}\",\"7.5\"\n";
        assert_eq!(requests_per_second(quoted), Some(7.5));
        assert_eq!(requests_per_second(""), None);
    }
}
