//! A lossless tree of a configuration file: every byte of the source is in exactly one node, so that a tree which was not
//! changed serialises to the bytes it was read from.
//!
//! quick-xml finds the tags; this file keeps their source text and is as lenient as DSS 6.0.3 was: any root name, comments,
//! processing instructions and a DOCTYPE anywhere between tags, anything after the root's end. More lenient than DSS: a
//! bare `&`, the predefined entities, CDATA and single-quoted attributes are understood as well.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesStart, Event};

use super::error::ConfigError;
use super::text::{decode, text_of_bytes};

/// Deepest nesting accepted. DSS's own files need six levels; the limit keeps a hostile file from exhausting the stack.
pub const MAX_DEPTH: usize = 64;

/// One piece of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Text between tags as it stands in the source, references not decoded.
    Text(Vec<u8>),
    /// `<![CDATA[…]]>` with its brackets.
    CData(Vec<u8>),
    /// A comment, processing instruction or DOCTYPE with its brackets.
    Other(Vec<u8>),
    /// An element with everything in it.
    Element(Element),
}

/// An element: its tags as written, its attributes decoded, its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, Vec<u8>)>,
    /// The opening tag's source, brackets included.
    pub(super) open: Vec<u8>,
    pub(super) children: Vec<Node>,
    /// The closing tag's source; empty for a self-closed element.
    pub(super) close: Vec<u8>,
    /// Line and column of the opening `<`, from 1; (0, 0) for an element made by an edit.
    pub(super) position: (u32, u32),
}

/// A whole file: what precedes the root, the root, and whatever follows it (kept verbatim, never looked at).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    pub(super) prolog: Vec<Node>,
    pub(super) root: Element,
    pub(super) epilog: Vec<u8>,
}

impl Element {
    /// The element's name as written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The decoded value of an attribute; names are compared exactly, as DSS did.
    pub fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| text_of_bytes(value))
    }

    /// The elements directly below this one.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// The text directly in this element: references decoded, blanks and line ends kept, comments left out.
    pub fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for node in &self.children {
            match node {
                Node::Text(raw) => decode(raw, &mut text),
                Node::CData(raw) => {
                    let inner = raw.strip_prefix(b"<![CDATA[").unwrap_or(raw);
                    text.extend_from_slice(inner.strip_suffix(b"]]>").unwrap_or(inner));
                }
                Node::Other(_) | Node::Element(_) => {}
            }
        }
        text
    }

    /// Whether the element was written as `<X/>`. DSS treats such a preference as missing.
    pub fn is_self_closed(&self) -> bool {
        self.close.is_empty()
    }

    /// Line and column (from 1) of the opening `<`; (0, 0) when the element is not from a file.
    pub fn position(&self) -> (u32, u32) {
        self.position
    }

    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.open);
        write_nodes(&self.children, out);
        out.extend_from_slice(&self.close);
    }
}

impl Tree {
    /// Parses a file's bytes. A UTF-8 byte order mark is accepted and kept; bytes that are not UTF-8 are kept as well.
    ///
    /// # Errors
    /// The text is not well-formed; the message is DSS's own where it had one.
    pub fn parse(source: &[u8]) -> Result<Self, ConfigError> {
        Builder::new(source).run()
    }

    /// The root element.
    pub fn root(&self) -> &Element {
        &self.root
    }

    /// The file's text; byte for byte the source while nothing was changed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write_nodes(&self.prolog, &mut out);
        self.root.write_to(&mut out);
        out.extend_from_slice(&self.epilog);
        out
    }
}

fn write_nodes(nodes: &[Node], out: &mut Vec<u8>) {
    for node in nodes {
        match node {
            Node::Text(raw) | Node::CData(raw) | Node::Other(raw) => out.extend_from_slice(raw),
            Node::Element(element) => element.write_to(out),
        }
    }
}

/// Line and column (both from 1) of a byte offset.
fn position_in(source: &[u8], offset: usize) -> (u32, u32) {
    let before = &source[..offset.min(source.len())];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

/// Turns quick-xml's events into the tree.
struct Builder<'s> {
    source: &'s [u8],
    /// Where the reader's positions count from.
    start: usize,
    /// Up to which offset lines were counted, the line there, and where it begins, so that counting stays linear.
    counted: (usize, u32, usize),
    prolog: Vec<Node>,
    open: Vec<Element>,
}

impl<'s> Builder<'s> {
    fn new(source: &'s [u8]) -> Self {
        let start = if source.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let prolog = if start == 0 { Vec::new() } else { vec![Node::Other(source[..start].to_vec())] };
        Self { source, start, counted: (0, 1, 0), prolog, open: Vec::new() }
    }

    fn run(mut self) -> Result<Tree, ConfigError> {
        let source = self.source;
        let mut begin = self.start;
        let mut reader = reader_at(source, begin);
        loop {
            if let Some(end) = doctype_end(source, begin).filter(|_| self.open.is_empty()) {
                self.node(Node::Other(source[begin..end].to_vec()));
                (begin, self.start) = (end, end);
                reader = reader_at(source, begin);
            }
            let event = reader.read_event();
            let end = self.offset(reader.buffer_position());
            let raw = source.get(begin..end).unwrap_or_default();
            let event = match event {
                Ok(event) => event,
                Err(error) => {
                    let at = self.offset(reader.error_position());
                    return Err(self.malformed(&error, at));
                }
            };
            let finished = match event {
                Event::Start(tag) => self.element(&tag, raw, begin, true)?,
                Event::Empty(tag) => self.element(&tag, raw, begin, false)?,
                Event::End(tag) => self.close(tag.name().as_ref(), raw, begin)?,
                Event::Text(_) | Event::GeneralRef(_) => self.text(raw),
                Event::CData(_) => self.node(Node::CData(raw.to_vec())),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {
                    self.node(Node::Other(raw.to_vec()))
                }
                Event::Eof => return Err(self.unfinished()),
            };
            if let Some(root) = finished {
                return Ok(Tree { prolog: self.prolog, root, epilog: source[end..].to_vec() });
            }
            begin = end;
        }
    }

    fn offset(&self, position: u64) -> usize {
        usize::try_from(position).unwrap_or(usize::MAX).saturating_add(self.start).min(self.source.len())
    }

    /// Line and column of an offset that lies at or after the last one asked for.
    fn position(&mut self, offset: usize) -> (u32, u32) {
        let (from, mut line, mut line_start) = self.counted;
        let between = self.source.get(from..offset).unwrap_or_default();
        for (at, _) in between.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            line = line.saturating_add(1);
            line_start = from + at + 1;
        }
        self.counted = (from.max(offset), line, line_start);
        (line, u32::try_from(offset.saturating_sub(line_start) + 1).unwrap_or(u32::MAX))
    }

    fn siblings(&mut self) -> &mut Vec<Node> {
        match self.open.last_mut() {
            Some(element) => &mut element.children,
            None => &mut self.prolog,
        }
    }

    fn node(&mut self, node: Node) -> Option<Element> {
        self.siblings().push(node);
        None
    }

    /// Appends text; quick-xml splits it at every `&`, here it stays one node.
    fn text(&mut self, raw: &[u8]) -> Option<Element> {
        let siblings = self.siblings();
        match siblings.last_mut() {
            Some(Node::Text(text)) => text.extend_from_slice(raw),
            _ if raw.is_empty() => {}
            _ => siblings.push(Node::Text(raw.to_vec())),
        }
        None
    }

    fn element(
        &mut self,
        tag: &BytesStart<'_>,
        raw: &[u8],
        begin: usize,
        has_content: bool,
    ) -> Result<Option<Element>, ConfigError> {
        let position = self.position(begin);
        if self.open.len() >= MAX_DEPTH {
            return Err(ConfigError::at(position, format!("elements are nested more than {MAX_DEPTH} deep")));
        }
        let mut element = Element {
            name: text_of_bytes(tag.name().as_ref()).into_owned(),
            open: raw.to_vec(),
            position,
            ..Element::default()
        };
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| self.bad_attribute(&error, raw, begin))?;
            let mut value = Vec::new();
            decode(&attribute.value, &mut value);
            element.attributes.push((text_of_bytes(attribute.key.as_ref()).into_owned(), value));
        }
        if has_content {
            self.open.push(element);
            return Ok(None);
        }
        Ok(self.finish(element))
    }

    fn finish(&mut self, element: Element) -> Option<Element> {
        if self.open.is_empty() {
            return Some(element);
        }
        self.node(Node::Element(element))
    }

    fn close(&mut self, name: &[u8], raw: &[u8], begin: usize) -> Result<Option<Element>, ConfigError> {
        let position = self.position(begin);
        let name = text_of_bytes(name);
        let Some(mut element) = self.open.pop() else {
            return Err(ConfigError::at(position, format!("End tag with no begin tag on line {}", position.0)));
        };
        if element.name != name {
            let message = format!(
                "End tag </{name}> on line {} doesn't match tag <{}> declared on line {}",
                position.0, element.name, element.position.0
            );
            return Err(ConfigError::at(position, message));
        }
        element.close = raw.to_vec();
        Ok(self.finish(element))
    }

    fn unfinished(&self) -> ConfigError {
        let end = position_in(self.source, self.source.len());
        match self.open.last() {
            Some(element) => {
                let (name, line) = (&element.name, element.position.0);
                ConfigError::at(
                    end,
                    format!("Reached end of file without end for tag <{name}> declared on line {line}"),
                )
            }
            None => ConfigError::at(end, "Couldn't find a valid tag"),
        }
    }

    fn malformed(&self, error: &Error, offset: usize) -> ConfigError {
        let position = position_in(self.source, offset);
        let message = match error {
            Error::Syntax(SyntaxError::UnclosedTag) => {
                "Couldn't find a valid tag: no '>' before the end of the file".into()
            }
            Error::Syntax(error) => format!("Couldn't find a valid tag: {error}"),
            Error::IllFormed(IllFormedError::UnmatchedEndTag(_)) => {
                format!("End tag with no begin tag on line {}", position.0)
            }
            other => format!("Couldn't find a valid tag: {other}"),
        };
        ConfigError::at(position, message)
    }

    fn bad_attribute(&self, error: &AttrError, raw: &[u8], begin: usize) -> ConfigError {
        let (at, missing_equals) = match *error {
            AttrError::ExpectedEq(at) => (at, true),
            AttrError::ExpectedValue(at) | AttrError::UnquotedValue(at) | AttrError::ExpectedQuote(at, _) => {
                (at, false)
            }
            AttrError::Duplicated(at, _) => (at, false),
        };
        // quick-xml counts from after the `<`.
        let at = (at + 1).min(raw.len());
        let (line, column) = position_in(self.source, begin + at);
        let name = attribute_before(&raw[..at]);
        let message = if missing_equals {
            format!("Missing '=' after attribute {name} on line {line}")
        } else {
            format!("Attribute {name} value not in quotes on line {line}")
        };
        ConfigError::at((line, column), message)
    }
}

/// A reader for the rest of a source, as lenient as quick-xml can be.
fn reader_at(source: &[u8], begin: usize) -> Reader<&[u8]> {
    let mut reader = Reader::from_reader(source.get(begin..).unwrap_or_default());
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    reader
}

/// Where a DOCTYPE that begins at `begin` ends; `None` when there is none or it does not end.
///
/// quick-xml counts brackets, which a lone `>` in a comment or in an entity's value upsets.
fn doctype_end(source: &[u8], begin: usize) -> Option<usize> {
    const KEYWORD: &[u8] = b"<!DOCTYPE";
    let text = source.get(begin..)?;
    if !text.get(..KEYWORD.len())?.eq_ignore_ascii_case(KEYWORD) {
        return None;
    }
    let mut at = KEYWORD.len();
    let mut in_subset = false;
    loop {
        let rest = text.get(at..)?;
        at += match rest.first()? {
            b'<' if rest.starts_with(b"<!--") => 4 + after(&rest[4..], b"-->")?,
            b'<' if rest.starts_with(b"<?") => 2 + after(&rest[2..], b"?>")?,
            quote @ (b'"' | b'\'') => 1 + after(&rest[1..], &[*quote])?,
            b'>' if !in_subset => return Some(begin + at + 1),
            b'[' => {
                in_subset = true;
                1
            }
            b']' => {
                in_subset = false;
                1
            }
            _ => 1,
        };
    }
}

/// The length of the text up to and with the first occurrence of `end`.
fn after(text: &[u8], end: &[u8]) -> Option<usize> {
    text.windows(end.len()).position(|window| window == end).map(|at| at + end.len())
}

/// The attribute name that ends a piece of an opening tag, blanks and `=` skipped.
fn attribute_before(tag: &[u8]) -> Cow<'_, str> {
    let is_gap = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'"' | b'\'');
    let end = tag.iter().rposition(|byte| !is_gap(byte)).map_or(0, |last| last + 1);
    let begin = tag[..end].iter().rposition(is_gap).map_or(0, |gap| gap + 1);
    text_of_bytes(&tag[begin..end])
}
