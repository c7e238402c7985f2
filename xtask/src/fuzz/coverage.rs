//! `cargo xtask fuzz coverage`: the targets of `xtask/fuzz`, one after the other, on seeds made from
//! the conformance corpus. Builds and runs them by cargo-fuzz; what they test is in their sources.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cli::CoverageFlags;
use crate::proc::{self, Profile};

/// The targets, each with its dictionary.
const TARGETS: &[(&str, &str)] = &[
    ("source", "lua"),
    ("undump", "lua"),
    ("patterns", "lua"),
    ("resp", "resp"),
    ("connection", "resp"),
];

/// Bytes of memory of a target, in MiB; sanitized code takes several times what it takes otherwise.
const MEMORY_LIMIT_MIB: u32 = 4096;

/// Seconds that an input may take. Inputs take milliseconds, those that collect at every safepoint
/// seconds, and the machine may be busy.
const INPUT_LIMIT_SECONDS: u32 = 90;

/// Runs the targets, and answers whether none found anything.
pub(super) fn run(flags: &CoverageFlags) -> Result<bool> {
    for name in &flags.targets {
        if !TARGETS.iter().any(|(target, _)| target == name) {
            let names: Vec<_> = TARGETS.iter().map(|(target, _)| *target).collect();
            bail!("no target `{name}`, there are: {}", names.join(", "));
        }
    }
    let package = proc::root().join("xtask/fuzz");
    let seeds = write_seeds(&package)?;
    let mut is_clean = true;
    for (target, dictionary) in TARGETS {
        if flags.targets.is_empty() || flags.targets.iter().any(|name| name == target) {
            println!("== {target}");
            is_clean &= run_target(&package, &seeds, target, dictionary, flags.seconds)?;
        }
    }
    Ok(is_clean)
}

/// Writes a folder of seeds per target, and answers their parent.
fn write_seeds(package: &Path) -> Result<PathBuf> {
    let lua = proc::build_binary("lua-stdlib", "lua", Profile::Dev)?;
    let seeds = proc::root().join("target/fuzz/seeds");
    for (target, _) in TARGETS {
        std::fs::create_dir_all(seeds.join(target)).context("cannot make a folder for seeds")?;
    }
    let mut command = Command::new(lua);
    command.arg(package.join("seeds.lua")).arg(&seeds);
    let corpus = proc::root().join("xtask/conformance");
    for section in std::fs::read_dir(&corpus).context("no conformance corpus")? {
        let section = section?.path();
        if section.is_dir() {
            for file in std::fs::read_dir(section)? {
                let file = file?.path();
                if file.extension().is_some_and(|extension| extension == "lua") {
                    command.arg(file);
                }
            }
        }
    }
    if !command.status().context("cannot start lua")?.success() {
        bail!("seeds.lua failed");
    }
    Ok(seeds)
}

/// Runs one target: on what earlier runs have found, which is kept, and on the seeds.
fn run_target(
    package: &Path,
    seeds: &Path,
    target: &str,
    dictionary: &str,
    seconds: u32,
) -> Result<bool> {
    let kept = package.join("corpus").join(target);
    std::fs::create_dir_all(&kept).context("cannot make a folder for the corpus")?;
    let dictionary = package.join(format!("dictionaries/{dictionary}.dict"));
    let status = Command::new("rustup")
        .args(["run", "nightly", "cargo", "fuzz", "run", "--fuzz-dir"])
        .arg(package)
        .args(["--debug-assertions", target])
        .args([&kept, &seeds.join(target)])
        .arg("--")
        .arg(format!("-dict={}", dictionary.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-rss_limit_mb={MEMORY_LIMIT_MIB}"))
        .arg(format!("-timeout={INPUT_LIMIT_SECONDS}"))
        .arg("-print_final_stats=1")
        .current_dir(proc::root())
        .status()
        .context("cannot start rustup: see docs/fuzzing.md for what is needed")?;
    Ok(status.success())
}
