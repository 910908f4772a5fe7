//! Transfers that an event tells of: what they mean for their payouts is put down with the batch.

use domain::{
    event::Outcome,
    id::EventId,
    transfer::{Arrival, TransferSeen},
};

use super::{decide::Clerk, tally::Tally};
use crate::audit::Actor;

impl Clerk<'_> {
    /// Takes in what was seen of a transfer.
    pub(super) fn transfer(&mut self, seen: &TransferSeen, event_id: EventId, tally: &mut Tally) {
        let payouts = &mut self.known.payouts;
        let known = seen.payout_id.and_then(|id| payouts.get_mut(&id));
        let Some(known) = known else {
            let detail = "there is no payout of this transfer".to_owned();
            return tally.add(Outcome::Ignored, detail, None);
        };
        let (outcome, detail) = match known.take(seen) {
            Arrival::Foreign(why) => return tally.add(Outcome::Ignored, why.to_owned(), None),
            Arrival::Known => (Outcome::Deduped, "was known"),
            Arrival::Completes { .. } => (Outcome::Recorded, "completes its payout"),
            Arrival::Fails => (Outcome::Recorded, "came back: its payout failed"),
            Arrival::Adjusts { .. } => (Outcome::Recorded, "changes what is owed"),
        };
        let detail = format!("the transfer {} {detail}", seen.transfer_id);
        tally.add(outcome, detail, None);
        self.writes
            .transfers
            .push((seen.clone(), Actor::Event(event_id)));
    }
}
