//! What is asked of a server: a small register, and many clients that settle and reverse at once.

use super::model::Answer;
use super::model::Asked;
use super::model::FACILITY;
use super::model::Model;
use super::model::ask;
use super::model::expect_no_refusal;
use super::random::Random;
use super::server::Clients;
use super::server::Server;
use onestop::proto;
use onestop::proto::reverse_request::Of;
use tokio::task::JoinHandle;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;

/// How many clients there are, and for how many persons each settles; one more person is settled for by all.
pub(super) const CLIENTS: usize = 6;
const PERSONS_EACH: usize = 3;
const SHARED: &str = "P-shared";

/// The model, shared by clients.
pub(super) type Shared = Arc<Mutex<Model>>;

fn writer(request_id: String) -> Option<proto::Writer> {
    Some(proto::Writer { facility: FACILITY.to_owned(), request_id, ..Default::default() })
}

fn name_of(client: usize, index: usize) -> String {
    format!("P{client}-{index}")
}

fn person(id: String) -> proto::Person {
    let span = |from: &str| (from.to_owned(), String::new());
    let (from, to) = span("2010-01-01");
    let enrolment =
        proto::Enrolment { place: "000001".to_owned(), insutype: "390".to_owned(), from, to };
    let (from, to) = span("2016-01-01");
    let identity = proto::HeldIdentity { identity: "registered_poor".to_owned(), from, to };
    proto::Person {
        id,
        birth: "1970-01-01".to_owned(),
        enrolments: vec![enrolment],
        identities: vec![identity],
        ..Default::default()
    }
}

/// Puts persons of these names.
pub(super) fn put(request_id: String, names: impl Iterator<Item = String>) -> Asked {
    let persons = names.map(person).collect();
    Asked::Put(proto::PutPersonsRequest {
        writer: writer(request_id),
        persons,
        ..Default::default()
    })
}

/// Settles an admission with an amount of its own.
pub(super) fn settle(request_id: String, person: &str, admission: &str, in_scope: usize) -> Asked {
    let parts = proto::Parts {
        in_scope: format!("{in_scope}.00"),
        copay_first: "80.05".to_owned(),
        own_expense: "20.00".to_owned(),
        ..Default::default()
    };
    let totals = proto::Totals { parts: Some(parts), ..Default::default() };
    let total = format!("{}.05", in_scope + 100);
    Asked::Settle(proto::SettleRequest {
        writer: writer(request_id),
        admission: Some(proto::Admission {
            id: admission.to_owned(),
            person: person.to_owned(),
            facility: FACILITY.to_owned(),
            admitted_on: "2018-03-01".to_owned(),
            discharged_on: "2018-03-10".to_owned(),
            med_type: "21".to_owned(),
            referral: "none".to_owned(),
            diagnoses: vec!["J18.9".to_owned()],
            ..Default::default()
        }),
        bill: Some(proto::Bill { total, totals: Some(totals), ..Default::default() }),
        ..Default::default()
    })
}

/// Reverses the settlement of an admission.
pub(super) fn reverse(request_id: String, admission: &str) -> Asked {
    Asked::Reverse(proto::ReverseRequest {
        writer: writer(request_id),
        of: Some(Of::Admission(admission.to_owned())),
        reason: "test".to_owned(),
    })
}

/// Facility and persons that everything else needs.
pub(super) async fn fill(clients: &mut Clients, model: &mut Model) {
    let entry = proto::FacilityEntry {
        place: "000001".to_owned(),
        level: 2,
        tier: "county".to_owned(),
        from: "2010-01-01".to_owned(),
        ..Default::default()
    };
    let facility =
        proto::Facility { id: FACILITY.to_owned(), entries: vec![entry], ..Default::default() };
    let facilities = proto::PutFacilitiesRequest {
        writer: writer("facilities".to_owned()),
        facilities: vec![facility],
        ..Default::default()
    };
    model.ask(clients, Asked::Facility(facilities)).await.unwrap();
    let each = |client| (0..PERSONS_EACH).map(move |index| name_of(client, index));
    let names = (0..CLIENTS).flat_map(each).chain([SHARED.to_owned()]);
    model.ask(clients, put("persons".to_owned(), names)).await.unwrap();
}

/// Lets all clients write until the server is gone. `log` is where the disk's log grows, if it is kept.
pub(super) async fn begin(
    server: &Server,
    model: &Shared,
    random: &mut Random,
    log: Option<PathBuf>,
) -> Vec<JoinHandle<()>> {
    let mut clients = Vec::new();
    for index in 0..CLIENTS {
        let client = Client {
            index,
            clients: server.connect().await,
            model: Arc::clone(model),
            random: random.fork(),
            log: log.clone(),
        };
        clients.push(tokio::spawn(client.run()));
    }
    clients
}

struct Client {
    index: usize,
    clients: Clients,
    model: Shared,
    random: Random,
    log: Option<PathBuf>,
}

impl Client {
    async fn run(mut self) {
        loop {
            let (place, asked) = self.next();
            match ask(&mut self.clients, &asked).await {
                Ok(answer) => self.note(place, answer),
                Err(status) => return expect_no_refusal(&status),
            }
        }
    }

    fn note(&self, place: usize, answer: Answer) {
        let log_bytes = self.log.as_ref().map_or(0, |log| fs::metadata(log).unwrap().len());
        let mut model = self.model.lock().unwrap();
        model.sent[place].answer = Some(answer);
        model.sent[place].log_bytes = log_bytes;
    }

    /// Chooses the next write and notes that it is sent.
    fn next(&mut self) -> (usize, Asked) {
        let mut model = self.model.lock().unwrap();
        let number = model.sent.len();
        let random = &mut self.random;
        let person = name_of(self.index, random.below(PERSONS_EACH));
        let in_scope = 200 + random.below(20_000);
        let asked = match random.below(100) {
            0..5 => put(format!("put-{number}"), [format!("P-new-{number}")].into_iter()),
            5..20 => settle(format!("s-{number}"), SHARED, &format!("A-{number}"), in_scope),
            20..35 => match model.effective(&person).last() {
                Some(admission) => reverse(format!("r-{number}"), admission),
                None => settle(format!("s-{number}"), &person, &format!("A-{number}"), in_scope),
            },
            _ => {
                // An admission that was reversed may be settled again.
                let reversed = reversed(&model, &person).filter(|_| random.percent(30));
                let admission = reversed.unwrap_or_else(|| format!("A-{number}"));
                settle(format!("s-{number}"), &person, &admission, in_scope)
            }
        };
        (model.send(asked.clone()), asked)
    }
}

/// An admission of a person that was reversed and not settled since.
fn reversed(model: &Model, person: &str) -> Option<String> {
    let effective = model.effective(person);
    let mut reversals = model.sent.iter().rev().filter_map(|sent| match &sent.answer {
        Some(Answer::Reversed(reversal)) => Some(reversal),
        Some(Answer::Settled(_) | Answer::Put(_)) | None => None,
    });
    let of_person = |reversal: &&proto::Reversal| reversal.key.as_ref().unwrap().person == person;
    let admission = reversals.find(of_person).map(|reversal| reversal.of_id.clone());
    admission.filter(|admission| !effective.contains(admission))
}
