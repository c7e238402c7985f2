//! EVALSHA throughput of `ferrous` and `redis-server` in alternation, by redis-benchmark: 50 clients
//! that pipeline 16 calls of a one-call script. The script's answer is checked first.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cli::BenchFlags;
use crate::proc::{self, Profile};
use crate::redis::server::{Launch, Server};

/// The script: one call, so that the way in and out is what is measured.
const SCRIPT: &str = "return redis.call('get', KEYS[1])";
const KEY: &str = "bench:key";
const VALUE: &str = "xxxxxxxx";

/// Clients at once.
pub(super) const CLIENTS: &str = "50";
/// Commands that each client sends before it waits.
pub(super) const PIPELINE: &str = "16";
const REQUESTS: &str = "400000";
const RUN_LIMIT: Duration = Duration::from_secs(300);

/// Measures both servers and prints the ratio; false when a script answered wrongly.
pub(super) fn run(flags: &BenchFlags) -> Result<bool> {
    let find = |name: &str, package: &str| {
        proc::find_program(name).with_context(|| format!("no {name}: apt-get install {package}"))
    };
    let tool = find("redis-benchmark", "redis-tools")?;
    let cli = find("redis-cli", "redis-tools")?;
    let peer = find("redis-server", "redis-server")?;
    let ours = match &flags.ferrous {
        Some(path) => path.clone(),
        None => proc::build_binary("redis-bridge", "ferrous", Profile::Release)?,
    };
    let servers = [
        Server::start(Launch::peer(&peer))?,
        Server::start(Launch::ours(&ours, &[]))?,
    ];
    let names = ["redis-server", "ferrous"];
    let mut digests = Vec::new();
    for (server, name) in servers.iter().zip(names) {
        match prepare(&cli, server.port()) {
            Ok(digest) => digests.push(digest),
            Err(error) => {
                println!("FAILED {name}: {error:#}");
                return Ok(false);
            }
        }
    }
    println!(
        "{}; EVALSHA of {SCRIPT:?}, {CLIENTS} clients, pipeline {PIPELINE}, {REQUESTS} requests, best of {}",
        super::cpu_name(),
        flags.n_runs()
    );
    let mut best = [0.0_f64; 2];
    for _ in 0..flags.n_runs() {
        for (index, server) in servers.iter().enumerate() {
            let command = ["evalsha", &digests[index], "1", KEY];
            let requests = throughput(&tool, server.port(), REQUESTS, &command)?;
            best[index] = best[index].max(requests);
        }
    }
    for (name, requests) in names.iter().zip(best) {
        println!("{name:<14}{requests:>12.0} requests/s");
    }
    println!("ferrous to redis-server: {:.2}", best[1] / best[0]);
    if let Some(path) = &flags.json {
        let value = serde_json::json!({
            "cpu": super::cpu_name(), "runs": flags.n_runs(),
            "redis_server": best[0], "ferrous": best[1], "ratio": best[1] / best[0],
        });
        std::fs::write(path, format!("{value:#}\n"))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(true)
}

/// Stores the value, loads the script, checks its answer, and gives its digest.
fn prepare(cli: &Path, port: u16) -> Result<String> {
    ask(cli, port, &["SET", KEY, VALUE])?;
    let digest = ask(cli, port, &["SCRIPT", "LOAD", SCRIPT])?;
    let answer = ask(cli, port, &["EVALSHA", &digest, "1", KEY])?;
    if answer != VALUE {
        bail!("the script answers {answer:?}, not {VALUE:?}");
    }
    Ok(digest)
}

/// One command through redis-cli: its answer as text.
pub(super) fn ask(cli: &Path, port: u16, command: &[&str]) -> Result<String> {
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
pub(super) fn throughput(tool: &Path, port: u16, requests: &str, command: &[&str]) -> Result<f64> {
    let port = port.to_string();
    let mut args = vec!["-p", &port, "-c", CLIENTS, "-P", PIPELINE, "-n", requests];
    args.push("--csv");
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
