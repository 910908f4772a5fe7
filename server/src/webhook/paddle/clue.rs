//! Where Paddle's objects name an affiliate: in their custom data, and by a discount's id.

use chrono::{DateTime, Utc};
use domain::fact::{ClueKind, Fact, Referral, Subject, SubjectKind};

use super::Object;
pub(super) use crate::webhook::clue::Clues;

impl Clues {
    /// Those in the custom data of `object`; `owner` says in words what it is. Paddle copies a
    /// transaction's to the subscription it makes, and a subscription's to all later transactions.
    pub(super) fn custom_data(&mut self, object: Object<'_>, owner: &str) {
        self.attached(object, "custom_data", ("custom data", owner));
    }

    /// The discount named at `path`. Its words are only in the discount's own events, so it is looked for
    /// like a promotion code of Stripe's.
    pub(super) fn discount_id(&mut self, object: Object<'_>, paths: &[&str], owner: &str) {
        let id = object.id(paths).ok().flatten();
        self.add(ClueKind::PromotionCode, id.as_deref(), || {
            format!("discount of {owner}")
        });
    }

    /// Kept for these, whose payments come on their own; `None` when nothing is named.
    pub(super) fn referral(
        &self,
        subjects: impl IntoIterator<Item = (SubjectKind, String)>,
        occurred_at: DateTime<Utc>,
    ) -> Option<Fact> {
        let clues = self.clone().into_vec();
        let subjects = subjects.into_iter();
        (!clues.is_empty()).then(|| {
            Fact::Referral(Referral {
                subjects: subjects.map(|(kind, id)| Subject { kind, id }).collect(),
                clues,
                occurred_at,
            })
        })
    }
}
