//! EVALSHA throughput of Valkey, by valkey-benchmark: with the module on a build that has no other
//! engine, and with the engine in C, in alternation. Answers are checked first.

use anyhow::{Context, Result, bail};

use super::redis::{CLIENTS, PIPELINE, ask, throughput};
use crate::cli::BenchFlags;
use crate::proc::Profile;
use crate::redis::server::Server;
use crate::valkey::tree::{self, Build, Trees};

const KEY: &str = "bench:key";
const VALUE: &str = "xxxxxxxx";

/// A script that is measured.
struct Program {
    name: &'static str,
    script: &'static str,
    argument: &'static str,
    answer: &'static str,
    /// About a second's worth.
    requests: &'static str,
}

const DOCUMENT: &str =
    r#"{"id":17,"name":"a name","tags":["x","y","z"],"on":true,"at":{"x":1.5,"y":2}}"#;

const PROGRAMS: &[Program] = &[
    Program {
        name: "one call",
        script: "return redis.call('get', KEYS[1])",
        argument: "",
        answer: VALUE,
        requests: "400000",
    },
    Program {
        name: "1,000 iterations",
        script: "local s = 0 for i = 1, 1000 do s = (s * 31 + i) % 65521 end return s",
        argument: "",
        answer: "64505",
        requests: "100000",
    },
    Program {
        name: "cjson round trip",
        script: "local t = cjson.decode(ARGV[1]) t.id = t.id + 1 \
                 return #cjson.encode(t) + t.id",
        argument: DOCUMENT,
        answer: "95",
        requests: "200000",
    },
    Program {
        name: "100 calls",
        script: "local n = 0 for i = 1, 100 do n = n + #redis.call('get', KEYS[1]) end return n",
        argument: "",
        answer: "800",
        requests: "20000",
    },
];

/// What a server does in a second: by the clock, and of its own processor time, which other
/// programs on the machine change little.
#[derive(Clone, Copy, Default)]
struct Rates {
    wall: f64,
    cpu: f64,
}

/// Measures both and prints the ratios; false when a script answered wrongly.
pub(super) fn run(flags: &BenchFlags) -> Result<bool> {
    let trees = Trees::find().context(tree::HINT)?;
    let module = crate::valkey::module(Profile::Release)?;
    let cli = trees.program(Build::Default, "valkey-cli");
    let tool = trees.program(Build::Default, "valkey-benchmark");
    let servers = [
        Server::start(trees.launch(Build::Default, None, &[]))?,
        Server::start(trees.launch(Build::WithoutLua, Some(&module), &[]))?,
    ];
    println!(
        "{}; EVALSHA, {CLIENTS} clients, pipeline {PIPELINE}, best of {}",
        super::cpu_name(),
        flags.n_runs()
    );
    println!(
        "{:<18}{:>34}{:>36}",
        "requests", "per second: C, module", "per second of CPU: C, module"
    );
    let mut results = Vec::new();
    for program in PROGRAMS {
        let mut best = [Rates::default(); 2];
        let mut digest = String::new();
        for server in &servers {
            digest = prepare(program, &cli, server.port())
                .with_context(|| format!("the script of {:?}", program.name))?;
        }
        let command = ["evalsha", &digest, "1", KEY, program.argument];
        for _ in 0..flags.n_runs() {
            for (server, best) in servers.iter().zip(&mut best) {
                let before = server.cpu_seconds()?;
                let wall = throughput(&tool, server.port(), program.requests, &command)?;
                let used = server.cpu_seconds()? - before;
                let count: f64 = program.requests.parse().unwrap_or(0.0);
                best.wall = best.wall.max(wall);
                best.cpu = best.cpu.max(count / used);
            }
        }
        let [theirs, ours] = best;
        println!(
            "{:<18}{:>12.0}{:>12.0}{:>10}{:>14.0}{:>12.0}{:>10}",
            program.name,
            theirs.wall,
            ours.wall,
            format!("x{:.2}", ours.wall / theirs.wall),
            theirs.cpu,
            ours.cpu,
            format!("x{:.2}", ours.cpu / theirs.cpu),
        );
        results.push(serde_json::json!({
            "name": program.name,
            "c_engine": theirs.wall, "module": ours.wall, "ratio": ours.wall / theirs.wall,
            "cpu": { "c_engine": theirs.cpu, "module": ours.cpu, "ratio": ours.cpu / theirs.cpu },
        }));
    }
    if let Some(path) = &flags.json {
        let value = serde_json::json!({
            "cpu": super::cpu_name(), "runs": flags.n_runs(), "programs": results,
        });
        std::fs::write(path, format!("{value:#}\n"))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(true)
}

/// Stores the value, loads the script, checks its answer, and gives its digest.
fn prepare(program: &Program, cli: &std::path::Path, port: u16) -> Result<String> {
    ask(cli, port, &["SET", KEY, VALUE])?;
    let digest = ask(cli, port, &["SCRIPT", "LOAD", program.script])?;
    let answer = ask(cli, port, &["EVALSHA", &digest, "1", KEY, program.argument])?;
    if answer != program.answer {
        bail!("it answers {answer:?}, not {:?}", program.answer);
    }
    Ok(digest)
}
