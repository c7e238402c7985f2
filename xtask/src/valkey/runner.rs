//! Valkey's own tests, by Valkey's own runner: the units about scripting, and those in which
//! scripts play a part. What passes with the interpreter in C has to pass with the module.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use super::Options;
use super::tree::{Build, Trees};
use crate::known::KnownFailures;
use crate::proc::{self, Setup};
use crate::summary::Summary;

/// Units about scripting: run on both builds.
const SCRIPTING: &[&str] = &["unit/scripting", "unit/functions"];

/// Units in which scripts play a part.
const SECOND_RING: &[&str] = &[
    "unit/info",
    "unit/acl",
    "unit/acl-v2",
    "unit/multi",
    "unit/introspection",
    "unit/introspection-2",
    "unit/slowlog",
    "unit/commandlog",
    "unit/sort",
    "unit/tracking",
    "unit/latency-monitor",
    "unit/pause",
    "unit/pubsub",
    "unit/querybuf",
    "unit/cluster/scripting",
    "unit/cluster/slot-stats",
    "unit/cluster/transactions-on-replica",
    "integration/aof",
    "integration/rdb",
    "integration/valkey-cli",
    "integration/valkey-check-rdb",
];

/// How many tests of the second ring pass with the interpreter in C, in which version of Valkey:
/// there it is run beside the module unless as many pass with that, and none fails.
const SECOND_RING_PASSED: (&str, usize) = ("9.1.2", 903);

/// Far above what a run takes.
const RUN_LIMIT: Duration = Duration::from_secs(1800);

/// Where the runner looks for free ports, 8,000 of them, and 10,000 further on for nodes of
/// clusters: below those that the system gives to clients, for when a port is taken in the moment
/// between, the runner waits for ever.
const BASE_PORT: &str = "11111";

/// What a run of the runner said.
#[derive(Debug, Default, PartialEq, Eq)]
struct Report {
    /// How often a test of this name passed.
    passed: BTreeMap<String, usize>,
    /// Tests that failed, with what the runner says of them.
    failed: Vec<String>,
    /// Tests that the runner left out.
    ignored: usize,
}

impl Report {
    fn n_passed(&self) -> usize {
        self.passed.values().sum()
    }

    fn counts(&self) -> String {
        format!(
            "{} passed, {} failed, {} skipped",
            self.n_passed(),
            self.failed.len(),
            self.ignored
        )
    }
}

/// Runs the selected units, prints the counts beside those of the interpreter in C, and counts what
/// passes there and not here as failed.
pub(super) fn run(
    trees: &Trees,
    module: &Path,
    options: &Options,
    known: &KnownFailures,
) -> Result<Summary> {
    let mut summary = Summary::default();
    let select = |units: &[&'static str]| -> Vec<&'static str> {
        let units = units.iter().copied();
        units.filter(|unit| options.selects(unit)).collect()
    };
    let (scripting, second_ring) = (select(SCRIPTING), select(SECOND_RING));
    if scripting.is_empty() && second_ring.is_empty() {
        return Ok(summary);
    }
    if proc::find_program("tclsh").is_none() && proc::find_program("tclsh8.6").is_none() {
        if options.require_peers {
            bail!("valkey: no tclsh: apt-get install tcl");
        }
        summary.skip(1, "valkey: no tclsh: apt-get install tcl");
        return Ok(summary);
    }
    if !scripting.is_empty() {
        let title = "scripting";
        let peer = with_own_engine(trees, title, &scripting)?;
        for build in [Build::Default, Build::WithoutLua] {
            let ours = with_module(trees, title, build, module, &scripting)?;
            weigh(&ours, &peer, build, known, &mut summary);
        }
    }
    if !second_ring.is_empty() {
        let (title, build) = ("second ring", Build::Default);
        let ours = with_module(trees, title, build, module, &second_ring)?;
        let (version, n_passed) = SECOND_RING_PASSED;
        let is_whole = second_ring.len() == SECOND_RING.len() && trees.version()? == version;
        if is_whole && ours.failed.is_empty() && ours.n_passed() == n_passed {
            println!("valkey: {title}: its own engine: not run, {n_passed} are known to pass");
            weigh(&ours, &Report::default(), build, known, &mut summary);
        } else {
            let peer = with_own_engine(trees, title, &second_ring)?;
            weigh(&ours, &peer, build, known, &mut summary);
        }
    }
    Ok(summary)
}

/// Runs units with the interpreter in C, and prints the counts.
fn with_own_engine(trees: &Trees, title: &str, units: &[&str]) -> Result<Report> {
    let report = run_units(trees, Build::Default, None, units)?;
    println!("valkey: {title}: its own engine: {}", report.counts());
    Ok(report)
}

/// Runs units with the module, and prints the counts.
fn with_module(
    trees: &Trees,
    title: &str,
    build: Build,
    module: &Path,
    units: &[&str],
) -> Result<Report> {
    let report = run_units(trees, build, Some(module), units)?;
    println!(
        "valkey: {title}: module on the {}: {}",
        build.title(),
        report.counts()
    );
    Ok(report)
}

/// Counts what passes, and what fails or is missing here alone.
fn weigh(ours: &Report, peer: &Report, build: Build, known: &KnownFailures, summary: &mut Summary) {
    summary.passed += ours.n_passed();
    let mut seen = Vec::new();
    for (name, n_peer) in &peer.passed {
        let n_ours = ours.passed.get(name).copied().unwrap_or(0);
        if n_ours >= *n_peer {
            continue;
        }
        let missing = n_peer - n_ours;
        match known.judge(name, Some(String::new())) {
            Ok(_) => summary.skip(missing, "valkey: known failures (suites.toml)"),
            Err(_) => {
                println!("FAILED valkey/{}: {name}", build.title());
                summary.fail(format!("valkey/{}: {name}", build.title()));
            }
        }
        seen.push(name);
    }
    for text in &ours.failed {
        let is_listed = seen.iter().any(|name| text.contains(name.as_str()));
        let fails_there = peer
            .failed
            .iter()
            .any(|other| first_line(other) == first_line(text));
        println!("valkey: {}: {text}", build.title());
        if fails_there {
            summary.skip(1, "valkey: tests that fail with its own engine too");
        } else if !is_listed {
            summary.fail(format!("valkey/{}: {}", build.title(), first_line(text)));
        }
    }
    if ours.ignored > 0 {
        summary.skip(ours.ignored, "valkey: tests that its runner leaves out");
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Runs units on a server of a tree.
fn run_units(trees: &Trees, build: Build, module: Option<&Path>, units: &[&str]) -> Result<Report> {
    let root = trees.root(build);
    let mut words = vec![root.to_string_lossy().into_owned()];
    let mut add = |more: &[&str]| words.extend(more.iter().map(|&word| word.to_owned()));
    let clients = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    add(&["--baseport", BASE_PORT, "--clients", &clients.to_string()]);
    for unit in units {
        add(&["--single", unit]);
    }
    if let Some(module) = module {
        add(&["--config", "loadmodule", &module.to_string_lossy()]);
    }
    let script = "cd \"$1\" && shift && exec ./runtest \"$@\" 2>&1";
    let mut args = vec!["-c".to_owned(), script.to_owned(), "sh".to_owned()];
    args.extend(words);
    let setup = Setup {
        address_space_kib: None,
        ..Setup::default()
    };
    let finished = proc::run_with(&setup, Path::new("sh"), &args, b"", RUN_LIMIT)?;
    let report = read(&String::from_utf8_lossy(&finished.stdout));
    if report.passed.is_empty() && report.failed.is_empty() {
        let text = String::from_utf8_lossy(&finished.stdout);
        let tail: Vec<&str> = text.lines().rev().take(20).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        bail!("Valkey's runner: {}\n{}", finished.ending, tail.join("\n"));
    }
    Ok(report)
}

/// Reads what the runner prints: a line `[ok]: name (3 ms)` per test, coloured.
fn read(text: &str) -> Report {
    let mut report = Report::default();
    let mut lines = text.lines().map(without_colours).peekable();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("[ok]: ") {
            *report.passed.entry(without_time(name)).or_default() += 1;
        } else if line.starts_with("[ignore]: ") || line.starts_with("[skip]: ") {
            report.ignored += 1;
        } else if let Some(what) = line
            .strip_prefix("[err]: ")
            .or_else(|| line.strip_prefix("[exception]: "))
        {
            let mut text = without_time(what);
            while let Some(next) = lines.next_if(|next| !next.starts_with('[') && !next.is_empty())
            {
                text.push_str("\n  ");
                text.push_str(&next);
            }
            report.failed.push(text);
        }
    }
    report
}

/// The name of a test, without how long it took.
fn without_time(name: &str) -> String {
    let end = name.rfind(" (").filter(|_| name.ends_with(" ms)"));
    end.map_or(name, |end| &name[..end]).to_owned()
}

/// A line without the terminal's escapes.
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_runners_lines() {
        let text = "\
            Testing unit/scripting\n\
            [\x1b[0;32;49mok\x1b[0m]: EVAL (1) works (12 ms)\n\
            [\x1b[0;32;49mok\x1b[0m]: EVAL (1) works (3 ms)\n\
            [\x1b[0;33;49mignore\x1b[0m]: large memory (0 ms)\n\
            [\x1b[0;31;49merr\x1b[0m]: SCRIPT KILL in tests/unit/scripting.tcl\n\
            Expected 'a' to be 'b'\n\
            \n\
            [1/1 done]: unit/scripting (3 seconds)\n";
        let report = read(text);
        assert_eq!(report.counts(), "2 passed, 1 failed, 1 skipped");
        assert_eq!(report.passed.get("EVAL (1) works"), Some(&2));
        let failure = "SCRIPT KILL in tests/unit/scripting.tcl\n  Expected 'a' to be 'b'";
        assert_eq!(report.failed, [failure]);
    }

    #[test]
    fn what_passes_there_alone_has_failed() {
        let peer = read("[ok]: a (1 ms)\n[ok]: b (1 ms)\n[ok]: b (1 ms)\n[err]: c\n");
        let ours = read("[ok]: a (1 ms)\n[ok]: b (1 ms)\n[err]: c\n[err]: d\n");
        let mut summary = Summary::default();
        weigh(
            &ours,
            &peer,
            Build::Default,
            &KnownFailures::default(),
            &mut summary,
        );
        assert_eq!(summary.passed, 2);
        assert_eq!(
            summary.failures,
            ["valkey/default build: b", "valkey/default build: d"]
        );
        assert_eq!(summary.skipped, 1);
    }
}
