//! What the back office is asked and answers, from messages to the core and back.

use crate::calendar::Day;
use crate::clear::Clearing;
use crate::clear::Month;
use crate::clearing_types::ClearingTypes;
use crate::id::FacilityId;
use crate::id::masked;
use crate::money::Money;
use crate::proto;
use crate::reconcile::Book;
use crate::reconcile::Class;
use crate::reconcile::Difference;
use crate::reconcile::Reconciled;
use crate::reconcile::RowView;
use crate::reconcile::Scope;
use crate::reconcile::Settled;
use crate::reconcile::Subject;
use crate::reconcile::Totals;
use crate::refusal::Lang;
use crate::refusal::Refusal;
use crate::report::Cell;
use crate::report::Report;
use crate::report::Title;
use crate::wire::from_proto;

/// Reads what is to be reconciled.
pub fn subject(
    scope: Option<&proto::ReconcileScope>,
    clearing_types: &ClearingTypes,
) -> Result<Subject, Refusal> {
    let scope = scope.cloned().unwrap_or_default();
    from_proto::id(&scope.facility, "scope.facility", FacilityId::parse)?;
    let (from, to) = (day(&scope.from, "scope.from")?, day(&scope.to, "scope.to")?);
    let period = Scope { from, to, with_refunds: !scope.without_refunds };
    if !period.period().is_in_order() {
        return Err(Refusal::SpanOrder { place: "scope".to_owned(), span: period.period() });
    }
    Ok(Subject {
        facility: scope.facility,
        insutype: from_proto::text(&scope.insutype, "scope.insutype")?,
        clearing_type: from_proto::text(&scope.clearing_type, "scope.clearing_type")?,
        clearing_types: clearing_types.clone(),
        scope: period,
    })
}

/// The same as a message.
pub fn scope(subject: &Subject) -> proto::ReconcileScope {
    proto::ReconcileScope {
        facility: subject.facility.clone(),
        insutype: subject.insutype.clone(),
        clearing_type: subject.clearing_type.clone(),
        from: subject.scope.from.to_string(),
        to: subject.scope.to.to_string(),
        without_refunds: !subject.scope.with_refunds,
    }
}

fn day(text: &str, field: &str) -> Result<Day, Refusal> {
    const A_DAY: (&str, &str) = ("a day such as 2018-03-08", "日期,如 2018-03-08");
    Day::parse(text).ok_or_else(|| Refusal::Malformed { field: field.to_owned(), want: A_DAY })
}

/// Puts a hospital's row into its list.
pub fn take_row(list: &mut Book, row: &proto::HospitalRow) -> Result<(), Refusal> {
    let place = |field: &str| format!("row {} {field}", row.line);
    let amount = |text: &str, field: &str| {
        Money::parse_signed(text).map_err(|why| Refusal::Number {
            field: place(field),
            text: text.to_owned(),
            why,
        })
    };
    for (text, field) in [(&row.reference, "reference"), (&row.admission, "admission")] {
        from_proto::text(text, place(field))?;
    }
    from_proto::text(&row.person, place("person"))?;
    let total = amount(&row.total, "total")?;
    let cash = match row.cash.as_str() {
        "" => None,
        text => Some(amount(text, "cash")?),
    };
    let settled = Settled {
        reference: &row.reference,
        admission: &row.admission,
        person: &row.person,
        is_refund: row.is_refund || total.is_negative(),
        total,
        fund: amount(&row.fund, "fund")?,
        account: amount(&row.account, "account")?,
        cash,
        day: from_proto::day_if_given(&row.day, place("day"))?,
        line: row.line,
        ..Settled::default()
    };
    list.push(&settled).map_err(|_| Refusal::TooMany {
        what: "rows".to_owned(),
        max: u32::MAX.try_into().unwrap_or(usize::MAX),
    })
}

/// A row as a message.
pub fn row(row: &RowView<'_>) -> proto::HospitalRow {
    proto::HospitalRow {
        reference: row.reference().to_owned(),
        admission: row.admission().to_owned(),
        person: row.person().to_owned(),
        total: row.total().to_string(),
        fund: row.fund().to_string(),
        account: row.account().to_string(),
        cash: row.cash().map(|cash| cash.to_string()).unwrap_or_default(),
        is_refund: row.is_refund(),
        day: row.day().map(|day| day.to_string()).unwrap_or_default(),
        line: row.line(),
    }
}

fn title_of(of_lang: impl Fn(Lang) -> &'static str) -> proto::Title {
    proto::Title { zh: of_lang(Lang::Zh).to_owned(), en: of_lang(Lang::En).to_owned() }
}

/// A difference as a message.
pub fn difference(
    difference: &Difference,
    (hospital, ledger): (&Book, &Book),
) -> proto::ReconcileDifference {
    let fields =
        difference.fields(hospital, ledger).into_iter().map(|one| proto::FieldDifference {
            field: one.field.name().to_owned(),
            hospital: one.hospital,
            ledger: one.ledger,
            by: one.by.map(|by| by.to_string()).unwrap_or_default(),
        });
    proto::ReconcileDifference {
        class: difference.class.name().to_owned(),
        cause: difference.cause.map(|cause| cause.name().to_owned()).unwrap_or_default(),
        hospital: difference.hospital.map(|at| row(&hospital.row(at))),
        ledger: difference.ledger.map(|at| row(&ledger.row(at))),
        fields: fields.collect(),
        class_title: Some(title_of(|lang| difference.class.title(lang))),
        cause_title: difference.cause.map(|cause| title_of(|lang| cause.title(lang))),
        remedy: Some(title_of(|lang| difference.remedy(lang))),
    }
}

fn totals(totals: &Totals) -> proto::ReconcileTotals {
    proto::ReconcileTotals {
        count: totals.count,
        total: totals.total.to_string(),
        fund: totals.fund.to_string(),
        account: totals.account.to_string(),
        cash: totals.cash.map(|cash| cash.to_string()).unwrap_or_default(),
    }
}

/// A result without its differences.
pub fn result(subject: &Subject, reconciled: &Reconciled) -> proto::Reconciliation {
    let count = |class: Class| {
        let of_class = reconciled.differences.iter().filter(|one| one.class == class);
        u64::try_from(of_class.count()).unwrap_or(u64::MAX)
    };
    let counts = Class::ALL.into_iter().map(|class| (class, count(class)));
    proto::Reconciliation {
        scope: Some(scope(subject)),
        hospital: Some(totals(&reconciled.hospital)),
        ledger: Some(totals(&reconciled.ledger)),
        balance: reconciled.balance().name().to_owned(),
        matched: reconciled.matched(),
        counts: counts
            .filter(|(_, count)| *count != 0)
            .map(|(class, count)| proto::ClassCount { class: class.name().to_owned(), count })
            .collect(),
        ..proto::Reconciliation::default()
    }
}

/// Reads what is to be cleared.
pub fn clearing(request: &proto::ClearRequest) -> Result<Clearing, Refusal> {
    const A_MONTH: (&str, &str) = ("a month such as 2018-06", "月份,如 2018-06");
    let malformed = || Refusal::Malformed { field: "month".to_owned(), want: A_MONTH };
    Ok(Clearing {
        month: Month::parse(&request.month).ok_or_else(malformed)?,
        facility: from_proto::text(&request.facility, "facility")?,
        place: from_proto::text(&request.place, "place")?,
        insutype: from_proto::text(&request.insutype, "insutype")?,
    })
}

/// A report as a message.
pub fn sheet(report: &Report) -> proto::Sheet {
    let title = |(zh, en): &Title| proto::Title { zh: (*zh).to_owned(), en: (*en).to_owned() };
    let cell = |cell: &Cell| {
        let (text, en) = (cell.shown(Lang::Zh), cell.shown(Lang::En));
        let is_number = cell.is_number();
        proto::SheetCell { en: if en == text { String::new() } else { en }, text, is_number }
    };
    proto::Sheet {
        name: report.name.to_owned(),
        title: Some(title(&report.title)),
        columns: report.columns.iter().map(title).collect(),
        rows: report
            .rows
            .iter()
            .map(|row| proto::SheetRow { cells: row.iter().map(cell).collect() })
            .collect(),
    }
}

const DIFFERENCE_COLUMNS: [Title; 17] = [
    ("类别", "Class"),
    ("可能原因", "Likely cause"),
    ("处理", "What mends it"),
    ("文件行", "Row of the file"),
    ("结算编号(医院)", "setl_id (hospital)"),
    ("结算编号(中心)", "setl_id (ledger)"),
    ("就诊编号", "mdtrt_id"),
    ("人员", "psn_no"),
    ("退费", "Refund"),
    ("总额(医院)", "medfee_sumamt (hospital)"),
    ("总额(中心)", "medfee_sumamt (ledger)"),
    ("基金(医院)", "fund_pay_sumamt (hospital)"),
    ("基金(中心)", "fund_pay_sumamt (ledger)"),
    ("账户(医院)", "acct_pay (hospital)"),
    ("账户(中心)", "acct_pay (ledger)"),
    ("日期(中心)", "setl_time (ledger)"),
    ("不符字段", "Fields that differ"),
];

/// Differences as a table. Persons are not shown whole.
pub fn differences_sheet<'d>(
    differences: impl Iterator<Item = &'d proto::ReconcileDifference>,
) -> proto::Sheet {
    let titles = DIFFERENCE_COLUMNS.iter();
    proto::Sheet {
        name: "differences".to_owned(),
        title: Some(proto::Title { zh: "对账差异".to_owned(), en: "Differences".to_owned() }),
        columns: titles
            .map(|(zh, en)| proto::Title { zh: (*zh).to_owned(), en: (*en).to_owned() })
            .collect(),
        rows: differences.map(difference_row).collect(),
    }
}

fn difference_row(one: &proto::ReconcileDifference) -> proto::SheetRow {
    let words = |title: &Option<proto::Title>| {
        let title = title.clone().unwrap_or_default();
        proto::SheetCell { text: title.zh, en: title.en, is_number: false }
    };
    let text = |text: &str| proto::SheetCell { text: text.to_owned(), ..Default::default() };
    let amount = |row: &Option<proto::HospitalRow>, of: fn(&proto::HospitalRow) -> &String| {
        let text = row.as_ref().map(|row| of(row).clone()).unwrap_or_default();
        proto::SheetCell { is_number: !text.is_empty(), text, en: String::new() }
    };
    let (hospital, ledger) = (&one.hospital, &one.ledger);
    let either = hospital.as_ref().or(ledger.as_ref()).cloned().unwrap_or_default();
    let line = hospital.as_ref().map_or(0, |row| row.line);
    let refund = if either.is_refund { ("是", "yes") } else { ("", "") };
    let fields: Vec<String> = one.fields.iter().map(field_text).collect();
    let cells = vec![
        words(&one.class_title),
        words(&one.cause_title),
        words(&one.remedy),
        text(&if line == 0 { String::new() } else { line.to_string() }),
        text(hospital.as_ref().map_or("", |row| &row.reference)),
        text(ledger.as_ref().map_or("", |row| &row.reference)),
        text(&either.admission),
        text(&masked(&either.person)),
        proto::SheetCell { text: refund.0.to_owned(), en: refund.1.to_owned(), is_number: false },
        amount(hospital, |row| &row.total),
        amount(ledger, |row| &row.total),
        amount(hospital, |row| &row.fund),
        amount(ledger, |row| &row.fund),
        amount(hospital, |row| &row.account),
        amount(ledger, |row| &row.account),
        text(ledger.as_ref().map_or("", |row| &row.day)),
        text(&fields.join("; ")),
    ];
    proto::SheetRow { cells }
}

fn field_text(one: &proto::FieldDifference) -> String {
    if one.field == "psn_no" {
        return format!("psn_no {} / {}", masked(&one.hospital), masked(&one.ledger));
    }
    let by = if one.by.is_empty() { String::new() } else { format!(" ({})", one.by) };
    format!("{} {} / {}{by}", one.field, one.hospital, one.ledger)
}

const TOTAL_COLUMNS: [Title; 6] = [
    ("", ""),
    ("笔数", "Rows"),
    ("医疗费总额", "medfee_sumamt"),
    ("基金支付总额", "fund_pay_sumamt"),
    ("个人账户支出", "acct_pay"),
    ("个人现金支出", "psn_cash_pay"),
];

/// The totals of a result as a table.
pub fn totals_sheet(record: &proto::ReconciliationRecord) -> proto::Sheet {
    let result = record.reconciliation.clone().unwrap_or_default();
    let row = |zh: &str, en: &str, totals: Option<proto::ReconcileTotals>| {
        let totals = totals.unwrap_or_default();
        let name = proto::SheetCell { text: zh.to_owned(), en: en.to_owned(), is_number: false };
        let number = |text: String| proto::SheetCell {
            is_number: !text.is_empty(),
            text,
            en: String::new(),
        };
        let proto::ReconcileTotals { count, total, fund, account, cash } = totals;
        let amounts = [count.to_string(), total, fund, account, cash].map(number);
        proto::SheetRow { cells: std::iter::once(name).chain(amounts).collect() }
    };
    proto::Sheet {
        name: "totals".to_owned(),
        title: Some(proto::Title { zh: "总账".to_owned(), en: "Totals".to_owned() }),
        columns: TOTAL_COLUMNS
            .iter()
            .map(|(zh, en)| proto::Title { zh: (*zh).to_owned(), en: (*en).to_owned() })
            .collect(),
        rows: vec![row("医院", "hospital", result.hospital), row("中心", "ledger", result.ledger)],
    }
}
