//! What people type at a server: redis-cli, whose output is compared with what it prints on the real
//! server, and its modes that watch or move data, with redis-benchmark, by a script that asserts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use super::server::{Launch, Server};
use super::{Options, RECORDED_MODE, judge, suite_dir, text};
use crate::clients::report::{self, Verdict};
use crate::known::KnownFailures;
use crate::proc;
use crate::summary::Summary;

/// Far above what a tool takes: only a hang gets here.
const TOOL_LIMIT: Duration = Duration::from_secs(120);

/// How to get what is missing, for skips.
const PYTHON_HINT: &str = "redis: no python3: apt-get install python3";
const CLI_HINT: &str = "redis: no redis-cli: apt-get install redis-tools";

/// The name of what the script checks.
const SCRIPT: &str = "tools/redis-tools";

/// Runs the tools on our server, and on the peer to check the expectations.
pub(super) fn run(
    ours: &Path,
    peer: Option<&Path>,
    options: &Options,
    known: &KnownFailures,
) -> Result<Summary> {
    let mut summary = Summary::default();
    let sides = [
        (
            Some(Launch::ours(ours, &["--script-compat", RECORDED_MODE])),
            "",
        ),
        (peer.map(Launch::peer), " on redis-server"),
    ];
    for (launch, whose) in sides {
        let Some(launch) = launch else { continue };
        if options.selects(SCRIPT) {
            summary.add(run_script(launch.clone(), whose, known)?);
        }
        if options.selects("tools/redis-cli") {
            summary.add(redis_cli(launch, whose, known)?);
        }
    }
    Ok(summary)
}

fn tools_dir() -> PathBuf {
    suite_dir().join("tools")
}

/// Runs the script on one server and counts what it says.
fn run_script(launch: Launch, whose: &str, known: &KnownFailures) -> Result<Summary> {
    let mut summary = Summary::default();
    let Some(python) = proc::find_program("python3") else {
        summary.skip(0, PYTHON_HINT);
        return Ok(summary);
    };
    let mut server = Server::start(launch)?;
    let path = tools_dir().join("redis_tools.py");
    let port = server.port().to_string();
    let args = [path.as_os_str(), port.as_ref()];
    let done = proc::run(&python, &args, b"", TOOL_LIMIT)?;
    for check in report::parse(&String::from_utf8_lossy(&done.stdout)) {
        let name = format!("{SCRIPT}/{}{whose}", check.name);
        match check.verdict {
            Verdict::Passed => judge(&name, None, known, &mut summary),
            Verdict::Skipped(why) => summary.skip(1, format!("redis: {name}: {why}")),
            Verdict::Failed(why) => judge(&name, Some(format!("  {why}\n")), known, &mut summary),
        }
    }
    if !done.ending.is_success() || server.crash()?.is_some() {
        let errors = String::from_utf8_lossy(&done.stderr);
        let problem = format!("  {}\n{errors}{}", done.ending, server.log_tail());
        judge(
            &format!("{SCRIPT}{whose}"),
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
    tools_dir().join("redis_cli.txt")
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
        let name = format!("tools/redis-cli/{}{whose}", call.args);
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
            Some(file) => tools_dir().join(file).display().to_string(),
            None => word,
        });
    }
    let done = proc::run(cli, &args, b"", TOOL_LIMIT)?;
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
