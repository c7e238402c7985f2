//! Whole programs of `xtask/benchmarks`, timed on all engines in alternation. A program prints a
//! checksum; an engine that prints another one has failed, however fast it was. A last run of each
//! tells how much memory it had at most.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use wait_timeout::ChildExt;

use super::compare::{self, Measured, Row, Runs};
use super::{Engine, Program, chart, cpu_name, programs};
use crate::cli::BenchFlags;
use crate::proc;

/// Far above what a program takes: only a hang gets here.
const RUN_LIMIT: Duration = Duration::from_secs(120);

/// Runs a program by name and writes the process's peak memory, as the kernel counts it, to the
/// standard error: `wait4` would count what a child shares with us before it starts the program.
const PEAK: &str = r#"
dofile(arg[1])
for line in io.lines("/proc/self/status") do
  local kib = line:match("^VmHWM:%s*(%d+)")
  if kib then io.stderr:write(kib) end
end
"#;

/// Times the selected programs on `engines` and prints the table; false when a result was wrong.
pub(super) fn run(flags: &BenchFlags, engines: &[Engine]) -> Result<bool> {
    let programs = programs("benchmarks", flags)?;
    if programs.is_empty() {
        return Ok(true);
    }
    let names: Vec<&str> = engines.iter().map(|engine| engine.name).collect();
    let cpu = cpu_name();
    println!(
        "{cpu}; release build; minimum CPU time of {} runs, engines in turn; ratio: times as fast \
         as {}; memory: peak, as a multiple",
        flags.n_runs(),
        names.first().unwrap_or(&"nothing")
    );
    println!("{}", compare::header(&names));
    let mut rows = Vec::new();
    let mut all_right = true;
    for program in &programs {
        let (results, problems) = measure(program, engines, flags.n_runs())?;
        let row = Row {
            group: program.group.clone(),
            name: program.name.clone(),
            results,
        };
        println!("{}", compare::line(&row));
        for problem in problems {
            all_right = false;
            println!("FAILED {}: {problem}", program.name);
        }
        rows.push(row);
    }
    print!("{}", compare::footer(&names, &rows));
    let json = flags
        .json
        .clone()
        .unwrap_or_else(|| proc::target_dir().join("bench.json"));
    let value = compare::json(&cpu, flags.n_runs(), &names, &rows);
    std::fs::write(&json, format!("{value:#}\n"))
        .with_context(|| format!("cannot write {}", json.display()))?;
    let picture = json.with_extension("svg");
    chart::draw(&picture, &cpu, &names, &rows)?;
    println!("written to {} and {}", json.display(), picture.display());
    Ok(all_right)
}

/// What each engine does with one program, and what went wrong. The first engine's output is the
/// right one.
fn measure(
    program: &Program,
    engines: &[Engine],
    n_runs: usize,
) -> Result<(Vec<Option<Measured>>, Vec<String>)> {
    let mut seconds = vec![Vec::new(); engines.len()];
    let mut problems = vec![None; engines.len()];
    let mut checksum: Option<Vec<u8>> = None;
    let times = times(&program.path)?;
    for _ in 0..n_runs {
        for (index, engine) in engines.iter().enumerate() {
            if problems[index].is_some() {
                continue;
            }
            match time_once(engine, &program.path, times) {
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
    let mut results = Vec::new();
    for (index, engine) in engines.iter().enumerate() {
        results.push(if problems[index].is_some() {
            None
        } else {
            Some(Measured {
                runs: Runs::new(std::mem::take(&mut seconds[index])),
                peak: peak_kib(engine, &program.path)?,
            })
        });
    }
    Ok((results, problems.into_iter().flatten().collect()))
}

/// How often a program runs in one measurement: `--! times N` in its first line, else once.
fn times(script: &Path) -> Result<u32> {
    let source = std::fs::read_to_string(script)
        .with_context(|| format!("cannot read {}", script.display()))?;
    match source.strip_prefix("--! times ") {
        None => Ok(1),
        Some(rest) => rest
            .lines()
            .next()
            .unwrap_or_default()
            .parse()
            .with_context(|| format!("how often to run {}", script.display())),
    }
}

/// The most memory that was resident while the program ran, in KiB; `None` where the kernel does
/// not tell.
fn peak_kib(engine: &Engine, script: &Path) -> Result<Option<u64>> {
    let mut driver = tempfile::NamedTempFile::new()?;
    driver.write_all(PEAK.as_bytes())?;
    let mut args: Vec<&std::ffi::OsStr> = Vec::new();
    args.extend(engine.args.iter().map(|arg| std::ffi::OsStr::new(*arg)));
    args.extend([driver.path().as_os_str(), script.as_os_str()]);
    let finished = proc::run(&engine.program, &args, b"", RUN_LIMIT)?;
    Ok(String::from_utf8_lossy(&finished.stderr).parse().ok())
}

/// One measurement: CPU seconds (user and system) of all its runs, and the output of the last.
fn time_once(engine: &Engine, script: &Path, times: u32) -> Result<(f64, Vec<u8>)> {
    let before = children_seconds()?;
    let mut output = Vec::new();
    for _ in 0..times {
        output = run_once(engine, script)?;
    }
    Ok((children_seconds()? - before, output))
}

fn run_once(engine: &Engine, script: &Path) -> Result<Vec<u8>> {
    // A file takes the output: a pipe would need a thread of ours, beside the one we time.
    let output = tempfile::NamedTempFile::new()?;
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
    if !status.success() {
        bail!("{status}");
    }
    Ok(std::fs::read(output.path())?)
}

/// CPU seconds of all children waited for so far.
fn children_seconds() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("getrusage")?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}
