//! `INFO`: what monitoring tools read, in sections. What is kept and how much memory it
//! takes is in [`storage`], what was counted in [`counters`].
//!
//! Fields of Redis that speak of what is not here (forks, replicas, threads) have the
//! value that says so; those of its allocator and compiler are left out. What no other server has is in a section of its own.

mod counters;
mod storage;

use std::fmt::Write as _;

use super::row;
use crate::commands::Cx;
use crate::commands::error::Done;
use crate::commands::spec::{CommandSpec, Group};
use crate::reply::ReplySink;
use crate::replying;
use crate::server::memory::human;
use crate::server::state::unix_ms;
use crate::server::{Server, Session};

pub(crate) const COMMANDS: &[CommandSpec] = &[row(
    Group::Server,
    "info",
    "1.0.0",
    -1,
    "loading stale dangerous",
    replying!(info),
)];

/// A section: its name, whether plain `INFO` has it, and what it says.
type Section = (&'static str, bool, fn(&Server, &mut Text));

/// All sections, in the order they are printed.
#[rustfmt::skip]
const SECTIONS: &[Section] = &[
    ("Server", true, server),
    ("Clients", true, clients),
    ("Memory", true, storage::memory_use),
    ("Persistence", true, storage::persistence),
    ("Stats", true, counters::stats),
    ("Replication", true, replication),
    ("CPU", true, cpu),
    ("Modules", true, |_, _| ()),
    ("Commandstats", false, counters::command_stats),
    ("Errorstats", true, counters::error_stats),
    ("Latencystats", false, counters::latency_stats),
    ("Cluster", true, |_, text| text.line("cluster_enabled", 0)),
    ("Keyspace", true, keyspace),
    ("Ferrous", true, counters::ferrous),
];

/// The text under way.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, name: &str, value: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{name}:{value}\r\n");
    }

    /// A number of bytes, twice: exactly, and for people.
    fn bytes(&mut self, name: &str, bytes: u64) {
        self.line(name, bytes);
        self.line(&format!("{name}_human"), human(bytes));
    }
}

fn info(cx: &mut Cx<'_>, args: &[&[u8]], out: &mut dyn ReplySink) -> Done {
    let text = info_text(cx.server, cx.session, &args[1..]);
    out.verbatim(*b"txt", text.as_bytes());
    Ok(())
}

/// The sections of the given names; the default ones if there are none.
fn info_text(server: &Server, _: &Session, names: &[&[u8]]) -> String {
    let asks = |word: &str| {
        names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(word.as_bytes()))
    };
    let all = asks("all") || asks("everything");
    let default = names.is_empty() || asks("default");
    let mut text = Text::default();
    for (name, is_default, write) in SECTIONS {
        if all || (default && *is_default) || asks(name) {
            if !text.0.is_empty() {
                text.0.push_str("\r\n");
            }
            let _ = write!(text.0, "# {name}\r\n");
            write(server, &mut text);
        }
    }
    text.0
}

/// A number that differs from build to build, if they are of different versions.
fn build_id(server: &Server) -> String {
    let text = format!("{} {}", env!("CARGO_PKG_VERSION"), server.compat.version());
    let crc = crc::Crc::<u64>::new(&crc::CRC_64_REDIS);
    format!("{:x}", crc.checksum(text.as_bytes()))
}

/// The operating system, its version and the machine: `Linux 6.1.0 x86_64`.
fn system() -> String {
    let read = |name: &str| {
        let text = std::fs::read_to_string(format!("/proc/sys/kernel/{name}")).ok()?;
        Some(text.trim().to_owned())
    };
    let name = read("ostype").unwrap_or_else(|| std::env::consts::OS.to_owned());
    let release = read("osrelease").unwrap_or_default();
    format!("{name} {release} {}", std::env::consts::ARCH)
}

fn server(server: &Server, text: &mut Text) {
    /// The clock by which Redis tells when keys were used last counts seconds, in 24 bits.
    const CLOCK_BITS: u64 = (1 << 24) - 1;
    let uptime_s = server.started.elapsed().as_secs();
    let now_ms = unix_ms();
    text.line("redis_version", server.compat.redis_version());
    if server.compat.is_valkey() {
        text.line("server_name", server.compat.server_name());
        text.line("valkey_version", server.compat.version());
    }
    text.line("redis_git_sha1", "00000000");
    text.line("redis_git_dirty", 0);
    text.line("redis_build_id", build_id(server));
    text.line("redis_mode", "standalone");
    if server.compat.is_valkey() {
        text.line("server_mode", "standalone");
    }
    text.line("os", system());
    text.line("arch_bits", usize::BITS);
    text.line("multiplexing_api", "tokio");
    text.line("process_id", std::process::id());
    text.line("process_supervised", "no");
    text.line("run_id", &server.run_id);
    text.line("tcp_port", server.port);
    text.line("server_time_usec", now_ms * 1000);
    text.line("uptime_in_seconds", uptime_s);
    text.line("uptime_in_days", uptime_s / 86_400);
    text.line("hz", server.config.get("hz"));
    text.line("configured_hz", server.config.get("hz"));
    text.line("lru_clock", (now_ms / 1000) & CLOCK_BITS);
    let executable = std::env::current_exe().unwrap_or_default();
    text.line("executable", executable.display());
    let file = server.config.file.as_ref();
    text.line(
        "config_file",
        file.map_or("".into(), |it| it.to_string_lossy()),
    );
    text.line("io_threads_active", 0);
}

fn clients(server: &Server, text: &mut Text) {
    text.line("connected_clients", server.clients.len());
    text.line("cluster_connections", 0);
    text.line("maxclients", server.settings.max_clients);
    let largest = server.clients.iter().map(|client| client.buffered());
    let (n_in, n_out) = largest.fold((0, 0), |(a, b), (x, y)| (a.max(x), b.max(y)));
    text.line("client_recent_max_input_buffer", n_in);
    text.line("client_recent_max_output_buffer", n_out);
    text.line("blocked_clients", server.blocking.n_clients());
    text.line("tracking_clients", server.tracking.n_clients());
    if server.compat.is_valkey() {
        text.line("pubsub_clients", server.pubsub.n_clients());
        text.line("watching_clients", server.watches.n_clients());
    }
    text.line("clients_in_timeout_table", 0);
    if server.compat.is_valkey() {
        text.line("total_watched_keys", server.watches.keys().count());
        text.line("total_blocking_keys", server.blocking.n_keys());
    }
}

/// There are no replicas.
fn replication(server: &Server, text: &mut Text) {
    text.line("role", "master");
    text.line("connected_slaves", 0);
    text.line("master_failover_state", "no-failover");
    text.line("master_replid", &server.replication_id);
    text.line("master_replid2", "0".repeat(server.replication_id.len()));
    text.line("master_repl_offset", 0);
    text.line("second_repl_offset", -1);
    text.line("repl_backlog_active", 0);
    text.line("repl_backlog_size", 0);
    text.line("repl_backlog_first_byte_offset", 0);
    text.line("repl_backlog_histlen", 0);
}

/// Processor times come from `/proc`, in hundredths of a second.
fn cpu(_: &Server, text: &mut Text) {
    let read = |of: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{of}/stat")).unwrap_or_default();
        // The fields are counted from behind the program's name, which may hold spaces.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields = after_name.split_ascii_whitespace().skip(11).take(4);
        let seconds = |field: &str| field.parse::<u64>().unwrap_or(0) as f64 / 100.0;
        let mut times = [0.0; 4];
        times
            .iter_mut()
            .zip(fields)
            .for_each(|(time, field)| *time = seconds(field));
        times
    };
    let [user, sys, children_user, children_sys] = read("self");
    let [main_user, main_sys, ..] = read("thread-self");
    for (name, time) in [
        ("used_cpu_sys", sys),
        ("used_cpu_user", user),
        ("used_cpu_sys_children", children_sys),
        ("used_cpu_user_children", children_user),
        ("used_cpu_sys_main_thread", main_sys),
        ("used_cpu_user_main_thread", main_user),
    ] {
        text.line(name, format_args!("{time:.6}"));
    }
}

fn keyspace(server: &Server, text: &mut Text) {
    for at in 0..server.keyspace.n_databases() {
        let db = server.keyspace.db(at);
        if !db.is_empty() {
            let (keys, expires) = (db.len(), db.n_volatile());
            let value = format_args!("keys={keys},expires={expires},avg_ttl=0");
            text.line(&format!("db{at}"), value);
        }
    }
}
