//! Badges: a shape and a word, never colour alone.

use domain::{
    conversion::Source, event::Outcome, fraud::FlagStatus, lifecycle::Status, payout::PayoutStatus,
};
use leptos::{prelude::*, tachys::html::InertElement};

use super::icon::{Icon, icon};
use crate::text;

/// Where the sentence about a source stands on the page, for screen readers.
fn sentence_id(source: Source) -> String {
    format!("source-{}", source.as_str())
}

/// A source's shape.
pub fn source_icon(source: Source) -> Icon {
    match source {
        Source::Coupon => Icon::Coupon,
        Source::Link => Icon::Connections,
        Source::CustomerMatch => Icon::Customer,
        Source::Click => Icon::Click,
        Source::Lead => Icon::Lead,
        Source::Override => Icon::Override,
        Source::Server => Icon::Server,
        Source::Imported => Icon::Imported,
        Source::Manual => Icon::Manual,
    }
}

/// A status's shape.
pub fn status_icon(status: Status) -> Icon {
    match status {
        Status::Pending => Icon::Pending,
        Status::Approved => Icon::Approved,
        Status::Paid => Icon::Paid,
        Status::Refunded => Icon::Refunded,
        Status::Denied => Icon::Denied,
    }
}

/// How a sale was attributed; says more on hover and focus.
pub fn source_badge(source: Source, coupon: Option<String>) -> impl IntoView {
    let code = coupon.filter(|_| source == Source::Coupon);
    view! {
        <span class="source" tabindex="0" aria-describedby=sentence_id(source) data-tip=text::sales::source(source)>
            {icon(source_icon(source))}
            {source.label()}
            {code.map(|code| view! { " · "<code>{code}</code> })}
        </span>
    }
}

/// The sentences that source badges refer to; once per page. Ready-made, of our own words only.
pub fn source_sentences() -> InertElement {
    let sentence = |source: &Source| {
        format!(
            "<li id=\"{}\">{}</li>",
            sentence_id(*source),
            text::sales::source(*source)
        )
    };
    InertElement::new(format!(
        "<ul hidden>{}</ul>",
        Source::ALL.iter().map(sentence).collect::<String>()
    ))
}

/// Where a sale stands: shape, word, colour, and the days of hold left.
pub fn status_badge(status: Status, held_days: Option<u16>) -> impl IntoView {
    let held = held_days.map(|days| {
        view! { <small title=text::sales::held_long(days)>{text::sales::held(days)}</small> }
    });
    view! {
        <span class=status_class(status) title=text::sales::status(status)>
            {icon(status_icon(status))}
            {status.label()}
        </span>
        {held}
    }
}

/// An outcome's shape and colour.
fn outcome_look(outcome: Outcome) -> (Icon, &'static str) {
    match outcome {
        Outcome::Recorded => (Icon::Approved, "status approved"),
        Outcome::Deduped => (Icon::Paid, "status refunded"),
        Outcome::Unattributed => (Icon::Customer, "status pending"),
        Outcome::Parked => (Icon::Pending, "status pending"),
        Outcome::Ignored => (Icon::Denied, "status refunded"),
        Outcome::Failed => (Icon::Failed, "status denied"),
        Outcome::Stored => (Icon::Imported, "status refunded"),
    }
}

/// What became of an event.
pub fn outcome_badge(outcome: Outcome) -> impl IntoView {
    let (shape, class) = outcome_look(outcome);
    view! { <span class=class title=text::events::outcome(outcome)>{icon(shape)}{outcome.label()}</span> }
}

/// A flag's shape and colour.
fn flag_look(status: FlagStatus) -> (Icon, &'static str) {
    match status {
        FlagStatus::Open => (Icon::Pending, "status pending"),
        FlagStatus::Reviewed => (Icon::Approved, "status approved"),
        FlagStatus::Dismissed => (Icon::Refunded, "status refunded"),
        FlagStatus::Confirmed => (Icon::Denied, "status denied"),
    }
}

/// Where a flag stands.
pub fn flag_badge(status: FlagStatus) -> impl IntoView {
    let (shape, class) = flag_look(status);
    view! { <span class=class title=text::flags::status(status)>{icon(shape)}{status.label()}</span> }
}

/// A payout's shape and colour.
fn payout_look(status: PayoutStatus) -> (Icon, &'static str) {
    match status {
        PayoutStatus::Pending => (Icon::Pending, "status pending"),
        PayoutStatus::Processing => (Icon::Up, "status approved"),
        PayoutStatus::Completed => (Icon::Paid, "status paid"),
        PayoutStatus::Failed => (Icon::Failed, "status denied"),
    }
}

/// Where a payout stands.
pub fn payout_badge(status: PayoutStatus) -> impl IntoView {
    let (shape, class) = payout_look(status);
    view! { <span class=class title=text::payouts::status(status)>{icon(shape)}{status.label()}</span> }
}

fn status_class(status: Status) -> String {
    format!("status {}", status.as_str())
}
