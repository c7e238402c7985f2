//! What all clients share: the keyspace, the settings, and what the server knows
//! about itself. One thread owns it, so there are no locks.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::commands::{self, spec::CommandFlags};
use crate::compat::Compat;
use crate::keyspace::events::KeyEvent;
use crate::keyspace::{Event, Keyspace};
use crate::script::functions::Libraries;
use crate::script::{FunctionEngine, RandomState, ScriptEngine};
use crate::server::acl::Acl;
use crate::server::aof::Aof;
use crate::server::blocking::Blocking;
use crate::server::client::{self, Clients};
use crate::server::config::file::FileError;
use crate::server::config::{Config, Settings};
use crate::server::latency::LatencyMonitor;
use crate::server::log::Logger;
use crate::server::pubsub::{self, PubSub};
use crate::server::session::{ClientId, Session};
use crate::server::stats::{SlowLog, Stats};
use crate::server::tracking::{self, Tracking};
use crate::server::watch::Watches;

/// The state that all clients share.
///
/// A handler gets it together with the [`Session`] of the client that sent the command.
pub struct Server {
    /// The databases.
    pub keyspace: Keyspace,
    /// All settings; after a change call [`apply_config`](Self::apply_config).
    pub config: Config,
    /// Those that are read often.
    pub settings: Settings,
    /// Whose wording and version numbers it uses.
    pub compat: Compat,
    /// The counters.
    pub stats: Stats,
    /// Events that took long.
    pub latency: LatencyMonitor,
    /// Whether the sizes of keys are kept, because there is a limit.
    is_charging: bool,
    /// Whether expired keys are deleted before somebody asks for them.
    pub is_expiring: bool,
    /// The slowest commands of late.
    pub slow_log: SlowLog,
    /// The users and what they may do.
    pub acl: Acl,
    /// The connections.
    pub clients: Clients,
    /// The append-only file.
    pub aof: Aof,
    /// Who watches which key.
    pub watches: Watches,
    /// Who keeps copies of which key.
    pub tracking: Tracking,
    /// Who waits for which key.
    pub blocking: Blocking,
    /// Who listens to which channel.
    pub pubsub: PubSub,
    /// Who gets every command (`MONITOR`).
    pub monitors: Vec<ClientId>,
    /// Set while clients' commands are held back (`CLIENT PAUSE`).
    pub pause: Option<Pause>,
    /// The scripting engine, once a script was called; absent while one runs.
    pub scripts: Option<Box<ScriptEngine>>,
    /// The engine of functions, once there was a library; absent while one runs.
    pub functions: Option<Box<FunctionEngine>>,
    /// Where functions have left `math.random`.
    pub random_state: Option<RandomState>,
    /// The libraries of functions.
    pub libraries: Libraries,
    /// What the engines used when a script was called or changed last.
    pub script_use: ScriptUse,
    /// Set while the append-only file is replayed: clients are told so.
    pub loading: Option<Loading>,
    /// `SHUTDOWN` was sent: what takes long is to end.
    pub(crate) is_stopping: bool,
    /// The script that is running, if any.
    pub running_script: Option<RunningScript>,
    /// Held by each debugging session that runs on a copy of the data.
    pub debug_copies: Arc<()>,
    /// Where the server's messages go.
    pub logger: Logger,
    /// When the data were last said to be saved.
    pub last_save: SystemTime,
    /// Identifies this run: 40 hexadecimal digits.
    pub run_id: String,
    /// Identifies the data for replicas, which there are none of.
    pub replication_id: String,
    /// Bytes of the process before there were clients and data.
    pub startup_bytes: u64,
    /// When it started.
    pub started: Instant,
    /// The port it listens on; 0 without a socket.
    pub port: u16,
    /// Told when a client sends `SHUTDOWN`.
    pub shutdown: Rc<Notify>,
    /// The sockets that clients connect to, if there are any.
    pub(crate) listeners: Rc<[TcpListener]>,
    /// The cell that the server lives in, for the tasks of new clients.
    pub(crate) myself: Weak<RefCell<Server>>,
    /// When clients were last served during a script.
    pub(crate) last_busy_round: Option<Instant>,
}

/// What the scripting engines use.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScriptUse {
    /// Bytes of the VM of scripts.
    pub vm_bytes: u64,
    /// Bytes of that of functions.
    pub function_vm_bytes: u64,
    /// Bytes of the texts of scripts.
    pub cache_bytes: u64,
    /// Scripts that are known.
    pub cached: usize,
    /// Scripts that had to make room for others.
    pub evicted: u64,
}

/// The replaying of an append-only file.
#[derive(Clone, Copy, Debug)]
pub struct Loading {
    /// When it began.
    pub started: SystemTime,
    /// Bytes of all files.
    pub total_bytes: u64,
    /// Bytes of those that have been replayed.
    pub done_bytes: u64,
}

/// A `CLIENT PAUSE`.
#[derive(Clone, Copy, Debug)]
pub struct Pause {
    /// When it ends by itself.
    pub until: Instant,
    /// Whether it holds all commands back, or only those that may write.
    pub all: bool,
}

/// Whether a script was called by `EVAL` or by `FCALL`: it decides which command may
/// kill it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptKind {
    /// `EVAL`, `EVALSHA` and their read-only forms.
    Eval,
    /// `FCALL` and `FCALL_RO`.
    Function,
}

/// A script that is running.
#[derive(Clone, Debug)]
pub struct RunningScript {
    /// What called it.
    pub kind: ScriptKind,
    /// The function's name; empty for `EVAL`.
    pub function: Vec<u8>,
    /// The arguments of the command that called it.
    pub args: Vec<Vec<u8>>,
    /// When it started.
    pub started: Instant,
    /// It has run longer than `busy-reply-threshold`, so other clients are refused.
    pub is_busy: bool,
    /// It has written, so it cannot be killed.
    pub has_written: bool,
    /// It is to end.
    pub is_killed: bool,
}

impl RunningScript {
    /// A script that starts now.
    #[must_use]
    pub fn new(kind: ScriptKind, function: &[u8], args: &[&[u8]]) -> Self {
        Self {
            kind,
            function: function.to_vec(),
            args: args.iter().map(|arg| arg.to_vec()).collect(),
            started: Instant::now(),
            is_busy: false,
            has_written: false,
            is_killed: false,
        }
    }
}

impl Server {
    /// A server without clients or data.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let settings = Settings::of(&config);
        let databases = usize::try_from(config.int("databases")).unwrap_or(1);
        let compat = Compat::from_name(config.get("script-compat")).unwrap_or_default();
        let clients = Clients::with_limits(settings.output_limits);
        Self {
            keyspace: Keyspace::new(databases),
            settings,
            compat,
            acl: Acl::new(&config, compat != Compat::Redis70),
            stats: Stats::default(),
            latency: LatencyMonitor::default(),
            is_charging: false,
            is_expiring: true,
            slow_log: SlowLog::default(),
            clients,
            aof: Aof::default(),
            watches: Watches::default(),
            tracking: Tracking::default(),
            blocking: Blocking::default(),
            pubsub: PubSub::default(),
            monitors: Vec::new(),
            pause: None,
            scripts: None,
            functions: None,
            random_state: None,
            libraries: Libraries::default(),
            script_use: ScriptUse::default(),
            loading: None,
            is_stopping: false,
            running_script: None,
            debug_copies: Arc::default(),
            logger: Logger::new(&config),
            last_save: SystemTime::now(),
            run_id: random_id(),
            replication_id: random_id(),
            startup_bytes: 0,
            started: Instant::now(),
            port: 0,
            shutdown: Rc::default(),
            listeners: Rc::default(),
            myself: Weak::new(),
            last_busy_round: None,
            config,
        }
    }

    /// Makes the users that the configuration file declares.
    ///
    /// # Errors
    ///
    /// The first declaration that is wrong.
    pub fn declare_users(&mut self) -> Result<(), FileError> {
        for declared in &self.config.users {
            let words: Vec<_> = declared.words.iter().map(Vec::as_slice).collect();
            let failed = |why: String| FileError::Line {
                number: declared.number,
                line: declared.line.clone(),
                why,
            };
            let [name, rules @ ..] = &words[..] else {
                return Err(failed("wrong number of arguments".to_owned()));
            };
            if !self.config.get("aclfile").is_empty() {
                let why = "users are declared here and in an aclfile";
                return Err(failed(why.to_owned()));
            }
            self.acl.declare(name, rules).map_err(failed)?;
        }
        Ok(())
    }

    /// Makes the server follow its settings, after one was changed.
    pub fn apply_config(&mut self) {
        self.settings = Settings::of(&self.config);
        self.keyspace.events.wanted = self.settings.event_classes;
        self.clients.output_limits = self.settings.output_limits;
        self.logger.set_level(self.config.get("loglevel"));
        self.acl.apply_config(&self.config);
        let is_limited = self.settings.max_memory_bytes > 0;
        if is_limited && !std::mem::replace(&mut self.is_charging, is_limited) {
            self.charge_all();
        }
        self.is_charging = is_limited;
    }

    /// Says that the value of `key` was changed, created or removed. Every command
    /// that writes calls it, once for each key, after the write.
    pub fn signal_modified(&mut self, db: usize, key: &[u8]) {
        self.signal_moved(db, key);
        self.tracking.note_change(key);
    }

    /// As [`signal_modified`](Self::signal_modified), where a whole database changes: whoever
    /// tracks keys does not hear of each.
    pub fn signal_moved(&mut self, db: usize, key: &[u8]) {
        self.charge(db, key);
        self.watches.touch(db, key);
        self.blocking.signal(db, key);
    }

    /// What was done since the last call is a whole, to be logged together; but while a
    /// script runs, all that happens is a part of what it does.
    pub(crate) fn end_unit(&mut self) {
        if self.running_script.is_none() {
            self.keyspace.effects.end_unit();
        }
    }

    /// Publishes what happened to keys, as `notify-keyspace-events` wants it.
    pub(crate) fn publish_key_events(&mut self) {
        for KeyEvent {
            event: Event(_, name),
            db,
            key,
        } in self.keyspace.events.take()
        {
            if self.settings.events_by_key {
                let channel = [format!("__keyspace@{db}__:").as_bytes(), &key].concat();
                pubsub::publish(self, &channel, name.as_bytes());
            }
            if self.settings.events_by_name {
                pubsub::publish(self, format!("__keyevent@{db}__:{name}").as_bytes(), &key);
            }
        }
    }

    /// Must this command wait for the end of a `CLIENT PAUSE`?
    pub(crate) fn must_wait(&mut self, session: &Session, args: &[&[u8]]) -> bool {
        let Some(pause) = self.pause else {
            return false;
        };
        if Instant::now() >= pause.until {
            self.pause = None;
            return false;
        }
        let may_write = |flags: CommandFlags| {
            flags.intersects(CommandFlags::WRITE) || flags.intersects(CommandFlags::MAY_REPLICATE)
        };
        let Ok(spec) = commands::resolve(args) else {
            return pause.all;
        };
        let queued = session.transaction.as_ref().filter(|_| spec.name == "exec");
        pause.all
            || may_write(spec.flags)
            || queued.is_some_and(|t| t.queued.iter().any(|q| may_write(q.spec.flags)))
    }

    /// How many debugging sessions run on copies of the data.
    #[must_use]
    pub fn n_debug_copies(&self) -> usize {
        Arc::strong_count(&self.debug_copies) - 1
    }

    /// Is more memory in use than `maxmemory` allows?
    #[must_use]
    pub fn is_over_max_memory(&self) -> bool {
        let limit = self.settings.max_memory_bytes;
        limit > 0 && self.used_bytes() > limit
    }

    /// Ends a `CLIENT PAUSE`.
    pub fn unpause(&mut self) {
        if self.pause.take().is_some() {
            for client in self.clients.iter() {
                client.wake();
            }
        }
    }

    /// Drops everything that is kept for a client.
    pub(crate) fn forget_client(&mut self, id: ClientId) {
        self.watches.unwatch_all(id);
        self.tracking.disable(id);
        self.blocking.forget(id);
        self.pubsub.forget(id);
        self.monitors.retain(|&monitor| monitor != id);
        self.clients.remove(id);
    }

    /// What runs `hz` times a second: closes idle connections, samples rates, lets
    /// the keyspace drop expired keys.
    pub(crate) fn tick(&mut self, interval: Duration) {
        /// Expired keys dropped at once, so that clients need not wait long.
        const MAX_EXPIRED: usize = 1000;
        self.stats.sample(interval);
        self.keyspace.refresh_clock();
        let (watches, blocking) = (&mut self.watches, &mut self.blocking);
        let tracking = &mut self.tracking;
        if self.is_expiring {
            let started = Instant::now();
            let is_cut = self.keyspace.expire_cycle(MAX_EXPIRED, |db, key| {
                watches.touch(db, key);
                blocking.signal(db, key);
                tracking.note_change(key);
            });
            self.stats.expire_rounds_cut += u64::from(is_cut);
            self.stats.expire_time += started.elapsed();
        }
        self.stats.note_exceeded(self.is_over_max_memory());
        // Keys that are gone have nothing to do with each other.
        self.keyspace.effects.end_separate_units();
        tracking::deliver(self, None);
        client::serve_blocked(self);
        self.tick_aof();
        self.publish_key_events();
        for client in self.clients.iter() {
            client.check_output(&self.settings.output_limits);
        }
        if self.settings.idle_timeout_s > 0 {
            let limit = Duration::from_secs(self.settings.idle_timeout_s);
            for client in self.clients.iter() {
                let is_exempt = client.is_blocked()
                    || client
                        .session()
                        .is_some_and(|s| s.subscriptions > 0 || s.is_monitor);
                if !is_exempt && client.last_active.get().elapsed() > limit {
                    client.kill();
                }
            }
        }
    }
}

/// Milliseconds since 1970.
#[must_use]
pub fn unix_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Forty random hexadecimal digits.
pub(crate) fn random_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    let word = |n: u8| RandomState::new().hash_one(n);
    let digits = format!("{:016x}{:016x}{:016x}", word(0), word(1), word(2));
    digits[..40].to_owned()
}
