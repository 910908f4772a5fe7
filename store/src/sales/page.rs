//! One page of rows: which statement reads it, and why it stays fast.
//!
//! Every filter has an index that ends in the list's order, so a page is the first few entries of
//! one range of one index, wherever in the list it is. The difficulty is to keep Postgres from
//! choosing otherwise. Statuses and campaigns follow time: nearly everything may be `paid`, and yet
//! none of the newest hundred thousand rows. A planner that sees `status = 'paid'` walks the list
//! from its newest end and skips all of those. So the values are hidden from him: one value behind a
//! subquery (`status = (select $5)`), several as rows (`unnest`), of which the first few entries are
//! merged. The limit is hidden too: seen, it would make the plan for the values of the moment look
//! better than the general plan, and every page would be planned anew. All of it is right under
//! custom and generic plans alike.
//!
//! Lists by several filters, and places told by their number, take two trips: ids by a statement that is
//! planned with its values, then the rows.

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
    condition::{ids_statement, normalized},
    record::conversions,
};

/// What to read.
pub(super) struct Window<'a> {
    pub(super) organization_id: OrganizationId,
    pub(super) filter: &'a Filter,
    pub(super) take: u16,
    pub(super) cursor: Option<&'a Cursor>,
    /// How many rows come between the newest end, or the cursor, and the window.
    pub(super) skip: i64,
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
    skip: i64,
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
        skip: window.skip,
        newer: matches!(window.cursor, Some(Cursor::NewerThan(_))),
    };
    let Some(shape) = Shape::of(&filter).filter(|_| window.skip == 0) else {
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
    Affiliate(Uuid),
    Campaign(Uuid),
    Status(&'static str),
    Kind(&'static str),
    Source(&'static str),
    Statuses(Vec<String>),
    Kinds(Vec<String>),
    Sources(Vec<String>),
}

impl Shape {
    /// `None` for a list by several filters.
    fn of(filter: &Filter) -> Option<Self> {
        if filter.partly_refunded.is_some() {
            return None;
        }
        let words = (
            filter.statuses.as_slice(),
            filter.kinds.as_slice(),
            filter.sources.as_slice(),
        );
        Some(match (filter.affiliate_id, filter.campaign_id, words) {
            (None, None, ([], [], [])) => Self::All,
            (Some(id), None, ([], [], [])) => Self::Affiliate(id.0),
            (None, Some(id), ([], [], [])) => Self::Campaign(id.0),
            (None, None, ([status], [], [])) => Self::Status(status.as_str()),
            (None, None, ([], [kind], [])) => Self::Kind(kind.as_str()),
            (None, None, ([], [], [source])) => Self::Source(source.as_str()),
            (None, None, (statuses, [], [])) => Self::Statuses(owned(statuses, Status::as_str)),
            (None, None, ([], kinds, [])) => Self::Kinds(owned(kinds, ConversionType::as_str)),
            (None, None, ([], [], sources)) => Self::Sources(owned(sources, Source::as_str)),
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
             order by c.conversion_id " $order " limit (select $4::bigint)",
            $walk.organization_id.0,
            $walk.bounds.lower,
            $walk.bounds.upper,
            $walk.limit,
        )
    };
}

macro_rules! list_by_one {
    ($walk:expr, $order:literal, $column:literal: $type:literal, $value:expr) => {
        conversions!(
            "'[]'",
            "from conversion c
             where c.organization_id = $1 and c.conversion_id >= $2 and c.conversion_id < $3
                 and c." $column " = (select $5::" $type ")
             order by c.conversion_id " $order " limit (select $4::bigint)",
            $walk.organization_id.0,
            $walk.bounds.lower,
            $walk.bounds.upper,
            $walk.limit,
            $value,
        )
    };
}

macro_rules! list_by_several {
    ($walk:expr, $order:literal, $column:literal, $values:expr) => {
        conversions!(
            "'[]'",
            "from unnest($5::text[]) as wanted cross join lateral (
                 select * from conversion
                 where organization_id = $1 and conversion_id >= $2 and conversion_id < $3
                     and " $column " = wanted
                 order by conversion_id " $order " limit (select $4::bigint)) c
             order by c.conversion_id " $order " limit (select $4::bigint)",
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
                list_by_one!($walk, $order, "affiliate_id": "uuid", *id)
                    .fetch_all($db)
                    .await
            }
            Shape::Campaign(id) => {
                list_by_one!($walk, $order, "campaign_id": "uuid", *id)
                    .fetch_all($db)
                    .await
            }
            Shape::Status(word) => {
                list_by_one!($walk, $order, "status": "text", *word)
                    .fetch_all($db)
                    .await
            }
            Shape::Kind(word) => {
                list_by_one!($walk, $order, "kind": "text", *word)
                    .fetch_all($db)
                    .await
            }
            Shape::Source(word) => {
                list_by_one!($walk, $order, "source": "text", *word)
                    .fetch_all($db)
                    .await
            }
            Shape::Statuses(words) => {
                list_by_several!($walk, $order, "status", words)
                    .fetch_all($db)
                    .await
            }
            Shape::Kinds(words) => {
                list_by_several!($walk, $order, "kind", words)
                    .fetch_all($db)
                    .await
            }
            Shape::Sources(words) => {
                list_by_several!($walk, $order, "source", words)
                    .fetch_all($db)
                    .await
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
        let (limit, skip) = (self.limit, self.skip);
        let text = ids_statement(
            self.organization_id,
            filter,
            self.bounds,
            order,
            limit,
            skip,
        );
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
