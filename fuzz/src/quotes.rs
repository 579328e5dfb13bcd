//! Quotes as JSON lines, and the values that everything consists of.

use crate::world::desk;

use onestop::accumulators::Accumulators;
use onestop::calendar::Day;
use onestop::calendar::YearStart;
use onestop::id;
use onestop::money::Exact;
use onestop::money::Factor;
use onestop::money::Money;
use onestop::money::Points;
use onestop::money::Price;
use onestop::money::Quantity;
use onestop::money::Rate;
use onestop::proto;
use onestop::refusal::Lang;
use onestop::service::Failure;
use onestop::service::quote::Quoting;
use onestop::sheet;
use onestop::situation::situation;

use std::str;

/// A line: refused, or a statement that balances.
pub fn quote_line(data: &[u8]) {
    let Ok(request) = serde_json::from_slice::<proto::QuoteRequest>(data) else { return };
    let written = serde_json::to_string(&request).expect("a message is written");
    assert_eq!(serde_json::from_str::<proto::QuoteRequest>(&written).ok(), Some(request.clone()));
    match quoted(&request) {
        Ok(statement) => {
            let of = |text: &str| Money::parse_sum(if text.is_empty() { "0" } else { text });
            let of = |text: &str| of(text).expect("an amount of a statement is one");
            let borne = of(&statement.payments) + of(&statement.patient_pay);
            let borne = borne + of(&statement.facility_borne);
            assert_eq!(borne, of(&statement.total), "{statement:?}");
            for lang in [Lang::Zh, Lang::En] {
                assert!(!sheet::quote(&statement, lang).is_empty());
            }
        }
        Err(Failure::Refusal(refusal)) => assert!(!refusal.sentence(Lang::Zh).is_empty()),
        Err(Failure::Fault(fault)) => panic!("a statement that does not hold: {fault}"),
    }
}

fn quoted(request: &proto::QuoteRequest) -> Result<proto::Statement, Failure> {
    let desk = desk();
    let quoting = Quoting::read(request, desk.today, true)?;
    let person = desk.registers.persons.values().next().expect("a person");
    let named = quoting.admission.facility.as_ref();
    let facility = named.and_then(|id| desk.registers.facilities.get(id));
    let facility = facility.or_else(|| desk.registers.facilities.values().next());
    let situation = situation(&desk.book, person, facility, &quoting.admission)?;
    quoting.statement(situation, &desk.registers.catalogue, &Accumulators::default())
}

/// A number, a day or an identifier: what is read and written is read again as the same.
pub fn value(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    for parse in [Money::parse, Money::parse_signed, Money::parse_sum] {
        if let Ok(money) = parse(text) {
            assert_eq!(parse(&money.text()), Ok(money));
            let mut written = Vec::new();
            money.write_to(&mut written);
            assert_eq!(written, money.text().into_bytes());
        }
    }
    if let (Ok(price), Ok(quantity)) = (Price::parse(text), Quantity::parse("3.5")) {
        let _ = price.times(quantity).map(Exact::round2);
    }
    if let (Ok(price), Ok(quantity)) = (Price::parse("9999999.9999"), Quantity::parse(text)) {
        let _ = price.times(quantity).map(Exact::round2);
    }
    if let Ok(rate) = Rate::parse(text) {
        assert_eq!(rate.complement().complement(), rate);
    }
    let _ = (Points::parse(text).is_ok(), Factor::parse(text).map(Factor::millionths));
    let _ = (Exact::parse_allowed(text).is_ok(), Exact::parse_allowed_sum(text).is_ok());
    if let Some(day) = Day::parse(text) {
        assert_eq!(Day::parse(&day.to_string()), Some(day));
        if let Some(after) = day.after() {
            assert_eq!(after.before(), Some(day));
        }
    }
    let _ = YearStart::parse(text);
    if id::is_id(text) {
        assert!(id::PersonId::parse(text).is_some());
    }
    let hidden = id::masked(text);
    // Of whoever has more than a few signs only the last four are shown.
    let count = text.chars().count();
    assert!(count < 8 || hidden.chars().take(count - 4).all(|sign| sign == '*'));
}
