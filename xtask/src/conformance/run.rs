//! Runs the corpus: one process per file and engine, and once more case by case where a file did
//! not reach its end, so that one crash hides no other case.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

use super::suite::{self, Case, Kind, Script};
use super::{Engine, Engines, Options, PEER_HINT, compare, corpus_dir};
use crate::known::KnownFailures;
use crate::proc;
use crate::summary::Summary;

/// Far above what any file takes, even on a busy machine and a debug build: only a hang gets here.
const FILE_LIMIT: Duration = Duration::from_secs(120);
/// The same for a case run alone.
const CASE_LIMIT: Duration = Duration::from_secs(30);

/// The outputs of a file's cases on one engine, by case name.
type Outputs = BTreeMap<String, String>;

/// Makes `lua` collect at every safepoint.
const STRESS_VARIABLE: &str = "FERROUS_STRESS_COLLECTOR";

fn read_prelude() -> Result<String> {
    std::fs::read_to_string(corpus_dir().join("prelude.lua")).context("cannot read the prelude")
}

/// Runs all selected cases and prints those that differ.
pub(crate) fn run(options: &Options) -> Result<Summary> {
    let scripts = suite::load(&corpus_dir())?;
    let known = KnownFailures::load("lua")?;
    let prelude = read_prelude()?;
    if options.bless {
        let touched = |script: &Script| {
            script
                .cases
                .iter()
                .any(|case| selected(script, case, options))
        };
        let scripts: Vec<Script> = scripts.into_iter().filter(touched).collect();
        return bless(&scripts, &prelude);
    }
    let scripts: Vec<Script> = scripts
        .into_iter()
        .filter_map(|s| select(s, options))
        .collect();
    if scripts.is_empty() {
        return Ok(Summary::default());
    }
    compare_all(&scripts, &prelude, &Engines::find(options)?, &known)
}

/// Runs all selected cases with collection at every safepoint of ours.
pub(crate) fn run_stressed(options: &Options) -> Result<Summary> {
    if options.bless {
        return Ok(Summary::default());
    }
    let known = KnownFailures::load("lua")?;
    let prelude = read_prelude()?;
    let scripts: Vec<Script> = suite::load(&corpus_dir())?
        .into_iter()
        .filter_map(|script| select(script, options))
        .collect();
    if scripts.is_empty() {
        return Ok(Summary::default());
    }
    let mut engines = Engines::find(options)?;
    engines.ours.setup.env.push((STRESS_VARIABLE, "1".into()));
    compare_all(&scripts, &prelude, &engines, &known)
}

/// Runs the cases on both sides and prints those that differ.
fn compare_all(
    scripts: &[Script],
    prelude: &str,
    engines: &Engines,
    known: &KnownFailures,
) -> Result<Summary> {
    let mut summary = Summary::default();
    if engines.peer.is_none() {
        summary.skip(
            0,
            format!("lua: compared with recorded expectations only, {PEER_HINT}"),
        );
    }
    for report in each(scripts, |script| check(script, prelude, engines, known)) {
        let report = report?;
        print!("{}", report.text);
        summary.add(report.summary);
    }
    Ok(summary)
}

fn selected(script: &Script, case: &Case, options: &Options) -> bool {
    options.selects(&format!("lua/{}", script.full_name(case)))
}

/// The script with the selected cases only, or `None` when there are none.
fn select(script: Script, options: &Options) -> Option<Script> {
    let mut kept = script.cases.clone();
    kept.retain(|case| selected(&script, case, options));
    (!kept.is_empty()).then_some(Script {
        cases: kept,
        ..script
    })
}

/// Applies `job` to each item on all cores; results come in the order of the items.
pub(super) fn each<I: Sync, T: Send>(items: &[I], job: impl Fn(&I) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let n_workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..n_workers {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = job(item);
                    if let Ok(mut done) = done.lock() {
                        done.insert(index, result);
                    }
                }
            });
        }
    });
    done.into_inner()
        .map(|done| done.into_values().collect())
        .unwrap_or_default()
}

/// What one file did: the text to print and the counts.
struct Report {
    text: String,
    summary: Summary,
}

impl Report {
    fn fail(&mut self, name: &str, problem: &str) {
        self.text
            .push_str(&format!("FAILED lua/{name}\n{problem}\n"));
        self.summary.fail(format!("lua/{name}"));
    }
}

fn check(
    script: &Script,
    prelude: &str,
    engines: &Engines,
    known: &KnownFailures,
) -> Result<Report> {
    let recorded = script.expected()?;
    let real = match &engines.peer {
        Some(peer) => Some(outputs(script, prelude, peer)?.0),
        None => None,
    };
    let (ours, whole_problem) = outputs(script, prelude, &engines.ours)?;
    let mut report = Report {
        text: String::new(),
        summary: Summary::default(),
    };
    for case in &script.cases {
        let full_name = script.full_name(case);
        let problem = judge(case, &recorded, real.as_ref(), &ours);
        match known.judge(&full_name, problem) {
            Ok(None) => report.summary.pass(),
            Ok(Some(reason)) => report.summary.skip(1, format!("known failure: {reason}")),
            Err(problem) => {
                report.fail(&full_name, &problem);
            }
        }
    }
    if let Some(problem) = whole_problem {
        report.fail(&script.name, &problem);
    }
    Ok(report)
}

/// What is wrong with a case, if anything.
fn judge(
    case: &Case,
    recorded: &Outputs,
    real: Option<&Outputs>,
    ours: &Outputs,
) -> Option<String> {
    let text = |outputs: &Outputs| outputs.get(&case.name).cloned().unwrap_or_default();
    let expected = match (recorded.get(&case.name), real) {
        (None, _) => return Some("nothing is recorded for it: run with --bless\n".to_owned()),
        (Some(recorded), None) => recorded.clone(),
        (Some(recorded), Some(real)) => {
            let real = text(real);
            if let Some(diff) = compare::diff(recorded, &real) {
                return Some(format!(
                    "lua5.1 no longer answers what is recorded (--bless?):\n{diff}"
                ));
            }
            real
        }
    };
    compare::diff(&expected, &text(ours))
}

/// Records what `lua5.1` answers to the files with a selected case.
fn bless(scripts: &[Script], prelude: &str) -> Result<Summary> {
    let peer = super::find_peer().context(PEER_HINT)?;
    let mut summary = Summary::default();
    let recorded = each(scripts, |script| {
        script.record(&outputs(script, prelude, &peer)?.0)
    });
    for (script, changed) in scripts.iter().zip(recorded) {
        if changed? {
            println!("recorded lua/{}", script.name);
        }
        summary.passed += script.cases.len();
    }
    Ok(summary)
}

/// Runs a file on one engine; cases it did not finish run again alone. The second part is what is
/// wrong when the file as a whole crashed or hung, yet no case does so alone.
fn outputs(script: &Script, prelude: &str, engine: &Engine) -> Result<(Outputs, Option<String>)> {
    if script.kind == Kind::Shell {
        let outputs = script.cases.iter().map(|case| run_shell(case, engine));
        return Ok((outputs.collect::<Result<_>>()?, None));
    }
    let whole = run_cases(&script.cases, prelude, engine, FILE_LIMIT)?;
    let mut outputs = whole.outputs;
    let mut is_explained = whole.ending.is_success();
    for case in &script.cases {
        if outputs.contains_key(&case.name) {
            continue;
        }
        let mut alone = run_cases(std::slice::from_ref(case), prelude, engine, CASE_LIMIT)?;
        is_explained |= !alone.ending.is_success();
        let output = alone
            .outputs
            .remove(&case.name)
            .unwrap_or_else(|| format!("{}[{}]\n", suite::normalise(&alone.rest), alone.ending));
        outputs.insert(case.name.clone(), output);
    }
    let problem = (!is_explained).then(|| {
        let rest = suite::normalise(&whole.rest);
        format!("all its cases in one process: {}\n{rest}", whole.ending)
    });
    Ok((outputs, problem))
}

/// Runs a shell script in an empty folder, with `lua` for the engine: the case's name and output.
fn run_shell(case: &Case, engine: &Engine) -> Result<(String, String)> {
    let folder = tempfile::tempdir()?;
    let script = format!(
        "unset LUA_INIT LUA_PATH LUA_CPATH; cd \"$1\" && shift && exec 2>&1\n\
         lua() {{ \"$0\" \"$@\"; }}\n{}",
        case.source
    );
    let args = [
        "-c".as_ref(),
        script.as_ref(),
        engine.path.as_os_str(),
        folder.path().as_os_str(),
    ];
    let finished = proc::run_with(&engine.setup, Path::new("sh"), &args, b"", CASE_LIMIT)?;
    let text = suite::normalise(&finished.stdout);
    let mut output = text.replace(&*engine.path.to_string_lossy(), "lua");
    if let proc::Ending::TimedOut(_) = finished.ending {
        output.push_str(&format!("[{}]\n", finished.ending));
    }
    Ok((case.name.clone(), output))
}

/// What became of cases run in one process.
struct CasesRun {
    /// Of the cases it finished.
    outputs: Outputs,
    ending: proc::Ending,
    /// What no finished case owns: an unfinished case's output and the error stream.
    rest: Vec<u8>,
}

/// Runs cases in one process.
fn run_cases(cases: &[Case], prelude: &str, engine: &Engine, limit: Duration) -> Result<CasesRun> {
    let mut program = prelude.as_bytes().to_vec();
    for case in cases {
        program.extend_from_slice(b"case(");
        program.extend(suite::lua_literal(case.name.as_bytes()));
        program.extend_from_slice(b", ");
        program.extend(suite::lua_literal(case.source.as_bytes()));
        program.extend_from_slice(b")\n");
    }
    let file = tempfile::Builder::new()
        .prefix("case")
        .suffix(".lua")
        .tempfile()?;
    std::fs::write(file.path(), program)?;
    let finished = engine.run(&[file.path()], limit)?;
    let (outputs, mut rest) = split_output(&finished.stdout);
    rest.extend_from_slice(&finished.stderr);
    Ok(CasesRun {
        outputs,
        ending: finished.ending,
        rest,
    })
}

/// Cuts output at the prelude's marks; the second part is what no finished case owns.
fn split_output(stdout: &[u8]) -> (Outputs, Vec<u8>) {
    let mut outputs = Outputs::new();
    let mut pending = Vec::new();
    for line in stdout.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b"\x01case ") {
            pending.clear();
        } else if let Some(name) = line.strip_prefix(b"\x01done ") {
            let name = String::from_utf8_lossy(name).trim_end().to_owned();
            outputs.insert(name, suite::normalise(&pending));
            pending.clear();
        } else {
            pending.extend_from_slice(line);
        }
    }
    (outputs, pending)
}

#[cfg(test)]
mod tests {
    use super::split_output;

    #[test]
    fn unfinished_cases_are_no_outputs() {
        let (outputs, rest) = split_output(b"\x01case a\n1\n\x01done a\n\x01case b\n2\n");
        assert_eq!(
            outputs.into_iter().collect::<Vec<_>>(),
            [("a".to_owned(), "1\n".to_owned())]
        );
        assert_eq!(rest, b"2\n");
    }
}
