//! Objects: bags of attributes that the server, built-in modules and C modules share.
//!
//! Three faces: the server's own typed reads and writes, which ignore permissions ([`server_api`]); what modules may
//! call, with the checks and result codes of the QTSS API ([`module_api`]); and locking ([`lock`]).
//!
//! Two locks per object. The *API lock* is recursive, is what QTSS_LockObject holds across calls, and is shared with
//! child objects. The *value lock* is inside and only held while bytes are moved; no foreign code runs under it.

mod instance;
mod live;
mod lock;
mod module_api;
mod server_api;
mod slots;

#[cfg(test)]
mod tests;

use std::any::Any;
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, ReentrantMutex};

use self::instance::Instance;
pub use self::live::{LiveU32, LiveU64};
pub use self::lock::{LockGuard, release_forgotten_locks};
use self::slots::{Located, Memory, Place, Slot};
use super::handle::{Handle, TABLE};
use super::memory::{Bytes, RequestText, read};
use super::store::TypeSchema;
use super::value::Value;
use super::{AttrDataType, AttrId, ObjectType, Permissions, QtssError};

/// Computes an attribute when it is read.
pub(super) type ComputeFn = Arc<dyn Fn(&Object) -> Value + Send + Sync>;

/// Told of changes that modules make, after they are made and without any lock held.
pub type ChangeHook = Arc<dyn Fn(&Object, &Change) + Send + Sync>;

/// A change that a module made to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// QTSS_SetValue stored a value.
    Set {
        /// Attribute.
        id: AttrId,
        /// Which of its values.
        index: u32,
    },
    /// QTSS_RemoveValue removed a value.
    RemovedValue {
        /// Attribute.
        id: AttrId,
        /// Which of its values it was.
        index: u32,
    },
    /// QTSS_RemoveInstanceAttribute removed an attribute.
    RemovedAttribute {
        /// Attribute.
        id: AttrId,
        /// Its name.
        name: Vec<u8>,
    },
    /// QTSS_CreateObjectValue made a child object.
    CreatedObject {
        /// Attribute.
        id: AttrId,
        /// Which of its values the child is.
        index: u32,
    },
}

/// What an attribute of an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttrSummary {
    /// Its number.
    pub id: AttrId,
    /// Its name, any bytes.
    pub name: Vec<u8>,
    /// The type of its values.
    pub data_type: AttrDataType,
    /// What modules may do with it.
    pub permissions: Permissions,
}

/// An object. Attributes of its type need no memory until they are set; the others come and go.
pub struct Object {
    handle: Handle,
    schema: Arc<TypeSchema>,
    api_lock: Arc<ReentrantMutex<()>>,
    attachment: OnceLock<Box<dyn Any + Send + Sync>>,
    values: Mutex<Values>,
}

struct Values {
    /// One slot per static attribute, up to the highest that was ever set.
    slots: Vec<Slot>,
    /// Built-in attributes of the type: room for their slots is made at once.
    builtin: usize,
    memory: Memory,
    extras: Option<Box<Extras>>,
}

/// What most objects do without.
#[derive(Default)]
struct Extras {
    instances: Vec<Instance>,
    computed: Vec<(AttrId, ComputeFn)>,
    /// Objects made by CreateObjectValue, in the order of the values that hold their handles.
    children: Vec<(AttrId, Vec<Arc<Object>>)>,
    text: Option<Arc<RequestText>>,
    /// Texts that a Filter module replaced; pointers into them stay good.
    old_texts: Vec<Arc<RequestText>>,
    hook: Option<ChangeHook>,
}

/// What the checks need to know about an attribute.
struct Attr {
    place: Place,
    permissions: Permissions,
    compute: Option<ComputeFn>,
}

impl Object {
    pub(super) fn create(schema: Arc<TypeSchema>, share_lock_with: Option<&Self>) -> Arc<Self> {
        let api_lock = match share_lock_with {
            Some(other) => other.api_lock.clone(),
            None => Arc::new(ReentrantMutex::new(())),
        };
        let memory = Memory { fields: None, fields_size: schema.fields_size, retired: Vec::new() };
        let values = Mutex::new(Values { slots: Vec::new(), builtin: schema.builtin_len(), memory, extras: None });
        let object = TABLE.insert(|handle| Self { handle, schema, api_lock, attachment: OnceLock::new(), values });
        if let Some(id) = object.schema.stream_ref {
            object.set_object(id, object.handle);
        }
        object
    }

    /// The handle, which modules hold; it is also the object's stream reference.
    pub fn handle(&self) -> Handle {
        self.handle
    }

    /// The object's type.
    pub fn object_type(&self) -> ObjectType {
        self.schema.object_type
    }

    /// Ties the object to what it stands for (a connection, a stream, a file), so that calls that get the handle find
    /// it. Done once; false if something is tied already. A `Weak` avoids a cycle where that thing owns the object.
    pub fn attach<T: Any + Send + Sync>(&self, attachment: T) -> bool {
        self.attachment.set(Box::new(attachment)).is_ok()
    }

    /// What the object stands for, if it is a `T`.
    pub fn attached<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.attachment.get().and_then(|a| a.downcast_ref())
    }

    /// Lets `f` compute the attribute whenever it is read, for this object only. (`ObjectStore::compute` does so for
    /// all objects of a type, which costs nothing per object.)
    pub fn set_computed(&self, id: AttrId, f: Arc<dyn Fn(&Self) -> Value + Send + Sync>) {
        let mut values = self.values.lock();
        let computed = &mut values.extras().computed;
        let old = computed.iter().position(|(i, _)| *i == id).map(|n| computed.swap_remove(n));
        computed.push((id, f));
        drop(values);
        drop(old);
    }

    /// Sets who is told of changes by modules; children made from now on report to the same hook.
    pub fn set_hook(&self, hook: ChangeHook) {
        let old = self.values.lock().extras().hook.replace(hook);
        drop(old);
    }

    pub(super) fn schema(&self) -> &TypeSchema {
        &self.schema
    }

    /// The attribute of an id. Removed instance attributes are AttrDoesntExist.
    fn attr(&self, id: AttrId) -> Result<Attr, QtssError> {
        if id == AttrId::ILLEGAL {
            return Err(QtssError::BadArgument);
        }
        let mut attr = if id.is_instance() {
            self.values.lock().instance_attr(id)?
        } else {
            let attr = self.schema.attr(id).ok_or(QtssError::AttrDoesntExist)?;
            let place = Place { data_type: attr.data_type, field: attr.field };
            Attr { place, permissions: attr.permissions, compute: attr.compute }
        };
        if let Some(extras) = &self.values.lock().extras {
            if let Some((_, f)) = extras.computed.iter().find(|(i, _)| *i == id) {
                attr.compute = Some(f.clone());
            }
        }
        Ok(attr)
    }

    /// Runs the attribute's function, if it has one that is due, and stores the result where the value lives.
    fn refresh(&self, id: AttrId, attr: &Attr, index: u32) -> Result<(), QtssError> {
        let Some(compute) = &attr.compute else { return Ok(()) };
        if attr.permissions.contains(Permissions::CACHEABLE) && self.values.lock().count(id, attr.place) > 0 {
            return Ok(());
        }
        if index > 0 {
            return Err(QtssError::BadIndex);
        }
        let value = compute(self).bytes().ok_or(QtssError::ValueNotFound)?;
        self.values.lock().put(id, attr.place, 0, &value)
    }

    /// A copy of a value.
    fn copy(&self, id: AttrId, attr: &Attr, index: u32) -> Result<Bytes, QtssError> {
        self.refresh(id, attr, index)?;
        let mut values = self.values.lock();
        let (ptr, len) = values.locate(id, attr.place, index)?;
        // SAFETY: a located value is readable for its length while the value lock is held.
        Ok(unsafe { read(ptr, len) })
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        TABLE.remove(self.handle);
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Object({:?}, {:?})", self.object_type(), self.handle)
    }
}

impl Values {
    fn extras(&mut self) -> &mut Extras {
        self.extras.get_or_insert_with(Box::default)
    }

    /// The slot of an attribute, the rest of what slot operations need, and the request text.
    fn parts(&mut self, id: AttrId) -> Option<(&mut Slot, &mut Memory, Option<&RequestText>)> {
        let index = id.index();
        if id.is_instance() {
            let extras = self.extras.as_deref_mut()?;
            let instance = extras.instances.get_mut(index)?;
            return Some((&mut instance.slot, &mut self.memory, extras.text.as_deref()));
        }
        if index >= self.slots.len() {
            let wanted = self.builtin.max(index + 1);
            self.slots.reserve_exact(wanted - self.slots.len());
            self.slots.resize_with(index + 1, || Slot::Unset);
        }
        let text = self.extras.as_deref().and_then(|e| e.text.as_deref());
        Some((&mut self.slots[index], &mut self.memory, text))
    }

    fn count(&self, id: AttrId, place: Place) -> usize {
        let slot = if id.is_instance() {
            self.extras.as_deref().and_then(|e| e.instances.get(id.index())).map(|i| &i.slot)
        } else {
            self.slots.get(id.index())
        };
        slot.unwrap_or(&Slot::Unset).count(place)
    }

    fn locate(&mut self, id: AttrId, place: Place, index: u32) -> Result<Located, QtssError> {
        if !id.is_instance() && self.slots.len() <= id.index() && place.field.is_none_or(|f| !f.bound) {
            // Never set; no need to make room for finding that out.
            return Err(if index > 0 { QtssError::BadIndex } else { QtssError::ValueNotFound });
        }
        let (slot, memory, text) = self.parts(id).ok_or(QtssError::ValueNotFound)?;
        slot.locate(place, memory, |at| text.map(|t| t.at(at as usize)), index as usize)
    }

    fn put(&mut self, id: AttrId, place: Place, index: u32, bytes: &[u8]) -> Result<(), QtssError> {
        let (slot, memory, text) = self.parts(id).ok_or(QtssError::AttrDoesntExist)?;
        slot.put(place, memory, |at| text.map(|t| t.at(at as usize)), index as usize, bytes)
    }

    /// Removes a value and the child object it held, which the caller drops without the lock.
    fn remove(&mut self, id: AttrId, place: Place, index: u32) -> Result<Option<Arc<Object>>, QtssError> {
        let (slot, memory, _) = self.parts(id).ok_or(QtssError::AttrDoesntExist)?;
        slot.remove(place, memory, index as usize)?;
        let children = self.extras.as_deref_mut().and_then(|e| e.children.iter_mut().find(|(i, _)| *i == id));
        Ok(children.filter(|(_, c)| (index as usize) < c.len()).map(|(_, c)| c.remove(index as usize)))
    }

    fn has_children(&self, id: AttrId) -> bool {
        self.children(id).is_some_and(|c| !c.is_empty())
    }

    fn children(&self, id: AttrId) -> Option<&[Arc<Object>]> {
        let extras = self.extras.as_deref()?;
        extras.children.iter().find(|(i, _)| *i == id).map(|(_, c)| c.as_slice())
    }
}

/// What a `CharArray` or other value of bytes looks like to the server.
fn data_type_fits(data_type: AttrDataType, len: usize) -> bool {
    data_type.size().is_none_or(|size| size == len)
}
