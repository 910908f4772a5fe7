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
            skip: 0,
        };
        self.view(&window).await
    }

    /// The same of the page that begins after the newest `skip` rows. They are walked over, so this is for places near
    /// the newest end.
    pub async fn sales_view_at(
        &self,
        organization_id: OrganizationId,
        filter: &Filter,
        take: u16,
        skip: u32,
    ) -> Result<(Page, Totals), StoreError> {
        let window = Window {
            organization_id,
            filter,
            take: take.max(1),
            cursor: None,
            skip: i64::from(skip),
        };
        self.view(&window).await
    }

    async fn view(&self, window: &Window<'_>) -> Result<(Page, Totals), StoreError> {
        let mut moment = begin_moment(&self.pool).await?;
        let found = page::read(&mut moment, window).await?;
        let totals = totals::read(&mut moment, window.organization_id, window.filter).await?;
        moment.commit().await?;
        let mut db = self.pool.acquire().await?;
        // Names are looked up afterwards: of an earlier moment, they must not get into the cache.
        let page = self.page_of(&mut db, window, found).await?;
        Ok((page, totals))
    }
}
