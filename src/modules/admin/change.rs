//! The commands that change something: `set`, `add`, `del`. A value is checked before anything happens.

use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::Ordering;

use super::query::{Command, Query};
use super::tree::{Attribute, Node};
use crate::config::{PrefDef, module_def, oddity, server_pref};
use crate::qtss::attr::*;
use crate::qtss::convert::{Parsed, parse_value};
use crate::qtss::{AttrDataType, ClosingReason, Object, ObjectType, Permissions};
use crate::server::{ClientSession, Server, ServerState};

/// Why a command was not carried out: the number behind `error:` and the reason behind that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// 400, 404, 405 or 500.
    pub number: u16,
    /// In DSS's words where it had some.
    pub reason: String,
}

impl Refused {
    pub(super) fn new(number: u16, reason: impl Into<String>) -> Self {
        Self { number, reason: reason.into() }
    }

    fn not_found() -> Self {
        Self::new(404, "No data found")
    }

    fn read_only(command: Command) -> Self {
        Self::new(400, format!("Attribute is read only. Action not allowed for command {}", command.name()))
    }

    fn unsaved() -> Self {
        Self::new(500, "The preferences file could not be changed")
    }
}

/// What is left to do when the answer has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// Nothing.
    Nothing,
    /// The server enters this state.
    Enter(ServerState),
}

/// Carries out a command that changes something. May wait for the disk.
///
/// # Errors
/// What is wrong with the query; nothing has changed then.
pub fn change(server: &Arc<Server>, command: Command, query: &Query) -> Result<Afterwards, Refused> {
    let name = command.name();
    if matches!(command, Command::Set | Command::Add) && query.value.is_none() {
        return Err(Refused::new(400, format!("No value for command {name}")));
    }
    if query.iterates() {
        return Err(Refused::new(405, format!("* iterator not valid for command {name}")));
    }
    if query.parameters.recurse {
        return Err(Refused::new(405, format!("(r)ecurse parameter not valid for command {name}")));
    }
    let node = find(server, query)?;
    match command {
        Command::Get => Ok(Afterwards::Nothing),
        Command::Set => set(server, &node, query),
        Command::Add => add(server, &node, query).map(|()| Afterwards::Nothing),
        Command::Del => del(server, &node).map(|()| Afterwards::Nothing),
    }
}

fn find(server: &Server, query: &Query) -> Result<Node, Refused> {
    let below = query.path.get(1..).unwrap_or_default();
    let step = |node: Node, name: &String| node.child(name);
    below.iter().try_fold(Node::root(server), step).ok_or_else(Refused::not_found)
}

fn set(server: &Arc<Server>, node: &Node, query: &Query) -> Result<Afterwards, Refused> {
    let Node::Value { attribute, index, .. } = node else {
        return Err(Refused::new(405, "Container not valid for command SET"));
    };
    let bytes = checked_value(attribute, query, Command::Set)?;
    if attribute.object.object_type() == ObjectType::Server && attribute.id == qtssSvrState {
        return state_from(&bytes).map(Afterwards::Enter).ok_or_else(|| Refused::new(400, "No such server state"));
    }
    let object = &attribute.object;
    object.set_value(attribute.id, *index, &bytes).map_err(|_| Refused::read_only(Command::Set))?;
    if is_preferences(object) {
        take_over(server);
        let now = value_of(object, attribute, *index);
        return if now.as_deref() == Some(&bytes[..]) { Ok(Afterwards::Nothing) } else { Err(Refused::unsaved()) };
    }
    note_session_change(attribute);
    Ok(Afterwards::Nothing)
}

/// The value's bytes, if the attribute may be written, its type is the one that was named, and the text is such a value.
fn checked_value(attribute: &Attribute, query: &Query, command: Command) -> Result<Vec<u8>, Refused> {
    let data_type = attribute.facts.data_type;
    let settable = !matches!(data_type, AttrDataType::Object | AttrDataType::StreamRef | AttrDataType::VoidPointer);
    if !attribute.facts.permissions.contains(Permissions::WRITE) || !settable {
        return Err(Refused::read_only(command));
    }
    if let Some(asked) = query.type_name.as_deref().filter(|asked| !asked.eq_ignore_ascii_case(data_type.name())) {
        let own = data_type.name();
        let command = command.name();
        return Err(Refused::new(
            400,
            format!("Type {asked} does not match attribute type {own} for command {command}"),
        ));
    }
    parsed(query.value.as_deref().unwrap_or_default(), data_type)
}

/// A text as a value of a type. Unlike in the configuration file, what is no number, is followed by something, or does
/// not fit is refused.
fn parsed(text: &str, data_type: AttrDataType) -> Result<Vec<u8>, Refused> {
    let wrong = || Refused::new(400, format!("\"{text}\" is no value of type {}", data_type.name()));
    if text.contains('\0') || oddity(data_type, text.as_bytes()).is_some() {
        return Err(wrong());
    }
    match parse_value(text.as_bytes(), data_type) {
        Parsed::Value(value) => Ok(value),
        Parsed::Unchanged(_) => Err(wrong()),
    }
}

/// The states that an administrator may ask for: starting up is over for good.
fn state_from(bytes: &[u8]) -> Option<ServerState> {
    let known = [
        ServerState::Running,
        ServerState::RefusingConnections,
        ServerState::FatalError,
        ServerState::ShuttingDown,
        ServerState::Idle,
    ];
    let number = u32::from_ne_bytes(bytes.try_into().ok()?);
    known.into_iter().find(|state| *state as u32 == number)
}

/// What is in the file now counts. A change that could not be saved is gone from the objects, too.
fn take_over(server: &Arc<Server>) {
    server.reread();
    server.refresh_pref_objects();
}

fn is_preferences(object: &Object) -> bool {
    matches!(object.object_type(), ObjectType::Prefs | ObjectType::ModulePrefs)
}

fn value_of(object: &Object, attribute: &Attribute, index: u32) -> Option<Vec<u8>> {
    // A reread may have given the preference another number.
    let id = object.find(attribute.name.as_bytes())?;
    object.list(id).into_iter().nth(index as usize)
}

/// A client session's time-out counts from now on.
fn note_session_change(attribute: &Attribute) {
    let session = attribute.object.attached::<Weak<ClientSession>>().and_then(Weak::upgrade);
    if let Some(session) = session.filter(|_| attribute.id == qtssCliSesTimeoutMsec) {
        let timeout = session.object.u32(qtssCliSesTimeoutMsec).unwrap_or(0);
        session.timeout_ms.store(i64::from(timeout), Ordering::Relaxed);
    }
}

fn add(server: &Arc<Server>, node: &Node, query: &Query) -> Result<(), Refused> {
    match node {
        Node::Object(object, _) if is_preferences(object) => add_preference(server, object, query),
        Node::List(attribute) | Node::Value { attribute, listed: false, .. } => add_value(server, attribute, query),
        _ => Err(Refused::read_only(Command::Add)),
    }
}

/// Appends a value to an attribute that may have several.
fn add_value(server: &Arc<Server>, attribute: &Attribute, query: &Query) -> Result<(), Refused> {
    let bytes = checked_value(attribute, query, Command::Add)?;
    let object = &attribute.object;
    let before = object.list(attribute.id).len();
    let is_list = definition(server, attribute).is_none_or(|definition| definition.list);
    if !is_list && before > 0 {
        return Err(Refused::new(400, "Attribute has one value only. Action not allowed for command ADD"));
    }
    let index = u32::try_from(before).unwrap_or(u32::MAX);
    object.set_value(attribute.id, index, &bytes).map_err(|_| Refused::read_only(Command::Add))?;
    if is_preferences(object) {
        take_over(server);
        if value_of(object, attribute, index).as_deref() != Some(&bytes[..]) {
            return Err(Refused::unsaved());
        }
    }
    Ok(())
}

/// What the tables know of a preference.
fn definition(server: &Server, attribute: &Attribute) -> Option<&'static PrefDef> {
    if attribute.object.object_type() == ObjectType::Prefs {
        return server_pref(&attribute.name);
    }
    let modules = server.registry.modules();
    let module = modules.iter().find(|module| module.prefs().handle() == attribute.object.handle())?;
    module_def(module.name())?.pref(&attribute.name)
}

/// Makes a new preference in a section of the file.
fn add_preference(server: &Arc<Server>, object: &Arc<Object>, query: &Query) -> Result<(), Refused> {
    let name = query.name.as_deref().filter(|name| is_preference_name(name));
    let name = name.ok_or_else(|| Refused::new(400, "No name, or no possible name, for command ADD"))?;
    let type_name = query.type_name.as_deref().unwrap_or(AttrDataType::CharArray.name());
    let data_type = AttrDataType::from_name(type_name.as_bytes());
    if matches!(data_type, AttrDataType::Unknown | AttrDataType::Object) {
        return Err(Refused::new(400, format!("Type {type_name} is not possible for command ADD")));
    }
    let bytes = parsed(query.value.as_deref().unwrap_or_default(), data_type)?;
    let exists = |_| Refused::new(400, "Attribute exists. Action not allowed for command ADD");
    let id = object.add_instance_attribute(name.as_bytes(), data_type.code()).map_err(exists)?;
    object.set_value(id, 0, &bytes).map_err(|_| Refused::read_only(Command::Add))?;
    take_over(server);
    object.find(name.as_bytes()).map(drop).ok_or_else(Refused::unsaved)
}

/// Names that are an XML attribute's and a part of a path without trouble.
pub fn is_preference_name(name: &str) -> bool {
    let fits = (1..=crate::qtss::MAX_NAME_LEN).contains(&name.len());
    fits && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        && !matches!(name, "." | "..")
}

fn del(server: &Arc<Server>, node: &Node) -> Result<(), Refused> {
    match node {
        Node::Object(object, _) if object.object_type() == ObjectType::ClientSession => end_session(server, object),
        Node::Value { attribute, index, listed: true } => {
            let before = attribute.object.list(attribute.id);
            let removed = attribute.object.remove_value(attribute.id, *index);
            removed.map_err(|_| Refused::read_only(Command::Del))?;
            reread_preferences(server, &attribute.object);
            // In the place of an only value its default may have come.
            let stayed = before.len() > 1 && attribute.object.list(attribute.id) == before;
            if stayed { Err(Refused::unsaved()) } else { Ok(()) }
        }
        Node::Value { attribute, .. } | Node::List(attribute) => {
            let allowed = attribute.id.is_instance() && attribute.facts.permissions.contains(Permissions::DELETE);
            let removed = allowed.then(|| attribute.object.remove_instance_attribute(attribute.id));
            removed.and_then(Result::ok).ok_or_else(|| Refused::read_only(Command::Del))?;
            reread_preferences(server, &attribute.object);
            // A preference that its module needs comes back with its default.
            let came_back = attribute.object.find(attribute.name.as_bytes()).is_some();
            if came_back && definition(server, attribute).is_none() { Err(Refused::unsaved()) } else { Ok(()) }
        }
        _ => Err(Refused::read_only(Command::Del)),
    }
}

fn reread_preferences(server: &Arc<Server>, object: &Object) {
    if is_preferences(object) {
        take_over(server);
    }
}

/// Ends a client session, as its TEARDOWN would.
fn end_session(server: &Arc<Server>, object: &Object) -> Result<(), Refused> {
    let session = object.attached::<Weak<ClientSession>>().and_then(Weak::upgrade).ok_or_else(Refused::not_found)?;
    let server = Arc::clone(server);
    tokio::spawn(async move { server.close_session(&session, ClosingReason::Teardown).await });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_41_text_is_no_number_and_nothing_is_cut() {
        let refused = |text: &str, data_type| parsed(text, data_type).is_err();
        for text in ["abc", "", "12abc", "-1", "4294967296", "0x10"] {
            assert!(refused(text, AttrDataType::UInt32), "{text:?}");
        }
        assert_eq!(parsed("4294967295", AttrDataType::UInt32), Ok(u32::MAX.to_ne_bytes().to_vec()));
        assert!(refused("65536", AttrDataType::UInt16) && refused("yes", AttrDataType::Bool16));
        assert!(refused("many", AttrDataType::Float32) && refused("a\0b", AttrDataType::CharArray));
        assert_eq!(parsed("TRUE", AttrDataType::Bool16), Ok(1u16.to_ne_bytes().to_vec()));
    }

    #[test]
    fn trap_42_there_are_five_states_to_ask_for() {
        let known: Vec<u32> = (0..200).filter(|n: &u32| state_from(&n.to_ne_bytes()).is_some()).collect();
        assert_eq!(known, [1, 2, 3, 4, 5]);
        assert_eq!(state_from(&[]), None);
    }

    #[test]
    fn names_of_preferences_are_plain() {
        assert!(is_preference_name("kit_pref"));
        for name in ["", "a b", "a/b", "a\"", "..", "*", &"x".repeat(65)] {
            assert!(!is_preference_name(name), "{name:?}");
        }
    }
}
