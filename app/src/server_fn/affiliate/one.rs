//! One affiliate: the page, which the server writes (`part::served`), and changing what is known.

use leptos::prelude::*;

use crate::{
    call::{Question, parameters},
    error::AppError,
    server_fn::{Written, form::form},
};

form! {
    /// What is known about an affiliate. `percent` is about `campaign`.
    ChangeForm { affiliate, campaign, name, email, slug, percent, recruiter, account }
}

/// One affiliate. `cursor` is a place in the account, empty is its top; `edit` asks for the form, and
/// may name the campaign whose commission is meant; `saved` says that it was taken; `days` is the funnel's period; `ask` is the status to which a form leads, or `join`.
#[server(prefix = "/rpc", endpoint = "affiliate", input = server_fn::codec::GetUrl)]
pub async fn load_affiliate(
    id: String,
    cursor: String,
    edit: String,
    #[server(default)] saved: String,
    #[server(default)] days: String,
    #[server(default)] ask: String,
) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let view = server::View {
        cursor: &cursor,
        edit: &edit,
        days: &days,
        ask: &ask,
        is_saved: !saved.is_empty(),
    };
    let page = caller.affiliate_page(&id, view).await;
    page.map_err(crate::request::refuse)
}

/// Changes an affiliate.
#[server(prefix = "/rpc", endpoint = "change_affiliate")]
pub async fn change_affiliate(form: ChangeForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let changed = caller.change_affiliate(&form).await;
    let id = changed.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&format!("{}?saved=1", crate::query::affiliate_path(id)));
    Ok(())
}

impl Question for LoadAffiliate {
    fn parameters(&self) -> String {
        parameters(&[
            ("id", &self.id),
            ("cursor", &self.cursor),
            ("edit", &self.edit),
            ("saved", &self.saved),
            ("days", &self.days),
            ("ask", &self.ask),
        ])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        affiliate::{Affiliate, is_stripe_account},
        email::Email,
        id::{AffiliateId, CampaignId},
        rate::BasisPoints,
        sales::Filter,
        slug::Slug,
        text::Name,
    };
    use leptos::prelude::*;
    use store::{
        affiliate::AffiliateChange,
        ledger::{AccountCursor, AccountPage},
        payout::{PayoutFilter, PayoutStart},
    };

    use super::{AppError, ChangeAffiliate, ChangeForm, Written};
    use crate::{
        part::{
            affiliate::{Told, told},
            affiliate_form::{Edited, own_share},
            affiliate_place::Asked,
            fields::Refused,
            funnel::Period,
        },
        query::affiliate_path,
        request::Caller,
        server_fn::{
            form::{field, optional},
            sales::MAX_CHOICES,
        },
        text::{affiliate as words, sales::bad_filter},
    };

    /// How many sales the page lists.
    const SALES: u16 = 5;
    /// How many payouts.
    const PAYOUTS: i64 = 5;
    /// How many entries of the account.
    const ENTRIES: i64 = 25;

    /// What of the page is asked for.
    pub(super) struct View<'a> {
        pub(super) cursor: &'a str,
        pub(super) edit: &'a str,
        pub(super) days: &'a str,
        pub(super) ask: &'a str,
        pub(super) is_saved: bool,
    }

    impl Caller {
        pub(super) async fn affiliate_page(
            &self,
            id: &str,
            view: View<'_>,
        ) -> Result<Written, AppError> {
            let period = Period::read(view.days)?;
            let organization = self.organization();
            let affiliate = self.affiliate_with(id).await?;
            let id = affiliate.id;
            let recruiter = match affiliate.recruiter_id {
                Some(id) => self.store.affiliate(organization, id).await?,
                None => None,
            };
            let campaigns = self.store.campaigns(organization).await?;
            let mut coupons = self.store.coupon_codes(organization, &[id]).await?;
            let mut balances = self.store.balances(organization, &[id]).await?;
            let filter = Filter {
                affiliate_id: Some(id),
                ..Filter::default()
            };
            let newest = self.store.sales_page(organization, &filter, SALES, None);
            let sales = newest.await?.rows;
            let own = PayoutFilter {
                affiliate_id: Some(id),
                ..PayoutFilter::default()
            };
            let first = PayoutStart::Offset(0);
            let payouts = self.store.payouts(organization, own, first, PAYOUTS);
            let payouts = payouts.await?.payouts;
            let account = self.account_at(id, view.cursor).await?;
            let since = period.since(self.store.now().date_naive());
            let funnel = self.store.affiliate_funnel(organization, id, since).await?;
            let may_edit = self.viewer.role.may_manage();
            let page = Told {
                funnel: (funnel, period),
                form: self
                    .form(&affiliate, recruiter.as_ref(), view.edit)
                    .await?
                    .filter(|_| may_edit),
                steps: self.steps(id, &account),
                entries: account.entries,
                coupons: coupons.remove(&id).unwrap_or_default(),
                asked: Asked::read(view.ask, &affiliate, &campaigns).filter(|_| may_edit),
                links: self.links().await?,
                balances: balances.remove(&id).unwrap_or_default(),
                campaigns,
                recruiter,
                sales,
                payouts,
                now: self.store.now().timestamp_millis(),
                is_saved: view.is_saved,
                may_edit,
                affiliate,
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

        pub(in crate::server_fn::affiliate) async fn affiliate_with(
            &self,
            id: &str,
        ) -> Result<Affiliate, AppError> {
            let id: AffiliateId = id.parse().map_err(|_| AppError::NotFound)?;
            let affiliate = self.store.affiliate(self.organization(), id).await?;
            affiliate.ok_or(AppError::NotFound)
        }

        async fn account_at(&self, id: AffiliateId, cursor: &str) -> Result<AccountPage, AppError> {
            let organization = self.organization();
            let open = |text| self.store.open_account_cursor(organization, id, text);
            let cursor = Some(cursor).filter(|text| !text.is_empty()).map(open);
            let cursor = cursor
                .transpose()
                .map_err(|_| AppError::invalid("", bad_filter("cursor")))?;
            let account = self.store.account(organization, id, cursor, ENTRIES);
            Ok(account.await?)
        }

        /// Where the newest entries, newer and older ones are.
        fn steps(&self, id: AffiliateId, account: &AccountPage) -> [Option<String>; 3] {
            let path = affiliate_path(id);
            let place = |cursor: AccountCursor| {
                let organization = self.organization();
                let sealed = self.store.seal_account_cursor(organization, id, cursor);
                format!("{path}?cursor={sealed}#ledger")
            };
            let newest = account.newer.map(|_| format!("{path}#ledger"));
            [newest, account.newer.map(place), account.older.map(place)]
        }

        /// The form, when it is asked for.
        async fn form(
            &self,
            affiliate: &Affiliate,
            recruiter: Option<&Affiliate>,
            edit: &str,
        ) -> Result<Option<Edited>, AppError> {
            if edit.is_empty() {
                return Ok(None);
            }
            let organization = self.organization();
            let known = self.store.newest_affiliates(organization, MAX_CHOICES);
            Ok(Some(Edited {
                campaign_id: joined(affiliate, edit.parse().ok()),
                recruiter: recruiter.map(|recruiter| recruiter.slug.to_string()),
                known: known.await?,
                refused: Refused::of::<ChangeAffiliate>(),
            }))
        }

        pub(super) async fn change_affiliate(
            &self,
            form: &ChangeForm,
        ) -> Result<AffiliateId, AppError> {
            let affiliate = self.affiliate_with(&form.affiliate).await?;
            let campaign_id = joined(&affiliate, form.campaign.parse().ok());
            let share = optional("percent", &form.percent, BasisPoints::from_percent)?;
            let recruiter_id = match form.recruiter.trim() {
                "" => None,
                typed => Some(self.affiliate_called("recruiter", typed).await?.id),
            };
            let change = AffiliateChange {
                name: Some(field("name", Name::parse(&form.name))?),
                email: Some(field("email", Email::parse(&form.email))?),
                slug: Some(field("slug", Slug::parse(&form.slug))?),
                stripe_account_id: Some(account(&form.account)?),
                recruiter_id: Some(recruiter_id),
                campaign_id,
                // A commission that is no percentage is not shown, and stays unless one is typed.
                share: (share != own_share(&affiliate, campaign_id)).then_some(share),
                ..AffiliateChange::default()
            };
            self.store
                .change_affiliate(self.actor(), self.organization(), affiliate.id, change)
                .await?;
            Ok(affiliate.id)
        }
    }

    /// The Stripe account that was typed, if any.
    fn account(typed: &str) -> Result<Option<String>, AppError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        if !is_stripe_account(typed) {
            return Err(AppError::invalid("account", words::BAD_ACCOUNT));
        }
        Ok(Some(typed.to_owned()))
    }

    /// The wanted campaign if the affiliate is in it, else the primary one.
    fn joined(affiliate: &Affiliate, wanted: Option<CampaignId>) -> Option<CampaignId> {
        wanted
            .filter(|id| affiliate.enrollment(*id).is_some())
            .or(affiliate.primary_campaign())
    }
}
