//! What one connection leaves for another one to read.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// Reports, by the ids that connections have given.
#[derive(Default)]
pub(crate) struct Reports {
    kept: Mutex<HashMap<String, String>>,
    changed: Notify,
}

impl Reports {
    pub(crate) fn put(&self, id: String, report: String) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(id, report);
        self.changed.notify_waiters();
    }

    /// Waits until there is one.
    pub(crate) async fn wait(&self, id: &str) -> String {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(report) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
                return report.clone();
            }
            changed.await;
        }
    }
}
