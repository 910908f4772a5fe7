//! From click to lead to sale.

pub const TITLE: &str = "From click to sale";
pub const PERIOD: &str = "Period";
pub const MONTH: &str = "30 days";
pub const QUARTER: &str = "90 days";
pub const ALL: &str = "All";
pub const CLICKS: &str = "Clicks";
pub const LEADS: &str = "Leads";
pub const SALES: &str = "Sales";
pub const HINT: &str = "By the UTC day on which each was recorded. Sales are first and one-off payments; those through coupons need no click and no lead. What was denied is not counted.";

/// `part` of `whole` in tenths of a percent, rounded half up; 0 of nothing.
pub fn tenths_of_percent(part: i64, whole: i64) -> i64 {
    let (part, whole) = (i128::from(part), i128::from(whole));
    if part <= 0 || whole <= 0 {
        return 0;
    }
    i64::try_from((part * 2000 + whole) / (whole * 2)).unwrap_or(i64::MAX)
}

/// `3.2 % of clicks`; of nothing: nothing, and of fewer neither: not every lead and sale began with a click.
pub fn of_clicks(part: i64, clicks: i64) -> Option<String> {
    Some(format!("{} of clicks", rate(part, clicks)?))
}

/// `31.6 % of leads`; of nothing or of fewer: nothing.
pub fn of_leads(part: i64, leads: i64) -> Option<String> {
    Some(format!("{} of leads", rate(part, leads)?))
}

fn rate(part: i64, whole: i64) -> Option<String> {
    let tenths = tenths_of_percent(part, whole);
    (whole > 0 && part <= whole)
        .then(|| format!("{}.{}\u{a0}%", super::grouped(tenths / 10), tenths % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_one_digit_and_are_of_something() {
        assert_eq!(of_clicks(12, 1200).as_deref(), Some("1.0\u{a0}% of clicks"));
        assert_eq!(of_leads(1, 3).as_deref(), Some("33.3\u{a0}% of leads"));
        assert_eq!(of_leads(3, 2), None);
        assert_eq!(of_clicks(0, 5).as_deref(), Some("0.0\u{a0}% of clicks"));
        assert_eq!(of_clicks(5, 0), None);
        assert_eq!(tenths_of_percent(i64::MAX, 1), i64::MAX);
    }
}
