//! `cargo xtask bench`: whole programs ([`mod@run`]), instruction counts ([`instructions`]),
//! throughput of [`servers`] and the crates' own criterion benches ([`layers`]). All but the last
//! give ratios to the real thing, measured in the same run; [`compare`] turns times into ratios.

mod chart;
mod compare;
mod instructions;
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

/// Times whole programs, or counts the instructions of small ones.
fn measure(flags: &BenchFlags, engines: &[Engine]) -> Result<bool> {
    if flags.instructions {
        instructions::run(flags, engines)
    } else {
        run::run(flags, engines)
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
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let list = |dir: &Path| {
        std::fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))
    };
    let name_of = |path: &Path| {
        let stem = path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    };
    let mut found = Vec::new();
    for group in list(&dir)? {
        let group = group?.path();
        for entry in list(&group)? {
            let path = entry?.path();
            let program = Program {
                group: name_of(&group),
                name: name_of(&path),
                path,
            };
            let full = format!("{}/{}", program.group, program.name);
            if flags.selects(&full) {
                found.push(program);
            }
        }
    }
    found.sort();
    Ok(found)
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
