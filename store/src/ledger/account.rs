//! The entries of one account, newest first.

use chrono::{DateTime, Utc};
use domain::{
    id::{AffiliateId, ConversionId, LedgerEntryId, OrganizationId},
    ledger::EntryKind,
    money::{Currency, Money},
};
use uuid::Uuid;

use super::TABLE;
use crate::{
    Store, StoreError,
    cursor::{self, InvalidCursor, List},
    error::readable,
};

const OLDER: u8 = b'o';
const NEWER: u8 = b'n';

/// A direction and an id.
const PLACE_LENGTH: usize = 17;

/// An entry of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub id: LedgerEntryId,
    /// The conversion it is about; payouts and corrections have none.
    pub conversion_id: Option<ConversionId>,
    /// Why it was written.
    pub kind: EntryKind,
    /// How much, with its sign.
    pub amount: Money,
    /// Why, in words.
    pub reason: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Beside which entry a page of an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountCursor {
    /// On its older side.
    OlderThan(LedgerEntryId),
    /// On its newer side.
    NewerThan(LedgerEntryId),
}

/// A page of an account, newest first.
#[derive(Clone, Debug)]
pub struct AccountPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where the list goes on; `None` at its end.
    pub older: Option<AccountCursor>,
    /// Where the rows before the page are; `None` at the top.
    pub newer: Option<AccountCursor>,
}

struct EntryRow {
    ledger_entry_id: Uuid,
    conversion_id: Option<Uuid>,
    kind: String,
    amount_minor: i64,
    currency: String,
    reason: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<EntryRow> for Entry {
    type Error = StoreError;
    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let currency = readable(Currency::parse(&row.currency).ok(), TABLE, "currency")?;
        Ok(Self {
            id: LedgerEntryId(row.ledger_entry_id),
            conversion_id: row.conversion_id.map(ConversionId),
            kind: readable(EntryKind::parse(&row.kind), TABLE, "kind")?,
            amount: Money::new(row.amount_minor, currency),
            reason: row.reason,
            created_at: row.created_at,
        })
    }
}

impl AccountCursor {
    fn is_newer(self) -> bool {
        matches!(self, Self::NewerThan(_))
    }

    fn place(self) -> [u8; PLACE_LENGTH] {
        let (direction, id) = match self {
            Self::OlderThan(id) => (OLDER, id),
            Self::NewerThan(id) => (NEWER, id),
        };
        let mut place = [direction; PLACE_LENGTH];
        place[1..].copy_from_slice(id.0.as_bytes());
        place
    }

    fn at(place: &[u8; PLACE_LENGTH]) -> Result<Self, InvalidCursor> {
        let id = LedgerEntryId(Uuid::from_slice(&place[1..]).map_err(|_| InvalidCursor)?);
        match place[0] {
            OLDER => Ok(Self::OlderThan(id)),
            NEWER => Ok(Self::NewerThan(id)),
            _ => Err(InvalidCursor),
        }
    }
}

impl Store {
    /// Entries of an affiliate's account, `limit` of them.
    pub async fn account(
        &self,
        organization_id: OrganizationId,
        affiliate_id: AffiliateId,
        cursor: Option<AccountCursor>,
        limit: i64,
    ) -> Result<AccountPage, StoreError> {
        // One more than asked for tells whether there are more.
        let wanted = limit.saturating_add(1);
        let rows = match cursor {
            Some(AccountCursor::NewerThan(id)) => {
                sqlx::query_as!(
                    EntryRow,
                    "select ledger_entry_id, conversion_id, kind, amount_minor, currency, reason, created_at
                     from ledger_entry where organization_id = $1 and affiliate_id = $2 and ledger_entry_id > $3
                     order by ledger_entry_id limit $4",
                    organization_id.0,
                    affiliate_id.0,
                    id.0,
                    wanted,
                )
                .fetch_all(&self.pool)
                .await?
            }
            older => {
                let before = match older {
                    Some(AccountCursor::OlderThan(id)) => id.0,
                    _ => Uuid::max(),
                };
                sqlx::query_as!(
                    EntryRow,
                    "select ledger_entry_id, conversion_id, kind, amount_minor, currency, reason, created_at
                     from ledger_entry where organization_id = $1 and affiliate_id = $2 and ledger_entry_id < $3
                     order by ledger_entry_id desc limit $4",
                    organization_id.0,
                    affiliate_id.0,
                    before,
                    wanted,
                )
                .fetch_all(&self.pool)
                .await?
            }
        };
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        let entries: Result<Vec<Entry>, _> =
            rows.into_iter().take(size).map(Entry::try_from).collect();
        Ok(page(entries?, cursor, more))
    }

    /// The cursor as text for a caller: bound to the organization and the account.
    pub fn seal_account_cursor(
        &self,
        organization_id: OrganizationId,
        affiliate_id: AffiliateId,
        cursor: AccountCursor,
    ) -> String {
        let list = list(organization_id, affiliate_id);
        cursor::seal(&self.vault, &list, cursor.place())
    }

    /// Reads what [`Store::seal_account_cursor`] made for the same account.
    pub fn open_account_cursor(
        &self,
        organization_id: OrganizationId,
        affiliate_id: AffiliateId,
        text: &str,
    ) -> Result<AccountCursor, InvalidCursor> {
        let list = list(organization_id, affiliate_id);
        AccountCursor::at(&cursor::open(&self.vault, &list, text)?)
    }
}

/// Entries in the order of reading, as a page. Where one came from, the list goes on.
fn page(mut entries: Vec<Entry>, cursor: Option<AccountCursor>, more: bool) -> AccountPage {
    let backwards = cursor.is_some_and(AccountCursor::is_newer);
    if backwards {
        entries.reverse();
    }
    let (is_older, is_newer) = if backwards {
        (true, more)
    } else {
        (more, cursor.is_some())
    };
    let older = entries.last().map(|last| AccountCursor::OlderThan(last.id));
    let newer = entries
        .first()
        .map(|first| AccountCursor::NewerThan(first.id));
    AccountPage {
        older: older.filter(|_| is_older),
        newer: newer.filter(|_| is_newer),
        entries,
    }
}

fn list(organization_id: OrganizationId, affiliate_id: AffiliateId) -> List<AffiliateId> {
    List {
        kind: "account_cursor",
        organization_id,
        filter: affiliate_id,
    }
}
