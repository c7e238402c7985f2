//! The file of users (`aclfile`): one line for each, as `ACL LIST` prints it.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::server::acl::{Acl, RuleError, User, UserRef, has_spaces, merge_selectors};

impl Acl {
    /// Takes the users of a file in place of all there are; returns those who are gone.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, in one line; then nothing has changed.
    pub fn load(&mut self, path: &str) -> Result<Vec<UserRef>, String> {
        let text = fs::read(path)
            .map_err(|error| format!("Error loading ACLs, opening file '{path}': {error}"))?;
        let users = self.parse_file(path, &text)?;
        Ok(self.replace_all(users))
    }

    fn parse_file(&self, path: &str, text: &[u8]) -> Result<Vec<User>, String> {
        let mut problems = String::new();
        let mut users: Vec<User> = Vec::new();
        for (at, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let number = at + 1;
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let mut words = line.split(|&byte| byte == b' ');
            let (Some(b"user"), Some(name)) = (words.next(), words.next()) else {
                problems += &format!(
                    "{path}:{number} should start with user keyword followed by the username. "
                );
                continue;
            };
            let shown = String::from_utf8_lossy(name);
            if has_spaces(name) {
                problems +=
                    &format!("'{path}:{number}: username '{shown}' contains invalid characters. ");
                continue;
            }
            if users.iter().any(|user| user.name == name) {
                problems += &format!("WARNING: Duplicate user '{shown}' found on line {number}. ");
                continue;
            }
            let words: Vec<_> = words.collect();
            let Ok(rules) = merge_selectors(&words) else {
                problems +=
                    &format!("{path}:{number}: Unmatched parenthesis in selector definition.");
                continue;
            };
            let mut user = User::new(name, self.fresh);
            let mut has_failed = false;
            for rule in rules {
                let rule = rule.trim_ascii();
                match user.apply(rule, self.fresh) {
                    Ok(()) => {}
                    // An unknown name is no secret, unlike what other rules may hold.
                    Err(why @ RuleError::Unknown) => {
                        let rule = String::from_utf8_lossy(rule);
                        problems += &format!(
                            "{path}:{number}: Error in applying operation '{rule}': {why}. "
                        );
                    }
                    Err(why) => {
                        if !std::mem::replace(&mut has_failed, true) {
                            problems += &format!("{path}:{number}: {why}. ");
                        }
                    }
                }
            }
            users.push(user);
        }
        if problems.is_empty() {
            Ok(users)
        } else {
            let end = "WARNING: ACL errors detected, no change to the previously active ACL rules \
                       was performed";
            Err(problems + end)
        }
    }

    /// Writes all users into a file, which is replaced as a whole.
    ///
    /// # Errors
    ///
    /// If it cannot be written; then the old file is as it was.
    pub fn save(&self, path: &str) -> io::Result<()> {
        let temporary = format!("{path}.tmp-{}", std::process::id());
        let write = || {
            let mut file = fs::File::create(&temporary)?;
            for user in self.users() {
                file.write_all(&user.borrow().to_line())?;
                file.write_all(b"\n")?;
            }
            file.sync_all()?;
            fs::rename(&temporary, path)
        };
        let done = write();
        if done.is_err() && Path::new(&temporary).exists() {
            // The error that counts is the one above.
            let _ = fs::remove_file(&temporary);
        }
        done
    }
}
