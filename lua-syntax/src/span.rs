//! Places in the source. Knows offsets and lines, not what stands there.

/// A place in the source: byte offsets and 1-based lines of the first and the
/// last token of a construct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// Byte offset of the first token.
    pub start: u32,
    /// Byte offset just past the last token.
    pub end: u32,
    /// Line of the first token, 1-based.
    pub line: u32,
    /// Line on which the last token ends, 1-based.
    pub end_line: u32,
}

/// One end of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Pos {
    /// Byte offset.
    pub(crate) offset: u32,
    /// Line, 1-based.
    pub(crate) line: u32,
}

impl Pos {
    /// The construct from this position to `end`.
    pub(crate) fn to(self, end: Pos) -> Span {
        Span {
            start: self.offset,
            end: end.offset,
            line: self.line,
            end_line: end.line,
        }
    }
}
