//! Parts of entries: read from the cache, or from the journal where a posting says.

use crate::accumulators::Accumulators;
use crate::proto;
use crate::store::Store;
use crate::store::fault::Fault;
use crate::store::index::derive::Derived;
use crate::store::index::derive::derive;
use crate::store::index::derive::part_of;
use crate::store::index::posting::Key;
use crate::store::index::posting::Posting;
use crate::store::index::view::View;
use crate::store::journal::reader::Reader;
use crate::wire::from_proto;

use prost::Message;

use std::collections::BTreeMap;

/// Reads parts of entries from the journal; what was read last is kept, since neighbours are often in one entry.
pub(super) struct Parts<'s> {
    reader: &'s Reader,
    last: Option<(u64, Vec<u8>)>,
}

impl Parts<'_> {
    /// The content of an entry.
    pub(super) fn content(&mut self, view: &View<'_>, number: u64) -> Result<&[u8], Fault> {
        if self.last.as_ref().is_none_or(|(last, _)| *last != number) {
            let missing = || Fault::Unreadable(format!("entry {number} is missing"));
            let position = view.link(number)?.ok_or_else(missing)?.position;
            self.last = Some((number, self.reader.content(position)?));
        }
        Ok(self.last.as_ref().map_or(&[], |(_, content)| content))
    }

    /// The bytes that a posting points at.
    pub(super) fn bytes(&mut self, view: &View<'_>, posting: Posting) -> Result<&[u8], Fault> {
        let missing = || Fault::Unreadable(format!("a part of entry {}", posting.number));
        let content = self.content(view, posting.number)?;
        content.get(part_of(posting.detail)).ok_or_else(missing)
    }

    /// The message that a posting points at.
    pub(super) fn decode<T: Message + Default>(
        &mut self,
        view: &View<'_>,
        posting: Posting,
    ) -> Result<T, Fault> {
        T::decode(self.bytes(view, posting)?).map_err(Fault::undecodable)
    }
}

impl Store {
    /// To read parts with.
    pub(super) fn parts(&self) -> Parts<'_> {
        Parts { reader: &self.reader, last: None }
    }

    /// A record of a register as an entry put it.
    pub(super) fn record_at<T: Message + Default>(
        &self,
        view: &View<'_>,
        key: Key,
        posting: Posting,
    ) -> Result<T, Fault> {
        if let Some(bytes) = self.cache.get(key, posting.number) {
            return T::decode(&*bytes).map_err(Fault::undecodable);
        }
        let mut parts = self.parts();
        let bytes = parts.bytes(view, posting)?;
        self.cache.put(key, posting.number, bytes);
        T::decode(bytes).map_err(Fault::undecodable)
    }

    /// The catalogue entries of an item code, each as it was put last; `latest` is the last put.
    pub(super) fn items(
        &self,
        view: &View<'_>,
        key: Key,
        latest: Posting,
    ) -> Result<Vec<proto::Item>, Fault> {
        if let Some(bytes) = self.cache.get(key, latest.number) {
            let kept = proto::PutItemsRequest::decode(&*bytes);
            return kept.map(|kept| kept.items).map_err(Fault::undecodable);
        }
        let mut parts = self.parts();
        let mut items = BTreeMap::new();
        for posting in view.all(key)? {
            let item: proto::Item = parts.decode(view, posting)?;
            items.insert((item.admdvs.clone(), item.from.clone()), item);
        }
        let items: Vec<proto::Item> = items.into_values().collect();
        let kept = proto::PutItemsRequest { items, ..proto::PutItemsRequest::default() };
        self.cache.put(key, latest.number, &kept.encode_to_vec());
        Ok(kept.items)
    }

    /// The accumulators of a year as its last entry left them.
    pub(super) fn accumulators(
        &self,
        view: &View<'_>,
        key: Key,
        last: u64,
    ) -> Result<Accumulators, Fault> {
        let bytes = match self.cache.get(key, last) {
            Some(bytes) => bytes,
            None => {
                let mut parts = self.parts();
                let mut derived = Derived::default();
                derive(view.keys(), last, parts.content(view, last)?, &mut derived)?;
                let after = derived.parts.into_iter().find(|(one, _)| *one == key);
                let missing = || Fault::Unreadable(format!("entry {last} is of another year"));
                let (_, bytes) = after.ok_or_else(missing)?;
                self.cache.put(key, last, &bytes);
                bytes.into()
            }
        };
        let message = proto::Accumulators::decode(&*bytes).map_err(Fault::undecodable)?;
        from_proto::accumulators(&message).map_err(Fault::unreadable)
    }
}
