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

pub(crate) use self::compare::diff;
pub(crate) use self::suite::normalise;

/// How to get the peer, for skips and errors.
pub(crate) const PEER_HINT: &str = "no lua5.1: apt-get install lua5.1";

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
    /// Whether the filters let a case of this name through.
    pub(crate) fn selects(&self, name: &str) -> bool {
        self.filters.is_empty()
            || self
                .filters
                .iter()
                .any(|filter| name.contains(filter.as_str()))
    }
}

/// A `lua` command, and how it is started.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) path: PathBuf,
    pub(crate) setup: Setup,
}

impl Engine {
    /// Runs it without input.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: &[S], limit: Duration) -> Result<Finished> {
        proc::run_with(&self.setup, &self.path, args, b"", limit)
    }
}

/// The two sides of a comparison.
#[derive(Debug)]
pub(crate) struct Engines {
    pub(crate) ours: Engine,
    /// `lua5.1`, where it is installed.
    pub(crate) peer: Option<Engine>,
}

/// `lua5.1`, where it is installed.
pub(crate) fn find_peer() -> Option<Engine> {
    let path = proc::find_program("lua5.1")?;
    let setup = Setup::default();
    Some(Engine { path, setup })
}

impl Engines {
    /// Builds ours, looks for the peer.
    pub(crate) fn find(options: &Options) -> Result<Engines> {
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
