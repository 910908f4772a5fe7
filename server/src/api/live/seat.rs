//! How many streams one holder has open: each costs memory for as long as it is open.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{caller::Holder, problem::Problem};

/// Streams of one member at once: every tab with the sales page has one.
const MOST_OF_MEMBER: usize = 100;
/// Streams of one key at once: a program may listen for many people.
const MOST_OF_KEY: usize = 10_000;

/// Who has how many streams open at this process.
#[derive(Default)]
pub(crate) struct Seats(Mutex<HashMap<Holder, usize>>);

/// One open stream; it is given back when it is dropped.
pub(super) struct Seat {
    seats: Arc<Seats>,
    holder: Holder,
}

impl Seats {
    /// A further stream; refused with 429 when the holder has too many.
    pub(super) fn take(self: &Arc<Self>, holder: Holder) -> Result<Seat, Problem> {
        let most = match holder {
            Holder::Member(_) => MOST_OF_MEMBER,
            Holder::Key(_) => MOST_OF_KEY,
        };
        let mut seats = self.seats();
        let taken = seats.entry(holder).or_default();
        if *taken >= most {
            return Err(Problem::too_many_streams(most));
        }
        *taken += 1;
        Ok(Seat {
            seats: Arc::clone(self),
            holder,
        })
    }

    fn seats(&self) -> MutexGuard<'_, HashMap<Holder, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.seats.seats();
        match seats.get_mut(&self.holder) {
            Some(taken) if *taken > 1 => *taken -= 1,
            _ => drop(seats.remove(&self.holder)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::{ApiKeyId, PersonId};
    use uuid::Uuid;

    #[test]
    fn who_has_too_many_gives_one_back_first() {
        let seats = Arc::new(Seats::default());
        let member = Holder::Member(PersonId(Uuid::nil()));
        let mut taken: Vec<_> = (0..MOST_OF_MEMBER)
            .map_while(|_| seats.take(member).ok())
            .collect();
        assert_eq!(taken.len(), MOST_OF_MEMBER);
        assert!(seats.take(member).is_err());
        let other = Holder::Member(PersonId(Uuid::max()));
        let key = Holder::Key(ApiKeyId(Uuid::nil()));
        assert!(seats.take(other).is_ok() && seats.take(key).is_ok());
        drop(taken.pop());
        assert!(seats.take(member).is_ok());
        drop(taken);
        assert!(seats.seats().is_empty(), "nobody who left is remembered");
    }
}
