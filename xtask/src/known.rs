//! `suites.toml`: the cases that are known to fail, with reasons. A listed case that passes counts
//! as failed, so the list only shrinks.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

/// The known failures of one suite.
#[derive(Debug, Default)]
pub(crate) struct KnownFailures {
    /// The suite's name.
    pub(crate) suite: String,
    reasons: BTreeMap<String, String>,
}

impl KnownFailures {
    /// Reads the entries of `suite` from `suites.toml`.
    pub(crate) fn load(suite: &str) -> Result<KnownFailures> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites.toml");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        KnownFailures::parse(&text, suite).with_context(|| format!("in {}", path.display()))
    }

    fn parse(text: &str, suite: &str) -> Result<KnownFailures> {
        let file: toml::Table = text.parse()?;
        let mut reasons = BTreeMap::new();
        let entries = file.get("known-failure").and_then(toml::Value::as_array);
        for entry in entries.into_iter().flatten() {
            let field = |name: &str| {
                let value = entry.get(name).and_then(toml::Value::as_str);
                value.with_context(|| format!("a known-failure without `{name}`"))
            };
            if field("suite")? == suite {
                reasons.insert(field("case")?.to_owned(), field("reason")?.to_owned());
            }
        }
        Ok(KnownFailures {
            suite: suite.to_owned(),
            reasons,
        })
    }

    /// Weighs a result against the list: `Ok(None)` passed, `Ok(Some(reason))` failed as it is
    /// known to, `Err` says what is wrong.
    pub(crate) fn judge(
        &self,
        case: &str,
        problem: Option<String>,
    ) -> Result<Option<&str>, String> {
        match (self.reasons.get(case), problem) {
            (None, None) => Ok(None),
            (None, Some(problem)) => Err(problem),
            (Some(reason), Some(_)) => Ok(Some(reason)),
            (Some(_), None) => Err("passes, but suites.toml lists it as a known failure\n".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KnownFailures;

    #[test]
    fn the_list_only_shrinks() {
        let text = "[[known-failure]]\nsuite = 'lua'\ncase = 'a'\nreason = 'why'\n";
        let known = KnownFailures::parse(text, "lua").unwrap();
        assert_eq!(known.judge("a", Some("diff".into())), Ok(Some("why")));
        assert!(known.judge("a", None).is_err());
        assert_eq!(known.judge("b", None), Ok(None));
        assert_eq!(known.judge("b", Some("diff".into())), Err("diff".into()));
        let other = KnownFailures::parse(text, "redis").unwrap();
        assert_eq!(other.judge("a", None), Ok(None));
    }

    #[test]
    fn entries_need_a_reason() {
        let text = "[[known-failure]]\nsuite = 'lua'\ncase = 'a'\n";
        assert!(KnownFailures::parse(text, "lua").is_err());
    }
}
