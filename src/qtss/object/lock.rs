//! QTSS_LockObject and what every call takes for its own duration.

use std::cell::RefCell;
use std::sync::Arc;

use parking_lot::ReentrantMutexGuard;

use super::super::QtssError;
use super::Object;

thread_local! {
    /// Objects this thread has locked with `lock_object`, once for each time. They live at least that long.
    static LOCKED: RefCell<Locked> = const { RefCell::new(Locked(Vec::new())) };
}

/// Unlocks what is left when its thread ends.
struct Locked(Vec<Arc<Object>>);

impl Drop for Locked {
    fn drop(&mut self) {
        self.0.drain(..).for_each(|object| object.force_unlock());
    }
}

/// Holds an object's API lock, for Rust code.
pub struct LockGuard<'a>(#[allow(dead_code)] ReentrantMutexGuard<'a, ()>);

impl Object {
    /// Locks the object for this thread; children of it, and the preferences of a module with the module, are locked
    /// together. Recursive. Not for holding across an `await`.
    pub fn lock(&self) -> LockGuard<'_> {
        LockGuard(self.api_lock.lock())
    }

    /// QTSS_LockObject: locks until [`Object::unlock_object`] is called as often on the same thread. The object stays
    /// alive until then.
    pub fn lock_object(self: &Arc<Self>) {
        std::mem::forget(self.api_lock.lock());
        LOCKED.with_borrow_mut(|locked| locked.0.push(self.clone()));
    }

    /// QTSS_UnlockObject.
    ///
    /// # Errors
    /// BadArgument when this thread has not locked the object.
    pub fn unlock_object(&self) -> Result<(), QtssError> {
        let object = LOCKED.with_borrow_mut(|locked| {
            let position = locked.0.iter().rposition(|o| std::ptr::eq(o.as_ref(), self))?;
            Some(locked.0.remove(position))
        });
        let object = object.ok_or(QtssError::BadArgument)?;
        object.force_unlock();
        Ok(())
    }

    /// True while this thread holds the lock, by whatever call.
    pub(super) fn is_locked_here(&self) -> bool {
        self.api_lock.is_owned_by_current_thread()
    }

    fn force_unlock(&self) {
        // SAFETY: the object was in this thread's list, so a guard of this thread was forgotten.
        unsafe { self.api_lock.force_unlock() }
    }
}

/// Unlocks every object that this thread still has locked, for when a module forgot; gives their number.
pub fn release_forgotten_locks() -> usize {
    let forgotten = LOCKED.with_borrow_mut(|locked| std::mem::take(&mut locked.0));
    forgotten.iter().for_each(|object| object.force_unlock());
    forgotten.len()
}
