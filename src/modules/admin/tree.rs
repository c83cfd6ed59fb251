//! The server's objects as a tree of names: attributes are leaves, objects and lists of values are containers.

use std::sync::Arc;

use crate::qtss::attr::*;
use crate::qtss::convert::value_to_string;
use crate::qtss::{AttrDataType, AttrId, AttrSummary, Handle, Object, ObjectType, Permissions};
use crate::server::Server;

/// What is shown where there is no value, or where nobody is to read it.
const NULL: &str = "(null)";

/// A place in the tree.
#[derive(Clone)]
pub enum Node {
    /// `/admin`: holds the server.
    Root(Arc<Object>),
    /// An object, and the attribute that led to it.
    Object(Arc<Object>, Facts),
    /// An attribute with objects for values.
    Objects(Attribute),
    /// An attribute with several values.
    List(Attribute),
    /// One value; `index` among those of its attribute. `listed` if it was reached through a list.
    Value {
        /// Whose value.
        attribute: Attribute,
        /// Which of them.
        index: u32,
        /// Reached by its number.
        listed: bool,
    },
}

/// An attribute of an object.
#[derive(Clone)]
pub struct Attribute {
    /// The object.
    pub object: Arc<Object>,
    /// The attribute's number in it.
    pub id: AttrId,
    /// Its name.
    pub name: String,
    /// Type and permissions.
    pub facts: Facts,
}

/// What `parameters=at` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The values' type.
    pub data_type: AttrDataType,
    /// What may be done.
    pub permissions: Permissions,
}

impl Facts {
    /// Of what is no attribute: objects in lists, the root, the server.
    const OBJECT: Self = Self { data_type: AttrDataType::Object, permissions: Permissions::READ };

    /// The access letters.
    pub fn letters(self, listed: bool) -> String {
        let has = |permission| self.permissions.contains(permission);
        // A value of a list can be taken out of it whenever it can be changed.
        let removable = has(Permissions::DELETE) || (listed && has(Permissions::WRITE));
        let letters = [
            ('r', has(Permissions::READ)),
            ('w', has(Permissions::WRITE)),
            ('d', removable),
            ('p', has(Permissions::PREEMPTIVE_SAFE)),
        ];
        letters.into_iter().filter(|(_, there)| *there).map(|(letter, _)| letter).collect()
    }
}

impl Node {
    /// The root of a server's tree.
    pub fn root(server: &Server) -> Self {
        Self::Root(Arc::clone(&server.object))
    }

    /// Whether it holds others.
    pub fn is_container(&self) -> bool {
        !matches!(self, Self::Value { .. })
    }

    /// What holds it there.
    pub fn facts(&self) -> Facts {
        match self {
            Self::Root(_) => Facts::OBJECT,
            Self::Object(_, facts) => *facts,
            Self::Objects(attribute) | Self::List(attribute) | Self::Value { attribute, .. } => attribute.facts,
        }
    }

    /// Whether it is a value with a number.
    pub fn is_listed(&self) -> bool {
        matches!(self, Self::Value { listed: true, .. })
    }

    /// The text of a value; `None` when there is none, or when it is a password.
    pub fn text(&self) -> Option<String> {
        let Self::Value { attribute, index, .. } = self else { return None };
        if is_secret(&attribute.name) {
            return None;
        }
        let value = attribute.object.value_bytes(attribute.id, *index).ok()?;
        if attribute.facts.data_type == AttrDataType::Object && value.iter().all(|byte| *byte == 0) {
            return None;
        }
        let text = value_to_string(&value, attribute.facts.data_type);
        // A line end in a value would begin a line of its own.
        Some(String::from_utf8_lossy(&text).replace(['\r', '\n'], " "))
    }

    /// The value as answers show it: in double quotes, which are not escaped in it, or `(null)`.
    pub fn shown(&self) -> String {
        self.text().map_or_else(|| NULL.to_owned(), |text| format!("\"{text}\""))
    }

    /// All that it holds, by name.
    pub fn children(&self) -> Vec<(String, Self)> {
        match self {
            Self::Root(server) => vec![("server".to_owned(), Self::Object(Arc::clone(server), Facts::OBJECT))],
            Self::Object(object, _) => {
                attributes(object).into_iter().map(|attribute| (attribute.name.clone(), attribute.node())).collect()
            }
            Self::Objects(attribute) => {
                let objects = attribute.object.objects(attribute.id).into_iter().filter_map(Handle::object);
                let named = |(index, object): (usize, Arc<Object>)| {
                    (key_of(&object).unwrap_or_else(|| index.to_string()), Self::Object(object, attribute.facts))
                };
                objects.enumerate().map(named).collect()
            }
            Self::List(attribute) => {
                let value = |index: u32| Self::Value { attribute: attribute.clone(), index, listed: true };
                (0..attribute.count()).map(|index| (index.to_string(), value(index))).collect()
            }
            Self::Value { .. } => Vec::new(),
        }
    }

    /// What it holds under a name. A single value is its own number 0.
    pub fn child(&self, name: &str) -> Option<Self> {
        match self {
            Self::Object(object, _) => attributes(object).into_iter().find(|of| of.name == name).map(Attribute::node),
            Self::Value { attribute, listed: false, .. } if name == "0" && attribute.count() > 0 => {
                Some(Self::Value { attribute: attribute.clone(), index: 0, listed: true })
            }
            _ => self.children().into_iter().find(|(key, _)| key == name).map(|(_, child)| child),
        }
    }
}

impl Attribute {
    /// How many values there are.
    pub fn count(&self) -> u32 {
        self.object.num_values(self.id).unwrap_or(0)
    }

    fn node(self) -> Node {
        if self.facts.data_type == AttrDataType::Object {
            let many = self.is_list() || self.count() > 1;
            let single = self.object.object(self.id).and_then(Handle::object);
            return match single {
                _ if many => Node::Objects(self),
                Some(object) => Node::Object(object, self.facts),
                None => Node::Value { attribute: self, index: 0, listed: false },
            };
        }
        if self.count() > 1 { Node::List(self) } else { Node::Value { attribute: self, index: 0, listed: false } }
    }

    /// Whether the attribute's type holds any number of values.
    fn is_list(&self) -> bool {
        let table = builtin(self.object.object_type());
        let index = usize::try_from(self.id.get()).unwrap_or(usize::MAX);
        !self.id.is_instance() && table.get(index).is_some_and(|row| row.count == Count::Many)
    }
}

/// Passwords of viewers and broadcasters are there to be compared, not to be read.
pub fn is_secret(name: &str) -> bool {
    name.to_ascii_lowercase().contains("password")
}

/// The attributes of an object: those of its type, then its own.
fn attributes(object: &Arc<Object>) -> Vec<Attribute> {
    let named = |summary: AttrSummary| Attribute {
        object: Arc::clone(object),
        id: summary.id,
        name: String::from_utf8_lossy(&summary.name).into_owned(),
        facts: Facts { data_type: summary.data_type, permissions: summary.permissions },
    };
    object.attributes().into_iter().map(named).collect()
}

/// Modules have their names, client sessions their running numbers; other objects are counted.
fn key_of(object: &Object) -> Option<String> {
    match object.object_type() {
        ObjectType::Module => object.string(qtssModName),
        ObjectType::ClientSession => object.u32(qtssCliSesCounterID).map(|number| number.to_string()),
        _ => None,
    }
}
