//! The Redis suite: cases of `xtask/redis-suite`, run side by side on our server and on
//! `redis-server`, byte by byte. Owns its case format; knows nothing of the Lua suites.
//!
//! Groups: the cases themselves ([`case`], [`play`], [`verdict`]), redis-cli and its like
//! ([`tools`]), what a hostile script or client may not do to the server ([`hostile`]), and what
//! the append-only file gets and keeps ([`persistence`], [`soak`]).

mod case;
pub(crate) mod connection;
pub(crate) mod hostile;
mod persistence;
mod play;
pub(crate) mod resp;
pub(crate) mod server;
pub(crate) mod soak;
pub(crate) mod text;
mod tools;
mod verdict;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use self::case::CaseFile;
pub(crate) use self::case::RECORDED_MODE;
pub(crate) use self::hostile::{
    INSTRUCTION_LIMIT, MEMORY_LIMIT_BYTES, run_scripts as run_hostile_scripts,
};
use self::server::{Launch, Server};
use self::verdict::Verdict;
use crate::known::KnownFailures;
use crate::proc::{self, Profile};
use crate::summary::Summary;

/// Names a server to test in place of the workspace's `ferrous`; `redis-server` too.
const BINARY_VARIABLE: &str = "FERROUS_BINARY";

/// How to get the peer, for skips and errors.
pub(crate) const PEER_HINT: &str = "no redis-server 7.0: apt-get install redis-server";

/// What `cargo xtask test` asks of the suite.
#[derive(Debug)]
pub(crate) struct Options {
    /// A case runs when its name holds one of these; all run when there are none.
    pub(crate) filters: Vec<String>,
    /// A missing `redis-server` is a failure, not a skip.
    pub(crate) require_peers: bool,
    /// Record the answers of the real server as expectations.
    pub(crate) bless: bool,
    pub(crate) profile: Profile,
}

impl Options {
    fn selects(&self, name: &str) -> bool {
        let name = format!("redis/{name}");
        self.filters.is_empty() || self.filters.iter().any(|f| name.contains(f.as_str()))
    }
}

/// Runs the suite and prints what fails. An error is a broken set-up, not a failed case.
pub(crate) fn run(options: &Options) -> Result<Summary> {
    let mut files = case::load(&suite_dir())?;
    let peer = find_peer()?;
    if peer.is_none() && (options.require_peers || options.bless) {
        bail!(PEER_HINT);
    }
    if let (true, Some(peer)) = (options.bless, &peer) {
        return bless(&mut files, peer, options);
    }
    let ours = our_server(options.profile)?;
    let known = KnownFailures::load("redis")?;
    let mut summary = Summary::default();
    if peer.is_none() {
        summary.skip(
            0,
            format!("redis: compared with recorded answers only, {PEER_HINT}"),
        );
    }
    for mode in modes(&files) {
        let peer = peer.as_deref().filter(|_| mode == RECORDED_MODE);
        summary.add(run_mode(&files, &mode, &ours, peer, options, &known)?);
    }
    summary.add(tools::run(&ours, peer.as_deref(), options, &known)?);
    summary.add(hostile::run(&ours, options, &known)?);
    summary.add(persistence::run(&ours, peer.as_deref(), options, &known)?);
    Ok(summary)
}

/// The server under test, built if none was named.
pub(crate) fn our_server(profile: Profile) -> Result<PathBuf> {
    match std::env::var_os(BINARY_VARIABLE) {
        Some(path) => Ok(PathBuf::from(path)),
        None => proc::build_binary("redis-bridge", "ferrous", profile),
    }
}

/// The folder of the case files.
fn suite_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("redis-suite")
}

/// `redis-server`, if it is of the version that the cases record.
pub(crate) fn find_peer() -> Result<Option<PathBuf>> {
    let Some(path) = proc::find_program("redis-server") else {
        return Ok(None);
    };
    let limit = std::time::Duration::from_secs(20);
    let version = proc::run(&path, &["--version"], b"", limit)?;
    let text = String::from_utf8_lossy(&version.stdout);
    Ok(text.contains("v=7.0.").then_some(path))
}

/// Every mode that some case names, the recorded one first.
fn modes(files: &[CaseFile]) -> Vec<String> {
    let mut modes = vec![RECORDED_MODE.to_owned()];
    for mode in files.iter().flat_map(|f| &f.cases).flat_map(|c| &c.modes) {
        if !modes.contains(mode) {
            modes.push(mode.clone());
        }
    }
    modes
}

/// Plays all selected cases of one mode on our server, and on the peer where there is one.
fn run_mode(
    files: &[CaseFile],
    mode: &str,
    ours: &Path,
    peer: Option<&Path>,
    options: &Options,
    known: &KnownFailures,
) -> Result<Summary> {
    let mut summary = Summary::default();
    let mut ours = Server::start(Launch::ours(ours, &["--script-compat", mode]))?;
    let mut peer = peer
        .map(|path| Server::start(Launch::peer(path)))
        .transpose()?;
    let mut n_exchanges = 0;
    for file in files {
        for case in &file.cases {
            let is_of_mode = case.modes.iter().any(|name| name == mode);
            if !is_of_mode || !options.selects(&case.name) {
                continue;
            }
            if let Some(reason) = &file.pending {
                summary.skip(1, format!("redis: pending: {reason}"));
                continue;
            }
            let name = match mode {
                RECORDED_MODE => case.name.clone(),
                mode => format!("{} [{mode}]", case.name),
            };
            n_exchanges += case.steps.len();
            let got = play::play(case, &mut ours)?;
            let real = match (&mut peer, &case.by_hand) {
                (Some(peer), None) => Some(play::play(case, peer)?),
                _ => None,
            };
            let verdict = Verdict::of(case, mode, &got, real.as_ref());
            judge(&name, verdict.problem(file, case), known, &mut summary);
        }
    }
    println!("redis: {mode}: {n_exchanges} exchanges");
    Ok(summary)
}

/// Plays the cases about scripting on two servers, whatever wording they are for, and compares
/// their answers.
pub(crate) fn run_beside(
    ours: &Launch,
    peer: &Launch,
    selects: &dyn Fn(&str) -> bool,
    known: &KnownFailures,
) -> Result<Summary> {
    let mut summary = Summary::default();
    let files = case::load(&suite_dir())?;
    let cases = files
        .iter()
        .flat_map(|file| file.cases.iter().map(move |case| (file, case)));
    let cases: Vec<_> = cases
        .filter(|(_, case)| case.name.starts_with(SCRIPTING) && selects(&case.name))
        .collect();
    if cases.is_empty() {
        return Ok(summary);
    }
    let mut ours = Server::start(ours.clone())?;
    let mut peer = Server::start(peer.clone())?;
    let mut n_exchanges = 0;
    for (file, case) in cases {
        n_exchanges += case.steps.len();
        let got = play::play(case, &mut ours)?;
        let real = play::play(case, &mut peer)?;
        let problem = Verdict::between(case, &got, &real).problem(file, case);
        judge(&case.name, problem, known, &mut summary);
    }
    println!(
        "{}: beside the engine in C: {n_exchanges} exchanges",
        known.suite
    );
    Ok(summary)
}

/// The folder of the cases about scripting.
const SCRIPTING: &str = "scripting/";

/// Counts one case, and prints its problem unless it is a known one.
pub(crate) fn judge(
    name: &str,
    problem: Option<String>,
    known: &KnownFailures,
    summary: &mut Summary,
) {
    match known.judge(name, problem) {
        Ok(None) => summary.pass(),
        Ok(Some(reason)) => {
            summary.skip(1, format!("{}: known failure: {reason}", known.suite));
        }
        Err(problem) => {
            println!("FAILED {}/{name}\n{problem}", known.suite);
            summary.fail(format!("{}/{name}", known.suite));
        }
    }
}

/// Writes the answers of the real server into the files.
fn bless(files: &mut [CaseFile], peer_path: &Path, options: &Options) -> Result<Summary> {
    let mut summary = Summary::default();
    let mut peer = Server::start(Launch::peer(peer_path))?;
    for file in files {
        for case in &mut file.cases {
            let is_recorded = case.modes.iter().any(|mode| mode == RECORDED_MODE);
            if !is_recorded || case.by_hand.is_some() || !options.selects(&case.name) {
                continue;
            }
            let played = play::play(case, &mut peer)?;
            if let Some(fault) = played.fault {
                println!("FAILED redis/{}\n{fault}", case.name);
                summary.fail(format!("redis/{}: not recorded", case.name));
                continue;
            }
            for (step, answer) in case.steps.iter_mut().zip(played.answers) {
                let old = step.recorded.as_deref().unwrap_or_default();
                if !play::agrees(&step.marks, old, &answer) {
                    step.recorded = Some(answer);
                }
            }
            summary.pass();
        }
        let text = file.render();
        std::fs::write(&file.path, text)
            .with_context(|| format!("cannot write {}", file.path.display()))?;
    }
    if options.selects("tools/redis-cli") {
        tools::bless(peer_path)?;
    }
    persistence::bless(peer_path, options)?;
    Ok(summary)
}
