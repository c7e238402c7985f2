//! A server under test as a child process: started on a free port with a folder of its own, watched
//! for crashes, killed when dropped. Knows nothing of cases.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::connection::Connection;

/// How long a server may take to answer its first PING.
const START_LIMIT: Duration = Duration::from_secs(30);

/// How long a server at rest may take to answer.
const PING_LIMIT: Duration = Duration::from_secs(10);

/// Address space a server may take, so that a runaway script cannot take the machine with it. One
/// with the address sanitizer maps its shadow over most of it, and has no limit.
const ADDRESS_SPACE_KIB: u64 = 8 << 20;

/// What programs built with the address sanitizer have among their symbols.
const SANITIZER_SYMBOL: &[u8] = b"__asan_init";

/// Where a server's output goes, in its folder.
const LOG: &str = "log";

/// Which command line a server understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ours: `ferrous serve`.
    Ferrous,
    /// `redis-server`.
    Redis,
}

/// How to start a server.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub(crate) binary: PathBuf,
    pub(crate) kind: Kind,
    /// Arguments besides address and folder.
    pub(crate) args: Vec<String>,
}

impl Launch {
    /// Our server, or what stands in for it: a binary called redis-server is started as one, so
    /// that the suite can be tried against the real server on both sides.
    pub(crate) fn ours(binary: &Path, args: &[&str]) -> Launch {
        let is_redis = binary
            .file_name()
            .is_some_and(|name| name == "redis-server");
        let (kind, args) = if is_redis {
            (Kind::Redis, &[][..])
        } else {
            (Kind::Ferrous, args)
        };
        Launch {
            binary: binary.to_owned(),
            kind,
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        }
    }

    /// Adds arguments.
    pub(crate) fn add_args<'a>(&mut self, args: impl IntoIterator<Item = &'a str>) {
        self.args.extend(args.into_iter().map(str::to_owned));
    }

    /// The same with more arguments; later ones win.
    pub(crate) fn with(mut self, args: &[&str]) -> Launch {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// The real server.
    pub(crate) fn peer(binary: &Path) -> Launch {
        Launch {
            binary: binary.to_owned(),
            kind: Kind::Redis,
            args: Vec::new(),
        }
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    launch: Launch,
    child: Child,
    port: u16,
    /// Working folder of the server, with its log in it.
    dir: TempDir,
}

impl Server {
    /// Starts a server and waits until it answers.
    pub(crate) fn start(launch: Launch) -> Result<Server> {
        // Between our asking for a free port and the server's binding it, another may take it.
        let mut attempts = 1;
        loop {
            let dir = tempfile::tempdir().context("cannot make a folder for a server")?;
            let port = free_port()?;
            let mut server = Server {
                child: spawn(&launch, port, dir.path())?,
                launch: launch.clone(),
                port,
                dir,
            };
            match server.wait_until_ready() {
                Ok(()) => return Ok(server),
                Err(_) if attempts < 3 => attempts += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Starts a server on a copy of what another keeps in its folder.
    pub(crate) fn start_in_copy(launch: Launch, source: &Path) -> Result<Server> {
        let dir = tempfile::tempdir().context("cannot make a folder for a server")?;
        copy_folder(source, dir.path())?;
        let port = free_port()?;
        let mut server = Server {
            child: spawn(&launch, port, dir.path())?,
            launch,
            port,
            dir,
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// How it was started.
    pub(crate) fn launch(&self) -> &Launch {
        &self.launch
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Some(how) = self.crash()? {
                bail!("{} ended at once: {how}\n{}", self.name(), self.log_tail());
            }
            if self.ping().is_ok() {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("{} does not answer\n{}", self.name(), self.log_tail());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks a new connection for an answer.
    pub(crate) fn ping(&self) -> Result<()> {
        let mut connection = self.connect()?;
        connection.send(b"PING\r\n")?;
        let answer = match connection.reply(PING_LIMIT) {
            Ok(lines) => lines
                .first()
                .map_or_else(String::new, |line| line.text.clone()),
            Err(error) => error.to_string(),
        };
        if answer != "+PONG" {
            bail!("PING is answered {answer}");
        }
        Ok(())
    }

    /// Starts the same server anew after a crash or a hang.
    pub(crate) fn restart(&mut self) -> Result<()> {
        *self = Server::start(self.launch.clone())?;
        Ok(())
    }

    /// Ends the process, by SIGKILL or, if it is to end in good order, by SIGTERM, and
    /// waits for the end. True if it ended as it should.
    pub(crate) fn stop(&mut self, in_order: bool) -> Result<bool> {
        if !in_order {
            self.child.kill().context("cannot kill a server")?;
            self.child.wait().context("cannot watch a server")?;
            return Ok(true);
        }
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        told.context("cannot tell a server to stop")?;
        let status = self.child.wait().context("cannot watch a server")?;
        Ok(status.success())
    }

    /// Starts it again after [`stop`](Self::stop): on the same port, in the same folder.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        self.child = spawn(&self.launch, self.port, self.dir.path())?;
        self.wait_until_ready()
    }

    /// Its working folder.
    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// A new client.
    pub(crate) fn connect(&self) -> Result<Connection> {
        connect(self.port).with_context(|| format!("cannot connect to {}", self.name()))
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// File name of the binary.
    pub(crate) fn name(&self) -> String {
        let name = self.launch.binary.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// How the server ended, if it has: by a signal or an exit code.
    pub(crate) fn crash(&mut self) -> Result<Option<String>> {
        let status = self.child.try_wait().context("cannot watch a server")?;
        Ok(status.map(|status| match (status.signal(), status.code()) {
            (Some(signal), _) => format!("killed by signal {signal}"),
            (None, code) => format!("exit code {}", code.unwrap_or(-1)),
        }))
    }

    /// The last lines that the server wrote.
    pub(crate) fn log_tail(&self) -> String {
        let log = std::fs::read(self.dir.path().join(LOG)).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        let shown = lines.len().saturating_sub(12);
        lines[shown..]
            .iter()
            .map(|line| format!("  log: {line}\n"))
            .collect()
    }

    /// Processor time that the server has used so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        /// Of the clock that the kernel shows times in.
        const TICKS_PER_SECOND: f64 = 100.0;
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        // The name, in parentheses, may hold blanks; times are the fields 14 and 15.
        let fields = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace();
        let ticks: Vec<f64> = fields.skip(11).take(2).flat_map(str::parse).collect();
        match ticks[..] {
            [user, system] => Ok((user + system) / TICKS_PER_SECOND),
            _ => bail!("{path} has no times"),
        }
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        self.status_bytes("VmRSS:")
    }

    /// Resident memory but for what is mapped from files, in bytes.
    pub(crate) fn anonymous_bytes(&self) -> Result<u64> {
        self.status_bytes("RssAnon:")
    }

    fn status_bytes(&self, field: &str) -> Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .and_then(|value| value.trim().strip_suffix("kB"))
            .and_then(|kib| kib.trim().parse::<u64>().ok());
        Ok(kib.with_context(|| format!("{path} has no {field}"))? << 10)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A new client of whoever listens on a port of this machine.
pub(crate) fn connect(port: u16) -> Result<Connection> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Connection::new(TcpStream::connect_timeout(
        &address,
        Duration::from_secs(5),
    )?)
}

/// Copies files and folders; the log stays.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            std::fs::create_dir(&target)?;
            copy_folder(&entry.path(), &target)?;
        } else if entry.file_name() != LOG {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// A port that nobody uses just now.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

fn spawn(launch: &Launch, port: u16, dir: &Path) -> Result<Child> {
    let mut log = std::fs::File::options();
    let log = log.create(true).append(true).open(dir.join(LOG));
    let log = log.context("cannot make a log")?;
    let port = port.to_string();
    let mut args = match launch.kind {
        Kind::Ferrous => vec![
            "serve",
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--enable-debug-command",
            "yes",
        ],
        Kind::Redis => vec![
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--enable-debug-command",
            "yes",
        ],
    };
    args.extend(launch.args.iter().map(String::as_str));
    // Of the binary itself, so that nothing between a flag and here can forget it.
    let program = std::fs::read(&launch.binary);
    let program = program.with_context(|| format!("cannot read {}", launch.binary.display()))?;
    let address_space = match memchr::memmem::find(&program, SANITIZER_SYMBOL) {
        Some(_) => "unlimited".to_owned(),
        None => ADDRESS_SPACE_KIB.to_string(),
    };
    // The shell sets the limit and replaces itself, so the child's id and signals are its own.
    Command::new("sh")
        .arg("-c")
        .arg(format!(
            "ulimit -c 0 -v {address_space} 2>/dev/null; exec \"$0\" \"$@\""
        ))
        .arg(&launch.binary)
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("cannot share a log")?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {}", launch.binary.display()))
}
