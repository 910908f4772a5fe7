//! Times and cursors as ranges of ids: the list's order is the id's, and the id carries `created_at`.

use chrono::{DateTime, Timelike, Utc};
use domain::{id::lower_bound, sales::Filter};
use uuid::Uuid;

use super::Cursor;

/// The largest number of milliseconds a `UUIDv7` can carry: the year 10889.
const LAST_MILLISECOND: i64 = 0xFFFF_FFFF_FFFF;

/// Ids from `lower` (included) to `upper` (excluded).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) lower: Uuid,
    pub(crate) upper: Uuid,
}

impl Bounds {
    /// No ids.
    pub(super) const NONE: Self = Self {
        lower: Uuid::nil(),
        upper: Uuid::nil(),
    };

    /// The ids recorded from `since` (included) until `until` (excluded).
    pub(crate) fn between(since: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Self {
        Self {
            lower: since.map_or(Uuid::nil(), first_id),
            upper: until.map_or(Uuid::max(), first_id),
        }
    }

    /// The ids that a filter's times let through.
    pub(crate) fn of(filter: &Filter) -> Self {
        Self::between(filter.since, filter.until)
    }

    /// The part of them on the far side of a cursor.
    pub(super) fn beyond(self, cursor: Option<&Cursor>) -> Self {
        match cursor {
            None => self,
            Some(Cursor::OlderThan(id)) => Self {
                upper: self.upper.min(id.0),
                ..self
            },
            Some(Cursor::NewerThan(id)) => Self {
                lower: self.lower.max(next(id.0)),
                ..self
            },
        }
    }
}

/// The smallest id above `id`.
pub(super) fn next(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_add(1))
}

/// The largest id below `id`.
pub(super) fn previous(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_sub(1))
}

/// The smallest id recorded at or after `at`. Ids carry whole milliseconds, so a time between two of
/// them counts as the later one.
fn first_id(at: DateTime<Utc>) -> Uuid {
    let into_next = i64::from(!at.nanosecond().is_multiple_of(1_000_000));
    let millis = at.timestamp_millis().saturating_add(into_next);
    if millis > LAST_MILLISECOND {
        return Uuid::max();
    }
    DateTime::from_timestamp_millis(millis).map_or(Uuid::max(), lower_bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::ConversionId;

    fn since(text: &str) -> Bounds {
        Bounds::between(Some(text.parse().expect("a time")), None)
    }

    #[test]
    fn a_time_between_two_milliseconds_is_the_later_one() {
        let whole = since("2026-11-20T10:00:00.001Z");
        assert_eq!(since("2026-11-20T10:00:00.000000001Z"), whole);
        assert_eq!(whole.lower.as_u128() >> 80, 1_795_168_800_001);
    }

    #[test]
    fn times_no_id_can_carry_are_before_or_after_all_of_them() {
        assert_eq!(since("1901-01-01T00:00:00Z").lower, Uuid::nil());
        let bounds = Bounds::between(None, Some(DateTime::<Utc>::MAX_UTC));
        assert_eq!(bounds.upper, Uuid::max());
    }

    #[test]
    fn a_cursor_never_widens_the_bounds() {
        let bounds = Bounds {
            lower: Uuid::from_u128(10),
            upper: Uuid::from_u128(20),
        };
        let older = |id| bounds.beyond(Some(&Cursor::OlderThan(ConversionId(Uuid::from_u128(id)))));
        assert_eq!(older(15).upper, Uuid::from_u128(15));
        assert_eq!(older(99), bounds);
        let newer = |id| bounds.beyond(Some(&Cursor::NewerThan(ConversionId(Uuid::from_u128(id)))));
        assert_eq!(newer(15).lower, Uuid::from_u128(16));
        assert_eq!(newer(5), bounds);
    }
}
