//! The configuration file as a document: sections and preferences found in the lossless tree. `edit` changes it.

use super::error::ConfigError;
use super::format::SKELETON;
use super::section::{Owner, Place, PrefEntry, PrefKind};
use super::types::PrefType;
use super::xml::{Element, Node, Tree};

/// A parsed streamingserver.xml (or another file of its form, such as relayconfig.xml's).
///
/// Comments, order, unknown preferences and modules, and the text of everything that no edit touches are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub(super) tree: Tree,
}

impl Document {
    /// Parses a file's bytes. The root element may have any name, as in DSS.
    ///
    /// # Errors
    /// The text is not well-formed; line, column and DSS's message are in the error.
    pub fn parse(source: &[u8]) -> Result<Self, ConfigError> {
        Tree::parse(source).map(|tree| Self { tree })
    }

    /// A document in DSS's layout without any preference.
    ///
    /// # Errors
    /// None in practice: the text is a constant of this program.
    pub fn skeleton() -> Result<Self, ConfigError> {
        Self::parse(SKELETON.as_bytes())
    }

    /// The file's text; byte for byte the source while nothing was changed.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.tree.to_bytes()
    }

    /// The parsed elements.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Names of the MODULE elements in file order.
    pub fn modules(&self) -> Vec<String> {
        let named = |element: &Element| element.attribute("NAME").map(|name| name.into_owned());
        self.tree.root.elements().filter(|element| element.name == "MODULE").filter_map(named).collect()
    }

    /// The preferences of a place in file order, unknown ones and doubles included; none when the place is not there.
    pub fn entries(&self, place: &Place) -> Vec<PrefEntry> {
        self.section(place).map(|section| section.elements().filter_map(entry_of).collect()).unwrap_or_default()
    }

    /// The first preference of that name.
    pub fn entry(&self, place: &Place, name: &str) -> Option<PrefEntry> {
        self.section(place)?.elements().find(|element| is_pref(element, name)).and_then(entry_of)
    }

    /// Whether the place's section (or object) is in the document.
    pub fn contains(&self, place: &Place) -> bool {
        self.section(place).is_some()
    }

    pub(super) fn section(&self, place: &Place) -> Option<&Element> {
        let mut at = self.tree.root.elements().find(|element| is_section(element, &place.owner))?;
        for (name, index) in &place.objects {
            let object = at.elements().find(|element| is_pref(element, name))?;
            at = match object.name.as_str() {
                "OBJECT" if *index == 0 => object,
                "LIST-OBJECT" => object.elements().filter(|element| is_object_value(element)).nth(*index)?,
                _ => return None,
            };
        }
        Some(at)
    }

    pub(super) fn section_mut(&mut self, place: &Place) -> Option<&mut Element> {
        let root = &mut self.tree.root;
        let mut at = elements_mut(root).find(|element| is_section(element, &place.owner))?;
        for (name, index) in &place.objects {
            let object = elements_mut(at).find(|element| is_pref(element, name))?;
            at = match object.name.as_str() {
                "OBJECT" if *index == 0 => object,
                "LIST-OBJECT" => elements_mut(object).filter(|element| is_object_value(element)).nth(*index)?,
                _ => return None,
            };
        }
        Some(at)
    }
}

/// The element a kind of preference is written as.
pub(super) const fn element_name(kind: PrefKind) -> &'static str {
    match kind {
        PrefKind::Single => "PREF",
        PrefKind::List => "LIST-PREF",
        PrefKind::Object => "OBJECT",
        PrefKind::Empty => "EMPTY-OBJECT",
    }
}

/// The kind of preference an element is; `None` for any other element.
pub(super) fn kind_of(element: &Element) -> Option<PrefKind> {
    match element.name.as_str() {
        "PREF" => Some(PrefKind::Single),
        "LIST-PREF" => Some(PrefKind::List),
        "OBJECT" | "LIST-OBJECT" => Some(PrefKind::Object),
        "EMPTY-OBJECT" => Some(PrefKind::Empty),
        _ => None,
    }
}

pub(super) fn is_section(element: &Element, owner: &Owner) -> bool {
    match owner {
        Owner::Server => element.name == "SERVER",
        Owner::Module(name) => element.name == "MODULE" && element.attribute("NAME").as_deref() == Some(name),
    }
}

pub(super) fn is_pref(element: &Element, name: &str) -> bool {
    kind_of(element).is_some() && element.attribute("NAME").as_deref() == Some(name)
}

/// A value of a LIST-OBJECT; DSS wrote OBJECT where its DTD says OBJECT-VALUE.
pub(super) fn is_object_value(element: &Element) -> bool {
    matches!(element.name.as_str(), "OBJECT" | "OBJECT-VALUE")
}

pub(super) fn elements_mut(element: &mut Element) -> impl Iterator<Item = &mut Element> {
    element.children.iter_mut().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        _ => None,
    })
}

fn entry_of(element: &Element) -> Option<PrefEntry> {
    let kind = kind_of(element)?;
    let name = element.attribute("NAME")?.into_owned();
    let type_text = element.attribute("TYPE").map(|text| text.into_owned());
    let unnamed = if kind == PrefKind::Object { PrefType::Object } else { PrefType::CharArray };
    let ty = type_text.as_deref().map_or(unnamed, |text| PrefType::from_name(text.as_bytes()));
    let values = match kind {
        PrefKind::Single if element.is_self_closed() => Vec::new(),
        PrefKind::Single => vec![element.text()],
        PrefKind::List => element.elements().filter(|child| child.name == "VALUE").map(Element::text).collect(),
        PrefKind::Object | PrefKind::Empty => Vec::new(),
    };
    let objects = match element.name.as_str() {
        "OBJECT" => 1,
        "LIST-OBJECT" => element.elements().filter(|child| is_object_value(child)).count(),
        _ => 0,
    };
    Some(PrefEntry { name, type_text, ty, kind, values, objects, position: element.position })
}
