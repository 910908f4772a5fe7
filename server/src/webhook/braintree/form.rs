//! A notification as it comes: the two fields of a form, one of which is XML as base64.

use std::{borrow::Cow, str};

use base64::{Engine, engine::general_purpose::STANDARD};
use url::form_urlencoded;

use super::Unreadable;

/// The first value of this field.
pub(super) fn field<'a>(form: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    let mut fields = form_urlencoded::parse(form);
    fields.find(|(own, _)| own == name).map(|(_, value)| value)
}

/// No form begins like this, so whoever signs a form can't have it taken for a document.
pub(super) fn is_document(body: &[u8]) -> bool {
    body.first() == Some(&b'<')
}

/// The document in a form; or the body itself, when it was found in Braintree's own lists.
pub(super) fn xml(body: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    let not_xml = |_| Unreadable::NotReadable("XML");
    if is_document(body) {
        return str::from_utf8(body).map(Cow::Borrowed).map_err(not_xml);
    }
    let no_form = Unreadable::NotReadable("form: bt_payload is missing");
    let mut payload = field(body, "bt_payload").ok_or(no_form)?.into_owned();
    // It is wrapped after 60 characters, and ends with a line break.
    payload.retain(|letter| letter != '\n');
    let decoded = STANDARD.decode(payload);
    let decoded = decoded.map_err(|_| Unreadable::NotReadable("base64 in bt_payload"))?;
    let text = String::from_utf8(decoded);
    text.map(Cow::Owned)
        .map_err(|_| Unreadable::NotReadable("XML"))
}
