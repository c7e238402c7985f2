//! The words of rules: why one is refused, and how arguments make up a rule.

use crate::resp::parse::split_quoted;

/// Why a rule was refused, in the words of the error reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It is not written as a rule is.
    #[error("Syntax error")]
    Syntax,
    /// There is no such command, subcommand or category.
    #[error("Unknown command or category name in ACL")]
    Unknown,
    /// A pattern after all keys have been allowed.
    #[error(
        "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not \
         have any effect. Try 'resetkeys' to start with an empty list of patterns"
    )]
    AllKeysAlready,
    /// A pattern after all channels have been allowed.
    #[error(
        "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does \
         not have any effect. Try 'resetchannels' to start with an empty list of channels"
    )]
    AllChannelsAlready,
    /// A password cannot be removed that is not there.
    #[error("The password you are trying to remove from the user does not exist")]
    NoSuchPassword,
    /// `#` or `!` without a SHA-256 behind it.
    #[error(
        "The password hash must be exactly 64 characters and contain only lowercase hexadecimal \
         characters"
    )]
    BadHash,
    /// `+container|subcommand|argument`.
    #[error("Allowing first-arg of a subcommand is not supported")]
    FirstArgOfSubcommand,
}

/// Joins arguments that are one selector: from one that begins with a parenthesis to one
/// that ends with its counterpart.
///
/// # Errors
///
/// The position of the argument whose parenthesis is not closed.
pub fn merge_selectors(args: &[&[u8]]) -> Result<Vec<Vec<u8>>, usize> {
    let mut merged: Vec<Vec<u8>> = Vec::new();
    let mut open: Option<(usize, Vec<u8>)> = None;
    for (at, &arg) in args.iter().enumerate() {
        let mut whole = match open.take() {
            None if arg.first() != Some(&b'(') => {
                merged.push(arg.to_vec());
                continue;
            }
            None => (at, arg.to_vec()),
            Some((start, text)) => (start, [&text[..], b" ", arg].concat()),
        };
        if arg.last() == Some(&b')') {
            merged.push(std::mem::take(&mut whole.1));
        } else {
            open = Some(whole);
        }
    }
    match open {
        None => Ok(merged),
        Some((start, _)) => Err(start),
    }
}

/// The words of a selector, which may be quoted as on a command line; `None` if the
/// quotes do not match.
pub(super) fn split_words(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut bytes, mut ranges) = (Vec::new(), Vec::new());
    split_quoted(text, &mut bytes, &mut ranges)?;
    Some(
        ranges
            .into_iter()
            .map(|range| bytes[range].to_vec())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(args: &[&[u8]], expected: Result<&[&str], usize>) {
        let merged = merge_selectors(args).map(|rules| {
            let text = |rule: Vec<u8>| String::from_utf8_lossy(&rule).into_owned();
            rules.into_iter().map(text).collect::<Vec<_>>()
        });
        assert_eq!(
            merged,
            expected.map(|rules| rules.iter().map(|it| (*it).to_owned()).collect())
        );
    }

    #[test]
    fn selectors_are_joined() {
        check(
            &[b"on", b"(+get", b"~a", b"~b)", b"off"],
            Ok(&["on", "(+get ~a ~b)", "off"]),
        );
        check(&[b"(", b"+get", b")"], Ok(&["( +get )"]));
        check(&[b"(+get)"], Ok(&["(+get)"]));
        check(&[b"on", b"(+get"], Err(1));
        check(&[b"(+get)x"], Err(0));
        check(&[b")"], Ok(&[")"]));
    }
}
