//! A server that is asked one thing after another, and what is said of its data. Beside it the
//! waiting for what servers do in their own time.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::redis::connection::Connection;
use crate::redis::resp::{Line, on_one_line};
use crate::redis::server::{Launch, Server};

/// How long anything may take that servers do by themselves: far above what it does take.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Waits until the condition holds; `what` says of what.
pub(super) fn wait_until(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !holds().with_context(|| format!("waiting: {what}"))? {
        if Instant::now() > deadline {
            bail!("waited in vain: {what}");
        }
        sleep(LOOK);
    }
    Ok(())
}

/// A server and a client of it.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) server: Server,
    client: Connection,
}

impl Node {
    /// Starts a server.
    pub(super) fn start(launch: Launch) -> Result<Node> {
        Node::of(Server::start(launch)?)
    }

    /// Starts a server on a copy of what another keeps in its folder.
    pub(super) fn start_in_copy(launch: Launch, source: &Path) -> Result<Node> {
        Node::of(Server::start_in_copy(launch, source)?)
    }

    fn of(server: Server) -> Result<Node> {
        let client = server.connect()?;
        Ok(Node { server, client })
    }

    /// Ends the server, by SIGTERM or SIGKILL, and starts it again in its folder.
    pub(super) fn restart(&mut self, in_order: bool) -> Result<()> {
        if !self.server.stop(in_order)? {
            bail!("it did not stop in order\n{}", self.server.log_tail());
        }
        self.start_again()
    }

    /// Starts the server again after its end.
    pub(super) fn start_again(&mut self) -> Result<()> {
        self.server.start_again()?;
        self.client = self.server.connect()?;
        Ok(())
    }

    /// The address, as two words.
    pub(super) fn address(&self) -> [String; 2] {
        ["127.0.0.1".to_owned(), self.server.port().to_string()]
    }

    /// The answer to a command, an error too.
    pub(super) fn lines<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Result<Vec<Line>> {
        let answer = self.client.ask(words);
        answer.map_err(|error| {
            let crash = self.server.crash().ok().flatten();
            let how = crash.map_or_else(String::new, |how| format!(": the server was {how}"));
            error.context(format!("{}{how}\n{}", shown(words), self.server.log_tail()))
        })
    }

    /// The answer on one line, an error too.
    pub(super) fn ask<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Result<String> {
        Ok(on_one_line(&self.lines(words)?))
    }

    /// Asks for exactly this answer.
    pub(super) fn must<W: AsRef<[u8]>>(&mut self, words: &[W], expected: &str) -> Result<()> {
        let got = self.ask(words)?;
        if got != expected {
            bail!("{} is answered {got}, not {expected}", shown(words));
        }
        Ok(())
    }

    /// The bytes of an answer that is a string, or the digits of a number.
    pub(super) fn bytes<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Result<Vec<u8>> {
        let lines = self.lines(words)?;
        let value = lines.first().and_then(Line::value);
        value.with_context(|| format!("{} is answered {}", shown(words), on_one_line(&lines)))
    }

    /// A text of which each line is `name:value`, such as that of `INFO`: the value of one name.
    pub(super) fn field(&mut self, words: &[&str], name: &str) -> Result<String> {
        let text = String::from_utf8_lossy(&self.bytes(words)?).into_owned();
        let mut fields = text.lines().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(other, _)| *other == name);
        let (_, value) = found.with_context(|| format!("{} has no {name}", shown(words)))?;
        Ok(value.trim_end().to_owned())
    }

    /// What the server holds: a digest of its keys, and its libraries with their texts.
    pub(super) fn state(&mut self) -> Result<String> {
        let digest = self.ask(&["DEBUG", "DIGEST"])?;
        Ok(format!("{digest} {}", self.libraries()?))
    }

    /// The libraries with their texts, in no order of the server's.
    pub(super) fn libraries(&mut self) -> Result<String> {
        let lines = self.lines(&["FUNCTION", "LIST", "WITHCODE"])?;
        Ok(in_order(&lines))
    }
}

/// A reply on one line, with those lists sorted that hold nothing but lists.
fn in_order(lines: &[Line]) -> String {
    let Some((head, rest)) = lines.split_first() else {
        return String::new();
    };
    let mut elements: Vec<String> = Vec::new();
    let mut start = 0;
    for at in 1..=rest.len() {
        if rest.get(at).is_none_or(|line| line.depth == head.depth + 1) && start < rest.len() {
            elements.push(in_order(&rest[start..at]));
            start = at;
        }
    }
    // Names and values in turns must stay as they are.
    if elements.iter().all(|element| element.starts_with('*')) {
        elements.sort();
    }
    elements.insert(0, head.text.clone());
    elements.join(" ")
}

/// A command, cut where it is long.
pub(super) fn shown<W: AsRef<[u8]>>(words: &[W]) -> String {
    let words = words.iter().map(|word| {
        let text = String::from_utf8_lossy(word.as_ref());
        text.chars().take(120).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::in_order;
    use crate::redis::resp::{Scan, scan};

    #[test]
    fn lists_have_no_order_and_pairs_do() {
        let sorted = |bytes: &[u8]| match scan(bytes) {
            Scan::Reply { lines, .. } => in_order(&lines),
            other => panic!("{other:?}"),
        };
        let one = b"*2\r\n*2\r\n+b\r\n*2\r\n*2\r\n+n\r\n+2\r\n*2\r\n+n\r\n+1\r\n*2\r\n+a\r\n*0\r\n";
        let two = b"*2\r\n*2\r\n+a\r\n*0\r\n*2\r\n+b\r\n*2\r\n*2\r\n+n\r\n+1\r\n*2\r\n+n\r\n+2\r\n";
        assert_eq!(sorted(one), "*2 *2 +a *0 *2 +b *2 *2 +n +1 *2 +n +2");
        assert_eq!(sorted(one), sorted(two));
    }
}
