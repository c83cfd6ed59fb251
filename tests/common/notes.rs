//! What the servers of this process tell the error log.

use std::fmt::Debug;
use std::sync::Mutex;

use tracing::Subscriber;
use tracing::field::Field;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

static NOTES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct NoteTaker;

impl<S: Subscriber> Layer<S> for NoteTaker {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        event.record(&mut |field: &Field, value: &dyn Debug| {
            if field.name() == "message" {
                NOTES.lock().unwrap().push(format!("{value:?}"));
            }
        });
    }
}

/// From now on it is written down; tests of one program may all say so.
pub fn take_notes() {
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(NoteTaker));
}

/// What was said so far by all servers of this process.
pub fn notes() -> Vec<String> {
    NOTES.lock().unwrap().clone()
}
