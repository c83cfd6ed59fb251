//! What modules may do with an object, with the result codes and oddities of the QTSS API.

use std::mem::MaybeUninit;
use std::sync::Arc;

use smallvec::SmallVec;

use super::super::convert::value_to_string;
use super::super::memory::CText;
use super::super::store::ObjectStore;
use super::super::{AttrDataType, AttrId, ObjectType, Permissions, QtssError};
use super::slots::{Borrowed, Slot};
use super::{Attr, Change, Object};

impl Object {
    /// QTSS_GetValue: copies a value into `buffer` and gives its length.
    ///
    /// A buffer that is too small or missing stays untouched, and the call succeeds all the same. No NUL is added.
    ///
    /// # Errors
    /// BadArgument for the illegal id, AttrDoesntExist, BadIndex, ValueNotFound (also for an empty value); none of them
    /// says anything about the length.
    pub fn get_value(&self, id: AttrId, index: u32, buffer: Option<&mut [MaybeUninit<u8>]>) -> Result<u32, QtssError> {
        let value = self.value_bytes(id, index)?;
        if let Some(target) = buffer.and_then(|b| b.get_mut(..value.len())) {
            for (to, from) in target.iter_mut().zip(&value) {
                to.write(*from);
            }
        }
        Ok(value.len() as u32)
    }

    /// A copy of a value, for Rust modules; errors as [`Object::get_value`].
    pub fn value_bytes(&self, id: AttrId, index: u32) -> Result<SmallVec<[u8; 24]>, QtssError> {
        let attr = self.readable(id)?;
        let _lock = self.lock();
        self.copy(id, &attr, index)
    }

    /// QTSS_GetValuePtr: the address and length of the value itself. The address stays good until the object dies, for
    /// lists until the list changes; a value that is stored later and fits shows there.
    ///
    /// # Errors
    /// NotPreemptiveSafe unless the attribute is preemptive-safe or this thread has locked the object; and those of
    /// [`Object::get_value`]. On ValueNotFound the caller reports length 0 and leaves the pointer alone.
    pub fn get_value_ptr(&self, id: AttrId, index: u32) -> Result<(*mut u8, u32), QtssError> {
        let attr = self.readable(id)?;
        if !attr.permissions.contains(Permissions::PREEMPTIVE_SAFE) && !self.is_locked_here() {
            return Err(QtssError::NotPreemptiveSafe);
        }
        self.refresh(id, &attr, index)?;
        let mut values = self.values.lock();
        let (ptr, len) = values.locate(id, attr.place, index)?;
        if let Some((slot, ..)) = values.parts(id) {
            slot.expose(index as usize);
        }
        Ok((ptr, len as u32))
    }

    /// QTSS_GetValueAsString: a value as text that the caller frees.
    ///
    /// # Errors
    /// AttrDoesntExist, also for the illegal id; BadIndex, ValueNotFound; RequestFailed when memory is short.
    pub fn get_value_as_string(&self, id: AttrId, index: u32) -> Result<CText, QtssError> {
        if id == AttrId::ILLEGAL {
            return Err(QtssError::AttrDoesntExist);
        }
        let attr = self.readable(id)?;
        let value = {
            let _lock = self.lock();
            self.copy(id, &attr, index)?
        };
        CText::new(&value_to_string(&value, attr.place.data_type))
    }

    /// QTSS_GetNumValues; 0 for an unknown id and for a computed attribute that was never read.
    ///
    /// # Errors
    /// BadArgument for the illegal id.
    pub fn num_values(&self, id: AttrId) -> Result<u32, QtssError> {
        match self.attr(id) {
            Ok(attr) => {
                let _lock = self.lock();
                Ok(self.values.lock().count(id, attr.place) as u32)
            }
            Err(QtssError::AttrDoesntExist) => Ok(0),
            Err(e) => Err(e),
        }
    }

    /// QTSS_SetValue: replaces value `index`, or appends one when `index` is the number of values. The length is not
    /// held against the declared type, except that the values of a list (other than texts) have one size. Length 0 is
    /// stored, counts as a value and reads as ValueNotFound. The object's hook is told.
    ///
    /// # Errors
    /// BadArgument for the illegal id or a size that differs within a list, AttrDoesntExist, ReadOnly for attributes
    /// that are not writable or hold created objects, BadIndex, RequestFailed when memory is short.
    pub fn set_value(&self, id: AttrId, index: u32, value: &[u8]) -> Result<(), QtssError> {
        let attr = self.writable(id)?;
        {
            let _lock = self.lock();
            let mut values = self.values.lock();
            if values.has_children(id) {
                return Err(QtssError::ReadOnly);
            }
            values.put(id, attr.place, index, value)?;
        }
        self.tell(&Change::Set { id, index });
        Ok(())
    }

    /// [`Object::set_value`] from foreign memory, which may be that of the value itself.
    ///
    /// # Errors
    /// BadArgument for null with a length other than 0; otherwise as [`Object::set_value`].
    ///
    /// # Safety
    /// `value` must be null or readable for `len` bytes.
    pub unsafe fn set_value_from(&self, id: AttrId, index: u32, value: *const u8, len: u32) -> Result<(), QtssError> {
        if value.is_null() && len > 0 {
            return Err(QtssError::BadArgument);
        }
        let copy: SmallVec<[u8; 256]> = match len {
            0 => SmallVec::new(),
            // SAFETY: the caller vouches for `len` bytes; the copy keeps the source apart from the target.
            _ => SmallVec::from_slice(unsafe { std::slice::from_raw_parts(value, len as usize) }),
        };
        self.set_value(id, index, &copy)
    }

    /// QTSS_SetValuePtr: makes the module's own memory the value. Later values are stored into it if they fit.
    ///
    /// # Errors
    /// BadArgument for the illegal id, null with a length, or an attribute that has a value or a variable of the
    /// server; AttrDoesntExist; ReadOnly.
    ///
    /// # Safety
    /// `memory` must be null or readable and writable for `len` bytes until the object dies.
    pub unsafe fn set_value_ptr(&self, id: AttrId, memory: *mut u8, len: u32) -> Result<(), QtssError> {
        let attr = self.writable(id)?;
        let _lock = self.lock();
        let mut values = self.values.lock();
        if values.has_children(id) {
            return Err(QtssError::ReadOnly);
        }
        if memory.is_null() || attr.place.field.is_some() || values.count(id, attr.place) > 0 {
            return Err(QtssError::BadArgument);
        }
        let (slot, ..) = values.parts(id).ok_or(QtssError::AttrDoesntExist)?;
        let len = len as usize;
        *slot = Slot::Borrowed(Box::new(Borrowed { ptr: memory, len, capacity: len }));
        Ok(())
    }

    /// QTSS_RemoveValue: later values move down; a created object dies. The object's hook is told.
    ///
    /// # Errors
    /// BadArgument for the illegal id, AttrDoesntExist, ReadOnly, BadIndex when there is no such value.
    pub fn remove_value(&self, id: AttrId, index: u32) -> Result<(), QtssError> {
        let attr = self.writable(id)?;
        let child = {
            let _lock = self.lock();
            self.values.lock().remove(id, attr.place, index)?
        };
        drop(child);
        self.tell(&Change::RemovedValue { id, index });
        Ok(())
    }

    /// Tells the hook of a change, without any lock of this object held by the call.
    pub(super) fn tell(&self, change: &Change) {
        let hook = self.values.lock().extras.as_deref().and_then(|e| e.hook.clone());
        if let Some(hook) = hook {
            hook(self, change);
        }
    }

    /// The attribute of an id for reading: a removed instance attribute has no value.
    fn readable(&self, id: AttrId) -> Result<Attr, QtssError> {
        self.attr(id).map_err(|e| if self.is_removed(id) { QtssError::ValueNotFound } else { e })
    }

    fn writable(&self, id: AttrId) -> Result<Attr, QtssError> {
        let attr = self.attr(id)?;
        if attr.permissions.contains(Permissions::WRITE) { Ok(attr) } else { Err(QtssError::ReadOnly) }
    }
}

impl ObjectStore {
    /// QTSS_CreateObjectValue: makes a child object and appends it to the attribute's values. The child shares the
    /// parent's lock and dies with its value. Gives the value's index. The parent's hook is told.
    ///
    /// # Errors
    /// BadArgument for the illegal id, an unknown type, or an attribute that does not hold objects; AttrDoesntExist;
    /// ReadOnly when it is not writable, holds plain handles, or would mix dynamic objects with others.
    pub fn create_object_value(
        &self,
        parent: &Object,
        id: AttrId,
        object_type: u32,
    ) -> Result<(u32, Arc<Object>), QtssError> {
        parent.writable(id)?;
        let object_type = ObjectType::from_code(object_type).ok_or(QtssError::BadArgument)?;
        let (index, child) = self.create_child(parent, id, object_type)?;
        parent.tell(&Change::CreatedObject { id, index });
        Ok((index, child))
    }

    /// [`ObjectStore::create_object_value`] for the server: any permissions, and no word to the hook.
    ///
    /// # Errors
    /// As there.
    pub fn create_child(
        &self,
        parent: &Object,
        id: AttrId,
        object_type: ObjectType,
    ) -> Result<(u32, Arc<Object>), QtssError> {
        let schema = self.schema(object_type).ok_or(QtssError::BadArgument)?;
        let attr = parent.attr(id)?;
        if attr.place.data_type != AttrDataType::Object {
            return Err(QtssError::BadArgument);
        }
        let child = Object::create(schema, Some(parent));
        let _lock = parent.lock();
        let mut values = parent.values.lock();
        let index = values.count(id, attr.place);
        let siblings = values.children(id).unwrap_or(&[]);
        let is_dynamic = |t: ObjectType| t == ObjectType::Dynamic;
        let mixes = siblings.first().is_some_and(|s| is_dynamic(s.object_type()) != is_dynamic(object_type));
        if siblings.len() != index || mixes {
            return Err(QtssError::ReadOnly);
        }
        values.put(id, attr.place, index as u32, &child.handle().to_raw().to_ne_bytes())?;
        let extras = values.extras();
        match extras.children.iter_mut().find(|(i, _)| *i == id) {
            Some((_, children)) => children.push(child.clone()),
            None => extras.children.push((id, vec![child.clone()])),
        }
        if let Some(hook) = extras.hook.clone() {
            child.set_hook(hook);
        }
        Ok((index as u32, child))
    }
}
