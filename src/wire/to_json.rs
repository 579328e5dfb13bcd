//! The amounts of a statement in the contract's JSON form, without a message in between: quotes by the million spend most of their
//! time on messages otherwise. What is written here is byte for byte what the message of [`to_bytes::statement`] is in JSON.
//!
//! [`to_bytes::statement`]: crate::wire::to_bytes::statement

use crate::bill::Part;
use crate::bill::Parts;
use crate::money::Money;
use crate::situation::Situation;
use crate::statement::Statement;
use crate::wire::warning;

use std::fmt::Display;

/// The name of a member, as it is written before its value.
macro_rules! name {
    ($name:literal) => {
        concat!("\"", $name, "\":")
    };
}

/// Writes a `QuoteManyReply` of one statement with amounts only.
pub fn quoted(statement: &Statement<'_>, situation: &Situation<'_>, out: &mut Vec<u8>) {
    let mut json = Json { out };
    json.braced(|json| json.object(name!("statement"), |json| amounts(json, statement, situation)));
}

fn amounts(json: &mut Json<'_>, statement: &Statement<'_>, situation: &Situation<'_>) {
    json.object(name!("pack"), |json| {
        json.text(name!("id"), &situation.pack.id);
        json.shown(name!("effectiveFrom"), situation.pack.span.from);
        json.text(name!("digest"), &situation.pack.digest);
    });
    if situation.key.benefit_year != 0 {
        json.bare(name!("benefitYear"), situation.key.benefit_year);
    }
    // A number of 64 bits is a string in this form.
    if statement.version != 0 {
        json.shown(name!("version"), statement.version);
    }
    json.flag(name!("depositExempt"), statement.deposit_exempt.is_some());
    json.money(name!("total"), statement.total);
    json.object(name!("parts"), |json| parts(json, &statement.parts));
    json.list(name!("checks"), &statement.checks, |json, result| {
        json.text(name!("id"), &result.check.value.id);
        json.flag(name!("measured"), result.found.is_some());
        if let Some(found) = result.found {
            json.money(name!("excess"), found.excess);
        }
        json.money(name!("moved"), result.moved);
    });
    json.list(name!("warnings"), &statement.warnings, |json, warning| {
        let (kind, code) = warning::name(warning);
        json.word(name!("kind"), kind);
        json.text(name!("code"), code);
    });
    json.list(name!("steps"), &statement.steps, |json, result| {
        json.text(name!("id"), &result.step.id);
        json.word(name!("payer"), result.step.payer.name());
        json.text(name!("fund"), &result.step.fund);
        json.flag(name!("ran"), result.run.is_some());
        json.money(name!("payment"), result.payment());
    });
    json.money(name!("patientPay"), statement.patient_pay);
    json.money(name!("payments"), statement.summary.payments);
    json.money(name!("facilityBorne"), statement.summary.facility_borne);
    json.list(name!("byPayer"), &statement.summary.by_payer, |json, (payer, amount)| {
        json.word(name!("payer"), payer.name());
        json.money(name!("amount"), *amount);
    });
    json.money(name!("accountPay"), statement.account_pay);
    json.money(name!("deposit"), statement.deposit);
    json.money(name!("cashDue"), statement.cash_due);
    json.money(name!("refund"), statement.refund);
    if let Some(ratio) = statement.actual_ratio {
        json.shown(name!("actualRatio"), ratio);
    }
    if let Some(ratio) = statement.policy_scope_ratio {
        json.shown(name!("policyScopeRatio"), ratio);
    }
}

fn parts(json: &mut Json<'_>, parts: &Parts) {
    json.money(name!("inScope"), parts[Part::InScope]);
    json.money(name!("copayFirst"), parts[Part::CopayFirst]);
    json.money(name!("overLimit"), parts[Part::OverLimit]);
    json.money(name!("ownExpense"), parts[Part::OwnExpense]);
    json.money(name!("facilityBorne"), parts[Part::FacilityBorne]);
}

/// Writes members of an object. Each leaves a comma behind, and the end of its object takes the last one off. What holds the
/// default of its type is left out, as the contract's JSON form does.
struct Json<'o> {
    out: &'o mut Vec<u8>,
}

impl Json<'_> {
    fn name(&mut self, name: &'static str) {
        self.out.extend_from_slice(name.as_bytes());
    }

    /// A word of the contract, which needs no escapes.
    fn word(&mut self, name: &'static str, word: &'static str) {
        self.name(name);
        self.out.push(b'"');
        self.out.extend_from_slice(word.as_bytes());
        self.out.extend_from_slice(b"\",");
    }

    /// A text that may hold anything.
    fn text(&mut self, name: &'static str, text: &str) {
        if text.is_empty() {
            return;
        }
        self.name(name);
        let is_special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        if text.bytes().fold(false, |any, byte| any | is_special(byte)) {
            // Writing to memory does not fail.
            let _ = serde_json::to_writer(&mut *self.out, text);
        } else {
            self.out.push(b'"');
            self.out.extend_from_slice(text.as_bytes());
            self.out.push(b'"');
        }
        self.out.push(b',');
    }

    /// A value that is shown by digits and signs alone.
    fn shown(&mut self, name: &'static str, value: impl Display) {
        self.name(name);
        self.out.extend_from_slice(format!("\"{value}\",").as_bytes());
    }

    fn bare(&mut self, name: &'static str, number: impl Display) {
        self.name(name);
        self.out.extend_from_slice(format!("{number},").as_bytes());
    }

    fn money(&mut self, name: &'static str, amount: Money) {
        self.name(name);
        self.out.push(b'"');
        amount.write_to(self.out);
        self.out.extend_from_slice(b"\",");
    }

    fn flag(&mut self, name: &'static str, holds: bool) {
        if holds {
            self.name(name);
            self.out.extend_from_slice(b"true,");
        }
    }

    fn object(&mut self, name: &'static str, members: impl FnOnce(&mut Self)) {
        self.name(name);
        self.braced(members);
        self.out.push(b',');
    }

    fn list<T>(&mut self, name: &'static str, items: &[T], members: impl Fn(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.name(name);
        self.out.push(b'[');
        for item in items {
            self.braced(|json| members(json, item));
            self.out.push(b',');
        }
        self.end(b']');
        self.out.push(b',');
    }

    fn braced(&mut self, members: impl FnOnce(&mut Self)) {
        self.out.push(b'{');
        members(self);
        self.end(b'}');
    }

    fn end(&mut self, bracket: u8) {
        if self.out.last() == Some(&b',') {
            self.out.pop();
        }
        self.out.push(bracket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_escaped_and_what_is_empty_is_left_out() {
        let mut out = Vec::new();
        Json { out: &mut out }.braced(|json| {
            json.text(name!("a"), "甲 \"quoted\" \\ \u{1}\n");
            json.text(name!("b"), "");
            json.flag(name!("c"), false);
            json.list(name!("d"), &[0; 0], |_, _| ());
            json.money(name!("e"), Money::from_fen(-5));
        });
        let written = String::from_utf8(out).unwrap();
        assert_eq!(written, r#"{"a":"甲 \"quoted\" \\ \u0001\n","e":"-0.05"}"#);
    }
}
