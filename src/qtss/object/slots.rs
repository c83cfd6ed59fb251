//! Where attribute values live.
//!
//! Every byte that QTSS_GetValuePtr can hand out is in malloc'ed memory that stays where it is: a value is overwritten in
//! place when the new one fits. Memory that was outgrown after a pointer into it left the server is kept until the
//! object dies; as room at least doubles each time, that never costs more than the value itself.

use super::super::memory::{Block, Bytes, Fields, read, write};
use super::super::store::FieldSpot;
use super::super::{AttrDataType, QtssError};

/// A value's address and length.
pub(super) type Located = (*mut u8, usize);

/// The values of one attribute.
pub(super) enum Slot {
    /// Never set: a field holds zero, anything else nothing.
    Unset,
    /// Set once, removed since.
    Removed,
    /// One value of this length, in the object's fields.
    Field(u32),
    /// One value.
    Single(Block),
    /// One value in a module's own memory.
    Borrowed(Box<Borrowed>),
    /// A part of the request text.
    Window { start: u32, len: u32 },
    /// Two or more values of one size, next to each other.
    Array(Box<Array>),
    /// Two or more texts. Boxed, so that a slot takes 16 bytes.
    #[allow(clippy::box_collection)]
    Texts(Box<Vec<Block>>),
}

/// Memory that a module lent with QTSS_SetValuePtr.
pub(super) struct Borrowed {
    pub(super) ptr: *mut u8,
    pub(super) len: usize,
    pub(super) capacity: usize,
}

// SAFETY: the module promised that the memory outlives the object and takes care of its own threads.
unsafe impl Send for Borrowed {}

/// Values of one size.
pub(super) struct Array {
    block: Block,
    size: usize,
    count: usize,
}

/// What the slots of one object need besides themselves.
pub(super) struct Memory {
    pub(super) fields: Option<Fields>,
    pub(super) fields_size: usize,
    /// Outgrown blocks that modules may still point at.
    pub(super) retired: Vec<Block>,
}

/// How an attribute may be stored.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) data_type: AttrDataType,
    /// Its place among the object's fields, if it has one.
    pub(super) field: Option<FieldSpot>,
}

impl Memory {
    pub(super) fn field(&mut self, spot: FieldSpot) -> Result<*mut u8, QtssError> {
        let fields = match &self.fields {
            Some(fields) => fields,
            None => self.fields.insert(Fields::new(self.fields_size)?),
        };
        Ok(fields.at(usize::from(spot.offset)))
    }

    pub(super) fn retire(&mut self, block: Block) {
        if block.is_exposed() {
            self.retired.push(block);
        }
    }
}

impl Slot {
    /// Number of values; a value of length 0 counts.
    pub(super) fn count(&self, place: Place) -> usize {
        match self {
            Self::Unset => usize::from(place.field.is_some_and(|f| f.bound)),
            Self::Removed => 0,
            Self::Field(_) | Self::Single(_) | Self::Borrowed(_) | Self::Window { .. } => 1,
            Self::Array(array) => array.count,
            Self::Texts(texts) => texts.len(),
        }
    }

    /// Address and length of a value. Index 0 of nothing, and an empty value that is not a text of a list, are
    /// ValueNotFound; other indexes beyond the values are BadIndex.
    pub(super) fn locate(
        &mut self,
        place: Place,
        memory: &mut Memory,
        window: impl FnOnce(u32) -> Option<*mut u8>,
        index: usize,
    ) -> Result<Located, QtssError> {
        if index > 0 && index >= self.count(place) {
            return Err(QtssError::BadIndex);
        }
        let (ptr, len) = match self {
            Self::Unset => match place.field {
                Some(spot) if spot.bound => (memory.field(spot)?, usize::from(spot.size)),
                _ => return Err(QtssError::ValueNotFound),
            },
            Self::Removed => return Err(QtssError::ValueNotFound),
            Self::Field(len) => {
                let spot = place.field.ok_or(QtssError::ValueNotFound)?;
                (memory.field(spot)?, *len as usize)
            }
            Self::Single(block) => (block.ptr(), block.len()),
            Self::Borrowed(b) => (b.ptr, b.len),
            Self::Window { start, len } => (window(*start).ok_or(QtssError::ValueNotFound)?, *len as usize),
            Self::Array(array) => (array.at(index), array.size),
            Self::Texts(texts) => return texts.get(index).map(|t| (t.ptr(), t.len())).ok_or(QtssError::BadIndex),
        };
        if len == 0 { Err(QtssError::ValueNotFound) } else { Ok((ptr, len)) }
    }

    /// Notes that a pointer to a value leaves the server.
    pub(super) fn expose(&mut self, index: usize) {
        match self {
            Self::Single(block) => block.expose(),
            Self::Array(array) => array.block.expose(),
            Self::Texts(texts) => texts.get_mut(index).map_or((), Block::expose),
            _ => {}
        }
    }

    /// Stores a value: at an index below the number of values it replaces one, at that number it is appended, beyond is
    /// BadIndex. Values of a list of fixed-size type must have the size of the others, else BadArgument.
    pub(super) fn put(
        &mut self,
        place: Place,
        memory: &mut Memory,
        window: impl FnOnce(u32) -> Option<*mut u8>,
        index: usize,
        bytes: &[u8],
    ) -> Result<(), QtssError> {
        let count = self.count(place);
        match (index, count) {
            (0, 0 | 1) => self.put_single(place, memory, bytes),
            _ if index > count => Err(QtssError::BadIndex),
            (1, 1) => self.make_list(place, memory, window, bytes),
            _ => match self {
                Self::Array(array) => array.put(memory, index, bytes),
                Self::Texts(texts) => put_text(texts, memory, index, until_nul(bytes)),
                _ => Err(QtssError::BadIndex),
            },
        }
    }

    fn put_single(&mut self, place: Place, memory: &mut Memory, bytes: &[u8]) -> Result<(), QtssError> {
        match self {
            Self::Single(block) => {
                if !block.store(bytes) {
                    let grown = Block::new(bytes, block.capacity() * 2)?;
                    memory.retire(std::mem::replace(block, grown));
                }
                return Ok(());
            }
            Self::Borrowed(lent) if bytes.len() <= lent.capacity => {
                lent.store(place.data_type, bytes);
                return Ok(());
            }
            _ => {}
        }
        let in_fields = matches!(self, Self::Unset | Self::Removed | Self::Field(_));
        *self = match place.field {
            Some(spot) if in_fields && bytes.len() <= usize::from(spot.size) => {
                // SAFETY: the field has room for `size` bytes.
                unsafe { write(memory.field(spot)?, bytes) };
                Self::Field(bytes.len() as u32)
            }
            _ => Self::Single(Block::new(bytes, 0)?),
        };
        Ok(())
    }

    /// Turns one value into a list of two.
    fn make_list(
        &mut self,
        place: Place,
        memory: &mut Memory,
        window: impl FnOnce(u32) -> Option<*mut u8>,
        second: &[u8],
    ) -> Result<(), QtssError> {
        let text = place.data_type == AttrDataType::CharArray;
        let first = match self.locate(place, memory, window, 0) {
            // SAFETY: a located value is readable for its length.
            Ok((ptr, len)) => unsafe { read(ptr, len) },
            Err(QtssError::ValueNotFound) => Bytes::new(),
            Err(e) => return Err(e),
        };
        if !text && first.len() != second.len() {
            return Err(QtssError::BadArgument);
        }
        let old = if text {
            let second = Block::new(until_nul(second), 0)?;
            let first = match std::mem::replace(self, Self::Removed) {
                Self::Single(mut block) => {
                    block.set_len(until_nul(&first).len());
                    block
                }
                _ => Block::new(until_nul(&first), 0)?,
            };
            *self = Self::Texts(Box::new(vec![first, second]));
            return Ok(());
        } else {
            let block = Block::new(&[&first[..], second].concat(), 4 * second.len())?;
            std::mem::replace(self, Self::Array(Box::new(Array { block, size: second.len(), count: 2 })))
        };
        if let Self::Single(block) = old {
            memory.retire(block);
        }
        Ok(())
    }

    /// Removes one value; later ones move down. BadIndex when there is none at the index.
    pub(super) fn remove(&mut self, place: Place, memory: &mut Memory, index: usize) -> Result<(), QtssError> {
        let count = self.count(place);
        if index >= count {
            return Err(QtssError::BadIndex);
        }
        if count == 1 {
            self.clear(memory);
            return Ok(());
        }
        match self {
            Self::Array(array) => array.remove(index),
            Self::Texts(texts) => drop(texts.remove(index)),
            _ => return Err(QtssError::BadIndex),
        }
        if count == 2 {
            // The one that is left stays where it is, as a single value.
            match std::mem::replace(self, Self::Removed) {
                Self::Array(array) => *self = Self::Single(array.block),
                Self::Texts(mut texts) => *self = texts.pop().map_or(Self::Removed, Self::Single),
                other => *self = other,
            }
        }
        Ok(())
    }

    /// Removes all values.
    pub(super) fn clear(&mut self, memory: &mut Memory) {
        match std::mem::replace(self, Self::Removed) {
            Self::Single(block) => memory.retire(block),
            Self::Array(array) => memory.retire(array.block),
            Self::Texts(texts) => texts.into_iter().for_each(|t| memory.retire(t)),
            _ => {}
        }
    }
}

impl Borrowed {
    /// Writes into the module's memory; a text that leaves room gets a NUL behind it.
    fn store(&mut self, data_type: AttrDataType, bytes: &[u8]) {
        // SAFETY: the module lent `capacity` bytes, and the caller checked the length.
        unsafe {
            write(self.ptr, bytes);
            if data_type == AttrDataType::CharArray && bytes.len() < self.capacity {
                self.ptr.add(bytes.len()).write(0);
            }
        }
        self.len = bytes.len();
    }
}

impl Array {
    fn at(&self, index: usize) -> *mut u8 {
        self.block.ptr().wrapping_add(index * self.size)
    }

    fn put(&mut self, memory: &mut Memory, index: usize, bytes: &[u8]) -> Result<(), QtssError> {
        if bytes.len() != self.size {
            return Err(QtssError::BadArgument);
        }
        if index == self.count {
            let len = (self.count + 1) * self.size;
            if len > self.block.capacity() {
                let grown = Block::new(&self.block.bytes(), len.max(self.block.capacity() * 2))?;
                memory.retire(std::mem::replace(&mut self.block, grown));
            }
            self.block.set_len(len);
            self.count += 1;
        }
        // SAFETY: index < count, and the block holds `count` values.
        unsafe { write(self.at(index), bytes) };
        Ok(())
    }

    fn remove(&mut self, index: usize) {
        let after = self.count - index - 1;
        // SAFETY: both ranges lie within the `count` values.
        unsafe { std::ptr::copy(self.at(index + 1), self.at(index), after * self.size) };
        self.count -= 1;
        self.block.set_len(self.count * self.size);
    }

    /// Position of a value.
    pub(super) fn position(&self, value: &[u8]) -> Option<usize> {
        // SAFETY: every index is below the count.
        (0..self.count).find(|i| unsafe { read(self.at(*i), self.size) }.as_slice() == value)
    }
}

fn put_text(texts: &mut Vec<Block>, memory: &mut Memory, index: usize, bytes: &[u8]) -> Result<(), QtssError> {
    match texts.get_mut(index) {
        Some(text) => {
            if !text.store(bytes) {
                let grown = Block::new(bytes, text.capacity() * 2)?;
                memory.retire(std::mem::replace(text, grown));
            }
        }
        None => texts.push(Block::new(bytes, 0)?),
    }
    Ok(())
}

/// Texts of a list end at their first NUL.
fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|b| *b == 0).next().unwrap_or(&[])
}
