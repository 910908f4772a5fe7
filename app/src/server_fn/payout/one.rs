//! One payout, and what a member says of it.

use domain::{connection::Mode, id::PayoutId, text::Reason};
use leptos::prelude::*;
use store::payout::PayoutDecision;

use super::{
    AppError, CompleteForm, CompletePayout, FailForm, FailPayout, ProcessForm, ProcessPayout,
};
use crate::{
    part::{
        fields::Refused,
        payout::{Told, told},
        payouts::payout_path,
    },
    request::Caller,
    server_fn::{
        Written,
        form::{field, optional},
    },
};

/// How many entries the page lists.
const ENTRIES: i64 = 200;

impl Caller {
    pub(super) async fn payout_page(&self, id: &str, is_saved: bool) -> Result<Written, AppError> {
        let (organization, id) = (self.organization(), read(id)?);
        let view = self.store.payout(organization, id).await?;
        let view = view.ok_or(AppError::NotFound)?;
        let entries = self.store.payout_rows(organization, id, 0, ENTRIES).await?;
        let mode = match view.payout.transfer_id {
            Some(_) => self.store.transfer_mode(organization, id).await?,
            None => Mode::Live,
        };
        let page = Told {
            view,
            entries,
            steps: self.store.payout_steps(organization, id).await?,
            mode,
            is_saved,
            refused: [
                Refused::of::<ProcessPayout>(),
                Refused::of::<CompletePayout>(),
                Refused::of::<FailPayout>(),
            ],
            may_edit: self.viewer.role.may_manage(),
        };
        Ok(Written {
            html: told(&page).to_html(),
        })
    }

    pub(super) async fn process_payout(&self, form: &ProcessForm) -> Result<String, AppError> {
        let decision = self.payout_decision(&form.payout, None, None)?;
        let id = decision.payout_id;
        self.store
            .process_payout(self.organization(), decision)
            .await?;
        Ok(saved(id))
    }

    pub(super) async fn complete_payout(&self, form: &CompleteForm) -> Result<String, AppError> {
        let note = optional("", &form.note, Reason::parse)?;
        let decision = self.payout_decision(&form.payout, None, note)?;
        let id = decision.payout_id;
        self.store
            .complete_payout(self.organization(), decision)
            .await?;
        Ok(saved(id))
    }

    pub(super) async fn fail_payout(&self, form: &FailForm) -> Result<String, AppError> {
        let reason = field("", Reason::parse(&form.reason))?;
        let decision = self.payout_decision(&form.payout, Some(reason), None)?;
        let id = decision.payout_id;
        self.store
            .fail_payout(self.organization(), decision)
            .await?;
        Ok(saved(id))
    }

    fn payout_decision(
        &self,
        payout: &str,
        reason: Option<Reason>,
        note: Option<Reason>,
    ) -> Result<PayoutDecision, AppError> {
        Ok(PayoutDecision {
            payout_id: read(payout)?,
            reason: reason.map(String::from),
            note: note.map(String::from),
            actor: self.actor(),
        })
    }
}

fn read(id: &str) -> Result<PayoutId, AppError> {
    id.parse().map_err(|_| AppError::NotFound)
}

fn saved(id: PayoutId) -> String {
    format!("{}?saved=1", payout_path(id))
}
