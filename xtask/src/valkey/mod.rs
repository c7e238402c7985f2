//! The Valkey suite: the module that Valkey loads, on a Valkey built from source, beside the
//! interpreter that Valkey has of its own.
//!
//! Groups: Valkey's own tests ([`runner`]), the scripting cases of `xtask/redis-suite` side by side,
//! hostile scripts, and what takes several servers or lives of one ([`PROOFS`]). Where Valkey comes
//! from is the business of [`tree`].

mod cluster;
mod failover;
mod libraries;
mod limits;
mod memory;
mod node;
mod replicas;
mod restart;
mod runner;
pub(crate) mod soak;
pub(crate) mod tree;
mod unload;
mod vulnerabilities;
mod workload;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use self::tree::{Build, Trees};
use crate::known::KnownFailures;
use crate::proc::{self, Profile};
use crate::redis;
use crate::redis::server::Launch;
use crate::summary::Summary;

/// Names a module to test in place of the workspace's.
const MODULE_VARIABLE: &str = "FERROUS_VALKEY_MODULE";

/// What `cargo xtask test` asks of the suite.
#[derive(Debug)]
pub(crate) struct Options {
    /// A group or unit runs when its name holds one of these; all run when there are none.
    pub(crate) filters: Vec<String>,
    /// A missing Valkey is a failure, not a skip.
    pub(crate) require_peers: bool,
    /// The suite was asked for by its name: Valkey is fetched and built if it is missing.
    pub(crate) is_asked_for: bool,
    pub(crate) profile: Profile,
}

impl Options {
    fn selects(&self, name: &str) -> bool {
        let name = format!("valkey/{name}");
        self.filters.is_empty() || self.filters.iter().any(|f| name.contains(f.as_str()))
    }
}

/// Runs the suite and prints what fails. An error is a broken set-up, not a failed case.
pub(crate) fn run(options: &Options) -> Result<Summary> {
    let mut summary = Summary::default();
    let trees = match Trees::find() {
        Some(trees) => trees,
        None if options.is_asked_for => Trees::fetch()?,
        None if options.require_peers => bail!(tree::HINT),
        None => {
            summary.skip(1, format!("valkey: {}", tree::HINT));
            return Ok(summary);
        }
    };
    let module = module(options.profile)?;
    let known = KnownFailures::load("valkey")?;
    summary.add(runner::run(&trees, &module, options, &known)?);
    let ours = trees.launch(Build::WithoutLua, Some(&module), &[]);
    let peer = trees.launch(Build::Default, None, &[]);
    let selects = |name: &str| options.selects(name);
    summary.add(redis::run_beside(&ours, &peer, &selects, &known)?);
    let limits = [
        [
            "--ferrous.script-instruction-limit",
            redis::INSTRUCTION_LIMIT,
        ],
        ["--ferrous.script-memory-limit", redis::MEMORY_LIMIT_BYTES],
    ];
    let limited = trees.launch(Build::WithoutLua, Some(&module), limits.as_flattened());
    summary.add(redis::run_hostile_scripts(limited, &selects, &known)?);
    let rig = Rig {
        trees: &trees,
        module: &module,
        profile: options.profile,
    };
    for (name, proof) in PROOFS {
        if !options.selects(name) {
            continue;
        }
        let problem = match proof(&rig) {
            Ok(figures) => {
                println!("valkey: {name}: {figures}");
                None
            }
            Err(error) => Some(format!("  {error:#}\n")),
        };
        redis::judge(name, problem, &known, &mut summary);
    }
    summary.add(vulnerabilities::run(&rig, &selects, &known)?);
    Ok(summary)
}

/// Does something and tells what it has seen; an error is what is wrong.
type Proof = fn(&Rig<'_>) -> Result<String>;

/// What takes several servers, or several lives of one.
const PROOFS: &[(&str, Proof)] = &[
    ("cluster/by slot", cluster::by_slot),
    ("cluster/a primary is killed", failover::kill_primary),
    ("replication/effects and functions", replicas::replicate),
    ("persistence/rewritten log", restart::rewritten_log),
    ("persistence/snapshot", restart::snapshot),
    ("persistence/nothing is lost", restart::killed),
    ("libraries/dump and restore", libraries::exchange),
    ("memory/of a thousand scripts", memory::of_scripts),
    ("limits/counters", limits::count_stops),
    ("limits/garbage", limits::drop_garbage),
    ("module/unloaded and loaded again", unload::and_load_again),
];

/// What servers are started from.
struct Rig<'a> {
    trees: &'a Trees,
    module: &'a Path,
    profile: Profile,
}

impl Rig<'_> {
    /// A server without an interpreter of its own, with the module.
    fn ours(&self, args: &[&str]) -> Launch {
        self.trees
            .launch(Build::WithoutLua, Some(self.module), args)
    }

    /// A server with its own interpreter.
    fn in_c(&self, args: &[&str]) -> Launch {
        self.trees.launch(Build::Default, None, args)
    }

    /// The embedded server.
    fn ferrous(&self) -> Result<Launch> {
        Ok(Launch::ours(&redis::our_server(self.profile)?, &[]))
    }
}

/// The module under test, built if none was named.
pub(crate) fn module(profile: Profile) -> Result<PathBuf> {
    let path = match std::env::var_os(MODULE_VARIABLE) {
        Some(path) => PathBuf::from(path),
        None => proc::build_library("valkey-module", "ferrous_valkey", profile)?,
    };
    path.canonicalize()
        .with_context(|| format!("no module {}", path.display()))
}
