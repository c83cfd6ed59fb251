//! Which module the current thread is serving, and in which role.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::marker::PhantomData;

use parking_lot::Mutex;

use super::handle::Handle;
use super::role::{Role, RoleSet};

/// What the server notes about a thread while it runs a module. Threads that modules made themselves have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleState {
    /// The module's name; names live as long as the process.
    pub module: &'static str,
    /// The module's object.
    pub object: Handle,
    /// The role it is in.
    pub role: Role,
    /// All roles this thread is inside of, this one and those around it.
    inside: RoleSet,
}

thread_local!(static CURRENT: Cell<Option<ModuleState>> = const { Cell::new(None) });

impl ModuleState {
    /// Notes that the thread enters a module; until the guard goes. Nests.
    pub fn enter(module: &'static str, object: Handle, role: Role) -> ModuleStateGuard {
        let before = CURRENT.get();
        let inside = before.map_or(RoleSet::EMPTY, |s| s.inside).with(role);
        CURRENT.set(Some(Self { module, object, role, inside }));
        ModuleStateGuard { before, _not_send: PhantomData }
    }

    /// The innermost module this thread is serving. Does not allocate or lock, so a signal handler may ask.
    pub fn current() -> Option<Self> {
        CURRENT.get()
    }

    /// True when the thread is in this role, even if other modules were entered since: an error log module that logs
    /// would otherwise be called without end.
    pub fn is_inside(role: Role) -> bool {
        CURRENT.get().is_some_and(|s| s.inside.contains(role))
    }

    /// True when the thread's innermost module is in its Register role, where it may declare things.
    pub fn is_registering() -> bool {
        CURRENT.get().is_some_and(|s| s.role == Role::Register)
    }
}

/// A module's name as a text that lives as long as the process, for signal handlers; equal names share one.
pub(super) fn intern(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock();
    match names.get(name) {
        Some(known) => known,
        None => {
            let name: &'static str = Box::leak(name.into());
            names.insert(name);
            name
        }
    }
}

/// Restores what the thread was doing before.
#[must_use = "the state ends with the guard"]
pub struct ModuleStateGuard {
    before: Option<ModuleState>,
    _not_send: PhantomData<*const ()>,
}

impl Drop for ModuleStateGuard {
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qtss::{ObjectStore, ObjectType};

    #[test]
    fn equal_names_are_kept_once() {
        let again = String::from("QTSSSomeModule");
        assert!(std::ptr::eq(intern("QTSSSomeModule"), intern(&again)));
    }

    #[test]
    fn states_nest_and_foreign_threads_have_none() {
        let object = ObjectStore::new().create(ObjectType::Module);
        let outer = ModuleState::enter("outer", object.handle(), Role::ErrorLog);
        assert!(ModuleState::is_inside(Role::ErrorLog) && !ModuleState::is_registering());
        {
            let _inner = ModuleState::enter("inner", object.handle(), Role::OpenFile);
            let state = ModuleState::current().unwrap();
            assert_eq!((state.module, state.role), ("inner", Role::OpenFile));
            assert!(ModuleState::is_inside(Role::ErrorLog), "still inside the outer role");
            std::thread::spawn(|| assert_eq!(ModuleState::current(), None)).join().unwrap();
        }
        assert_eq!(ModuleState::current().unwrap().module, "outer");
        assert!(!ModuleState::is_inside(Role::OpenFile));
        drop(outer);
        assert_eq!(ModuleState::current(), None);
    }
}
