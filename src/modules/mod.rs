//! The built-in modules: thin; each registers for its roles and calls the room that does the work.
