//! Payments that no processor tells of: by a call of the merchant's server, or by a member.

use store::{
    audit::Actor,
    intake::{IntakeError, ManualSale, ServerSale},
};

use super::{Run, case::Way};

/// Tells of a payment by a call, if that is the way; a plan may not pay for it.
pub(super) async fn by_call(run: &Run<'_>, number: usize) -> bool {
    let payment = run.payment(number);
    let (store, organization_id) = (&run.shop.store, run.shop.organization_id);
    let told = match run.case.payments[number].way {
        Way::Processor => return false,
        Way::Server => {
            let sale = ServerSale {
                payment,
                kind: None,
                campaign_id: None,
            };
            store.record_sale(organization_id, sale).await
        }
        Way::Member => {
            let sale = ManualSale {
                affiliate_id: run.affiliate.id,
                campaign_id: run.affiliate.enrollments[0].campaign_id,
                amount: payment.amount,
                paid_at: payment.paid_at,
                email: payment.email,
                external_event_id: Some(payment.external_event_id),
                note: "by hand".to_owned(),
                actor: Actor::System,
            };
            store.enter_sale(organization_id, sale).await
        }
    };
    assert!(
        matches!(told, Ok(_) | Err(IntakeError::NotDue(_))),
        "{told:?}"
    );
    true
}
