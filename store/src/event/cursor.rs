//! Places in the inbox as opaque text, bound to the organization and the filter.

use chrono::{DateTime, Utc};
use domain::id::{EventId, OrganizationId};
use uuid::Uuid;

use super::EventFilter;
use crate::{
    Store,
    cursor::{self, InvalidCursor, List},
};

const OLDER: u8 = b'o';
const NEWER: u8 = b'n';

/// A direction, microseconds, an id and a number of rows.
const PLACE_LENGTH: usize = 33;

/// Beside which event a page of the inbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventCursor {
    /// On its newer side, or on its older?
    pub newer: bool,
    /// When the event was received.
    pub received_at: DateTime<Utc>,
    /// Which event.
    pub event_id: EventId,
    /// How many rows of the list come before the page, where that is known; else 0.
    pub seen: i64,
}

/// Where a page of the inbox begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventStart {
    /// After so many rows.
    Offset(i64),
    /// Beside an event that was seen: what comes in meanwhile moves nothing.
    Beside(EventCursor),
}

impl EventStart {
    /// How many rows of the list come before the page.
    pub fn seen(self) -> i64 {
        match self {
            Self::Offset(rows) => rows,
            Self::Beside(cursor) => cursor.seen,
        }
    }
}

impl EventCursor {
    fn place(self) -> [u8; PLACE_LENGTH] {
        let mut place = [if self.newer { NEWER } else { OLDER }; PLACE_LENGTH];
        place[1..9].copy_from_slice(&self.received_at.timestamp_micros().to_be_bytes());
        place[9..25].copy_from_slice(self.event_id.0.as_bytes());
        place[25..].copy_from_slice(&self.seen.to_be_bytes());
        place
    }

    fn at(place: &[u8; PLACE_LENGTH]) -> Result<Self, InvalidCursor> {
        let number = |bytes: &[u8]| bytes.try_into().map(i64::from_be_bytes);
        let micros = number(&place[1..9]).map_err(|_| InvalidCursor)?;
        Ok(Self {
            newer: match place[0] {
                OLDER => false,
                NEWER => true,
                _ => return Err(InvalidCursor),
            },
            received_at: DateTime::from_timestamp_micros(micros).ok_or(InvalidCursor)?,
            event_id: EventId(Uuid::from_slice(&place[9..25]).map_err(|_| InvalidCursor)?),
            seen: number(&place[25..]).map_err(|_| InvalidCursor)?,
        })
    }
}

impl Store {
    /// The cursor as text for a caller: bound to the organization and the filter, not to the page's size.
    pub fn seal_event_cursor(
        &self,
        organization_id: OrganizationId,
        filter: &EventFilter,
        cursor: EventCursor,
    ) -> String {
        cursor::seal(&self.vault, &list(organization_id, filter), cursor.place())
    }

    /// Reads what [`Store::seal_event_cursor`] made for the same organization and filter.
    pub fn open_event_cursor(
        &self,
        organization_id: OrganizationId,
        filter: &EventFilter,
        text: &str,
    ) -> Result<EventCursor, InvalidCursor> {
        let place = cursor::open(&self.vault, &list(organization_id, filter), text)?;
        EventCursor::at(&place)
    }
}

fn list(organization_id: OrganizationId, filter: &EventFilter) -> List<&EventFilter> {
    List {
        kind: "event_cursor",
        organization_id,
        filter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back() {
        for newer in [false, true] {
            let cursor = EventCursor {
                newer,
                received_at: DateTime::from_timestamp_millis(1_795_000_000_123).expect("a time"),
                event_id: EventId(Uuid::from_u128(7)),
                seen: 40,
            };
            assert_eq!(EventCursor::at(&cursor.place()), Ok(cursor));
        }
        assert_eq!(EventCursor::at(&[0; PLACE_LENGTH]), Err(InvalidCursor));
    }
}
