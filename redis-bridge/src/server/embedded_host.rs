//! The embedded server as a [`Host`]: what a script's `redis.call` runs on here.

use std::time::Duration;

use crate::commands::spec::{CommandFlags, CommandSpec};
use crate::commands::{self, Unresolved};
use crate::compat::Compat;
use crate::host::{CallOptions, Host, LogLevel, Refusal, RunState, Stop};
use crate::reply::ReplySink;
use crate::server::acl::{Context, Denial};
use crate::server::session::Session;
use crate::server::state::Server;
use crate::server::{busy, dispatch, refusal};

/// The server and the calling client, for as long as one script runs. What a script
/// selects (a database) ends with it.
pub struct EmbeddedHost<'a> {
    server: &'a mut Server,
    session: &'a mut Session,
    caller_db: usize,
    caller_denied_blocking: bool,
    /// Memory was short when the script began: the first write decides whether it
    /// may go on, so this is looked at only until then.
    was_out_of_memory: bool,
    /// The script has declared that it may run without memory (`allow-oom`).
    allows_oom: bool,
}

impl<'a> EmbeddedHost<'a> {
    /// A host for one script of this client.
    pub fn new(server: &'a mut Server, session: &'a mut Session) -> Self {
        let was_out_of_memory = server.is_over_max_memory();
        let caller_denied_blocking = std::mem::replace(&mut session.deny_blocking, true);
        let caller_db = session.db;
        Self {
            server,
            session,
            caller_db,
            caller_denied_blocking,
            was_out_of_memory,
            allows_oom: false,
        }
    }

    /// The script has declared `allow-oom`.
    pub fn allow_oom(&mut self) {
        self.allows_oom = true;
    }

    /// The server under the script.
    pub fn server(&mut self) -> &mut Server {
        self.server
    }

    /// The checks before a script's command, in the order of Valkey.
    fn check(
        &mut self,
        args: &[&[u8]],
        options: CallOptions,
    ) -> Result<&'static CommandSpec, (Option<&'static CommandSpec>, Refusal)> {
        let spec = commands::resolve(args).map_err(|why| (None, refusal(&why, args)))?;
        let refuse = |why| Err((Some(spec), why));
        if !spec.accepts(args.len()) {
            return refuse(Refusal::WrongArity);
        }
        // Most blocking commands were forbidden once; since then they act as if their
        // time were over.
        let is_forbidden = spec.flags.contains(CommandFlags::NOSCRIPT)
            && (self.server.compat == Compat::Redis70
                || !spec.flags.contains(CommandFlags::BLOCKING));
        if is_forbidden {
            return refuse(Refusal::NotAllowedFromScript);
        }
        let out_of_memory = self.is_short_of_memory(spec);
        let oom = || refuse(Refusal::Other(dispatch::OUT_OF_MEMORY.to_vec()));
        // Valkey looks at memory early, Redis late.
        if out_of_memory && self.server.compat.is_valkey() && !options.read_only {
            return oom();
        }
        if let Err(denial) = self.session.permits(spec, args) {
            let context = Context::Lua;
            refusal::note(self.server, self.session, denial, context, spec, args);
            return refuse(Refusal::NoPermission(self.denial_text(denial, spec)));
        }
        let may_write = spec.flags.contains(CommandFlags::WRITE)
            || spec.flags.contains(CommandFlags::MAY_REPLICATE);
        if options.read_only && may_write {
            return refuse(Refusal::WriteInReadOnlyScript);
        }
        if out_of_memory {
            return oom();
        }
        let script = self.server.running_script.as_ref();
        let has_written = script.is_some_and(|script| script.has_written);
        if !has_written
            && spec.flags.contains(CommandFlags::WRITE)
            && let Some(refusal) = self.server.aof.refusal()
        {
            return refuse(Refusal::Other(refusal));
        }
        Ok(spec)
    }

    /// Is there too little memory for this command?
    fn is_short_of_memory(&self, spec: &CommandSpec) -> bool {
        let script = self.server.running_script.as_ref();
        let has_written = script.is_some_and(|script| script.has_written);
        self.was_out_of_memory
            && !self.allows_oom
            && !has_written
            && spec.flags.contains(CommandFlags::DENYOOM)
    }

    /// What the script is told of a command that its caller may not run.
    fn denial_text(&self, denial: Denial, spec: &CommandSpec) -> Vec<u8> {
        if self.server.compat != Compat::Redis70 {
            return refusal::text(self.session, denial, spec);
        }
        let text = match denial {
            Denial::Command => "The user executing the script can't run this command or subcommand",
            Denial::Key(_) => {
                "The user executing the script can't access at least one of the keys mentioned \
                 in the command arguments"
            }
            Denial::Channel(_) => {
                "The user executing the script can't publish to the channel mentioned in the \
                 command"
            }
        };
        text.into()
    }
}

fn refusal(why: &Unresolved, args: &[&[u8]]) -> Refusal {
    match why {
        Unresolved::Command => Refusal::UnknownCommand,
        Unresolved::Subcommand(_) => Refusal::UnknownSubcommand(dispatch::unresolved(why, args)),
    }
}

impl Drop for EmbeddedHost<'_> {
    fn drop(&mut self) {
        self.session.db = self.caller_db;
        self.session.deny_blocking = self.caller_denied_blocking;
        // A blocking command that ignored the denial has sent its reply already.
        self.session.block = None;
        // The script's commands were logged one by one.
        self.server.keyspace.effects.add_nothing();
    }
}

impl Host for EmbeddedHost<'_> {
    fn call(
        &mut self,
        argv: &[&[u8]],
        options: CallOptions,
        reply: &mut dyn ReplySink,
    ) -> Result<(), Refusal> {
        let spec = match self.check(argv, options) {
            Ok(spec) => spec,
            Err((spec, why)) => {
                if let Some(spec) = spec {
                    self.server.stats.record_rejection(spec);
                }
                return Err(why);
            }
        };
        if spec.flags.contains(CommandFlags::WRITE)
            && let Some(script) = &mut self.server.running_script
        {
            script.has_written = true;
        }
        dispatch::show_to_monitors(self.server, self.session, spec, argv, "lua");
        let was_muted = self.server.keyspace.effects.mute(!options.to_aof);
        dispatch::run_inner(self.server, self.session, spec, argv, reply);
        self.server.keyspace.effects.mute(was_muted);
        Ok(())
    }

    fn check_permissions(&mut self, argv: &[&[u8]]) -> Result<bool, Refusal> {
        let spec = commands::resolve(argv).map_err(|why| refusal(&why, argv))?;
        Ok(self.session.permits(spec, argv).is_ok())
    }

    fn note_error(&mut self, text: &[u8]) {
        self.server.stats.record_error(text);
    }

    fn note_stop(&mut self, why: Stop) {
        let stops = &mut self.server.stats.scripts.stopped;
        *match why {
            Stop::Memory => &mut stops.memory,
            Stop::Instructions => &mut stops.instructions,
            Stop::Killed => &mut stops.killed,
        } += 1;
    }

    fn log(&mut self, level: LogLevel, message: &[u8]) {
        // Valkey's scripts log as its module `lua`.
        let prefix: &[u8] = if self.server.compat.is_valkey() {
            b"<lua> "
        } else {
            b""
        };
        self.server.logger.log(level, &[prefix, message].concat());
    }

    fn poll(&mut self) -> RunState {
        let threshold = Duration::from_millis(self.server.settings.busy_threshold_ms);
        if let Some(script) = &mut self.server.running_script
            && !threshold.is_zero()
            && script.started.elapsed() >= threshold
        {
            script.is_busy = true;
            busy::serve(self.server);
        }
        let script = self.server.running_script.as_ref();
        if script.is_some_and(|script| script.is_killed) {
            RunState::Killed
        } else {
            RunState::Continue
        }
    }
}
