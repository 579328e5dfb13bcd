//! The lines of spec 10 that are about the ledger: random settlements and reversals through the service and a real store,
//! beside a model that adds up what the core says.

use crate::generate::Case;
use crate::generate::Checked;
use crate::generate::World;
use crate::generate::case;
use crate::generate::one;
use crate::generate::pack::Shape;
use crate::generate::visit::Visit;

use onestop::accumulators::AccumulatorKey;
use onestop::accumulators::Accumulators;
use onestop::accumulators::Sums;
use onestop::proto;
use onestop::proto::reverse_request::Of;
use onestop::rules::PackFile;
use onestop::rules::RuleBook;
use onestop::service::Failure;
use onestop::service::Service;
use onestop::store::Store;
use onestop::store::StoreOptions;
use onestop::store::seal::Seal;
use onestop::wire::to_proto;
use proptest::prelude::*;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What stands in a year by the model: an entry's number and what it added, oldest first.
#[derive(Default)]
struct Stack {
    version: u64,
    standing: Vec<(u64, Sums)>,
}

impl Stack {
    fn accumulators(&self) -> Accumulators {
        let mut sums = Sums::default();
        for (_, added) in &self.standing {
            sums.add(added);
        }
        Accumulators { version: self.version, sums }
    }

    fn push(&mut self, number: u64, added: Sums) {
        self.version += 1;
        self.standing.push((number, added));
    }
}

/// A store in a directory of its own, and what should be in it.
struct Ledger<'c> {
    service: Service,
    world: World,
    case: &'c Case,
    years: BTreeMap<AccumulatorKey, Stack>,
    answers: Vec<(proto::SettleRequest, proto::SettlementRecord)>,
    written: u32,
}

const OPTIONS: StoreOptions =
    StoreOptions { segment_bytes_max: 64 << 10, cache_bytes: 1 << 20, seal: Seal::NONE };

fn open(directory: &Path, case: &Case) -> Service {
    let (store, _) = Store::open(directory, OPTIONS).unwrap();
    let path = "settlement-rules/510400-x/2018-01-01.toml".to_owned();
    let book = RuleBook::read(&[PackFile { path, text: case.pack.clone() }]).unwrap();
    Service::new(store, book, directory.to_owned(), false)
}

impl<'c> Ledger<'c> {
    async fn begin(directory: &Path, case: &'c Case) -> Ledger<'c> {
        let service = open(directory, case);
        let (world, years) = (case.world(), BTreeMap::new());
        let mut ledger = Ledger { service, world, case, years, answers: Vec::new(), written: 0 };
        let (writer, persons) = (ledger.writer("office"), vec![case.person.clone()]);
        let request =
            proto::PutPersonsRequest { writer, persons, ..proto::PutPersonsRequest::default() };
        ledger.service.put_persons(request).await.unwrap();
        let (writer, facilities) = (ledger.writer("office"), case.facilities.clone());
        let request = proto::PutFacilitiesRequest {
            writer,
            facilities,
            ..proto::PutFacilitiesRequest::default()
        };
        ledger.service.put_facilities(request).await.unwrap();
        let (writer, items) = (ledger.writer("office"), case.items.clone());
        ledger
            .service
            .put_items(proto::PutItemsRequest {
                writer,
                items,
                ..proto::PutItemsRequest::default()
            })
            .await
            .unwrap();
        ledger
    }

    fn writer(&mut self, facility: &str) -> Option<proto::Writer> {
        self.written += 1;
        let (facility, request_id) = (facility.to_owned(), format!("r{}", self.written));
        Some(proto::Writer { facility, request_id, ..proto::Writer::default() })
    }

    async fn load_opening(&mut self, key: &AccumulatorKey) {
        let balances =
            proto::Accumulators { steps: self.case.opening.clone(), ..Default::default() };
        let request = proto::LoadOpeningRequest {
            writer: self.writer("office"),
            id: "old".to_owned(),
            person: key.person.to_string(),
            insutype: key.insutype.clone(),
            family: key.family.clone(),
            benefit_year: i32::from(key.benefit_year),
            balances: Some(balances),
        };
        let opening = self.service.load_opening(request).await.unwrap();
        let stack = self.years.entry(key.clone()).or_default();
        stack.push(opening.number, self.world.opening.clone());
    }

    /// Quotes and settles a visit; both must say what the core says on the model's year.
    async fn settle(&mut self, visit: &Visit) -> Checked {
        let mut visit = visit.clone();
        visit.admission.id = format!("A{}", self.written);
        let key = one(
            &self.world,
            &visit,
            |_| Accumulators::default(),
            |settled| settled.situation.key.clone(),
        );
        if !self.years.contains_key(&key) && !self.case.opening.is_empty() {
            self.load_opening(&key).await;
        }
        let quote = proto::QuoteRequest {
            admission: Some(visit.admission.clone()),
            bill: Some(visit.bill.clone()),
            deposit: visit.deposit.to_string(),
            ..Default::default()
        };
        let quoted = self.service.quote(&quote).unwrap();
        prop_assert_eq!(&quoted, &self.service.quote(&quote).unwrap());
        let request = proto::SettleRequest {
            writer: self.writer(&visit.admission.facility),
            admission: Some(visit.admission.clone()),
            bill: Some(visit.bill.clone()),
            deposit: visit.deposit.to_string(),
            expected_patient_pay: quoted.patient_pay.clone(),
            expected_version: Some(quoted.version),
            ..Default::default()
        };
        let record = self.service.settle(request.clone()).await.unwrap();
        prop_assert_eq!(record.statement.as_ref(), Some(&quoted));
        let stack = self.years.entry(key).or_default();
        let added = one(&self.world, &visit, |_| stack.accumulators(), |settled| settled.added());
        stack.push(record.number, added);
        let after = to_proto::accumulators(&stack.accumulators());
        prop_assert_eq!(record.accumulators.as_ref(), Some(&after));
        self.answers.push((request, record));
        Ok(())
    }

    /// Reverses an entry of a year: the latest, or, which is refused, an earlier one.
    async fn reverse(&mut self, choice: usize) -> Checked {
        let writer = self.writer("office");
        let mut standing: Vec<&mut Stack> =
            self.years.values_mut().filter(|stack| !stack.standing.is_empty()).collect();
        let years = standing.len();
        if years == 0 {
            return Ok(());
        }
        let stack = &mut standing[choice % years];
        let back = (choice / years % 3).min(stack.standing.len() - 1);
        let number = stack.standing[stack.standing.len() - 1 - back].0;
        let of = Some(Of::Number(number));
        let request = proto::ReverseRequest { writer, of, reason: "test".to_owned() };
        let outcome = self.service.reverse(request).await;
        if back > 0 {
            let later = match outcome {
                Err(Failure::Refusal(onestop::refusal::Refusal::LaterStand { later })) => later,
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            let expected: Vec<u64> =
                stack.standing.iter().rev().take(back).map(|(number, _)| *number).collect();
            let named: Vec<u64> = later.iter().map(|entry| entry.sequence).collect();
            prop_assert_eq!(named, expected);
            return Ok(());
        }
        stack.standing.pop();
        stack.version += 1;
        let after = to_proto::accumulators(&stack.accumulators());
        prop_assert_eq!(outcome.unwrap().accumulators, Some(after));
        Ok(())
    }

    /// What the store has under every key is the fold of what stands.
    fn is_the_fold(&self) -> Checked {
        for (key, stack) in &self.years {
            let key = Some(to_proto::key(key));
            let year = self.service.accumulators(&proto::GetAccumulatorsRequest { key }).unwrap();
            let expected = to_proto::accumulators(&stack.accumulators());
            prop_assert_eq!(year.accumulators, Some(expected));
        }
        Ok(())
    }

    /// Closes and opens again, with or without the index.
    fn reopen(self, directory: &Path, with_index: bool) -> Ledger<'c> {
        self.service.close().unwrap();
        if !with_index {
            fs::remove_dir_all(directory.join("index")).unwrap();
        }
        Ledger { service: open(directory, self.case), ..self }
    }

    /// Every settlement, asked for again, is answered as it was, reversed since or not.
    async fn answers_again(&self) -> Checked {
        let head = self.service.head().unwrap();
        for (request, record) in &self.answers {
            let again = self.service.settle(request.clone()).await.unwrap();
            prop_assert_eq!(&again, record);
        }
        prop_assert_eq!(self.service.head().unwrap(), head);
        Ok(())
    }
}

async fn run(case: &Case, operations: &[Option<usize>]) -> Checked {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::begin(directory.path(), case).await;
    for (index, operation) in operations.iter().enumerate() {
        match operation {
            None => ledger.settle(&case.visits[index % case.visits.len()]).await?,
            Some(choice) => ledger.reverse(*choice).await?,
        }
    }
    ledger.is_the_fold()?;
    for with_index in [true, false] {
        ledger = ledger.reopen(directory.path(), with_index);
        ledger.is_the_fold()?;
        ledger.answers_again().await?;
    }
    ledger.service.close().unwrap();
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(50) })]

    #[test]
    fn rebuilding_from_the_ledger_gives_the_same_accumulators(
        case in case(Shape::ANY),
        operations in prop::collection::vec(prop::option::weighted(0.35, 0..1000usize), 1..=10),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(run(&case, &operations))?;
    }
}
