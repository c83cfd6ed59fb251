//! Attribute values: reading, writing, locking, and their text forms.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use super::super::entry::{MAX_LEN, check_out, entries, object, put, text, to_c};
use super::super::host::Host;
use super::attributes::attr;
use crate::qtss::convert::{string_to_value, value_to_string};
use crate::qtss::{AttrDataType, AttrId, CText, QtssError};

/// Lengths that no value has are refused before anything is read.
fn check_len(len: u32) -> Result<(), QtssError> {
    if len > MAX_LEN { Err(QtssError::BadArgument) } else { Ok(()) }
}

entries! {
    /// Address and length of a value.
    fn QTSS_GetValuePtr(of: *mut c_void, id: i32, index: u32, out: *mut *mut c_void, out_len: *mut u32) {
        let object = object(of)?;
        check_out(out)?;
        check_out(out_len)?;
        match object.get_value_ptr(attr(id), index) {
            Ok((value, len)) => {
                // SAFETY: by the contract of the entry.
                unsafe {
                    put(out, value.cast());
                    put(out_len, len);
                }
                Ok(())
            }
            Err(error) => {
                if error == QtssError::ValueNotFound {
                    // SAFETY: by the contract of the entry. Modules test the length, not the result.
                    unsafe { put(out_len, 0) };
                }
                Err(error)
            }
        }
    }

    /// Copies a value.
    fn QTSS_GetValue(of: *mut c_void, id: i32, index: u32, buffer: *mut c_void, io_len: *mut u32) {
        let object = object(of)?;
        check_out(io_len)?;
        // SAFETY: by the contract of the entry.
        let room = unsafe { io_len.read_unaligned() };
        let target = match buffer.is_null() {
            true => None,
            // SAFETY: the module says how much room its buffer has.
            false => Some(unsafe { std::slice::from_raw_parts_mut(buffer.cast::<MaybeUninit<u8>>(), room.min(MAX_LEN) as usize) }),
        };
        let len = object.get_value(attr(id), index, target)?;
        // SAFETY: as above.
        unsafe { put(io_len, len) };
        Ok(())
    }

    /// A value as text that the caller frees.
    fn QTSS_GetValueAsString(of: *mut c_void, id: i32, index: u32, out: *mut *mut c_char) {
        let object = object(of)?;
        check_out(out)?;
        let value = object.get_value_as_string(attr(id), index)?;
        // SAFETY: by the contract of the entry.
        unsafe { put(out, value.into_raw()) };
        Ok(())
    }

    /// Stores a value.
    fn QTSS_SetValue(of: *mut c_void, id: i32, index: u32, value: *const c_void, len: u32) {
        let object = object(of)?;
        check_len(len)?;
        // SAFETY: by the contract of the entry.
        unsafe { object.set_value_from(attr(id), index, value.cast(), len) }
    }

    /// Makes memory of the module the value.
    fn QTSS_SetValuePtr(of: *mut c_void, id: i32, value: *const c_void, len: u32) {
        let object = object(of)?;
        check_len(len)?;
        // SAFETY: by the contract of the call the memory is the module's for as long as the object lives.
        unsafe { object.set_value_ptr(attr(id), value.cast_mut().cast(), len) }
    }

    /// The number of an attribute's values.
    fn QTSS_GetNumValues(of: *mut c_void, id: i32, out: *mut u32) {
        let object = object(of)?;
        check_out(out)?;
        let count = object.num_values(attr(id))?;
        // SAFETY: by the contract of the entry.
        unsafe { put(out, count) };
        Ok(())
    }

    /// Removes a value.
    fn QTSS_RemoveValue(of: *mut c_void, id: i32, index: u32) {
        object(of)?.remove_value(attr(id), index)
    }

    /// Makes an object that is a value of another one.
    fn QTSS_CreateObjectValue(
        of: *mut c_void,
        id: i32,
        object_type: u32,
        out_index: *mut u32,
        out: *mut *mut c_void,
    ) {
        let parent = object(of)?;
        check_out(out_index)?;
        check_out(out)?;
        if attr(id) == AttrId::ILLEGAL {
            return Err(QtssError::BadArgument);
        }
        let (index, child) = Host::get()?.store.create_object_value(&parent, attr(id), object_type)?;
        // SAFETY: by the contract of the entry.
        unsafe {
            put(out_index, index);
            put(out, to_c(child.handle()));
        }
        Ok(())
    }

    /// Locks an object for this thread.
    fn QTSS_LockObject(of: *mut c_void) {
        object(of)?.lock_object();
        Ok(())
    }

    /// Unlocks it.
    fn QTSS_UnlockObject(of: *mut c_void) {
        object(of)?.unlock_object()
    }

    /// The name of a data type.
    fn QTSS_TypeToTypeString(data_type: u32, out: *mut *mut c_char) {
        check_out(out)?;
        let name = AttrDataType::from_code(data_type).unwrap_or(AttrDataType::Unknown).c_name();
        // SAFETY: by the contract of the entry.
        unsafe { put(out, name.as_ptr().cast_mut()) };
        Ok(())
    }

    /// The data type of a name.
    fn QTSS_TypeStringToType(name: *const c_char, out: *mut u32) {
        // SAFETY: by the contract of the entry.
        let name = unsafe { text(name) }?;
        check_out(out)?;
        // SAFETY: as above.
        unsafe { put(out, AttrDataType::from_name(name.to_bytes()).code()) };
        Ok(())
    }

    /// Text to value.
    fn QTSS_StringToValue(value: *const c_char, data_type: u32, buffer: *mut c_void, io_size: *mut u32) {
        // SAFETY: by the contract of the entry.
        let value = unsafe { text(value) }?;
        check_out(io_size)?;
        // SAFETY: as above.
        let room = unsafe { io_size.read_unaligned() };
        let target = match buffer.is_null() {
            true => None,
            // SAFETY: the module says how much room its buffer has.
            false => Some(unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), room.min(MAX_LEN) as usize) }),
        };
        let data_type = AttrDataType::from_code(data_type).unwrap_or(AttrDataType::Unknown);
        let (size, result) = match string_to_value(value.to_bytes(), data_type, target) {
            Ok(size) => (size, Ok(())),
            Err((error, size)) => (size, Err(error)),
        };
        // SAFETY: as above.
        unsafe { put(io_size, u32::try_from(size).unwrap_or(u32::MAX)) };
        result
    }

    /// Value to text that the caller frees.
    fn QTSS_ValueToString(value: *const c_void, len: u32, data_type: u32, out: *mut *mut c_char) {
        if value.is_null() {
            return Err(QtssError::BadArgument);
        }
        check_out(out)?;
        // SAFETY: by the contract of the entry.
        let value = unsafe { super::super::entry::bytes(value, len) }?;
        let data_type = AttrDataType::from_code(data_type).unwrap_or(AttrDataType::Unknown);
        let made = CText::new(&value_to_string(value, data_type))?;
        // SAFETY: as above.
        unsafe { put(out, made.into_raw()) };
        Ok(())
    }
}
