//! Places in the list of sales.

use domain::{
    id::{ConversionId, OrganizationId},
    sales::Filter,
};
use uuid::Uuid;

use super::condition::normalized;
use crate::{
    Store, Vault,
    cursor::{self, InvalidCursor, List},
};

const OLDER: u8 = b'o';
const NEWER: u8 = b'n';

/// One byte of direction and the id.
const PLACE_LENGTH: usize = 17;

/// Where a page goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// With the next older row.
    OlderThan(ConversionId),
    /// With the next newer row.
    NewerThan(ConversionId),
}

impl Cursor {
    fn place(self) -> [u8; PLACE_LENGTH] {
        let (direction, id) = match self {
            Self::OlderThan(id) => (OLDER, id),
            Self::NewerThan(id) => (NEWER, id),
        };
        let mut place = [direction; PLACE_LENGTH];
        place[1..].copy_from_slice(id.0.as_bytes());
        place
    }

    fn at(place: &[u8]) -> Result<Self, InvalidCursor> {
        let (direction, id) = place.split_first().ok_or(InvalidCursor)?;
        let id = ConversionId(Uuid::from_slice(id).map_err(|_| InvalidCursor)?);
        match *direction {
            OLDER => Ok(Self::OlderThan(id)),
            NEWER => Ok(Self::NewerThan(id)),
            _ => Err(InvalidCursor),
        }
    }
}

impl Store {
    /// The cursor as text for a caller: bound to the organization and the filter, not to the page's size.
    pub fn seal_cursor(
        &self,
        organization_id: OrganizationId,
        filter: &Filter,
        cursor: &Cursor,
    ) -> String {
        seal(&self.vault, organization_id, filter, *cursor)
    }

    /// Reads what [`Store::seal_cursor`] made for the same organization and filter.
    pub fn open_cursor(
        &self,
        organization_id: OrganizationId,
        filter: &Filter,
        text: &str,
    ) -> Result<Cursor, InvalidCursor> {
        open(&self.vault, organization_id, filter, text)
    }
}

fn list(organization_id: OrganizationId, filter: &Filter) -> List<Filter> {
    List {
        kind: "cursor",
        organization_id,
        filter: normalized(filter),
    }
}

fn seal(vault: &Vault, organization_id: OrganizationId, filter: &Filter, cursor: Cursor) -> String {
    cursor::seal(vault, &list(organization_id, filter), cursor.place())
}

fn open(
    vault: &Vault,
    organization_id: OrganizationId,
    filter: &Filter,
    text: &str,
) -> Result<Cursor, InvalidCursor> {
    let place: [u8; PLACE_LENGTH] = cursor::open(vault, &list(organization_id, filter), text)?;
    Cursor::at(&place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::lifecycle::Status;
    use proptest::prelude::*;

    const OURS: OrganizationId = OrganizationId(Uuid::from_u128(1));
    const THEIRS: OrganizationId = OrganizationId(Uuid::from_u128(2));
    const BOTH_WAYS: [Cursor; 2] = [
        Cursor::OlderThan(ConversionId(Uuid::max())),
        Cursor::NewerThan(ConversionId(Uuid::nil())),
    ];

    fn vault() -> Vault {
        Vault::new(&[7; 32])
    }

    fn of(statuses: &[Status]) -> Filter {
        Filter {
            statuses: statuses.to_vec(),
            ..Filter::default()
        }
    }

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        let filter = of(&[Status::Paid, Status::Pending]);
        for cursor in BOTH_WAYS {
            let text = seal(&vault(), OURS, &filter, cursor);
            assert_eq!(open(&vault(), OURS, &filter, &text), Ok(cursor));
            let same_list = of(&[Status::Pending, Status::Paid, Status::Paid]);
            assert_eq!(open(&vault(), OURS, &same_list, &text), Ok(cursor));

            assert_eq!(open(&vault(), THEIRS, &filter, &text), Err(InvalidCursor));
            assert_eq!(open(&vault(), OURS, &of(&[]), &text), Err(InvalidCursor));
            let later = Filter {
                since: Some(chrono::DateTime::UNIX_EPOCH),
                ..filter.clone()
            };
            assert_eq!(open(&vault(), OURS, &later, &text), Err(InvalidCursor));
            assert_eq!(
                open(&Vault::new(&[8; 32]), OURS, &filter, &text),
                Err(InvalidCursor)
            );
        }
    }

    #[test]
    fn a_changed_or_shortened_cursor_is_refused() {
        for cursor in BOTH_WAYS {
            let text = seal(&vault(), OURS, &of(&[]), cursor);
            for index in 0..text.len() {
                let other = if text[index..].starts_with('A') {
                    "B"
                } else {
                    "A"
                };
                let changed = format!("{}{other}{}", &text[..index], &text[index + 1..]);
                assert_eq!(open(&vault(), OURS, &of(&[]), &changed), Err(InvalidCursor));
                assert_eq!(
                    open(&vault(), OURS, &of(&[]), &text[..index]),
                    Err(InvalidCursor)
                );
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in prop_oneof![any::<String>(), "[A-Za-z0-9_-]{0,64}"]) {
            prop_assert_eq!(open(&vault(), OURS, &of(&[]), &text), Err(InvalidCursor));
        }
    }
}
