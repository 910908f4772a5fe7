//! Icons: drawn once per page in a sprite, used by name. Always beside words, so hidden from readers.

use leptos::prelude::*;

/// The icons there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Icon {
    Brand,
    Sales,
    Affiliates,
    Campaigns,
    Connections,
    Coupon,
    Customer,
    Server,
    Lead,
    Override,
    Click,
    Imported,
    Manual,
    Pending,
    Approved,
    Paid,
    Refunded,
    Denied,
    Copy,
    Download,
    Plus,
    Chevron,
    Close,
    Check,
    Filter,
    Up,
    Out,
}

impl Icon {
    /// Where the sprite has it.
    fn href(self) -> &'static str {
        match self {
            Self::Brand => "#i-brand",
            Self::Sales => "#i-sales",
            Self::Affiliates => "#i-affiliates",
            Self::Campaigns => "#i-campaigns",
            Self::Connections => "#i-connections",
            Self::Coupon => "#i-coupon",
            Self::Customer => "#i-customer",
            Self::Server => "#i-server",
            Self::Lead => "#i-lead",
            Self::Override => "#i-override",
            Self::Click => "#i-click",
            Self::Imported => "#i-imported",
            Self::Manual => "#i-manual",
            Self::Pending => "#i-pending",
            Self::Approved => "#i-approved",
            Self::Paid => "#i-paid",
            Self::Refunded => "#i-refunded",
            Self::Denied => "#i-denied",
            Self::Copy => "#i-copy",
            Self::Download => "#i-download",
            Self::Plus => "#i-plus",
            Self::Chevron => "#i-chevron",
            Self::Close => "#i-close",
            Self::Check => "#i-check",
            Self::Filter => "#i-filter",
            Self::Up => "#i-up",
            Self::Out => "#i-out",
        }
    }
}

/// One icon, in the colour of the text around it.
pub fn icon(icon: Icon) -> impl IntoView {
    view! {
        <svg class="icon" width="16" height="16" aria-hidden="true">
            <use_ href=icon.href()></use_>
        </svg>
    }
}

/// The drawings. Rendered once, before anything that uses them.
#[component]
pub fn Sprite() -> impl IntoView {
    view! { <svg class="sprite" width="0" height="0" aria-hidden="true" inner_html=include_str!("icons.svg")></svg> }
}
