//! Access control: the users, what each may do, and who was refused. It answers
//! questions and changes users; the commands are in `commands::acl`, and asking before
//! a command runs is the dispatcher's task.

mod file;
mod log;
mod rules;
mod selector;
mod user;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::server::config::Config;

pub use log::{AclLog, Context, LogEntry, Reason};
pub use rules::{RuleError, merge_selectors};
pub use selector::Selector;
pub use user::{Denial, User};

/// A user that sessions and the table of users share.
pub type UserRef = Rc<RefCell<User>>;

/// The user of clients that have not said who they are.
pub const DEFAULT_USER: &[u8] = b"default";

/// All users, and the log of refusals.
#[derive(Debug)]
pub struct Acl {
    by_name: BTreeMap<Vec<u8>, UserRef>,
    default: UserRef,
    /// Whom the server refused what.
    pub log: AclLog,
    /// What users are when they are made.
    pub(crate) fresh: Fresh,
}

/// What a user is like before any rule is applied.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fresh {
    /// Whether it may use all channels (`acl-pubsub-default`).
    pub(crate) all_channels: bool,
    /// Whether `sanitize-payload` is among its flags.
    pub(crate) sanitizes: bool,
}

/// Is there a space, or a NUL, which names and patterns cannot have?
fn has_spaces(text: &[u8]) -> bool {
    text.iter()
        .any(|byte| byte.is_ascii_whitespace() || *byte == 0x0b || *byte == 0)
}

impl Acl {
    /// With the one user `default`, who has the password of `requirepass`.
    #[must_use]
    pub fn new(config: &Config, sanitizes: bool) -> Self {
        let fresh = Fresh {
            all_channels: config.get("acl-pubsub-default") == "allchannels",
            sanitizes,
        };
        let default = Rc::new(RefCell::new(User::unrestricted(fresh)));
        let mut acl = Self {
            by_name: BTreeMap::from([(DEFAULT_USER.to_vec(), Rc::clone(&default))]),
            default,
            log: AclLog::default(),
            fresh,
        };
        acl.set_default_password(config.get("requirepass").as_bytes());
        acl
    }

    /// Follows settings that have changed.
    pub fn apply_config(&mut self, config: &Config) {
        self.fresh.all_channels = config.get("acl-pubsub-default") == "allchannels";
        let max_len = usize::try_from(config.int("acllog-max-len")).unwrap_or(0);
        self.log.set_max_len(max_len);
    }

    /// The user `default`.
    #[must_use]
    pub fn default_user(&self) -> &UserRef {
        &self.default
    }

    /// The user of that name.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<&UserRef> {
        self.by_name.get(name)
    }

    /// All users, by name.
    pub fn users(&self) -> impl ExactSizeIterator<Item = &UserRef> {
        self.by_name.values()
    }

    /// Gives `default` this one password, or none if it is empty (`requirepass`).
    pub fn set_default_password(&mut self, password: &[u8]) {
        self.default.borrow_mut().set_only_password(password);
    }

    /// Must a client that has not authenticated do so?
    #[must_use]
    pub fn demands_password(&self) -> bool {
        let default = self.default.borrow();
        !default.needs_no_password || !default.is_enabled
    }

    /// The user of that name, if the password is right and the user enabled.
    #[must_use]
    pub fn authenticate(&self, name: &[u8], password: &[u8]) -> Option<&UserRef> {
        let user = self.get(name)?;
        user.borrow().accepts(password).then_some(user)
    }

    /// What a user will be after these rules, which are applied to the one of that name
    /// or to a new one; nothing is changed yet.
    ///
    /// # Errors
    ///
    /// The text of the error reply, without a code.
    pub fn changed_user(&self, name: &[u8], rules: &[&[u8]]) -> Result<User, Vec<u8>> {
        if has_spaces(name) {
            return Err(b"Usernames can't contain spaces or null characters".to_vec());
        }
        let rules = merge_selectors(rules).map_err(|at| {
            let start = b"Unmatched parenthesis in acl selector starting at '";
            [start, rules[at], b"'."].concat()
        })?;
        let mut user = match self.get(name) {
            Some(user) => user.borrow().clone(),
            None => User::new(name, self.fresh),
        };
        for rule in &rules {
            user.apply(rule, self.fresh).map_err(|why| {
                let why = why.to_string();
                [
                    b"Error in ACL SETUSER modifier '",
                    &rule[..],
                    b"': ",
                    why.as_bytes(),
                ]
                .concat()
            })?;
        }
        Ok(user)
    }

    /// Makes a user as a configuration file declares it: of one that there is, nothing
    /// stays.
    ///
    /// # Errors
    ///
    /// What is wrong, in the words of Redis.
    pub fn declare(&mut self, name: &[u8], rules: &[&[u8]]) -> Result<(), String> {
        let failed = |rule: &[u8], why: &str| {
            let rule = String::from_utf8_lossy(rule);
            format!("Error in user declaration '{rule}': {why}")
        };
        if has_spaces(name) {
            let why = "Usernames can't contain spaces or null characters";
            return Err(failed(name, why));
        }
        let merged = merge_selectors(rules)
            .map_err(|at| failed(rules[at], "Unmatched parenthesis in selector definition."))?;
        let mut user = User::new(name, self.fresh);
        for rule in &merged {
            user.apply(rule, self.fresh)
                .map_err(|why| failed(rule, &why.to_string()))?;
        }
        match self.get(name) {
            Some(known) => *known.borrow_mut() = user,
            None => self.add(user),
        }
        Ok(())
    }

    /// Adds a user whose name is new.
    pub fn add(&mut self, user: User) {
        let name = user.name.clone();
        self.by_name.insert(name, Rc::new(RefCell::new(user)));
    }

    /// Takes a user out of the table; its sessions are the caller's concern.
    pub fn remove(&mut self, name: &[u8]) -> Option<UserRef> {
        self.by_name.remove(name)
    }

    /// Takes the place of all users at once: those who stay keep their sessions. Returns
    /// those who are gone.
    pub(crate) fn replace_all(&mut self, users: Vec<User>) -> Vec<UserRef> {
        let mut fresh = BTreeMap::new();
        let with_default = users.iter().any(|user| user.name == DEFAULT_USER);
        let default = (!with_default).then(|| User::unrestricted(self.fresh));
        for user in users.into_iter().chain(default) {
            let name = user.name.clone();
            let shared = match self.by_name.remove(&name) {
                Some(known) => {
                    *known.borrow_mut() = user;
                    known
                }
                None => Rc::new(RefCell::new(user)),
            };
            fresh.insert(name, shared);
        }
        std::mem::replace(&mut self.by_name, fresh)
            .into_values()
            .collect()
    }
}
