//! `FUNCTION DUMP` and `FUNCTION RESTORE` between the module, the engine in C, and `ferrous`: each
//! restores what each has dumped, under each policy.

use anyhow::{Result, bail};

use super::Rig;
use super::node::{Node, shown};
use crate::redis::server::Launch;

/// Libraries of a server that is dumped.
const DUMPED: &[&str] = &[
    "#!lua name=one\nredis.register_function('f1', function(keys, args) return 'f1 ' .. #args end)",
    "#!lua name=two\nlocal function twice(n) return n * 2 end\n\
     redis.register_function{function_name='f2', description='doubles \\226\\130\\172', \
     flags={'no-writes', 'allow-stale'}, callback=function(_, args) return twice(args[1]) end}\n\
     redis.register_function('f3', function(keys) return redis.call('incr', keys[1]) end)",
];

/// Libraries of the server that restores: one of the same name, one of another name.
const RESIDENT: &[&str] = &[
    "#!lua name=one\nredis.register_function('old', function() return 'old' end)",
    "#!lua name=three\nredis.register_function('f4', function() return 'f4' end)",
];
/// A library of another name with a function of the same.
const CLASHING: &str =
    "#!lua name=four\nredis.register_function('f2', function() return 'four' end)";

/// One attempt: what the server holds before, the words behind the payload, the answer, and which
/// functions answer what afterwards.
struct Restore {
    name: &'static str,
    resident: &'static [&'static str],
    policy: &'static [&'static str],
    answer: &'static str,
    /// Afterwards the server holds what was dumped, and nothing else.
    is_copy: bool,
    afterwards: &'static [(&'static [&'static str], &'static str)],
}

const GONE: &str = "-ERR Function not found";
const KEPT: &[(&[&str], &str)] = &[
    (&["FCALL", "old", "0"], "\"old\""),
    (&["FCALL", "f4", "0"], "\"f4\""),
    (&["FCALL", "f1", "0"], GONE),
];
const RESTORED: &[(&[&str], &str)] = &[
    (&["FCALL", "f1", "0", "x", "y"], "\"f1 2\""),
    (&["FCALL_RO", "f2", "0", "21"], ":42"),
    (&["DEL", "counted"], ":0"),
    (&["FCALL", "f3", "1", "counted"], ":1"),
    (&["DEL", "counted"], ":1"),
    (&["FCALL", "old", "0"], GONE),
];

const RESTORES: &[Restore] = &[
    Restore {
        name: "into nothing",
        resident: &[],
        policy: &[],
        answer: "+OK",
        is_copy: true,
        afterwards: RESTORED,
    },
    Restore {
        name: "no policy, a name is taken",
        resident: RESIDENT,
        policy: &[],
        answer: "-ERR Library one already exists",
        is_copy: false,
        afterwards: KEPT,
    },
    Restore {
        name: "APPEND, a name is taken",
        resident: RESIDENT,
        policy: &["APPEND"],
        answer: "-ERR Library one already exists",
        is_copy: false,
        afterwards: KEPT,
    },
    Restore {
        name: "APPEND, all names are free",
        resident: &[RESIDENT[1]],
        policy: &["append"],
        answer: "+OK",
        is_copy: false,
        afterwards: RESTORED,
    },
    Restore {
        name: "REPLACE",
        resident: RESIDENT,
        policy: &["REPLACE"],
        answer: "+OK",
        is_copy: false,
        afterwards: RESTORED,
    },
    Restore {
        name: "REPLACE, a function is another library's",
        resident: &[RESIDENT[0], CLASHING],
        policy: &["REPLACE"],
        answer: "-ERR Function f2 already exists",
        is_copy: false,
        afterwards: &[
            (&["FCALL", "old", "0"], "\"old\""),
            (&["FCALL", "f2", "0"], "\"four\""),
            (&["FCALL", "f1", "0"], GONE),
        ],
    },
    Restore {
        name: "FLUSH",
        resident: &[RESIDENT[0], CLASHING],
        policy: &["FLUSH"],
        answer: "+OK",
        is_copy: true,
        afterwards: RESTORED,
    },
    Restore {
        name: "no such policy",
        resident: RESIDENT,
        policy: &["MERGE"],
        answer: "-ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
        is_copy: false,
        afterwards: KEPT,
    },
];

/// What is done to a payload, and what it is called.
type Damage = (&'static str, fn(&mut Vec<u8>));

const DAMAGES: &[Damage] = &[
    ("a changed byte", |payload| payload[10] ^= 1),
    ("a cut end", |payload| {
        payload.pop();
    }),
    ("nothing", Vec::clear),
    ("a newer version", |payload| {
        let at = payload.len() - 9;
        payload[at] = 0xff;
    }),
];
/// The answer to a damaged payload.
const DAMAGED: &str = "-ERR DUMP payload version or checksum are wrong";

/// All pairs of servers.
pub(super) fn exchange(rig: &Rig<'_>) -> Result<String> {
    let launches: [(&str, Launch); 3] = [
        ("module", rig.ours(&[])),
        ("engine in C", rig.in_c(&[])),
        ("ferrous", rig.ferrous()?),
    ];
    let mut nodes = Vec::new();
    for (name, launch) in launches {
        nodes.push((name, Node::start(launch)?));
    }
    let mut payloads = Vec::new();
    for (name, node) in &mut nodes {
        for library in DUMPED {
            let answer = node.ask(&["FUNCTION", "LOAD", library])?;
            if answer.starts_with('-') {
                bail!("{name}: a library is answered {answer}");
            }
        }
        payloads.push((*name, node.bytes(&["FUNCTION", "DUMP"])?, node.libraries()?));
    }
    let mut n_restores = 0;
    for (writer, payload, libraries) in &payloads {
        for (reader, node) in &mut nodes {
            for restore in RESTORES {
                let outcome = attempt(node, restore, payload, libraries);
                outcome.map_err(|error| {
                    let what = restore.name;
                    error.context(format!("{reader} restores what {writer} dumped: {what}"))
                })?;
                n_restores += 1;
            }
            for (what, damage) in DAMAGES {
                let mut payload = payload.clone();
                damage(&mut payload);
                let words: [&[u8]; 4] = [b"FUNCTION", b"RESTORE", &payload, b"FLUSH"];
                let answer = node.ask(&words)?;
                if answer != DAMAGED {
                    bail!("{reader}: a payload with {what} is answered {answer}");
                }
                node.must(&["FCALL", "old", "0"], "\"old\"")?;
                n_restores += 1;
            }
        }
    }
    Ok(format!(
        "{n_restores} restores among {} servers",
        nodes.len()
    ))
}

fn attempt(node: &mut Node, restore: &Restore, payload: &[u8], libraries: &str) -> Result<()> {
    node.must(&["FUNCTION", "FLUSH"], "+OK")?;
    for library in restore.resident {
        node.ask(&["FUNCTION", "LOAD", library])?;
    }
    let mut words: Vec<&[u8]> = vec![b"FUNCTION", b"RESTORE", payload];
    words.extend(restore.policy.iter().map(|word| word.as_bytes()));
    let answer = node.ask(&words)?;
    if answer != restore.answer {
        bail!("it is answered {answer}, not {}", restore.answer);
    }
    for (words, expected) in restore.afterwards {
        let got = node.ask(words)?;
        if got != *expected {
            bail!("then {} is answered {got}, not {expected}", shown(words));
        }
    }
    if restore.is_copy {
        let got = node.libraries()?;
        if got != *libraries {
            bail!("then there are {got}\n  in place of {libraries}");
        }
    }
    Ok(())
}
