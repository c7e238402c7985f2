//! Two outputs side by side: equal or a diff to print. Knows nothing of where they come from.

use similar::TextDiff;

/// Lines of a diff shown before it is cut.
const DIFF_LINES_SHOWN: usize = 60;

/// A unified diff from `expected` to `got`, or `None` when they are equal.
pub(crate) fn diff(expected: &str, got: &str) -> Option<String> {
    if expected == got {
        return None;
    }
    let full = TextDiff::from_lines(expected, got)
        .unified_diff()
        .context_radius(3)
        .header("expected", "ours")
        .to_string();
    let n_lines = full.lines().count();
    if n_lines <= DIFF_LINES_SHOWN {
        return Some(full);
    }
    let mut shown: String = full.split_inclusive('\n').take(DIFF_LINES_SHOWN).collect();
    shown.push_str(&format!(
        "... and {} more lines\n",
        n_lines - DIFF_LINES_SHOWN
    ));
    Some(shown)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::diff;

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(diff("a\n", "a\n"), None);
    }

    #[test]
    fn shows_what_is_missing_and_what_is_extra() {
        expect![[r"
            --- expected
            +++ ours
            @@ -1,2 +1,2 @@
             a
            -b
            +c
        "]]
        .assert_eq(&diff("a\nb\n", "a\nc\n").unwrap_or_default());
    }

    #[test]
    fn long_diffs_are_cut() {
        let got = "x\n".repeat(1000);
        let shown = diff("", &got).unwrap_or_default();
        assert_eq!(shown.lines().last(), Some("... and 943 more lines"));
    }
}
