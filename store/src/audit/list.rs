//! The audit log as it is read: newest first, page by page.

use chrono::{DateTime, Utc};
use domain::id::{ApiKeyId, AuditEntryId, EventId, OrganizationId, PersonId, lower_bound};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    cursor::{self, InvalidCursor, List},
    story::Who,
};

/// Whose lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Whose {
    /// A person's.
    Person(PersonId),
    /// A key's.
    Key(ApiKeyId),
    /// Those of processors' events.
    Events,
    /// The server's own.
    System,
}

/// Which lines to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditFilter {
    /// Only these.
    pub whose: Option<Whose>,
    /// Only those about things of this kind, as the log calls it.
    pub subject: Option<String>,
    /// Only those written at or after this time.
    pub since: Option<DateTime<Utc>>,
    /// Only those written before this time.
    pub until: Option<DateTime<Utc>>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditView {
    /// Which.
    pub id: AuditEntryId,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Who did it.
    pub who: Who,
    /// To what kind of thing, as the log calls it.
    pub subject: String,
    /// To which.
    pub subject_id: Uuid,
    /// What was done.
    pub action: String,
    /// What it was, for people.
    pub detail: String,
}

/// The last line of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditCursor(pub AuditEntryId);

/// A page of the log, newest first.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The lines.
    pub lines: Vec<AuditView>,
    /// Where the log goes on; `None` at its end.
    pub next: Option<AuditCursor>,
}

struct LineRow {
    audit_entry_id: Uuid,
    created_at: DateTime<Utc>,
    actor_kind: String,
    actor_id: Option<Uuid>,
    subject_kind: String,
    subject_id: Uuid,
    action: String,
    detail: String,
    email: Option<String>,
    key: Option<String>,
}

impl From<LineRow> for AuditView {
    fn from(row: LineRow) -> Self {
        Self {
            id: AuditEntryId(row.audit_entry_id),
            created_at: row.created_at,
            who: match (row.actor_kind.as_str(), row.actor_id) {
                ("person", _) => Who::Member(row.email.unwrap_or_default()),
                ("key", _) => Who::Key(row.key.unwrap_or_default()),
                ("event", Some(id)) => Who::Event(EventId(id)),
                _ => Who::System,
            },
            subject: row.subject_kind,
            subject_id: row.subject_id,
            action: row.action,
            detail: row.detail,
        }
    }
}

/// A checked query of [`LineRow`]s inside a range of ids; what follows narrows it, each way by an index of its own.
macro_rules! lines {
    ($organization:expr, $range:expr, $limit:expr, $rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            LineRow,
            "select a.audit_entry_id, a.created_at, a.actor_kind, a.actor_id, a.subject_kind, a.subject_id, a.action,
                 a.detail, p.email as \"email?\", k.name as \"key?\"
             from audit_entry a
             left join person p on a.actor_kind = 'person' and p.person_id = a.actor_id
             left join api_key k on a.actor_kind = 'key' and k.organization_id = a.organization_id
                 and k.api_key_id = a.actor_id
             where a.organization_id = $1 and a.audit_entry_id >= $2 and a.audit_entry_id < $3" + $rest
                + " order by a.audit_entry_id desc limit $4",
            $organization.0,
            $range.0,
            $range.1,
            $limit,
            $($argument),*
        )
    };
}

impl Store {
    /// Lines of the log, newest first, `limit` of them after the place where a page ended.
    pub async fn audit_lines(
        &self,
        organization_id: OrganizationId,
        filter: &AuditFilter,
        after: Option<AuditCursor>,
        limit: i64,
    ) -> Result<AuditPage, StoreError> {
        let end = filter.until.map_or(Uuid::max(), lower_bound);
        let end = after.map_or(end, |cursor| end.min(cursor.0.0));
        let range = (filter.since.map_or(Uuid::nil(), lower_bound), end);
        // One more than asked for tells whether there are more.
        let more = limit.saturating_add(1);
        let subject = filter.subject.as_deref();
        let (kind, id) = match filter.whose {
            Some(Whose::Person(id)) => (Some("person"), Some(id.0)),
            Some(Whose::Key(id)) => (Some("key"), Some(id.0)),
            Some(Whose::Events) => (Some("event"), None),
            Some(Whose::System) => (Some("system"), None),
            None => (None, None),
        };
        let pool = &self.pool;
        let mut rows = match (id, subject) {
            (Some(id), subject) => {
                let own = lines!(
                    organization_id,
                    range,
                    more,
                    " and a.actor_id = $5 and ($6::text is null or a.subject_kind = $6)",
                    id,
                    subject
                );
                own.fetch_all(pool).await?
            }
            (None, Some(subject)) => {
                let about = lines!(
                    organization_id,
                    range,
                    more,
                    " and a.subject_kind = $5 and ($6::text is null or a.actor_kind = $6)",
                    subject,
                    kind
                );
                about.fetch_all(pool).await?
            }
            (None, None) => {
                let all = lines!(
                    organization_id,
                    range,
                    more,
                    " and ($5::text is null or a.actor_kind = $5)",
                    kind
                );
                all.fetch_all(pool).await?
            }
        };
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > size;
        rows.truncate(size);
        let lines: Vec<AuditView> = rows.into_iter().map(AuditView::from).collect();
        let last = lines.last().map(|line| AuditCursor(line.id));
        Ok(AuditPage {
            next: last.filter(|_| has_more),
            lines,
        })
    }

    /// A place in the log as text, good for this filter only.
    pub fn seal_audit_cursor(
        &self,
        organization_id: OrganizationId,
        filter: &AuditFilter,
        cursor: AuditCursor,
    ) -> String {
        let list = list(organization_id, filter);
        cursor::seal(&self.vault, &list, cursor.0.0.into_bytes())
    }

    /// Reads what [`Store::seal_audit_cursor`] made.
    pub fn open_audit_cursor(
        &self,
        organization_id: OrganizationId,
        filter: &AuditFilter,
        text: &str,
    ) -> Result<AuditCursor, InvalidCursor> {
        let list = list(organization_id, filter);
        let place = cursor::open(&self.vault, &list, text)?;
        Ok(AuditCursor(AuditEntryId(Uuid::from_bytes(place))))
    }
}

fn list(organization_id: OrganizationId, filter: &AuditFilter) -> List<&AuditFilter> {
    List {
        kind: "audit",
        organization_id,
        filter,
    }
}
