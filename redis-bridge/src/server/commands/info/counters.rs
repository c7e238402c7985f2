//! What `INFO` says of what was counted: commands, errors, bytes, scripts.

use std::time::{Duration, Instant};

use super::Text;
use crate::server::Server;
use crate::server::pubsub::Topic;
use crate::server::stats::CommandStats;

pub(super) fn stats(server: &Server, text: &mut Text) {
    let stats = &server.stats;
    let [commands, bytes_in, bytes_out] = stats.per_second();
    let kilobytes = |bytes: u64| format!("{:.2}", bytes as f64 / 1024.0);
    text.line("total_connections_received", stats.connections);
    text.line("total_commands_processed", stats.commands);
    text.line("instantaneous_ops_per_sec", commands);
    text.line("total_net_input_bytes", stats.bytes_in);
    text.line("total_net_output_bytes", stats.bytes_out);
    text.line("total_net_repl_input_bytes", 0);
    text.line("total_net_repl_output_bytes", 0);
    text.line("instantaneous_input_kbps", kilobytes(bytes_in));
    text.line("instantaneous_output_kbps", kilobytes(bytes_out));
    text.line("instantaneous_input_repl_kbps", kilobytes(0));
    text.line("instantaneous_output_repl_kbps", kilobytes(0));
    text.line("rejected_connections", stats.rejected_connections);
    text.line("sync_full", 0);
    text.line("sync_partial_ok", 0);
    text.line("sync_partial_err", 0);
    text.line("expired_keys", server.keyspace.expired);
    // Expired keys are not looked for by chance: all that are due are known.
    text.line("expired_stale_perc", "0.00");
    text.line("expired_time_cap_reached_count", stats.expire_rounds_cut);
    text.line(
        "expire_cycle_cpu_milliseconds",
        stats.expire_time.as_millis(),
    );
    text.line("evicted_keys", server.keyspace.evicted);
    text.line("evicted_clients", 0);
    if server.compat.is_valkey() {
        text.line("evicted_scripts", server.script_use.evicted);
    }
    let exceeded_now = stats.exceeded_since.map(|since| since.elapsed());
    let exceeded_now = exceeded_now.unwrap_or_default();
    let exceeded = stats.exceeded + exceeded_now;
    text.line("total_eviction_exceeded_time", exceeded.as_millis());
    text.line("current_eviction_exceeded_time", exceeded_now.as_millis());
    text.line("keyspace_hits", server.keyspace.hits);
    text.line("keyspace_misses", server.keyspace.misses);
    text.line("pubsub_channels", server.pubsub.len(Topic::Channel));
    text.line("pubsub_patterns", server.pubsub.len(Topic::Pattern));
    text.line("pubsubshard_channels", server.pubsub.len(Topic::Shard));
    for absent in [
        "latest_fork_usec",
        "total_forks",
        "migrate_cached_sockets",
        "slave_expires_tracked_keys",
        "active_defrag_hits",
        "active_defrag_misses",
        "active_defrag_key_hits",
        "active_defrag_key_misses",
        "total_active_defrag_time",
        "current_active_defrag_time",
    ] {
        text.line(absent, 0);
    }
    let [n_keys, n_items, n_prefixes] = server.tracking.totals();
    text.line("tracking_total_keys", n_keys);
    text.line("tracking_total_items", n_items);
    text.line("tracking_total_prefixes", n_prefixes);
    text.line("unexpected_error_replies", 0);
    text.line("total_error_replies", stats.error_replies);
    text.line("total_reads_processed", stats.reads);
    text.line("total_writes_processed", stats.writes);
    text.line("io_threaded_reads_processed", 0);
    text.line("io_threaded_writes_processed", 0);
    if server.compat.has_limit_counters() {
        text.line(
            "client_query_buffer_limit_disconnections",
            stats.query_limit_disconnections,
        );
        text.line(
            "client_output_buffer_limit_disconnections",
            stats.output_limit_disconnections,
        );
    }
}

pub(super) fn command_stats(server: &Server, text: &mut Text) {
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

pub(super) fn error_stats(server: &Server, text: &mut Text) {
    for (code, count) in server.stats.errors() {
        let name = format!("errorstat_{}", String::from_utf8_lossy(code));
        text.line(&name, format_args!("count={count}"));
    }
}

pub(super) fn latency_stats(server: &Server, text: &mut Text) {
    for stats in server.stats.commands_by_name() {
        if stats.calls > 0 {
            let [p50, p99, p999] = [50.0, 99.0, 99.9].map(|p| stats.histogram.percentile_us(p));
            let name = format!("latency_percentiles_usec_{}", stats.spec.name);
            let value = format_args!("p50={p50:.3},p99={p99:.3},p99.9={p999:.3}");
            text.line(&name, value);
        }
    }
}

/// What no other server has.
pub(super) fn ferrous(server: &Server, text: &mut Text) {
    let stats = &server.stats;
    let scripts = &stats.scripts;
    text.line("ferrous_version", env!("CARGO_PKG_VERSION"));
    text.line("ferrous_calls", scripts.calls);
    text.line("ferrous_internal_errors", stats.internal_errors);
    text.line(
        "ferrous_script_memory_limit",
        server.config.get("script-memory-limit"),
    );
    text.line(
        "ferrous_script_instruction_limit",
        server.config.get("script-instruction-limit"),
    );
    let stopped = scripts.stopped;
    text.line("ferrous_stopped_by_memory_limit", stopped.memory);
    text.line("ferrous_stopped_by_instruction_limit", stopped.instructions);
    text.line("ferrous_stopped_by_kill", stopped.killed);
    text.line("ferrous_debug_sessions", server.n_debug_copies());
    let script = server.running_script.as_ref();
    let running_ms = script.map_or(0, |script| {
        Instant::now().duration_since(script.started).as_millis()
    });
    text.line("ferrous_running_script_ms", running_ms);
}
