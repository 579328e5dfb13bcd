//! From messages to the core: everything is read strictly here, and a refusal names the field. Spec 1, 2.

use crate::accumulators::AccumulatorKey;
use crate::accumulators::Accumulators;
use crate::accumulators::StepYear;
use crate::accumulators::Sums;
use crate::admission::Admission;
use crate::admission::DIAGNOSES_MAX;
use crate::admission::Referral;
use crate::bill::Bill;
use crate::bill::Charges;
use crate::bill::Class;
use crate::bill::Drugs;
use crate::bill::ItemFacts;
use crate::bill::LINES_MAX;
use crate::bill::Line;
use crate::bill::Part;
use crate::bill::Parts;
use crate::calendar::Day;
use crate::calendar::Span;
use crate::id::AdmissionId;
use crate::id::FacilityId;
use crate::id::PersonId;
use crate::id::is_id;
use crate::money::Exact;
use crate::money::Money;
use crate::money::NumberError;
use crate::money::Price;
use crate::money::Quantity;
use crate::money::Rate;
use crate::proto;
use crate::refusal::Refusal;
use crate::register::Enrolment;
use crate::register::Facility;
use crate::register::FacilityEntry;
use crate::register::HeldIdentity;
use crate::register::Item;
use crate::register::LEVEL_MAX;
use crate::register::Person;
use crate::register::Place;
use crate::register::Tier;
use crate::rules::PACK_BYTES_MAX;

use std::fmt::Arguments;
use std::fmt::Display;

/// What a field should be, in English and Chinese.
type Want = (&'static str, &'static str);

const AN_ID: Want = (
    "an identifier: 1 to 100 characters, no control characters, no space at either end",
    "1 至 100 个字符的编号,不含控制字符,首尾无空格",
);
const A_DAY: Want = ("a day such as 2018-03-08", "日期,如 2018-03-08");
const A_PLACE: Want = ("a place of six digits", "六位行政区划代码");
const A_REFERRAL: Want =
    ("`none`, `registered` or `emergency`", "none、registered 或 emergency(无、转诊备案、急诊)");
const A_TIER: Want = (
    "`township`, `county`, `city` or `province`",
    "township、county、city 或 province(乡镇、县、市、省)",
);
const A_LEVEL: Want = ("a level from 0 to 3", "0 至 3 的级别");
const A_CLASS: Want = ("`A`, `B` or `C`", "A、B 或 C");
const A_CHAIN: Want = ("a chain such as `episode:E1`", "连续计算链,如 episode:E1");
const DIGITS: Want = ("a code of 1 to 10 digits", "1 至 10 位数字代码");
const A_PREFIX: Want = ("empty or 2, 4 or 6 digits", "空或 2、4、6 位数字");
const GIVEN: Want = ("given", "必填项");
const ONE_OF_BOTH: Want = ("lines or totals, not both", "明细或合计二者之一");
const BOTH_DRUGS: Want =
    ("given with both `drugs` and `class_c_drugs`", "药品费与丙类药品费同时填写");

/// Most characters of a text that is no identifier, such as a name or a reason.
const TEXT_CHARS_MAX: usize = 500;
const A_TEXT: Want = ("a text of at most 500 characters", "不超过 500 个字符的文字");

fn malformed(field: impl Display, want: Want) -> Refusal {
    Refusal::Malformed { field: field.to_string(), want }
}

/// A field is named as `format_args!`, so that its name is only put together where it is refused.
fn number<T>(
    text: &str,
    field: impl Display,
    parse: impl Fn(&str) -> Result<T, NumberError>,
) -> Result<T, Refusal> {
    let refuse = |why| Refusal::Number { field: field.to_string(), text: text.to_owned(), why };
    parse(text).map_err(refuse)
}

/// An amount; empty is nothing.
pub fn money(text: &str, field: impl Display) -> Result<Money, Refusal> {
    if text.is_empty() { Ok(Money::ZERO) } else { number(text, field, Money::parse) }
}

/// An amount that may be left out.
pub fn money_if_given(text: &str, field: impl Display) -> Result<Option<Money>, Refusal> {
    if text.is_empty() { Ok(None) } else { number(text, field, Money::parse).map(Some) }
}

/// A day that must be given.
pub fn day(text: &str, field: impl Display) -> Result<Day, Refusal> {
    Day::parse(text).ok_or_else(|| malformed(field, A_DAY))
}

/// A day that may be left out.
pub fn day_if_given(text: &str, field: impl Display) -> Result<Option<Day>, Refusal> {
    if text.is_empty() { Ok(None) } else { day(text, field).map(Some) }
}

/// An identifier of whatever kind.
pub fn id<T>(
    text: &str,
    field: impl Display,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, Refusal> {
    parse(text).ok_or_else(|| malformed(field, AN_ID))
}

/// A code or reference that may be left out.
fn code_if_given(text: &str, field: impl Display) -> Result<Option<String>, Refusal> {
    match text {
        "" => Ok(None),
        text if is_id(text) => Ok(Some(text.to_owned())),
        _ => Err(malformed(field, AN_ID)),
    }
}

/// A text for people; never cut silently.
pub fn text(text: &str, field: impl Display) -> Result<String, Refusal> {
    let plain = text.chars().count() <= TEXT_CHARS_MAX && !text.chars().any(char::is_control);
    if plain { Ok(text.to_owned()) } else { Err(malformed(field, A_TEXT)) }
}

fn digits(text: &str, field: impl Display) -> Result<String, Refusal> {
    let plain = (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { Ok(text.to_owned()) } else { Err(malformed(field, DIGITS)) }
}

fn span(from: &str, to: &str, field: impl Display) -> Result<Span, Refusal> {
    Ok(Span {
        from: day(from, format_args!("{field}.from"))?,
        to: day_if_given(to, format_args!("{field}.to"))?,
    })
}

/// Days that a quote may leave out.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The day that stands for those left out.
    pub day: Day,
}

/// An admission whose dates and medical type must be given, when `asked` is none; or a quote's.
pub fn admission(
    message: Option<&proto::Admission>,
    asked: Option<Asked>,
) -> Result<Admission, Refusal> {
    let message = message.ok_or_else(|| malformed("admission", GIVEN))?;
    if message.work_injury {
        return Err(Refusal::WorkInjury);
    }
    let given_or_asked = |text: &str, field: &str| match (text, asked) {
        ("", Some(asked)) => Ok(asked.day),
        (text, _) => day(text, field),
    };
    let discharged_on = given_or_asked(&message.discharged_on, "admission.discharged_on")?;
    let admitted_on = match (message.admitted_on.as_str(), asked) {
        ("", Some(asked)) => asked.day.min(discharged_on),
        (text, _) => day(text, "admission.admitted_on")?,
    };
    let is_quote = asked.is_some();
    let optional = |text: &str| is_quote && text.is_empty();
    let med_type = match message.med_type.as_str() {
        text if optional(text) => None,
        text => Some(id(text, "admission.med_type", |text| is_id(text).then(|| text.to_owned()))?),
    };
    let admission_id = match message.id.as_str() {
        text if optional(text) => None,
        text => Some(id(text, "admission.id", AdmissionId::parse)?),
    };
    let facility = match message.facility.as_str() {
        text if optional(text) => None,
        text => Some(id(text, "admission.facility", FacilityId::parse)?),
    };
    Ok(Admission {
        id: admission_id,
        person: id(&message.person, "admission.person", PersonId::parse)?,
        facility,
        admitted_on,
        discharged_on,
        med_type,
        referral: referral(&message.referral, "admission.referral")?,
        diagnoses: diagnoses(&message.diagnoses, "admission.diagnoses")?,
        episode: code_if_given(&message.episode, "admission.episode")?,
    })
}

/// A referral; left out, it is `none`.
pub fn referral(text: &str, field: impl Display) -> Result<Referral, Refusal> {
    if text.is_empty() {
        return Ok(Referral::None);
    }
    Referral::parse(text).ok_or_else(|| malformed(field, A_REFERRAL))
}

/// Diagnoses in upper case.
pub fn diagnoses(texts: &[String], field: impl Display) -> Result<Vec<String>, Refusal> {
    if DIAGNOSES_MAX < texts.len() {
        return Err(Refusal::TooMany { what: "diagnoses".to_owned(), max: DIAGNOSES_MAX });
    }
    let read = |(index, text): (usize, &String)| {
        let upper = text.to_ascii_uppercase();
        id(&upper, format_args!("{field}[{index}]"), |text| is_id(text).then(|| text.to_owned()))
    };
    texts.iter().enumerate().map(read).collect()
}

/// A bill of lines or of totals.
pub fn bill(message: Option<&proto::Bill>) -> Result<Bill, Refusal> {
    let message = message.ok_or_else(|| malformed("bill", GIVEN))?;
    let total = money_if_given(&message.total, "bill.total")?;
    let charges = match &message.totals {
        Some(_) if !message.lines.is_empty() => return Err(malformed("bill", ONE_OF_BOTH)),
        Some(_) if total.is_none() => return Err(malformed("bill.total", GIVEN)),
        Some(totals) => Charges::Totals {
            parts: parts(totals.parts.as_ref(), "bill.totals.parts")?,
            drugs: drugs(totals)?,
        },
        None if LINES_MAX < message.lines.len() => {
            return Err(Refusal::TooMany { what: "lines".to_owned(), max: LINES_MAX });
        }
        None => {
            let numbered = message.lines.iter().enumerate();
            Charges::Lines(numbered.map(|(index, one)| line(one, index)).collect::<Result<_, _>>()?)
        }
    };
    Ok(Bill { total, noncompliant: message.noncompliant, charges })
}

fn drugs(totals: &proto::Totals) -> Result<Option<Drugs>, Refusal> {
    let all = money_if_given(&totals.drugs, "bill.totals.drugs")?;
    let class_c = money_if_given(&totals.class_c_drugs, "bill.totals.class_c_drugs")?;
    match (all, class_c) {
        (Some(all), Some(class_c)) => Ok(Some(Drugs { all, class_c })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(malformed("bill.totals", BOTH_DRUGS)),
    }
}

/// Five parts; those left out are nothing.
pub fn parts(message: Option<&proto::Parts>, field: impl Display) -> Result<Parts, Refusal> {
    parts_by(message, field, Money::parse)
}

fn parts_by(
    message: Option<&proto::Parts>,
    field: impl Display,
    parse: impl Fn(&str) -> Result<Money, NumberError>,
) -> Result<Parts, Refusal> {
    let Some(message) = message else { return Ok(Parts::default()) };
    let mut parts = Parts::default();
    for (part, text) in [
        (Part::InScope, &message.in_scope),
        (Part::CopayFirst, &message.copay_first),
        (Part::OverLimit, &message.over_limit),
        (Part::OwnExpense, &message.own_expense),
        (Part::FacilityBorne, &message.facility_borne),
    ] {
        if !text.is_empty() {
            parts[part] = number(text, format_args!("{field}.{}", part.name()), &parse)?;
        }
    }
    Ok(parts)
}

fn line(message: &proto::Line, index: usize) -> Result<Line, Refusal> {
    let code = |text: &str, name: &str| match is_id(text) {
        true => Ok(text.to_owned()),
        false => Err(malformed(format_args!("bill.lines[{index}].{name}"), AN_ID)),
    };
    let refund_of = match message.refund_of.as_str() {
        "" => None,
        text => Some(text.to_owned()),
    };
    let amount = match refund_of {
        Some(_) => Money::parse_signed,
        None => Money::parse,
    };
    Ok(Line {
        id: message.id.clone(),
        code: code(&message.code, "code")?,
        category: code(&message.category, "category")?,
        quantity: number(
            &message.quantity,
            format_args!("bill.lines[{index}].quantity"),
            Quantity::parse,
        )?,
        price: number(&message.price, format_args!("bill.lines[{index}].price"), Price::parse)?,
        amount: number(&message.amount, format_args!("bill.lines[{index}].amount"), amount)?,
        noncompliant: message.noncompliant,
        refund_of,
        facts: message
            .facts
            .as_ref()
            .map(|facts| item_facts(facts, "", format_args!("bill.lines[{index}].facts")))
            .transpose()?,
    })
}

/// Catalogue facts; a class B entry has a first-copay rate, and only such an entry.
pub fn item_facts(
    message: &proto::ItemFacts,
    code: &str,
    field: impl Display + Copy,
) -> Result<ItemFacts, Refusal> {
    let rate = match message.first_copay_rate.as_str() {
        "" => None,
        text => Some(number(text, format_args!("{field}.first_copay_rate"), Rate::parse)?),
    };
    let class = match (message.class.as_str(), rate) {
        ("A", None) => Class::A,
        ("B", Some(rate)) => Class::B(rate),
        ("C", None) => Class::C,
        ("A" | "B" | "C", _) => {
            let code = if code.is_empty() { field.to_string() } else { code.to_owned() };
            return Err(Refusal::FirstCopay { code });
        }
        _ => return Err(malformed(format_args!("{field}.class"), A_CLASS)),
    };
    let price_limit = match message.price_limit.as_str() {
        "" => None,
        text => Some(number(text, format_args!("{field}.price_limit"), Price::parse)?),
    };
    let tags = tags(&message.tags, format_args!("{field}.tags"))?;
    Ok(ItemFacts { class, price_limit, tags })
}

fn tags(texts: &[String], field: impl Display + Copy) -> Result<Vec<String>, Refusal> {
    let read = |text: &String| {
        if is_id(text) { Ok(text.clone()) } else { Err(malformed(field, AN_ID)) }
    };
    texts.iter().map(read).collect()
}

/// A person for the register.
pub fn person(message: &proto::Person, field: &str) -> Result<Person, Refusal> {
    let enrolment = |(index, one): (usize, &proto::Enrolment)| {
        let field = format!("{field}.enrolments[{index}]");
        Ok(Enrolment {
            place: place(&one.place, format_args!("{field}.place"))?,
            insutype: digits(&one.insutype, format_args!("{field}.insutype"))?,
            span: span(&one.from, &one.to, &field)?,
        })
    };
    let identity = |(index, one): (usize, &proto::HeldIdentity)| {
        let field = format!("{field}.identities[{index}]");
        let key = |text: &str| is_id(text).then(|| text.to_owned());
        Ok(HeldIdentity {
            identity: id(&one.identity, format_args!("{field}.identity"), key)?,
            span: span(&one.from, &one.to, &field)?,
        })
    };
    let person = Person {
        id: id(&message.id, format_args!("{field}.id"), PersonId::parse)?,
        name: text(&message.name, format_args!("{field}.name"))?,
        certificate_no: text(&message.certificate_no, format_args!("{field}.certificate_no"))?,
        birth: day(&message.birth, format_args!("{field}.birth"))?,
        enrolments: message
            .enrolments
            .iter()
            .enumerate()
            .map(enrolment)
            .collect::<Result<_, Refusal>>()?,
        identities: message
            .identities
            .iter()
            .enumerate()
            .map(identity)
            .collect::<Result<_, Refusal>>()?,
    };
    person.checked()
}

fn place(text: &str, field: impl Display) -> Result<Place, Refusal> {
    Place::parse(text).ok_or_else(|| malformed(field, A_PLACE))
}

/// A facility for the register.
pub fn facility(message: &proto::Facility, field: &str) -> Result<Facility, Refusal> {
    let entry = |(index, one): (usize, &proto::FacilityEntry)| {
        let field = format!("{field}.entries[{index}]");
        let level = u8::try_from(one.level).ok().filter(|level| *level <= LEVEL_MAX);
        Ok(FacilityEntry {
            place: place(&one.place, format_args!("{field}.place"))?,
            level: level.ok_or_else(|| malformed(format_args!("{field}.level"), A_LEVEL))?,
            tier: Tier::parse(&one.tier)
                .ok_or_else(|| malformed(format_args!("{field}.tier"), A_TIER))?,
            tags: tags(&one.tags, format_args!("{field}.tags"))?,
            designated: !one.not_designated,
            span: span(&one.from, &one.to, &field)?,
        })
    };
    let facility = Facility {
        id: id(&message.id, format_args!("{field}.id"), FacilityId::parse)?,
        name: text(&message.name, format_args!("{field}.name"))?,
        entries: message.entries.iter().enumerate().map(entry).collect::<Result<_, Refusal>>()?,
    };
    facility.checked()
}

/// An entry for the catalogue.
pub fn item(message: &proto::Item, field: &str) -> Result<Item, Refusal> {
    let admdvs = message.admdvs.as_str();
    let is_prefix =
        [0, 2, 4, 6].contains(&admdvs.len()) && admdvs.bytes().all(|byte| byte.is_ascii_digit());
    if !is_prefix {
        return Err(malformed(format_args!("{field}.admdvs"), A_PREFIX));
    }
    let code = id(&message.code, format_args!("{field}.code"), |text| {
        is_id(text).then(|| text.to_owned())
    })?;
    let facts =
        message.facts.as_ref().ok_or_else(|| malformed(format_args!("{field}.facts"), GIVEN))?;
    let facts = item_facts(facts, &code, format_args!("{field}.facts"))?;
    let span = span(&message.from, &message.to, field)?;
    if !span.is_in_order() {
        return Err(Refusal::SpanOrder { place: field.to_owned(), span });
    }
    Ok(Item {
        code,
        admdvs: admdvs.to_owned(),
        name: text(&message.name, format_args!("{field}.name"))?,
        category: code_if_given(&message.category, format_args!("{field}.category"))?,
        facts,
        span,
    })
}

/// The key of a benefit year.
pub fn key(message: Option<&proto::AccumulatorKey>) -> Result<AccumulatorKey, Refusal> {
    let message = message.ok_or_else(|| malformed("key", GIVEN))?;
    let any = |text: &str| is_id(text).then(|| text.to_owned());
    Ok(AccumulatorKey {
        person: id(&message.person, "key.person", PersonId::parse)?,
        insutype: id(&message.insutype, "key.insutype", any)?,
        family: id(&message.family, "key.family", any)?,
        benefit_year: benefit_year(message.benefit_year, "key.benefit_year")?,
    })
}

/// A benefit year. The first day that can be written may lie in one that began in the year 0.
pub fn benefit_year(year: i32, field: impl Display) -> Result<i16, Refusal> {
    const A_YEAR: Want = ("a year from 0 to 9999", "0 至 9999 的年份");
    i16::try_from(year)
        .ok()
        .filter(|year| (0..=9999).contains(year))
        .ok_or_else(|| malformed(field, A_YEAR))
}

/// What stood in another system, without the version (spec 8.3): `allowed` left out is `remaining`.
pub fn balances(message: Option<&proto::Accumulators>) -> Result<Sums, Refusal> {
    let message = message.ok_or_else(|| malformed("balances", GIVEN))?;
    let sums = sums(message, &Amounts { money: Money::parse, allowed: Exact::parse_allowed })?;
    if sums.parts.total() != sums.total {
        return Err(Refusal::TotalsSum { stated: sums.total, sum: sums.parts.total() });
    }
    if Money::LIMIT <= sums.total {
        return Err(Refusal::BillTooLarge);
    }
    Ok(sums)
}

/// How amounts of accumulators are read: each below the limit, or sums of many.
struct Amounts {
    money: fn(&str) -> Result<Money, NumberError>,
    allowed: fn(&str) -> Result<Exact, NumberError>,
}

/// The sums of accumulators.
fn sums(message: &proto::Accumulators, amounts: &Amounts) -> Result<Sums, Refusal> {
    let money = |text: &str, field: Arguments<'_>| match text {
        "" => Ok(Money::ZERO),
        text => number(text, field, amounts.money),
    };
    let mut sums = Sums {
        admissions: message.admissions,
        total: money(&message.total, format_args!("balances.total"))?,
        parts: parts_by(message.parts.as_ref(), "balances.parts", amounts.money)?,
        patient_pay: money(&message.patient_pay, format_args!("balances.patient_pay"))?,
        ..Sums::default()
    };
    const ONCE: Want = ("named once", "不得重复");
    for one in &message.steps {
        let step = &one.step;
        let remaining = money(&one.remaining, format_args!("balances.steps[{step}].remaining"))?;
        let year = StepYear {
            eligible: money(&one.eligible, format_args!("balances.steps[{step}].eligible"))?,
            paid: money(&one.paid, format_args!("balances.steps[{step}].paid"))?,
            allowed: match one.allowed.as_str() {
                "" => Exact::from(remaining),
                text => {
                    let field = format_args!("balances.steps[{step}].allowed");
                    number(text, field, amounts.allowed)?
                }
            },
            measured: money(&one.measured, format_args!("balances.steps[{step}].measured"))?,
            remaining,
        };
        if sums.steps.contains_key(&one.step) {
            return Err(malformed(format_args!("balances.steps[{step}].step"), ONCE));
        }
        sums.steps.insert(one.step.clone(), year);
    }
    for one in &message.chains {
        let step = &one.step;
        let met = money(&one.met, format_args!("balances.chains[{step}].met"))?;
        // A chain by diagnosis is named by all the prefixes that its pack has.
        let fits = !one.chain.is_empty() && one.chain.len() <= PACK_BYTES_MAX;
        let chain = one.chain.clone();
        if !fits {
            return Err(malformed(format_args!("balances.chains[{step}].chain"), A_CHAIN));
        }
        if sums.chain(&one.step, &chain) != Money::ZERO {
            return Err(malformed(format_args!("balances.chains[{step}]"), ONCE));
        }
        sums.chains.entry(one.step.clone()).or_default().insert(chain, met);
    }
    let nothing = StepYear::default();
    sums.steps.retain(|_, year| *year != nothing);
    for chains in sums.chains.values_mut() {
        chains.retain(|_, met| !met.is_zero());
    }
    sums.chains.retain(|_, chains| !chains.is_empty());
    Ok(sums)
}

/// Stored accumulators; `allowed` left out is nothing here.
pub fn accumulators(message: &proto::Accumulators) -> Result<Accumulators, Refusal> {
    let amounts = Amounts { money: Money::parse_sum, allowed: Exact::parse_allowed_sum };
    let mut sums = sums(message, &amounts)?;
    for one in message.steps.iter().filter(|one| one.allowed.is_empty()) {
        if let Some(year) = sums.steps.get_mut(&one.step) {
            year.allowed = Exact::ZERO;
        }
    }
    Ok(Accumulators { version: message.version, sums })
}

/// A facility or office that writes, and its request id.
pub fn writer(
    message: Option<&proto::Writer>,
) -> Result<(FacilityId, crate::id::RequestId), Refusal> {
    let message = message.ok_or_else(|| malformed("writer", GIVEN))?;
    text(&message.operator, "writer.operator")?;
    text(&message.terminal, "writer.terminal")?;
    Ok((
        id(&message.facility, "writer.facility", FacilityId::parse)?,
        id(&message.request_id, "writer.request_id", crate::id::RequestId::parse)?,
    ))
}
