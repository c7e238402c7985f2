//! The Valkey suite: the module that Valkey loads, on a Valkey built from source, beside the
//! interpreter that Valkey has of its own.
//!
//! Three groups: Valkey's own tests ([`runner`]), the scripting cases of `xtask/redis-suite` side
//! by side, and hostile scripts. Where Valkey comes from is the business of [`tree`].

mod runner;
pub(crate) mod tree;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use self::tree::{Build, Trees};
use crate::known::KnownFailures;
use crate::proc::{self, Profile};
use crate::redis;
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
    Ok(summary)
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
