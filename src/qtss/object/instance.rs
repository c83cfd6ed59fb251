//! Attributes that belong to one object: preferences, module attributes, dynamic objects.

use std::sync::Arc;

use super::super::store::checked_name;
use super::super::{AttrDataType, AttrId, Handle, Permissions, QtssError};
use super::slots::{Place, Slot};
use super::{Attr, AttrSummary, Change, Object, Values};

/// One instance attribute. Its id is its position; a removed one keeps its place until its name and type come back.
pub(super) struct Instance {
    name: Box<[u8]>,
    data_type: AttrDataType,
    permissions: Permissions,
    removed: bool,
    pub(super) slot: Slot,
    info: Option<Arc<Object>>,
}

impl Object {
    /// QTSS_AddInstanceAttribute, allowed at any time and on any thread. Adding a removed name with its old type revives
    /// the old id, without a value.
    ///
    /// # Errors
    /// InstanceAttrsNotAllowed unless the object is a preferences or dynamic object, BadArgument for an unknown data
    /// type or a name of more than 64 bytes, AttrNameExists.
    pub fn add_instance_attribute(&self, name: &[u8], data_type: u32) -> Result<AttrId, QtssError> {
        let name = checked_name(name)?;
        let data_type = AttrDataType::from_code(data_type).ok_or(QtssError::BadArgument)?;
        self.declare(name, data_type, Permissions::ADDED_INSTANCE)
    }

    /// Adds an instance attribute with permissions of the server's choice, as for preferences read from a file.
    ///
    /// # Errors
    /// InstanceAttrsNotAllowed, AttrNameExists.
    pub fn declare(&self, name: &[u8], data_type: AttrDataType, permissions: Permissions) -> Result<AttrId, QtssError> {
        if !self.object_type().takes_instance_attrs() {
            return Err(QtssError::InstanceAttrsNotAllowed);
        }
        if self.schema.id_for_name(name).is_some() {
            return Err(QtssError::AttrNameExists);
        }
        let _lock = self.lock();
        let mut values = self.values.lock();
        let instances = &mut values.extras().instances;
        if instances.iter().any(|i| !i.removed && *i.name == *name) {
            return Err(QtssError::AttrNameExists);
        }
        let revived = instances.iter().position(|i| i.removed && *i.name == *name && i.data_type == data_type);
        if let Some(n) = revived {
            instances[n].removed = false;
            if instances[n].permissions != permissions {
                instances[n].permissions = permissions;
                instances[n].info = None;
            }
            return Ok(AttrId::instance(n as u32));
        }
        instances.push(Instance {
            name: name.into(),
            data_type,
            permissions,
            removed: false,
            slot: Slot::Unset,
            info: None,
        });
        Ok(AttrId::instance(instances.len() as u32 - 1))
    }

    /// QTSS_RemoveInstanceAttribute; the object's hook is told.
    ///
    /// # Errors
    /// BadArgument for the illegal id, a static attribute, or one without the delete permission; AttrDoesntExist.
    pub fn remove_instance_attribute(&self, id: AttrId) -> Result<(), QtssError> {
        if id == AttrId::ILLEGAL || !id.is_instance() || !self.object_type().takes_instance_attrs() {
            return Err(QtssError::BadArgument);
        }
        if !self.attr(id)?.permissions.contains(Permissions::DELETE) {
            return Err(QtssError::BadArgument);
        }
        let name = self.undeclare(id).ok_or(QtssError::AttrDoesntExist)?;
        self.tell(&Change::RemovedAttribute { id, name });
        Ok(())
    }

    /// Removes an instance attribute for the server, without a word to the hook; gives its name.
    pub fn undeclare(&self, id: AttrId) -> Option<Vec<u8>> {
        let _lock = self.lock();
        let mut values = self.values.lock();
        let (slot, memory, _) = if id.is_instance() { values.parts(id)? } else { return None };
        slot.clear(memory);
        let extras = values.extras();
        let children: Vec<_> = extras.children.extract(id);
        let instance = extras.instances.get_mut(id.index()).filter(|i| !i.removed)?;
        instance.removed = true;
        let name = instance.name.to_vec();
        drop(values);
        drop(children);
        Some(name)
    }

    /// The object's own attributes that are not removed: id, name, type.
    pub fn instance_attributes(&self) -> Vec<(AttrId, Vec<u8>, AttrDataType)> {
        let values = self.values.lock();
        let instances = values.extras.as_deref().map_or(&[][..], |e| &e.instances);
        let live = instances.iter().enumerate().filter(|(_, i)| !i.removed);
        live.map(|(n, i)| (AttrId::instance(n as u32), i.name.to_vec(), i.data_type)).collect()
    }

    /// All attributes: those of the type in the order of their numbers, then the object's own.
    pub fn attributes(&self) -> Vec<AttrSummary> {
        let statics = (0..self.schema.len()).filter_map(|index| {
            let id = AttrId::new(u32::try_from(index).ok()?);
            let (name, data_type, permissions) = self.schema.describe(id)?;
            Some(AttrSummary { id, name, data_type, permissions })
        });
        let mut all: Vec<_> = statics.collect();
        let values = self.values.lock();
        let own = values.extras.as_deref().map_or(&[][..], |extras| &extras.instances).iter().enumerate();
        all.extend(own.filter(|(_, instance)| !instance.removed).map(|(n, instance)| AttrSummary {
            id: AttrId::instance(n as u32),
            name: instance.name.to_vec(),
            data_type: instance.data_type,
            permissions: instance.permissions,
        }));
        all
    }

    /// The id of an attribute by name, static or its own; case-sensitive.
    pub fn find(&self, name: &[u8]) -> Option<AttrId> {
        self.schema.id_for_name(name).or_else(|| {
            let values = self.values.lock();
            let instances = &values.extras.as_deref()?.instances;
            let n = instances.iter().position(|i| !i.removed && *i.name == *name)?;
            Some(AttrId::instance(n as u32))
        })
    }

    /// QTSS_GetNumAttributes: static and instance attributes, without removed ones.
    pub fn num_attributes(&self) -> u32 {
        let own = self.values.lock().extras.as_deref().map_or(0, |e| e.instances.iter().filter(|i| !i.removed).count());
        (self.schema.len() + own) as u32
    }

    /// The n-th instance attribute that is not removed.
    pub(in super::super) fn nth_instance(&self, n: usize) -> Option<AttrId> {
        let values = self.values.lock();
        let instances = &values.extras.as_deref()?.instances;
        let (n, _) = instances.iter().enumerate().filter(|(_, i)| !i.removed).nth(n)?;
        Some(AttrId::instance(n as u32))
    }

    /// The description of an instance attribute, made by `make` the first time.
    pub(in super::super) fn instance_info(
        &self,
        id: AttrId,
        make: impl FnOnce(&[u8], AttrDataType, Permissions) -> Arc<Self>,
    ) -> Result<Handle, QtssError> {
        let mut values = self.values.lock();
        let instance =
            values.extras().instances.get_mut(id.index()).filter(|i| !i.removed).ok_or(QtssError::AttrDoesntExist)?;
        let info = instance.info.get_or_insert_with(|| make(&instance.name, instance.data_type, instance.permissions));
        Ok(info.handle())
    }

    /// True for an instance attribute that was removed.
    pub(super) fn is_removed(&self, id: AttrId) -> bool {
        let values = self.values.lock();
        let instances = values.extras.as_deref().map_or(&[][..], |e| &e.instances);
        id.is_instance() && instances.get(id.index()).is_some_and(|i| i.removed)
    }
}

impl Values {
    pub(super) fn instance_attr(&self, id: AttrId) -> Result<Attr, QtssError> {
        let instances = self.extras.as_deref().map_or(&[][..], |e| &e.instances);
        let instance = instances.get(id.index()).filter(|i| !i.removed).ok_or(QtssError::AttrDoesntExist)?;
        let place = Place { data_type: instance.data_type, field: None };
        Ok(Attr { place, permissions: instance.permissions, compute: None })
    }
}

/// Taking the children of one attribute out of the list.
trait Extract {
    fn extract(&mut self, id: AttrId) -> Vec<Arc<Object>>;
}

impl Extract for Vec<(AttrId, Vec<Arc<Object>>)> {
    fn extract(&mut self, id: AttrId) -> Vec<Arc<Object>> {
        match self.iter().position(|(i, _)| *i == id) {
            Some(n) => self.swap_remove(n).1,
            None => Vec::new(),
        }
    }
}
