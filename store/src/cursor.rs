//! Places in lists as opaque text: signed, and good only for the list they were made for.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::id::OrganizationId;
use serde::Serialize;
use subtle::ConstantTimeEq;
use thiserror::Error;
use uuid::Uuid;

use crate::Vault;

/// Half of the keyed tag: 128 bits are enough for what only guards a list's order.
const TAG_LENGTH: usize = 16;

/// Not a cursor that was made for this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the cursor does not belong to this list")]
pub struct InvalidCursor;

/// What a place is in.
pub(crate) struct List<Filter> {
    /// Of what it is a list: the purpose of the tag.
    pub(crate) kind: &'static str,
    /// Whose it is.
    pub(crate) organization_id: OrganizationId,
    /// What it lets through, written in one way only.
    pub(crate) filter: Filter,
}

/// A place as text.
pub(crate) fn seal<Filter: Serialize, const LENGTH: usize>(
    vault: &Vault,
    list: &List<Filter>,
    place: [u8; LENGTH],
) -> String {
    let mut sealed = place.to_vec();
    sealed.extend(tag(vault, list, &place));
    URL_SAFE_NO_PAD.encode(sealed)
}

/// Reads what [`seal`] made for the same list.
pub(crate) fn open<Filter: Serialize, const LENGTH: usize>(
    vault: &Vault,
    list: &List<Filter>,
    text: &str,
) -> Result<[u8; LENGTH], InvalidCursor> {
    let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
    let (place, sealed_tag) = sealed.split_first_chunk().ok_or(InvalidCursor)?;
    let expected = tag(vault, list, place);
    if bool::from(expected.as_slice().ct_eq(sealed_tag)) {
        Ok(*place)
    } else {
        Err(InvalidCursor)
    }
}

/// A row of a list that is paged either way, and how many rows had been seen by then, itself included.
const ROW_LENGTH: usize = 24;

/// A row as text.
pub(crate) fn seal_row<Filter: Serialize>(
    vault: &Vault,
    list: &List<Filter>,
    (last, seen): (Uuid, i64),
) -> String {
    let mut place = [0; ROW_LENGTH];
    let (id, count) = place.split_at_mut(16);
    id.copy_from_slice(last.as_bytes());
    count.copy_from_slice(&seen.to_be_bytes());
    seal(vault, list, place)
}

/// Reads what [`seal_row`] made for the same list.
pub(crate) fn open_row<Filter: Serialize>(
    vault: &Vault,
    list: &List<Filter>,
    text: &str,
) -> Result<(Uuid, i64), InvalidCursor> {
    let place: [u8; ROW_LENGTH] = open(vault, list, text)?;
    let (id, seen) = place.split_first_chunk::<16>().ok_or(InvalidCursor)?;
    let seen = seen.try_into().map_err(|_| InvalidCursor)?;
    Ok((Uuid::from_bytes(*id), i64::from_be_bytes(seen)))
}

fn tag<Filter: Serialize>(vault: &Vault, list: &List<Filter>, place: &[u8]) -> [u8; TAG_LENGTH] {
    let filter =
        serde_json::to_vec(&list.filter).unwrap_or_else(|_| unreachable!("a filter is plain data"));
    let mut text = list.organization_id.0.as_bytes().to_vec();
    text.extend(place);
    // The filter comes last, because it alone has no fixed length.
    text.extend(filter);
    let full = vault.tag(list.kind, &text);
    let mut tag = [0; TAG_LENGTH];
    tag.copy_from_slice(&full[..TAG_LENGTH]);
    tag
}
