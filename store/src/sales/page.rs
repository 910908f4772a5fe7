//! One page of rows: which statement reads it, and why it stays fast.
//!
//! Every filter has an index that ends in the list's order, so a page is the first few entries of
//! one range of one index, wherever in the list it is. The difficulty is to keep Postgres from
//! choosing otherwise. Statuses and campaigns follow time: nearly everything may be `paid`, and yet
//! none of the newest hundred thousand rows. A planner that sees `status = 'paid'` walks the list
//! from its newest end and skips all of those. So the values of the filter are handed over as rows
//! (`unnest`), where the planner can't see them, and the few newest of each value are merged. That
//! is right under custom and generic plans alike and serves one value and several the same way.
//!
//! Lists by several filters take two trips: ids by a statement that is planned with its values, then
//! the rows.

use domain::{
    conversion::{ConversionType, Source},
    id::OrganizationId,
    lifecycle::Status,
    sales::Filter,
};
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use uuid::Uuid;

use super::{
    ConversionRecord, Cursor,
    bounds::Bounds,
    condition::{leading_ids, normalized},
    record::conversions,
};

/// What to read.
pub(super) struct Window<'a> {
    pub(super) organization_id: OrganizationId,
    pub(super) filter: &'a Filter,
    pub(super) take: u16,
    pub(super) cursor: Option<&'a Cursor>,
}

/// Records newest first, and whether the list goes on in the direction of reading.
pub(super) struct Found {
    pub(super) records: Vec<ConversionRecord>,
    pub(super) more: bool,
}

/// Range, order and number of rows: the arguments that all statements share.
struct Walk {
    organization_id: OrganizationId,
    bounds: Bounds,
    limit: i64,
    newer: bool,
}

/// The rows of one window.
pub(super) async fn read(db: &mut PgConnection, window: &Window<'_>) -> Result<Found, sqlx::Error> {
    let filter = normalized(window.filter);
    let take = usize::from(window.take);
    let walk = Walk {
        organization_id: window.organization_id,
        bounds: Bounds::of(&filter).beyond(window.cursor),
        // One more than asked for tells whether there are more.
        limit: i64::from(window.take) + 1,
        newer: matches!(window.cursor, Some(Cursor::NewerThan(_))),
    };
    let Some(shape) = Shape::of(&filter) else {
        let mut ids = walk.ids(db, &filter).await?;
        let more = ids.len() > take;
        ids.truncate(take);
        return Ok(Found {
            records: by_ids(db, window.organization_id, &ids).await?,
            more,
        });
    };
    let mut records = if walk.newer {
        walk.ascending(db, &shape).await?
    } else {
        walk.descending(db, &shape).await?
    };
    let more = records.len() > take;
    records.truncate(take);
    if walk.newer {
        records.reverse();
    }
    Ok(Found { records, more })
}

/// The lists that one index serves.
enum Shape {
    All,
    Affiliate(Vec<Uuid>),
    Campaign(Vec<Uuid>),
    Statuses(Vec<String>),
    Kinds(Vec<String>),
    Sources(Vec<String>),
}

impl Shape {
    /// `None` for a list by several filters.
    fn of(filter: &Filter) -> Option<Self> {
        let Filter {
            affiliate_id,
            campaign_id,
            statuses,
            kinds,
            sources,
            since: _,
            until: _,
        } = filter;
        let words = (statuses.as_slice(), kinds.as_slice(), sources.as_slice());
        Some(match (affiliate_id, campaign_id, words) {
            (None, None, ([], [], [])) => Self::All,
            (Some(id), None, ([], [], [])) => Self::Affiliate(vec![id.0]),
            (None, Some(id), ([], [], [])) => Self::Campaign(vec![id.0]),
            (None, None, (_, [], [])) => Self::Statuses(owned(statuses, Status::as_str)),
            (None, None, ([], _, [])) => Self::Kinds(owned(kinds, ConversionType::as_str)),
            (None, None, ([], [], _)) => Self::Sources(owned(sources, Source::as_str)),
            _ => return None,
        })
    }
}

fn owned<Word: Copy>(words: &[Word], text: impl Fn(Word) -> &'static str) -> Vec<String> {
    words.iter().map(|word| text(*word).to_owned()).collect()
}

macro_rules! whole_list {
    ($walk:expr, $order:literal) => {
        conversions!(
            "'[]'",
            "from conversion c
             where c.organization_id = $1 and c.conversion_id >= $2 and c.conversion_id < $3
             order by c.conversion_id " $order " limit $4",
            $walk.organization_id.0,
            $walk.bounds.lower,
            $walk.bounds.upper,
            $walk.limit,
        )
    };
}

macro_rules! merged_list {
    ($walk:expr, $order:literal, $column:literal = $type:literal $values:expr) => {
        conversions!(
            "'[]'",
            "from unnest($5::" $type ") as wanted cross join lateral (
                 select * from conversion
                 where organization_id = $1 and conversion_id >= $2 and conversion_id < $3
                     and " $column " = wanted
                 order by conversion_id " $order " limit $4) c
             order by c.conversion_id " $order " limit $4",
            $walk.organization_id.0,
            $walk.bounds.lower,
            $walk.bounds.upper,
            $walk.limit,
            $values,
        )
    };
}

macro_rules! list {
    ($walk:expr, $order:literal, $shape:expr, $db:expr) => {
        match $shape {
            Shape::All => whole_list!($walk, $order).fetch_all($db).await,
            Shape::Affiliate(id) => {
                merged_list!($walk, $order, "affiliate_id" = "uuid[]" id).fetch_all($db).await
            }
            Shape::Campaign(id) => {
                merged_list!($walk, $order, "campaign_id" = "uuid[]" id).fetch_all($db).await
            }
            Shape::Statuses(words) => {
                merged_list!($walk, $order, "status" = "text[]" words).fetch_all($db).await
            }
            Shape::Kinds(words) => {
                merged_list!($walk, $order, "kind" = "text[]" words).fetch_all($db).await
            }
            Shape::Sources(words) => {
                merged_list!($walk, $order, "source" = "text[]" words).fetch_all($db).await
            }
        }
    };
}

impl Walk {
    async fn descending(
        &self,
        db: &mut PgConnection,
        shape: &Shape,
    ) -> Result<Vec<ConversionRecord>, sqlx::Error> {
        list!(self, "desc", shape, db)
    }

    async fn ascending(
        &self,
        db: &mut PgConnection,
        shape: &Shape,
    ) -> Result<Vec<ConversionRecord>, sqlx::Error> {
        list!(self, "asc", shape, db)
    }

    /// The ids of a list by several filters, in the order of reading.
    async fn ids(&self, db: &mut PgConnection, filter: &Filter) -> Result<Vec<Uuid>, sqlx::Error> {
        let order = if self.newer { "asc" } else { "desc" };
        let text = leading_ids(self.organization_id, filter, self.bounds, order, self.limit);
        // Safe: ids and words of our own only.
        let rows = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(db).await?;
        rows.iter().map(|row| row.try_get(0)).collect()
    }
}

async fn by_ids(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[Uuid],
) -> Result<Vec<ConversionRecord>, sqlx::Error> {
    conversions!(
        "'[]'",
        "from conversion c where c.organization_id = $1 and c.conversion_id = any($2)
         order by c.conversion_id desc",
        organization_id.0,
        ids,
    )
    .fetch_all(db)
    .await
}
