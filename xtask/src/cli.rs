//! Every flag of `cargo xtask`, and nothing else: the text of `--help` is this file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::proc::Profile;

/// Tests, benches and daily helpers of the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Xtask {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the suites: unit tests, Lua conformance (once more under stress), robustness, random
    /// programs, packages, Redis, clients, Valkey.
    Test(TestFlags),
    /// Measure speed as a ratio to the real thing, in one run.
    Bench(BenchFlags),
    /// Run random programs on `lua` and `lua5.1`, and compare. See docs/fuzzing.md.
    Fuzz(FuzzFlags),
    /// Load a server from many clients, kill it again and again, and check that it keeps what it
    /// promised. See docs/persistence.md.
    Soak(SoakFlags),
    /// Check formatting, clippy, docs and the tree's own rules.
    Lint,
    /// Check the tree's own rules alone, and count unsafe blocks per file.
    Tidy,
}

#[derive(Debug, Args)]
pub(crate) struct TestFlags {
    /// Names of suites (unit, lua, stress, robustness, fuzz, packages, redis, clients,
    /// valkey), or filters: a case runs when its name holds one of the filters. Without suite names, all suites run.
    pub(crate) words: Vec<String>,

    /// Fail where the real thing (lua5.1, redis-server) is not installed, instead of skipping.
    #[arg(long)]
    pub(crate) require_peers: bool,

    /// Record what the real thing answers as the expectation, beside each script.
    #[arg(long)]
    pub(crate) bless: bool,

    /// Test release builds instead of debug builds.
    #[arg(long, conflicts_with = "asan")]
    pub(crate) release: bool,

    /// Test builds with the address sanitizer, which need the nightly toolchain.
    #[arg(long)]
    pub(crate) asan: bool,

    /// Test this `lua` in the Lua suites, in place of the workspace's.
    #[arg(long, value_name = "PATH")]
    pub(crate) lua: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Compare two builds of `lua`: OLD is what ratios are to.
    Compare {
        old: PathBuf,
        new: PathBuf,
        /// A program runs when `GROUP/NAME` holds one of these; all run when there are none.
        filters: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct BenchFlags {
    #[command(subcommand)]
    pub(crate) command: Option<BenchCommand>,

    /// A program runs when its name holds one of these; all run when there are none.
    pub(crate) filters: Vec<String>,

    /// Runs of each program per engine; the fastest counts.
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,

    /// Write the results as JSON too.
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) json: Option<PathBuf>,

    /// Measure this `lua` in place of a release build of the workspace's.
    #[arg(long, value_name = "PATH")]
    pub(crate) lua: Option<PathBuf>,

    /// Count instructions per iteration of micro programs, by callgrind.
    #[arg(long, group = "kind", global = true)]
    pub(crate) instructions: bool,

    /// Measure the throughput of commands and scripts on `ferrous` and `redis-server`.
    #[arg(long, group = "kind")]
    pub(crate) redis: bool,

    /// Measure the throughput of scripts in Valkey with the module, and with its own engine.
    #[arg(long, group = "kind")]
    pub(crate) valkey: bool,

    /// Measure this `ferrous` in place of a release build of the workspace's.
    #[arg(long, value_name = "PATH")]
    pub(crate) ferrous: Option<PathBuf>,

    /// Run the crates' own criterion benches.
    #[arg(long, group = "kind")]
    pub(crate) layers: bool,
}

impl BenchFlags {
    /// Whether a program, or what else is measured, was asked for.
    pub(crate) fn selects(&self, name: &str) -> bool {
        let filters = match &self.command {
            Some(BenchCommand::Compare { filters, .. }) => filters,
            None => &self.filters,
        };
        filters.is_empty() || filters.iter().any(|part| name.contains(part.as_str()))
    }

    /// Runs of each program per engine, at least one.
    pub(crate) fn n_runs(&self) -> usize {
        usize::from(self.runs)
    }
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct FuzzFlags {
    #[command(subcommand)]
    pub(crate) command: Option<FuzzCommand>,

    /// Programs depend on this number and on their own: equal numbers, equal programs.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// How many programs.
    #[arg(long, default_value_t = 10_000)]
    programs: u64,

    /// Number of the first program.
    #[arg(long, default_value_t = 0)]
    first: u64,

    /// Test this `lua` in place of a release build of the workspace's.
    #[arg(long, value_name = "PATH")]
    pub(crate) lua: Option<PathBuf>,

    /// Threads; as many as there are processors when not given.
    #[arg(long)]
    pub(crate) jobs: Option<usize>,

    /// Stop when so many differences have been reported.
    #[arg(long, default_value_t = 10)]
    pub(crate) differences: usize,

    /// Percentage of programs that are broken on purpose.
    #[arg(long, default_value_t = 25)]
    pub(crate) mutated: u8,

    /// Print the programs instead of running them.
    #[arg(long)]
    pub(crate) show: bool,
}

impl FuzzFlags {
    /// Numbers of the programs to run.
    pub(crate) fn range(&self) -> std::ops::Range<u64> {
        self.first..self.first.saturating_add(self.programs)
    }
}

#[derive(Debug, Args)]
pub(crate) struct SoakFlags {
    /// How long. For the first half the server is killed again and again; for the second it
    /// lives, and its memory is watched.
    #[arg(long, default_value_t = 2.0)]
    pub(crate) minutes: f64,

    /// The server's `appendfsync`.
    #[arg(long, default_value = "always", value_parser = ["always", "everysec", "no"])]
    pub(crate) appendfsync: String,

    /// Random choices depend on this number; the timing does not.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Clients of each kind.
    #[arg(long, default_value_t = 2)]
    pub(crate) clients: usize,

    /// Test this `ferrous` in place of a release build of the workspace's.
    #[arg(long, value_name = "PATH")]
    pub(crate) ferrous: Option<PathBuf>,

    /// Load Valkey with the module instead: scripts, functions, flushes, kills and limits at
    /// random. See docs/valkey-module.md.
    #[arg(long)]
    pub(crate) valkey: bool,

    /// Builds with the address sanitizer, of the server and of the module; ours need the nightly
    /// toolchain.
    #[arg(long)]
    pub(crate) asan: bool,
}

impl SoakFlags {
    /// How what is tested is built.
    pub(crate) fn profile(&self) -> Profile {
        Profile::from_flags(true, self.asan)
    }

    /// A short run, as part of a suite.
    pub(crate) fn short(policy: &str) -> SoakFlags {
        SoakFlags {
            minutes: 0.25,
            appendfsync: policy.to_owned(),
            seed: 1,
            clients: 1,
            ferrous: None,
            valkey: false,
            asan: false,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum FuzzCommand {
    /// Run the coverage-guided targets of xtask/fuzz; needs a nightly toolchain and cargo-fuzz.
    Coverage(CoverageFlags),
}

#[derive(Debug, Args)]
pub(crate) struct CoverageFlags {
    /// Targets to run; all when there are none.
    pub(crate) targets: Vec<String>,

    /// Time for each target.
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u32,
}
