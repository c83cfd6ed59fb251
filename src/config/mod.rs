//! streamingserver.xml: read, validate, rewrite atomically; preferences with their types and defaults.
