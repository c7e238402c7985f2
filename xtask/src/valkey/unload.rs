//! The module is unloaded and loaded while the server runs.

use anyhow::{Result, bail};

use super::Rig;
use super::node::Node;

/// Each new engine runs scripts. One that the server has noted as that of the debugger stays,
/// since the server would go on using it.
pub(super) fn and_load_again(rig: &Rig<'_>) -> Result<String> {
    const TIMES: usize = 5;
    let path = rig.module.to_string_lossy();
    let mut node = Node::start(rig.ours(&["--enable-module-command", "yes"]))?;
    for _ in 0..TIMES {
        node.must(&["EVAL", "return 7", "0"], ":7")?;
        node.must(&["MODULE", "UNLOAD", "ferrous"], "+OK")?;
        node.must(&["MODULE", "LOAD", &path], "+OK")?;
    }
    for mode in ["YES", "NO"] {
        node.must(&["SCRIPT", "DEBUG", mode], "+OK")?;
        let answer = node.ask(&["MODULE", "UNLOAD", "ferrous"])?;
        if !answer.starts_with("-ERR Error unloading module") {
            bail!("unloaded after SCRIPT DEBUG {mode}: {answer}");
        }
    }
    node.must(&["EVAL", "return 8", "0"], ":8")?;
    Ok(format!("{TIMES} times, and not once it has debugged"))
}
