//! The C boundary: loader, callback table, exported QTSS symbols, handles.
