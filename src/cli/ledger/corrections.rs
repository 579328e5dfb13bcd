//! `onestop ledger corrections`.

use crate::cli::ledger::Stopped;
use crate::cli::ledger::journal_of;
use crate::cli::ledger::verify::Walked;
use crate::money::Money;
use crate::refusal::Lang;
use crate::service;
use crate::store::fault::chain;
use crate::store::seal::Place;
use crate::verify::corrections::Correction;
use crate::verify::corrections::Corrections;
use crate::verify::corrections::keep_persons;

use std::collections::BTreeMap;
use std::path::Path;

/// Lists settlements whose identities the register holds differently today.
pub(super) fn corrections(store: Place<'_>, rules: &Path, lang: Lang) -> Result<String, Stopped> {
    journal_of(store)?;
    let book = service::read_rules(rules).map_err(|error| Stopped::Usage(chain(&error)))?;
    let mut persons = BTreeMap::new();
    Walked::of(store)?.each(|_, entry, _| Ok(keep_persons(&mut persons, entry)?))?;
    let mut corrections = Corrections::new(&book, persons);
    Walked::of(store)?.each(|sequence, entry, fetch| corrections.next(sequence, entry, fetch))?;
    let found: Vec<Correction> = corrections.found().collect();
    Ok(said(&found, lang))
}

fn said(found: &[Correction], lang: Lang) -> String {
    if found.is_empty() {
        return match lang {
            Lang::Zh => "没有身份后来被更正的结算".to_owned(),
            Lang::En => "no settlement's identities were corrected afterwards".to_owned(),
        };
    }
    let mut lines = vec![match lang {
        Lang::Zh => "结算号  机构  就诊  结算时身份 → 现登记身份  个人负担 → 按现登记  差额".to_owned(),
        Lang::En => "number  facility  admission  identities then → today  patient paid → would pay  difference".to_owned(),
    }];
    for one in found {
        let none = || "-".to_owned();
        let list = |keys: &[String]| if keys.is_empty() { none() } else { keys.join("+") };
        lines.push(format!(
            "{}  {}  {}  {} → {}  {} → {}  {}",
            one.number,
            one.facility,
            one.admission,
            list(&one.recorded),
            list(&one.today),
            one.patient_pay,
            one.patient_pay_today,
            difference(one).map_or_else(none, |difference| difference.to_string()),
        ));
    }
    lines.join("\n")
}

fn difference(one: &Correction) -> Option<Money> {
    let (then, today) = (Money::parse(&one.patient_pay), Money::parse(&one.patient_pay_today));
    Some(today.ok()? - then.ok()?)
}
