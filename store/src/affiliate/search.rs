//! Finding affiliates by what people type.

use domain::{
    id::{AffiliateId, OrganizationId},
    slug::Slug,
    text::Name,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::TABLE;
use crate::{Store, StoreError, error::readable};

/// The longest text that is looked for, in characters; the rest is cut off.
const MAX_TYPED: usize = 100;

/// An affiliate as far as a choice needs one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Who.
    pub id: AffiliateId,
    /// The name.
    pub name: Name,
    /// The referral code.
    pub slug: Slug,
}

struct NamedRow {
    affiliate_id: Uuid,
    name: String,
    slug: String,
}

impl TryFrom<NamedRow> for Named {
    type Error = StoreError;

    fn try_from(row: NamedRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: AffiliateId(row.affiliate_id),
            name: readable(Name::parse(&row.name).ok(), TABLE, "name")?,
            slug: readable(Slug::parse(&row.slug).ok(), TABLE, "slug")?,
        })
    }
}

impl Store {
    /// Affiliates, newest first, at most `limit`, without counting them.
    pub async fn newest_affiliates(
        &self,
        organization_id: OrganizationId,
        limit: i64,
    ) -> Result<Vec<Named>, StoreError> {
        let rows = sqlx::query_as!(
            NamedRow,
            "select affiliate_id, name, slug from affiliate where organization_id = $1
             order by affiliate_id desc limit $2",
            organization_id.0,
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(Named::try_from).collect()
    }

    /// Affiliates with `typed` in their name, referral code or e-mail, whatever the case, at most
    /// `limit`: those where it stands at the beginning first, by name, then the others, newest first.
    /// Beginnings come from indexes; only where they leave room all of the organization's affiliates
    /// are looked at.
    pub async fn find_affiliates(
        &self,
        organization_id: OrganizationId,
        typed: &str,
        limit: i64,
    ) -> Result<Vec<Named>, StoreError> {
        let typed = cleaned(typed);
        if typed.is_empty() {
            return self.newest_affiliates(organization_id, limit).await;
        }
        let mut db = self.pool.acquire().await?;
        let mut found = beginning_in(&mut db, organization_id, &typed, limit).await?;
        let room = usize::try_from(limit).unwrap_or(usize::MAX);
        if found.len() < room {
            for other in containing_in(&mut db, organization_id, &typed, limit).await? {
                if found.len() < room && found.iter().all(|known| known.id != other.id) {
                    found.push(other);
                }
            }
        }
        Ok(found)
    }
}

/// What was typed, as far as it can be looked for.
pub(super) fn cleaned(typed: &str) -> String {
    let readable = typed.trim().chars().filter(|letter| !letter.is_control());
    readable.take(MAX_TYPED).collect()
}

/// The end of the range of texts that begin with `typed`, as bytes compare.
pub(super) fn after_all_beginning_with(typed: &str) -> String {
    format!("{typed}{}", char::MAX)
}

/// Each part is in the order of its index and cut, so that Postgres can't do better than to use it.
async fn beginning_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    typed: &str,
    limit: i64,
) -> Result<Vec<Named>, StoreError> {
    let rows = sqlx::query_as!(
        NamedRow,
        r#"select a.affiliate_id, a.name, a.slug from (
               (select affiliate_id from affiliate where organization_id = $1
                    and lower(name) ~>=~ lower($2) and lower(name) ~<~ lower($3)
                order by lower(name) using ~<~ limit $4)
               union
               (select affiliate_id from affiliate where organization_id = $1
                    and slug ~>=~ lower($2) and slug ~<~ lower($3)
                order by slug using ~<~ limit $4)
               union
               (select affiliate_id from affiliate where organization_id = $1
                    and email ~>=~ lower($2) and email ~<~ lower($3)
                order by email using ~<~ limit $4)) found
           join affiliate a on a.organization_id = $1 and a.affiliate_id = found.affiliate_id
           order by lower(a.name), a.affiliate_id limit $4"#,
        organization_id.0,
        typed,
        after_all_beginning_with(typed),
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Named::try_from).collect()
}

async fn containing_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    typed: &str,
    limit: i64,
) -> Result<Vec<Named>, StoreError> {
    let rows = sqlx::query_as!(
        NamedRow,
        "select affiliate_id, name, slug from affiliate where organization_id = $1
             and (position(lower($2) in lower(name)) > 0 or position(lower($2) in slug) > 0
                 or position(lower($2) in email) > 0)
         order by affiliate_id desc limit $3",
        organization_id.0,
        typed,
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Named::try_from).collect()
}
