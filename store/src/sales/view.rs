//! What a screen shows: a page of rows, and the sums of the whole list.

use domain::{id::OrganizationId, sales::Filter};

use super::{
    Cursor, Page, Totals,
    page::{self, Window},
    totals,
};
use crate::{Store, StoreError, transaction::begin_moment};

impl Store {
    /// A page of the list, as [`Store::sales_page`], and the sums of the whole list, as
    /// [`Store::sales_totals`], both of one moment: what the rows show, the sums hold.
    pub async fn sales_view(
        &self,
        organization_id: OrganizationId,
        filter: &Filter,
        take: u16,
        cursor: Option<Cursor>,
    ) -> Result<(Page, Totals), StoreError> {
        let window = Window {
            organization_id,
            filter,
            take: take.max(1),
            cursor: cursor.as_ref(),
        };
        let mut moment = begin_moment(&self.pool).await?;
        let found = page::read(&mut moment, &window).await?;
        let totals = totals::read(&mut moment, organization_id, filter).await?;
        moment.commit().await?;
        let mut db = self.pool.acquire().await?;
        // Names are looked up afterwards: of an earlier moment, they must not get into the cache.
        let page = self.page_of(&mut db, &window, found).await?;
        Ok((page, totals))
    }
}
