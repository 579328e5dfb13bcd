//! Who somebody is: 1101 person, 2001 entitlement check, 5206 the year so far.

use crate::calendar::Day;
use crate::calendar::Moment;
use crate::his::Gateway;
use crate::his::amounts::number;
use crate::his::codes;
use crate::his::envelope::Asked;
use crate::his::fields::Fields;
use crate::his::fields::malformed;
use crate::his::fields::row;
use crate::his::json::Json;
use crate::his::reply::Replied;
use crate::his::reply::Reply;
use crate::id::PersonId;
use crate::money::Money;
use crate::proto;
use crate::refusal::Refusal;
use crate::service::Failure;

const OF_THE_DOCUMENT: (&str, &str) =
    ("the name that the register holds for this document", "与登记库中该证件的姓名一致");
const A_DOCUMENT: (&str, &str) = (
    "the number of an identity document, or the person's number",
    "证件号码(certno),或以 psn_no 填写人员编号",
);

/// The person that a request names by number or document.
fn person(gateway: &Gateway, data: Fields<'_>) -> Result<proto::Person, Failure> {
    let by_number = |id: &str| {
        let request = proto::GetPersonRequest { id: id.to_owned(), as_of: String::new() };
        gateway.service.get_person(&request)
    };
    if let Some(id) = data.text("psn_no") {
        return by_number(id);
    }
    // A token or a card's number says nothing here; a document's does.
    let by_card =
        || data.text("mdtrt_cert_no").filter(|_| data.text("mdtrt_cert_type") == Some("02"));
    let number = data.text("certno").or_else(by_card).or_else(|| data.text("mdtrt_cert_no"));
    let number = number.ok_or_else(|| malformed("certno", A_DOCUMENT))?;
    match gateway.service.person_by_certificate(number) {
        Err(Failure::Refusal(Refusal::UnknownPerson)) if PersonId::parse(number).is_some() => {
            by_number(number)
        }
        found => found,
    }
}

/// 1101
pub(super) fn person_1101(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let found = person(gateway, data)?;
    if let Some(name) = data.text("psn_name")
        && !found.name.is_empty()
        && name != found.name
    {
        return Err(malformed("psn_name", OF_THE_DOCUMENT).into());
    }
    let today = asked.received.day();
    let age = codes::age(&found.birth, today);
    let card = data.text("psn_cert_type").unwrap_or(codes::certificate_type(&found.certificate_no));
    let base = Json::object([
        ("psn_no", Json::text(&*found.id)),
        ("psn_cert_type", Json::text(card)),
        ("certno", Json::text(&*found.certificate_no)),
        ("psn_name", Json::text(&*found.name)),
        ("gend", Json::text(codes::sex(&found.certificate_no))),
        ("naty", Json::text("")),
        ("brdy", Json::text(&*found.birth)),
        ("age", Json::Number(age.to_string())),
        ("exp_content", Json::text("")),
    ]);
    let insured = found.enrolments.iter().map(|one| enrolment(one, today, age)).collect();
    let output = Json::object([
        ("baseinfo", base),
        ("insuinfo", Json::List(insured)),
        ("idetinfo", Json::List(identities(gateway, &found))),
    ]);
    Ok(Reply::from(output).showing([found.id]))
}

fn holds((from, to): (&str, &str), day: Day) -> bool {
    Day::parse(from).is_some_and(|from| from <= day)
        && (to.is_empty() || Day::parse(to).is_some_and(|to| day <= to))
}

fn enrolment(one: &proto::Enrolment, today: Day, age: u32) -> Json {
    let state = if holds((&one.from, &one.to), today) { "1" } else { "4" };
    Json::object([
        ("balc", number(Money::ZERO)),
        ("insutype", Json::text(&*one.insutype)),
        ("psn_type", Json::text(codes::person_type(&one.insutype, age))),
        ("psn_insu_stas", Json::text(state)),
        ("psn_insu_date", Json::text(&*one.from)),
        ("paus_insu_date", Json::text(&*one.to)),
        ("cvlserv_flag", Json::text("0")),
        ("insuplc_admdvs", Json::text(&*one.place)),
        ("emp_name", Json::text("")),
    ])
}

/// The identities in the region's codes: those of the configuration, else the first code that the governing pack gives.
fn identities(gateway: &Gateway, person: &proto::Person) -> Vec<Json> {
    let book = gateway.service.book();
    let code_of_packs = |identity: &str| {
        let packs = book.packs().iter().filter(|pack| {
            person.enrolments.iter().any(|one| one.place.starts_with(pack.admdvs.as_str()))
        });
        let mut codes = packs.filter_map(|pack| {
            let found = pack.identities.iter().find(|one| one.key == identity)?;
            Some((found.codes.first()?.clone(), found.title.zh.clone()))
        });
        codes.next()
    };
    let row = |held: &proto::HeldIdentity| {
        let is_code = held.identity.bytes().all(|byte| byte.is_ascii_digit());
        let configured = gateway.config.identities.get(&held.identity).cloned();
        let of_packs = || {
            // 60 地方扩展其他特殊待遇, for what no pack has a code for.
            code_of_packs(&held.identity)
                .unwrap_or_else(|| ("60".to_owned(), held.identity.clone()))
        };
        let (code, memo) = match configured {
            Some(code) => (code, held.identity.clone()),
            None if is_code => (held.identity.clone(), String::new()),
            None => of_packs(),
        };
        Json::object([
            ("psn_idet_type", Json::text(code)),
            ("psn_type_lv", Json::text("")),
            ("memo", Json::text(memo)),
            ("begntime", Json::text(format!("{} 00:00:00", held.from))),
            ("endtime", Json::text(ended(&held.to))),
        ])
    };
    // One that was taken back before it held is not shown.
    let real = |held: &&proto::HeldIdentity| held.to.is_empty() || held.from <= held.to;
    person.identities.iter().filter(real).map(row).collect()
}

fn ended(day: &str) -> String {
    if day.is_empty() { String::new() } else { format!("{day} 23:59:59") }
}

/// 2001
pub(super) fn entitlement_2001(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let day = data.day_given("begntime")?;
    let said = data.given("med_type")?;
    let med_type = codes::med_type(&gateway.config, said);
    let person = data.given("psn_no")?;
    let facility = data.text("fixmedins_code").unwrap_or(asked.facility.as_str());
    let diagnoses: Vec<String> = data.text("dise_codg").map(str::to_owned).into_iter().collect();
    let nothing =
        proto::Totals { parts: Some(proto::Parts::default()), ..proto::Totals::default() };
    let quote = gateway.service.quote(&proto::QuoteRequest {
        admission: Some(proto::Admission {
            person: person.to_owned(),
            facility: facility.to_owned(),
            admitted_on: day.to_string(),
            discharged_on: day.to_string(),
            med_type: med_type.to_owned(),
            referral: codes::referral(&gateway.config, data, said).name().to_owned(),
            diagnoses,
            ..proto::Admission::default()
        }),
        bill: Some(proto::Bill {
            total: "0".to_owned(),
            totals: Some(nothing),
            ..proto::Bill::default()
        }),
        ..proto::QuoteRequest::default()
    })?;
    let insutype = quote.facts.as_ref().map_or("", |facts| facts.insutype.as_str());
    same_insutype(data, insutype)?;
    let row = |step: &proto::StepResult| {
        let title = step.title.as_ref().map_or("", |title| title.zh.as_str());
        let (_, code) = codes::fund(&gateway.config, &step.fund);
        let why = if step.ran { "可享受" } else { "本次就诊不适用" };
        Json::object([
            ("psn_no", Json::text(person)),
            ("trt_chk_type", Json::text("01")),
            ("fund_pay_type", Json::text(code)),
            ("trt_enjymnt_flag", Json::text(if step.ran { "1" } else { "0" })),
            ("begndate", Json::text(day.to_string())),
            ("enddate", Json::text("")),
            ("trt_chk_rslt", Json::text(format!("{title}:{why}"))),
            ("exp_content", Json::text("")),
        ])
    };
    let mut rows: Vec<Json> = quote.steps.iter().map(row).collect();
    if quote.deposit_exempt {
        rows.push(Json::object([
            ("psn_no", Json::text(person)),
            ("trt_chk_type", Json::text("99")),
            ("fund_pay_type", Json::text("")),
            ("trt_enjymnt_flag", Json::text("1")),
            ("begndate", Json::text(day.to_string())),
            ("enddate", Json::text("")),
            ("trt_chk_rslt", Json::text("先诊疗后付费:免交押金")),
            ("exp_content", Json::text("")),
        ]));
    }
    let output = Json::object([("trtinfo", Json::List(rows))]);
    Ok(Reply::from(output).showing([person.to_owned()]))
}

/// The insurance type that the HIS says must be that of the register.
pub(super) fn same_insutype(data: Fields<'_>, insutype: &str) -> Result<(), Refusal> {
    const OF_THE_REGISTER: (&str, &str) = (
        "the insurance type that the register holds on that day",
        "与登记库中该日参保险种一致(见 1101 的 insuinfo)",
    );
    match data.text("insutype") {
        Some(said) if said != insutype => Err(malformed("insutype", OF_THE_REGISTER)),
        Some(_) | None => Ok(()),
    }
}

/// 5206
pub(super) fn year_5206(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let day = month_end(data.text("cum_ym"), asked.received)?;
    let person = data.given("psn_no")?.to_owned();
    let reply = gateway.service.eligibility(&proto::EligibilityRequest {
        person: person.clone(),
        asked: day.to_string(),
        ..proto::EligibilityRequest::default()
    })?;
    let insutype = reply.facts.as_ref().map_or("", |facts| facts.insutype.as_str());
    let year = reply.benefit_year;
    let month: String = day.to_string().chars().filter(char::is_ascii_digit).take(6).collect();
    let row = |code: &str, amount: &str| {
        Ok::<_, Failure>(Json::object([
            ("insutype", Json::text(insutype)),
            ("year", Json::text(year.to_string())),
            ("cum_ym", Json::text(&*month)),
            ("cum_type_code", Json::text(code)),
            ("cum", number(sum(amount)?)),
        ]))
    };
    let sums = reply.accumulators.unwrap_or_default();
    let parts = sums.parts.clone().unwrap_or_default();
    let count = format!("{}.00", sums.admissions);
    let mut rows = vec![
        row("ADMISSIONS", &count)?,
        row("MEDFEE", &sums.total)?,
        row("INSCP", &parts.in_scope)?,
        row("PSNPART", &sums.patient_pay)?,
    ];
    let book = gateway.service.book();
    let pack = reply.pack.unwrap_or_default();
    for step in &sums.steps {
        let found = book.family(&pack.id).find_map(|pack| pack.step(&step.step));
        let Some(found) = found else { continue };
        let (_, code) = codes::fund(&gateway.config, &found.fund);
        rows.push(row(code, &step.paid)?);
    }
    let output = Json::object([("cuminfo", Json::List(rows))]);
    Ok(Reply::from(output).showing([person]))
}

/// A sum of many bills, which may pass the limit of one.
fn sum(text: &str) -> Result<Money, Refusal> {
    let text = if text.is_empty() { "0" } else { text };
    let refuse = |why| Refusal::Number { field: "cum".to_owned(), text: text.to_owned(), why };
    Money::parse_sum(text).map_err(refuse)
}

/// The last day of a month, or today within it.
fn month_end(month: Option<&str>, now: Moment) -> Result<Day, Refusal> {
    const A_MONTH: (&str, &str) = ("a month such as 201803", "年月,格式 yyyyMM");
    let Some(month) = month else { return Ok(now.day()) };
    let first = || Day::parse(&format!("{}-{}-01", month.get(..4)?, month.get(4..6)?));
    let mut day =
        first().filter(|_| month.len() == 6).ok_or_else(|| malformed("cum_ym", A_MONTH))?;
    while let Some(next) = day.after() {
        if next.to_string().get(5..7) != month.get(4..6) {
            break;
        }
        day = next;
    }
    Ok(day.min(now.day()).max(first().unwrap_or(day)))
}
