//! Users, groups and access files.
