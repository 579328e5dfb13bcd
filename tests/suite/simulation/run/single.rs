//! One counter at a time: settle, quote and settle, repeat, reverse.

use crate::simulation::auditor::answer::Answer;
use crate::simulation::auditor::answer::Ask;
use crate::simulation::auditor::answer::YearKey;
use crate::simulation::auditor::sums::same;
use crate::simulation::fen::yuan;
use crate::simulation::run::Outcome;
use crate::simulation::run::Run;

use onestop::proto;
use onestop::proto::reverse_request::Of;
use onestop::refusal::EntryName;
use onestop::refusal::Refusal;

pub(super) fn names(entries: &[EntryName]) -> Vec<(String, u64)> {
    entries.iter().map(|entry| (entry.id.clone(), entry.sequence)).collect()
}

impl Run {
    pub(super) async fn settle(&mut self) -> Outcome {
        self.count("settle");
        let person = self.person();
        let request = self.new_settlement(&person);
        match self.refusal_of(&request) {
            None => self.ask(Ask::Settle(Box::new(request))).await.map(|_| ()),
            Some(code) => {
                self.count("settle refused by a register");
                self.refused_with(Ask::Settle(Box::new(request)), code).await
            }
        }
    }

    /// A quote is what the settlement then is, unless somebody was faster: then the answer says what moved.
    pub(super) async fn quote_and_settle(&mut self) -> Outcome {
        self.count("quote and settle");
        let person = self.person_in_order().await?;
        let Some(mut request) = self.fine_settlement(&person) else { return Ok(()) };
        let quoted = self.quote(&request)?;
        request.expected_version = Some(quoted.version);
        request.expected_patient_pay.clone_from(&quoted.patient_pay);
        if self.random.chance(30) {
            request.account_pay.clone_from(&quoted.patient_pay);
        }
        if self.random.chance(30) {
            let between = self.fine_settlement(&person);
            if let Some(between) = between {
                self.ask(Ask::Settle(Box::new(between))).await?;
            }
        }
        let key = self.year_of(&request);
        let version = self.auditor.years.get(&key).map_or(0, |year| year.version());
        let ask = Ask::Settle(Box::new(request.clone()));
        if version != quoted.version {
            self.count("moved");
            let refusal = self.refused(ask).await?;
            let now = self.quote_amount(&request)?;
            let Refusal::Moved { patient_pay, version: shown, since } = refusal else {
                return Err(format!("should say what moved: {refusal:?}"));
            };
            same("moved: version", shown, version)?;
            same("moved: patient_pay", patient_pay.to_string(), now.clone())?;
            same("moved: since", names(&since), self.auditor.since(&key, quoted.version))?;
            // A refused write is not remembered: the same id, with what is expected now.
            request.expected_version = Some(version);
            request.expected_patient_pay = now;
            request.account_pay = String::new();
        }
        let expected = request.expected_patient_pay.clone();
        let Answer::Settlement(record) = self.ask(Ask::Settle(Box::new(request))).await? else {
            return Err("a settlement is answered with something else".to_owned());
        };
        let statement = record.statement.unwrap_or_default();
        same("patient_pay as quoted", statement.patient_pay, expected)
    }

    fn quote(&self, request: &proto::SettleRequest) -> Result<proto::Statement, String> {
        let quote = proto::QuoteRequest {
            admission: request.admission.clone(),
            bill: request.bill.clone(),
            ..proto::QuoteRequest::default()
        };
        self.service().quote(&quote).map_err(|failure| failure.to_string())
    }

    fn quote_amount(&self, request: &proto::SettleRequest) -> Result<String, String> {
        self.quote(request).map(|statement| statement.patient_pay)
    }

    pub(super) fn year_of(&self, request: &proto::SettleRequest) -> YearKey {
        let admission = request.admission.as_ref().unwrap();
        let year = admission.discharged_on[..4].parse().unwrap();
        YearKey { person: admission.person.clone(), year }
    }

    /// An answered request is sent once more, by another clerk: the first answer comes back.
    pub(super) async fn retry(&mut self) -> Outcome {
        self.count("repeated request");
        let Some(number) = self.some_entry() else { return Ok(()) };
        let Some(mut ask) = self.ask_of(number) else { return Ok(()) };
        let writer = match &mut ask {
            Ask::Settle(request) => request.writer.as_mut(),
            Ask::Reverse(request) => request.writer.as_mut(),
            Ask::Open(request) => request.writer.as_mut(),
        };
        if let Some(writer) = writer {
            "another clerk".clone_into(&mut writer.operator);
        }
        let answer = ask.send(&self.service()).await.map_err(|failure| failure.to_string())?;
        self.auditor.again(&answer)
    }

    /// Any entry of the books, often a recent one.
    pub(super) fn some_entry(&mut self) -> Option<u64> {
        let known = self.auditor.entries.len();
        let most = if self.random.chance(50) { known.min(20) } else { known };
        let index = self.random.below(u64::try_from(most.max(1)).unwrap());
        self.auditor.entries.keys().rev().nth(usize::try_from(index).unwrap()).copied()
    }

    /// The request that made an entry.
    pub(super) fn ask_of(&self, number: u64) -> Option<Ask> {
        Some(match self.auditor.first(number)? {
            Answer::Settlement(record) => Ask::Settle(Box::new(record.request?)),
            Answer::Opening(opening) => Ask::Open(Box::new(opening.request?)),
            Answer::Reversal(reversal) => Ask::Reverse(proto::ReverseRequest {
                writer: reversal.writer,
                of: Some(Of::Number(reversal.of_number)),
                reason: reversal.reason,
            }),
        })
    }

    /// Undoes an entry, by its number or by what its writer called it.
    pub(super) fn reversal_of(&mut self, number: u64) -> proto::ReverseRequest {
        let noted = self.auditor.entries[&number].clone();
        let of = match self.random.below(2) {
            0 => Of::Number(number),
            _ if noted.is_settlement => Of::Admission(noted.name),
            _ => Of::Opening(noted.name),
        };
        let writer = self.writer(&noted.facility);
        proto::ReverseRequest { writer, of: Some(of), reason: "费用录错".to_owned() }
    }

    /// Somebody's year with something that stands.
    async fn year_that_stands(&mut self) -> Result<Option<YearKey>, String> {
        let person = self.person_in_order().await?;
        let mut years: Vec<YearKey> = Vec::new();
        for year in [2018, 2019] {
            let key = YearKey { person: person.clone(), year };
            if self.auditor.years.get(&key).is_some_and(|year| !year.standing.is_empty()) {
                years.push(key);
            }
        }
        Ok(if years.is_empty() { None } else { Some(self.random.pick(&years).clone()) })
    }

    /// The latest entry of a year is undone; often the stay is settled again.
    pub(super) async fn reverse_latest(&mut self) -> Outcome {
        let Some(key) = self.year_that_stands().await? else { return Ok(()) };
        self.count("reversal");
        let number = self.auditor.years[&key].top().unwrap();
        let request = self.reversal_of(number);
        self.ask(Ask::Reverse(request)).await?;
        let Some(mut ask) = self.ask_of(number) else { return Ok(()) };
        if self.random.chance(60) {
            match &mut ask {
                Ask::Settle(request) => {
                    self.count("settled again");
                    let facility = request.writer.clone().unwrap_or_default().facility;
                    request.writer = self.writer(&facility);
                    request.expected_patient_pay.clear();
                    request.expected_version = None;
                    request.account_pay.clear();
                    if let Some(code) = self.refusal_of(request) {
                        return self.refused_with(ask, code).await;
                    }
                }
                Ask::Open(request) => {
                    let facility = request.writer.clone().unwrap_or_default().facility;
                    request.writer = self.writer(&facility);
                    request.balances = Some(crate::simulation::bills::balances(&mut self.random));
                }
                Ask::Reverse(_) => return Ok(()),
            }
            self.ask(ask).await?;
        }
        Ok(())
    }

    /// An entry with later ones upon it is refused, and those are named, latest first.
    pub(super) async fn reverse_earlier(&mut self) -> Outcome {
        let Some(key) = self.year_that_stands().await? else { return Ok(()) };
        let standing: Vec<u64> =
            self.auditor.years[&key].standing.iter().rev().skip(1).map(|(one, _)| *one).collect();
        if standing.is_empty() {
            return Ok(());
        }
        self.count("reversal with later entries");
        let number = *self.random.pick(&standing);
        let request = self.reversal_of(number);
        let refusal = self.refused(Ask::Reverse(request)).await?;
        let Refusal::LaterStand { later } = refusal else {
            return Err(format!("should name the later entries: {refusal:?}"));
        };
        same("later entries", names(&later), self.auditor.later(number))
    }

    /// What a year had in another system.
    pub(super) async fn load_opening(&mut self) -> Outcome {
        self.count("opening balance");
        let person = self.person();
        let request = self.opening(&person);
        self.ask(Ask::Open(Box::new(request))).await.map(|_| ())
    }

    pub(super) fn opening(&mut self, person: &str) -> proto::LoadOpeningRequest {
        proto::LoadOpeningRequest {
            writer: self.writer("OFFICE"),
            id: self.id("O"),
            person: person.to_owned(),
            insutype: crate::simulation::world::INSUTYPE.to_owned(),
            family: crate::simulation::world::FAMILY.to_owned(),
            benefit_year: i32::try_from(self.random.within(2018, 2019)).unwrap(),
            balances: Some(crate::simulation::bills::balances(&mut self.random)),
        }
    }
}

/// More than anybody owes.
pub(super) fn too_much() -> String {
    yuan(900_000_000_000)
}
