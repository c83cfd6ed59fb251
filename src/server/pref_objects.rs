//! Preferences as modules see them: objects whose attributes are filled from the configuration file, and whose changes by
//! modules are written back to it at once.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::Preferences;
use crate::config::{Document, EditError, Place, PrefEntry, PrefKind};
use crate::qtss::convert::{Parsed, parse_value, value_to_string};
use crate::qtss::{AttrDataType, AttrId, Change, Handle, Object, ObjectStore, ObjectType, Permissions};

/// The preference objects of the process: the server's, each module's, and those nested in them.
pub struct PrefObjects {
    store: Arc<ObjectStore>,
    preferences: Arc<Preferences>,
    roots: Mutex<Vec<(Place, Weak<Object>)>>,
    /// What part of the file each object stands for.
    places: Mutex<HashMap<Handle, Place>>,
}

impl PrefObjects {
    /// No object yet.
    pub fn new(store: &Arc<ObjectStore>, preferences: &Arc<Preferences>) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::clone(store),
            preferences: Arc::clone(preferences),
            roots: Mutex::default(),
            places: Mutex::default(),
        })
    }

    /// Fills a module's preferences object from its section and follows its changes.
    pub fn adopt_module(self: &Arc<Self>, name: &str, object: &Arc<Object>) {
        self.adopt(Place::module(name), object);
    }

    /// Makes the server's preferences object.
    pub fn server_object(self: &Arc<Self>) -> Arc<Object> {
        let object = self.store.create(ObjectType::Prefs);
        self.adopt(Place::server(), &object);
        object
    }

    fn adopt(self: &Arc<Self>, place: Place, object: &Arc<Object>) {
        self.preferences.with(|prefs| self.fill(&prefs.document, &place, object));
        self.roots.lock().push((place, Arc::downgrade(object)));
        let objects = Arc::downgrade(self);
        object.set_hook(Arc::new(move |object: &Object, change: &Change| {
            if let Some(objects) = objects.upgrade() {
                objects.write_back(object, change);
            }
        }));
    }

    /// After a reread of the file: what is in it replaces what the objects hold. Attributes keep their ids unless their
    /// type changed; those that are no longer in the file go.
    pub fn refresh(&self) {
        let roots = self.roots.lock().clone();
        for (place, object) in roots {
            if let Some(object) = object.upgrade() {
                self.preferences.with(|prefs| self.fill(&prefs.document, &place, &object));
            }
        }
    }

    fn fill(&self, document: &Document, place: &Place, object: &Arc<Object>) {
        self.places.lock().insert(object.handle(), place.clone());
        let entries = document.entries(place);
        for (id, name, data_type) in object.instance_attributes() {
            let kept = entries.iter().find(|e| e.name.as_bytes() == name).is_some_and(|e| type_of(e) == data_type);
            if !kept {
                object.undeclare(id);
            }
        }
        let mut seen = std::collections::HashSet::new();
        for entry in entries.iter().filter(|entry| seen.insert(entry.name.as_str())) {
            if entry.name.len() > crate::qtss::MAX_NAME_LEN {
                continue;
            }
            self.fill_entry(document, place, object, entry);
        }
    }

    fn fill_entry(&self, document: &Document, place: &Place, object: &Arc<Object>, entry: &PrefEntry) {
        let data_type = type_of(entry);
        let known = object.find(entry.name.as_bytes());
        let Some(id) = known.or_else(|| object.declare(entry.name.as_bytes(), data_type, Permissions::FROM_FILE).ok())
        else {
            return;
        };
        if entry.kind == PrefKind::Object {
            object.clear(id);
            for index in 0..entry.objects {
                let inner = place.clone().object(entry.name.as_str(), index);
                if let Ok((_, child)) = self.store.create_child(object, id, ObjectType::ModulePrefs) {
                    self.fill(document, &inner, &child);
                }
            }
            return;
        }
        // A server preference of another type than the server's is not taken over.
        if !id.is_instance() && self.static_type(object, id) != Some(data_type) {
            return;
        }
        let values: Vec<Vec<u8>> = entry.values.iter().map(|text| parsed(text, data_type)).collect();
        match values.as_slice() {
            [] => object.clear(id),
            [only] => object.set_list(id, std::slice::from_ref(only)),
            many => object.set_list(id, many),
        }
    }

    fn static_type(&self, object: &Object, id: AttrId) -> Option<AttrDataType> {
        let statics = self.store.static_attributes(object.object_type());
        statics.get(usize::try_from(id.get()).ok()?).map(|(_, data_type)| *data_type)
    }

    /// A module changed an object: the file is written anew, with everything else in it.
    fn write_back(&self, object: &Object, change: &Change) {
        let Some(place) = self.places.lock().get(&object.handle()).cloned() else { return };
        let result = match change {
            Change::Set { id, .. } | Change::RemovedValue { id, .. } => {
                let Some((name, data_type)) = self.describe(object, *id) else { return };
                if data_type == AttrDataType::Object {
                    return;
                }
                let values = object.list(*id).iter().map(|value| value_to_string(value, data_type)).collect::<Vec<_>>();
                let file_type = if data_type == AttrDataType::Unknown { AttrDataType::CharArray } else { data_type };
                self.preferences.update(|document| document.set_values(&place, &name, file_type, &values))
            }
            Change::RemovedAttribute { name, .. } => {
                let name = String::from_utf8_lossy(name);
                // An attribute that never had a value is not in the file.
                self.preferences.update(|document| match document.remove_pref(&place, &name) {
                    Err(EditError::NoSuchPref(_)) => Ok(()),
                    result => result,
                })
            }
            Change::CreatedObject { id, index } => {
                let Some((name, _)) = self.describe(object, *id) else { return };
                let child = object.children(*id).into_iter().nth(*index as usize);
                if let Some(child) = child {
                    let inner = place.clone().object(name.as_str(), *index as usize);
                    self.places.lock().insert(child.handle(), inner);
                }
                self.preferences.update(|document| document.add_object(&place, &name).map(drop))
            }
        };
        if let Err(error) = result {
            tracing::warn!("a module's change of a preference could not be saved: {error}");
        }
    }

    fn describe(&self, object: &Object, id: AttrId) -> Option<(String, AttrDataType)> {
        if id.is_instance() {
            let own = object.instance_attributes().into_iter().find(|(of, ..)| *of == id)?;
            return Some((String::from_utf8_lossy(&own.1).into_owned(), own.2));
        }
        self.store.static_attributes(object.object_type()).into_iter().nth(usize::try_from(id.get()).ok()?)
    }
}

/// The attribute's type; a TYPE that nobody knows is Unknown, whose values are hex digits.
fn type_of(entry: &PrefEntry) -> AttrDataType {
    if entry.kind == PrefKind::Object {
        return AttrDataType::Object;
    }
    entry.ty
}

/// The value of a text; a number that is none counts as 0, as for the server's own preferences.
fn parsed(text: &[u8], data_type: AttrDataType) -> Vec<u8> {
    match parse_value(text, data_type) {
        Parsed::Value(value) => value,
        Parsed::Unchanged(size) => vec![0; size],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Prefs;

    const XML: &str = concat!(
        "<?xml version =\"1.0\"?>\n<CONFIGURATION>\n\t<SERVER>\n\t\t<PREF NAME=\"rtsp_port\" TYPE=\"UInt16\" >554</PREF>\n",
        "\t</SERVER>\n\t<MODULE NAME=\"Probe\">\n\t\t<PREF NAME=\"on\" TYPE=\"Bool16\" >yes</PREF>\n",
        "\t\t<PREF NAME=\"number\" TYPE=\"UInt32\" >12abc</PREF>\n\t\t<PREF NAME=\"text\" >a & b</PREF>\n",
        "\t\t<LIST-PREF NAME=\"list\" >\n\t\t\t<VALUE>one</VALUE>\n\t\t\t<VALUE></VALUE>\n\t\t</LIST-PREF>\n",
        "\t\t<PREF NAME=\"empty\" ></PREF>\n\t</MODULE>\n</CONFIGURATION>\n"
    );

    fn open(xml: &str) -> (tempfile::TempDir, Arc<Preferences>, Arc<PrefObjects>, Arc<Object>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("streamingserver.xml");
        std::fs::write(&path, xml).unwrap();
        let preferences = Preferences::new(Prefs::load(&path).unwrap().prefs);
        let store = ObjectStore::new();
        let objects = PrefObjects::new(&store, &preferences);
        let object = store.create(ObjectType::ModulePrefs);
        objects.adopt_module("Probe", &object);
        (dir, preferences, objects, object)
    }

    fn file(dir: &tempfile::TempDir) -> String {
        std::fs::read_to_string(dir.path().join("streamingserver.xml")).unwrap()
    }

    fn id(object: &Object, name: &str) -> AttrId {
        object.find(name.as_bytes()).unwrap_or_else(|| panic!("no {name}"))
    }

    #[test]
    fn trap_23_24_26_values_are_read_as_dss_read_them() {
        let (_dir, _preferences, _objects, object) = open(XML);
        assert_eq!(object.bool16(id(&object, "on")), Some(false), "only the word true is true");
        assert_eq!(object.u32(id(&object, "number")), Some(12), "trailing junk is ignored");
        assert_eq!(object.string(id(&object, "text")).as_deref(), Some("a & b"));
        assert_eq!(object.strings(id(&object, "list")), ["one", ""]);
        assert_eq!(object.string(id(&object, "empty")), None);
    }

    #[test]
    fn trap_27_a_set_value_is_in_the_file_at_once_and_the_rest_stays() {
        let (dir, preferences, _objects, object) = open(XML);
        object.set_value(id(&object, "number"), 0, &7u32.to_ne_bytes()).unwrap();
        assert!(file(&dir).contains("<PREF NAME=\"number\" TYPE=\"UInt32\" >7</PREF>"), "{}", file(&dir));
        assert_eq!(file(&dir).replace(">7</PREF>", ">12abc</PREF>"), XML, "nothing else changed");
        assert_eq!(preferences.module("Probe").u32("number"), 7);
        object.remove_instance_attribute(id(&object, "text")).unwrap();
        assert!(!file(&dir).contains("\"text\""));
        let new = object.add_instance_attribute(b"new", AttrDataType::CharArray.code()).unwrap();
        assert!(!file(&dir).contains("\"new\""), "an attribute without a value is not in the file");
        object.set_value(new, 0, b"here").unwrap();
        assert!(file(&dir).contains("<PREF NAME=\"new\" >here</PREF>"));
    }

    #[test]
    fn trap_29_a_reread_keeps_ids_drops_what_is_gone_and_takes_a_new_type() {
        let (dir, preferences, objects, object) = open(XML);
        let (number, on, text) = (id(&object, "number"), id(&object, "on"), id(&object, "text"));
        let changed = XML
            .replace(">12abc<", ">13<")
            .replace("TYPE=\"Bool16\" >yes", ">yes")
            .replace("NAME=\"text\"", "NAME=\"other\"");
        std::fs::write(dir.path().join("streamingserver.xml"), changed).unwrap();
        preferences.reload().unwrap();
        objects.refresh();
        assert_eq!((id(&object, "number"), object.u32(number)), (number, Some(13)));
        assert_eq!(object.find(b"text"), None);
        assert!(object.get_value(text, 0, None).is_err());
        assert_ne!(id(&object, "on"), on, "another type is another attribute");
        assert_eq!(object.string(id(&object, "on")).as_deref(), Some("yes"));
    }
}
