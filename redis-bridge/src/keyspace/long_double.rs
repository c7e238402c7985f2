//! The 80-bit numbers that `INCRBYFLOAT` and `HINCRBYFLOAT` compute with: read from
//! decimal text, added, printed. A double would give other digits than Redis does
//! (0.1 + 0.2 is 0.3 here).

use num_bigint::{BigInt, BigUint, Sign};

use crate::keyspace::number::Numeral;

/// Bits of the mantissa.
const MANTISSA_BITS: u64 = 64;

/// The weight of the last bit of the smallest number is two to this power.
const MIN_EXPONENT: i64 = -16445;

/// The weight of the last bit of the largest number is two to this power.
const MAX_EXPONENT: i32 = 16320;

/// Digits behind the point in the printed form, before trailing zeros are removed.
const FRACTION_DIGITS: usize = 17;

/// Redis reads no longer text as a number.
const MAX_TEXT_LEN: usize = 5 * 1024;

/// Text with a decimal exponent beyond this is out of range, whatever its digits.
const MAX_DECIMAL_EXPONENT: i64 = 16_000;

/// A finite 80-bit floating point number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongDouble {
    negative: bool,
    mantissa: u64,
    /// The value is the mantissa times two to this power.
    exponent: i32,
}

/// What text can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// A number.
    Finite(LongDouble),
    /// Infinity, of either sign.
    Infinite,
}

impl LongDouble {
    /// Zero.
    pub const ZERO: Self = Self {
        negative: false,
        mantissa: 0,
        exponent: 0,
    };

    /// Reads a number as C's `strtold` does, but without leading space, without
    /// anything behind it, not NaN, and not out of range.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Parsed> {
        if text.len() >= MAX_TEXT_LEN {
            return None;
        }
        let (negative, numeral) = Numeral::scan(text)?;
        let rounded = match numeral {
            Numeral::Infinity => return Some(Parsed::Infinite),
            Numeral::Decimal { is_zero: true, .. } => Some((0, 0)),
            Numeral::Decimal {
                whole,
                fraction,
                exponent,
                ..
            } => {
                let exponent = exponent - fraction.len() as i64;
                if exponent.abs() > MAX_DECIMAL_EXPONENT {
                    return None;
                }
                let digits = BigUint::parse_bytes(&[whole, fraction].concat(), 10)?;
                let power = BigUint::from(10_u8).pow(exponent.unsigned_abs() as u32);
                if exponent >= 0 {
                    round_to_bits(digits * power, 0, false, MANTISSA_BITS, MIN_EXPONENT)
                } else {
                    // Two bits more than the mantissa has: the remainder is the rest.
                    let shift = (MANTISSA_BITS + 2 + power.bits()).saturating_sub(digits.bits());
                    let shifted = digits << shift;
                    let quotient = &shifted / &power;
                    let is_inexact = &quotient * &power != shifted;
                    let exponent = -(shift as i64);
                    round_to_bits(quotient, exponent, is_inexact, MANTISSA_BITS, MIN_EXPONENT)
                }
            }
            Numeral::Hexadecimal { digits, .. } if digits == BigUint::ZERO => Some((0, 0)),
            Numeral::Hexadecimal { digits, exponent } => {
                round_to_bits(digits, exponent, false, MANTISSA_BITS, MIN_EXPONENT)
            }
        };
        let (mantissa, exponent) = rounded.filter(|&(_, exponent)| exponent <= MAX_EXPONENT)?;
        Some(Parsed::Finite(Self {
            negative,
            mantissa,
            exponent,
        }))
    }

    /// The sum, rounded to the nearest number; `None` if it is out of range.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.mantissa == 0 {
            return Some(other);
        }
        if other.mantissa == 0 {
            return Some(self);
        }
        let exponent = self.exponent.min(other.exponent);
        let sum = self.scaled(exponent) + other.scaled(exponent);
        let negative = sum.sign() == Sign::Minus;
        let (mantissa, exponent) = round_to_bits(
            sum.into_parts().1,
            i64::from(exponent),
            false,
            MANTISSA_BITS,
            MIN_EXPONENT,
        )?;
        (exponent <= MAX_EXPONENT).then_some(Self {
            negative,
            mantissa,
            exponent,
        })
    }

    /// The number in units of two to `exponent`, which is not above its own.
    fn scaled(self, exponent: i32) -> BigInt {
        let magnitude = BigUint::from(self.mantissa) << (self.exponent - exponent) as u32;
        BigInt::from_biguint(
            if self.negative {
                Sign::Minus
            } else {
                Sign::Plus
            },
            magnitude,
        )
    }
}

/// With 17 digits behind the point, less trailing zeros, and never an exponent.
impl std::fmt::Display for LongDouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let units = BigUint::from(self.mantissa) * BigUint::from(10_u8).pow(FRACTION_DIGITS as u32);
        let rounded = if self.exponent >= 0 {
            units << self.exponent as u32
        } else {
            shift_right_rounding(units, u64::from(self.exponent.unsigned_abs()), false)
        };
        let digits = rounded.to_str_radix(10);
        let digits = format!("{digits:0>width$}", width = FRACTION_DIGITS + 1);
        let (whole, fraction) = digits.split_at(digits.len() - FRACTION_DIGITS);
        let fraction = fraction.trim_end_matches('0');
        // Rounded to nothing, it loses its sign.
        let sign = if self.negative && (whole != "0" || !fraction.is_empty()) {
            "-"
        } else {
            ""
        };
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

/// Rounds `value` times two to `exponent` (plus a bit more, if `is_inexact`) to the
/// nearest multiple of a power of two that fits `bits` bits and is not below
/// `min_exponent`, ties to even. Returns mantissa and exponent; `None` if a number
/// other than zero would become zero, or the exponent is beyond all formats.
pub(crate) fn round_to_bits(
    value: BigUint,
    exponent: i64,
    is_inexact: bool,
    bits: u64,
    min_exponent: i64,
) -> Option<(u64, i32)> {
    let is_zero = value == BigUint::ZERO && !is_inexact;
    let excess_bits =
        (value.bits() as i64 - bits as i64).max(min_exponent.saturating_sub(exponent));
    let drop = excess_bits.max(0);
    let mut exponent = exponent.saturating_add(drop);
    // More bits than there are give zero just as well.
    let drop = (drop as u64).min(value.bits() + 2);
    let mut rounded = shift_right_rounding(value, drop, is_inexact);
    if rounded.bits() > bits {
        rounded >>= 1_u32;
        exponent += 1;
    }
    let mantissa = u64::try_from(&rounded).ok()?;
    if mantissa == 0 {
        return is_zero.then_some((0, 0));
    }
    // Fill the mantissa from below where the exponent is high and the number is short.
    let spare = i64::from(mantissa.leading_zeros()) - (64 - bits as i64);
    let shift = spare.min((exponent - min_exponent).max(0)).max(0);
    Some((mantissa << shift, i32::try_from(exponent - shift).ok()?))
}

/// Divides by two to `shift`, to the nearest, ties to even.
fn shift_right_rounding(value: BigUint, shift: u64, is_inexact: bool) -> BigUint {
    if shift == 0 {
        return value;
    }
    let half = value.bit(shift - 1);
    let is_beyond_half = is_inexact
        || value
            .trailing_zeros()
            .is_some_and(|zeros| zeros < shift - 1);
    let quotient = value >> shift;
    let rounds_up = half && (is_beyond_half || quotient.bit(0));
    if rounds_up { quotient + 1_u8 } else { quotient }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, b: &str, expected: &str) {
        let parse = |text: &str| match LongDouble::parse(text.as_bytes()) {
            Some(Parsed::Finite(value)) => value,
            other => panic!("{text:?} gives {other:?}"),
        };
        let sum = parse(a).checked_add(parse(b)).expect("in range");
        assert_eq!(sum.to_string(), expected, "{a} + {b}");
    }

    #[test]
    fn sums_have_redis_digits() {
        check("0.1", "0.2", "0.3");
        check("10.50", "0.1", "10.6");
        check("5.0e3", "2.0e2", "5200");
        check("1", "-1", "0");
        check("-1.5", "0", "-1.5");
        check("3.0e-40", "0", "0");
        check("-1e-40", "0", "0");
        check("1e20", "1", "100000000000000000000");
        check("1e30", "1", "1000000000000000000024696061952");
        check("0x1p4", "0.25", "16.25");
        check("1.000000000000000005", "0", "1");
    }

    #[test]
    fn odd_texts() {
        assert_eq!(LongDouble::parse(b"inf"), Some(Parsed::Infinite));
        for text in [
            "",
            " 1",
            "1 ",
            "abc",
            "nan",
            "1e5000",
            "1e-5000",
            "1e999999999999",
        ] {
            assert_eq!(LongDouble::parse(text.as_bytes()), None, "{text:?}");
        }
        assert!(matches!(
            LongDouble::parse(b"1e4900"),
            Some(Parsed::Finite(_))
        ));
    }
}
