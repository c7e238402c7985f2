//! Whole programs of `xtask/benchmarks`, timed on all engines in alternation. A program prints a
//! checksum; an engine that prints another one has failed, however fast it was.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use wait_timeout::ChildExt;

use super::compare::{self, Row, Runs};
use super::{Engine, cpu_name, engines, programs};
use crate::cli::BenchFlags;

/// Far above what a program takes: only a hang gets here.
const RUN_LIMIT: Duration = Duration::from_secs(120);

/// Times the selected programs and prints the table; false when a result was wrong.
pub(super) fn run(flags: &BenchFlags) -> Result<bool> {
    let engines = engines(flags)?;
    let programs = programs("benchmarks", &flags.filters)?;
    let names: Vec<&str> = engines.iter().map(|engine| engine.name).collect();
    let cpu = cpu_name();
    println!(
        "{cpu}; release build; minimum CPU time of {} runs, engines in turn",
        flags.n_runs()
    );
    println!("{}", compare::header(&names));
    let mut rows = Vec::new();
    let mut all_right = true;
    for (name, path) in &programs {
        let (runs, problems) = time_program(path, &engines, flags.n_runs())?;
        let row = Row {
            name: name.clone(),
            runs,
        };
        println!("{}", compare::line(&row));
        for problem in problems {
            all_right = false;
            println!("FAILED {name}: {problem}");
        }
        rows.push(row);
    }
    print!("{}", compare::footer(&names, &rows));
    if let Some(path) = &flags.json {
        let value = compare::json(&cpu, flags.n_runs(), &names, &rows);
        std::fs::write(path, format!("{value:#}\n"))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(all_right)
}

/// Times of one program per engine, and what went wrong. The first engine's output is the right one.
fn time_program(
    path: &Path,
    engines: &[Engine],
    n_runs: usize,
) -> Result<(Vec<Option<Runs>>, Vec<String>)> {
    let mut seconds = vec![Vec::new(); engines.len()];
    let mut problems = vec![None; engines.len()];
    let mut checksum: Option<Vec<u8>> = None;
    for _ in 0..n_runs {
        for (index, engine) in engines.iter().enumerate() {
            if problems[index].is_some() {
                continue;
            }
            match time_once(engine, path) {
                Err(error) => problems[index] = Some(format!("{}: {error:#}", engine.name)),
                Ok((time, output)) => {
                    let expected = checksum.get_or_insert_with(|| output.clone());
                    if output == *expected {
                        seconds[index].push(time);
                    } else {
                        problems[index] = Some(format!(
                            "{} printed {:?}, not {:?}",
                            engine.name,
                            String::from_utf8_lossy(&output),
                            String::from_utf8_lossy(expected),
                        ));
                    }
                }
            }
        }
    }
    let ok = |index: usize| problems[index].is_none() && !seconds[index].is_empty();
    let runs = (0..engines.len())
        .map(|i| ok(i).then(|| Runs::new(seconds[i].clone())))
        .collect();
    Ok((runs, problems.into_iter().flatten().collect()))
}

/// One run: CPU seconds (user and system) and the output.
fn time_once(engine: &Engine, script: &Path) -> Result<(f64, Vec<u8>)> {
    // A file takes the output: a pipe would need a thread of ours, beside the one we time.
    let output = tempfile::NamedTempFile::new()?;
    let before = children_seconds()?;
    let mut child = Command::new(&engine.program)
        .args(engine.args)
        .arg(script)
        .stdin(Stdio::null())
        .stdout(output.reopen()?)
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("cannot start {}", engine.program.display()))?;
    let Some(status) = child.wait_timeout(RUN_LIMIT)? else {
        child.kill()?;
        child.wait()?;
        bail!("no end after {} s", RUN_LIMIT.as_secs());
    };
    let seconds = children_seconds()? - before;
    if !status.success() {
        bail!("{status}");
    }
    Ok((seconds, std::fs::read(output.path())?))
}

/// CPU seconds of all children waited for so far.
fn children_seconds() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("getrusage")?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}
