//! Keeps a panic where it happened: one connection or session ends, the server goes on.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Runs `work` to its end. A panic in it becomes a line in the error log, which names `what`, and `None`.
pub(super) async fn contain<F: Future>(what: impl FnOnce() -> String, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    let outcome = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await;
    match outcome {
        Ok(output) => Some(output),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            tracing::error!("{}: panicked: {text}", what());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_the_work_and_nothing_else() {
        let panics = async {
            tokio::task::yield_now().await;
            panic!("as planned");
        };
        assert_eq!(contain(|| "a test".to_owned(), panics).await, None::<()>);
        assert_eq!(contain(|| "a test".to_owned(), async { 7 }).await, Some(7));
    }
}
