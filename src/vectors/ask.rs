//! From a scenario's operations to the contract's messages.

use crate::calendar::Day;
use crate::proto;
use crate::proto::reverse_request::Of;
use crate::service::Service;

use serde_json::Value;

/// A text, or empty.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A list of texts.
pub(super) fn texts(value: &Value) -> Vec<String> {
    list(value).iter().map(text).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn whole(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// Puts persons, facilities and catalogue of a scenario into the registers.
pub(super) async fn fill_registers(service: &Service, scenario: &Value) -> Result<(), String> {
    let writer = |request_id: &str| {
        Some(proto::Writer {
            facility: "registers".to_owned(),
            request_id: request_id.to_owned(),
            ..proto::Writer::default()
        })
    };
    let persons = list(&scenario["persons"]).iter().map(person).collect();
    let persons = proto::PutPersonsRequest {
        writer: writer("persons"),
        persons,
        dry_run: false,
        source: String::new(),
    };
    service.put_persons(persons).await.map_err(|error| error.to_string())?;
    let facilities = list(&scenario["facilities"]).iter().map(facility).collect();
    let facilities = proto::PutFacilitiesRequest {
        writer: writer("facilities"),
        facilities,
        dry_run: false,
        source: String::new(),
    };
    service.put_facilities(facilities).await.map_err(|error| error.to_string())?;
    let items = list(&scenario["catalogue"]).iter().map(item).collect();
    let items = proto::PutItemsRequest {
        writer: writer("items"),
        items,
        dry_run: false,
        source: String::new(),
    };
    service.put_items(items).await.map_err(|error| error.to_string())?;
    Ok(())
}

fn person(value: &Value) -> proto::Person {
    let enrolment = |one: &Value| proto::Enrolment {
        place: text(&one["place"]),
        insutype: text(&one["insutype"]),
        from: text(&one["from"]),
        to: text(&one["to"]),
    };
    let identity = |one: &Value| {
        let key = text(&one["identity"]);
        proto::HeldIdentity {
            identity: if key.is_empty() { text(&one["code"]) } else { key },
            from: text(&one["from"]),
            to: text(&one["to"]),
        }
    };
    proto::Person {
        id: text(&value["id"]),
        birth: text(&value["birth"]),
        enrolments: list(&value["enrolments"]).iter().map(enrolment).collect(),
        identities: list(&value["identities"]).iter().map(identity).collect(),
        ..proto::Person::default()
    }
}

/// A facility is known all the time, and designated on the days that the scenario says.
fn facility(value: &Value) -> proto::Facility {
    let entry = |from: String, to: String, not_designated: bool| proto::FacilityEntry {
        place: text(&value["place"]),
        level: u32::try_from(whole(&value["level"])).unwrap_or_default(),
        tier: text(&value["tier"]),
        tags: texts(&value["tags"]),
        from,
        to,
        not_designated,
    };
    let mut spans: Vec<(String, String)> = list(&value["designated"])
        .iter()
        .map(|span| (text(&span["from"]), text(&span["to"])))
        .collect();
    spans.sort();
    let mut entries = Vec::new();
    let mut from = Some(Day::FIRST);
    for (first, last) in spans {
        let gap_ends = Day::parse(&first).and_then(Day::before);
        if let (Some(gap), Some(ends)) = (from, gap_ends)
            && gap <= ends
        {
            entries.push(entry(gap.to_string(), ends.to_string(), true));
        }
        from = Day::parse(&last).and_then(Day::after);
        entries.push(entry(first, last, false));
    }
    if let Some(from) = from {
        entries.push(entry(from.to_string(), String::new(), true));
    }
    proto::Facility { id: text(&value["id"]), name: String::new(), entries }
}

fn item(value: &Value) -> proto::Item {
    proto::Item {
        code: text(&value["code"]),
        admdvs: text(&value["admdvs"]),
        name: String::new(),
        category: String::new(),
        facts: Some(item_facts(value)),
        from: text(&value["from"]),
        to: text(&value["to"]),
    }
}

fn item_facts(value: &Value) -> proto::ItemFacts {
    proto::ItemFacts {
        class: text(&value["class"]),
        first_copay_rate: text(&value["first_copay_rate"]),
        price_limit: text(&value["price_limit"]),
        tags: texts(&value["tags"]),
    }
}

fn admission(value: &Value) -> proto::Admission {
    proto::Admission {
        id: text(&value["id"]),
        person: text(&value["person"]),
        facility: text(&value["facility"]),
        admitted_on: text(&value["admission_date"]),
        discharged_on: text(&value["discharge_date"]),
        med_type: text(&value["med_type"]),
        referral: text(&value["referral"]),
        diagnoses: texts(&value["diagnoses"]),
        episode: text(&value["episode"]),
        work_injury: false,
    }
}

fn bill(value: &Value) -> proto::Bill {
    let noncompliant = value["noncompliant"].as_bool().unwrap_or(false);
    let (lines, totals) = if value["kind"] == "totals" {
        let totals = proto::Totals {
            parts: Some(parts(&value["parts"])),
            drugs: text(&value["drugs"]),
            class_c_drugs: text(&value["class_c_drugs"]),
        };
        (Vec::new(), Some(totals))
    } else {
        (list(&value["lines"]).iter().map(line).collect(), None)
    };
    proto::Bill { total: text(&value["total"]), noncompliant, lines, totals }
}

fn parts(value: &Value) -> proto::Parts {
    proto::Parts {
        in_scope: text(&value["in_scope"]),
        copay_first: text(&value["copay_first"]),
        over_limit: text(&value["over_limit"]),
        own_expense: text(&value["own_expense"]),
        facility_borne: text(&value["facility_borne"]),
    }
}

fn line(value: &Value) -> proto::Line {
    proto::Line {
        id: text(&value["id"]),
        code: text(&value["code"]),
        category: text(&value["category"]),
        quantity: text(&value["quantity"]),
        price: text(&value["price"]),
        amount: text(&value["amount"]),
        noncompliant: value["noncompliant"].as_bool().unwrap_or(false),
        refund_of: text(&value["refund_of"]),
        facts: value["facts"].is_object().then(|| item_facts(&value["facts"])),
    }
}

fn writer(operation: &Value) -> Option<proto::Writer> {
    Some(proto::Writer {
        facility: text(&operation["facility"]),
        request_id: text(&operation["request_id"]),
        ..proto::Writer::default()
    })
}

/// A quote.
pub(super) fn quote(operation: &Value) -> proto::QuoteRequest {
    proto::QuoteRequest {
        admission: Some(admission(&operation["admission"])),
        bill: Some(bill(&operation["bill"])),
        account_pay: text(&operation["account_pay"]),
        deposit: text(&operation["deposit"]),
        asked: text(&operation["asked"]),
        amounts_only: false,
    }
}

/// A settlement.
pub(super) fn settle(operation: &Value) -> proto::SettleRequest {
    proto::SettleRequest {
        writer: writer(operation),
        admission: Some(admission(&operation["admission"])),
        bill: Some(bill(&operation["bill"])),
        account_pay: text(&operation["account_pay"]),
        deposit: text(&operation["deposit"]),
        expected_patient_pay: text(&operation["expected_patient_pay"]),
        expected_version: operation["expected_version"].as_u64(),
        ..proto::SettleRequest::default()
    }
}

/// A reversal of an admission's settlement or of an opening balance.
pub(super) fn reverse(operation: &Value, of: String, is_opening: bool) -> proto::ReverseRequest {
    let of = if is_opening { Of::Opening(of) } else { Of::Admission(of) };
    proto::ReverseRequest { writer: writer(operation), of: Some(of), reason: String::new() }
}

/// An eligibility query.
pub(super) fn eligibility(operation: &Value) -> proto::EligibilityRequest {
    proto::EligibilityRequest {
        person: text(&operation["person"]),
        facility: text(&operation["facility"]),
        asked: text(&operation["asked"]),
        med_type: text(&operation["med_type"]),
        referral: text(&operation["referral"]),
        diagnoses: texts(&operation["diagnoses"]),
    }
}

/// An opening balance.
pub(super) fn opening(operation: &Value) -> proto::LoadOpeningRequest {
    let balances = &operation["balances"];
    let of = |name: &str| balances[name].as_object().into_iter().flatten();
    let step = |(step, year): (&String, &Value)| proto::StepYear {
        step: step.clone(),
        eligible: text(&year["eligible"]),
        paid: text(&year["paid"]),
        allowed: text(&year["allowed"]),
        measured: text(&year["measured"]),
        remaining: text(&year["remaining"]),
    };
    let mut chains = Vec::new();
    for (step, of_step) in of("chains") {
        for (chain, met) in of_step.as_object().into_iter().flatten() {
            let (step, chain, met) = (step.clone(), chain.clone(), text(met));
            chains.push(proto::ChainYear { step, chain, met });
        }
    }
    let year = operation["benefit_year"].as_i64().and_then(|year| i32::try_from(year).ok());
    proto::LoadOpeningRequest {
        writer: writer(operation),
        id: text(&operation["id"]),
        person: text(&operation["person"]),
        insutype: text(&operation["insutype"]),
        family: text(&operation["pack"]),
        benefit_year: year.unwrap_or_default(),
        balances: Some(proto::Accumulators {
            version: 0,
            admissions: whole(&balances["admissions"]),
            total: text(&balances["total"]),
            parts: Some(parts(&balances["parts"])),
            patient_pay: text(&balances["patient_pay"]),
            steps: of("steps").map(step).collect(),
            chains,
        }),
    }
}
