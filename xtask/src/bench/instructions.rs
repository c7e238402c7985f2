//! Instructions per iteration of micro programs, counted by callgrind at two sizes: the difference,
//! divided by the iterations between them, has no start-up in it and repeats to a tenth.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Engine, Program, programs};
use crate::cli::BenchFlags;
use crate::proc;

/// Iterations of the two runs.
const SIZES: (u32, u32) = (20_000, 60_000);
const RUN_LIMIT: Duration = Duration::from_secs(300);

/// Counts for the selected programs of `xtask/micro-benchmarks` on each engine.
pub(super) fn run(flags: &BenchFlags, engines: &[Engine]) -> Result<bool> {
    let valgrind =
        proc::find_program("valgrind").context("no valgrind: apt-get install valgrind")?;
    print!("{:<14}", "per iteration");
    for engine in engines {
        print!("{:>10}", engine.name);
    }
    println!();
    let mut all_ran = true;
    for Program { name, path, .. } in programs("micro-benchmarks", flags)? {
        print!("{name:<14}");
        for engine in engines {
            match per_iteration(&valgrind, engine, &path) {
                Ok(count) => print!("{count:>10.1}"),
                Err(error) => {
                    all_ran = false;
                    print!("{:>10}", "failed");
                    eprintln!("{name} on {}: {error:#}", engine.name);
                }
            }
        }
        println!();
    }
    Ok(all_ran)
}

fn per_iteration(valgrind: &Path, engine: &Engine, script: &Path) -> Result<f64> {
    let small = count(valgrind, engine, script, SIZES.0)?;
    let large = count(valgrind, engine, script, SIZES.1)?;
    Ok((large as f64 - small as f64) / f64::from(SIZES.1 - SIZES.0))
}

/// Instructions of one run of `script` with `size` as its argument.
fn count(valgrind: &Path, engine: &Engine, script: &Path, size: u32) -> Result<u64> {
    let size = size.to_string();
    let mut args = vec![
        "--tool=callgrind".as_ref(),
        "--callgrind-out-file=/dev/null".as_ref(),
    ];
    args.push(engine.program.as_os_str());
    args.extend(engine.args.iter().map(|arg| std::ffi::OsStr::new(*arg)));
    args.push(script.as_os_str());
    args.push(size.as_ref());
    let finished = proc::run(valgrind, &args, b"", RUN_LIMIT)?;
    let report = String::from_utf8_lossy(&finished.stderr);
    if !finished.ending.is_success() {
        bail!("{}: {report}", finished.ending);
    }
    collected(&report).with_context(|| format!("no count in: {report}"))
}

/// The number after `Collected :` in callgrind's report.
fn collected(report: &str) -> Option<u64> {
    let (_, rest) = report.split_once("Collected :")?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads_the_count() {
        let report = "==12== Events    : Ir\n==12== Collected : 123456\n==12== \n";
        assert_eq!(super::collected(report), Some(123_456));
        assert_eq!(super::collected("nothing"), None);
    }
}
