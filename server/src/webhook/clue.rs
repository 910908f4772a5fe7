//! What in a processor's objects names an affiliate.
//!
//! Owns the metadata keys. It must not know whose a code is, nor whether it is anybody's: that is decided
//! in `domain::attribution`.

use domain::{
    fact::{Clue, ClueKind},
    id::ClickId,
    text::MAX_EXTERNAL_ID,
};
use serde_json::Value;

use super::json::{Object, clean};

/// The metadata keys that are read, most telling first (domain rules, section 4). Those after ours are
/// what people bring along from other platforms.
pub(super) const KEYS: [(&str, ClueKind); 7] = [
    ("tributary_click", ClueKind::Click),
    ("tributary_ref", ClueKind::Slug),
    ("rekomi_ref", ClueKind::Slug),
    ("agentref_cid", ClueKind::Slug),
    ("referral", ClueKind::Slug),
    ("via", ClueKind::Slug),
    ("ref", ClueKind::Slug),
];

/// Clues in the order they were found, each once.
#[derive(Clone, Default)]
pub(super) struct Clues(Vec<Clue>);

impl Clues {
    /// Those in what the merchant attached at `path`; `place` says in words what that is.
    pub(super) fn attached(&mut self, object: Object<'_>, path: &str, place: (&str, &str)) {
        let Some(attached) = object.at(path) else {
            return;
        };
        for (key, kind) in KEYS {
            let value = attached.get(key).and_then(Value::as_str);
            self.add(kind, value, || format!("{} {key} of {}", place.0, place.1));
        }
    }

    /// One that was found at this place, unless it is empty, too long, or there already.
    pub(super) fn add(&mut self, kind: ClueKind, value: Option<&str>, place: impl Fn() -> String) {
        let value = clean(value.unwrap_or_default()).trim().to_owned();
        let known = |clue: &Clue| clue.kind == kind && clue.value == value;
        if value.is_empty() || value.len() > MAX_EXTERNAL_ID || self.0.iter().any(known) {
            return;
        }
        let place = place();
        self.0.push(Clue { kind, value, place });
    }

    pub(super) fn into_vec(self) -> Vec<Clue> {
        self.0
    }
}

/// Only the usual spelling with hyphens: 32 bare hex digits may well be somebody's own reference.
pub(super) fn is_click_token(value: &str) -> bool {
    value.trim().len() == 36 && value.trim().parse::<ClickId>().is_ok()
}
