//! Where processors' own dashboards show what we know by id. Only on the server.

use domain::{
    connection::{Mode, Processor},
    conversion::Conversion,
};

/// What an id is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// The payment itself, by what makes a sale unique.
    Sale,
    Invoice,
    Subscription,
    Customer,
    Payment,
}

/// The address of a thing in its processor's dashboard. Braintree's addresses need a merchant id, which a
/// sale does not have.
pub(crate) fn href(
    processor: Processor,
    mode: Option<Mode>,
    named: Named,
    id: &str,
) -> Option<String> {
    let is_clean = id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_test = mode == Some(Mode::Test);
    let (base, place) = match (processor, named) {
        (Processor::Stripe, named) => {
            let base = if is_test {
                "https://dashboard.stripe.com/test"
            } else {
                "https://dashboard.stripe.com"
            };
            (base, stripe_place(named)?)
        }
        (Processor::Paddle, named) => {
            let base = if is_test {
                "https://sandbox-vendors.paddle.com"
            } else {
                "https://vendors.paddle.com"
            };
            (base, paddle_place(named)?)
        }
        _ => return None,
    };
    is_clean.then(|| format!("{base}/{place}/{id}"))
}

fn stripe_place(named: Named) -> Option<&'static str> {
    match named {
        Named::Sale => None,
        Named::Invoice => Some("invoices"),
        Named::Subscription => Some("subscriptions"),
        Named::Customer => Some("customers"),
        Named::Payment => Some("payments"),
    }
}

fn paddle_place(named: Named) -> Option<&'static str> {
    match named {
        Named::Sale | Named::Payment => Some("transactions-v2"),
        Named::Invoice => None,
        Named::Subscription => Some("subscriptions-v2"),
        Named::Customer => Some("customers-v2"),
    }
}

/// The id that says most to who looks it up at the processor, and where it is shown there.
pub(crate) fn reference(sale: &Conversion, mode: Option<Mode>) -> Option<(String, Option<String>)> {
    let ids = &sale.ids;
    let by_stripe = [
        (Named::Invoice, &ids.invoice),
        (Named::Payment, &ids.payment_intent),
        (Named::Payment, &ids.charge),
        (Named::Subscription, &ids.subscription),
        (Named::Customer, &ids.customer),
    ];
    let by_others = [
        (Named::Sale, &sale.external_event_id),
        (Named::Customer, &ids.customer),
    ];
    let is_stripe = sale.processor == Processor::Stripe;
    let first = |known: &[(Named, &Option<String>)]| {
        let mut known = known.iter();
        known.find_map(|(named, id)| Some((*named, (*id).clone()?)))
    };
    let found = is_stripe.then(|| first(&by_stripe)).flatten();
    let (named, id) = found.or_else(|| first(&by_others))?;
    let href = href(sale.processor, mode, named, &id);
    Some((id, href))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_to_their_processors_dashboards_in_their_mode() {
        let of = |processor, mode, named, id| href(processor, mode, named, id);
        let live = Some(Mode::Live);
        let test = Some(Mode::Test);
        for (processor, mode, named, id, expected) in [
            (
                Processor::Stripe,
                live,
                Named::Invoice,
                "in_1",
                Some("https://dashboard.stripe.com/invoices/in_1"),
            ),
            (
                Processor::Stripe,
                test,
                Named::Payment,
                "pi_1",
                Some("https://dashboard.stripe.com/test/payments/pi_1"),
            ),
            (
                Processor::Paddle,
                test,
                Named::Sale,
                "txn_1",
                Some("https://sandbox-vendors.paddle.com/transactions-v2/txn_1"),
            ),
            (
                Processor::Paddle,
                live,
                Named::Customer,
                "ctm_1",
                Some("https://vendors.paddle.com/customers-v2/ctm_1"),
            ),
            (Processor::Stripe, live, Named::Sale, "in_1", None),
            (Processor::Stripe, live, Named::Invoice, "in_1/../x", None),
            (Processor::Braintree, live, Named::Sale, "abc", None),
            (Processor::Server, None, Named::Sale, "order-1", None),
        ] {
            assert_eq!(
                of(processor, mode, named, id).as_deref(),
                expected,
                "{processor} {id}"
            );
        }
    }
}
