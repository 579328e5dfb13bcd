//! What a case is given, in one line of the case format, so that an author can put it in a file and work it.

use crate::bill::Charges;
use crate::bill::Class;
use crate::bill::Line;
use crate::bill::Part;
use crate::bill::Parts;
use crate::cases::Given;
use crate::money::Exact;
use crate::money::Money;

use std::fmt::Write;

/// Writes it as an inline table; what stands there by default is left out.
pub fn line(given: &Given) -> String {
    let mut keys = Vec::new();
    if !given.switch_on.is_empty() {
        keys.push(format!("switch_on = {}", texts(&given.switch_on)));
    }
    keys.push(format!("person = {}", person(given)));
    keys.push(format!("facility = {}", facility(given)));
    keys.push(format!("admission = {}", admission(given)));
    keys.push(bill(given));
    let year = year(given);
    if !year.is_empty() {
        keys.push(format!("year = {}", table(year)));
    }
    table(keys)
}

fn table(keys: Vec<String>) -> String {
    format!("{{ {} }}", keys.join(", "))
}

/// A basic string of TOML.
fn text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' | '\\' => quoted.extend(['\\', sign]),
            // Writing to a `String` cannot fail.
            _ if sign.is_control() => drop(write!(quoted, "\\u{:04X}", u32::from(sign))),
            _ => quoted.push(sign),
        }
    }
    quoted + "\""
}

fn texts(list: &[String]) -> String {
    format!("[{}]", list.iter().map(|one| text(one)).collect::<Vec<_>>().join(", "))
}

fn person(given: &Given) -> String {
    let person = &given.person;
    let mut keys = Vec::new();
    if let Some(enrolment) = person.enrolments.first() {
        keys.push(format!("place = \"{}\"", enrolment.place));
        keys.push(format!("insutype = {}", text(&enrolment.insutype)));
        keys.push(format!("insured_from = {}", enrolment.span.from));
    }
    keys.push(format!("birth = {}", person.birth));
    let held: Vec<String> = person.identities.iter().map(|one| one.identity.clone()).collect();
    if !held.is_empty() {
        keys.push(format!("identities = {}", texts(&held)));
    }
    table(keys)
}

fn facility(given: &Given) -> String {
    let mut keys = Vec::new();
    if let Some(entry) = given.facility.entries.first() {
        keys.push(format!("place = \"{}\"", entry.place));
        keys.push(format!("level = {}", entry.level));
        keys.push(format!("tier = \"{}\"", entry.tier.name()));
        if !entry.tags.is_empty() {
            keys.push(format!("tags = {}", texts(&entry.tags)));
        }
    }
    table(keys)
}

fn admission(given: &Given) -> String {
    let admission = &given.admission;
    let mut keys = vec![
        format!("admitted = {}", admission.admitted_on),
        format!("discharged = {}", admission.discharged_on),
    ];
    keys.extend(admission.med_type.iter().map(|one| format!("med_type = {}", text(one))));
    keys.push(format!("referral = \"{}\"", admission.referral.name()));
    if !admission.diagnoses.is_empty() {
        keys.push(format!("diagnoses = {}", texts(&admission.diagnoses)));
    }
    keys.extend(admission.episode.iter().map(|one| format!("episode = {}", text(one))));
    table(keys)
}

fn bill(given: &Given) -> String {
    match &given.bill.charges {
        Charges::Totals { parts, drugs } => {
            let mut keys = amounts(parts);
            if let Some(drugs) = drugs {
                keys.push(format!("drugs = \"{}\"", drugs.all));
                keys.push(format!("class_c_drugs = \"{}\"", drugs.class_c));
            }
            if given.bill.noncompliant {
                keys.push("noncompliant = true".to_owned());
            }
            format!("bill = {}", table(keys))
        }
        Charges::Lines(lines) => {
            let lines: Vec<String> = lines.iter().map(of_line).collect();
            format!("line = [{}]", lines.join(", "))
        }
    }
}

fn amounts(parts: &Parts) -> Vec<String> {
    let charged = Part::ALL.into_iter().filter(|part| !parts[*part].is_zero());
    charged.map(|part| format!("{} = \"{}\"", part.name(), parts[part])).collect()
}

fn of_line(line: &Line) -> String {
    let mut keys =
        vec![format!("id = {}", text(&line.id)), format!("category = {}", text(&line.category))];
    if let Some(facts) = &line.facts {
        keys.push(format!("class = \"{}\"", facts.class.letter()));
        if let Class::B(rate) = facts.class {
            keys.push(format!("first_copay_rate = \"{rate}\""));
        }
        keys.extend(facts.price_limit.map(|limit| format!("price_limit = \"{limit}\"")));
        if !facts.tags.is_empty() {
            keys.push(format!("tags = {}", texts(&facts.tags)));
        }
    }
    keys.push(format!("quantity = \"{}\"", line.quantity));
    keys.push(format!("price = \"{}\"", line.price));
    keys.push(format!("amount = \"{}\"", line.amount));
    if line.noncompliant {
        keys.push("noncompliant = true".to_owned());
    }
    keys.extend(line.refund_of.iter().map(|one| format!("refund_of = {}", text(one))));
    table(keys)
}

/// The keys of the year so far; none where it has nothing.
fn year(given: &Given) -> Vec<String> {
    let sums = &given.year.sums;
    let mut keys = Vec::new();
    if sums.admissions != 0 {
        keys.push(format!("admissions = {}", sums.admissions));
    }
    let mut steps = Vec::new();
    for (id, year) in &sums.steps {
        let mut figures = Vec::new();
        let mut add = |name: &str, amount: Money| {
            if !amount.is_zero() {
                figures.push(format!("{name} = \"{amount}\""));
            }
        };
        add("eligible", year.eligible);
        add("paid", year.paid);
        add("measured", year.measured);
        add("remaining", year.remaining);
        if year.allowed != Exact::from(year.remaining) {
            figures.push(format!("allowed = \"{}\"", year.allowed));
        }
        steps.push(format!("{} = {}", text(id), table(figures)));
    }
    if !steps.is_empty() {
        keys.push(format!("steps = {}", table(steps)));
    }
    let mut chains = Vec::new();
    for (id, of_step) in &sums.chains {
        let met = of_step.iter().map(|(name, met)| format!("{} = \"{met}\"", text(name)));
        chains.push(format!("{} = {}", text(id), table(met.collect())));
    }
    if !chains.is_empty() {
        keys.push(format!("chains = {}", table(chains)));
    }
    keys
}
