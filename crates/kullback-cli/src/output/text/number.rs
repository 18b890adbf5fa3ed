//! Numbers for people: few digits, but never a 0 that is none.

/// `x` to `digits` significant digits, in scientific notation when very small or large.
pub(crate) fn figure(x: f64, digits: usize) -> String {
    if x == 0.0 || !x.is_finite() {
        return match x {
            0.0 => "0".to_owned(),
            _ => x.to_string().to_lowercase(),
        };
    }
    let scientific = format!("{x:.*e}", digits - 1);
    // The exponent after rounding: 0.99999996 counts as 1.
    let exponent = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok()).unwrap_or(0);
    match usize::try_from(digits as i32 - 1 - exponent) {
        Ok(decimals) if exponent >= -4 => format!("{x:.decimals$}"),
        _ => scientific,
    }
}

/// A p-value to two digits; below what is worth telling apart, a bound.
pub(crate) fn p_value(p: f64) -> String {
    match p {
        _ if p < 1e-99 => "<1e-99".to_owned(),
        _ if p < 1e-4 => format!("{p:.0e}"),
        _ if p < 0.01 => format!("{p:.4}"),
        _ => format!("{p:.2}"),
    }
}

/// A fraction in percent.
pub(crate) fn percent(fraction: f64) -> String {
    let percent = 100.0 * fraction;
    match percent {
        0.0 => "0".to_owned(),
        _ if percent < 0.01 => "<0.01".to_owned(),
        _ if percent < 0.095 => format!("{percent:.2}"),
        _ if percent < 99.95 => format!("{percent:.1}"),
        _ => format!("{percent:.0}"),
    }
}

/// A count with its thousands apart.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_their_digits() {
        assert_eq!(figure(0.123_456_78, 6), "0.123457");
        assert_eq!(figure(-1.5e-5, 3), "-1.50e-5");
        assert_eq!(figure(0.999_999_96, 6), "1.00000");
        assert_eq!(figure(123_456.7, 6), "123457");
        assert_eq!(figure(1_234_567.8, 6), "1.23457e6");
        assert_eq!(figure(0.0, 6), "0");
        assert_eq!(figure(f64::NEG_INFINITY, 6), "-inf");
    }

    #[test]
    fn small_numbers_are_not_zero() {
        assert_eq!(p_value(0.0), "<1e-99");
        assert_eq!(p_value(3.2e-7), "3e-7");
        assert_eq!(p_value(1.0), "1.00");
        assert_eq!(percent(1e-6), "<0.01");
        assert_eq!(percent(0.021), "2.1");
        assert_eq!(percent(1.0), "100");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
    }
}
