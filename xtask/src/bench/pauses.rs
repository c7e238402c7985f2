//! The longest pause that the collector makes while a million objects are alive, on all engines.
//! A program of `xtask/pauses` returns what to do again and again, and what tells in the end
//! whether everything is still there.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Engine, Program, programs_in};
use crate::cli::BenchFlags;
use crate::proc::{self, Ending};

/// Prints the longest time between two looks at the clock, in milliseconds of CPU time, then what
/// the program has to say.
const DRIVER: &str = r#"
local step, check = dofile(arg[1])
collectgarbage()
local clock, longest = os.clock, 0
local last = clock()
for i = 1, 2000000 do
  step(i)
  if i % 16 == 0 then
    local now = clock()
    if now - last > longest then longest = now - last end
    last = now
  end
end
print(longest * 1000)
print(check())
"#;

/// Runs of each program per engine at most: one takes seconds.
const MOST_RUNS: usize = 3;
/// Far above what a program takes: only a hang gets here.
const RUN_LIMIT: Duration = Duration::from_secs(120);

/// Runs the selected programs on `engines` and prints a table; false when a result was wrong.
pub(super) fn run(flags: &BenchFlags, engines: &[Engine]) -> Result<bool> {
    let programs = programs_in("pauses", flags)?;
    if programs.is_empty() {
        return Ok(true);
    }
    let n_runs = flags.n_runs().min(MOST_RUNS);
    println!(
        "\nlongest pause with a million objects alive, in milliseconds of CPU time, the least of \
         {n_runs} runs: other load on the machine only adds to it"
    );
    print!("{:<22}", "");
    for engine in engines {
        print!("{:>10}", engine.name);
    }
    println!();
    let mut all_right = true;
    for program in &programs {
        print!("{:<22}", format!("pauses/{}", program.name));
        let mut right = None;
        let mut problems = Vec::new();
        for engine in engines {
            let (pause, result) = least(engine, program, n_runs)?;
            print!("{pause:>10.2}");
            if *right.get_or_insert_with(|| result.clone()) != result {
                problems.push(format!("{} printed {result:?}", engine.name));
            }
        }
        println!();
        for problem in problems {
            all_right = false;
            println!("FAILED pauses/{}: {problem}", program.name);
        }
    }
    Ok(all_right)
}

/// The shortest of the longest pauses, and what the program printed in the end.
fn least(engine: &Engine, program: &Program, n_runs: usize) -> Result<(f64, String)> {
    let mut driver = tempfile::NamedTempFile::new()?;
    driver.write_all(DRIVER.as_bytes())?;
    let mut args: Vec<&std::ffi::OsStr> = Vec::new();
    args.extend(engine.args.iter().map(|arg| std::ffi::OsStr::new(*arg)));
    args.extend([driver.path().as_os_str(), program.path.as_os_str()]);
    let mut least = f64::INFINITY;
    let mut result = String::new();
    for _ in 0..n_runs {
        let finished = proc::run(&engine.program, &args, b"", RUN_LIMIT)?;
        if finished.ending != Ending::Exited(0) {
            bail!("{} on {}: {}", program.name, engine.name, finished.ending);
        }
        let output = String::from_utf8(finished.stdout).context("not text")?;
        let (pause, rest) = output.split_once('\n').context("two lines expected")?;
        let pause: f64 = pause.parse().context("a number of milliseconds expected")?;
        least = least.min(pause);
        result = rest.trim_end().to_owned();
    }
    Ok((least, result))
}
