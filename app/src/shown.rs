//! What the sales page shows at the moment, and how a fresh answer of the server becomes it.
//!
//! Rows keep their identity: one that is still there is changed in place, one that came in is
//! marked, one that no longer fits leaves. While the reader is down the page nothing moves: what
//! came in is held back and counted.

use domain::{
    id::ConversionId,
    sales::{ChipCounts, CurrencyTotals},
};
use leptos::prelude::*;

use crate::{
    moment::Millis,
    server_fn::{
        Choice,
        sales::{SaleRow, SalesPage},
    },
};

/// One row on the screen.
#[derive(Clone)]
pub struct ShownRow {
    /// Which sale: the row's key.
    pub id: ConversionId,
    /// What is known about it.
    pub sale: ArcRwSignal<SaleRow>,
    /// Why it draws attention.
    pub mark: ArcRwSignal<Mark>,
}

/// Why a row draws attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It does not.
    None,
    /// It came in while one was looking.
    New,
    /// It changed; even and odd changes differ, so that each begins an animation anew.
    Changed(bool),
}

/// Everything around the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// When the server answered.
    pub now: Millis,
    /// Sums by currency.
    pub totals: Vec<CurrencyTotals>,
    /// Counts on the chips.
    pub chips: ChipCounts,
    /// Where older rows are.
    pub older: Option<String>,
    /// Where newer rows are.
    pub newer: Option<String>,
    /// What to do next, while there is no sale at all.
    pub first_steps: Option<String>,
    /// The affiliate of the filter.
    pub affiliate: Option<Choice>,
    /// May the viewer decide about sales?
    pub may_edit: bool,
}

/// How a fresh answer is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// It answers another question than what is shown.
    Replace,
    /// The same question again: mark what is new and what changed.
    Follow,
    /// The same, but nothing may move: change in place, hold back what is new.
    Hold,
}

/// The state of the page.
#[derive(Clone, Copy)]
pub struct Shown {
    /// The rows in their order.
    pub rows: RwSignal<Vec<ShownRow>>,
    /// What is around them.
    pub summary: RwSignal<Summary>,
    /// How many sales are held back.
    pub held: RwSignal<usize>,
    /// How many rows came in at the top at the last answer.
    pub arrived: RwSignal<usize>,
    /// The answer of which something is held back.
    latest: StoredValue<Option<SalesPage>>,
}

impl Shown {
    /// The page as it came.
    pub fn new(page: SalesPage) -> Self {
        let (rows, summary) = split(page);
        Self {
            rows: RwSignal::new(rows.into_iter().map(ShownRow::new).collect()),
            summary: RwSignal::new(summary),
            held: RwSignal::new(0),
            arrived: RwSignal::new(0),
            latest: StoredValue::new(None),
        }
    }

    /// Takes a fresh answer.
    pub fn take(self, page: SalesPage, taking: Taking) {
        let held_back = (taking == Taking::Hold).then(|| page.clone());
        let (fresh, summary) = split(page);
        let Some(old) = self.rows.try_get_untracked() else {
            return;
        };
        let top = old.first().map(|row| row.id);
        let mut arrived = 0;
        let mut rows: Vec<ShownRow> = Vec::with_capacity(fresh.len());
        let mut held = 0;
        for sale in fresh {
            let came_in = top.is_none_or(|top| sale.id > top);
            match old.iter().find(|row| row.id == sale.id) {
                Some(row) => {
                    row.update(sale, taking != Taking::Replace);
                    rows.push(row.clone());
                }
                None if taking == Taking::Hold && came_in => held += 1,
                None => {
                    let row = ShownRow::new(sale);
                    if taking == Taking::Follow && came_in {
                        row.mark.set(Mark::New);
                        arrived += 1;
                    }
                    rows.push(row);
                }
            }
        }
        if held > 0 {
            keep_pushed_out(&mut rows, &old);
        }
        if ids(&rows) != ids(&old) {
            self.rows.set(rows);
        }
        self.latest.set_value(held_back.filter(|_| held > 0));
        if self.held.get_untracked() != held {
            self.held.set(held);
        }
        self.arrived.set(arrived);
        self.summary.set(summary);
    }

    /// Shows what was held back.
    pub fn release(self) {
        if let Some(page) = self.latest.try_update_value(Option::take).flatten() {
            self.take(page, Taking::Follow);
        }
    }
}

impl ShownRow {
    fn new(sale: SaleRow) -> Self {
        Self {
            id: sale.id,
            sale: ArcRwSignal::new(sale),
            mark: ArcRwSignal::new(Mark::None),
        }
    }

    fn update(&self, sale: SaleRow, mark: bool) {
        let old = self.sale.get_untracked();
        if mark && old.facts() != sale.facts() {
            let odd = self.mark.get_untracked() == Mark::Changed(true);
            self.mark.set(Mark::Changed(!odd));
        } else if !mark {
            self.mark.set(Mark::None);
        }
        if old != sale {
            self.sale.set(sale);
        }
    }
}

/// Rows that newer ones pushed off the page stay while nothing may move; a row that is missing
/// above the end of the answer has left the filter.
fn keep_pushed_out(rows: &mut Vec<ShownRow>, old: &[ShownRow]) {
    let end = rows.last().map(|row| row.id);
    rows.extend(
        old.iter()
            .filter(|row| end.is_none_or(|end| row.id < end))
            .cloned(),
    );
}

fn ids(rows: &[ShownRow]) -> Vec<ConversionId> {
    rows.iter().map(|row| row.id).collect()
}

fn split(page: SalesPage) -> (Vec<SaleRow>, Summary) {
    let SalesPage {
        now,
        rows,
        totals,
        chips,
        older,
        newer,
        first_steps,
        affiliate,
        may_edit,
    } = page;
    (
        rows,
        Summary {
            now,
            totals,
            chips,
            older,
            newer,
            first_steps,
            affiliate,
            may_edit,
        },
    )
}

#[cfg(test)]
mod tests {
    use domain::{
        commission::Rate,
        conversion::{ConversionType, Source},
        lifecycle::Status,
        money::{Currency, Money},
    };

    use super::*;
    use crate::server_fn::sales::Paid;

    fn sale(id: u128, status: Status) -> SaleRow {
        let amount = Money::new(4900, Currency::USD);
        SaleRow {
            id: format!("{id:032x}").parse().expect("an id"),
            created_at: 0,
            occurred_at: 0,
            kind: ConversionType::Sale,
            source: Source::Link,
            coupon: None,
            affiliate: String::new(),
            campaign: String::new(),
            paid: Paid {
                amount,
                refunded_minor: 0,
                base_minor: 4900,
            },
            commission: Some(amount),
            rate: Rate::Fixed(4900),
            status,
            held_days: None,
            reference: None,
        }
    }

    fn page(rows: Vec<SaleRow>) -> SalesPage {
        SalesPage {
            now: 0,
            rows,
            totals: Vec::new(),
            chips: ChipCounts::default(),
            older: None,
            newer: None,
            first_steps: None,
            affiliate: None,
            may_edit: true,
        }
    }

    /// The rows from the top: the last digits of their ids and their marks.
    fn rows(shown: Shown) -> Vec<(String, Mark)> {
        let rows = shown.rows.get_untracked();
        let last = |id: ConversionId| id.to_string().trim_start_matches(['0', '-']).to_owned();
        rows.iter()
            .map(|row| (last(row.id), row.mark.get_untracked()))
            .collect()
    }

    fn of(pending: &[u128]) -> Vec<SaleRow> {
        pending
            .iter()
            .map(|id| sale(*id, Status::Pending))
            .collect()
    }

    #[test]
    fn what_is_new_is_marked_and_what_changed_stays_in_place() {
        Owner::new().with(|| {
            let shown = Shown::new(page(of(&[3, 2, 1])));
            let kept = shown.rows.get_untracked()[1].clone();
            let fresh = vec![
                sale(4, Status::Pending),
                sale(3, Status::Pending),
                sale(2, Status::Paid),
            ];
            shown.take(page(fresh), Taking::Follow);
            let marks = [Mark::New, Mark::None, Mark::Changed(true)];
            let expected = ["4", "3", "2"].map(str::to_owned).into_iter().zip(marks);
            assert_eq!(rows(shown), expected.collect::<Vec<_>>());
            assert_eq!(kept.sale.get_untracked().status, Status::Paid);
            assert_eq!(shown.arrived.get_untracked(), 1);
        });
    }

    #[test]
    fn while_one_reads_nothing_moves_but_what_left_the_filter_goes() {
        Owner::new().with(|| {
            let shown = Shown::new(page(of(&[4, 3, 2, 1])));
            shown.take(page(of(&[6, 5, 4, 2])), Taking::Hold);
            let ids = |shown| {
                rows(shown)
                    .into_iter()
                    .map(|(id, _)| id)
                    .collect::<Vec<_>>()
            };
            assert_eq!(ids(shown), ["4", "2", "1"]);
            assert_eq!(shown.held.get_untracked(), 2);
            shown.release();
            assert_eq!(ids(shown), ["6", "5", "4", "2"]);
            assert_eq!(shown.held.get_untracked(), 0);
        });
    }

    #[test]
    fn another_question_replaces_everything_without_a_mark() {
        Owner::new().with(|| {
            let shown = Shown::new(page(of(&[2, 1])));
            shown.take(page(of(&[9, 2])), Taking::Replace);
            assert_eq!(
                rows(shown),
                [("9".to_owned(), Mark::None), ("2".to_owned(), Mark::None)]
            );
        });
    }
}
