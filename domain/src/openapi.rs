//! What the texts of this crate look like in the document of the API. Enums that are words tell their words
//! themselves, by the macro that makes them.

use utoipa::openapi::{KnownFormat, SchemaFormat};

use crate::{
    coupon::CouponCode, email::Email, import::Mapping, money::Currency, organization::TimeZone,
    site::Site, slug::Slug, text::Name,
};

/// Describes a type that is a text on the wire, by what is to be said of it.
macro_rules! text {
    ($name:ident: $($what:ident = $value:expr),+ $(,)?) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    $(.$what($value))+
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}

pub(crate) use text;

/// The format of every id.
pub(crate) fn uuid() -> SchemaFormat {
    SchemaFormat::KnownFormat(KnownFormat::Uuid)
}

text!(Name: min_length = Some(1), max_length = Some(120), examples = ["Sarah Lind"]);
text!(Slug: pattern = Some("^[A-Za-z0-9-]{3,64}$"), examples = ["sarah"]);
text!(CouponCode: pattern = Some(r"^[^\s\x00-\x1f\x7f-\x9f]{1,64}$"), examples = ["SARAH20"]);
text!(Currency: pattern = Some("^[A-Za-z]{3}$"), description = Some("ISO 4217."), examples = ["USD"]);
text!(TimeZone: description = Some("A name of the IANA database."), examples = ["Europe/Berlin"]);
text!(Site: max_length = Some(253), description = Some("The host of a website."), examples = ["shop.example.com"]);
text!(Email:
    format = Some(SchemaFormat::KnownFormat(KnownFormat::Email)),
    max_length = Some(254),
    examples = ["sarah@example.com"],
);

impl utoipa::PartialSchema for Mapping {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .description(Some("The names of the file's columns, by what they hold."))
            .additional_properties(Some(
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String),
            ))
            .into()
    }
}

impl utoipa::ToSchema for Mapping {}
