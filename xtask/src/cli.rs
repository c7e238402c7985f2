//! Every flag of `cargo xtask`, and nothing else: the text of `--help` is this file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Tests, benches and daily helpers of the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Xtask {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the suites: unit tests, Lua conformance, robustness, Redis.
    Test(TestFlags),
}

#[derive(Debug, Args)]
pub(crate) struct TestFlags {
    /// Names of suites (unit, lua, robustness, redis), or filters: a case runs when its
    /// name holds one of the filters. Without suite names, all suites run.
    pub(crate) words: Vec<String>,

    /// Fail where the real thing (lua5.1, redis-server) is not installed, instead of skipping.
    #[arg(long)]
    pub(crate) require_peers: bool,

    /// Record what the real thing answers as the expectation, beside each script.
    #[arg(long)]
    pub(crate) bless: bool,

    /// Test release builds instead of debug builds.
    #[arg(long)]
    pub(crate) release: bool,

    /// Test this `lua` in the Lua suites, in place of the workspace's.
    #[arg(long, value_name = "PATH")]
    pub(crate) lua: Option<PathBuf>,
}
