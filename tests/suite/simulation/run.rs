//! A run: the service on a store of its own, the registers, the auditor's books, and one operation after the other.

mod bad;
mod crowd;
mod lost;
mod office;
mod restart;
mod single;
mod telling;

use crate::simulation::auditor::Auditor;
use crate::simulation::auditor::Expected;
use crate::simulation::auditor::answer::Answer;
use crate::simulation::auditor::answer::Ask;
use crate::simulation::bills;
use crate::simulation::random::Random;
use crate::simulation::run::lost::Lost;
use crate::simulation::world::FAMILY;
use crate::simulation::world::World;

use onestop::proto;
use onestop::refusal::Refusal;
use onestop::service;
use onestop::service::Failure;
use onestop::service::Service;
use onestop::store::OpenReport;
use onestop::store::Store;
use onestop::store::StoreOptions;
use onestop::store::seal::Seal;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Why a run stops: what differed.
pub(crate) type Outcome = Result<(), String>;

/// Persons of the register; the first of them come far more often than the others.
const PERSONS: u64 = 240;
const FREQUENT: u64 = 8;
/// Days that a run goes through, into the second year.
const DAYS: u64 = 420;
/// How often the books are compared with what the service shows.
const COMPARED_EVERY: u64 = 250;
/// The key of sealed stores: it protects nothing.
const KEY: &str = "aes-256-gcm AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Small segments, so that there are several.
const OPTIONS: StoreOptions =
    StoreOptions { segment_bytes_max: 1 << 20, cache_bytes: 4 << 20, seal: Seal::NONE };

/// What a run is made of; the same plan is the same run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) operations: u64,
}

/// A run and all that it knows.
pub(crate) struct Run {
    plan: Plan,
    random: Random,
    world: World,
    pub(crate) auditor: Auditor,
    service: Option<Arc<Service>>,
    /// The store of an odd seed is sealed.
    seal: Seal,
    _scratch: TempDir,
    directory: PathBuf,
    rules: PathBuf,
    /// How far the index in the directory goes.
    indexed: u64,
    operation: u64,
    /// Makes ids.
    serial: u64,
    today: i64,
    lost: Vec<Lost>,
    /// Requests that nobody waits for any more.
    hanging: Vec<JoinHandle<Outcome>>,
    /// How often what was done.
    pub(crate) counts: BTreeMap<&'static str, u64>,
}

/// Memory where there is a directory for it: nothing here is about the disk.
fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = tempfile::tempdir_in(memory);
    made.unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

impl Run {
    pub(crate) async fn begin(plan: Plan) -> Run {
        let scratch = scratch();
        let rules = scratch.path().join("rules");
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("settlement-rules").join(FAMILY);
        fs::create_dir_all(rules.join(FAMILY)).unwrap();
        for file in ["2018-01-01.toml", "2019-01-01.toml"] {
            fs::copy(demo.join(file), rules.join(FAMILY).join(file)).unwrap();
        }
        let mut random = Random::new(plan.seed);
        let world = World::begin(PERSONS, &mut random);
        let mut run = Run {
            plan,
            random,
            world,
            auditor: Auditor::default(),
            service: None,
            seal: if plan.seed % 2 == 1 { Seal::parse(KEY).unwrap() } else { Seal::NONE },
            directory: scratch.path().join("store"),
            _scratch: scratch,
            rules,
            indexed: 0,
            operation: 0,
            serial: 0,
            today: 0,
            lost: Vec::new(),
            hanging: Vec::new(),
            counts: BTreeMap::new(),
        };
        run.open().unwrap();
        run.fill().await.unwrap();
        run
    }

    /// All operations, then all there is compared; a difference panics with what is needed to see it again.
    pub(crate) async fn all(&mut self) {
        let Plan { seed, operations } = self.plan;
        let outcome = self.operations().await;
        if let Err(complaint) = outcome {
            panic!(
                "simulation: seed {seed}, operation {} of {operations}: {complaint}\nto see it again: \
                 ONESTOP_SIM_SEED={seed} ONESTOP_SIM_OPERATIONS={operations} cargo test simulation::",
                self.operation
            );
        }
    }

    async fn operations(&mut self) -> Outcome {
        while self.operation < self.plan.operations {
            self.operation += 1;
            self.today = i64::try_from(5 + self.operation * DAYS / self.plan.operations).unwrap();
            self.one().await?;
            self.expect_of_hanging();
            if self.operation.is_multiple_of(COMPARED_EVERY) {
                let service = self.service();
                self.auditor.compare(&service, false)?;
            }
        }
        self.end().await
    }

    async fn one(&mut self) -> Outcome {
        match self.random.below(1000) {
            0..380 => self.settle().await,
            380..460 => self.quote_and_settle().await,
            460..530 => self.retry().await,
            530..590 => self.lose().await,
            590..650 => self.resolve_one().await,
            650..740 => self.reverse_latest().await,
            740..770 => self.reverse_earlier().await,
            770..830 => self.crowd().await,
            830..860 => self.load_opening().await,
            860..895 => self.change_person().await,
            895..905 => self.change_facility().await,
            905..990 => self.bad_request().await,
            990..995 => self.restart().await,
            _ => self.reload().await,
        }
    }

    /// Everything that was lost is found, everything is compared, and the ledger is verified.
    async fn end(&mut self) -> Outcome {
        while !self.lost.is_empty() {
            self.resolve_one().await?;
        }
        self.finish_hanging().await?;
        let service = self.service();
        self.auditor.compare(&service, true)?;
        let head = service.head().map_err(|fault| fault.to_string())?;
        drop(service);
        let own = self.auditor.head_without_gaps()?;
        if own != head.sequence {
            return Err(format!("the ledger ends with {}, the books with {own}", head.sequence));
        }
        self.close()?;
        self.verify(head)
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn service(&self) -> Arc<Service> {
        Arc::clone(self.service.as_ref().unwrap())
    }

    fn open(&mut self) -> Result<OpenReport, String> {
        let book = service::read_rules(&self.rules).map_err(|error| error.to_string())?;
        let options = StoreOptions { seal: self.seal.clone(), ..OPTIONS };
        let mut tries = 0;
        let (store, report) = loop {
            match Store::open(&self.directory, options.clone()) {
                Ok(opened) => break opened,
                // A store that was dropped is let go of once its thread has ended.
                Err(fault) if tries < 500 && fault.to_string().contains("another process") => {
                    tries += 1;
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(fault) => {
                    return Err(format!("opening: {}", onestop::store::fault::chain(&fault)));
                }
            }
        };
        self.service = Some(Arc::new(Service::new(store, book, self.rules.clone(), false)));
        Ok(report)
    }

    fn close(&mut self) -> Outcome {
        let service = self.service.take().unwrap();
        let service =
            Arc::try_unwrap(service).map_err(|_| "the service is still used".to_owned())?;
        let head = service.head().map_err(|failure| format!("{failure:?}"))?;
        service.close().map_err(|fault| fault.to_string())?;
        self.indexed = head.sequence;
        Ok(())
    }

    /// Somebody, often one of a few.
    fn person(&mut self) -> String {
        let among = if self.random.chance(40) { FREQUENT } else { PERSONS };
        let index = usize::try_from(self.random.below(among)).unwrap();
        self.world.persons.keys().nth(index).unwrap().clone()
    }

    /// Somebody whose books lack nothing, as far as a few tries find one.
    async fn person_in_order(&mut self) -> Result<String, String> {
        let person = self.person();
        while let Some(index) = self.lost.iter().position(|lost| lost.person == person) {
            self.resolve(index).await?;
        }
        Ok(person)
    }

    fn id(&mut self, kind: &str) -> String {
        self.serial += 1;
        format!("{kind}{}", self.serial)
    }

    fn facility(&mut self) -> String {
        let index = self.random.below(u64::try_from(self.world.facilities.len()).unwrap());
        self.world.facilities.keys().nth(usize::try_from(index).unwrap()).unwrap().clone()
    }

    fn writer(&mut self, facility: &str) -> Option<proto::Writer> {
        let request_id = self.id("R");
        let terminal = format!("W{}", self.random.below(4));
        Some(proto::Writer {
            facility: facility.to_owned(),
            request_id,
            operator: "clerk".to_owned(),
            terminal,
        })
    }

    /// A settlement that somebody could ask for; it may have to be refused (`refusal_of`).
    fn new_settlement(&mut self, person: &str) -> proto::SettleRequest {
        let facility = self.facility();
        let writer = self.writer(&facility);
        let id = self.id("A");
        let (today, random) = (self.today, &mut self.random);
        let admission = bills::admission((id, person, &facility), today, random);
        let bill = bills::bill(&self.world, random);
        let deposit =
            if random.chance(20) { format!("{}.00", random.below(2000)) } else { String::new() };
        proto::SettleRequest {
            writer,
            admission: Some(admission),
            bill: Some(bill),
            deposit,
            ..proto::SettleRequest::default()
        }
    }

    /// A settlement that nothing speaks against.
    fn fine_settlement(&mut self, person: &str) -> Option<proto::SettleRequest> {
        let requests = (0..8).map(|_| self.new_settlement(person)).collect::<Vec<_>>();
        requests.into_iter().find(|request| self.refusal_of(request).is_none())
    }

    /// The number of the refusal that the registers call for.
    fn refusal_of(&self, request: &proto::SettleRequest) -> Option<u16> {
        let admission = request.admission.as_ref().unwrap();
        let on = &admission.discharged_on;
        if !self.world.is_insured_on(&admission.person, on) {
            Some(111)
        } else if admission.referral != "emergency"
            && !self.world.is_designated_on(&admission.facility, on)
        {
            Some(112)
        } else {
            None
        }
    }

    /// What the registers and the rules say now of a request.
    fn expected(&self, ask: &Ask) -> Expected {
        let Ask::Settle(request) = ask else {
            return Expected { identities: Vec::new(), pack_from: String::new() };
        };
        let admission = request.admission.as_ref().unwrap();
        Expected {
            identities: self.world.identities_on(&admission.person, &admission.admitted_on),
            pack_from: self.world.pack_on(&admission.discharged_on),
        }
    }

    /// Sends a request that has to be answered, and notes the answer.
    async fn ask(&mut self, ask: Ask) -> Result<Answer, String> {
        let expected = self.expected(&ask);
        let key = ask.request();
        let answer =
            ask.send(&self.service()).await.map_err(|failure| format!("{key:?}: {failure}"))?;
        if answer.request() != key {
            return Err(format!("{key:?} is answered with {:?}", answer.request()));
        }
        self.auditor.note(vec![(answer.clone(), vec![expected])])?;
        Ok(answer)
    }

    /// Sends a request that has to be refused, and sees that nothing was written.
    async fn refused(&mut self, ask: Ask) -> Result<Refusal, String> {
        let service = self.service();
        let is_in_flight = self.is_in_flight();
        let before = service.head().map_err(|fault| fault.to_string())?;
        let key = ask.request();
        match ask.send(&service).await {
            Err(Failure::Refusal(refusal)) => {
                let after = service.head().map_err(|fault| fault.to_string())?;
                if before != after && !is_in_flight {
                    return Err(format!("{key:?} is refused, but {before:?} became {after:?}"));
                }
                Ok(refusal)
            }
            Err(Failure::Fault(fault)) => Err(format!("{key:?}: {fault}")),
            Ok(answer) => {
                Err(format!("{key:?} should be refused; it made entry {}", answer.number()))
            }
        }
    }

    async fn refused_with(&mut self, ask: Ask, code: u16) -> Outcome {
        let key = ask.request();
        let refusal = self.refused(ask).await?;
        if refusal.code() == code {
            return Ok(());
        }
        Err(format!("{key:?} should be refused with {code}, not {refusal:?}"))
    }
}
