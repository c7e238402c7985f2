//! The suite of clients: libraries that nobody here wrote, driven by the programs of `xtask/clients`
//! on our server and on `redis-server`, and on Valkey with our module and with its own engine. What
//! they print is compared.
//!
//! Owns how these programs are found and run; `fetch` beside them gets the libraries, and
//! [`report`] reads what they print.

pub(crate) mod report;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use self::report::{Check, Outcome};
use crate::known::KnownFailures;
use crate::proc::{self, Profile, Setup};
use crate::redis::server::{Launch, Server};
use crate::redis::{self, RECORDED_MODE};
use crate::summary::Summary;
use crate::valkey;
use crate::valkey::tree::{self, Build, Trees};

/// Far above what a program takes: only a hang gets here.
const PROGRAM_LIMIT: Duration = Duration::from_secs(600);

/// How to get what is missing.
const FETCH_HINT: &str = "to get them: xtask/clients/fetch (python3 with venv, Node.js 20, npm)";

/// What `cargo xtask test` asks of the suite.
#[derive(Debug)]
pub(crate) struct Options {
    /// A program runs when its name holds one of these; all run when there are none.
    pub(crate) filters: Vec<String>,
    /// Missing libraries, `redis-server` and Valkey are failures, not skips.
    pub(crate) require_peers: bool,
    pub(crate) profile: Profile,
}

impl Options {
    fn selects(&self, name: &str) -> bool {
        let name = format!("clients/{name}");
        self.filters.is_empty() || self.filters.iter().any(|f| name.contains(f.as_str()))
    }
}

/// A language that programs are written in.
#[derive(Debug)]
struct Language {
    name: &'static str,
    /// Extension of its programs.
    extension: &'static str,
    /// Folder that `fetch` fills, in the cache.
    folder: &'static str,
    /// The list of what is in there. A copy of it is in the folder too, so that one sees whether
    /// the folder is up to date.
    list: &'static str,
    /// The interpreter, in that folder or in `PATH`.
    interpreter: &'static str,
}

const LANGUAGES: [Language; 2] = [
    Language {
        name: "Python",
        extension: "py",
        folder: "python",
        list: "requirements.txt",
        interpreter: "bin/python3",
    },
    Language {
        name: "JavaScript",
        extension: "js",
        folder: "node",
        list: "package.json",
        interpreter: "node",
    },
];

impl Language {
    fn cache(&self) -> PathBuf {
        proc::checks_cache("clients").join(self.folder)
    }

    /// The interpreter, if what the programs need is there, in the versions that the list names.
    fn find(&self) -> Result<Option<PathBuf>> {
        let list = folder().join(self.list);
        let wanted = std::fs::read(&list);
        let wanted = wanted.with_context(|| format!("cannot read {}", list.display()))?;
        if !std::fs::read(self.cache().join(self.list)).is_ok_and(|there| there == wanted) {
            return Ok(None);
        }
        let own = self.cache().join(self.interpreter);
        Ok(match own.is_file() {
            true => Some(own),
            false => proc::find_program(self.interpreter),
        })
    }

    /// How a program is started.
    fn setup(&self) -> Setup {
        let modules: OsString = self.cache().join("node_modules").into();
        Setup {
            env: vec![
                ("NODE_PATH", modules),
                // Nothing is written into the tree.
                ("PYTHONDONTWRITEBYTECODE", "1".into()),
                ("TZ", "UTC".into()),
            ],
            // Node.js reserves far more than it uses.
            address_space_kib: None,
        }
    }
}

/// A server of ours, and the real one that it is compared with.
#[derive(Debug)]
struct Pair {
    /// What follows the names of its checks.
    suffix: &'static str,
    ours: Launch,
    peer: Option<Launch>,
}

/// Runs the suite and prints what fails. An error is a broken set-up, not a failed case.
pub(crate) fn run(options: &Options) -> Result<Summary> {
    let mut summary = Summary::default();
    let mut selected = Vec::new();
    for language in &LANGUAGES {
        let mut programs = load(&folder(), language.extension)?;
        programs.retain(|program| options.selects(&name(program)));
        if programs.is_empty() {
            continue;
        }
        let Some(interpreter) = language.find()? else {
            let what = format!("clients: no libraries for {}; {FETCH_HINT}", language.name);
            if options.require_peers {
                bail!(what);
            }
            summary.skip(programs.len(), what);
            continue;
        };
        selected.push((language, interpreter, programs));
    }
    if selected.is_empty() {
        return Ok(summary);
    }
    let known = KnownFailures::load("clients")?;
    let pairs = pairs(options, &mut summary)?;
    for (language, interpreter, programs) in &selected {
        let setup = language.setup();
        for program in programs {
            let side = |launch: &Launch| play(&setup, interpreter, program, launch.clone());
            let played = std::thread::scope(|scope| {
                let side = &side;
                let both = |pair: &Pair| {
                    let ours = pair.ours.clone();
                    let peer = pair.peer.clone();
                    let ours = scope.spawn(move || side(&ours));
                    (ours, peer.map(|peer| scope.spawn(move || side(&peer))))
                };
                let running: Vec<_> = pairs.iter().map(both).collect();
                let joined = running.into_iter().map(|(ours, peer)| {
                    let peer = peer.map(join).transpose();
                    anyhow::Ok((join(ours)?, peer?))
                });
                joined.collect::<Result<Vec<_>>>()
            })?;
            for (pair, (got, real)) in pairs.iter().zip(played) {
                count(&name(program), pair.suffix, got, real, &known, &mut summary);
            }
        }
    }
    Ok(summary)
}

fn join(thread: std::thread::ScopedJoinHandle<'_, Result<Played>>) -> Result<Played> {
    thread.join().unwrap_or_else(|_| bail!("a thread panicked"))
}

/// Our server beside `redis-server`, and our module in Valkey beside Valkey's own engine.
fn pairs(options: &Options, summary: &mut Summary) -> Result<Vec<Pair>> {
    let peer = redis::find_peer()?;
    let trees = Trees::find();
    let missing = [
        peer.is_none().then_some(redis::PEER_HINT),
        trees.is_none().then_some(tree::HINT),
    ];
    for hint in missing.into_iter().flatten() {
        if options.require_peers {
            bail!(hint);
        }
        summary.skip(1, format!("clients: not compared, {hint}"));
    }
    let server = redis::our_server(options.profile)?;
    let mut pairs = vec![Pair {
        suffix: "",
        ours: Launch::ours(&server, &["--script-compat", RECORDED_MODE]),
        peer: peer.as_deref().map(Launch::peer),
    }];
    if let Some(trees) = trees {
        let module = valkey::module(options.profile)?;
        pairs.push(Pair {
            suffix: " in Valkey",
            ours: trees.launch(Build::WithoutLua, Some(&module), &[]),
            peer: Some(trees.launch(Build::Default, None, &[])),
        });
    }
    Ok(pairs)
}

/// The folder of the programs.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// A program's name: its file's, without the extension.
fn name(program: &Path) -> String {
    let stem = program.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// All programs of a language, sorted by name.
fn load(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder);
    let entries = entries.with_context(|| format!("cannot list {}", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.extension().is_some_and(|e| e == extension));
    paths.sort();
    Ok(paths)
}

/// What a program did on one server.
#[derive(Debug)]
struct Played {
    checks: Vec<Check>,
    /// How it or the server ended, if not as it should.
    fault: Option<String>,
}

/// Runs a program on a server of its own.
fn play(setup: &Setup, interpreter: &Path, program: &Path, launch: Launch) -> Result<Played> {
    let mut server = Server::start(launch)?;
    let port = server.port().to_string();
    let args = [program.as_os_str(), port.as_ref()];
    let done = proc::run_with(setup, interpreter, &args, b"", PROGRAM_LIMIT)?;
    let crash = server.crash()?;
    let fault = (!done.ending.is_success() || crash.is_some()).then(|| {
        let errors = String::from_utf8_lossy(&done.stderr);
        let crash = crash.map_or_else(String::new, |how| format!("  the server: {how}\n"));
        format!("  {}\n{crash}{errors}{}", done.ending, server.log_tail())
    });
    Ok(Played {
        checks: report::parse(&String::from_utf8_lossy(&done.stdout)),
        fault,
    })
}

/// Counts what a program did on our server, beside what it did on the peer.
fn count(
    program: &str,
    suffix: &str,
    got: Played,
    real: Option<Played>,
    known: &KnownFailures,
    summary: &mut Summary,
) {
    let outcomes = report::weigh(&got.checks, real.as_ref().map(|real| &real.checks[..]));
    for outcome in outcomes {
        let Outcome {
            name: check,
            problem,
            skipped,
        } = outcome;
        let name = format!("{program}/{check}{suffix}");
        match skipped {
            Some(why) => summary.skip(1, format!("clients: {name}: {why}")),
            None => redis::judge(&name, problem, known, summary),
        }
    }
    let faults = [
        (got.fault, ""),
        (real.and_then(|real| real.fault), " on the real server"),
    ];
    for (fault, whose) in faults {
        if fault.is_some() {
            let name = format!("{program}{whose}{suffix}");
            redis::judge(&name, fault, known, summary);
        }
    }
    if got.checks.is_empty() {
        let problem = Some("  the program made no check\n".to_owned());
        redis::judge(&format!("{program}{suffix}"), problem, known, summary);
    }
}

#[cfg(test)]
mod tests {
    use super::{LANGUAGES, folder, load, name};

    #[test]
    fn every_language_has_programs_and_a_list() {
        for language in &LANGUAGES {
            let programs = load(&folder(), language.extension).unwrap();
            assert!(!programs.is_empty(), "{}", language.name);
            assert!(!name(&programs[0]).contains('.'));
            assert!(folder().join(language.list).is_file());
        }
    }
}
