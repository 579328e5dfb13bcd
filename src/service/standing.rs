//! How the server stands, for whoever watches it.

use crate::metrics::Pack;
use crate::metrics::Standing;
use crate::service::Service;
use crate::service::now;

impl Service {
    /// How the server stands now. Asks the file system for sizes.
    pub fn standing(&self) -> Standing {
        let (size, today) = (self.store.size(), now().day());
        let book = self.book();
        let in_force = book.packs().iter().filter(|pack| pack.span.has(today));
        let pack = |id: &str, from: String| Pack { pack: id.to_owned(), effective_from: from };
        Standing {
            started: self.started.unix_seconds(),
            ready: !self.halted().borrow().anything(),
            head: self.store.head().ok().map(|head| head.sequence),
            journal_bytes: size.journal,
            index_bytes: size.index,
            cache_bytes: size.cache,
            free_bytes: size.free,
            packs: in_force.map(|one| pack(&one.id, one.span.from.to_string())).collect(),
        }
    }
}
