//! Where chunks typed at the prompt are kept from one session to the next.
//!
//! Owns the choice of the file: the environment variable `LUA_HISTORY`, whose empty value means
//! none, else a file in the folder where the user's programs keep their state.

use std::ffi::OsString;
use std::path::PathBuf;

/// The history file of this user; `None` if there is to be none. Its folder exists then.
pub(super) fn file() -> Option<PathBuf> {
    let path = choose(|name| std::env::var_os(name))?;
    // A folder that cannot be made shows when the file is written: then nothing is kept.
    if let Some(folder) = path.parent() {
        let _ = std::fs::create_dir_all(folder);
    }
    Some(path)
}

fn choose(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(path) = variable("LUA_HISTORY") {
        return (!path.is_empty()).then(|| path.into());
    }
    // The XDG base directory specification ignores relative paths.
    let folder = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")))?;
    Some(state.join("ferrous-lua/history"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::choose;

    fn check(variables: &[(&str, &str)], expected: Option<&str>) {
        let value = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name)?;
            Some(found.1.into())
        };
        assert_eq!(choose(value), expected.map(PathBuf::from), "{variables:?}");
    }

    #[test]
    fn the_file_follows_the_environment() {
        let home = ("HOME", "/home/me");
        check(&[], None);
        check(&[home], Some("/home/me/.local/state/ferrous-lua/history"));
        check(
            &[home, ("XDG_STATE_HOME", "/s")],
            Some("/s/ferrous-lua/history"),
        );
        check(
            &[home, ("XDG_STATE_HOME", "relative")],
            Some("/home/me/.local/state/ferrous-lua/history"),
        );
        check(&[home, ("LUA_HISTORY", "mine")], Some("mine"));
        check(&[home, ("LUA_HISTORY", "")], None);
    }
}
