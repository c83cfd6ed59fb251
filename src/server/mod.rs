//! Listeners, connections, the request's walk through the roles, session tables, limits.
