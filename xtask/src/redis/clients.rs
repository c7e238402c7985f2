//! The clients people use, on our server: redis-py and the tools of redis-tools, by scripts of their
//! own that assert, and redis-cli, whose output is compared with what it prints on the real server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use super::server::{Launch, Server};
use super::{Options, RECORDED_MODE, judge, suite_dir, text};
use crate::known::KnownFailures;
use crate::proc;
use crate::summary::Summary;

/// Far above what a client takes: only a hang gets here.
const CLIENT_LIMIT: Duration = Duration::from_secs(120);

/// How to get what is missing, for skips.
const PYTHON_HINT: &str = "redis: no redis-py: pip install redis";
const CLI_HINT: &str = "redis: no redis-cli: apt-get install redis-tools";

/// A script that drives a client and says of each check `ok NAME`, `skip NAME: why` or
/// `not ok NAME: why`.
struct Script {
    name: &'static str,
    file: &'static str,
    /// The Python module that it needs, and how to get that.
    needs: Option<(&'static str, &'static str)>,
}

const SCRIPTS: [Script; 2] = [
    Script {
        name: "clients/redis-py",
        file: "redis_py.py",
        needs: Some(("redis", PYTHON_HINT)),
    },
    Script {
        name: "clients/tools",
        file: "tools.py",
        needs: None,
    },
];

/// Runs the clients on our server, and on the peer to check the expectations.
pub(super) fn run(
    ours: &Path,
    peer: Option<&Path>,
    options: &Options,
    known: &KnownFailures,
) -> Result<Summary> {
    let mut summary = Summary::default();
    for script in &SCRIPTS {
        if !options.selects(script.name) {
            continue;
        }
        let ours = Launch::ours(ours, &["--script-compat", RECORDED_MODE]);
        summary.add(run_script(script, ours, "", known)?);
        if let Some(peer) = peer {
            summary.add(run_script(
                script,
                Launch::peer(peer),
                " on redis-server",
                known,
            )?);
        }
    }
    if options.selects("clients/redis-cli") {
        let ours = Launch::ours(ours, &["--script-compat", RECORDED_MODE]);
        summary.add(redis_cli(ours, "", known)?);
        if let Some(peer) = peer {
            summary.add(redis_cli(Launch::peer(peer), " on redis-server", known)?);
        }
    }
    Ok(summary)
}

fn clients_dir() -> PathBuf {
    suite_dir().join("clients")
}

/// Runs a script on one server and counts what it says.
fn run_script(
    script: &Script,
    launch: Launch,
    whose: &str,
    known: &KnownFailures,
) -> Result<Summary> {
    let mut summary = Summary::default();
    let Some(python) = proc::find_program("python3") else {
        summary.skip(0, PYTHON_HINT);
        return Ok(summary);
    };
    if let Some((module, hint)) = script.needs {
        let import = format!("import {module}");
        let import = proc::run(&python, &["-c", &import], b"", CLIENT_LIMIT)?;
        if !import.ending.is_success() {
            summary.skip(0, hint);
            return Ok(summary);
        }
    }
    let mut server = Server::start(launch)?;
    let path = clients_dir().join(script.file);
    let port = server.port().to_string();
    let args = [path.as_os_str(), port.as_ref()];
    let done = proc::run(&python, &args, b"", CLIENT_LIMIT)?;
    let output = String::from_utf8_lossy(&done.stdout);
    for line in output.lines() {
        let (verdict, rest) = match line.strip_prefix("not ok ") {
            Some(rest) => ("not ok", rest),
            None => line.split_once(' ').unwrap_or((line, "")),
        };
        let (name, detail) = rest.split_once(": ").unwrap_or((rest, ""));
        let name = format!("{}/{name}{whose}", script.name);
        match verdict {
            "ok" => judge(&name, None, known, &mut summary),
            "skip" => summary.skip(1, format!("redis: {name}: {detail}")),
            _ => judge(&name, Some(format!("  {detail}\n")), known, &mut summary),
        }
    }
    if !done.ending.is_success() || server.crash()?.is_some() {
        let errors = String::from_utf8_lossy(&done.stderr);
        let problem = format!("  {}\n{errors}{}", done.ending, server.log_tail());
        judge(
            &format!("{}{whose}", script.name),
            Some(problem),
            known,
            &mut summary,
        );
    }
    Ok(summary)
}

/// One call of redis-cli and what it prints.
#[derive(Debug, Default, PartialEq, Eq)]
struct Call {
    line: usize,
    args: String,
    output: String,
}

/// The file of calls: `$ ARGS`, and below it what is printed.
fn transcript() -> PathBuf {
    clients_dir().join("redis_cli.txt")
}

/// Makes the calls on one server, in order, and compares what is printed.
fn redis_cli(launch: Launch, whose: &str, known: &KnownFailures) -> Result<Summary> {
    let mut summary = Summary::default();
    let Some(cli) = proc::find_program("redis-cli") else {
        summary.skip(0, CLI_HINT);
        return Ok(summary);
    };
    let text = std::fs::read_to_string(transcript()).context("cannot read redis_cli.txt")?;
    let server = Server::start(launch)?;
    for call in parse(&text) {
        let printed = call_cli(&cli, &call, &server)?;
        let problem = (printed != call.output).then(|| {
            format!(
                "  {}:{}: redis-cli {}\n{}",
                transcript().display(),
                call.line,
                call.args,
                similar::TextDiff::from_lines(&call.output, &printed)
                    .unified_diff()
                    .header("expected", "got")
            )
        });
        let name = format!("clients/redis-cli/{}{whose}", call.args);
        judge(&name, problem, known, &mut summary);
    }
    Ok(summary)
}

/// Writes what redis-cli prints on the real server into the file.
pub(super) fn bless(peer: &Path) -> Result<()> {
    let cli = proc::find_program("redis-cli").context(CLI_HINT)?;
    let text = std::fs::read_to_string(transcript()).context("cannot read redis_cli.txt")?;
    let server = Server::start(Launch::peer(peer))?;
    let comments = text.lines().take_while(|line| !line.starts_with("$ "));
    let mut blessed: String = comments.flat_map(|line| [line, "\n"]).collect();
    for call in parse(&text) {
        let printed = call_cli(&cli, &call, &server)?;
        blessed.push_str(&format!("$ {}\n{printed}", call.args));
    }
    std::fs::write(transcript(), blessed).context("cannot write redis_cli.txt")
}

fn parse(text: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for (idx, line) in text.lines().enumerate() {
        if let Some(args) = line.strip_prefix("$ ") {
            calls.push(Call {
                line: idx + 1,
                args: args.to_owned(),
                output: String::new(),
            });
        } else if let Some(call) = calls.last_mut() {
            call.output.push_str(line);
            call.output.push('\n');
        }
    }
    calls
}

/// Standard output and error of one call; words that start with `./` name files of the folder.
fn call_cli(cli: &Path, call: &Call, server: &Server) -> Result<String> {
    let words = text::split(&call.args).map_err(anyhow::Error::msg)?;
    let mut args = vec!["-p".to_owned(), server.port().to_string()];
    for word in &words {
        let word = String::from_utf8_lossy(word.bytes()).into_owned();
        args.push(match word.strip_prefix("./") {
            Some(file) => clients_dir().join(file).display().to_string(),
            None => word,
        });
    }
    let done = proc::run(cli, &args, b"", CLIENT_LIMIT)?;
    let mut printed = String::from_utf8_lossy(&done.stdout).into_owned();
    printed.push_str(&String::from_utf8_lossy(&done.stderr));
    if !printed.ends_with('\n') {
        printed.push('\n');
    }
    if !done.ending.is_success() {
        printed.push_str(&format!("({})\n", done.ending));
    }
    Ok(printed)
}

#[cfg(test)]
mod tests {
    use super::{Call, parse};

    #[test]
    fn calls_hold_their_output() {
        let call = |line, args: &str, output: &str| Call {
            line,
            args: args.to_owned(),
            output: output.to_owned(),
        };
        assert_eq!(
            parse("# comment\n\n$ get k\n\n$ lrange l 0 -1\n1) a\n2) b\n"),
            [
                call(3, "get k", "\n"),
                call(5, "lrange l 0 -1", "1) a\n2) b\n")
            ]
        );
    }
}
