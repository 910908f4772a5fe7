//! Icons: drawn once per page in a sprite, used by name. Always beside words, so hidden from readers.

use leptos::{prelude::*, tachys::html::InertElement};

/// The icons there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Icon {
    Brand,
    Sales,
    Affiliates,
    Campaigns,
    Connections,
    Flag,
    Events,
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
    Failed,
    Copy,
    Download,
    Plus,
    Chevron,
    Close,
    Check,
    Filter,
    Up,
    Out,
    Menu,
    Settings,
    Reports,
}

/// The markup of an icon: ready-made, because there are many on a page and none ever changes.
macro_rules! drawn {
    ($name:literal) => {
        concat!(
            r##"<svg class="icon" width="16" height="16" aria-hidden="true"><use href="#i-"##,
            $name,
            r#""></use></svg>"#
        )
    };
}

impl Icon {
    fn markup(self) -> &'static str {
        match self {
            Self::Brand => drawn!("brand"),
            Self::Sales => drawn!("sales"),
            Self::Reports => drawn!("reports"),
            Self::Affiliates => drawn!("affiliates"),
            Self::Campaigns => drawn!("campaigns"),
            Self::Connections => drawn!("connections"),
            Self::Flag => drawn!("flag"),
            Self::Events => drawn!("events"),
            Self::Coupon => drawn!("coupon"),
            Self::Customer => drawn!("customer"),
            Self::Server => drawn!("server"),
            Self::Lead => drawn!("lead"),
            Self::Override => drawn!("override"),
            Self::Click => drawn!("click"),
            Self::Imported => drawn!("imported"),
            Self::Manual => drawn!("manual"),
            Self::Pending => drawn!("pending"),
            Self::Approved => drawn!("approved"),
            Self::Paid => drawn!("paid"),
            Self::Refunded => drawn!("refunded"),
            Self::Denied => drawn!("denied"),
            Self::Failed => drawn!("failed"),
            Self::Copy => drawn!("copy"),
            Self::Download => drawn!("download"),
            Self::Plus => drawn!("plus"),
            Self::Chevron => drawn!("chevron"),
            Self::Close => drawn!("close"),
            Self::Check => drawn!("check"),
            Self::Filter => drawn!("filter"),
            Self::Up => drawn!("up"),
            Self::Out => drawn!("out"),
            Self::Menu => drawn!("menu"),
            Self::Settings => drawn!("settings"),
        }
    }
}

/// One icon, in the colour of the text around it.
pub fn icon(icon: Icon) -> InertElement {
    InertElement::new(icon.markup())
}

/// The drawings. Rendered once, before anything that uses them.
#[component]
pub fn Sprite() -> impl IntoView {
    view! { <svg class="sprite" width="0" height="0" aria-hidden="true" inner_html=include_str!("icons.svg")></svg> }
}
