//! A run of payouts: seen first, then made.

use domain::{
    money::MoneyError,
    payout::{Outcome, Selection, totals},
};
use leptos::prelude::*;
use store::payout::PayoutError;

use super::{AppError, RunForm, RunPayouts, list::most_first};
use crate::{
    part::{
        fields::Refused,
        payout_run::{Told, told},
    },
    query::PAYOUTS_PATH,
    request::Caller,
    server_fn::{Written, form::optional},
    text,
};

impl RunForm {
    fn selection(&self) -> Result<Selection, AppError> {
        let bad = |_| text::error::NOT_UNDERSTOOD;
        let method = |word: &str| {
            let known = domain::payout::PayoutMethod::parse(word);
            known.ok_or(text::error::NOT_UNDERSTOOD)
        };
        Ok(Selection {
            campaign_id: optional("", &self.campaign, |id| id.parse().map_err(bad))?,
            currency: optional("", &self.currency, domain::money::Currency::parse)?,
            method: optional("", &self.method, method)?,
            affiliates: Vec::new(),
        })
    }
}

impl Caller {
    pub(super) async fn run_page(&self, form: &RunForm) -> Result<Written, AppError> {
        let selection = form.selection()?;
        let lines = self
            .store
            .preview_batch(self.organization(), &selection)
            .await?;
        let lines = most_first(lines);
        let paid = lines
            .iter()
            .filter(|line| matches!(line.outcome, Outcome::Pays(_)))
            .map(|line| line.due.amount());
        let page = Told {
            totals: totals(paid)?,
            lines,
            filters: self
                .limits(
                    selection.campaign_id,
                    selection.currency,
                    (selection.method, text::payouts::OWN_METHOD),
                )
                .await?,
            refused: Refused::of::<RunPayouts>(),
            may_edit: self.viewer.role.may_manage(),
        };
        Ok(Written {
            html: told(page).to_html(),
        })
    }

    /// Where what was made is shown.
    pub(super) async fn run_payouts(&self, form: &RunForm) -> Result<String, AppError> {
        let selection = form.selection()?;
        let batch = self
            .store
            .open_batch(self.organization(), &selection, self.actor())
            .await?;
        let (id, made) = (batch.id, batch.payouts.len());
        Ok(format!("{PAYOUTS_PATH}?batch={id}&made={made}"))
    }
}

impl From<PayoutError> for AppError {
    fn from(error: PayoutError) -> Self {
        match error {
            PayoutError::Store(error) => error.into(),
            PayoutError::NotFound => Self::NotFound,
            other => Self::invalid("", other),
        }
    }
}

impl From<MoneyError> for AppError {
    fn from(error: MoneyError) -> Self {
        Self::invalid("", error)
    }
}
