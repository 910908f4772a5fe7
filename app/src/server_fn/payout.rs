//! Payouts: the page of them, a run, one, and what can be done about it.

use leptos::prelude::*;

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod one;
#[cfg(feature = "ssr")]
mod run;

form! {
    /// What a run is limited to; empty is all.
    RunForm { campaign, currency, method }
}

form! {
    /// The payout that is to be paid now.
    ProcessForm { payout }
}

form! {
    /// The payout that is paid, and a note.
    CompleteForm { payout, note }
}

form! {
    /// The payout that is not paid, and why.
    FailForm { payout, reason }
}

/// What is payable, and a page of payouts; `asked` is what stands in the address after the question mark.
#[server(prefix = "/rpc", endpoint = "payouts", input = server_fn::codec::GetUrl)]
pub async fn load_payouts(asked: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = match list::Asked::read(&asked) {
        Ok(asked) => caller.payouts_page(&asked).await,
        Err(error) => Err(error),
    };
    page.map_err(crate::request::refuse)
}

/// A run before it is made.
#[server(prefix = "/rpc", endpoint = "payout_run", input = server_fn::codec::GetUrl)]
pub async fn load_run(
    campaign: String,
    currency: String,
    method: String,
) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let form = RunForm {
        campaign,
        currency,
        method,
    };
    let page = caller.run_page(&form).await;
    page.map_err(crate::request::refuse)
}

/// One payout; `saved`: it was just changed.
#[server(prefix = "/rpc", endpoint = "payout", input = server_fn::codec::GetUrl)]
pub async fn load_payout(id: String, saved: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.payout_page(&id, !saved.is_empty()).await;
    page.map_err(crate::request::refuse)
}

/// Makes the payouts of a run and shows them.
#[server(prefix = "/rpc", endpoint = "run_payouts")]
pub async fn run_payouts(form: RunForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let made = caller.run_payouts(&form).await;
    let path = made.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&path);
    Ok(())
}

/// Begins to pay a payout.
#[server(prefix = "/rpc", endpoint = "process_payout")]
pub async fn process_payout(form: ProcessForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let done = caller.process_payout(&form).await;
    let path = done.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&path);
    Ok(())
}

/// Says that a payout is paid.
#[server(prefix = "/rpc", endpoint = "complete_payout")]
pub async fn complete_payout(form: CompleteForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let done = caller.complete_payout(&form).await;
    let path = done.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&path);
    Ok(())
}

/// Says that a payout is not paid.
#[server(prefix = "/rpc", endpoint = "fail_payout")]
pub async fn fail_payout(form: FailForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let done = caller.fail_payout(&form).await;
    let path = done.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&path);
    Ok(())
}

impl Question for LoadPayouts {
    fn parameters(&self) -> String {
        parameters(&[("asked", &self.asked)])
    }
}

impl Question for LoadRun {
    fn parameters(&self) -> String {
        parameters(&[
            ("campaign", &self.campaign),
            ("currency", &self.currency),
            ("method", &self.method),
        ])
    }
}

impl Question for LoadPayout {
    fn parameters(&self) -> String {
        parameters(&[("id", &self.id), ("saved", &self.saved)])
    }
}
