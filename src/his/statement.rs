//! The end of the day: 3201 compares totals (对总账), 3202 every row (对明细账). The comparison is the core's.

use crate::calendar::Day;
use crate::config::HisResults;
use crate::his::Gateway;
use crate::his::amounts::Amounts;
use crate::his::envelope::Asked;
use crate::his::fields::Fields;
use crate::his::fields::kept;
use crate::his::fields::malformed;
use crate::his::fields::row;
use crate::his::files::RESULT;
use crate::his::files::fetched;
use crate::his::files::keep;
use crate::his::json::Json;
use crate::his::json::shortened;
use crate::his::reply::Replied;
use crate::his::reply::Reply;
use crate::his::zipped::rows;
use crate::his::zipped::zipped;
use crate::money::Money;
use crate::proto;
use crate::proto::get_settlement_request::By;
use crate::proto::ledger_entry::Kind;
use crate::reconcile::Balance;
use crate::reconcile::Book;
use crate::reconcile::BookError;
use crate::reconcile::Difference;
use crate::reconcile::Outside;
use crate::reconcile::Scope;
use crate::reconcile::Settled;
use crate::reconcile::Totals;
use crate::reconcile::reconcile;
use crate::refusal::Lang;
use crate::refusal::Refusal;
use crate::service::Failure;
use crate::service::national::DayEntry;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Most days of one reconciliation.
const DAYS_MAX: usize = 366;

const A_PERIOD: (&str, &str) =
    ("a day not before stmt_begndate, at most a year later", "不早于对账开始日期,且不超过一年");
const A_COUNT: (&str, &str) = ("a whole number", "非负整数笔数");

/// What is reconciled, besides the rows.
struct Asking {
    from: Day,
    to: Day,
    clearing: Option<String>,
    insutype: Option<String>,
    office: Option<String>,
    with_refunds: bool,
    said: Totals,
}

impl Asking {
    fn read(data: Fields<'_>) -> Result<Asking, Refusal> {
        let from = data.day_given("stmt_begndate")?;
        let to = data.day_given("stmt_enddate")?;
        let mut last = from;
        for _ in 0..DAYS_MAX {
            last = last.after().unwrap_or(last);
        }
        if to < from || last < to {
            return Err(malformed("stmt_enddate", A_PERIOD));
        }
        let count = data.number("fixmedins_setl_cnt").unwrap_or("0");
        let text = |name: &str| data.text(name).map(str::to_owned);
        Ok(Asking {
            from,
            to,
            clearing: text("clr_type"),
            insutype: text("insutype"),
            office: text("setl_optins").or(text("clr_optins")),
            // 1, or nothing said: refunds are in the totals; 0: they are left out.
            with_refunds: data.text("refd_setl_flag") != Some("0"),
            said: Totals {
                count: count.parse().map_err(|_| malformed("fixmedins_setl_cnt", A_COUNT))?,
                total: money(data, "medfee_sumamt")?,
                fund: money(data, "fund_pay_sumamt")?,
                account: money(data, "acct_pay")?,
                cash: match data.text("cash_payamt") {
                    Some(_) => Some(money(data, "cash_payamt")?),
                    None => None,
                },
            },
        })
    }
}

/// An amount that may be negative: a period may have more refunds than settlements.
fn money(data: Fields<'_>, name: &str) -> Result<Money, Refusal> {
    let text = data.number(name).unwrap_or("0");
    signed(text).map_err(|why| Refusal::Number {
        field: name.to_owned(),
        text: text.to_owned(),
        why,
    })
}

fn signed(text: &str) -> Result<Money, crate::money::NumberError> {
    match text.strip_prefix('-') {
        Some(rest) => Money::parse_sum(rest).map(|sum| Money::ZERO - sum),
        None => Money::parse_sum(text),
    }
}

/// What the ledger has, and what a result file says of each of its rows.
#[derive(Default)]
struct Ledger {
    book: Book,
    rows: Vec<Shown>,
}

#[derive(Clone, Default)]
struct Shown {
    msgid: String,
    person: String,
    visit: String,
    number: String,
    refund: bool,
    /// The centre's amounts; none where it has no such row.
    amounts: Option<[Money; 3]>,
    /// What the hospital says of a row that the centre lacks.
    hospital: String,
}

impl Ledger {
    /// The facility's rows of the period, whatever their type; those of another type lie outside.
    fn of(gateway: &Gateway, asked: &Asked, asking: &Asking) -> Result<Ledger, Failure> {
        let mut ledger = Ledger::default();
        for entry in gateway.service.entries_of_days(&asked.facility, asking.from, asking.to)? {
            ledger.put(gateway, &entry, asking, None)?;
        }
        Ok(ledger)
    }

    fn put(
        &mut self,
        gateway: &Gateway,
        entry: &DayEntry,
        asking: &Asking,
        outside: Option<Outside>,
    ) -> Result<(), Failure> {
        let record = &entry.settlement;
        let statement = record.statement.clone().unwrap_or_default();
        let request = record.request.clone().unwrap_or_default();
        let admission = request.admission.clone().unwrap_or_default();
        let facts = statement.facts.clone().unwrap_or_default();
        let amounts = Amounts::of(&gateway.config, &statement, false)?;
        let med_type = match kept(&request.noted, "med_type") {
            "" => admission.med_type.as_str(),
            said => said,
        };
        let differs =
            |asked: &Option<String>, has: &str| asked.as_ref().is_some_and(|asked| asked != has);
        let of_other_type = differs(&asking.insutype, &facts.insutype)
            || differs(&asking.clearing, gateway.service.clearing_types().of(med_type))
            || differs(&asking.office, &facts.place);
        let (number, recorded_at, writer) = match &entry.reversal {
            Some(appended) => {
                let writer = match &appended.kind {
                    Kind::Reversal(reversal) => reversal.writer.clone(),
                    Kind::Settlement(_)
                    | Kind::Opening(_)
                    | Kind::Register(_)
                    | Kind::Office(_)
                    | Kind::Visit(_)
                    | Kind::Sign(_)
                    | Kind::File(_)
                    | Kind::Cancellation(_) => None,
                };
                (appended.number, appended.recorded_at.as_str(), writer)
            }
            None => (record.number, record.recorded_at.as_str(), request.writer.clone()),
        };
        let visit = if request.visit.is_empty() { admission.id } else { request.visit };
        let shown = Shown {
            msgid: writer.map(|writer| writer.request_id).unwrap_or_default(),
            person: admission.person,
            visit,
            number: number.to_string(),
            refund: entry.reversal.is_some(),
            amounts: Some([amounts.total, amounts.funds, amounts.account]),
            hospital: String::new(),
        };
        let undoes = record.number.to_string();
        let settled = Settled {
            reference: &shown.number,
            undoes: if shown.refund { &undoes } else { "" },
            admission: &shown.visit,
            person: &shown.person,
            is_refund: shown.refund,
            total: amounts.total,
            fund: amounts.funds,
            account: amounts.account,
            cash: Some(amounts.cash()),
            day: recorded_at.get(..10).and_then(Day::parse),
            outside: outside.or(of_other_type.then_some(Outside::OtherType)),
            line: 0,
        };
        self.book.push(&settled).map_err(full)?;
        self.rows.push(shown);
        Ok(())
    }

    /// Settlements that the hospital names and that lie outside the period, so that they are found and not missed.
    fn find_named(
        &mut self,
        gateway: &Gateway,
        asked: &Asked,
        asking: &Asking,
        hospital: &Book,
    ) -> Result<(), Failure> {
        let here: BTreeSet<String> = self.rows.iter().map(|row| row.number.clone()).collect();
        let named: BTreeSet<String> =
            hospital.rows().map(|(_, row)| row.reference().to_owned()).collect();
        for number in named.difference(&here) {
            let Ok(number) = number.parse() else { continue };
            let by = proto::GetSettlementRequest { by: Some(By::Number(number)) };
            let record = match gateway.service.settlement(&by) {
                Ok(record) => record,
                Err(Failure::Refusal(_)) => continue,
                Err(fault @ Failure::Fault(_)) => return Err(fault),
            };
            let admission = record.request.as_ref().and_then(|request| request.admission.as_ref());
            let own = admission.is_some_and(|one| one.facility == asked.facility.as_str());
            let day = record.recorded_at.get(..10).and_then(Day::parse);
            let scope = scope(asking);
            let Some(outside) = day.and_then(|day| scope.place(day)).filter(|_| own) else {
                continue;
            };
            let entry = DayEntry { settlement: record, reversal: None };
            self.put(gateway, &entry, asking, Some(outside))?;
        }
        Ok(())
    }
}

fn scope(asking: &Asking) -> Scope {
    Scope { from: asking.from, to: asking.to, with_refunds: asking.with_refunds }
}

fn full(error: BookError) -> Failure {
    const ROWS_MAX: usize = 50_000_000;
    let what = match error {
        BookError::Full => "rows".to_owned(),
        BookError::Amount => "amounts".to_owned(),
    };
    Refusal::TooMany { what, max: ROWS_MAX }.into()
}

/// 3201
pub(super) fn totals_3201(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let asking = Asking::read(data)?;
    let ledger = Ledger::of(gateway, asked, &asking)?;
    let has = Totals::of(&ledger.book, asking.with_refunds);
    let mut said = asking.said;
    // Some count a refund as one less, others as a row of its own.
    let refunds = ledger.book.rows().filter(|(_, row)| row.is_refund() && row.outside().is_none());
    let refunds = u64::try_from(refunds.count()).unwrap_or(u64::MAX);
    if asking.with_refunds && said.count + refunds + refunds == has.count {
        said.count = has.count;
    }
    let balance = said.against(&has);
    let described = |totals: &Totals| {
        let Totals { count, total, fund, account, .. } = totals;
        format!("{count} 笔,总额 {total},基金 {fund},个账 {account}")
    };
    let sentence = match balance {
        Balance::Balanced => "对账平".to_owned(),
        Balance::LedgerMore | Balance::HospitalMore | Balance::Differs => format!(
            "不平。医院:{};中心:{}。请以 3202 对明细账。",
            described(&asking.said),
            described(&has)
        ),
    };
    let info = Json::object([
        ("setl_optins", Json::text(asking.office.unwrap_or_default())),
        ("stmt_rslt", Json::text(result(gateway.config.results, balance, true))),
        ("stmt_rslt_dscr", Json::text(sentence)),
        ("exp_content", Json::text("")),
    ]);
    Ok(Json::object([("stmtinfo", info)]).into())
}

/// How a result is written; rows always say which side has more.
fn result(results: HisResults, balance: Balance, of_totals: bool) -> &'static str {
    match (results, balance) {
        (HisResults::TwoWay, Balance::Balanced) => "0",
        (HisResults::TwoWay, _) if of_totals => "1",
        (HisResults::FourWay, Balance::Balanced) => "0",
        (HisResults::TwoWay | HisResults::FourWay, Balance::LedgerMore) => "1",
        (HisResults::TwoWay | HisResults::FourWay, Balance::HospitalMore) => "2",
        (HisResults::TwoWay | HisResults::FourWay, Balance::Differs) => "3",
        (HisResults::SixDigits, Balance::Balanced) => "000000",
        (HisResults::SixDigits, _) if of_totals => "000103",
        (HisResults::SixDigits, Balance::LedgerMore) => "000101",
        (HisResults::SixDigits, Balance::HospitalMore) => "000102",
        (HisResults::SixDigits, Balance::Differs) => "000103",
    }
}

/// 3202
pub(super) async fn rows_3202(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let asking = Asking::read(data)?;
    let number = data.given("file_qury_no")?;
    let name = format!("{RESULT}{number}.zip");
    if let Some(done) = gateway.service.done_by(&asked.facility, &asked.msgid)?
        && let Kind::File(file) = done.kind
        && file.name == name
    {
        return Ok(file_info(&done.number.to_string(), &name, &file.until));
    }
    let file = fetched(gateway, asked, number)?;
    let hospital = hospital(&rows(&file.content)?)?;
    let mut ledger = Ledger::of(gateway, asked, &asking)?;
    ledger.find_named(gateway, asked, &asking, &hospital)?;
    let reconciled = reconcile(&scope(&asking), &hospital, &ledger.book);
    let mut of_hospital: BTreeMap<u32, &Difference> = BTreeMap::new();
    let mut of_ledger: BTreeMap<u32, &Difference> = BTreeMap::new();
    for difference in reconciled.differences.iter().rev() {
        of_hospital.extend(difference.hospital.map(|row| (row, difference)));
        of_ledger.extend(difference.ledger.map(|row| (row, difference)));
    }
    let mut written = Vec::new();
    for outcome in reconciled.outcomes() {
        let theirs = outcome.hospital.and_then(|row| of_hospital.get(&row));
        let why = theirs.or(outcome.ledger.and_then(|row| of_ledger.get(&row))).copied();
        let row = outcome.ledger.and_then(|index| usize::try_from(index).ok());
        let shown = row.and_then(|index| ledger.rows.get(index)).cloned();
        let shown = shown.unwrap_or_else(|| only_there(&hospital, outcome.hospital.unwrap_or(0)));
        written.push(shown.row(result(gateway.config.results, outcome.balance, false), why));
    }
    let content = zipped(&format!("{RESULT}{number}.txt"), &written)?;
    let kept = keep(gateway, asked, &name, content).await?;
    Ok(file_info(&kept.number, &name, &kept.until))
}

fn file_info(number: &str, name: &str, until: &str) -> Reply {
    let info = Json::object([
        ("file_qury_no", Json::text(number)),
        ("filename", Json::text(name)),
        ("dld_endtime", Json::text(until)),
    ]);
    Json::object([("fileinfo", info)]).into()
}

impl Shown {
    fn row(&self, result: &str, why: Option<&Difference>) -> Vec<String> {
        let memo = why.map(|why| {
            let class = why.class.title(Lang::Zh);
            let cause = why.cause.map(|cause| format!("({})", cause.title(Lang::Zh)));
            let cause = cause.unwrap_or_default();
            format!("{class}{cause}:{}{}", why.remedy(Lang::Zh), self.hospital)
        });
        let sign = |money: &Money| {
            let money = if self.refund { Money::ZERO - money.abs() } else { *money };
            money.text()
        };
        let mut row = vec![
            self.person.clone(),
            self.visit.clone(),
            self.number.clone(),
            self.msgid.clone(),
            result.to_owned(),
            if self.refund { "1" } else { "0" }.to_owned(),
            memo.unwrap_or_default(),
        ];
        // Written as null where the centre has no such row: nothing is not 0.00.
        let amounts = self.amounts.as_ref();
        row.extend((0..3).map(|at| amounts.map(|all| sign(&all[at])).unwrap_or_default()));
        row
    }
}

/// A row that only the hospital has. The figures of a result row are the centre's, which has none; what the hospital said stands
/// in the memo.
fn only_there(hospital: &Book, index: u32) -> Shown {
    let row = hospital.row(index);
    let (total, fund, account) = (row.total(), row.fund(), row.account());
    Shown {
        hospital: format!(" 医院上传:总额 {total},基金 {fund},个账 {account}"),
        person: row.person().to_owned(),
        visit: row.admission().to_owned(),
        number: row.reference().to_owned(),
        refund: row.is_refund(),
        ..Shown::default()
    }
}

/// The hospital's rows. A row that cannot be read is named by its number.
fn hospital(rows: &[Vec<String>]) -> Result<Book, Failure> {
    const A_ROW: (&str, &str) = (
        "seven columns parted by TAB: setl_id mdtrt_id psn_no medfee_sumamt fund_pay_sumamt acct_pay refd_setl_flag",
        "以 TAB 分隔的 7 列:setl_id mdtrt_id psn_no medfee_sumamt fund_pay_sumamt acct_pay refd_setl_flag",
    );
    let mut book = Book::new();
    for (number, row) in (1_u32..).zip(rows) {
        let wrong = || malformed(format!("第 {number} 行"), A_ROW);
        let [reference, admission, person, total, fund, account, refund, ..] = row.as_slice()
        else {
            return Err(wrong().into());
        };
        let amount = |text: &String| {
            let text = if text.is_empty() { "0" } else { shortened(text) };
            signed(text).map_err(|_| wrong())
        };
        book.push(&Settled {
            reference,
            admission,
            person,
            is_refund: refund == "1",
            total: amount(total)?,
            fund: amount(fund)?,
            account: amount(account)?,
            line: number,
            ..Settled::default()
        })
        .map_err(full)?;
    }
    Ok(book)
}
