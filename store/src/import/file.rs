//! The file of an import: kept in pieces as it comes in, read in slices from any row on. Never is more of it in
//! memory than a few pieces.

use domain::{
    id::{ImportId, OrganizationId},
    import::{MAX_COLUMN_NAME, MAX_COLUMNS, MAX_FILE, MAX_ROW},
};
use sqlx::PgConnection;
use thiserror::Error;

use super::Place;
use crate::StoreError;

/// How long a piece is, in bytes: some rows always fit.
pub(super) const PIECE: usize = 256 * 1024;
/// How many pieces are read at a time.
const PIECES_AT_ONCE: i32 = 2;
/// What stands before the first row of files that some programs write.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Why a file is no CSV that can be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadFile {
    /// Nothing is in it.
    #[error("the file is empty: choose one with a header and at least one row")]
    Empty,
    /// Too long.
    #[error("the file is larger than {} MiB: split it", MAX_FILE / 1024 / 1024)]
    TooLarge,
    /// Its header has no names, or too many.
    #[error(
        "the first row must name 1 to {MAX_COLUMNS} columns, each in at most {MAX_COLUMN_NAME} bytes"
    )]
    Header,
    /// A header is there, and nothing else.
    #[error("the file has a header but no rows")]
    NoRows,
    /// A spreadsheet, most likely.
    #[error(
        "row {0} is not UTF-8 text: save the file as CSV in UTF-8 (a spreadsheet's own format can't be read)"
    )]
    NotUtf8(i64),
    /// A quotation mark that is never closed, most likely.
    #[error("row {0} is longer than {most} KiB: a quotation mark in or before it may not be closed", most = MAX_ROW / 1024)]
    RowTooLong(i64),
}

impl BadFile {
    /// It in one word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::Header => "header",
            Self::NoRows => "no_rows",
            Self::NotUtf8(_) => "not_utf8",
            Self::RowTooLong(_) => "row_too_long",
        }
    }

    /// The row it is about.
    pub const fn row(&self) -> Option<i64> {
        match self {
            Self::NotUtf8(row) | Self::RowTooLong(row) => Some(*row),
            _ => None,
        }
    }

    /// What a word and a row say.
    pub fn of(word: &str, row: Option<i64>) -> Option<Self> {
        let row = row.unwrap_or(1);
        Some(match word {
            "empty" => Self::Empty,
            "too_large" => Self::TooLarge,
            "header" => Self::Header,
            "no_rows" => Self::NoRows,
            "not_utf8" => Self::NotUtf8(row),
            "row_too_long" => Self::RowTooLong(row),
            _ => return None,
        })
    }
}

/// Part of a file, from a place on.
pub(super) struct Slice {
    content: Vec<u8>,
    /// Does the file end with it?
    is_last: bool,
}

impl Slice {
    pub(super) fn new(content: Vec<u8>, is_last: bool) -> Self {
        Self { content, is_last }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    pub(super) fn is_last(&self) -> bool {
        self.is_last
    }
}

/// A row with its number, which counts the header as a spreadsheet does.
pub(super) struct Record {
    pub(super) number: i64,
    pub(super) cells: Vec<String>,
}

impl Record {
    /// Its cells, for who looks at an error.
    pub(super) fn text(&self) -> String {
        let text = self.cells.join(" | ").replace('\0', "");
        text.chars().take(1000).collect()
    }
}

/// Reads a file from a byte on: at least a whole piece, unless it ends before.
pub(super) async fn slice_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: ImportId,
    from: i64,
) -> Result<Slice, StoreError> {
    let piece = i64::try_from(PIECE).unwrap_or(i64::MAX);
    let first = i32::try_from(from / piece).unwrap_or(i32::MAX);
    let last = first.saturating_add(PIECES_AT_ONCE);
    let pieces = sqlx::query_scalar!(
        "select content from import_piece
         where organization_id = $1 and import_id = $2 and piece >= $3 and piece < $4 order by piece",
        organization_id.0,
        id.0,
        first,
        last,
    )
    .fetch_all(db)
    .await?;
    let is_last = pieces.last().is_none_or(|piece| piece.len() < PIECE);
    let skipped = usize::try_from(from % piece).unwrap_or(0);
    let content: Vec<u8> = pieces.into_iter().flatten().skip(skipped).collect();
    Ok(Slice::new(content, is_last))
}

/// Reads up to `most` rows from a place on, and tells the place behind them. The header is read and left out, and
/// lines with nothing in them are passed over, whole slices of them too.
pub(super) fn records(
    slice: &Slice,
    delimiter: u8,
    from: Place,
    most: usize,
) -> Result<(Vec<Record>, Place), BadFile> {
    let is_start = from.byte == 0;
    let content = without_bom(&slice.content, is_start);
    let dropped = slice.content.len() - content.len();
    let (mut rows, mut number, mut end) = (Vec::new(), from.rows, 0);
    let mut is_header = is_start;
    let mut reader = reader(content, delimiter);
    let mut record = csv::ByteRecord::new();
    while rows.len() < most {
        // It does not fail on bytes that it reads from memory.
        let is_there = reader.read_byte_record(&mut record).unwrap_or(false);
        let (start, empty) = blank_lines(content, end, slice.is_last);
        number += empty;
        end = start;
        if !is_there {
            break;
        }
        let behind = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        if behind.saturating_sub(start) > MAX_ROW {
            return Err(BadFile::RowTooLong(number + 1));
        }
        // It is cut, or what ends its line is.
        if behind >= content.len() && !slice.is_last {
            break;
        }
        number += 1;
        end = behind_line(content, behind);
        if !std::mem::take(&mut is_header) {
            let text = csv::StringRecord::from_byte_record(record.clone());
            let text = text.map_err(|_| BadFile::NotUtf8(number))?;
            let cells = text.iter().map(str::to_owned).collect();
            rows.push(Record { number, cells });
        }
    }
    let place = Place {
        byte: from.byte + i64::try_from(dropped + end).unwrap_or(i64::MAX),
        rows: number,
    };
    Ok((rows, place))
}

/// The second half of what ends a line is not the next line's.
fn behind_line(content: &[u8], end: usize) -> usize {
    let is_half = content.get(end.saturating_sub(1)..=end) == Some(b"\r\n");
    if is_half { end + 1 } else { end }
}

/// Where the first line behind a place begins that is not empty, and how many are before it. Half of a line's end at
/// the end of a slice is left to the next one.
fn blank_lines(content: &[u8], from: usize, is_last: bool) -> (usize, i64) {
    let rest = content.get(from..).unwrap_or_default();
    let is_end = |byte: &&u8| matches!(**byte, b'\r' | b'\n');
    let mut length = rest.iter().take_while(is_end).count();
    if length == rest.len() && !is_last && rest.ends_with(b"\r") {
        length -= 1;
    }
    let gap = rest.get(..length).unwrap_or_default();
    let pairs = gap.windows(2).filter(|pair| **pair == *b"\r\n").count();
    let lines = i64::try_from(length - pairs).unwrap_or(i64::MAX);
    (from + length, lines)
}

fn reader(content: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(content)
}

fn without_bom(content: &[u8], is_start: bool) -> &[u8] {
    let rest = content.strip_prefix(BOM).filter(|_| is_start);
    rest.unwrap_or(content)
}

/// The names of the columns, and what stands between them: whatever cuts the first row into most cells.
pub(super) fn header_of(slice: &Slice) -> Result<(Vec<String>, u8), BadFile> {
    let content = without_bom(&slice.content, true);
    if content.iter().all(u8::is_ascii_whitespace) {
        return Err(BadFile::Empty);
    }
    let cut = |delimiter: &u8| {
        let mut record = csv::ByteRecord::new();
        let _ = reader(content, *delimiter).read_byte_record(&mut record);
        record
    };
    let cells = |delimiter: &u8| cut(delimiter).len();
    // The first of those that cut it alike: commas.
    let delimiter = *[b'|', b'\t', b';', b',']
        .iter()
        .max_by_key(|delimiter| cells(delimiter))
        .unwrap_or(&b',');
    let header = csv::StringRecord::from_byte_record(cut(&delimiter));
    let header = header.map_err(|_| BadFile::NotUtf8(1))?;
    let header: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    let fits = |name: &String| name.len() <= MAX_COLUMN_NAME && !name.chars().any(char::is_control);
    let is_named = header.iter().any(|name| !name.is_empty()) && header.iter().all(fits);
    if !is_named || header.len() > MAX_COLUMNS {
        return Err(BadFile::Header);
    }
    let start = Place { byte: 0, rows: 0 };
    let (rows, _) = records(slice, delimiter, start, 1)?;
    if rows.is_empty() && slice.is_last {
        return Err(BadFile::NoRows);
    }
    Ok((header, delimiter))
}
