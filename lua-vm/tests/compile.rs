//! Misuse that must not compile: each file in `compile` is one attempt, with the
//! compiler's answer beside it. `TRYBUILD=overwrite` writes the answers anew.

#[test]
fn misuse_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile/*.rs");
}
