//! The auditor can fail: an answer with anything changed, or with nothing noted where something was, makes him complain.

use crate::simulation::auditor::Auditor;
use crate::simulation::auditor::Expected;
use crate::simulation::auditor::answer::Answer;
use crate::simulation::auditor::answer::YearKey;
use crate::simulation::run::Plan;
use crate::simulation::run::Run;
use crate::simulation::world::FAMILY;
use crate::simulation::world::INSUTYPE;

use onestop::proto;
use onestop::proto::step_result::Basis;

/// The books up to an entry, the answer to be noted next, and what is expected of it.
struct Next {
    books: Auditor,
    record: proto::SettlementRecord,
    expected: Vec<Expected>,
}

/// A settlement of a person in whose year something stands, with an eligible cost, a payment and a guarantee.
async fn next() -> Next {
    let mut run = Run::begin(Plan { seed: 11, operations: 0 }).await;
    let (books, answer, expected) = run.telling_settlement().await;
    let Answer::Settlement(record) = answer else { panic!("{answer:?} is no settlement") };
    Next { books, record: *record, expected }
}

fn statement(record: &mut proto::SettlementRecord) -> &mut proto::Statement {
    record.statement.as_mut().unwrap()
}

fn accumulators(record: &mut proto::SettlementRecord) -> &mut proto::Accumulators {
    record.accumulators.as_mut().unwrap()
}

/// A fen more.
fn more(amount: &mut String) {
    let fen = crate::simulation::fen::fen(amount).unwrap();
    *amount = crate::simulation::fen::yuan(fen + 1);
}

/// The step that pays, and the one that guarantees.
fn share(record: &mut proto::SettlementRecord) -> &mut proto::StepResult {
    let steps = &mut statement(record).steps;
    steps.iter_mut().find(|step| step.kind == "share" && step.payment != "0.00").unwrap()
}

fn floor(record: &mut proto::SettlementRecord) -> &mut proto::FloorTrace {
    let steps = &mut statement(record).steps;
    let traces = steps.iter_mut().find_map(|step| match &mut step.basis {
        Some(Basis::Floor(trace)) => Some(trace),
        Some(Basis::Share(_)) | None => None,
    });
    traces.unwrap()
}

fn step_year(record: &mut proto::SettlementRecord) -> &mut proto::StepYear {
    accumulators(record).steps.first_mut().unwrap()
}

type Doctor = fn(&mut proto::SettlementRecord);

const DOCTORED: &[(&str, Doctor, &str)] = &[
    ("the number of another entry", |record| record.number = 1, "number 1 is given twice"),
    ("no number", |record| record.number = 0, "number 0 is given twice"),
    ("a short digest", |record| record.digest.truncate(63), "digits of the digest"),
    ("a reversal", |record| record.reversed_by = 3, "reversed_by"),
    ("another version", |record| statement(record).version += 1, "version"),
    ("another ordinal", |record| facts(record).ordinal += 1, "facts.ordinal"),
    ("an identity less", |record| facts(record).identities.clear(), "is none of"),
    ("another pack", |record| pack(record).effective_from = "2019-01-01".to_owned(), "is none of"),
    ("another year", |record| statement(record).benefit_year += 1, "benefit year"),
    ("another total", |record| more(&mut statement(record).total), "sum of the parts"),
    ("a fen for the patient", |record| more(&mut statement(record).patient_pay), "patient_pay"),
    ("a fen for the payers", |record| more(&mut statement(record).payments), "payments"),
    (
        "a fen for the hospital",
        |record| more(&mut statement(record).facility_borne),
        "facility_borne",
    ),
    (
        "a fen for one payer",
        |record| more(&mut statement(record).by_payer[0].amount),
        "sum by payer",
    ),
    ("a fen in cash", |record| more(&mut statement(record).cash_due), "cash_due"),
    ("a fen given back", |record| more(&mut statement(record).refund), "refund"),
    ("a fen paid by a step", |record| more(&mut share(record).payment), "payment"),
    (
        "a fen from nowhere",
        |record| more(&mut share(record).from.as_mut().unwrap().own_expense),
        "sum of where",
    ),
    ("a fen not capped", |record| more(&mut share(record).uncapped), "payment"),
    ("another guarantee", |record| more(&mut floor(record).measured), "measured"),
    ("another debt", |record| more(&mut floor(record).remaining), "remaining"),
    ("another year before", |record| more(&mut floor(record).remaining_before), "remaining_before"),
    ("a version more", |record| accumulators(record).version += 1, "accumulators.version"),
    ("an admission more", |record| accumulators(record).admissions += 1, "accumulators.admissions"),
    (
        "a sum more",
        |record| more(&mut accumulators(record).patient_pay),
        "accumulators.patient_pay",
    ),
    ("a total more", |record| more(&mut accumulators(record).total), "accumulators.total"),
    (
        "a part more",
        |record| more(&mut accumulators(record).parts.as_mut().unwrap().over_limit),
        "accumulators.parts",
    ),
    ("a step's cost more", |record| more(&mut step_year(record).eligible), "accumulators.steps"),
    ("a step's payment more", |record| more(&mut step_year(record).paid), "accumulators.steps"),
    ("a step less", |record| accumulators(record).steps.truncate(1), "accumulators.steps"),
    ("a step without anything", |record| nothing(record), "accumulators.steps"),
    ("a chain more", |record| chain(record), "accumulators.chains"),
    (
        "an amount with one decimal",
        |record| accumulators(record).total = "1.5".to_owned(),
        "is no amount",
    ),
];

fn facts(record: &mut proto::SettlementRecord) -> &mut proto::Facts {
    statement(record).facts.as_mut().unwrap()
}

fn pack(record: &mut proto::SettlementRecord) -> &mut proto::PackName {
    statement(record).pack.as_mut().unwrap()
}

fn nothing(record: &mut proto::SettlementRecord) {
    let zero = || "0.00".to_owned();
    accumulators(record).steps.push(proto::StepYear {
        step: "charity".to_owned(),
        eligible: zero(),
        paid: zero(),
        allowed: "0".to_owned(),
        measured: zero(),
        remaining: zero(),
    });
}

fn chain(record: &mut proto::SettlementRecord) {
    let (step, chain, met) = ("basic".to_owned(), "episode:none".to_owned(), "1.00".to_owned());
    accumulators(record).chains.push(proto::ChainYear { step, chain, met });
}

#[tokio::test]
async fn a_doctored_settlement_makes_the_auditor_complain() {
    let Next { books, record, expected } = next().await;
    let note = |record: &proto::SettlementRecord| {
        let answer = Answer::Settlement(Box::new(record.clone()));
        books.clone().note(vec![(answer, expected.clone())])
    };
    assert_eq!(note(&record), Ok(()), "as it was answered");
    for (what, doctor, complaint) in DOCTORED {
        let mut doctored = record.clone();
        doctor(&mut doctored);
        assert_ne!(doctored, record, "{what}");
        let complained = note(&doctored).expect_err(what);
        assert!(complained.contains(complaint), "{what}: {complained}");
    }
}

#[tokio::test]
async fn a_second_answer_and_a_year_that_moved_make_the_auditor_complain() {
    let Next { mut books, record, expected } = next().await;
    let answer = Answer::Settlement(Box::new(record.clone()));
    books.note(vec![(answer.clone(), expected.clone())]).unwrap();
    books.again(&answer).unwrap();

    let mut other = record.clone();
    more(&mut statement(&mut other).refund);
    let other = Answer::Settlement(Box::new(other));
    let complained = books.again(&other).unwrap_err();
    assert!(complained.contains("`statement.refund` differs"), "{complained}");

    let twice = proto::SettlementRecord { number: record.number + 1, ..record.clone() };
    let twice = Answer::Settlement(Box::new(twice));
    let complained = books.clone().note(vec![(twice, expected)]).unwrap_err();
    assert!(complained.contains("made entries"), "{complained}");

    let key = answer.year().unwrap();
    let shown = proto::GetAccumulatorsReply {
        key: Some(proto::AccumulatorKey {
            person: key.person.clone(),
            insutype: INSUTYPE.to_owned(),
            family: FAMILY.to_owned(),
            benefit_year: key.year,
        }),
        accumulators: record.accumulators.clone(),
    };
    assert_eq!(books.check_year(&key, &shown), Ok(()));
    let mut moved = shown.clone();
    more(&mut moved.accumulators.as_mut().unwrap().patient_pay);
    assert!(books.check_year(&key, &moved).is_err());
    let other = YearKey { year: key.year + 1, ..key };
    assert!(books.check_year(&other, &shown).is_err());
}

#[tokio::test]
async fn a_reversal_of_what_is_not_on_top_makes_the_auditor_complain() {
    let Next { mut books, record, expected } = next().await;
    let answer = Answer::Settlement(Box::new(record.clone()));
    let key = answer.year().unwrap();
    let below = books.years[&key].top().unwrap();
    books.note(vec![(answer, expected)]).unwrap();
    let reversal = |of_number: u64| proto::Reversal {
        number: record.number + 1,
        digest: record.digest.clone(),
        writer: Some(proto::Writer { request_id: "new".to_owned(), ..proto::Writer::default() }),
        of_number,
        of_id: record.request.as_ref().unwrap().admission.as_ref().unwrap().id.clone(),
        key: Some(proto::AccumulatorKey {
            person: key.person.clone(),
            benefit_year: key.year,
            ..proto::AccumulatorKey::default()
        }),
        accumulators: record.accumulators.clone(),
        ..proto::Reversal::default()
    };
    let note = |reversal: proto::Reversal| {
        let answer = Answer::Reversal(Box::new(reversal));
        books.clone().note(vec![(answer, Vec::new())]).unwrap_err()
    };
    let complained = note(reversal(below));
    assert!(complained.contains("the entry that may be undone"), "{complained}");
    // Of the right one, but as if nothing had changed by it.
    let complained = note(reversal(record.number));
    assert!(complained.contains("accumulators.version"), "{complained}");
}

#[test]
fn a_missing_number_makes_the_auditor_complain() {
    let mut books = Auditor::default();
    let request = |id: &str| ("OFFICE".to_owned(), id.to_owned());
    books.note_register(request("1"), 1).unwrap();
    books.note_register(request("2"), 3).unwrap();
    assert!(books.head_without_gaps().unwrap_err().contains("the next number"));
    books.note_register(request("3"), 2).unwrap();
    assert_eq!(books.head_without_gaps(), Ok(3));
    assert!(books.note_register(request("4"), 2).is_err());
    assert!(books.note_register(request("1"), 4).is_err());
}
