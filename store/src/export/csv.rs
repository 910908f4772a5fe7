//! Rows of `COPY`'s text format as lines of CSV.
//!
//! What a column holds decides how it is written. Only text from outside can need quotes or be taken
//! for a formula by a spreadsheet; ids, times, words of our own and numbers can't.

use bytes::Bytes;
use domain::{
    conversion::{ConversionType, Source},
    lifecycle::Status,
    money::Currency,
};

use crate::{StoreError, error::readable};

/// How a column is written.
#[derive(Clone, Copy)]
enum Cell {
    /// As it is: ids and words of our own.
    Plain,
    /// RFC 3339.
    Time,
    /// The word that people and the sales API read.
    Label(fn(&str) -> Option<&'static str>),
    /// Minor units as a decimal, with the decimals of the currency in the column of that index.
    Amount(usize),
    /// Text from outside.
    Text,
}

const CURRENCY: usize = 12;
const COMMISSION_CURRENCY: usize = 14;

/// Name, SQL and writing of every column, in order. The names are those of the sales API in snake case.
const COLUMNS: [(&str, &str, Cell); 30] = [
    ("created_at", "c.created_at", Cell::Time),
    ("occurred_at", "c.occurred_at", Cell::Time),
    (
        "type",
        "c.kind",
        Cell::Label(|word| ConversionType::parse(word).map(ConversionType::label)),
    ),
    (
        "source",
        "c.source",
        Cell::Label(|word| Source::parse(word).map(Source::label)),
    ),
    (
        "status",
        "c.status",
        Cell::Label(|word| Status::parse(word).map(Status::label)),
    ),
    ("affiliate_id", "c.affiliate_id", Cell::Plain),
    ("affiliate_name", "a.name", Cell::Text),
    ("affiliate_slug", "a.slug", Cell::Text),
    ("campaign_id", "c.campaign_id", Cell::Plain),
    ("campaign_name", "g.name", Cell::Text),
    ("amount", "c.amount_minor", Cell::Amount(CURRENCY)),
    ("refunded", "c.refunded_minor", Cell::Amount(CURRENCY)),
    ("currency", "c.currency", Cell::Plain),
    (
        "commission",
        "c.commission_minor",
        Cell::Amount(COMMISSION_CURRENCY),
    ),
    ("commission_currency", "c.commission_currency", Cell::Plain),
    ("external_event_id", "c.external_event_id", Cell::Text),
    ("processor", "c.processor", Cell::Plain),
    ("subscription_id", "c.subscription_id", Cell::Text),
    ("customer_id", "c.customer_id", Cell::Text),
    ("invoice_id", "c.invoice_id", Cell::Text),
    ("charge_id", "c.charge_id", Cell::Text),
    ("customer_email", "c.customer_email", Cell::Text),
    ("hold_until", "c.hold_until", Cell::Time),
    ("approved_at", "c.approved_at", Cell::Time),
    ("paid_at", "c.paid_at", Cell::Time),
    ("refunded_at", "c.refunded_at", Cell::Time),
    (
        "parent_conversion_id",
        "c.parent_conversion_id",
        Cell::Plain,
    ),
    ("id", "c.conversion_id", Cell::Plain),
    ("attribution_method", "c.source", Cell::Plain),
    ("coupon_code", "c.coupon_code", Cell::Text),
];

/// How many digits of a second's fraction are written.
const MILLISECONDS: usize = 3;

const LINE_END: &[u8] = b"\r\n";
/// How `COPY` writes a null.
const NULL: &[u8] = b"\\N";

/// The first line.
pub(super) fn header() -> Bytes {
    let names = COLUMNS.map(|(name, _, _)| name).join(",");
    Bytes::from(names + "\r\n")
}

/// What to select: one expression per column.
pub(super) fn expressions() -> String {
    COLUMNS.map(|(_, expression, _)| expression).join(", ")
}

/// Collects lines.
#[derive(Default)]
pub(super) struct Writer {
    lines: Vec<u8>,
    /// The currency seen last and its number of decimals: most rows share one.
    decimals: Option<(Vec<u8>, usize)>,
}

impl Writer {
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The lines so far.
    pub(super) fn take(&mut self) -> Bytes {
        let room = self.lines.capacity();
        Bytes::from(std::mem::replace(&mut self.lines, Vec::with_capacity(room)))
    }

    /// Adds a row, as `COPY` writes it: fields between tabs, a line feed at the end.
    pub(super) fn row(&mut self, row: &[u8]) -> Result<(), StoreError> {
        let mut fields = [&b""[..]; COLUMNS.len()];
        let row = row.strip_suffix(b"\n").unwrap_or(row);
        let mut count = 0;
        for field in row.split(|byte| *byte == b'\t') {
            *readable(fields.get_mut(count), "conversion", "copy")? = field;
            count += 1;
        }
        readable((count == COLUMNS.len()).then_some(()), "conversion", "copy")?;
        for (index, (name, _, cell)) in COLUMNS.iter().enumerate() {
            if index > 0 {
                self.lines.push(b',');
            }
            if fields[index] != NULL {
                readable(self.cell(*cell, fields[index], &fields), "conversion", name)?;
            }
        }
        self.lines.extend_from_slice(LINE_END);
        Ok(())
    }

    fn cell(&mut self, cell: Cell, field: &[u8], fields: &[&[u8]]) -> Option<()> {
        match cell {
            Cell::Plain => self.lines.extend_from_slice(field),
            Cell::Time => time(&mut self.lines, field)?,
            Cell::Label(label) => {
                self.lines
                    .extend_from_slice(label(std::str::from_utf8(field).ok()?)?.as_bytes());
            }
            Cell::Amount(currency) => {
                let decimals = self.decimals(fields[currency])?;
                amount(&mut self.lines, field, decimals);
            }
            Cell::Text => text(&mut self.lines, field),
        }
        Some(())
    }

    fn decimals(&mut self, code: &[u8]) -> Option<usize> {
        if let Some((known, decimals)) = &self.decimals
            && known == code
        {
            return Some(*decimals);
        }
        let currency = Currency::parse(std::str::from_utf8(code).ok()?).ok()?;
        let decimals = usize::try_from(currency.exponent()).ok()?;
        self.decimals = Some((code.to_vec(), decimals));
        Some(decimals)
    }
}

/// `2026-11-20 10:00:00.5+00` becomes `2026-11-20T10:00:00.500Z`, as the API writes it: always with
/// milliseconds, and cut after them.
fn time(lines: &mut Vec<u8>, field: &[u8]) -> Option<()> {
    let utc = field.strip_suffix(b"+00")?;
    let blank = utc.iter().position(|byte| *byte == b' ')?;
    let (day, clock) = (&utc[..blank], &utc[blank + 1..]);
    let point = clock.iter().position(|byte| *byte == b'.');
    let (seconds, fraction) = match point {
        Some(point) => (&clock[..point], &clock[point + 1..]),
        None => (clock, &b""[..]),
    };
    lines.extend_from_slice(day);
    lines.push(b'T');
    lines.extend_from_slice(seconds);
    lines.push(b'.');
    lines.extend(
        fraction
            .iter()
            .copied()
            .chain(std::iter::repeat(b'0'))
            .take(MILLISECONDS),
    );
    lines.push(b'Z');
    Some(())
}

/// `-2000` with two decimals becomes `-20.00`.
fn amount(lines: &mut Vec<u8>, minor: &[u8], decimals: usize) {
    let digits = match minor.strip_prefix(b"-") {
        Some(digits) => {
            lines.push(b'-');
            digits
        }
        None => minor,
    };
    let missing = (decimals + 1).saturating_sub(digits.len());
    let start = lines.len();
    lines.extend(std::iter::repeat_n(b'0', missing));
    lines.extend_from_slice(digits);
    if decimals > 0 {
        let point = start + missing + digits.len() - decimals;
        lines.insert(point, b'.');
    }
}

/// Text that a spreadsheet would run is led by an apostrophe; text that would break the line is quoted.
fn text(lines: &mut Vec<u8>, field: &[u8]) {
    let unescaped;
    let field = if field.contains(&b'\\') {
        unescaped = unescape(field);
        &unescaped
    } else {
        field
    };
    let quoted = field
        .iter()
        .any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'));
    if quoted {
        lines.push(b'"');
    }
    if matches!(
        field.first(),
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r')
    ) {
        lines.push(b'\'');
    }
    if quoted {
        for byte in field {
            if *byte == b'"' {
                lines.push(b'"');
            }
            lines.push(*byte);
        }
        lines.push(b'"');
    } else {
        lines.extend_from_slice(field);
    }
}

/// Takes back what `COPY` does to control characters and backslashes.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(field.len());
    let mut bytes = field.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'\\' {
            text.push(*byte);
            continue;
        }
        match bytes.next() {
            Some(b'b') => text.push(8),
            Some(b't') => text.push(b'\t'),
            Some(b'n') => text.push(b'\n'),
            Some(b'v') => text.push(11),
            Some(b'f') => text.push(12),
            Some(b'r') => text.push(b'\r'),
            Some(other) => text.push(*other),
            None => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut lines = Vec::new();
        write(&mut lines);
        String::from_utf8(lines).expect("UTF-8")
    }

    #[test]
    fn the_currency_columns_are_where_the_amounts_look() {
        assert_eq!(COLUMNS[CURRENCY].0, "currency");
        assert_eq!(COLUMNS[COMMISSION_CURRENCY].0, "commission_currency");
        assert_eq!(
            (COLUMNS[28].0, COLUMNS[29].0),
            ("attribution_method", "coupon_code")
        );
    }

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        for (minor, decimals, text) in [
            ("4900", 2, "49.00"),
            ("-2000", 2, "-20.00"),
            ("5", 2, "0.05"),
            ("-5", 2, "-0.05"),
            ("0", 2, "0.00"),
            ("1580", 0, "1580"),
            ("3000", 3, "3.000"),
            ("12", 3, "0.012"),
        ] {
            assert_eq!(
                written(|lines| amount(lines, minor.as_bytes(), decimals)),
                text
            );
        }
    }

    #[test]
    fn times_are_those_of_the_api() {
        for (stored, text) in [
            ("2026-11-20 10:00:00+00", "2026-11-20T10:00:00.000Z"),
            ("2026-11-20 10:00:00.5+00", "2026-11-20T10:00:00.500Z"),
            ("2026-11-20 10:00:00.12+00", "2026-11-20T10:00:00.120Z"),
            ("2026-11-20 10:00:00.1239+00", "2026-11-20T10:00:00.123Z"),
        ] {
            assert_eq!(
                written(|lines| time(lines, stored.as_bytes()).expect("a time")),
                text
            );
        }
        assert_eq!(time(&mut Vec::new(), b"infinity"), None);
    }

    #[test]
    fn formulas_are_text_and_text_stays_in_its_cell() {
        for (field, cell) in [
            ("Sarah", "Sarah"),
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\\tx", "'\tx"),
            ("\\r=1", "\"'\r=1\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\\nlines", "\"two\nlines\""),
            ("=A1,\"x\"", "\"'=A1,\"\"x\"\"\""),
            ("back\\\\slash", "back\\slash"),
            ("Zoë 💶", "Zoë 💶"),
        ] {
            assert_eq!(
                written(|lines| text(lines, field.as_bytes())),
                cell,
                "{field}"
            );
        }
    }

    #[test]
    fn a_row_of_another_shape_is_refused() {
        assert!(Writer::default().row(b"a\tb\n").is_err());
        assert!(Writer::default().row("\t".repeat(40).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_row_is_written_or_refused(row in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Writer::default().row(&row);
        }

        #[test]
        fn text_can_be_read_back(original in "\\PC*|[\\x08-\\x0d\\\\\",=+@a-z-]*") {
            let copied = original
                .replace('\\', "\\\\").replace('\x08', "\\b").replace('\t', "\\t").replace('\n', "\\n")
                .replace('\x0b', "\\v").replace('\x0c', "\\f").replace('\r', "\\r");
            let cell = written(|lines| text(lines, copied.as_bytes()));
            let inner = match cell.strip_prefix('"') {
                Some(rest) => rest.strip_suffix('"').expect("closed").replace("\"\"", "\""),
                None => cell,
            };
            let formula = original.starts_with(['=', '+', '-', '@', '\t', '\r']);
            let expected = if formula { format!("'{original}") } else { original };
            prop_assert_eq!(inner, expected);
        }
    }
}
