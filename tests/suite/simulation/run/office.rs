//! The offices: registers, and the rules.

use crate::simulation::run::Outcome;
use crate::simulation::run::Run;
use crate::simulation::world::FAMILY;
use crate::simulation::world::changed;
use crate::simulation::world::toggled;

use onestop::proto;
use onestop::service::Failure;
use onestop::service::Onlooker;

use std::fs;

impl Run {
    /// The registers as they are at the beginning of the year.
    pub(super) async fn fill(&mut self) -> Outcome {
        let service = self.service();
        let writer = self.writer("OFFICE");
        let facilities = self.world.facilities.values().cloned().collect();
        let put = proto::PutFacilitiesRequest {
            writer: writer.clone(),
            facilities,
            ..proto::PutFacilitiesRequest::default()
        };
        let reply = service.put_facilities(put).await;
        self.put_noted(writer, reply)?;
        let writer = self.writer("OFFICE");
        let items = self.world.items.clone();
        let put = proto::PutItemsRequest {
            writer: writer.clone(),
            items,
            ..proto::PutItemsRequest::default()
        };
        let reply = service.put_items(put).await;
        self.put_noted(writer, reply)?;
        let persons: Vec<_> = self.world.persons.values().cloned().collect();
        for some in persons.chunks(100) {
            let put = self.put_of(some.to_vec());
            let writer = put.writer.clone();
            let reply = service.put_persons(put).await;
            self.put_noted(writer, reply)?;
        }
        Ok(())
    }

    pub(super) fn put_of(&mut self, persons: Vec<proto::Person>) -> proto::PutPersonsRequest {
        let writer = self.writer("OFFICE");
        proto::PutPersonsRequest { writer, persons, ..proto::PutPersonsRequest::default() }
    }

    /// Notes a register write; one that changes nothing is not written.
    pub(super) fn put_noted(
        &mut self,
        writer: Option<proto::Writer>,
        reply: Result<proto::PutReply, Failure>,
    ) -> Outcome {
        let reply = reply.map_err(|failure| format!("register: {failure}"))?;
        if (reply.number == 0) != (reply.added == 0 && reply.changed == 0) {
            return Err(format!("a register write is answered with {reply:?}"));
        }
        let writer = writer.unwrap_or_default();
        if reply.number == 0 {
            return Ok(());
        }
        self.auditor.note_register((writer.facility, writer.request_id), reply.number)
    }

    /// An identity ends or begins; now and then the write is repeated, or its answer lost and asked for again.
    pub(super) async fn change_person(&mut self) -> Outcome {
        self.count("identity changed");
        let id = self.person();
        let person = changed(&self.world.persons[&id], self.today, &mut self.random);
        let put = self.put_of(vec![person.clone()]);
        let service = self.service();
        if self.random.chance(20) {
            service.put_persons(put.clone()).await.map_err(|failure| failure.to_string())?;
        }
        let reply = service.put_persons(put.clone()).await;
        let first = reply.as_ref().ok().copied();
        self.put_noted(put.writer.clone(), reply)?;
        self.world.persons.insert(id.clone(), person);
        let again = service.put_persons(put).await.map_err(|failure| failure.to_string())?;
        if first.is_some_and(|first| first.number != 0 && first != again) {
            return Err(format!(
                "a repeated register write is answered with {again:?}, not {first:?}"
            ));
        }
        let shown = service
            .get_person(&proto::GetPersonRequest { id, ..proto::GetPersonRequest::default() });
        let shown = shown.map_err(|failure| failure.to_string())?;
        // In which order identities are shown is not what this is about.
        let sorted = |person: &proto::Person| {
            let mut person = person.clone();
            person
                .identities
                .sort_by(|a, b| (&a.identity, &a.from, &a.to).cmp(&(&b.identity, &b.from, &b.to)));
            person
        };
        let own = &self.world.persons[&shown.id];
        if sorted(&shown) == sorted(own) {
            Ok(())
        } else {
            Err(format!("register: {shown:?}, should be {own:?}"))
        }
    }

    /// A facility loses its designation, or gets it again.
    pub(super) async fn change_facility(&mut self) -> Outcome {
        self.count("designation changed");
        // Sooner or later most get it back.
        let is_lost =
            |one: &&proto::Facility| one.entries.last().is_some_and(|entry| !entry.to.is_empty());
        let lost = self.world.facilities.values().find(is_lost).map(|one| one.id.clone());
        let some = self.facility();
        let id = lost.filter(|_| self.random.chance(80)).unwrap_or(some);
        let facility = toggled(&self.world.facilities[&id], self.today);
        let writer = self.writer("OFFICE");
        let put = proto::PutFacilitiesRequest {
            writer: writer.clone(),
            facilities: vec![facility.clone()],
            ..proto::PutFacilitiesRequest::default()
        };
        let reply = self.service().put_facilities(put).await;
        self.put_noted(writer, reply)?;
        self.world.facilities.insert(id, facility);
        Ok(())
    }

    /// The rules folder is read again: a file that says nothing leaves the old set in force, a further good one counts from
    /// then on, also for days that other stays were settled for already.
    pub(super) async fn reload(&mut self) -> Outcome {
        self.count("rules reloaded");
        let by = || Onlooker { who: "policy".to_owned(), from: "desk".to_owned() };
        let folder = self.rules.join(FAMILY);
        let first = "2018-07-01";
        let file = folder.join(format!("{first}.toml"));
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        if !file.exists() {
            fs::write(&file, "schema = 1\n").unwrap();
            if self.service().reload_rules(by()).await.is_ok() {
                return Err("a pack that says nothing was taken over".to_owned());
            }
            let text = read("2018-01-01.toml");
            let text = text.replacen(
                "effective_from = 2018-01-01",
                &format!("effective_from = {first}"),
                1,
            );
            let text = text.replacen("amount = \"300\"", "amount = \"350\"", 1);
            fs::write(&file, text).unwrap();
            self.world.packs.insert(1, first.to_owned());
        }
        let reloaded = self.service().reload_rules(by()).await;
        reloaded.map_err(|error| format!("reload: {error}"))?;
        let head = self.service().head().map_err(|fault| fault.to_string())?;
        self.auditor.note_reload(head.sequence)
    }
}
