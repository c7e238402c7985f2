//! The command line of the server, as `redis-server` takes it: a configuration file, then
//! directives, each a `--name` with its values. They are read like the end of the file.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::resp::value::write_quoted;
use crate::server::config::Config;

/// What a command line says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    /// The configuration file.
    pub(super) file: Option<PathBuf>,
    /// Directives come from standard input, too.
    pub(super) reads_stdin: bool,
    /// The directives, a line each.
    pub(super) directives: String,
}

impl Arguments {
    /// Reads the arguments behind the command's name.
    pub(super) fn parse(args: &[OsString]) -> Self {
        let mut this = Self::default();
        let mut rest = args;
        if let [first, more @ ..] = args
            && first != "-"
            && !first.to_string_lossy().starts_with('-')
        {
            this.file = Some(PathBuf::from(first));
            rest = more;
        }
        // A value may begin with `--` if it comes at once behind a name.
        let mut wants_value = false;
        for (at, arg) in rest.iter().enumerate() {
            let text = arg.to_string_lossy();
            let is_at_an_end = at == 0 || at + 1 == rest.len();
            if text == "-" && is_at_an_end && !wants_value {
                this.reads_stdin = true;
                continue;
            }
            let Some(name) = text.strip_prefix("--").filter(|_| !wants_value) else {
                let mut quoted = Vec::new();
                write_quoted(&mut quoted, arg.as_encoded_bytes());
                if !this.directives.is_empty() {
                    this.directives.push(' ');
                }
                this.directives += &String::from_utf8_lossy(&quoted);
                wants_value = false;
                continue;
            };
            if !this.directives.is_empty() {
                this.directives.push('\n');
            }
            // `--port=7000`, which redis-server does not know.
            let assigned = name.split_once('=');
            match assigned.filter(|(name, _)| Config::find(name.as_bytes()).is_some()) {
                Some((name, value)) => {
                    let mut quoted = Vec::new();
                    write_quoted(&mut quoted, value.as_bytes());
                    this.directives += &format!("{name} {}", String::from_utf8_lossy(&quoted));
                }
                None => {
                    this.directives += name;
                    let next = rest.get(at + 1).map(|next| next.to_string_lossy());
                    let is_last = next.is_none_or(|next| next.starts_with("--"));
                    let is_empty_save = is_last && name.eq_ignore_ascii_case("save");
                    if is_empty_save {
                        this.directives += " \"\"";
                    }
                    wants_value = !is_empty_save && !name.contains(' ');
                }
            }
        }
        this
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(args: &[&str], file: Option<&str>, reads_stdin: bool, directives: &str) {
        let args: Vec<_> = args.iter().map(OsString::from).collect();
        let expected = Arguments {
            file: file.map(PathBuf::from),
            reads_stdin,
            directives: directives.to_owned(),
        };
        assert_eq!(Arguments::parse(&args), expected);
    }

    #[test]
    fn a_file_and_directives() {
        check(&[], None, false, "");
        check(&["a.conf"], Some("a.conf"), false, "");
        check(
            &["a.conf", "--port", "7000", "--save", ""],
            Some("a.conf"),
            false,
            "port \"7000\"\nsave \"\"",
        );
        check(&["--port", "1", "a"], None, false, "port \"1\" \"a\"");
        check(&["--port 7000"], None, false, "port 7000");
        check(
            &["--port=7000", "--hz", "5"],
            None,
            false,
            "port \"7000\"\nhz \"5\"",
        );
        check(&["--nosuch=7000"], None, false, "nosuch=7000");
        check(&["--save", "--hz", "5"], None, false, "save \"\"\nhz \"5\"");
        check(&["--hz", "5", "--save"], None, false, "hz \"5\"\nsave \"\"");
        check(
            &["--requirepass", "--x", "--hz", "5"],
            None,
            false,
            "requirepass \"--x\"\nhz \"5\"",
        );
        check(&["-x"], None, false, "\"-x\"");
        check(&["-", "--hz", "5"], None, true, "hz \"5\"");
        check(
            &["a.conf", "--hz", "5", "-"],
            Some("a.conf"),
            true,
            "hz \"5\"",
        );
    }
}
