//! One user: passwords, and what it may do. How rules change a user is in `rules`.

use sha2::{Digest, Sha256};

use crate::commands::spec::CommandSpec;
use crate::server::acl::rules::RuleError;
use crate::server::acl::{DEFAULT_USER, Fresh, Selector};

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// The name.
    pub name: Vec<u8>,
    /// Whether anybody can authenticate as this user (`on`).
    pub is_enabled: bool,
    /// Whether any password is right (`nopass`).
    pub needs_no_password: bool,
    /// `sanitize-payload` or `skip-sanitize-payload`, if one of them is set. It makes no
    /// difference: `RESTORE` checks whatever it gets.
    sanitizes: Option<bool>,
    /// SHA-256 of each password, in lower-case hexadecimal digits.
    pub passwords: Vec<Vec<u8>>,
    /// What it may do: the root selector, then those in parentheses. Any may allow a
    /// command.
    pub selectors: Vec<Selector>,
}

/// Why a user may not run a command. The order is that in which reasons win when
/// several selectors refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denial {
    /// The command itself.
    Command,
    /// The argument at that position is a key out of reach.
    Key(usize),
    /// The argument at that position is a channel out of reach.
    Channel(usize),
}

/// The form in which passwords are kept.
fn hash(password: &[u8]) -> Vec<u8> {
    let digest = Sha256::digest(password);
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<String>().into_bytes()
}

/// Is it such a form?
fn is_hash(text: &[u8]) -> bool {
    const HEX_LEN: usize = 64;
    text.len() == HEX_LEN && text.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl User {
    /// One that cannot do anything yet.
    pub(crate) fn new(name: &[u8], fresh: Fresh) -> Self {
        Self {
            name: name.to_vec(),
            is_enabled: false,
            needs_no_password: false,
            sanitizes: fresh.sanitizes.then_some(true),
            passwords: Vec::new(),
            selectors: vec![Selector::new(fresh)],
        }
    }

    /// `default` as it is at start: it may do everything without a password.
    pub(crate) fn unrestricted(fresh: Fresh) -> Self {
        Self {
            is_enabled: true,
            needs_no_password: true,
            selectors: vec![Selector::unrestricted()],
            ..Self::new(DEFAULT_USER, fresh)
        }
    }

    /// Changes the user as a rule of `ACL SETUSER` says.
    ///
    /// # Errors
    ///
    /// If it is no such rule, or has no place here; then nothing has changed.
    pub(crate) fn apply(&mut self, rule: &[u8], fresh: Fresh) -> Result<(), RuleError> {
        let is = |word: &str| rule.eq_ignore_ascii_case(word.as_bytes());
        match rule {
            [] => {}
            _ if is("on") => self.is_enabled = true,
            _ if is("off") => self.is_enabled = false,
            _ if is("nopass") => {
                self.needs_no_password = true;
                self.passwords.clear();
            }
            _ if is("resetpass") => {
                self.needs_no_password = false;
                self.passwords.clear();
            }
            _ if is("sanitize-payload") => self.sanitizes = Some(true),
            _ if is("skip-sanitize-payload") => self.sanitizes = Some(false),
            [b'>', password @ ..] => self.add_password(hash(password)),
            [b'#', digits @ ..] if is_hash(digits) => self.add_password(digits.to_vec()),
            [b'<', password @ ..] => self.remove_password(&hash(password))?,
            [b'!', digits @ ..] if is_hash(digits) => self.remove_password(digits)?,
            [b'#' | b'!', ..] => return Err(RuleError::BadHash),
            [b'(', .., b')'] => {
                let inside = &rule[1..rule.len() - 1];
                self.selectors.push(Selector::parse(inside, fresh)?);
            }
            _ if is("clearselectors") => self.selectors.truncate(1),
            _ if is("reset") => {
                *self = Self {
                    sanitizes: Some(true),
                    ..Self::new(&self.name, fresh)
                };
            }
            _ => self.selectors[0].apply(rule)?,
        }
        Ok(())
    }

    fn add_password(&mut self, digits: Vec<u8>) {
        if !self.passwords.contains(&digits) {
            self.passwords.push(digits);
        }
        self.needs_no_password = false;
    }

    fn remove_password(&mut self, digits: &[u8]) -> Result<(), RuleError> {
        let at = self.passwords.iter().position(|known| known == digits);
        self.passwords.remove(at.ok_or(RuleError::NoSuchPassword)?);
        Ok(())
    }

    /// Leaves it one password, or none to ask for if that is empty.
    pub(crate) fn set_only_password(&mut self, password: &[u8]) {
        self.passwords.clear();
        self.needs_no_password = password.is_empty();
        if !password.is_empty() {
            self.passwords.push(hash(password));
        }
    }

    /// May somebody with this password act as the user?
    #[must_use]
    pub fn accepts(&self, password: &[u8]) -> bool {
        // Hashes are compared, so how long that takes tells nothing about passwords.
        self.is_enabled && (self.needs_no_password || self.passwords.contains(&hash(password)))
    }

    /// May the user run this command with these arguments?
    ///
    /// # Errors
    ///
    /// The reason that the selector gave which came closest to allowing it.
    pub fn check(&self, spec: &'static CommandSpec, args: &[&[u8]]) -> Result<(), Denial> {
        let mut denial = Denial::Command;
        for selector in &self.selectors {
            match selector.check(spec, args) {
                Ok(()) => return Ok(()),
                Err(why) => denial = denial.max(why),
            }
        }
        Err(denial)
    }

    /// May the user run this command on any key for reading? `SORT` asks before it
    /// follows patterns.
    #[must_use]
    pub fn may_read_all_keys(&self, spec: &'static CommandSpec, args: &[&[u8]]) -> bool {
        let mut selectors = self.selectors.iter();
        selectors.any(|s| s.reads_all_keys() && s.check(spec, args).is_ok())
    }

    /// The words of its flags, in the order they are printed.
    #[must_use]
    pub fn flags(&self) -> Vec<&'static str> {
        let mut words = vec![if self.is_enabled { "on" } else { "off" }];
        if self.needs_no_password {
            words.push("nopass");
        }
        match self.sanitizes {
            Some(true) => words.push("sanitize-payload"),
            Some(false) => words.push("skip-sanitize-payload"),
            None => {}
        }
        words
    }

    /// The line that stands for the user in `ACL LIST` and in a file.
    #[must_use]
    pub fn to_line(&self) -> Vec<u8> {
        let mut line = [b"user ", &self.name[..], b" "].concat();
        for flag in self.flags() {
            line.extend_from_slice(flag.as_bytes());
            line.push(b' ');
        }
        for digits in &self.passwords {
            line.push(b'#');
            line.extend_from_slice(digits);
            line.push(b' ');
        }
        let (root, others) = self.selectors.split_at(1);
        for selector in root {
            line.extend_from_slice(&selector.to_text());
        }
        for selector in others {
            line.extend_from_slice(b" (");
            line.extend_from_slice(&selector.to_text());
            line.push(b')');
        }
        line
    }

    /// May the user still listen to everything that `before` could?
    #[must_use]
    pub fn keeps_channels_of(&self, before: &User) -> bool {
        if self.selectors.iter().any(|s| s.all_channels) {
            return true;
        }
        let has = |pattern: &Vec<u8>| self.selectors.iter().any(|s| s.channels.contains(pattern));
        let mut selectors = before.selectors.iter();
        selectors.all(|s| !s.all_channels && s.channels.iter().all(has))
    }

    /// May the user listen to this channel, or to this pattern of channels?
    #[must_use]
    pub fn may_listen(&self, name: &[u8], is_pattern: bool) -> bool {
        let mut selectors = self.selectors.iter();
        selectors.any(|selector| selector.reaches_channel(name, is_pattern))
    }
}
