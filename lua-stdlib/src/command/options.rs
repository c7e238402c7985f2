//! The command line of `lua`: `lua [options] [script [args]]`.
//!
//! Owns which words are options, as the reference's command reads them. Runs nothing.

use std::path::PathBuf;

use crate::profile::path_of_option;

/// What the command line asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// `-i`: become interactive at the end.
    pub(super) interactive: bool,
    /// `-v` or `-i`: print the version first.
    pub(super) version: bool,
    /// `-e` and `-l`, in order.
    pub(super) actions: Vec<Action>,
    /// `--profile`: where the flame graph goes.
    pub(super) profile: Option<PathBuf>,
    /// Index of the script among the words, 0-based without the program name.
    pub(super) script: Option<usize>,
}

/// Something to do before the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// `-e stat`.
    Execute(Vec<u8>),
    /// `-l name`.
    Require(Vec<u8>),
}

impl Options {
    /// Reads the words after the program name; `None` if they are not as the usage says.
    pub(super) fn parse(words: &[Vec<u8>]) -> Option<Options> {
        let mut options = Options::default();
        let mut i = 0;
        while let Some(word) = words.get(i) {
            let attached_or_next = |i: &mut usize| -> Option<Vec<u8>> {
                if word.len() > 2 {
                    return Some(word[2..].to_vec());
                }
                *i += 1;
                words.get(*i).cloned()
            };
            match word.as_slice() {
                [b'-', b'-'] => {
                    options.script = (i + 1 < words.len()).then_some(i + 1);
                    return Some(options);
                }
                [b'-', b'i'] => {
                    options.interactive = true;
                    options.version = true;
                }
                [b'-', b'v'] => options.version = true,
                [b'-', b'e', ..] => {
                    let chunk = attached_or_next(&mut i)?;
                    options.actions.push(Action::Execute(chunk));
                }
                [b'-', b'l', ..] => {
                    let name = attached_or_next(&mut i)?;
                    options.actions.push(Action::Require(name));
                }
                option if let Some(path) = path_of_option(option) => {
                    options.profile = Some(path);
                }
                [b'-', _, ..] => return None,
                // A script, or `-` for standard input.
                _ => {
                    options.script = Some(i);
                    return Some(options);
                }
            }
            i += 1;
        }
        Some(options)
    }

    /// Whether there is an `-e`; without a script, standard input is then left alone.
    pub(super) fn has_execute(&self) -> bool {
        self.actions
            .iter()
            .any(|action| matches!(action, Action::Execute(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str, expected: Option<Options>) {
        let words: Vec<Vec<u8>> = words.split(' ').map(|word| word.into()).collect();
        assert_eq!(Options::parse(&words), expected, "{words:?}");
    }

    #[test]
    fn words() {
        let script_at = |i| Options {
            script: Some(i),
            ..Options::default()
        };
        check("a.lua -v", Some(script_at(0)));
        check("-- -v", Some(script_at(1)));
        check("--", Some(Options::default()));
        check("- x", Some(script_at(0)));
        check("-x", None);
        check("-e", None);
        check("-vv", None);
        check("--help", None);
        check("-ix -e a", None);
        check(
            "-ex=1 -l m -i s",
            Some(Options {
                interactive: true,
                version: true,
                actions: vec![
                    Action::Execute(b"x=1".to_vec()),
                    Action::Require(b"m".to_vec()),
                ],
                script: Some(4),
                ..Options::default()
            }),
        );
        check(
            "--profile=x.svg a.lua",
            Some(Options {
                profile: Some("x.svg".into()),
                script: Some(1),
                ..Options::default()
            }),
        );
    }
}
