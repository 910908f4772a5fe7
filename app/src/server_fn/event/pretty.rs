//! Payloads laid out to be read. Only blanks are changed: what a number or a text looks like may be
//! what is wrong with it.

use serde::de::IgnoredAny;

/// As much of a payload as a page shows, in bytes.
const MOST_SHOWN: usize = 128 * 1024;

/// The payload as text, and whether it was cut off.
pub(super) fn readable_payload(payload: &[u8]) -> (String, bool) {
    let text = String::from_utf8_lossy(payload);
    if serde_json::from_str::<IgnoredAny>(&text).is_ok() {
        return laid_out(&text, MOST_SHOWN);
    }
    cut(text.into_owned(), MOST_SHOWN)
}

/// JSON with a line for each value.
fn laid_out(json: &str, most: usize) -> (String, bool) {
    let mut out = String::with_capacity(json.len().min(most));
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let mut letters = json.chars().peekable();
    while let Some(letter) = letters.next() {
        if out.len() > most {
            return cut(out, most);
        }
        if in_text {
            out.push(letter);
            in_text = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
            continue;
        }
        match letter {
            '{' | '[' => {
                out.push(letter);
                while letters.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = letters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            blank if blank.is_ascii_whitespace() => {}
            other => {
                in_text = other == '"';
                out.push(other);
            }
        }
    }
    cut(out, most)
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

fn cut(mut text: String, most: usize) -> (String, bool) {
    if text.len() <= most {
        return (text, false);
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
    (text, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blanks_are_changed() {
        let json = r#"{"b":1.50,"a":[ ],"c":{"text":"a \"{,:}\\"}, "d":[1, 2 ],"e":{}}"#;
        let expected = "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": {\n    \"text\": \"a \\\"{,:}\\\\\"\n  },\n  \
            \"d\": [\n    1,\n    2\n  ],\n  \"e\": {}\n}";
        assert_eq!(
            readable_payload(json.as_bytes()),
            (expected.to_owned(), false)
        );
        let again = readable_payload(expected.as_bytes());
        assert_eq!(again, (expected.to_owned(), false));
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is() {
        assert_eq!(readable_payload(b"a{b"), ("a{b".to_owned(), false));
        let (text, _) = readable_payload(b"\xff\xfe");
        assert_eq!(text, "\u{fffd}\u{fffd}");
    }

    #[test]
    fn what_is_too_long_is_cut_off_between_letters() {
        let deep = format!("{}{}", "[".repeat(9_000), "]".repeat(9_000));
        let (text, is_cut) = readable_payload(deep.as_bytes());
        assert!(is_cut && text.len() <= MOST_SHOWN, "{}", text.len());
        assert_eq!(cut("aé".to_owned(), 2), ("a".to_owned(), true));
    }
}
