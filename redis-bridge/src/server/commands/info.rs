//! `INFO`: what monitoring tools read, in sections.

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use super::row;
use crate::commands::Cx;
use crate::commands::error::Done;
use crate::commands::spec::{CommandSpec, Group};
use crate::reply::ReplySink;
use crate::replying;
use crate::server::memory::{self, human};
use crate::server::pubsub::Topic;
use crate::server::state::unix_ms;
use crate::server::stats::CommandStats;
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
    ("Memory", true, memory_use),
    ("Persistence", true, persistence),
    ("Stats", true, stats),
    ("Replication", true, replication),
    ("CPU", true, cpu),
    ("Modules", true, |_, _| ()),
    ("Commandstats", false, command_stats),
    ("Errorstats", true, error_stats),
    ("Cluster", true, |_, text| text.line("cluster_enabled", 0)),
    ("Keyspace", true, keyspace),
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

fn server(server: &Server, text: &mut Text) {
    let uptime_s = server.started.elapsed().as_secs();
    text.line("redis_version", server.compat.redis_version());
    if server.compat.is_valkey() {
        text.line("server_name", server.compat.server_name());
        text.line("valkey_version", server.compat.version());
    }
    text.line("ferrous_version", env!("CARGO_PKG_VERSION"));
    text.line("redis_mode", "standalone");
    if server.compat.is_valkey() {
        text.line("server_mode", "standalone");
    }
    text.line("os", std::env::consts::OS);
    text.line("arch_bits", usize::BITS);
    text.line("multiplexing_api", "tokio");
    text.line("process_id", std::process::id());
    text.line("run_id", &server.run_id);
    text.line("tcp_port", server.port);
    text.line("server_time_usec", unix_ms() * 1000);
    text.line("uptime_in_seconds", uptime_s);
    text.line("uptime_in_days", uptime_s / 86_400);
    text.line("hz", server.config.get("hz"));
    text.line("configured_hz", server.config.get("hz"));
    let executable = std::env::current_exe().unwrap_or_default();
    text.line("executable", executable.display());
    text.line("config_file", "");
}

fn clients(server: &Server, text: &mut Text) {
    let pubsub = &server.pubsub;
    text.line("connected_clients", server.clients.len());
    text.line("cluster_connections", 0);
    text.line("maxclients", server.settings.max_clients);
    let largest = server.clients.iter().map(|client| client.buffered());
    let (n_in, n_out) = largest.fold((0, 0), |(a, b), (x, y)| (a.max(x), b.max(y)));
    text.line("client_recent_max_input_buffer", n_in);
    text.line("client_recent_max_output_buffer", n_out);
    text.line("blocked_clients", server.blocking.n_clients());
    text.line("tracking_clients", 0);
    text.line("pubsub_clients", pubsub.n_clients());
    text.line("watching_clients", server.watches.n_clients());
    text.line("clients_in_timeout_table", 0);
    text.line("total_watched_keys", server.watches.keys().count());
    text.line("total_blocking_keys", server.blocking.n_keys());
}

fn memory_use(server: &Server, text: &mut Text) {
    let resident = memory::resident_bytes();
    // With a limit it is known what counts; else there is only what the system sees.
    let is_limited = server.settings.max_memory_bytes > 0;
    let used = if is_limited {
        server.used_bytes()
    } else {
        resident
    };
    text.bytes("used_memory", used);
    text.bytes("used_memory_rss", resident);
    text.bytes("used_memory_peak", memory::peak_resident_bytes());
    let scripts = server.script_use;
    text.bytes("used_memory_lua", scripts.vm_bytes);
    text.line("used_memory_vm_eval", scripts.vm_bytes);
    text.line("used_memory_scripts_eval", scripts.cache_bytes);
    text.line("number_of_cached_scripts", scripts.cached);
    text.line("number_of_functions", server.libraries.function_count());
    text.line("number_of_libraries", server.libraries.len());
    text.line("used_memory_vm_functions", scripts.function_vm_bytes);
    text.bytes(
        "used_memory_vm_total",
        scripts.vm_bytes + scripts.function_vm_bytes,
    );
    let function_bytes = server.libraries.bytes() as u64;
    text.line("used_memory_functions", function_bytes);
    text.bytes("used_memory_scripts", scripts.cache_bytes + function_bytes);
    text.bytes("total_system_memory", memory::machine_bytes());
    text.bytes("maxmemory", server.settings.max_memory_bytes);
    text.line("maxmemory_policy", server.config.get("maxmemory-policy"));
    text.line("mem_allocator", "system");
}

fn persistence(server: &Server, text: &mut Text) {
    text.line("loading", 0);
    text.line("async_loading", 0);
    text.line("rdb_changes_since_last_save", server.keyspace.dirty);
    text.line("rdb_bgsave_in_progress", 0);
    let saved = server
        .last_save
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    text.line("rdb_last_save_time", saved.as_secs());
    text.line("rdb_last_bgsave_status", "ok");
    let status = |is_ok: bool| if is_ok { "ok" } else { "err" };
    for (name, value) in server.aof.info() {
        text.line(name, value);
    }
    text.line(
        "aof_last_bgrewrite_status",
        status(server.aof.last_rewrite_is_ok()),
    );
    text.line(
        "aof_last_write_status",
        status(server.aof.error().is_none()),
    );
    if server.aof.is_on() {
        text.line("aof_buffer_length", server.keyspace.effects.log().len());
    }
}

fn stats(server: &Server, text: &mut Text) {
    let stats = &server.stats;
    let [commands, bytes_in, bytes_out] = stats.per_second();
    let kilobytes = |bytes: u64| format!("{:.2}", bytes as f64 / 1024.0);
    text.line("total_connections_received", stats.connections);
    text.line("total_commands_processed", stats.commands);
    text.line("instantaneous_ops_per_sec", commands);
    text.line("total_net_input_bytes", stats.bytes_in);
    text.line("total_net_output_bytes", stats.bytes_out);
    text.line("instantaneous_input_kbps", kilobytes(bytes_in));
    text.line("instantaneous_output_kbps", kilobytes(bytes_out));
    text.line("rejected_connections", stats.rejected_connections);
    text.line("sync_full", 0);
    text.line("sync_partial_ok", 0);
    text.line("sync_partial_err", 0);
    text.line("expired_keys", server.keyspace.expired);
    text.line("evicted_keys", server.keyspace.evicted);
    if server.compat.is_valkey() {
        text.line("evicted_scripts", server.script_use.evicted);
    }
    text.line("keyspace_hits", server.keyspace.hits);
    text.line("keyspace_misses", server.keyspace.misses);
    text.line("pubsub_channels", server.pubsub.len(Topic::Channel));
    text.line("pubsub_patterns", server.pubsub.len(Topic::Pattern));
    text.line("pubsubshard_channels", server.pubsub.len(Topic::Shard));
    text.line("latest_fork_usec", 0);
    text.line("total_error_replies", stats.error_replies);
}

fn replication(_: &Server, text: &mut Text) {
    text.line("role", "master");
    text.line("connected_slaves", 0);
    text.line("master_replid", "0000000000000000000000000000000000000000");
    text.line("master_repl_offset", 0);
    text.line("repl_backlog_active", 0);
}

/// Processor time comes from `/proc/self/stat`, in hundredths of a second.
fn cpu(_: &Server, text: &mut Text) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The fields are counted from behind the program's name, which may hold spaces.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<_> = after_name.split_ascii_whitespace().collect();
    let seconds = |at: usize| {
        let ticks = fields
            .get(at)
            .and_then(|field| field.parse::<u64>().ok())
            .unwrap_or(0);
        format!("{:.6}", ticks as f64 / 100.0)
    };
    text.line("used_cpu_sys", seconds(12));
    text.line("used_cpu_user", seconds(11));
    text.line("used_cpu_sys_children", seconds(14));
    text.line("used_cpu_user_children", seconds(13));
}

fn command_stats(server: &Server, text: &mut Text) {
    for CommandStats {
        spec,
        calls,
        time,
        rejected,
        failed,
        ..
    } in server.stats.commands_by_name()
    {
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        let mean = if calls > 0 {
            micros(time) / calls as f64
        } else {
            0.0
        };
        let value = format!(
            "calls={calls},usec={},usec_per_call={mean:.2},rejected_calls={rejected},\
             failed_calls={failed}",
            time.as_micros()
        );
        text.line(&format!("cmdstat_{}", spec.name), value);
    }
}

fn error_stats(server: &Server, text: &mut Text) {
    for (code, count) in server.stats.errors() {
        let name = format!("errorstat_{}", String::from_utf8_lossy(code));
        text.line(&name, format_args!("count={count}"));
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
