//! What a new organization does next.

pub const TITLE: &str = "No sales yet";
pub const LEAD: &str = "Four steps to the first one. It shows up here the moment it happens.";
pub const DONE: &str = "Done";
pub const AFFILIATE: &str = "Add an affiliate";
pub const AFFILIATE_HINT: &str = "Somebody who earns: a name, an e-mail and a referral code.";
pub const CONNECT: &str = "Connect a processor";
pub const CONNECT_HINT: &str =
    "Paste a webhook address into Stripe, Paddle or Braintree; payments are credited from then on.";
pub const SNIPPET: &str = "Install the snippet";
pub const SNIPPET_HINT: &str = "One line in your site remembers who sent a visitor. It is ticked once a page of yours has loaded it; who only uses coupons needs none.";
pub const TEST: &str = "Send a test sale";
pub const TEST_HINT: &str = "From your own server or a terminal, with an API key of your organization in TRIBUTARY_API_KEY.";
pub const COMMAND: &str = "the command";
pub const YOUR_AFFILIATE: &str = "your-affiliate";

/// A sale of 49 dollars through the server-to-server call.
pub fn curl(public_url: &str, affiliate: &str) -> String {
    format!(
        "curl {public_url}/api/tracking/s2s \\\n  \
         -H \"Authorization: Bearer $TRIBUTARY_API_KEY\" \\\n  \
         -H 'Content-Type: application/json' \\\n  \
         -d '{{\"externalEventId\": \"test-1\", \"amountCents\": 4900,\n       \
         \"currency\": \"USD\", \"affiliateSlug\": \"{affiliate}\"}}'"
    )
}
