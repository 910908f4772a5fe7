//! One campaign: its terms, its snippet, its affiliates' links.

use domain::{
    id::{CampaignId, OrganizationId},
    site::Site,
};

pub const ONE: &str = "Campaign";
pub const ALL: &str = "All campaigns";
/// What was typed is kept; with the site that the landing page adds, if it does.
pub fn saved(added: Option<&Site>) -> String {
    let added = added.map(|site| format!(" {}", adds(site)));
    format!("Saved.{}", added.unwrap_or_default())
}

pub const SAVE: &str = "Save terms";
pub const PAGE_ADDED: &str =
    "The campaign is there. Look through its terms, then put the snippet into your site.";

pub const TERMS: &str = "Terms";
pub const TERMS_HINT: &str = "Changing terms changes nothing that was credited before: every sale keeps the terms it was made under.";
pub const VIEW_ONLY: &str = "Your role may look at the terms, not change them.";

pub const EARNING: &str = "What is earned";
pub const NAME: &str = "Name";
pub const NAME_HINT: &str = "What you and your affiliates call it.";
pub const SLUG_HINT: &str = "Its name in links, ?c=. When it changes, links with the old one lead into the affiliate's own campaign.";
pub const CURRENCY: &str = "Currency";
pub const CURRENCY_HINT: &str = "Commissions are recorded in it, so it can't change. For another currency, add another campaign.";
pub const AMOUNT: &str = "Commission";
pub const AMOUNT_HINT: &str = "What a payment earns: a percentage of its base (net of tax, after discounts), or a fixed amount.";
pub const UNIT_HINT: &str = "An affiliate's own commission in this campaign beats it.";
pub const DURATION_HINT: &str =
    "The first payment only, every payment of a subscription, or those of its first months.";
pub const HOLD_HINT: &str = "Days from payment to approval: your refund window. 0 to 365.";
pub const LEAD: &str = "Commission for a lead";
pub const LEAD_HINT: &str = "What a signup earns, once per customer. 0 earns nothing.";
pub const CLICK: &str = "Commission for a click";
pub const CLICK_HINT: &str =
    "What a visit earns, once per visitor, affiliate and day; bots don't count. 0 earns nothing.";
pub const SIGNUPS: &str = "Leads and clicks";
pub const SIGNUPS_HINT: &str = "Most campaigns pay for sales only and leave these at 0.";
pub const LEAD_DAY: &str = "Leads paid for in a day";
pub const LEAD_MONTH: &str = "Leads paid for in a month";
pub const CLICK_DAY: &str = "Clicks paid for in a day";
pub const CLICK_MONTH: &str = "Clicks paid for in a month";
pub const CAP_HINT: &str =
    "At most, per affiliate; those beyond earn nothing. Left empty, all are.";
pub const OVERRIDE: &str = "Recruiter's share in %";
pub const OVERRIDE_HINT: &str = "What a recruiter gets on top, in percent of the commission of those he recruited. 0 pays none.";
pub const REFUND_ON_CANCEL: &str = "When a subscription is cancelled within the hold";
pub const REFUND_ON_CANCEL_HINT: &str =
    "Whether its commissions that are still pending are taken back.";
pub const TAKE_BACK: &str = "take pending commissions back";
pub const KEEP: &str = "leave them";
pub const THRESHOLD: &str = "Smallest payout";
pub const THRESHOLD_HINT: &str = "Less than that is carried over to the next payout.";

pub const CREDITING: &str = "Who is credited";
pub const COOKIE_HINT: &str =
    "Days from a click to the payment within which it is credited. 1 to 365.";
pub const MODEL: &str = "Of several clicks";
pub const MODEL_HINT: &str = "Which one counts when a customer came through more than one link.";
pub const LAST_TOUCH: &str = "the last one counts";
pub const FIRST_TOUCH: &str = "the first one counts";
pub const COUPONS: &str = "Coupon against click";
pub const COUPONS_HINT: &str =
    "Who is credited when a payment carries one affiliate's coupon and another's click.";
pub const COUPON_WINS: &str = "the coupon wins";
pub const CLICK_WINS: &str = "the click wins";

pub const SITE: &str = "Your site";
pub const WEBSITE: &str = "Website";
pub const WEBSITE_HINT: &str =
    "Its pages and subdomains may tell of visits, for example https://shop.example.";
pub const LANDING: &str = "Landing page";
pub const LANDING_HINT: &str = "Where affiliates' links lead. Left empty, it is the website.";

/// What a landing page on a host that is not named does.
pub fn adds(site: &Site) -> String {
    format!("This adds {site} to your sites.")
}

pub const SITES: &str = "Further sites";
pub const SITES_HINT: &str = "Other hosts of yours that links may lead to and that may tell of visits, one in a line: pay.example.com.";
pub const CONSENT: &str = "Consent";
pub const CONSENT_HINT: &str =
    "With consent, nothing is kept of a visitor until your page calls Tributary.setConsent(true).";
pub const CONSENT_NO: &str = "visits are kept at once";
pub const CONSENT_YES: &str = "ask the visitor first";

pub const FLAGS: &str = "What is looked at by a person";
pub const FLAGS_HINT: &str =
    "A flagged sale stays pending past its hold until somebody resolves the flag.";
pub const SELF_REFERRAL: &str = "Affiliates who buy themselves";
pub const SELF_REFERRAL_HINT: &str =
    "Whether a sale is flagged whose payer has the affiliate's e-mail, also in another spelling.";
pub const DISPOSABLE: &str = "Disposable e-mail addresses";
pub const DISPOSABLE_HINT: &str =
    "Whether a sale is flagged whose payer gave an address of a throw-away service.";
pub const FLAG: &str = "flag them";
pub const LET_THROUGH: &str = "let them through";
pub const CLICKS_PER_DAY: &str = "Clicks on one day";
pub const CLICKS_PER_DAY_HINT: &str = "From how many clicks of an affiliate on one day on their sales are flagged. Left empty, never.";
pub const CONVERSION: &str = "Clicks that become sales, in %";
pub const CONVERSION_HINT: &str = "From what share of an affiliate's clicks that became sales on further ones are flagged. Left empty, never.";
pub const REVIEW: &str = "Sales from";
pub const REVIEW_HINT: &str = "From what amount on every sale is looked at. Left empty, none.";

pub const NEED_PAGE: &str = "a web address such as https://shop.example is needed";
pub const TOO_MANY_SITES: &str = "at most 20 sites are possible";

pub const SNIPPET: &str = "Snippet";
pub const SNIPPET_HINT: &str = "Put it into every page of your site, before </head>. It remembers who sent a visitor and hands that on to the checkout.";
pub const SNIPPET_NAME: &str = "the snippet";
pub const SEEN: &str = "Seen";
pub const NOT_SEEN: &str = "Not seen yet";
pub const SEEN_HINT: &str = "When the snippet last reported from a page, to the hour.";
pub const FIRST_SEEN: &str = "first";
pub const NO_SITE: &str = "Name your website in the terms first: only its pages may report.";
pub const TEST: &str = "Open your site through a link";
pub const NO_AFFILIATE_YET: &str = "Add an affiliate to this campaign to have a code for testing.";
pub const HAND_ON: &str = "Hand the referral to the checkout";
pub const COPY_CODE: &str = "the code";

pub const LINKS: &str = "Affiliates and their links";
pub const LINKS_CAPTION: &str = "Affiliates in this campaign, newest first";
pub const LINK: &str = "Link";
pub const EARNS: &str = "Earns";
pub const NO_LINKS: &str = "Nobody is in this campaign yet.";
pub const LINKS_LEAD_NOWHERE: &str =
    "These links lead nowhere yet: name the website or a landing page in the terms.";
pub const ADD_AFFILIATE: &str = "Add affiliate";
pub const COUPONS_OF: &str = "Coupons of this campaign";
pub const SALES_OF: &str = "Sales of this campaign";

pub const ARCHIVE: &str = "Archive";
pub const ARCHIVE_NOW: &str = "Archive this campaign";
pub const ARCHIVE_HINT: &str = "An archived campaign gives no new credit: its links and coupons bring nobody anything, and nobody can join. Subscriptions that were credited before go on earning, and everything that was earned stays. It can be restored.";
pub const RESTORE: &str = "Restore this campaign";
pub const RESTORE_HINT: &str = "It is archived: subscriptions that were credited before go on earning, but there is no new credit. Restored, links and coupons work again at once.";

/// A test of the snippet with this affiliate's code.
pub fn not_seen(code: &str) -> String {
    format!(
        "Put the snippet into your site, then open a page of it with ?via={code} in its address; this page tells when it was seen."
    )
}

/// The element that shops put into their pages.
pub fn snippet(
    public_url: &str,
    organization: OrganizationId,
    campaign: CampaignId,
    asks_first: bool,
) -> String {
    let consent = if asks_first {
        "\n        data-require-consent"
    } else {
        ""
    };
    format!(
        "<script src=\"{public_url}/t.js?program={campaign}\"\n        data-organization=\"{organization}\"\n        data-program-id=\"{campaign}\"{consent} defer></script>"
    )
}

/// What the page calls once the visitor has agreed.
pub const CONSENT_CODE: &str = "// once the visitor has agreed\nTributary.setConsent(true);";
pub const CONSENT_TITLE: &str = "Consent banner";
pub const CONSENT_WORDS: &str = "This campaign asks visitors first: call this when they agree, and with false when they take it back.";

/// A way to hand the referral on: its name, one sentence, the code.
pub struct Way {
    pub name: &'static str,
    pub words: &'static str,
    pub code: &'static str,
}

/// The ways that need code, in the order people read them.
pub const WAYS: [Way; 4] = [
    Way {
        name: "Stripe Checkout",
        words: "Payment links, buy buttons and pricing tables are filled in by the snippet alone. A session that your server makes gets the referral from your page.",
        code: "// in your page\nfetch('/checkout', {\n  method: 'POST',\n  body: JSON.stringify({ referral: Tributary.checkoutMetadata() }),\n});\n\n// on your server\nstripe.checkout.sessions.create({\n  // …\n  metadata: referral,\n  subscription_data: { metadata: referral }, // only with mode: 'subscription'\n});",
    },
    Way {
        name: "Paddle",
        words: "The overlay and inline checkouts take it as custom data.",
        code: "Paddle.Checkout.open({\n  items: [{ priceId: 'pri_01…', quantity: 1 }],\n  customData: Tributary.checkoutMetadata(),\n});",
    },
    Way {
        name: "Braintree",
        words: "Make two custom fields in the control panel, tributary_ref and tributary_click, of the kind “store and pass back”, and send them with the transaction.",
        code: "// in your page\nform.referral.value = JSON.stringify(Tributary.checkoutMetadata());\n\n// on your server\ngateway.transaction.sale({\n  // …\n  customFields: JSON.parse(form.referral),\n});",
    },
    Way {
        name: "Your own server",
        words: "Send Tributary.click from the page with the order, and tell of the sale when it is paid.",
        code: "",
    },
];

/// The server-to-server call with a click.
pub fn s2s(public_url: &str, currency: &str) -> String {
    format!(
        "curl {public_url}/api/tracking/s2s \\\n  -H \"Authorization: Bearer $TRIBUTARY_API_KEY\" \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\"externalEventId\": \"order-1001\", \"amountCents\": 4900,\n       \"currency\": \"{currency}\", \"clickId\": \"<Tributary.click>\"}}'"
    )
}
