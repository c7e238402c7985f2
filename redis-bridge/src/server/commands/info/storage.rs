//! What `INFO` says of memory and of the files.

use std::time::{Duration, SystemTimeError, UNIX_EPOCH};

use super::Text;
use crate::server::Server;
use crate::server::memory;

fn percent(part: u64, whole: u64) -> String {
    format!("{:.2}%", part as f64 * 100.0 / whole.max(1) as f64)
}

pub(super) fn memory_use(server: &Server, text: &mut Text) {
    let resident = memory::resident_bytes();
    let peak = memory::peak_resident_bytes();
    // With a limit it is known what counts; else there is only what the system sees.
    let is_limited = server.settings.max_memory_bytes > 0;
    let used = if is_limited {
        server.used_bytes()
    } else {
        resident
    };
    let scripts = server.script_use;
    let function_bytes = server.libraries.bytes() as u64;
    let buffered = server.clients.iter().map(|client| client.buffered());
    let in_clients: usize = buffered.map(|(n_in, n_out)| n_in + n_out).sum();
    let in_log = server.keyspace.effects.log().len() as u64;
    let vms = scripts.vm_bytes + scripts.function_vm_bytes;
    let startup = server.startup_bytes.min(used);
    let texts = scripts.cache_bytes + function_bytes;
    let overhead = (startup + in_clients as u64 + in_log + vms + texts).min(used);
    text.bytes("used_memory", used);
    text.bytes("used_memory_rss", resident);
    text.bytes("used_memory_peak", peak);
    text.line("used_memory_peak_perc", percent(used, peak));
    text.line("used_memory_overhead", overhead);
    text.line("used_memory_startup", startup);
    let dataset = used - overhead;
    text.line("used_memory_dataset", dataset);
    text.line("used_memory_dataset_perc", percent(dataset, used - startup));
    text.bytes("total_system_memory", memory::machine_bytes());
    text.bytes("used_memory_lua", scripts.vm_bytes);
    text.line("used_memory_vm_eval", scripts.vm_bytes);
    text.line("used_memory_scripts_eval", scripts.cache_bytes);
    text.line("number_of_cached_scripts", scripts.cached);
    text.line("number_of_functions", server.libraries.function_count());
    text.line("number_of_libraries", server.libraries.len());
    text.line("used_memory_vm_functions", scripts.function_vm_bytes);
    text.bytes("used_memory_vm_total", vms);
    text.line("used_memory_functions", function_bytes);
    text.bytes("used_memory_scripts", texts);
    text.bytes("maxmemory", server.settings.max_memory_bytes);
    text.line("maxmemory_policy", server.config.get("maxmemory-policy"));
    let ratio = resident as f64 / used.max(1) as f64;
    text.line("mem_fragmentation_ratio", format_args!("{ratio:.2}"));
    text.line(
        "mem_fragmentation_bytes",
        i128::from(resident) - i128::from(used),
    );
    text.line("mem_not_counted_for_evict", 0);
    text.line("mem_replication_backlog", 0);
    text.line("mem_total_replication_buffers", 0);
    text.line("mem_clients_slaves", 0);
    text.line("mem_clients_normal", in_clients);
    text.line("mem_cluster_links", 0);
    text.line("mem_aof_buffer", in_log);
    text.line("mem_allocator", "system");
    text.line("active_defrag_running", 0);
    text.line("lazyfree_pending_objects", 0);
    text.line("lazyfreed_objects", 0);
}

/// There are no snapshots, and no copies of the process that could write them.
pub(super) fn persistence(server: &Server, text: &mut Text) {
    text.line("loading", u8::from(server.loading.is_some()));
    text.line("async_loading", 0);
    text.line("current_cow_peak", 0);
    text.line("current_cow_size", 0);
    text.line("current_cow_size_age", 0);
    text.line("current_fork_perc", "0.00");
    text.line("current_save_keys_processed", 0);
    text.line("current_save_keys_total", 0);
    text.line("rdb_changes_since_last_save", server.keyspace.dirty);
    text.line("rdb_bgsave_in_progress", 0);
    let saved = server
        .last_save
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    text.line("rdb_last_save_time", saved.as_secs());
    text.line("rdb_last_bgsave_status", "ok");
    text.line("rdb_last_bgsave_time_sec", -1);
    text.line("rdb_current_bgsave_time_sec", -1);
    text.line("rdb_saves", 0);
    text.line("rdb_last_cow_size", 0);
    text.line("rdb_last_load_keys_expired", 0);
    text.line("rdb_last_load_keys_loaded", 0);
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
    text.line("aof_last_cow_size", 0);
    text.line("module_fork_in_progress", 0);
    text.line("module_fork_last_cow_size", 0);
    if server.aof.is_on() {
        text.line("aof_buffer_length", server.keyspace.effects.log().len());
    }
    if let Some(loading) = server.loading {
        let seconds =
            |since: Result<Duration, SystemTimeError>| since.map_or(0.0, |it| it.as_secs_f64());
        let elapsed = seconds(loading.started.elapsed());
        let (done, total) = (loading.done_bytes, loading.total_bytes);
        let left = total.saturating_sub(done) as f64 / done.max(1) as f64;
        let started = loading
            .started
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        text.line("loading_start_time", started.as_secs());
        text.line("loading_total_bytes", total);
        text.line("loading_loaded_bytes", done);
        let percent = done as f64 * 100.0 / total.max(1) as f64;
        text.line("loading_loaded_perc", format_args!("{percent:.2}"));
        text.line("loading_eta_seconds", (elapsed * left) as u64);
    }
}
