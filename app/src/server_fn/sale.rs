//! One sale with its story, decisions about sales, and a sale entered by hand. What these pages show is
//! written on the server (`part::served`).

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

/// What is decided about which sales.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DecisionForm {
    /// Their ids.
    #[serde(default)]
    pub ids: Vec<String>,
    /// The word of an action.
    #[serde(default)]
    pub action: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

#[cfg(feature = "ssr")]
impl DecisionForm {
    /// What was picked and typed.
    fn kept(&self) -> Vec<(String, String)> {
        let (ids, reason) = (self.ids.join(","), self.reason.clone());
        vec![("ids".to_owned(), ids), ("reason".to_owned(), reason)]
    }
}

form! {
    /// A sale entered by hand.
    EntryForm { affiliate, campaign, amount, currency, email, external_id, paid_on, note }
}

/// One sale and everything that happened to it.
#[server(prefix = "/rpc", endpoint = "sale", input = server_fn::codec::GetUrl)]
pub async fn load_sale(id: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    caller.sale(&id).await.map_err(crate::request::refuse)
}

/// Approves, denies or restores: all of them or none. A plain form goes back to the page it is on.
#[server(prefix = "/rpc", endpoint = "decide_sales")]
pub async fn decide_sales(form: DecisionForm) -> Result<(), AppError> {
    let caller = crate::request::manager()?;
    let kept = form.kept();
    let decided = caller.decide(form).await;
    decided.map_err(|error| crate::request::refuse(error.keeping(kept)))
}

/// The form for a sale that is entered by hand.
#[server(prefix = "/rpc", endpoint = "sale_entry", input = server_fn::codec::GetUrl)]
pub async fn load_entry() -> Result<Written, AppError> {
    let caller = crate::request::manager()?;
    caller.entry_form().await.map_err(crate::request::refuse)
}

/// Enters a sale and shows it. One that is there already is only told of.
#[server(prefix = "/rpc", endpoint = "enter_sale")]
pub async fn enter_sale(form: EntryForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let entered = caller.enter(&form).await;
    let id = entered.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&crate::query::sale_path(id));
    Ok(())
}

impl Question for LoadSale {
    fn parameters(&self) -> String {
        parameters(&[("id", &self.id)])
    }
}

impl Question for LoadEntry {}

#[cfg(feature = "ssr")]
mod server {
    use std::collections::BTreeSet;

    use chrono::{DateTime, NaiveTime, Utc};
    use domain::{
        affiliate::Affiliate,
        email::Email,
        id::{AffiliateId, CampaignId, ConversionId},
        lifecycle::{Action, EARLY_NEEDS_REASON, Refusal, Transition},
        money::{Currency, Money},
        text::{MAX_EXTERNAL_ID, Reason},
    };
    use leptos::prelude::*;
    use store::intake::{Decision, IntakeError, MAX_DECIDED, ManualSale, Recorded};

    use super::{AppError, DecisionForm, EnterSale, EntryForm, Written};
    use crate::{
        part::{
            entry::{Offered, entry},
            fields::Refused,
            story::story,
        },
        query::parse_day,
        request::Caller,
        server_fn::{
            form::{field, optional},
            sales::MAX_CHOICES,
        },
        text::{self, sale as words},
    };

    impl Caller {
        pub(super) async fn sale(&self, id: &str) -> Result<Written, AppError> {
            let id: ConversionId = id.parse().map_err(|_| AppError::NotFound)?;
            let found = self.store.story(self.organization(), id).await?;
            let found = found.ok_or(AppError::NotFound)?;
            let may_edit = self.viewer.role.may_manage();
            Ok(Written {
                html: story(&found, may_edit, self.store.now()).to_html(),
            })
        }

        pub(super) async fn decide(&self, form: DecisionForm) -> Result<(), AppError> {
            let decision = self.decision(form)?;
            let (ids, step) = (decision.conversion_ids.clone(), decision.step);
            match self.store.decide(self.organization(), decision).await {
                Ok(_) => Ok(()),
                Err(IntakeError::Refused { .. }) if ids.len() > 1 => {
                    Err(self.in_the_way(&ids, step).await?)
                }
                Err(error) => Err(error.into()),
            }
        }

        fn decision(&self, form: DecisionForm) -> Result<Decision, AppError> {
            let not_understood = || AppError::invalid("", text::error::NOT_UNDERSTOOD);
            let ids: Result<BTreeSet<ConversionId>, _> =
                form.ids.iter().map(|id| id.parse()).collect();
            let ids = ids.map_err(|_| not_understood())?;
            if ids.is_empty() || ids.len() > MAX_DECIDED {
                return Err(AppError::invalid("", words::so_many(MAX_DECIDED)));
            }
            let action = Action::parse(&form.action).ok_or_else(not_understood)?;
            let reason = optional("reason", &form.reason, Reason::parse)?;
            Ok(Decision {
                conversion_ids: ids.into_iter().collect(),
                step: field("reason", action.step(reason.is_some()))?,
                actor: self.actor(),
                reason: reason.map(String::from),
            })
        }

        /// Why a selection is refused as a whole.
        async fn in_the_way(
            &self,
            ids: &[ConversionId],
            step: Transition,
        ) -> Result<AppError, AppError> {
            let found = self.store.obstacles(self.organization(), ids, step).await?;
            let reasons: BTreeSet<String> =
                found.refused.iter().map(|(_, why)| said(*why)).collect();
            let reasons: Vec<String> = reasons.into_iter().collect();
            let told = words::in_the_way(found.refused.len(), ids.len(), &reasons.join("; "));
            Ok(AppError::invalid("", told))
        }

        pub(super) async fn entry_form(&self) -> Result<Written, AppError> {
            let organization = self.organization();
            let affiliates = self
                .store
                .newest_affiliates(organization, MAX_CHOICES)
                .await?;
            let campaigns = self.store.campaigns(organization).await?;
            let refused = Refused::of::<EnterSale>();
            let offered = Offered {
                affiliates,
                campaigns,
            };
            Ok(Written {
                html: entry(&offered, &refused).to_html(),
            })
        }

        pub(super) async fn enter(&self, form: &EntryForm) -> Result<ConversionId, AppError> {
            let affiliate = self
                .affiliate_called("affiliate", form.affiliate.trim())
                .await?;
            let campaign_id = match optional("campaign", &form.campaign, str::parse::<CampaignId>)?
            {
                Some(id) => id,
                None => affiliate
                    .primary_campaign()
                    .ok_or_else(|| AppError::invalid("campaign", text::form::CHOOSE))?,
            };
            let sale = form.read(affiliate.id, campaign_id, self)?;
            match self.store.enter_sale(self.organization(), sale).await? {
                Recorded::New(row) => Ok(row.conversion.id),
                Recorded::Existing(row) => {
                    let told = words::already(&row.affiliate_name);
                    Err(AppError::invalid("external_id", told))
                }
            }
        }

        /// The affiliate with this referral code, or the only one who is found by what was typed.
        pub(in crate::server_fn) async fn affiliate_called(
            &self,
            field: &str,
            typed: &str,
        ) -> Result<Affiliate, AppError> {
            let organization = self.organization();
            let nobody = || AppError::invalid(field, words::NO_AFFILIATE);
            if typed.is_empty() {
                return Err(nobody());
            }
            let found = self
                .store
                .find_affiliates(organization, typed, MAX_CHOICES)
                .await?;
            let exact = found
                .iter()
                .find(|one| one.slug.as_str().eq_ignore_ascii_case(typed));
            let only = found.first().filter(|_| found.len() == 1);
            let id = exact.or(only).ok_or_else(nobody)?.id;
            let affiliate = self.store.affiliate(organization, id).await?;
            affiliate.ok_or_else(nobody)
        }
    }

    impl EntryForm {
        fn read(
            &self,
            affiliate_id: AffiliateId,
            campaign_id: CampaignId,
            caller: &Caller,
        ) -> Result<ManualSale, AppError> {
            let currency = field("currency", Currency::parse(self.currency.trim()))?;
            let amount = Money::from_decimal(self.amount.trim(), currency)
                .ok()
                .filter(|amount| amount.minor > 0);
            let amount =
                amount.ok_or_else(|| AppError::invalid("amount", text::form::amount(currency)))?;
            Ok(ManualSale {
                affiliate_id,
                campaign_id,
                amount,
                paid_at: paid_at(&self.paid_on, caller.store.now())?,
                email: optional("email", &self.email, Email::parse)?.map(String::from),
                external_event_id: external_id(&self.external_id)?,
                note: field("note", Reason::parse(&self.note))?.into(),
                actor: caller.actor(),
            })
        }
    }

    fn external_id(typed: &str) -> Result<Option<String>, AppError> {
        let read = |id: &str| {
            let fits = id.len() <= MAX_EXTERNAL_ID && !id.chars().any(char::is_control);
            fits.then(|| id.to_owned()).ok_or(words::NOT_AN_ID)
        };
        optional("external_id", typed, read)
    }

    /// The beginning of a day, or now.
    fn paid_at(typed: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, AppError> {
        let read = |day: &str| {
            let at = parse_day(day).map(|day| day.and_time(NaiveTime::MIN).and_utc());
            at.filter(|at| *at <= now).ok_or(words::NOT_A_DAY)
        };
        Ok(optional("paid_on", typed, read)?.unwrap_or(now))
    }

    /// A refusal to who could give a reason.
    fn said(refusal: Refusal) -> String {
        match refusal {
            Refusal::InHold => EARLY_NEEDS_REASON.to_owned(),
            other => other.to_string(),
        }
    }

    impl From<IntakeError> for AppError {
        fn from(error: IntakeError) -> Self {
            match error {
                IntakeError::Store(error) => error.into(),
                IntakeError::Unavailable => Self::Unavailable,
                IntakeError::NoConversion(_) | IntakeError::NoFlag => Self::NotFound,
                IntakeError::Refused { refusal, .. } => Self::invalid("", said(refusal)),
                IntakeError::NoAffiliate => Self::invalid("affiliate", words::NO_AFFILIATE),
                IntakeError::NotActive(_) => Self::invalid("affiliate", error),
                IntakeError::NoCampaign | IntakeError::NotEnrolled => {
                    Self::invalid("campaign", error)
                }
                IntakeError::Money(error) => Self::invalid("amount", error),
                IntakeError::Flag(_)
                | IntakeError::NobodyToCredit(_)
                | IntakeError::NotDue(_)
                | IntakeError::TooLongAgo
                | IntakeError::NothingPaid => Self::invalid("", error),
            }
        }
    }
}
