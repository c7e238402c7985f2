//! The Lua conformance suites: the corpus of `xtask/conformance` ([`run`]), what a hostile text
//! does to the compiler ([`robustness`]), and real programs ([`packages`]). All give the same text
//! to our `lua` and to `lua5.1`.

mod compare;
pub(crate) mod packages;
pub(crate) mod robustness;
pub(crate) mod run;
mod suite;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::proc::{self, Finished, Profile, Setup};

/// How to get the peer, for skips and errors.
const PEER_HINT: &str = "no lua5.1: apt-get install lua5.1";

/// What `cargo xtask test` asks of the Lua suites.
#[derive(Debug)]
pub(crate) struct Options {
    /// A case runs when its name holds one of these; all run when there are none.
    pub(crate) filters: Vec<String>,
    /// A missing `lua5.1` is a failure, not a skip.
    pub(crate) require_peers: bool,
    /// Record the answers of `lua5.1` as expectations.
    pub(crate) bless: bool,
    pub(crate) profile: Profile,
    /// Test this binary in place of the workspace's `lua`.
    pub(crate) lua: Option<PathBuf>,
}

impl Options {
    fn selects(&self, name: &str) -> bool {
        self.filters.is_empty()
            || self
                .filters
                .iter()
                .any(|filter| name.contains(filter.as_str()))
    }
}

/// A `lua` command, and how it is started.
#[derive(Debug)]
struct Engine {
    path: PathBuf,
    setup: Setup,
}

impl Engine {
    /// Runs it without input.
    fn run<S: AsRef<OsStr>>(&self, args: &[S], limit: Duration) -> Result<Finished> {
        proc::run_with(&self.setup, &self.path, args, b"", limit)
    }
}

/// The two sides of a comparison.
#[derive(Debug)]
struct Engines {
    ours: Engine,
    /// `lua5.1`, where it is installed.
    peer: Option<Engine>,
}

/// `lua5.1`, where it is installed.
fn find_peer() -> Option<Engine> {
    let path = proc::find_program("lua5.1")?;
    let setup = Setup::default();
    Some(Engine { path, setup })
}

impl Engines {
    fn find(options: &Options) -> Result<Engines> {
        let peer = find_peer();
        if peer.is_none() && (options.require_peers || options.bless) {
            bail!(PEER_HINT);
        }
        let path = match &options.lua {
            Some(path) => path.clone(),
            None => proc::build_binary("lua-stdlib", "lua", options.profile)?,
        };
        let setup = options.profile.setup();
        let ours = Engine { path, setup };
        Ok(Engines { ours, peer })
    }
}

/// The folder of the corpus.
fn corpus_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}
