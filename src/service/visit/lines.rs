//! Fee lines of a visit (费用明细): uploaded in pages, taken back by id, read in the order in which they came.

use crate::bill::LINES_MAX;
use crate::id::FacilityId;
use crate::id::PersonId;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::proto::visit_write::Change;
use crate::refusal::Refusal;
use crate::refusal::VisitBar;
use crate::register::Item;
use crate::service::Failure;
use crate::service::Service;
use crate::service::visit::Kept;
use crate::service::visit::Writing;
use crate::service::visit::Written;
use crate::store::visit::LinePlace;
use crate::wire::from_proto;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// A page of fee lines.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The lines, as they are stored.
    pub lines: Vec<proto::FeeLine>,
}

/// What is done to all lines at once [2302].
const ALL: &str = "0000";

impl Service {
    /// Uploads a page, all of it or nothing. A line that is there already with the same content is read over, so that a page
    /// whose answer was lost may be sent again.
    pub async fn upload_lines(
        &self,
        writing: &Writing,
        upload: &Upload,
    ) -> Result<Written, Failure> {
        let facility = from_proto::writer(Some(&writing.writer))?.0;
        self.write_visit(writing, |kept| {
            let Some(kept) = kept else { return Ok(None) };
            self.unless_closed(&facility, kept)?;
            let lines = self.new_lines(&facility, kept, &upload.lines)?;
            let there = self.store.visit_lines(&facility, &kept.id)?;
            if LINES_MAX < there.len() + lines.len() {
                let what = "fee lines of one visit".to_owned();
                return Err(Refusal::TooMany { what, max: LINES_MAX }.into());
            }
            self.refuse_refunds(&facility, kept, &lines)?;
            let some = !lines.is_empty();
            Ok(some.then_some(Change::Lines(proto::FeeLines { lines })))
        })
        .await
    }

    /// Takes lines back; `0000` stands for all that are not settled.
    pub async fn delete_lines(
        &self,
        writing: &Writing,
        asked: &[String],
    ) -> Result<Written, Failure> {
        let facility = from_proto::writer(Some(&writing.writer))?.0;
        self.write_visit(writing, |kept| {
            let Some(kept) = kept else { return Ok(None) };
            let all: Vec<String> = self.open_lines(&facility, &kept.id)?.iter().map(id).collect();
            let lines = if asked.iter().any(|line| line == ALL) {
                all
            } else {
                self.refuse_deletion(&facility, kept, asked)?;
                asked.to_vec()
            };
            let some = !lines.is_empty();
            Ok(some.then_some(Change::Deletion(proto::FeeDeletion { lines })))
        })
        .await
    }

    /// All lines of a visit that were not taken back, in the order in which they came.
    pub fn fee_lines(
        &self,
        facility: &FacilityId,
        visit: &str,
    ) -> Result<Vec<proto::FeeLine>, Failure> {
        let mut pages: BTreeMap<u64, Vec<Option<proto::FeeLine>>> = BTreeMap::new();
        let mut lines = Vec::new();
        for LinePlace { sequence, index } in self.store.visit_lines(facility, visit)? {
            let page = match pages.entry(sequence) {
                std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(self.page(sequence)?.into_iter().map(Some).collect())
                }
            };
            let line = usize::try_from(index).ok().and_then(|index| page.get_mut(index)?.take());
            lines.extend(line);
        }
        Ok(lines)
    }

    /// The lines that no effective settlement of the visit has billed.
    pub fn open_lines(
        &self,
        facility: &FacilityId,
        visit: &str,
    ) -> Result<Vec<proto::FeeLine>, Failure> {
        let billed: BTreeSet<String> = self
            .effective_settlements(facility, visit)?
            .into_iter()
            .filter_map(|record| record.request?.bill)
            .flat_map(|bill| bill.lines)
            .map(|line| line.id)
            .collect();
        let mut lines = self.fee_lines(facility, visit)?;
        lines.retain(|line| !billed.contains(&id(line)));
        Ok(lines)
    }

    /// What the catalogue says of items for a person on a day.
    pub fn items_on(
        &self,
        person: &PersonId,
        day: crate::calendar::Day,
        codes: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, Item>, Failure> {
        let person = self.store.person(person)?.ok_or(Refusal::UnknownPerson)?;
        let enrolment = person.enrolment_on(day).ok_or(Refusal::NotInsured { on: day })?;
        let catalogue = self.store.catalogue(codes.iter().copied())?;
        let in_force = |code: &&str| catalogue.in_force(code, enrolment.place, day);
        let found = codes.iter().filter_map(|code| Some(((*code).to_owned(), in_force(code)?)));
        Ok(found.map(|(code, item)| (code, item.clone())).collect())
    }

    /// The lines of a write that uploaded some.
    fn page(&self, sequence: u64) -> Result<Vec<proto::FeeLine>, Failure> {
        let unknown = || Refusal::UnknownEntry { name: sequence.to_string() };
        match self.stored(sequence)?.entry.kind {
            Some(Kind::Visit(proto::VisitWrite { change: Some(Change::Lines(page)), .. })) => {
                Ok(page.lines)
            }
            _ => Err(unknown().into()),
        }
    }

    /// The lines of an upload that are not there yet.
    fn new_lines(
        &self,
        facility: &FacilityId,
        kept: &Kept,
        uploaded: &[proto::FeeLine],
    ) -> Result<Vec<proto::FeeLine>, Failure> {
        let mut new: Vec<proto::FeeLine> = Vec::new();
        let mut seen: BTreeMap<String, &proto::FeeLine> = BTreeMap::new();
        for line in uploaded {
            let there = match self.store.visit_line(facility, &kept.id, &id(line))? {
                Some(place) => {
                    let index = usize::try_from(place.index).unwrap_or(usize::MAX);
                    self.page(place.sequence)?.get(index).cloned()
                }
                None => seen.get(&id(line)).map(|line| (*line).clone()),
            };
            match there {
                Some(there) if there == *line => {}
                Some(_) => return Err(Refusal::LineTaken { line: id(line) }.into()),
                None => {
                    seen.insert(id(line), line);
                    new.push(line.clone());
                }
            }
        }
        Ok(new)
    }

    /// A refund that the settlement would refuse is refused when it comes.
    fn refuse_refunds(
        &self,
        facility: &FacilityId,
        kept: &Kept,
        new: &[proto::FeeLine],
    ) -> Result<(), Failure> {
        if !new.iter().flat_map(|line| &line.line).any(|line| !line.refund_of.is_empty()) {
            return Ok(());
        }
        let mut all = self.open_lines(facility, &kept.id)?;
        all.extend(new.iter().cloned());
        self.quote(&kept.quoted(facility, kept.last_day(&all)?, all)).map(|_| ())
    }

    fn refuse_deletion(
        &self,
        facility: &FacilityId,
        kept: &Kept,
        asked: &[String],
    ) -> Result<(), Failure> {
        if kept.visit.cancelled {
            let (visit, bar) = (kept.id.clone(), VisitBar::Cancelled);
            return Err(Refusal::VisitBarred { visit, bar }.into());
        }
        let open = self.open_lines(facility, &kept.id)?;
        let open: BTreeMap<String, &proto::FeeLine> =
            open.iter().map(|line| (id(line), line)).collect();
        if let Some(line) = asked.iter().find(|line| !open.contains_key(*line)) {
            let billed = self.store.visit_line(facility, &kept.id, line)?.is_some();
            let line = line.clone();
            let refusal =
                if billed { Refusal::LineHeld { line } } else { Refusal::UnknownLine { line } };
            return Err(refusal.into());
        }
        let left = open.iter().filter(|(id, _)| !asked.contains(id));
        for line in left.filter_map(|(_, line)| line.line.as_ref()) {
            if asked.contains(&line.refund_of) {
                return Err(Refusal::LineHeld { line: line.refund_of.clone() }.into());
            }
        }
        Ok(())
    }
}

/// A line's id.
fn id(line: &proto::FeeLine) -> String {
    line.line.as_ref().map(|line| line.id.clone()).unwrap_or_default()
}
