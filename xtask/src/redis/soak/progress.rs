//! A number that one client makes grow: what it was told, and what may be found later.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::client::{Failure, Outcome};
use super::{Promise, Shared};

/// What `appendfsync everysec` may lose: a write waits up to two seconds for a busy disk, and the
/// clocks of two threads are read at different moments.
const MAX_LOSS: Duration = Duration::from_millis(2500);
/// Acknowledgements older than this are forgotten, but for the last.
const KEPT: Duration = Duration::from_secs(20);

/// The number.
#[derive(Debug)]
pub(super) struct Progress {
    /// The highest that was ever sent.
    sent: u64,
    /// What was acknowledged, and when; never empty.
    acknowledged: VecDeque<(Instant, u64)>,
}

impl Default for Progress {
    fn default() -> Self {
        Progress {
            sent: 0,
            acknowledged: VecDeque::from([(Instant::now(), 0)]),
        }
    }
}

impl Progress {
    /// The number to send next.
    pub(super) fn next(&mut self) -> u64 {
        self.sent += 1;
        self.sent
    }

    /// The last number was acknowledged.
    pub(super) fn acknowledge(&mut self) {
        let now = Instant::now();
        self.acknowledged.push_back((now, self.sent));
        while self.acknowledged.len() > 1
            && self
                .acknowledged
                .get(1)
                .is_some_and(|(at, _)| now - *at > KEPT)
        {
            self.acknowledged.pop_front();
        }
    }

    fn last(&self) -> (Instant, u64) {
        self.acknowledged
            .back()
            .copied()
            .unwrap_or((Instant::now(), 0))
    }

    /// Compares with what the server says; goes on from there.
    pub(super) fn compare(&mut self, name: &str, found: u64, shared: &Shared) -> Outcome<()> {
        let (last_at, last) = self.last();
        let crash = shared.crash_since(last_at);
        let sent = self.sent;
        let history = std::mem::take(&mut self.acknowledged);
        self.sent = found;
        self.acknowledged.push_back((Instant::now(), found));
        let violation = |what: String| Err(Failure::Violation(format!("{name}: {what}")));
        if found > sent {
            return violation(format!("{found} was never sent, only {sent}"));
        }
        if found >= last {
            return Ok(());
        }
        let lost = history.iter().find(|(_, number)| *number > found);
        let Some((lost_at, _)) = lost else {
            return Ok(());
        };
        let what = format!("{last} was acknowledged, {found} is left");
        let Some(crash) = crash else {
            return violation(format!("{what}, and nothing happened"));
        };
        let age = crash.at.saturating_duration_since(*lost_at);
        let what = format!(
            "{what}; the first of what is lost was {} ms old",
            age.as_millis()
        );
        if crash.in_order {
            return violation(format!("{what}, and the server was stopped in order"));
        }
        if shared.promise == Promise::Everything || age > MAX_LOSS {
            return violation(what);
        }
        let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        shared.max_loss_ms.fetch_max(age_ms, Relaxed);
        Ok(())
    }
}
