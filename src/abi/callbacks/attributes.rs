//! Declaring: roles, attributes, services, object types. And what attributes there are.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use qtss_sys as sys;

use super::super::call::CallState;
use super::super::entry::{check_out, entries, object, put, text, to_c};
use super::super::host::Host;
use crate::qtss::{AttrId, Handle, QtssError, ServiceArgs, ServiceId};

entries! {
    /// Asks to be called in a role; Register only.
    fn QTSS_AddRole(role: u32) {
        CallState::registration()?.add_role_code(role)
    }

    /// Adds an attribute to all objects of a type; Register only.
    fn QTSS_AddStaticAttribute(object_type: u32, name: *const c_char, _unused: *mut c_void, data_type: u32) {
        let registration = CallState::registration()?;
        // SAFETY: by the contract of the entry.
        let name = unsafe { text(name) }?;
        registration.add_static_attribute(object_type, name.to_bytes(), data_type).map(drop)
    }

    /// The id of a static attribute of a type.
    fn QTSS_IDForAttr(object_type: u32, name: *const c_char, out: *mut i32) {
        check_out(out)?;
        // SAFETY: by the contract of the entry.
        let name = unsafe { text(name) }?;
        let id = Host::get()?.store.id_for_attr(object_type, name.to_bytes())?;
        // SAFETY: as above.
        unsafe { put(out, id.get() as i32) };
        Ok(())
    }

    /// Adds an attribute to one object.
    fn QTSS_AddInstanceAttribute(of: *mut c_void, name: *const c_char, _unused: *mut c_void, data_type: u32) {
        let object = object(of)?;
        // SAFETY: by the contract of the entry.
        let name = unsafe { text(name) }?;
        object.add_instance_attribute(name.to_bytes(), data_type).map(drop)
    }

    /// Removes an attribute of one object.
    fn QTSS_RemoveInstanceAttribute(of: *mut c_void, id: i32) {
        object(of)?.remove_instance_attribute(attr(id))
    }

    /// The number of an object's attributes.
    fn QTSS_GetNumAttributes(of: *mut c_void, out: *mut u32) {
        let object = object(of)?;
        check_out(out)?;
        // SAFETY: by the contract of the entry.
        unsafe { put(out, object.num_attributes()) };
        Ok(())
    }

    /// The description of an attribute by position.
    fn QTSS_GetAttrInfoByIndex(of: *mut c_void, index: u32, out: *mut *mut c_void) {
        let object = object(of)?;
        check_out(out)?;
        let info = Host::get()?.store.attr_info_by_index(&object, index)?;
        give(out, info)
    }

    /// The description of an attribute by name.
    fn QTSS_GetAttrInfoByName(of: *mut c_void, name: *const c_char, out: *mut *mut c_void) {
        let object = object(of)?;
        check_out(out)?;
        // SAFETY: by the contract of the entry.
        let name = unsafe { text(name) }?;
        let info = Host::get()?.store.attr_info_by_name(&object, name.to_bytes())?;
        give(out, info)
    }

    /// The description of an attribute by id.
    fn QTSS_GetAttrInfoByID(of: *mut c_void, id: i32, out: *mut *mut c_void) {
        let object = object(of)?;
        check_out(out)?;
        let info = Host::get()?.store.attr_info_by_id(&object, attr(id))?;
        give(out, info)
    }

    /// Makes an object type.
    fn QTSS_CreateObjectType(out: *mut u32) {
        check_out(out)?;
        let made = Host::get()?.store.create_object_type()?;
        // SAFETY: by the contract of the entry.
        unsafe { put(out, made.code()) };
        Ok(())
    }

    /// Offers a function to all modules; Register only.
    fn QTSS_AddService(name: *const c_char, function: sys::QTSS_ServiceFunctionPtr) {
        let registration = CallState::registration()?;
        // SAFETY: by the contract of the entry.
        let name = unsafe { text(name) }?;
        let function = function.ok_or(QtssError::BadArgument)?;
        let service = move |args: ServiceArgs| {
            // SAFETY: the module offered its function for this, and its code is never unloaded.
            unsafe { function(args.0.cast()) }
        };
        registration.add_service(name.to_bytes(), Arc::new(service)).map(drop)
    }

    /// The id of a service.
    fn QTSS_IDForService(name: *const c_char, out: *mut i32) {
        check_out(out)?;
        // SAFETY: by the contract of the entry.
        let name = unsafe { text(name) }?;
        let id = Host::get()?.services.id(name.to_bytes())?;
        // SAFETY: as above.
        unsafe { put(out, id.0) };
        Ok(())
    }
}

/// QTSS_AddAttribute, the old name: a static attribute of unknown type.
///
/// # Safety
/// `name` is NULL or NUL-terminated.
pub(in super::super) unsafe extern "C" fn add_attribute(
    object_type: u32,
    name: *const c_char,
    unused: *mut c_void,
) -> i32 {
    // SAFETY: as for this function.
    unsafe { QTSS_AddStaticAttribute(object_type, name, unused, sys::qtssAttrDataTypeUnknown) }
}

/// Calls a service and gives what it answers.
///
/// # Safety
/// `args` is whatever the service expects.
#[allow(non_snake_case)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn QTSS_DoService(id: i32, args: *mut c_void) -> i32 {
    let mut answer = 0;
    let result = super::super::entry::guard("QTSS_DoService", || {
        answer = Host::get()?.services.call(ServiceId(id), ServiceArgs(args))?;
        Ok(())
    });
    if result == 0 { answer } else { result }
}

/// An attribute id as C passes it.
pub(super) fn attr(id: i32) -> AttrId {
    AttrId::new(id as u32)
}

fn give(out: *mut *mut c_void, handle: Handle) -> Result<(), QtssError> {
    // SAFETY: the entry has checked that it is not NULL, and its caller vouches for the rest.
    unsafe { put(out, to_c(handle)) };
    Ok(())
}
