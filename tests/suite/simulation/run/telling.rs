//! A settlement that says much, for the tests of the auditor himself.

use crate::simulation::auditor::Auditor;
use crate::simulation::auditor::Expected;
use crate::simulation::auditor::answer::Answer;
use crate::simulation::auditor::answer::Ask;
use crate::simulation::run::Run;
use crate::simulation::world::held;

use onestop::proto;

impl Run {
    /// The books, and a settlement that they have not yet, upon another one in the same year, with payments of every kind.
    pub(crate) async fn telling_settlement(&mut self) -> (Auditor, Answer, Vec<Expected>) {
        self.today = 200;
        let poor = |person: &&proto::Person| {
            person.enrolments.len() == 1 && person.enrolments[0].to.is_empty()
        };
        let mut person = self.world.persons.values().find(poor).unwrap().clone();
        person.identities = vec![held("2302", "2016-01-01")];
        let put = self.put_of(vec![person.clone()]);
        let writer = put.writer.clone();
        let reply = self.service().put_persons(put).await;
        self.put_noted(writer, reply).unwrap();
        self.world.persons.insert(person.id.clone(), person.clone());
        let mut last = None;
        for _ in 0..2 {
            let mut request = self.fine_settlement(&person.id).unwrap();
            let facility = "H-COUNTY".to_owned();
            request.writer = self.writer(&facility);
            let admission = request.admission.as_mut().unwrap();
            admission.facility = facility;
            admission.med_type = "21".to_owned();
            let parts = proto::Parts {
                in_scope: "30000.00".to_owned(),
                copay_first: "1500.00".to_owned(),
                over_limit: "200.00".to_owned(),
                own_expense: "800.00".to_owned(),
                facility_borne: "10.00".to_owned(),
            };
            let totals = proto::Totals { parts: Some(parts), ..proto::Totals::default() };
            let total = "32510.00".to_owned();
            request.bill =
                Some(proto::Bill { total, totals: Some(totals), ..proto::Bill::default() });
            if let Some((answer, expected)) = last.take() {
                self.auditor.note(vec![(answer, expected)]).unwrap();
            }
            let ask = Ask::Settle(Box::new(request));
            let expected = vec![self.expected(&ask)];
            last = Some((ask.send(&self.service()).await.unwrap(), expected));
        }
        let (answer, expected) = last.unwrap();
        (self.auditor.clone(), answer, expected)
    }
}
