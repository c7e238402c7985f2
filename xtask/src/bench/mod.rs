//! `cargo xtask bench`: whole programs ([`mod@run`]) and the collector's [`pauses`], instruction
//! counts ([`instructions`]), throughput of [`servers`] and the crates' own criterion benches
//! ([`layers`]). All but the last stand beside the real thing, measured in the same run;
//! [`compare`] turns times into ratios.

mod chart;
mod compare;
mod instructions;
mod pauses;
mod run;
mod servers;
mod workloads;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cli::{BenchCommand, BenchFlags};
use crate::proc::{self, Profile};

/// Runs the chosen kind of bench; false when a result was wrong.
pub(crate) fn run(flags: &BenchFlags) -> Result<bool> {
    if flags.layers {
        layers(flags)
    } else if flags.redis {
        servers::redis(flags)
    } else if flags.valkey {
        servers::valkey(flags)
    } else if let Some(BenchCommand::Compare { old, new, .. }) = &flags.command {
        let build = |name, program: &Path| Engine {
            name,
            program: program.to_owned(),
            args: &[],
        };
        measure(flags, &[build("old", old), build("new", new)])
    } else {
        measure(flags, &engines(flags)?)
    }
}

/// Times whole programs and pauses, or counts the instructions of small programs.
fn measure(flags: &BenchFlags, engines: &[Engine]) -> Result<bool> {
    if flags.instructions {
        instructions::run(flags, engines)
    } else {
        let are_results_right = run::run(flags, engines)?;
        Ok(pauses::run(flags, engines)? && are_results_right)
    }
}

/// Starts the criterion benches of the crates that have any.
fn layers(flags: &BenchFlags) -> Result<bool> {
    let mut all_ran = true;
    for package in [
        "lua-syntax",
        "lua-compiler",
        "lua-vm",
        "lua-stdlib",
        "redis-bridge",
    ] {
        if !proc::root().join(package).join("benches").is_dir() {
            println!("{package}: no benches");
            continue;
        }
        let mut command = proc::cargo();
        command
            .args(["bench", "--package", package, "--benches", "--"])
            .args(&flags.filters);
        all_ran &= command.status().context("cannot start cargo")?.success();
    }
    Ok(all_ran)
}

/// An interpreter in a comparison.
#[derive(Debug)]
struct Engine {
    name: &'static str,
    program: PathBuf,
    /// Before the script.
    args: &'static [&'static str],
}

/// The engines that are there, `lua5.1` first: every ratio is to it. Says which are missing.
fn engines(flags: &BenchFlags) -> Result<Vec<Engine>> {
    let mut engines = Vec::new();
    let ours = match &flags.lua {
        Some(path) => path.clone(),
        None => proc::build_binary("lua-stdlib", "lua", Profile::Release)?,
    };
    let peer = |name: &'static str, args: &'static [&'static str]| match proc::find_program(name) {
        Some(program) => Some(Engine {
            name,
            program,
            args,
        }),
        None => {
            println!("no {name}: apt-get install {name}");
            None
        }
    };
    engines.extend(peer("lua5.1", &[]));
    engines.push(Engine {
        name: "ours",
        program: ours,
        args: &[],
    });
    engines.extend(peer("luajit", &["-joff"]));
    Ok(engines)
}

/// A Lua program to measure.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Program {
    /// The folder it is in.
    group: String,
    name: String,
    path: PathBuf,
}

/// The programs in the folders of a folder under `xtask`, sorted, whose `GROUP/NAME` was asked for.
fn programs(folder: &str, flags: &BenchFlags) -> Result<Vec<Program>> {
    let mut found = Vec::new();
    for group in list(Path::new(folder))? {
        found.extend(programs_in(&group, flags)?);
    }
    found.sort();
    Ok(found)
}

/// The programs in a folder under `xtask`, which is their group, sorted, as [`programs`].
fn programs_in(group: impl AsRef<Path>, flags: &BenchFlags) -> Result<Vec<Program>> {
    let name_of = |path: &Path| {
        let stem = path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    };
    let mut found = Vec::new();
    for path in list(group.as_ref())? {
        let program = Program {
            group: name_of(group.as_ref()),
            name: name_of(&path),
            path,
        };
        if flags.selects(&format!("{}/{}", program.group, program.name)) {
            found.push(program);
        }
    }
    found.sort();
    Ok(found)
}

/// What is in a folder under `xtask`.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries =
        std::fs::read_dir(&dir).with_context(|| format!("cannot list {}", dir.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// The model name of the CPU, for the head of a report.
fn cpu_name() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let name = model
        .and_then(|rest| rest.split_once(':'))
        .map(|(_, name)| name.trim());
    name.unwrap_or("unknown CPU").to_owned()
}
