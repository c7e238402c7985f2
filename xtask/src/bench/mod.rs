//! `cargo xtask bench`: whole programs ([`mod@run`]), instruction counts ([`instructions`]), EVALSHA
//! throughput of servers ([`redis`], [`valkey`]) and the crates' own criterion benches ([`layers`]). All but the last
//! give ratios to the real thing, measured in the same run; [`compare`] turns times into ratios.

mod compare;
mod instructions;
mod redis;
mod run;
mod valkey;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cli::BenchFlags;
use crate::proc::{self, Profile};

/// Runs the chosen kind of bench; false when a result was wrong.
pub(crate) fn run(flags: &BenchFlags) -> Result<bool> {
    if flags.layers {
        layers(flags)
    } else if flags.redis {
        redis::run(flags)
    } else if flags.valkey {
        valkey::run(flags)
    } else if flags.instructions {
        instructions::run(flags)
    } else {
        run::run(flags)
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
    if let Some(path) = &flags.base {
        engines.push(Engine {
            name: "base",
            program: path.clone(),
            args: &[],
        });
    }
    engines.extend(peer("luajit", &["-joff"]));
    Ok(engines)
}

/// The Lua programs of a folder under `xtask`, sorted, that the filters select.
fn programs(folder: &str, filters: &[String]) -> Result<Vec<(String, PathBuf)>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let entries =
        std::fs::read_dir(&dir).with_context(|| format!("cannot list {}", dir.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let selected = filters.is_empty() || filters.iter().any(|f| name.contains(f.as_str()));
        if selected && path.extension().is_some_and(|ext| ext == "lua") {
            found.push((name, path));
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
