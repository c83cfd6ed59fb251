//! HTTP requests to the server's own pages, and the paths and queries of the administration protocol in them.

#![no_main]

use dss::modules::AdminQuery;
use dss::modules::http::HttpRequest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let alone = AdminQuery::parse(&text);
    if let Some(query) = &alone {
        assert_eq!(query.path.first().map(String::as_str), Some("admin"));
        assert!(query.path.iter().all(|part| !part.is_empty() && !part.contains('/')));
        assert!(query.filters.len() <= 100);
    }
    if let Some(request) = HttpRequest::parse(bytes) {
        request.path();
        request.is_foreign();
        AdminQuery::parse(&request.target);
    }
});
