//! How DSS 6.0.3 laid out its file: tabs, a blank before the `>` of tags with attributes, TYPE left out for text.

use super::document::element_name;
use super::section::PrefKind;
use super::text::{escape, escape_attribute};
use super::types::PrefType;
use super::xml::{Element, Node};

/// A new file without any preference. DSS put the DTD of the file at its top; it is for tools, the server never reads it.
pub(super) const SKELETON: &str = "<?xml version =\"1.0\"?>\n\
<!-- The grammar of this file -->\n\
<!DOCTYPE CONFIGURATION [\n\
<!ELEMENT CONFIGURATION (SERVER, MODULE*)>\n\
<!ELEMENT SERVER (PREF | LIST-PREF | OBJECT | LIST-OBJECT | EMPTY-OBJECT)*>\n\
<!ELEMENT MODULE (PREF | LIST-PREF | OBJECT | LIST-OBJECT | EMPTY-OBJECT)*>\n\
<!ATTLIST MODULE\n\tNAME CDATA #REQUIRED>\n\
<!ELEMENT PREF (#PCDATA)>\n\
<!ATTLIST PREF\n\tNAME CDATA #REQUIRED\n\tTYPE CDATA \"CharArray\">\n\
<!ELEMENT LIST-PREF (VALUE*)>\n\
<!ATTLIST LIST-PREF\n\tNAME CDATA #REQUIRED\n\tTYPE CDATA \"CharArray\">\n\
<!ELEMENT VALUE (#PCDATA)>\n\
<!ELEMENT OBJECT (PREF | LIST-PREF | OBJECT | LIST-OBJECT | EMPTY-OBJECT)*>\n\
<!ATTLIST OBJECT\n\tNAME CDATA #IMPLIED>\n\
<!ELEMENT LIST-OBJECT (OBJECT*)>\n\
<!ATTLIST LIST-OBJECT\n\tNAME CDATA #REQUIRED>\n\
<!ELEMENT EMPTY-OBJECT EMPTY>\n\
<!ATTLIST EMPTY-OBJECT\n\tNAME CDATA #REQUIRED\n\tTYPE CDATA \"CharArray\">\n\
]>\n\
<CONFIGURATION>\n\t<SERVER>\n\t</SERVER>\n</CONFIGURATION>\n";

/// Line end and indentation around a new element.
pub(super) struct Layout<'a> {
    /// `\n` or `\r\n`, as the file has it.
    pub(super) newline: &'a [u8],
    /// The blanks before the element.
    pub(super) indent: &'a [u8],
}

impl Layout<'_> {
    /// A line end followed by the element's indentation and `deeper` more tabs.
    pub(super) fn line(&self, deeper: usize) -> Node {
        let mut text = self.newline.to_vec();
        text.extend_from_slice(self.indent);
        text.resize(text.len() + deeper, b'\t');
        Node::Text(text)
    }
}

/// An element with the given tags and content.
pub(super) fn element(name: &str, attributes: &[(&str, &str)], children: Vec<Node>) -> Element {
    let mut open = format!("<{name}").into_bytes();
    for (key, value) in attributes {
        open.extend_from_slice(format!(" {key}=\"").as_bytes());
        escape_attribute(value.as_bytes(), &mut open);
        open.push(b'"');
    }
    open.extend_from_slice(if attributes.is_empty() { b">" } else { b" >" });
    Element {
        name: name.to_owned(),
        attributes: attributes.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect(),
        open,
        children,
        close: format!("</{name}>").into_bytes(),
        position: (0, 0),
    }
}

/// A preference with its values: PREF for one, LIST-PREF for several, EMPTY-OBJECT for none.
pub(super) fn pref(name: &str, ty: PrefType, values: &[Vec<u8>], layout: &Layout<'_>) -> Element {
    let (kind, children) = match values {
        [] => (PrefKind::Empty, Vec::new()),
        [value] => (PrefKind::Single, content(value)),
        _ => {
            let mut children = Vec::new();
            for value in values {
                children.push(layout.line(1));
                children.push(Node::Element(element("VALUE", &[], content(value))));
            }
            children.push(layout.line(0));
            (PrefKind::List, children)
        }
    };
    let with_type = [("NAME", name), ("TYPE", ty.name())];
    let attributes = if ty == PrefType::CharArray { &with_type[..1] } else { &with_type[..] };
    element(element_name(kind), attributes, children)
}

/// The text node of a value.
pub(super) fn content(value: &[u8]) -> Vec<Node> {
    if value.is_empty() {
        return Vec::new();
    }
    let mut text = Vec::new();
    escape(value, &mut text);
    vec![Node::Text(text)]
}
