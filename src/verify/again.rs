//! Settles a recorded entry again, from the facts that it was made with.

use crate::accumulators::Accumulators;
use crate::accumulators::Sums;
use crate::admission::Facts;
use crate::admission::IdentitySet;
use crate::admission::Referral;
use crate::bill::Bill;
use crate::bill::Charges;
use crate::calendar::Day;
use crate::money::Money;
use crate::proto;
use crate::register::Catalogue;
use crate::register::Locality;
use crate::register::Place;
use crate::register::Tier;
use crate::rules::RuleBook;
use crate::rules::pack::Pack;
use crate::settle::Terms;
use crate::settle::added;
use crate::settle::settle as settle_now;
use crate::situation::Situation;
use crate::store::apply::settlement_key;
use crate::store::fault::Fault;
use crate::verify::Misfit;
use crate::wire::compare;
use crate::wire::from_proto;
use crate::wire::to_bytes;
use crate::wire::to_bytes::Detail;

use std::collections::BTreeMap;

/// What a settlement adds to its year, once it has come out as it was recorded.
pub(super) fn settle(
    book: &RuleBook,
    record: &proto::SettlementRecord,
    stands: &Accumulators,
) -> Result<Sums, Misfit> {
    let (again, added) = settle_with(book, record, stands, None)?;
    let recorded = record.statement.as_ref();
    if Some(&again) != recorded.map(to_bytes::written).as_ref() {
        let recorded = recorded.cloned().unwrap_or_default();
        let field = compare::difference_of(&recorded, &read(&again)?).unwrap_or_default();
        return Err(Misfit::Statement { field });
    }
    Ok(added)
}

/// A statement from its bytes.
pub(super) fn read(statement: &[u8]) -> Result<proto::Statement, Fault> {
    to_bytes::read(statement).map_err(Fault::undecodable)
}

/// The same settlement, with its recorded facts or with other identities, on what stood in its year; its statement as bytes.
pub(super) fn settle_with(
    book: &RuleBook,
    record: &proto::SettlementRecord,
    stands: &Accumulators,
    identities: Option<IdentitySet>,
) -> Result<(Vec<u8>, Sums), Misfit> {
    let missing = |what: &str| Misfit::Unreadable(format!("it has no {what}"));
    let request = record.request.as_ref().ok_or_else(|| missing("request"))?;
    let recorded = record.statement.as_ref().ok_or_else(|| missing("statement"))?;
    let facts = recorded.facts.as_ref().ok_or_else(|| missing("facts"))?;
    let pack = pack(book, recorded)?;
    let benefit_year = pack.benefit_year_start.benefit_year(day(&facts.discharged_on)?);
    if i32::from(benefit_year) != recorded.benefit_year {
        return Err(Misfit::Statement { field: "benefitYear".to_owned() });
    }
    let bill = bill(request, recorded)?;
    let mut situation = situation(pack, facts, record)?.at(stands);
    situation.facts.identities = identities.unwrap_or(situation.facts.identities);
    let read_money = |text, field| from_proto::money(text, field).map_err(Fault::unreadable);
    let account_pay = match identities {
        None => read_money(&request.account_pay, "account_pay")?,
        // With other identities the patient may owe less than was paid from the account.
        Some(_) => Money::ZERO,
    };
    let terms =
        Terms { account_pay, deposit: read_money(&request.deposit, "deposit")?, line_facts: true };
    let catalogue = Catalogue::default();
    let statement =
        settle_now(&situation, &bill, &catalogue, stands, terms).map_err(Fault::unreadable)?;
    let admitted_on = day(&facts.admitted_on)?;
    let again = to_bytes::statement(&statement, &situation, admitted_on, Detail::Full);
    Ok((again, added(&situation, &statement)))
}

/// The pack that an entry names, unchanged.
pub(super) fn pack<'b>(
    book: &'b RuleBook,
    recorded: &proto::Statement,
) -> Result<&'b Pack, Misfit> {
    let name = recorded.pack.clone().unwrap_or_default();
    let found = Day::parse(&name.effective_from).and_then(|from| book.pack(&name.id, from));
    match found {
        Some(pack) if pack.digest == name.digest => Ok(pack),
        Some(_) | None => Err(Misfit::Pack {
            pack: format!("{}/{}", name.id, name.effective_from),
            digest: name.digest,
        }),
    }
}

/// The bill as it was sent, its lines with the catalogue facts that were in force.
pub(super) fn bill(
    request: &proto::SettleRequest,
    recorded: &proto::Statement,
) -> Result<Bill, Misfit> {
    let mut bill = from_proto::bill(request.bill.as_ref()).map_err(Fault::unreadable)?;
    let listed: BTreeMap<&str, Option<&proto::ItemFacts>> =
        recorded.lines.iter().map(|line| (line.id.as_str(), line.listed.as_ref())).collect();
    if let Charges::Lines(lines) = &mut bill.charges {
        for line in lines {
            line.facts = match listed.get(line.id.as_str()) {
                Some(Some(facts)) => {
                    let facts = from_proto::item_facts(facts, &line.code, "listed");
                    Some(facts.map_err(Fault::unreadable)?)
                }
                Some(None) | None => None,
            };
        }
    }
    Ok(bill)
}

fn day(text: &str) -> Result<Day, Misfit> {
    Day::parse(text).ok_or_else(|| Misfit::Unreadable(format!("`{text}` is no day")))
}

/// The situation that an entry was made in, from the facts that it recorded.
pub(super) fn situation<'a>(
    pack: &'a Pack,
    facts: &'a proto::Facts,
    record: &'a proto::SettlementRecord,
) -> Result<Situation<'a>, Misfit> {
    let wrong = |what: &str| Misfit::Unreadable(format!("its {what} cannot be read"));
    let held = |key: &str| facts.identities.iter().any(|one| one.key == key);
    let identities = pack
        .identities
        .iter()
        .enumerate()
        .filter(|(_, identity)| held(&identity.key))
        .fold(IdentitySet::default(), |set, (index, _)| set.with(index));
    let locality = Locality::ALL.into_iter().find(|one| one.name() == facts.locality);
    let level = facts.level.map(u8::try_from).transpose().map_err(|_| wrong("level"))?;
    let admission = record.request.as_ref().and_then(|request| request.admission.as_ref());
    let episode = admission.map_or("", |admission| admission.episode.as_str());
    Ok(Situation {
        pack,
        place: Place::parse(&facts.place).ok_or_else(|| wrong("place"))?,
        facts: Facts {
            identities,
            locality,
            level,
            tier: Tier::parse(&facts.tier),
            facility_tags: &facts.facility_tags,
            med_type: Some(facts.med_type.as_str()).filter(|text| !text.is_empty()),
            insutype: &facts.insutype,
            referral: Referral::parse(&facts.referral).ok_or_else(|| wrong("referral"))?,
            diagnoses: &facts.diagnoses,
            compliant: facts.compliant,
            age: facts.age,
            insured_years: facts.insured_years,
            ordinal: 1,
        },
        episode: Some(episode).filter(|text| !text.is_empty()),
        discharged_on: day(&facts.discharged_on)?,
        key: settlement_key(record)?,
    })
}
