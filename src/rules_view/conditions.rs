//! Whom a rule concerns, in words. Packs 1.

use crate::admission::IdentitySet;
use crate::admission::Referral;
use crate::refusal::Lang;
use crate::register::Locality;
use crate::register::Tier;
use crate::rules::pack::Pack;
use crate::rules::when::Bounds;
use crate::rules::when::Conditions;
use crate::rules::when::StepSet;
use crate::rules::when::When;
use crate::sheet::words;
use crate::sheet::words::pick;

/// Whom it concerns; nothing where it concerns everybody.
pub(super) fn of(when: &When, pack: &Pack, lang: Lang) -> String {
    let tables: Vec<String> = when.any_of.iter().map(|table| facts(table, pack, lang)).collect();
    tables.join(pick(lang, "；或者", "; or "))
}

fn facts(table: &Conditions, pack: &Pack, lang: Lang) -> String {
    let mut facts = who(table, pack, lang);
    facts.extend(where_to(table, lang));
    facts.extend(what_for(table, pack, lang));
    facts.extend(years(table, lang));
    if facts.is_empty() {
        return pick(lang, "一律", "always").to_owned();
    }
    facts.join(pick(lang, "，", ", "))
}

/// A fact that is asked for, behind its name.
fn named(zh: &str, en: &str, value: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{zh}{value}"),
        Lang::En => format!("{en} {value}"),
    }
}

/// Several values, one of which must fit.
fn one_of<T: AsRef<str>>(values: &[T], lang: Lang) -> String {
    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    values.join(pick(lang, "或", " or "))
}

fn who(table: &Conditions, pack: &Pack, lang: Lang) -> Vec<String> {
    let titles = |set: IdentitySet| -> Vec<&str> {
        let all = pack.identities.iter().enumerate().filter(|(index, _)| set.has(*index));
        all.map(|(_, one)| pick(lang, &one.title.zh, &one.title.en)).collect()
    };
    let mut facts = Vec::new();
    if let Some(set) = table.identity {
        facts.push(one_of(&titles(set), lang));
    }
    if let Some(set) = table.identity_all {
        let all = titles(set).join(pick(lang, "且", " and "));
        facts.push(named("兼为", "both", &all, lang));
    }
    if let Some(set) = table.not_identity {
        facts.push(named("非", "not", &one_of(&titles(set), lang), lang));
    }
    facts
}

fn where_to(table: &Conditions, lang: Lang) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(list) = &table.locality {
        let names = list.iter().map(|one: &Locality| words::locality(one.name(), lang));
        facts.push(one_of(&names.collect::<Vec<_>>(), lang));
    }
    if let Some(list) = &table.level {
        let names = list.iter().map(|level| words::level(u32::from(*level), lang));
        facts.push(one_of(&names.collect::<Vec<_>>(), lang));
    }
    if let Some(list) = &table.tier {
        let names: Vec<_> = list.iter().map(|tier: &Tier| words::tier(tier.name(), lang)).collect();
        facts.push(match lang {
            Lang::Zh => format!("{}医院", one_of(&names, lang)),
            Lang::En => format!("{} hospital", one_of(&names, lang)),
        });
    }
    if let Some(list) = &table.facility_tag {
        facts.push(named("机构标签 ", "facility tag", &one_of(list, lang), lang));
    }
    if let Some(list) = &table.referral {
        let names: Vec<_> =
            list.iter().map(|one: &Referral| words::referral(one.name(), lang)).collect();
        facts.push(named("", "referral", &one_of(&names, lang), lang));
    }
    facts.extend(table.compliant.map(|compliant| {
        let said = if compliant {
            pick(lang, "按规定就医", "graded treatment followed")
        } else {
            pick(lang, "未按规定转诊备案", "graded treatment not followed")
        };
        said.to_owned()
    }));
    facts
}

fn what_for(table: &Conditions, pack: &Pack, lang: Lang) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(list) = &table.med_type {
        facts.push(one_of(&med_types(list, pack, lang), lang));
    }
    if let Some(list) = &table.insutype {
        let names: Vec<_> = list.iter().map(|one| words::insutype(one, lang)).collect();
        facts.push(named("险种", "insured as", &one_of(&names, lang), lang));
    }
    if let Some(list) = &table.principal {
        facts.push(named("主诊断 ", "principal diagnosis", &words::list(list, lang), lang));
    }
    if let Some(list) = &table.diagnosis {
        facts.push(named("诊断含 ", "a diagnosis", &words::list(list, lang), lang));
    }
    if let Some(set) = table.reached {
        let reached = pack.steps.iter().enumerate().filter(|(index, _)| has(set, *index));
        let titles: Vec<&str> =
            reached.map(|(_, step)| pick(lang, &step.title.zh, &step.title.en)).collect();
        facts.push(match lang {
            Lang::Zh => format!("{}年内已支付", one_of(&titles, lang)),
            Lang::En => format!("{} has paid in the year", one_of(&titles, lang)),
        });
    }
    facts
}

fn has(set: StepSet, index: usize) -> bool {
    set.has_any_of(StepSet::default().with(index))
}

/// Kinds of care. The pack's own kinds of stay are one word: their codes stand at its head.
fn med_types(list: &[String], pack: &Pack, lang: Lang) -> Vec<String> {
    let stays = &pack.counts_as_admission;
    let has_all = 1 < stays.len() && stays.iter().all(|one| list.contains(one));
    let others = list.iter().filter(|one| !(has_all && stays.contains(one)));
    let mut names: Vec<String> = others.map(|one| words::med_type(one, lang)).collect();
    if has_all {
        names.insert(0, pick(lang, "住院", "a stay").to_owned());
    }
    names
}

fn years(table: &Conditions, lang: Lang) -> Vec<String> {
    [
        (table.age, ("年龄", "岁"), "aged"),
        (table.insured_years, ("连续参保", "年"), "insured for years"),
        (table.ordinal, ("年内第", "次住院"), "admission of the year"),
    ]
    .into_iter()
    .filter_map(|(bounds, (zh, unit), en)| {
        let range = range(bounds, lang)?;
        Some(match lang {
            Lang::Zh => format!("{zh} {range} {unit}"),
            Lang::En => format!("{en} {range}"),
        })
    })
    .collect()
}

fn range(bounds: Bounds, lang: Lang) -> Option<String> {
    match (bounds.from, bounds.to, lang) {
        (None, None, _) => None,
        (Some(from), Some(to), _) if from == to => Some(from.to_string()),
        (Some(from), Some(to), Lang::Zh) => Some(format!("{from} 至 {to}")),
        (Some(from), Some(to), Lang::En) => Some(format!("{from} to {to}")),
        (Some(from), None, Lang::Zh) => Some(format!("不小于 {from}")),
        (Some(from), None, Lang::En) => Some(format!("{from} or more")),
        (None, Some(to), Lang::Zh) => Some(format!("不大于 {to}")),
        (None, Some(to), Lang::En) => Some(format!("{to} or less")),
    }
}
