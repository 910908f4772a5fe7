//! The outcome of an event: that of its weightiest fact.

use domain::{attribution::TrailStep, event::Outcome, id::ConversionId};

use super::decide::Done;

/// Why nobody is credited, in one line.
pub(super) fn reason(trail: &[TrailStep]) -> String {
    if trail.is_empty() {
        return "nothing on the payment names an affiliate, and the customer is not known"
            .to_owned();
    }
    trail
        .iter()
        .map(|step| step.text.as_str())
        .collect::<Vec<_>>()
        .join("; ")
}

/// What became of an event's facts, one line each.
#[derive(Default)]
pub(super) struct Tally {
    lines: Vec<(Outcome, String, Option<ConversionId>)>,
}

impl Tally {
    pub(super) fn add(
        &mut self,
        outcome: Outcome,
        detail: String,
        conversion_id: Option<ConversionId>,
    ) {
        self.lines.push((outcome, detail, conversion_id));
    }

    /// A signup that nobody is credited for is the normal case and not worth a word.
    pub(super) fn signup(&mut self, done: Done) {
        match done {
            Done::New(lead) => self.add(
                Outcome::Recorded,
                "recorded a lead".to_owned(),
                Some(lead.id),
            ),
            Done::Existing(lead) => {
                self.add(
                    Outcome::Deduped,
                    "the lead was recorded before".to_owned(),
                    Some(lead.id),
                );
            }
            Done::NotDue(_) | Done::Nobody(_) | Done::Barred(_) => {}
        }
    }

    pub(super) fn close(self) -> (Outcome, String, Option<ConversionId>) {
        let weight = |outcome: Outcome| match outcome {
            Outcome::Failed => 0,
            Outcome::Recorded => 1,
            Outcome::Unattributed => 2,
            Outcome::Deduped => 3,
            Outcome::Parked => 4,
            Outcome::Ignored => 5,
            Outcome::Stored => 6,
        };
        let first = self
            .lines
            .into_iter()
            .min_by_key(|(outcome, ..)| weight(*outcome));
        first.unwrap_or((
            Outcome::Stored,
            "kept what it says for payments to come".to_owned(),
            None,
        ))
    }
}
