//! Arithmetic on numerals at compile time, with the run time's own results.
//! Knows numbers only.

use lua_syntax::ast::BinaryOp;

/// The result of `left op right`; `None` if the operator is not arithmetic or the
/// operation is left to the run time: division by zero, and results that are not
/// a number.
pub(crate) fn binary(op: BinaryOp, left: f64, right: f64) -> Option<f64> {
    let result = match op {
        BinaryOp::Add => left + right,
        BinaryOp::Sub => left - right,
        BinaryOp::Mul => left * right,
        BinaryOp::Div if right != 0.0 => left / right,
        BinaryOp::Mod if right != 0.0 => left - (left / right).floor() * right,
        BinaryOp::Pow => left.powf(right),
        _ => return None,
    };
    (!result.is_nan()).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_as_the_run_time_computes() {
        assert_eq!(binary(BinaryOp::Mod, -5.0, 3.0), Some(1.0));
        assert_eq!(binary(BinaryOp::Mod, 5.0, f64::NEG_INFINITY), None);
        assert_eq!(binary(BinaryOp::Pow, 2.0, 10.0), Some(1024.0));
        assert_eq!(
            binary(BinaryOp::Mul, -1.0, 0.0).map(f64::to_bits),
            Some((-0.0f64).to_bits())
        );
    }

    #[test]
    fn leaves_zero_divisors_and_nan_alone() {
        assert_eq!(binary(BinaryOp::Div, 1.0, 0.0), None);
        assert_eq!(binary(BinaryOp::Div, 1.0, -0.0), None);
        assert_eq!(binary(BinaryOp::Mod, 1.0, 0.0), None);
        let huge = f64::INFINITY;
        assert_eq!(binary(BinaryOp::Sub, huge, huge), None);
        assert_eq!(binary(BinaryOp::Pow, -8.0, 1.0 / 3.0), None);
        assert_eq!(binary(BinaryOp::Concat, 1.0, 2.0), None);
    }
}
