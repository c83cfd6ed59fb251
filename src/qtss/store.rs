//! The object store: object types with their attributes, and the making of objects.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::{Mutex, RwLock};

use super::attr::{self, AttrDef, Count, Storage, qtssAttrDataType, qtssAttrID, qtssAttrName, qtssAttrPermissions};
use super::object::{ComputeFn, Object};
use super::types::{MAX_CUSTOM_TYPES, MAX_NAME_LEN};
use super::{AttrDataType, AttrId, Handle, ObjectType, Permissions, QtssError, Value};

/// Types and the objects made of them. A process has one; tests have many.
pub struct ObjectStore {
    builtin: Vec<Arc<TypeSchema>>,
    custom: RwLock<Vec<Arc<TypeSchema>>>,
    /// Descriptions of static attributes that somebody asked for.
    infos: Mutex<HashMap<(ObjectType, AttrId), Arc<Object>>>,
}

impl ObjectStore {
    /// A store with the built-in types.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            builtin: ObjectType::BUILTIN.into_iter().map(|t| Arc::new(TypeSchema::new(t))).collect(),
            custom: RwLock::default(),
            infos: Mutex::default(),
        })
    }

    /// Makes an object; it lives as long as somebody holds the `Arc`. An unknown custom type makes a plain stream.
    ///
    /// # Panics
    /// When some two million objects live.
    pub fn create(&self, object_type: ObjectType) -> Arc<Object> {
        Object::create(self.schema_or_stream(object_type), None)
    }

    /// Makes an object that shares the lock of another one, as a module's preferences do with the module.
    ///
    /// # Panics
    /// When some two million objects live.
    pub fn create_sharing_lock(&self, object_type: ObjectType, with: &Object) -> Arc<Object> {
        Object::create(self.schema_or_stream(object_type), Some(with))
    }

    /// The id of a static attribute (QTSS_IDForAttr). Takes a type, not an object, and never finds instance attributes.
    ///
    /// # Errors
    /// BadArgument for an unknown type or the dynamic type, AttrDoesntExist for an unknown name.
    pub fn id_for_attr(&self, object_type: u32, name: &[u8]) -> Result<AttrId, QtssError> {
        self.nameable(object_type)?.id_for_name(name).ok_or(QtssError::AttrDoesntExist)
    }

    /// Adds an attribute to every object of a type, those that exist included (QTSS_AddStaticAttribute). That the caller
    /// is in its Register role is for the caller to check.
    ///
    /// # Errors
    /// BadArgument for an unknown type, an unknown data type, or a name of more than 64 bytes; AttrNameExists.
    pub fn add_static_attribute(&self, object_type: u32, name: &[u8], data_type: u32) -> Result<AttrId, QtssError> {
        let schema = self.nameable(object_type)?;
        let data_type = AttrDataType::from_code(data_type).ok_or(QtssError::BadArgument)?;
        schema.add(name, data_type)
    }

    /// Makes an object type (QTSS_CreateObjectType). Its objects have only the static attributes that are added to it.
    ///
    /// # Errors
    /// RequestFailed after [`MAX_CUSTOM_TYPES`].
    pub fn create_object_type(&self) -> Result<ObjectType, QtssError> {
        let mut custom = self.custom.write();
        if custom.len() >= MAX_CUSTOM_TYPES {
            return Err(QtssError::RequestFailed);
        }
        let object_type = ObjectType::Custom(custom.len() as u16);
        custom.push(Arc::new(TypeSchema::new(object_type)));
        Ok(object_type)
    }

    /// Installs the function that computes an attribute of every object of a type when it is read; replaces an earlier
    /// one. The result is stored where the attribute's value lives, so that it also shows to who looks there.
    pub fn compute(&self, object_type: ObjectType, id: AttrId, f: impl Fn(&Object) -> Value + Send + Sync + 'static) {
        if let Some(schema) = self.schema(object_type) {
            let mut computed = schema.computed.write();
            if computed.len() <= id.index() {
                computed.resize(id.index() + 1, None);
            }
            if let Some(place) = computed.get_mut(id.index()) {
                *place = Some(Arc::new(f));
            }
            schema.computes.store(true, Ordering::Release);
        }
    }

    /// Names and types of all static attributes of a type, in id order.
    pub fn static_attributes(&self, object_type: ObjectType) -> Vec<(String, AttrDataType)> {
        let Some(schema) = self.schema(object_type) else { return Vec::new() };
        let builtin = schema.builtin.iter().map(|d| (d.name.to_owned(), d.data_type));
        builtin
            .chain(schema.added.read().iter().map(|a| (String::from_utf8_lossy(&a.name).into_owned(), a.data_type)))
            .collect()
    }

    /// The description of an attribute by its position: static ones first, then the object's own
    /// (QTSS_GetAttrInfoByIndex).
    ///
    /// # Errors
    /// AttrDoesntExist beyond the last one.
    pub fn attr_info_by_index(&self, object: &Object, index: u32) -> Result<Handle, QtssError> {
        let statics = object.schema().len();
        let id = match (index as usize).checked_sub(statics) {
            None => AttrId::new(index),
            Some(n) => object.nth_instance(n).ok_or(QtssError::AttrDoesntExist)?,
        };
        self.attr_info_by_id(object, id)
    }

    /// The description of an attribute by its name; case-sensitive (QTSS_GetAttrInfoByName).
    ///
    /// # Errors
    /// AttrDoesntExist.
    pub fn attr_info_by_name(&self, object: &Object, name: &[u8]) -> Result<Handle, QtssError> {
        let id = object.find(name).ok_or(QtssError::AttrDoesntExist)?;
        self.attr_info_by_id(object, id)
    }

    /// The description of an attribute: an object that lives as long as the attribute (QTSS_GetAttrInfoByID).
    ///
    /// # Errors
    /// BadArgument for the illegal id, AttrDoesntExist for one the object lacks or no longer has.
    pub fn attr_info_by_id(&self, object: &Object, id: AttrId) -> Result<Handle, QtssError> {
        if id == AttrId::ILLEGAL {
            return Err(QtssError::BadArgument);
        }
        if id.is_instance() {
            return object
                .instance_info(id, |name, data_type, permissions| self.make_info(id, name, data_type, permissions));
        }
        let schema = object.schema();
        let (name, data_type, permissions) = schema.describe(id).ok_or(QtssError::AttrDoesntExist)?;
        let mut infos = self.infos.lock();
        let info =
            infos.entry((schema.object_type, id)).or_insert_with(|| self.make_info(id, &name, data_type, permissions));
        Ok(info.handle())
    }

    fn make_info(&self, id: AttrId, name: &[u8], data_type: AttrDataType, permissions: Permissions) -> Arc<Object> {
        let info = self.create(ObjectType::AttrInfo);
        info.set_bytes(qtssAttrName, name);
        info.set_u32(qtssAttrID, id.get());
        info.set_u32(qtssAttrDataType, data_type.code());
        info.set_u32(qtssAttrPermissions, permissions.bits());
        info
    }

    pub(super) fn schema(&self, object_type: ObjectType) -> Option<Arc<TypeSchema>> {
        match object_type {
            ObjectType::Custom(n) => self.custom.read().get(usize::from(n)).cloned(),
            _ => ObjectType::BUILTIN.iter().position(|t| *t == object_type).map(|i| self.builtin[i].clone()),
        }
    }

    fn schema_or_stream(&self, object_type: ObjectType) -> Arc<TypeSchema> {
        self.schema(object_type).unwrap_or_else(|| self.builtin[self.builtin.len() - 1].clone())
    }

    /// A type that modules may name where attributes are declared: every one but the dynamic type.
    fn nameable(&self, code: u32) -> Result<Arc<TypeSchema>, QtssError> {
        ObjectType::from_code(code)
            .filter(|t| *t != ObjectType::Dynamic)
            .and_then(|t| self.schema(t))
            .ok_or(QtssError::BadArgument)
    }
}

/// Where an attribute lies among its object's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldSpot {
    pub(super) offset: u16,
    pub(super) size: u8,
    /// The field has a value, zero, from the beginning.
    pub(super) bound: bool,
}

/// A type: what its objects have in common.
pub(super) struct TypeSchema {
    pub(super) object_type: ObjectType,
    builtin: &'static [AttrDef],
    spots: Vec<Option<FieldSpot>>,
    pub(super) fields_size: usize,
    /// The attribute that repeats the object's own handle as a stream reference.
    pub(super) stream_ref: Option<AttrId>,
    added: RwLock<Vec<Added>>,
    added_count: AtomicUsize,
    /// By id; empty places for attributes that nobody computes.
    computed: RwLock<Vec<Option<ComputeFn>>>,
    /// Whether any place of `computed` is taken: most types are spared the look.
    computes: AtomicBool,
}

/// A static attribute that a module added.
struct Added {
    name: Box<[u8]>,
    data_type: AttrDataType,
}

/// What a static attribute is.
pub(super) struct StaticAttr {
    pub(super) data_type: AttrDataType,
    pub(super) permissions: Permissions,
    pub(super) field: Option<FieldSpot>,
    pub(super) compute: Option<ComputeFn>,
}

impl TypeSchema {
    fn new(object_type: ObjectType) -> Self {
        let builtin = attr::builtin(object_type);
        let mut spots = vec![None; builtin.len()];
        let mut offset = 0;
        // Largest first: no gaps, and every field aligned to its size.
        for size in [8, 4, 2] {
            for (def, spot) in builtin.iter().zip(&mut spots) {
                if field_size(def) == Some(size) {
                    *spot = Some(FieldSpot { offset, size: size as u8, bound: def.storage == Storage::Field });
                    offset += size as u16;
                }
            }
        }
        let own_ref = |d: &AttrDef| d.data_type == AttrDataType::StreamRef;
        Self {
            object_type,
            builtin,
            spots,
            fields_size: usize::from(offset),
            stream_ref: builtin.iter().position(own_ref).map(|i| AttrId::new(i as u32)),
            added: RwLock::default(),
            added_count: AtomicUsize::new(0),
            computed: RwLock::default(),
            computes: AtomicBool::new(false),
        }
    }

    /// Number of static attributes.
    pub(super) fn len(&self) -> usize {
        self.builtin.len() + self.added_count.load(Ordering::Acquire)
    }

    pub(super) fn builtin_len(&self) -> usize {
        self.builtin.len()
    }

    /// A static attribute by id.
    pub(super) fn attr(&self, id: AttrId) -> Option<StaticAttr> {
        let index = id.index();
        if let Some(def) = self.builtin.get(index) {
            let compute = match self.computes.load(Ordering::Acquire) {
                true => self.computed.read().get(index).cloned().flatten(),
                false => None,
            };
            return Some(StaticAttr {
                data_type: def.data_type,
                permissions: def.permissions,
                field: self.spots[index],
                compute,
            });
        }
        if index >= self.len() {
            return None;
        }
        let data_type = self.added.read().get(index - self.builtin.len())?.data_type;
        Some(StaticAttr { data_type, permissions: Permissions::ADDED_STATIC, field: None, compute: None })
    }

    pub(super) fn describe(&self, id: AttrId) -> Option<(Vec<u8>, AttrDataType, Permissions)> {
        if let Some(def) = self.builtin.get(id.index()) {
            return Some((def.name.into(), def.data_type, def.permissions));
        }
        let added = self.added.read();
        let attr = added.get(id.index() - self.builtin.len())?;
        Some((attr.name.to_vec(), attr.data_type, Permissions::ADDED_STATIC))
    }

    pub(super) fn id_for_name(&self, name: &[u8]) -> Option<AttrId> {
        let builtin = || self.builtin.iter().position(|d| d.name.as_bytes() == name);
        let added = || self.added.read().iter().position(|a| *a.name == *name).map(|i| i + self.builtin.len());
        builtin().or_else(added).map(|i| AttrId::new(i as u32))
    }

    fn add(&self, name: &[u8], data_type: AttrDataType) -> Result<AttrId, QtssError> {
        let name = checked_name(name)?;
        let mut added = self.added.write();
        let exists = self.builtin.iter().any(|d| d.name.as_bytes() == name) || added.iter().any(|a| *a.name == *name);
        if exists {
            return Err(QtssError::AttrNameExists);
        }
        added.push(Added { name: name.into(), data_type });
        self.added_count.store(added.len(), Ordering::Release);
        Ok(AttrId::new((self.builtin.len() + added.len() - 1) as u32))
    }
}

/// Bytes a built-in attribute takes among the fields; `None` for texts and lists.
fn field_size(def: &AttrDef) -> Option<usize> {
    if def.count == Count::Many || matches!(def.storage, Storage::Module | Storage::Unbound) {
        return None;
    }
    match def.constant {
        // Declared as UInt32, but holds a pointer.
        "qtssRTSPSesEventCntxt" => Some(size_of::<usize>()),
        _ => def.data_type.size(),
    }
}

/// A name as modules may give it: any bytes, 64 at most.
pub(super) fn checked_name(name: &[u8]) -> Result<&[u8], QtssError> {
    if name.len() > MAX_NAME_LEN { Err(QtssError::BadArgument) } else { Ok(name) }
}
