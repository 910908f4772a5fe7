//! An affiliate's place in the program: his status, and the campaigns he is in.

use leptos::prelude::*;

use crate::{error::AppError, server_fn::form::form};

form! {
    /// Which status an affiliate gets.
    StatusForm { affiliate, status }
}

form! {
    /// A further campaign, with a commission of one's own if `percent` is given.
    JoinForm { affiliate, campaign, percent }
}

/// Pauses, blocks or removes an affiliate, or lets him earn again.
#[server(prefix = "/rpc", endpoint = "set_affiliate_status")]
pub async fn set_affiliate_status(form: StatusForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let changed = caller.set_affiliate_status(&form).await;
    let id = changed.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&format!("{}?saved=1", crate::query::affiliate_path(id)));
    Ok(())
}

/// Puts an affiliate into a further campaign.
#[server(prefix = "/rpc", endpoint = "join_campaign")]
pub async fn join_campaign(form: JoinForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let joined = caller.join_campaign(&form).await;
    let id = joined.map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&format!("{}?saved=1", crate::query::affiliate_path(id)));
    Ok(())
}

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        affiliate::AffiliateStatus,
        id::{AffiliateId, CampaignId},
        rate::BasisPoints,
    };
    use store::affiliate::AffiliateChange;

    use super::{AppError, JoinForm, StatusForm};
    use crate::{request::Caller, server_fn::form::optional, text::form as words};

    impl Caller {
        pub(super) async fn set_affiliate_status(
            &self,
            form: &StatusForm,
        ) -> Result<AffiliateId, AppError> {
            let id = self.affiliate_with(&form.affiliate).await?.id;
            let status = AffiliateStatus::parse(&form.status);
            let change = AffiliateChange {
                status: Some(status.ok_or_else(|| AppError::invalid("status", words::CHOOSE))?),
                ..AffiliateChange::default()
            };
            self.store
                .change_affiliate(self.actor(), self.organization(), id, change)
                .await?;
            Ok(id)
        }

        pub(super) async fn join_campaign(&self, form: &JoinForm) -> Result<AffiliateId, AppError> {
            let id = self.affiliate_with(&form.affiliate).await?.id;
            let campaign: Result<CampaignId, _> = form.campaign.parse();
            let campaign = campaign.map_err(|_| AppError::invalid("campaign", words::CHOOSE))?;
            let share = optional("percent", &form.percent, BasisPoints::from_percent)?;
            let change = AffiliateChange {
                campaign_id: Some(campaign),
                share: share.map(Some),
                ..AffiliateChange::default()
            };
            self.store
                .change_affiliate(self.actor(), self.organization(), id, change)
                .await?;
            Ok(id)
        }
    }
}
