//! Services: functions that modules and the server offer to each other by name.

use std::ffi::c_void;
use std::sync::Arc;

use parking_lot::RwLock;

use super::QtssError;
use super::store::checked_name;

/// The argument of a service, passed through untouched; what it points at is between caller and service.
#[derive(Clone, Copy, Debug)]
pub struct ServiceArgs(pub *mut c_void);

/// A service. Its result goes to the caller as it is (0 is NoErr).
pub type ServiceFn = Arc<dyn Fn(ServiceArgs) -> i32 + Send + Sync>;

/// Number of a service, from 0 in the order of adding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceId(pub i32);

/// All services; one name space.
#[derive(Default)]
pub struct Services(RwLock<Vec<(Box<[u8]>, ServiceFn)>>);

impl Services {
    /// Adds a service. That a module is in its Register role is for the caller to check.
    ///
    /// # Errors
    /// BadArgument for a name of more than 64 bytes, AttrNameExists (the first one stays).
    pub fn add(&self, name: &[u8], service: ServiceFn) -> Result<ServiceId, QtssError> {
        let name = checked_name(name)?;
        let mut services = self.0.write();
        if services.iter().any(|(n, _)| **n == *name) {
            return Err(QtssError::AttrNameExists);
        }
        services.push((name.into(), service));
        Ok(ServiceId(services.len() as i32 - 1))
    }

    /// The number of a service.
    ///
    /// # Errors
    /// AttrDoesntExist.
    pub fn id(&self, name: &[u8]) -> Result<ServiceId, QtssError> {
        let position = self.0.read().iter().position(|(n, _)| **n == *name);
        position.map(|i| ServiceId(i as i32)).ok_or(QtssError::AttrDoesntExist)
    }

    /// Calls a service on this thread, which keeps its module state, and gives its result.
    ///
    /// # Errors
    /// IllegalService for an unknown number.
    pub fn call(&self, id: ServiceId, args: ServiceArgs) -> Result<i32, QtssError> {
        let index = usize::try_from(id.0).map_err(|_| QtssError::IllegalService)?;
        let service = self.0.read().get(index).map(|(_, f)| f.clone()).ok_or(QtssError::IllegalService)?;
        Ok(service(args))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_66_arguments_and_results_pass_through_and_services_nest() {
        let services = Arc::new(Services::default());
        let seven = services.add(b"Seven", Arc::new(|args| if args.0.is_null() { -10 } else { 7 })).unwrap();
        let inner = Arc::downgrade(&services);
        let outer =
            services.add(b"Outer", Arc::new(move |args| inner.upgrade().unwrap().call(seven, args).unwrap())).unwrap();
        let mut argument = 1u8;
        assert_eq!(services.call(outer, ServiceArgs(std::ptr::from_mut(&mut argument).cast())), Ok(7));
        assert_eq!(services.call(outer, ServiceArgs(std::ptr::null_mut())), Ok(-10));
    }

    #[test]
    fn the_first_service_of_a_name_stays() {
        let services = Services::default();
        services.add(b"RollErrorLog", Arc::new(|_| 1)).unwrap();
        assert_eq!(services.add(b"RollErrorLog", Arc::new(|_| 2)), Err(QtssError::AttrNameExists));
        assert_eq!(services.add(&[b'x'; 65], Arc::new(|_| 2)), Err(QtssError::BadArgument));
        assert_eq!(services.id(b"RollErrorLog"), Ok(ServiceId(0)));
        assert_eq!(services.id(b"rollerrorlog"), Err(QtssError::AttrDoesntExist));
        for id in [-1, 1] {
            let result = services.call(ServiceId(id), ServiceArgs(std::ptr::null_mut()));
            assert_eq!(result, Err(QtssError::IllegalService));
        }
    }
}
