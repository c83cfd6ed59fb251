//! Log files: the error log's sink and the rolling logs.
