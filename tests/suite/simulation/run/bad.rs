//! Requests that have to be refused, each for one reason, with nothing written.

use crate::simulation::auditor::answer::Ask;
use crate::simulation::auditor::sums::same;
use crate::simulation::run::Outcome;
use crate::simulation::run::Run;
use crate::simulation::run::single::names;
use crate::simulation::run::single::too_much;

use onestop::proto;
use onestop::proto::reverse_request::Of;
use onestop::refusal::Refusal;

/// What is wrong with a settlement, and how it is refused.
type Spoil = (fn(&mut proto::SettleRequest), u16);

const SPOILT: [Spoil; 12] = [
    (|request| admission(request).person = "NOBODY".to_owned(), 107),
    (|request| admission(request).facility.clear(), 101),
    (|request| admission(request).admitted_on = "2019-12-31".to_owned(), 109),
    (|request| admission(request).work_injury = true, 110),
    (|request| admission(request).discharged_on = "2018-02-30".to_owned(), 101),
    (|request| totals(request, "100.00", "99.99"), 201),
    (|request| totals(request, "1.001", "1.001"), 102),
    (|request| totals(request, "-1.00", "-1.00"), 102),
    (|request| line(request, "1.02"), 206),
    (
        |request| {
            line(request, "1.00");
            bill(request).total = "1.01".to_owned()
        },
        202,
    ),
    (
        |request| {
            line(request, "1.00");
            bill(request).lines[0].facts = Some(facts())
        },
        207,
    ),
    (|request| request.account_pay = too_much(), 209),
];

fn admission(request: &mut proto::SettleRequest) -> &mut proto::Admission {
    request.admission.as_mut().unwrap()
}

fn bill(request: &mut proto::SettleRequest) -> &mut proto::Bill {
    request.bill.as_mut().unwrap()
}

fn totals(request: &mut proto::SettleRequest, in_scope: &str, total: &str) {
    let parts = proto::Parts { in_scope: in_scope.to_owned(), ..proto::Parts::default() };
    let totals = proto::Totals { parts: Some(parts), ..proto::Totals::default() };
    let total = total.to_owned();
    request.bill = Some(proto::Bill { total, totals: Some(totals), ..proto::Bill::default() });
}

fn line(request: &mut proto::SettleRequest, amount: &str) {
    let line = proto::Line {
        id: "L".to_owned(),
        code: "D-A".to_owned(),
        category: "09".to_owned(),
        quantity: "1".to_owned(),
        price: "1".to_owned(),
        amount: amount.to_owned(),
        ..proto::Line::default()
    };
    request.bill = Some(proto::Bill { lines: vec![line], ..proto::Bill::default() });
}

fn facts() -> proto::ItemFacts {
    proto::ItemFacts { class: "A".to_owned(), ..proto::ItemFacts::default() }
}

impl Run {
    pub(super) async fn bad_request(&mut self) -> Outcome {
        self.count("bad request");
        match self.random.below(8) {
            0..3 => self.spoilt_settlement().await,
            3 => self.settled_twice().await,
            4 => self.reused_id().await,
            5 => self.bad_reversal().await,
            6 => self.bad_opening().await,
            _ => self.wrong_expectation().await,
        }
    }

    async fn spoilt_settlement(&mut self) -> Outcome {
        let person = self.person();
        let Some(mut request) = self.fine_settlement(&person) else { return Ok(()) };
        let (spoil, code) = *self.random.pick(&SPOILT);
        spoil(&mut request);
        if self.random.chance(10) {
            // A facility that no register ever had. Its form is looked at before.
            let nowhere = "H-NOWHERE";
            let Some(mut request) = self.fine_settlement(&person) else { return Ok(()) };
            admission(&mut request).facility = nowhere.to_owned();
            request.writer = self.writer(nowhere);
            return self.refused_with(Ask::Settle(Box::new(request)), 108).await;
        }
        self.refused_with(Ask::Settle(Box::new(request)), code).await
    }

    /// An admission that has a settlement, under a new request id.
    async fn settled_twice(&mut self) -> Outcome {
        let Some(number) = self.some_entry() else { return Ok(()) };
        let noted = self.auditor.entries[&number].clone();
        if self.auditor.is_adrift(&noted.year.person) || noted.is_reversal || noted.reversed_by != 0
        {
            return Ok(());
        }
        let Some(mut ask) = self.ask_of(number) else { return Ok(()) };
        let writer = self.writer(&noted.facility);
        match &mut ask {
            Ask::Settle(request) => request.writer = writer,
            Ask::Open(request) => request.writer = writer,
            Ask::Reverse(_) => return Ok(()),
        }
        let refusal = self.refused(ask).await?;
        let (Refusal::AlreadySettled { settlement: entry }
        | Refusal::AlreadyLoaded { opening: entry }) = refusal
        else {
            return Err(format!("should say that it was done already: {refusal:?}"));
        };
        same("already", (entry.id, entry.sequence), (noted.name, number))
    }

    /// A request id that was used, with one field changed: that field is named.
    async fn reused_id(&mut self) -> Outcome {
        let Some(number) = self.some_entry() else { return Ok(()) };
        let Some(mut ask) = self.ask_of(number) else { return Ok(()) };
        let choice = self.random.below(4);
        let field = match (&mut ask, choice) {
            (Ask::Settle(request), 0) => {
                request.deposit = "0.03".to_owned();
                "deposit"
            }
            (Ask::Settle(request), 1) => {
                admission(request).episode = "OTHER".to_owned();
                "admission.episode"
            }
            (Ask::Settle(request), 2) => {
                bill(request).noncompliant = !bill(request).noncompliant;
                "bill.noncompliant"
            }
            (Ask::Settle(request), _) => {
                request.expected_version = Some(request.expected_version.map_or(0, |one| one + 1));
                "expectedVersion"
            }
            (Ask::Open(request), 0 | 1) => {
                request.id.push('X');
                "id"
            }
            (Ask::Open(request), _) => {
                let balances = request.balances.as_mut().unwrap();
                balances.patient_pay = "0.07".to_owned();
                "balances.patientPay"
            }
            (Ask::Reverse(request), 0) => {
                request.reason.push('X');
                "reason"
            }
            (Ask::Reverse(request), 1) => {
                request.of = Some(Of::Number(number + 1));
                "of"
            }
            (Ask::Reverse(request), _) => {
                // For something else altogether.
                let mut opening = self.opening("NOBODY");
                opening.writer.clone_from(&request.writer);
                ask = Ask::Open(Box::new(opening));
                "request"
            }
        };
        let refusal = self.refused(ask).await?;
        let Refusal::RequestIdReused { field: named } = refusal else {
            return Err(format!("should say that the id was used: {refusal:?}"));
        };
        same("field", named.as_str(), field)
    }

    /// What is not there, was undone before, or can never be undone.
    async fn bad_reversal(&mut self) -> Outcome {
        let Some(some) = self.some_entry() else { return Ok(()) };
        let noted = self.auditor.entries[&some].clone();
        let number = match self.random.below(4) {
            0 => u64::MAX,
            1 => 1_000_000_000,
            // The first entries are register writes.
            2 => 1,
            _ => some,
        };
        let code = match number {
            number if number != some || noted.is_reversal => 406,
            _ if noted.reversed_by != 0 => 407,
            _ => return Ok(()),
        };
        let writer = self.writer(&noted.facility);
        let of = Some(Of::Number(number));
        let request = proto::ReverseRequest { writer, of, reason: String::new() };
        self.refused_with(Ask::Reverse(request), code).await
    }

    async fn bad_opening(&mut self) -> Outcome {
        let person = self.person();
        let mut request = self.opening(&person);
        let balances = request.balances.as_mut().unwrap();
        let code = match self.random.below(6) {
            0 => {
                request.person = "NOBODY".to_owned();
                107
            }
            1 => {
                request.family = "000000-other".to_owned();
                302
            }
            2 => {
                request.insutype = "310".to_owned();
                303
            }
            3 => {
                let step = "nothing".to_owned();
                balances.steps.push(proto::StepYear { step, ..proto::StepYear::default() });
                304
            }
            4 => {
                balances.total = "12345678.91".to_owned();
                201
            }
            _ => {
                request.benefit_year = 20_180;
                101
            }
        };
        self.refused_with(Ask::Open(Box::new(request)), code).await
    }

    /// What a counter expects was never so.
    async fn wrong_expectation(&mut self) -> Outcome {
        let person = self.person_in_order().await?;
        let Some(mut request) = self.fine_settlement(&person) else { return Ok(()) };
        let key = self.year_of(&request);
        let version = self.auditor.years.get(&key).map_or(0, |year| year.version());
        let since = if self.random.chance(50) {
            request.expected_patient_pay = too_much();
            Vec::new()
        } else {
            let wrong =
                if self.random.chance(50) { version + 1 } else { version.saturating_sub(3) };
            if wrong == version {
                return Ok(());
            }
            request.expected_version = Some(wrong);
            self.auditor.since(&key, wrong)
        };
        let refusal = self.refused(Ask::Settle(Box::new(request))).await?;
        let Refusal::Moved { version: shown, since: named, .. } = refusal else {
            return Err(format!("should say what moved: {refusal:?}"));
        };
        same("moved: version", shown, version)?;
        let most = 20;
        same("moved: since", names(&named), since.into_iter().take(most).collect())
    }
}
