//! Files of nobody's making: however they are cut into slices, the same is read of them.

use chrono::{DateTime, Utc};
use domain::{
    import::{AffiliateLine, DateOrder, ImportKind, Mapping, Platform, Reading, SaleLine},
    money::Currency,
};

use super::{
    Place,
    file::{BadFile, Record, Slice, header_of, records},
};

/// How long the first slice is, in bytes; one that no row fits into is made longer.
const SHORT: usize = 8;
/// How many rows are read at a time.
const FEW: usize = 3;

/// Reads a file whole and in slices, and its rows as sales and as affiliates.
///
/// # Panics
/// When what is read depends on the slices.
pub fn read_for_fuzzing(content: &[u8]) {
    let whole = Slice::new(content.to_vec(), true);
    let Ok((header, delimiter)) = header_of(&whole) else {
        return;
    };
    let all = cells(rows(content, delimiter, content.len()));
    assert_eq!(all, cells(rows(content, delimiter, SHORT)));
    let platform = Platform::detect(&header);
    let reading = Reading {
        platform,
        dates: DateOrder::Clear,
        currency: Currency::USD,
    };
    let now: DateTime<Utc> = DateTime::UNIX_EPOCH;
    for kind in ImportKind::ALL {
        let mapping = Mapping::guess(*kind, platform, &header);
        let Ok(columns) = mapping.columns(*kind, &header) else {
            continue;
        };
        for (_, row) in all.iter().flatten() {
            match kind {
                ImportKind::Sales => drop(SaleLine::read(row, &columns, reading, now)),
                ImportKind::Affiliates => drop(AffiliateLine::read(row, &columns)),
            }
        }
    }
}

type Rows = Result<Vec<(i64, Vec<String>)>, BadFile>;

fn cells(rows: Result<Vec<Record>, BadFile>) -> Rows {
    let rows = rows?.into_iter();
    Ok(rows.map(|row| (row.number, row.cells)).collect())
}

/// All rows of a file that comes in slices of this length, or longer ones where no row fits.
fn rows(content: &[u8], delimiter: u8, length: usize) -> Result<Vec<Record>, BadFile> {
    let (mut all, mut place, mut long) = (Vec::new(), Place { byte: 0, rows: 0 }, length);
    loop {
        let from = usize::try_from(place.byte).unwrap_or(usize::MAX);
        let rest = content.get(from..).unwrap_or_default();
        let is_last = long >= rest.len();
        let slice = rest.get(..long).unwrap_or(rest);
        let slice = Slice::new(slice.to_vec(), is_last);
        let (rows, next) = records(&slice, delimiter, place, FEW)?;
        match (rows.is_empty(), is_last) {
            (true, true) => return Ok(all),
            (true, false) => long = long.saturating_mul(2),
            (false, _) => {
                all.extend(rows);
                (place, long) = (next, length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_change_nothing() {
        for file in [
            "id,amount,currency,affiliate_code,date\n1,\"4\r\n9\",USD,sarah,2026-05-01\r\n\r\n\n2,5,USD,\"a\"\"b\",x",
            "\u{feff}a;b\r1;2\r\r3;4\r",
            "a,b\n\"never closed,1\n2,3\n",
            "a\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nb",
            "e-mail,name\nann@example.com,Ann\n",
        ] {
            read_for_fuzzing(file.as_bytes());
        }
        let read = cells(rows(b"a\n1\n\n2\n", b',', SHORT));
        let row = |number, cell: &str| (number, vec![cell.to_owned()]);
        assert_eq!(read, Ok(vec![row(2, "1"), row(4, "2")]));
    }
}
