//! Since when something stands where it stands.
//!
//! Braintree sends a notification again with a new time, and in no order: which telling is the newer
//! knowledge is said by the history inside, where there is one.

use chrono::{DateTime, Utc};

use super::{Element, Malformed};

/// The newest time at which the status became one of these; `None`: the history does not tell.
pub(super) fn since(
    object: Element<'_>,
    is_one: impl Fn(&str) -> bool,
) -> Result<Option<DateTime<Utc>>, Malformed> {
    // Transactions and disputes name their steps differently.
    let steps = ["status_event", "status_history"];
    let steps = steps.map(|name| object.items("status_history", name));
    let mut newest = None;
    for step in steps.into_iter().flatten() {
        if step.text("status").is_some_and(|status| is_one(&status)) {
            newest = newest.max(step.time("timestamp")?);
        }
    }
    Ok(newest)
}
