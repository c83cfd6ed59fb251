//! The server's own reads and writes. They ignore permissions, and reads give `None` for a value that is missing or
//! whose size does not fit the type asked for (modules may store what they like).
//!
//! Writing an attribute that the object does not have is a mistake in the server: a debug build stops, a release build
//! does nothing.

use std::ops::Range;
use std::sync::Arc;

use super::super::memory::RequestText;
use super::super::store::FieldSpot;
use super::super::{AttrId, Handle, QtssError, Value};
use super::slots::Slot;
use super::{Object, Values, data_type_fits};

macro_rules! numbers {
    ($($(#[$doc:meta])* $set:ident, $get:ident, $type:ty;)*) => {
        $(
            $(#[$doc])*
            pub fn $set(&self, id: AttrId, value: $type) {
                self.put_number(id, &value.to_ne_bytes());
            }

            #[doc = concat!("The first value, if it has the size of `", stringify!($type), "`.")]
            pub fn $get(&self, id: AttrId) -> Option<$type> {
                self.fixed(id).map(<$type>::from_ne_bytes)
            }
        )*
    };
}

impl Object {
    numbers! {
        /// Stores a UInt16.
        set_u16, u16, u16;
        /// Stores a SInt16.
        set_i16, i16, i16;
        /// Stores a UInt32.
        set_u32, u32, u32;
        /// Stores a SInt32.
        set_i32, i32, i32;
        /// Stores a UInt64.
        set_u64, u64, u64;
        /// Stores a SInt64 or a TimeVal (milliseconds).
        set_i64, i64, i64;
        /// Stores a Float32.
        set_f32, f32, f32;
        /// Stores a Float64.
        set_f64, f64, f64;
    }

    /// Stores a Bool16.
    pub fn set_bool16(&self, id: AttrId, value: bool) {
        self.put_number(id, &u16::from(value).to_ne_bytes());
    }

    /// The first value, if it has the size of a Bool16; everything but 0 is true.
    pub fn bool16(&self, id: AttrId) -> Option<bool> {
        self.fixed(id).map(|b| u16::from_ne_bytes(b) != 0)
    }

    /// Stores a handle, or null.
    pub fn set_object(&self, id: AttrId, object: impl Into<Option<Handle>>) {
        let raw = object.into().map_or(0, Handle::to_raw);
        self.put_number(id, &raw.to_ne_bytes());
    }

    /// The first value as a handle; `None` also for null.
    pub fn object(&self, id: AttrId) -> Option<Handle> {
        self.fixed(id).and_then(|b| Handle::from_raw(usize::from_ne_bytes(b)))
    }

    /// Stores a text as the only value.
    pub fn set_str(&self, id: AttrId, text: &str) {
        self.set_bytes(id, text.as_bytes());
    }

    /// Stores bytes as the only value.
    pub fn set_bytes(&self, id: AttrId, bytes: &[u8]) {
        let _lock = self.lock();
        self.write(id, |object, id| {
            let place = object.attr(id)?.place;
            let mut values = object.values.lock();
            if values.count(id, place) > 1 {
                values.clear(id);
            }
            values.put(id, place, 0, bytes)
        });
    }

    /// The first value as text; bytes that are not UTF-8 are replaced.
    pub fn string(&self, id: AttrId) -> Option<String> {
        self.bytes(id).map(|b| String::from_utf8_lossy(&b).into_owned())
    }

    /// The first value's bytes.
    pub fn bytes(&self, id: AttrId) -> Option<Vec<u8>> {
        let attr = self.attr(id).ok()?;
        self.copy(id, &attr, 0).ok().map(|b| b.into_vec())
    }

    /// Stores whatever a computed attribute could yield; `Value::None` removes.
    pub fn set(&self, id: AttrId, value: impl Into<Value>) {
        match value.into().bytes() {
            Some(bytes) => self.set_bytes(id, &bytes),
            None => self.clear(id),
        }
    }

    /// Removes all values and the child objects among them.
    pub fn clear(&self, id: AttrId) {
        let _lock = self.lock();
        let mut values = self.values.lock();
        values.clear(id);
        let children = values.extras.as_deref_mut().and_then(|e| e.children.iter_mut().find(|(i, _)| *i == id));
        let children = children.map(|(_, c)| std::mem::take(c));
        drop(values);
        drop(children);
    }

    /// Appends a handle to a list.
    pub fn push_object(&self, id: AttrId, object: Handle) {
        self.push(id, &object.to_raw().to_ne_bytes());
    }

    /// Removes a handle from a list of plain handles; later ones move down. Waits for whoever has locked the object, so
    /// a module that walks the list under QTSS_LockObject sees it whole. False when the handle is not there.
    pub fn remove_object(&self, id: AttrId, object: Handle) -> bool {
        let Ok(attr) = self.attr(id) else { return false };
        let raw = object.to_raw().to_ne_bytes();
        let _lock = self.lock();
        let mut values = self.values.lock();
        let position = match values.parts(id) {
            Some((Slot::Array(array), ..)) => array.position(&raw),
            _ => {
                drop(values);
                let found = self.object(id) == Some(object);
                values = self.values.lock();
                found.then_some(0)
            }
        };
        let removed = position.and_then(|i| values.remove(id, attr.place, i as u32).ok());
        drop(values);
        removed.is_some()
    }

    /// All values as handles, without nulls.
    pub fn objects(&self, id: AttrId) -> Vec<Handle> {
        let raw = |b: &Vec<u8>| b.as_slice().try_into().ok().map(usize::from_ne_bytes);
        self.list(id).iter().filter_map(raw).filter_map(Handle::from_raw).collect()
    }

    /// Appends a value.
    pub fn push(&self, id: AttrId, bytes: &[u8]) {
        let _lock = self.lock();
        self.write(id, |object, id| {
            let place = object.attr(id)?.place;
            let mut values = object.values.lock();
            let count = values.count(id, place) as u32;
            values.put(id, place, count, bytes)
        });
    }

    /// Replaces the values by others, in place as far as they fit.
    pub fn set_list<T: AsRef<[u8]>>(&self, id: AttrId, list: &[T]) {
        let _lock = self.lock();
        self.write(id, |object, id| {
            let place = object.attr(id)?.place;
            let mut children = Vec::new();
            let mut values = object.values.lock();
            while values.count(id, place) > list.len() {
                let last = values.count(id, place) as u32 - 1;
                children.extend(values.remove(id, place, last)?);
            }
            list.iter().enumerate().try_for_each(|(i, v)| values.put(id, place, i as u32, v.as_ref()))
        });
    }

    /// All values; an empty text of a list is there, a single empty value is not.
    pub fn list(&self, id: AttrId) -> Vec<Vec<u8>> {
        let Ok(attr) = self.attr(id) else { return Vec::new() };
        let _lock = self.lock();
        let count = self.values.lock().count(id, attr.place).max(1) as u32;
        (0..count).filter_map(|i| self.copy(id, &attr, i).ok()).map(|b| b.into_vec()).collect()
    }

    /// All values as texts; bytes that are not UTF-8 are replaced.
    pub fn strings(&self, id: AttrId) -> Vec<String> {
        self.list(id).iter().map(|b| String::from_utf8_lossy(b).into_owned()).collect()
    }

    /// All values of the size of a UInt32.
    pub fn u32_list(&self, id: AttrId) -> Vec<u32> {
        self.list(id).iter().filter_map(|b| b.as_slice().try_into().ok().map(u32::from_ne_bytes)).collect()
    }

    /// The children that CreateObjectValue made under an attribute.
    pub fn children(&self, id: AttrId) -> Vec<Arc<Self>> {
        self.values.lock().children(id).unwrap_or(&[]).to_vec()
    }

    /// Gives a request or headers object the text into which its windows look. A text from before lives on as long as
    /// the object, for modules that kept pointers into it; windows into it must be set anew.
    pub fn set_text(&self, text: Arc<RequestText>) {
        let mut values = self.values.lock();
        let extras = values.extras();
        if let Some(old) = extras.text.replace(text) {
            extras.old_texts.push(old);
        }
    }

    /// The request text.
    pub fn text(&self) -> Option<Arc<RequestText>> {
        self.values.lock().extras.as_deref().and_then(|e| e.text.clone())
    }

    /// Makes the attribute a part of the request text (byte offsets). A range that does not lie within the text, or no
    /// text at all, removes the value.
    pub fn set_window(&self, id: AttrId, range: Range<usize>) {
        let mut values = self.values.lock();
        let len = values.extras.as_deref().and_then(|e| e.text.as_deref()).map_or(0, RequestText::len);
        values.clear(id);
        if range.start < range.end && range.end <= len {
            if let (Ok(start), Ok(size)) = (u32::try_from(range.start), u32::try_from(range.len())) {
                if let Some((slot, ..)) = values.parts(id) {
                    *slot = Slot::Window { start, len: size };
                }
            }
        }
    }

    fn fixed<const N: usize>(&self, id: AttrId) -> Option<[u8; N]> {
        let attr = self.attr(id).ok()?;
        self.copy(id, &attr, 0).ok()?.as_slice().try_into().ok()
    }

    /// Numbers are overwritten in place and need no API lock: the server never waits for a module's QTSS_LockObject to
    /// update a counter.
    fn put_number(&self, id: AttrId, bytes: &[u8]) {
        self.write(id, |object, id| {
            let place = object.attr(id)?.place;
            debug_assert!(
                data_type_fits(place.data_type, bytes.len()),
                "{id:?} of {object:?} is {:?}",
                place.data_type
            );
            let mut values = object.values.lock();
            if values.count(id, place) > 1 {
                values.clear(id);
            }
            values.put(id, place, 0, bytes)
        });
    }

    fn write(&self, id: AttrId, f: impl FnOnce(&Self, AttrId) -> Result<(), QtssError>) {
        if let Err(error) = f(self, id) {
            debug_assert!(false, "{id:?} of {self:?} could not be written: {error}");
            tracing::error!(?id, object = ?self, %error, "attribute could not be written");
        }
    }
}

impl Values {
    pub(super) fn clear(&mut self, id: AttrId) {
        if let Some((slot, memory, _)) = self.parts(id) {
            slot.clear(memory);
        }
    }

    /// Address of the field of an attribute; makes it the attribute's value if there is none.
    pub(super) fn variable(&mut self, id: AttrId, spot: FieldSpot) -> Option<*mut u8> {
        let (slot, memory, _) = self.parts(id)?;
        match slot {
            Slot::Unset | Slot::Removed | Slot::Field(_) => *slot = Slot::Field(u32::from(spot.size)),
            _ => return None,
        }
        memory.field(spot).ok()
    }
}
