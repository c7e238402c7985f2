//! Child processes: building the workspace's commands, finding peers, running with a time limit.
//! Every suite starts its engines here, so that a crash or a hang is a value, never our own end.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use wait_timeout::ChildExt;

/// Bytes of output kept per stream; more is read and dropped, so that a script that prints for
/// ever ends by its time limit and not by our memory.
const OUTPUT_LIMIT_BYTES: u64 = 64 << 20;

/// Address space a child may take, so that a runaway script cannot take the machine with it.
const ADDRESS_SPACE_KIB: u64 = 8 << 20;

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    // xtask is a direct child of the root by the workspace's layout.
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// Where the scripts called `fetch` put what the suite `suite` runs and does not come with the tree.
pub(crate) fn checks_cache(suite: &str) -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = match variable("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(variable("HOME").unwrap_or_default()).join(".cache"),
    };
    cache.join("ferrous-checks").join(suite)
}

/// A build profile, as the user chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
    /// A debug build with the address sanitizer, by the nightly toolchain.
    Sanitized,
}

impl Profile {
    /// What of `--release` and `--asan` was given; they exclude each other.
    pub(crate) fn from_flags(release: bool, asan: bool) -> Profile {
        match (release, asan) {
            (_, true) => Profile::Sanitized,
            (true, _) => Profile::Release,
            _ => Profile::Dev,
        }
    }

    /// How a program of this profile is started.
    pub(crate) fn setup(self) -> Setup {
        Setup {
            // The sanitizer maps its shadow over most of the address space.
            address_space_kib: (self != Profile::Sanitized).then_some(ADDRESS_SPACE_KIB),
            ..Setup::default()
        }
    }

    /// `cargo VERB` with the arguments that choose the profile, started at the root of the
    /// workspace.
    pub(crate) fn cargo(self, verb: &str) -> Command {
        let mut command = match self {
            Profile::Sanitized => {
                let mut command = Command::new("rustup");
                command.args(["run", "nightly", "cargo"]);
                command.env("RUSTFLAGS", "-Zsanitizer=address --cfg asan");
                command
            }
            Profile::Dev | Profile::Release => cargo(),
        };
        command.current_dir(root()).arg(verb);
        match self {
            Profile::Dev => {}
            Profile::Release => {
                command.arg("--release");
            }
            // A target of its own keeps the flags from build scripts and macros.
            Profile::Sanitized => {
                let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
                command.args(["--target", &target]);
                command.arg("--target-dir").arg(sanitized_target_dir());
            }
        }
        command
    }
}

/// `cargo`, the one that runs us where there is one, started at the root of the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command.current_dir(root());
    command
}

/// Cargo's target directory, where what we write goes too.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Where sanitized builds go, apart from the others: they would rebuild each other.
fn sanitized_target_dir() -> PathBuf {
    target_dir().join("asan")
}

/// How a child is started.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// Variables set in its environment.
    pub(crate) env: Vec<(&'static str, OsString)>,
    /// Address space that it may take.
    pub(crate) address_space_kib: Option<u64>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            env: Vec::new(),
            address_space_kib: Some(ADDRESS_SPACE_KIB),
        }
    }
}

/// Builds the binary `name` of `package` and answers its path, taken from cargo's own messages so
/// that any target directory will do.
pub(crate) fn build_binary(package: &str, name: &str, profile: Profile) -> Result<PathBuf> {
    let mut command = profile.cargo("build");
    command.args(["--quiet", "--package", package, "--bin", name]);
    command.arg("--message-format=json-render-diagnostics");
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("cargo could not build `{name}` of {package}");
    }
    executable_in(&output.stdout, name)
        .with_context(|| format!("cargo named no executable for `{name}` of {package}"))
}

/// Builds the shared library `name` of `package` and answers its path.
pub(crate) fn build_library(package: &str, name: &str, profile: Profile) -> Result<PathBuf> {
    let mut command = profile.cargo("build");
    command.args(["--quiet", "--package", package, "--lib"]);
    command.arg("--message-format=json-render-diagnostics");
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("cargo could not build {package}");
    }
    library_in(&output.stdout, name).with_context(|| format!("cargo named no library of {package}"))
}

/// The shared library of target `name` among cargo's JSON messages, one a line.
fn library_in(messages: &[u8], name: &str) -> Option<PathBuf> {
    messages.split(|&byte| byte == b'\n').find_map(|line| {
        let message: serde_json::Value = serde_json::from_slice(line).ok()?;
        let is_target = message["target"]["name"].as_str() == Some(name);
        let files = message["filenames"].as_array().filter(|_| is_target)?;
        let paths = files.iter().filter_map(serde_json::Value::as_str);
        paths
            .map(PathBuf::from)
            .find(|path| path.extension().is_some_and(|e| e == "so"))
    })
}

/// The executable of target `name` among cargo's JSON messages, one a line.
fn executable_in(messages: &[u8], name: &str) -> Option<PathBuf> {
    messages.split(|&byte| byte == b'\n').find_map(|line| {
        let message: serde_json::Value = serde_json::from_slice(line).ok()?;
        let is_target = message["target"]["name"].as_str() == Some(name);
        let path = message["executable"].as_str()?;
        is_target.then(|| PathBuf::from(path))
    })
}

/// Looks `program` up in `PATH`.
pub(crate) fn find_program(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|full| full.is_file())
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Exit code.
    Exited(i32),
    /// Number of the signal: a crash.
    Signal(i32),
    /// Killed by us after this long.
    TimedOut(Duration),
}

impl Ending {
    fn of(status: ExitStatus) -> Ending {
        match (status.code(), status.signal()) {
            (Some(code), _) => Ending::Exited(code),
            (None, signal) => Ending::Signal(signal.unwrap_or(0)),
        }
    }

    /// Exit code 0.
    pub(crate) fn is_success(self) -> bool {
        self == Ending::Exited(0)
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ending::Exited(code) => write!(f, "exit code {code}"),
            Ending::Signal(signal) => write!(f, "killed by signal {signal}"),
            Ending::TimedOut(limit) => write!(f, "timed out after {} s", limit.as_secs()),
        }
    }
}

/// A finished child.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) ending: Ending,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// Runs `program` with `args`, feeds it `stdin`, and kills it when `limit` is over.
/// An error means that the program could not be started at all.
pub(crate) fn run<S: AsRef<OsStr>>(
    program: &Path,
    args: &[S],
    stdin: &[u8],
    limit: Duration,
) -> Result<Finished> {
    run_with(&Setup::default(), program, args, stdin, limit)
}

/// As [`run`], for a child that is started in a way of its own.
pub(crate) fn run_with<S: AsRef<OsStr>>(
    setup: &Setup,
    program: &Path,
    args: &[S],
    stdin: &[u8],
    limit: Duration,
) -> Result<Finished> {
    // The shell sets the limits and replaces itself, so the child's id and signals are its own.
    let mut script = "ulimit -c 0; ".to_owned();
    if let Some(limit) = setup.address_space_kib {
        script.push_str(&format!("ulimit -v {limit}; "));
    }
    script.push_str("exec \"$0\" \"$@\"");
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(script)
        .envs(setup.env.iter().map(|(name, value)| (name, value)))
        .arg(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let out = child
        .stdout
        .take()
        .map(|stream| thread::spawn(move || read_capped(stream)));
    let err = child
        .stderr
        .take()
        .map(|stream| thread::spawn(move || read_capped(stream)));
    let feeder = child.stdin.take().map(|mut pipe| {
        let input = stdin.to_vec();
        // A child that ends without reading all of it is its own affair.
        thread::spawn(move || drop(pipe.write_all(&input)))
    });
    let ending = match child
        .wait_timeout(limit)
        .context("cannot wait for a child")?
    {
        Some(status) => Ending::of(status),
        None => {
            child.kill().context("cannot kill a child")?;
            child.wait().context("cannot reap a child")?;
            Ending::TimedOut(limit)
        }
    };
    let stdout = out
        .and_then(|reader| reader.join().ok())
        .unwrap_or_default();
    let stderr = err
        .and_then(|reader| reader.join().ok())
        .unwrap_or_default();
    drop(feeder.map(thread::JoinHandle::join));
    Ok(Finished {
        ending,
        stdout,
        stderr,
    })
}

/// Reads to the end, keeping the first [`OUTPUT_LIMIT_BYTES`].
fn read_capped(mut stream: impl Read) -> Vec<u8> {
    let mut kept = Vec::new();
    // A stream cut short by a dying child is that child's output all the same.
    let _ = stream
        .by_ref()
        .take(OUTPUT_LIMIT_BYTES)
        .read_to_end(&mut kept);
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
    kept
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use super::{Ending, executable_in, run};

    fn shell(script: &str, stdin: &[u8], limit: Duration) -> (Ending, Vec<u8>) {
        let finished = run(Path::new("/bin/sh"), &["-c", script], stdin, limit).unwrap();
        (finished.ending, finished.stdout)
    }

    #[test]
    fn passes_input_output_and_exit_codes() {
        let minute = Duration::from_secs(60);
        assert_eq!(
            shell("cat; exit 3", b"hi", minute),
            (Ending::Exited(3), b"hi".to_vec())
        );
    }

    #[test]
    fn tells_crashes_from_exits() {
        let minute = Duration::from_secs(60);
        assert_eq!(shell("kill -SEGV $$", b"", minute).0, Ending::Signal(11));
    }

    #[test]
    fn ends_a_child_that_hangs() {
        let limit = Duration::from_millis(50);
        assert_eq!(
            shell("exec sleep 600", b"", limit).0,
            Ending::TimedOut(limit)
        );
    }

    #[test]
    fn finds_the_executable_among_cargo_messages() {
        let messages = concat!(
            "{\"target\":{\"name\":\"other\"},\"executable\":\"/t/other\"}\n",
            "{\"target\":{\"name\":\"lua\"},\"executable\":null}\n",
            "not json\n",
            "{\"target\":{\"name\":\"lua\"},\"executable\":\"/t/lua\"}\n",
        );
        assert_eq!(
            executable_in(messages.as_bytes(), "lua"),
            Some(PathBuf::from("/t/lua"))
        );
    }
}
