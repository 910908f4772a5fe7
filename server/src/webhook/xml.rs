//! A tolerant look into a processor's XML.
//!
//! Owns the limits of what is read, the difference between "not said" and "said wrongly", and keeps out
//! what Postgres can't hold. It must not know whose XML it is, nor what any field means. Names are compared
//! with `_` for `-`: some programs write one where the processor writes the other. Document types are
//! refused, so no entity can be declared, and nothing grows while it is read.

use chrono::{DateTime, SubsecRound, Utc};
use domain::text::{MAX_EXTERNAL_ID, MAX_METADATA};
use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};
use serde_json::{Map, Value};

use super::{event::Malformed, json::LAST_SECOND};

/// The most bytes of a document.
pub(crate) const MAX_XML: usize = 4 * 1024 * 1024;
/// The most elements inside each other; real documents have fewer than ten.
const MAX_DEPTH: usize = 64;
/// The most elements of a document; a subscription with ten transactions has 1,700.
const MAX_ELEMENTS: usize = 100_000;
/// The longest name or e-mail kept, in characters.
const MAX_TEXT: usize = 512;

/// An element with everything in it.
#[derive(Debug, Default)]
pub(crate) struct Node {
    name: String,
    text: String,
    /// Said to be nothing: `nil="true"`.
    is_nil: bool,
    children: Vec<Node>,
}

/// Why a document is not read.
type Refused = &'static str;

const NOT_XML: Refused = "XML";

impl Node {
    /// Reads a whole document.
    pub(crate) fn parse(xml: &str) -> Result<Self, Refused> {
        if xml.len() > MAX_XML {
            return Err("XML: it is longer than 4 MiB");
        }
        let mut reader = Reader::from_str(xml);
        // The first stands for the document.
        let mut open = vec![Self::default()];
        let mut elements = 0_usize;
        loop {
            let event = reader.read_event().map_err(|_| NOT_XML)?;
            match event {
                Event::Start(ref start) | Event::Empty(ref start) => {
                    elements += 1;
                    if elements > MAX_ELEMENTS {
                        return Err("XML: it has more than 100,000 elements");
                    }
                    open.push(Self::begin(start)?);
                    if open.len() > MAX_DEPTH {
                        return Err("XML: it is nested too deeply");
                    }
                    if matches!(event, Event::Empty(_)) {
                        end(&mut open)?;
                    }
                }
                Event::End(_) => end(&mut open)?,
                Event::Text(text) => write(&mut open, &text.xml10_content())?,
                Event::CData(text) => write(&mut open, &text.xml10_content())?,
                Event::GeneralRef(name) => write(&mut open, &resolved(&name)?.to_string())?,
                Event::DocType(_) => return Err("XML: document types are refused"),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        match (open.pop(), open.is_empty()) {
            (Some(mut document), true) if document.children.len() == 1 => {
                document.children.pop().ok_or(NOT_XML)
            }
            _ => Err(NOT_XML),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn begin(start: &BytesStart<'_>) -> Result<Self, Refused> {
        let nil = start.try_get_attribute("nil").map_err(|_| NOT_XML)?;
        Ok(Self {
            name: start.name().as_ref().replace('-', "_"),
            is_nil: nil.is_some_and(|nil| &*nil.value == "true"),
            ..Self::default()
        })
    }

    fn child(&self, name: &str) -> Option<&Self> {
        let mut children = self.children.iter();
        children.find(|child| child.name == name && !child.is_nil)
    }

    /// What is written in it, without NUL and blanks around it; `None`: nothing.
    fn written(&self) -> Option<String> {
        let text = self.text.replace('\0', "");
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

fn end(open: &mut Vec<Node>) -> Result<(), Refused> {
    let ended = open.pop().ok_or(NOT_XML)?;
    open.last_mut().ok_or(NOT_XML)?.children.push(ended);
    Ok(())
}

/// Text belongs to an element; beside the outermost one there are only blanks.
fn write(open: &mut [Node], text: &str) -> Result<(), Refused> {
    let is_outside = open.len() == 1;
    if is_outside && !text.trim().is_empty() {
        return Err(NOT_XML);
    }
    open.last_mut().ok_or(NOT_XML)?.text.push_str(text);
    Ok(())
}

/// A character by number, or one of the five that XML itself names.
fn resolved(name: &BytesRef<'_>) -> Result<char, Refused> {
    if let Some(letter) = name.resolve_char_ref().map_err(|_| NOT_XML)? {
        return Ok(letter);
    }
    match &**name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err("XML: entities are refused"),
    }
}

/// The elements of this name that are in no other of it, as they are written.
pub(crate) fn outermost<'a>(xml: &'a str, name: &str) -> Result<Vec<&'a str>, Refused> {
    // Within the limits, and well-formed?
    Node::parse(xml)?;
    let mut reader = Reader::from_str(xml);
    let (mut depth, mut begun, mut found) = (0_usize, 0_usize, Vec::new());
    loop {
        let before = place(&reader);
        let event = reader.read_event().map_err(|_| NOT_XML)?;
        let is_it = match &event {
            Event::Start(start) | Event::Empty(start) => start.name().as_ref() == name,
            Event::End(end) => end.name().as_ref() == name,
            Event::Eof => return Ok(found),
            _ => false,
        };
        if !is_it {
            continue;
        }
        match event {
            Event::Start(_) => {
                if depth == 0 {
                    begun = before;
                }
                depth += 1;
                continue;
            }
            Event::Empty(_) if depth == 0 => begun = before,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            found.push(xml.get(begun..place(&reader)).ok_or(NOT_XML)?);
        }
    }
}

fn place(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

/// An element and what a person calls it. Paths are names with dots between them.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    name: &'static str,
    node: &'a Node,
}

impl<'a> Element<'a> {
    pub(crate) fn new(name: &'static str, node: &'a Node) -> Self {
        Self { name, node }
    }

    /// What is at `path`, unless it is said to be nothing.
    fn node_at(self, path: &str) -> Option<&'a Node> {
        let mut names = path.split('.');
        names.try_fold(self.node, |node, name| node.child(name))
    }

    /// The element at `path`, which is called after its last name.
    pub(crate) fn at(self, path: &'static str) -> Option<Self> {
        let name = path.rsplit('.').next().unwrap_or(path);
        let node = self.node_at(path)?;
        Some(Self::new(name, node))
    }

    /// The element inside, when there is one.
    pub(crate) fn only(self) -> Option<Self> {
        let node = self.node.children.first()?;
        Some(Self { node, ..self })
    }

    /// The members of the list at `path` that have this name.
    pub(crate) fn items(self, path: &str, name: &'static str) -> impl Iterator<Item = Self> {
        let list = self.node_at(path).map(|list| list.children.iter());
        let named = list
            .into_iter()
            .flatten()
            .filter(move |item| item.name == name);
        named.map(move |item| Self::new(name, item))
    }

    /// The words in the list at `path`, whatever the names of its members.
    pub(crate) fn words(self, path: &str) -> Result<Vec<String>, Malformed> {
        let list = self.node_at(path).map(|list| list.children.iter());
        let written = list.into_iter().flatten().filter_map(Node::written);
        written.map(|word| self.fit(path, word)).collect()
    }

    /// Free text for people: cleaned, cut, `None` when nothing is left.
    pub(crate) fn text(self, path: &str) -> Option<String> {
        let text = self.node_at(path)?.written()?;
        Some(text.chars().take(MAX_TEXT).collect())
    }

    /// Text that is compared and must therefore be whole: at most 255 bytes on one line.
    pub(crate) fn word(self, path: &str) -> Result<Option<String>, Malformed> {
        let word = self.node_at(path).and_then(Node::written);
        word.map(|word| self.fit(path, word)).transpose()
    }

    fn fit(self, path: &str, word: String) -> Result<String, Malformed> {
        if word.len() > MAX_EXTERNAL_ID {
            return Err(self.malformed(path, "is longer than 255 bytes"));
        }
        if word.contains(char::is_control) {
            return Err(self.malformed(path, "has control characters"));
        }
        Ok(word)
    }

    /// The same for what can't be done without.
    pub(crate) fn needed_word(self, path: &str) -> Result<String, Malformed> {
        self.word(path)?.ok_or_else(|| self.missing(path))
    }

    /// An instant as RFC 3339 writes it, from 1970 to 9999, to the microsecond as Postgres keeps it.
    pub(crate) fn time(self, path: &str) -> Result<Option<DateTime<Utc>>, Malformed> {
        let Some(text) = self.text(path) else {
            return Ok(None);
        };
        let time = DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc());
        let time = time
            .ok()
            .filter(|time| (0..=LAST_SECOND).contains(&time.timestamp()));
        let wrong = || self.malformed(path, "is not a time such as 2026-11-20T10:00:00Z");
        let time = time.ok_or_else(wrong)?;
        Ok(Some(time.trunc_subsecs(6)))
    }

    pub(crate) fn is_true(self, path: &str) -> bool {
        self.text(path).as_deref() == Some("true")
    }

    /// What the merchant attached at `path`, name by name; nothing when it is too long to keep.
    pub(crate) fn attached(self, path: &str) -> Value {
        let entries = self.node_at(path).map(|node| node.children.iter());
        let entries = entries.into_iter().flatten().filter(|entry| !entry.is_nil);
        let texts = entries.filter_map(|entry| {
            let text = entry.written()?;
            Some((entry.name.replace('\0', ""), Value::String(text)))
        });
        let attached = Value::Object(texts.collect::<Map<_, _>>());
        if attached.to_string().len() > MAX_METADATA {
            return Value::Object(Map::new());
        }
        attached
    }

    pub(crate) fn missing(self, path: &str) -> Malformed {
        self.malformed(path, "is missing")
    }

    pub(crate) fn malformed(self, path: &str, problem: &str) -> Malformed {
        Malformed::new(format!("{}.{path} {problem}", self.name))
    }
}

#[cfg(test)]
mod tests;
