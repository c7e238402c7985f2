//! Built trees of Valkey's sources: where they are, how they are got, and how a server of one is
//! started.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::proc;
use crate::redis::server::Launch;

/// How to get what is missing.
pub(crate) const HINT: &str =
    "no Valkey with a scripting engine's interface; to get one: xtask/valkey/fetch (on Debian)";

/// How a tree was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// As it comes, with its own interpreter.
    Default,
    /// Without an interpreter: what runs scripts there is a module.
    WithoutLua,
    /// The same with the address sanitizer, which takes a module with it too. It is got on its own,
    /// by [`Trees::fetch_sanitized`].
    Sanitized,
}

impl Build {
    fn folder(self) -> &'static str {
        match self {
            Build::Default => "server",
            Build::WithoutLua => "server-without-lua",
            Build::Sanitized => "server-sanitized",
        }
    }

    /// What reports call it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Build::Default => "default build",
            Build::WithoutLua => "build without Lua",
            Build::Sanitized => "build with the address sanitizer",
        }
    }
}

/// The trees.
#[derive(Debug)]
pub(crate) struct Trees {
    folder: PathBuf,
}

impl Trees {
    /// The trees, if they are built.
    pub(crate) fn find() -> Option<Trees> {
        let trees = Trees {
            folder: proc::checks_cache("valkey"),
        };
        let is_there = trees.has(Build::Default) && trees.has(Build::WithoutLua);
        is_there.then_some(trees)
    }

    fn has(&self, build: Build) -> bool {
        self.program(build, "valkey-server").is_file()
    }

    /// Gets and builds them, which takes some minutes.
    pub(crate) fn fetch() -> Result<Trees> {
        run_fetch(&[])?;
        Trees::find().context("xtask/valkey/fetch built no server")
    }

    /// Builds [`Build::Sanitized`] if it is not there.
    pub(super) fn fetch_sanitized(&self) -> Result<()> {
        if self.has(Build::Sanitized) {
            return Ok(());
        }
        run_fetch(&["sanitized"])
    }

    /// The root of a tree.
    pub(super) fn root(&self, build: Build) -> PathBuf {
        self.folder.join(build.folder())
    }

    /// A program of a tree.
    pub(crate) fn program(&self, build: Build, name: &str) -> PathBuf {
        self.root(build).join("src").join(name)
    }

    /// The version of Valkey, as its sources say.
    ///
    /// # Errors
    ///
    /// Sources without one.
    pub(super) fn version(&self) -> Result<String> {
        let path = self.root(Build::Default).join("src/version.h");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let version = text
            .lines()
            .find_map(|line| line.strip_prefix("#define VALKEY_VERSION "))
            .with_context(|| format!("{} names no version", path.display()))?;
        Ok(version.trim().trim_matches('"').to_owned())
    }

    /// How a server is started, with a module or without, and with more arguments.
    pub(crate) fn launch(&self, build: Build, module: Option<&Path>, args: &[&str]) -> Launch {
        let mut launch = Launch::peer(&self.program(build, "valkey-server"));
        if let Some(module) = module {
            launch.add_args(["--loadmodule", &module.to_string_lossy()]);
        }
        launch.add_args(args.iter().copied());
        launch
    }
}

/// Runs the script that gets Valkey and builds it.
fn run_fetch(args: &[&str]) -> Result<()> {
    let script = proc::root().join("xtask/valkey/fetch");
    println!("valkey: getting and building it");
    let status = Command::new(&script).args(args).status();
    let status = status.with_context(|| format!("cannot start {}", script.display()))?;
    if !status.success() {
        bail!("{} failed", script.display());
    }
    Ok(())
}
