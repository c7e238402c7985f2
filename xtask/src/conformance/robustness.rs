//! Hostile texts for the compiler: every prefix of every case of the corpus, cases with bytes
//! changed, and megabytes of noise. What is compared is accept or reject, and the message.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use super::run::each;
use super::suite::{self, Kind, Script};
use super::{Engines, Options, PEER_HINT, compare, corpus_dir};
use crate::known::KnownFailures;
use crate::proc::Finished;
use crate::summary::Summary;

/// Far above what a job takes: only a hang gets here.
const JOB_LIMIT: Duration = Duration::from_secs(300);

/// Kinds of noise that `noise.lua` knows; each is fed with every seed, a megabyte at a time.
const NOISE_KINDS: &[&str] = &["bytes", "ascii", "words"];
const NOISE_SEEDS: std::ops::RangeInclusive<u32> = 1..=4;

/// One program both engines run.
struct Job {
    name: String,
    program: Vec<u8>,
    args: Vec<String>,
}

/// Runs the selected jobs and prints those that differ, crash or hang.
pub(crate) fn run(options: &Options) -> Result<Summary> {
    let known = KnownFailures::load("robustness")?;
    let jobs: Vec<Job> = jobs()?
        .into_iter()
        .filter(|job| options.selects(&format!("robustness/{}", job.name)))
        .collect();
    let mut summary = Summary::default();
    if jobs.is_empty() || options.bless {
        return Ok(summary);
    }
    let engines = Engines::find(options)?;
    if engines.peer.is_none() {
        summary.skip(
            0,
            format!("robustness: looked for crashes only, {PEER_HINT}"),
        );
    }
    let problems = each(&jobs, |job| problem(job, &engines));
    for (job, problem) in jobs.iter().zip(problems) {
        match known.judge(&job.name, problem?) {
            Ok(None) => summary.pass(),
            Ok(Some(reason)) => summary.skip(1, format!("known failure: {reason}")),
            Err(problem) => {
                println!("FAILED robustness/{}\n{problem}", job.name);
                summary.fail(format!("robustness/{}", job.name));
            }
        }
    }
    Ok(summary)
}

fn jobs() -> Result<Vec<Job>> {
    let mut jobs = Vec::new();
    let truncations = driver("truncations.lua")?;
    for script in suite::load(&corpus_dir())? {
        if script.kind == Kind::Shell {
            continue;
        }
        jobs.push(Job {
            name: format!("truncations of {}", script.name),
            program: truncation_program(&truncations, &script),
            args: Vec::new(),
        });
    }
    let noise = driver("noise.lua")?;
    for kind in NOISE_KINDS {
        for seed in NOISE_SEEDS {
            jobs.push(Job {
                name: format!("noise of {kind} {seed}"),
                program: noise.clone(),
                args: vec![(*kind).to_owned(), seed.to_string()],
            });
        }
    }
    Ok(jobs)
}

fn driver(name: &str) -> Result<Vec<u8>> {
    let path: PathBuf = corpus_dir().join(name);
    std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

fn truncation_program(driver: &[u8], script: &Script) -> Vec<u8> {
    let mut program = driver.to_vec();
    for case in &script.cases {
        program.extend_from_slice(b"truncate(");
        program.extend(suite::lua_literal(case.name.as_bytes()));
        program.extend_from_slice(b", ");
        program.extend(suite::lua_literal(case.source.as_bytes()));
        program.extend_from_slice(b")\n");
    }
    program
}

/// What is wrong with our answer to a job, if anything.
fn problem(job: &Job, engines: &Engines) -> Result<Option<String>> {
    let file = tempfile::Builder::new()
        .prefix("job")
        .suffix(".lua")
        .tempfile()?;
    std::fs::write(file.path(), &job.program)?;
    let mut args = vec![file.path().as_os_str().to_owned()];
    args.extend(job.args.iter().map(Into::into));
    let ours = engines.ours.run(&args, JOB_LIMIT)?;
    if !ours.ending.is_success() {
        return Ok(Some(format!("{}\n{}", ours.ending, last_words(&ours))));
    }
    let Some(peer) = &engines.peer else {
        return Ok(None);
    };
    let real = peer.run(&args, JOB_LIMIT)?;
    Ok(compare::diff(
        &suite::normalise(&real.stdout),
        &suite::normalise(&ours.stdout),
    ))
}

/// The end of what a process said before it died.
fn last_words(finished: &Finished) -> String {
    let mut words = String::new();
    for stream in [&finished.stdout, &finished.stderr] {
        let text = suite::normalise(stream);
        let lines: Vec<&str> = text.lines().collect();
        for line in &lines[lines.len().saturating_sub(5)..] {
            words.push_str(line);
            words.push('\n');
        }
    }
    words
}
