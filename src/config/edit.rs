//! Changes to a document that leave everything else as it was.

use super::document::{Document, elements_mut, is_object_value, is_pref};
use super::format::{Layout, content, element, pref};
use super::section::{Owner, Place, PrefKind};
use super::types::PrefType;
use super::xml::{Element, Node};

/// Why an edit was not possible. The document is unchanged then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The object preference to descend into is not there.
    #[error("there is no object preference {0}")]
    NoSuchObject(String),
    /// The preference is not there.
    #[error("there is no preference {0}")]
    NoSuchPref(String),
    /// The preference has no value of that index.
    #[error("the preference {name} has no value number {index}")]
    NoSuchValue {
        /// The preference.
        name: String,
        /// The index asked for, from 0.
        index: usize,
    },
    /// The preference holds objects, not values, or the other way round.
    #[error("the preference {0} is of the other kind: an object instead of a value or a value instead of an object")]
    WrongKind(String),
}

impl Document {
    /// Adds an empty MODULE element unless there is one of that name.
    pub fn ensure_module(&mut self, name: &str) {
        self.ensure_owner(&Owner::Module(name.to_owned()));
    }

    /// Gives a preference its type and values, adding it at the end of its section when missing (and the section when that
    /// is missing). One value is written as PREF, several as LIST-PREF, none as EMPTY-OBJECT, as DSS did; nothing changes
    /// when type and values are already so. Of doubles the first, which is the one that counts, is changed.
    ///
    /// # Errors
    /// The place names an object preference that is not there.
    pub fn set_values(&mut self, place: &Place, name: &str, ty: PrefType, values: &[Vec<u8>]) -> Result<(), EditError> {
        let unchanged = self.entry(place, name).is_some_and(|entry| {
            let written_so = !values.is_empty() || entry.kind == PrefKind::Empty;
            written_so && entry.ty == ty && entry.objects == 0 && entry.values == values
        });
        if unchanged {
            return Ok(());
        }
        let newline = self.newline();
        let depth = place.objects.len() + 1;
        let section = self.ensure_section(place)?;
        let Some(index) = index_of(section, name) else {
            insert(section, depth, newline, |layout| pref(name, ty, values, layout));
            return Ok(());
        };
        if replace_texts(section, index, ty, values) {
            return Ok(());
        }
        let indent = indent_before(&section.children, index).unwrap_or_else(|| vec![b'\t'; depth + 1]);
        let layout = Layout { newline, indent: &indent };
        section.children[index] = Node::Element(pref(name, ty, values, &layout));
        Ok(())
    }

    /// Replaces one value, or appends one when `index` is the number of values. The type stays.
    ///
    /// # Errors
    /// The preference is missing, holds objects, or has fewer than `index` values.
    pub fn set_value(&mut self, place: &Place, name: &str, index: usize, value: &[u8]) -> Result<(), EditError> {
        let (ty, mut values) = self.values_to_edit(place, name)?;
        if index > values.len() {
            return Err(EditError::NoSuchValue { name: name.to_owned(), index });
        }
        match values.get_mut(index) {
            Some(old) => *old = value.to_vec(),
            None => values.push(value.to_vec()),
        }
        self.set_values(place, name, ty, &values)
    }

    /// Removes one value; those after it move down. The last one leaves an EMPTY-OBJECT of the same type.
    ///
    /// # Errors
    /// The preference is missing, holds objects, or has no such value.
    pub fn remove_value(&mut self, place: &Place, name: &str, index: usize) -> Result<(), EditError> {
        let (ty, mut values) = self.values_to_edit(place, name)?;
        if index >= values.len() {
            return Err(EditError::NoSuchValue { name: name.to_owned(), index });
        }
        values.remove(index);
        self.set_values(place, name, ty, &values)
    }

    /// Removes a preference, and its doubles with it (one of them would take its place otherwise).
    ///
    /// # Errors
    /// There is none of that name.
    pub fn remove_pref(&mut self, place: &Place, name: &str) -> Result<(), EditError> {
        let missing = || EditError::NoSuchPref(name.to_owned());
        let section = self.section_mut(place).ok_or_else(missing)?;
        let mut index = index_of(section, name).ok_or_else(missing)?;
        loop {
            remove_child(section, index);
            match index_of(section, name) {
                Some(next) => index = next,
                None => return Ok(()),
            }
        }
    }

    /// Adds an empty object to an object preference, which is created when missing and becomes a LIST-OBJECT with its
    /// second object. Returns the new object's index for [`Place::object`].
    ///
    /// # Errors
    /// The place is not there, or the preference holds values.
    pub fn add_object(&mut self, place: &Place, name: &str) -> Result<usize, EditError> {
        let newline = self.newline();
        let depth = place.objects.len() + 1;
        let section = self.ensure_section(place)?;
        let new_object = |layout: &Layout<'_>| element("OBJECT", &[("NAME", name)], vec![layout.line(0)]);
        let Some(index) = index_of(section, name) else {
            insert(section, depth, newline, new_object);
            return Ok(0);
        };
        let indent = indent_before(&section.children, index).unwrap_or_else(|| vec![b'\t'; depth + 1]);
        let layout = Layout { newline, indent: &indent };
        let Some(Node::Element(existing)) = section.children.get_mut(index) else {
            return Err(EditError::NoSuchPref(name.to_owned()));
        };
        match existing.name.as_str() {
            "EMPTY-OBJECT" => {
                *existing = new_object(&layout);
                return Ok(0);
            }
            "OBJECT" => {
                let first = std::mem::take(existing);
                let children = vec![layout.line(1), Node::Element(first), layout.line(0)];
                *existing = element("LIST-OBJECT", &[("NAME", name)], children);
            }
            "LIST-OBJECT" => {}
            _ => return Err(EditError::WrongKind(name.to_owned())),
        }
        let count = existing.elements().filter(|child| is_object_value(child)).count();
        insert(existing, depth + 1, newline, new_object);
        Ok(count)
    }

    /// Removes one object of an object preference; the preference goes with its last one.
    ///
    /// # Errors
    /// The preference or the object is not there, or the preference holds values.
    pub fn remove_object(&mut self, place: &Place, name: &str, index: usize) -> Result<(), EditError> {
        let entry = self.entry(place, name).ok_or_else(|| EditError::NoSuchPref(name.to_owned()))?;
        if entry.objects == 0 {
            return Err(EditError::WrongKind(name.to_owned()));
        }
        if index >= entry.objects {
            return Err(EditError::NoSuchValue { name: name.to_owned(), index });
        }
        if entry.objects == 1 {
            return self.remove_pref(place, name);
        }
        let missing = || EditError::NoSuchObject(name.to_owned());
        let section = self.section_mut(place).ok_or_else(missing)?;
        let list = elements_mut(section).find(|element| is_pref(element, name)).ok_or_else(missing)?;
        let is_value = |node: &Node| matches!(node, Node::Element(element) if is_object_value(element));
        let at = list.children.iter().enumerate().filter(|(_, node)| is_value(node)).nth(index).ok_or_else(missing)?.0;
        remove_child(list, at);
        Ok(())
    }

    fn values_to_edit(&self, place: &Place, name: &str) -> Result<(PrefType, Vec<Vec<u8>>), EditError> {
        let entry = self.entry(place, name).ok_or_else(|| EditError::NoSuchPref(name.to_owned()))?;
        if entry.objects > 0 {
            return Err(EditError::WrongKind(name.to_owned()));
        }
        let ty = if entry.ty == PrefType::Unknown { PrefType::CharArray } else { entry.ty };
        Ok((ty, entry.values))
    }

    fn ensure_section(&mut self, place: &Place) -> Result<&mut Element, EditError> {
        self.ensure_owner(&place.owner);
        let missing = place.objects.last().map(|(name, _)| name.clone()).unwrap_or_default();
        self.section_mut(place).ok_or(EditError::NoSuchObject(missing))
    }

    fn ensure_owner(&mut self, owner: &Owner) {
        let place = Place { owner: owner.clone(), objects: Vec::new() };
        if self.contains(&place) {
            return;
        }
        let newline = self.newline();
        insert(&mut self.tree.root, 0, newline, |layout| match owner {
            Owner::Server => element("SERVER", &[], vec![layout.line(0)]),
            Owner::Module(name) => element("MODULE", &[("NAME", name)], vec![layout.line(0)]),
        });
    }

    /// The line end that the file uses.
    fn newline(&self) -> &'static [u8] {
        let uses_crlf = |node: &Node| matches!(node, Node::Text(text) if text.windows(2).any(|pair| pair == b"\r\n"));
        if self.tree.prolog.iter().chain(&self.tree.root.children).any(uses_crlf) { b"\r\n" } else { b"\n" }
    }
}

fn index_of(section: &Element, name: &str) -> Option<usize> {
    section.children.iter().position(|node| matches!(node, Node::Element(element) if is_pref(element, name)))
}

/// Changes the texts of a PREF or LIST-PREF in place when its tags can stay. Returns whether it could.
fn replace_texts(section: &mut Element, index: usize, ty: PrefType, values: &[Vec<u8>]) -> bool {
    let Some(Node::Element(pref)) = section.children.get_mut(index) else { return false };
    let written = pref.attribute("TYPE").map_or(PrefType::CharArray, |name| PrefType::from_name(name.as_bytes()));
    if written != ty || pref.is_self_closed() {
        return false;
    }
    let set = |element: &mut Element, value: &[u8]| {
        if element.is_self_closed() || element.text() != value {
            element.children = content(value);
        }
    };
    match (pref.name.as_str(), values) {
        ("PREF", [value]) => {
            set(pref, value);
            true
        }
        ("LIST-PREF", [_, _, ..]) => {
            let is_plain = |child: &Element| child.name == "VALUE" && !child.is_self_closed();
            if pref.elements().count() != values.len() || !pref.elements().all(is_plain) {
                return false;
            }
            elements_mut(pref).zip(values).for_each(|(element, value)| set(element, value));
            true
        }
        _ => false,
    }
}

/// Adds an element at the end of a parent, on a line of its own, indented like its last sibling. `depth` is the parent's
/// depth, for files without line ends to learn from.
fn insert(parent: &mut Element, depth: usize, newline: &[u8], make: impl FnOnce(&Layout<'_>) -> Element) {
    if parent.is_self_closed() {
        open_up(parent);
    }
    let last = parent.children.iter().rposition(|node| matches!(node, Node::Element(_)));
    let tail = take_last_line(&mut parent.children).unwrap_or_else(|| {
        let mut tail = newline.to_vec();
        tail.resize(tail.len() + depth, b'\t');
        tail
    });
    let indent = last.and_then(|at| indent_before(&parent.children, at)).unwrap_or_else(|| {
        let mut indent: Vec<u8> = tail.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
        indent.push(b'\t');
        indent
    });
    let layout = Layout { newline, indent: &indent };
    let child = make(&layout);
    parent.children.extend([layout.line(0), Node::Element(child), Node::Text(tail)]);
}

/// Turns `<X/>` into `<X></X>`.
fn open_up(element: &mut Element) {
    let bytes = &element.open;
    let end = bytes.strip_suffix(b"/>").map_or(bytes.len(), <[u8]>::len);
    element.open.truncate(end);
    element.open.push(b'>');
    element.close = format!("</{}>", element.name).into_bytes();
}

/// Cuts the last line end and the blanks after it off the children, if they end with such.
fn take_last_line(children: &mut Vec<Node>) -> Option<Vec<u8>> {
    let Some(Node::Text(text)) = children.last_mut() else { return None };
    let mut at = text.iter().rposition(|&byte| byte == b'\n')?;
    if !text[at..].trim_ascii().is_empty() {
        return None;
    }
    if text[..at].ends_with(b"\r") {
        at -= 1;
    }
    let tail = text.split_off(at);
    if text.is_empty() {
        children.pop();
    }
    Some(tail)
}

/// The blanks between a line's start and a child, if there is nothing else between.
fn indent_before(children: &[Node], index: usize) -> Option<Vec<u8>> {
    let Some(Node::Text(text)) = index.checked_sub(1).and_then(|before| children.get(before)) else { return None };
    let at = text.iter().rposition(|&byte| byte == b'\n')?;
    let indent = &text[at + 1..];
    indent.trim_ascii().is_empty().then(|| indent.to_vec())
}

/// Removes a child and the line it stood on.
fn remove_child(parent: &mut Element, index: usize) {
    if index >= parent.children.len() {
        return;
    }
    parent.children.remove(index);
    let rest = parent.children.split_off(index);
    take_last_line(&mut parent.children);
    for node in rest {
        match (parent.children.last_mut(), node) {
            (Some(Node::Text(before)), Node::Text(after)) => before.extend_from_slice(&after),
            (_, node) => parent.children.push(node),
        }
    }
}
