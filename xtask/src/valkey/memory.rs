//! What scripts that the server holds take: a thousand of them, with the module and with the engine
//! in C.

use anyhow::{Result, bail};

use super::Rig;
use super::node::Node;
use crate::redis::server::Launch;

const SCRIPTS: usize = 1000;

/// A script as services have them, with names and numbers of its own.
fn script(number: usize) -> String {
    format!(
        "\nlocal key = KEYS[1]\n\
         local limit = tonumber(ARGV[1]) or {number}\n\
         local current = redis.call('incr', key .. ':{number}')\n\
         if current == 1 then\n  redis.call('expire', key, {number} + 60)\nend\n\
         local items = {{}}\n\
         for j = 1, limit do\n  \
           items[#items + 1] = {{name = 'item' .. j, value = j * {number}, tag = 'tag{number}'}}\n\
         end\n\
         if current > limit then\n  return redis.error_reply('LIMIT exceeded {number}')\nend\n\
         return {{current, limit - current, cjson.encode(items)}}\n"
    )
}

/// What a server uses, in bytes.
#[derive(Clone, Copy)]
struct Usage {
    /// What the server itself keeps of scripts, and what interpreters do.
    scripts: u64,
    vm: u64,
    /// Of the process, but for what it has of files: how much of a library's code has been used is
    /// no matter of scripts.
    resident: u64,
}

impl Usage {
    fn of(node: &mut Node) -> Result<Usage> {
        let mut number = |name: &str| -> Result<u64> {
            let value = node.field(&["INFO", "memory"], name)?;
            Ok(value.parse()?)
        };
        Ok(Usage {
            scripts: number("used_memory_scripts")?,
            vm: number("used_memory_vm_eval")?,
            resident: node.server.anonymous_bytes()?,
        })
    }
}

/// How far a server grows when it is given the scripts, and what the interpreter uses then.
fn measure(launch: Launch) -> Result<Usage> {
    let mut node = Node::start(launch)?;
    let before = Usage::of(&mut node)?;
    for number in 0..SCRIPTS {
        let answer = node.ask(&["SCRIPT", "LOAD", &script(number)])?;
        if !answer.starts_with('"') {
            bail!("a script is answered {answer}");
        }
    }
    let after = Usage::of(&mut node)?;
    Ok(Usage {
        scripts: after.scripts - before.scripts,
        vm: after.vm,
        resident: after.resident - before.resident,
    })
}

/// The module takes no more than the engine in C.
pub(super) fn of_scripts(rig: &Rig<'_>) -> Result<String> {
    let theirs = measure(rig.in_c(&[]))?;
    let ours = measure(rig.ours(&[]))?;
    let figures = format!(
        "{SCRIPTS} scripts, module and engine in C, in KiB: used_memory_vm_eval {} and {}, \
         used_memory_scripts +{} and +{}, the process +{} and +{}",
        ours.vm >> 10,
        theirs.vm >> 10,
        ours.scripts >> 10,
        theirs.scripts >> 10,
        ours.resident >> 10,
        theirs.resident >> 10,
    );
    let is_less =
        ours.vm <= theirs.vm && ours.scripts <= theirs.scripts && ours.resident <= theirs.resident;
    if !is_less {
        bail!("{figures}");
    }
    Ok(figures)
}
