#![forbid(unsafe_code)]
//! The functions that the interpreter itself carries out, because they have frames of
//! their own, switch stacks, are recognised by loops, or pass lists of values on.

/// A builtin. Libraries hand these out under the names they like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Builtin {
    /// Not a builtin: an ordinary native.
    None = 0,
    /// `pcall(f, ...)`, manual §5.1.
    Pcall,
    /// `xpcall(f, err)`, manual §5.1.
    Xpcall,
    /// `next(table [, index])`, manual §5.1.
    Next,
    /// The iterator that `ipairs` returns.
    IpairsStep,
    /// `coroutine.resume(co, ...)`, manual §5.2.
    Resume,
    /// The function that `coroutine.wrap` returns; the coroutine is its upvalue.
    WrapStep,
    /// `coroutine.yield(...)`, manual §5.2.
    Yield,
    /// The iterator that `pairs` returns: another function that is `next` in all that it
    /// does. Functions of this kind are marked [`Builtin::Next`], which is what loops
    /// look at.
    PairsStep,
    /// `xpcall(f, err, ...)`: as [`Builtin::Xpcall`], but `f` gets the arguments that follow,
    /// as hosts want it.
    XpcallWith,
    /// `select(n, ...)`, manual §5.1.
    Select,
    /// `unpack(list [, i [, j]])`, manual §5.1.
    Unpack,
}

impl Builtin {
    pub(crate) const COUNT: usize = 12;
    /// Set in the number of a builtin, it says that the call is to be observed.
    pub(crate) const WATCHED_BIT: u8 = 0x80;

    /// True for those that return elsewhere than where they are carried out: they call
    /// in protected mode, or switch stacks.
    pub(crate) fn has_own_frames(self) -> bool {
        matches!(
            self,
            Builtin::Pcall
                | Builtin::Xpcall
                | Builtin::XpcallWith
                | Builtin::Resume
                | Builtin::WrapStep
                | Builtin::Yield
        )
    }

    pub(crate) fn from_byte(byte: u8) -> Builtin {
        match byte {
            1 => Builtin::Pcall,
            2 => Builtin::Xpcall,
            3 => Builtin::Next,
            4 => Builtin::IpairsStep,
            5 => Builtin::Resume,
            6 => Builtin::WrapStep,
            7 => Builtin::Yield,
            8 => Builtin::PairsStep,
            9 => Builtin::XpcallWith,
            10 => Builtin::Select,
            11 => Builtin::Unpack,
            _ => Builtin::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_back() {
        for byte in 0..Builtin::COUNT as u8 {
            assert_eq!(Builtin::from_byte(byte) as u8, byte);
        }
        assert_eq!(Builtin::from_byte(Builtin::COUNT as u8), Builtin::None);
    }
}
