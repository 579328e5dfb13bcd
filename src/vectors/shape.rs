//! From answers to the shape of a scenario's expectation, and what differs.

use crate::proto;
use crate::proto::step_result::Basis;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// A quote.
pub(super) fn quote(statement: &proto::Statement) -> Value {
    json!({ "result": result(statement) })
}

/// A settlement.
pub(super) fn settlement(record: &proto::SettlementRecord) -> Value {
    let statement = record.statement.as_ref().map(result);
    json!({ "result": statement, "accumulators": accumulators(record.accumulators.as_ref()) })
}

/// A reversal.
pub(super) fn reversal(reversal: &proto::Reversal) -> Value {
    json!({ "accumulators": accumulators(reversal.accumulators.as_ref()) })
}

/// An opening balance.
pub(super) fn opening(opening: &proto::Opening) -> Value {
    json!({ "accumulators": accumulators(opening.accumulators.as_ref()) })
}

/// A refusal: that it is one, and for moved amounts and later entries what it says.
pub(super) fn refusal(refusal: &proto::Refusal) -> Value {
    let mut shape = json!({ "refused": refusal.name });
    if !refusal.patient_pay.is_empty() {
        shape["patient_pay"] = json!(refusal.patient_pay);
        shape["version"] = json!(refusal.version);
    }
    if refusal.code == 408 {
        shape["later"] = refusal.entries.iter().map(|entry| json!(entry.id)).collect();
    }
    shape
}

/// An eligibility query.
pub(super) fn eligibility(reply: &proto::EligibilityReply) -> Value {
    let pack = reply.pack.clone().unwrap_or_default();
    let year = reply.accumulators.as_ref();
    json!({ "eligibility": {
        "pack": pack.id,
        "effective_from": pack.effective_from,
        "benefit_year": reply.benefit_year,
        "version": year.map_or(0, |year| year.version),
        "facts": reply.facts.as_ref().map(facts),
        "deposit_exempt": reply.deposit_exempt,
        "accumulators": accumulators(year),
    } })
}

fn result(statement: &proto::Statement) -> Value {
    let pack = statement.pack.clone().unwrap_or_default();
    let warning = |one: &proto::Warning| match one.code.as_str() {
        "" => one.kind.clone(),
        code => format!("{}:{code}", one.kind),
    };
    let mut warnings: Vec<String> = statement.warnings.iter().map(warning).collect();
    warnings.sort();
    let mut shape = json!({
        "pack": pack.id,
        "effective_from": pack.effective_from,
        "benefit_year": statement.benefit_year,
        "version": statement.version,
        "facts": statement.facts.as_ref().map(facts),
        "deposit_exempt": statement.deposit_exempt,
        "total": statement.total,
        "parts": parts(statement.parts.as_ref()),
        "warnings": warnings,
        "checks": statement.checks.iter().map(check).collect::<Vec<_>>(),
        "steps": statement.steps.iter().map(step).collect::<Vec<_>>(),
        "patient_pay": statement.patient_pay,
        "summary": {
            "payments": statement.payments,
            "facility_borne": statement.facility_borne,
            "by_payer": statement
                .by_payer
                .iter()
                .map(|sum| (sum.payer.clone(), json!(sum.amount)))
                .collect::<Map<_, _>>(),
        },
        "account_pay": statement.account_pay,
        "deposit": statement.deposit,
        "cash_due": statement.cash_due,
        "refund": statement.refund,
        "ratios": {
            "actual": or_null(&statement.actual_ratio),
            "policy_scope": or_null(&statement.policy_scope_ratio),
        },
    });
    shape["lines"] = statement.lines.iter().map(line).collect();
    shape
}

fn or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

fn facts(facts: &proto::Facts) -> Value {
    let mut identities: Vec<&str> = facts.identities.iter().map(|one| one.key.as_str()).collect();
    identities.sort_unstable();
    json!({
        "identities": identities,
        "locality": or_null(&facts.locality),
        "compliant": facts.compliant,
        "ordinal": facts.ordinal,
        "age": facts.age,
        "insured_years": facts.insured_years,
    })
}

fn parts(parts: Option<&proto::Parts>) -> Value {
    let parts = parts.cloned().unwrap_or_default();
    json!({
        "in_scope": parts.in_scope,
        "copay_first": parts.copay_first,
        "over_limit": parts.over_limit,
        "own_expense": parts.own_expense,
        "facility_borne": parts.facility_borne,
    })
}

fn line(line: &proto::LineResult) -> Value {
    let reason = match line.reason.as_str() {
        "class" => format!("class {}", line.class),
        reason => reason.to_owned(),
    };
    json!({ "id": line.id, "reason": reason, "parts": parts(line.parts.as_ref()) })
}

fn check(check: &proto::CheckResult) -> Value {
    json!({
        "id": check.id,
        "measured": check.measured,
        "excess": or_null(&check.excess),
        "moved": check.moved,
    })
}

fn step(step: &proto::StepResult) -> Value {
    let mut shape = json!({
        "id": step.id,
        "kind": step.kind,
        "payer": step.payer,
        "fund": step.fund,
        "status": if step.ran { "run" } else { "skipped" },
        "payment": step.payment,
    });
    if !step.ran {
        return shape;
    }
    shape["from"] = parts(step.from.as_ref());
    shape["uncapped"] = json!(step.uncapped);
    shape["cap"] = step.cap.as_ref().map_or(Value::Null, |cap| or_null(&cap.bound));
    shape["financing"] = step
        .financing
        .iter()
        .map(|piece| json!({ "from": piece.from, "amount": piece.amount }))
        .collect();
    let basis = match &step.basis {
        Some(Basis::Share(trace)) => share(trace),
        Some(Basis::Floor(trace)) => floor(trace),
        None => json!({}),
    };
    for (name, value) in basis.as_object().into_iter().flatten() {
        shape[name] = value.clone();
    }
    shape
}

fn share(trace: &proto::ShareTrace) -> Value {
    let segments = trace.segments.iter().map(
        |segment| json!({ "amount": segment.amount, "rate": segment.rate, "pays": segment.pays }),
    );
    json!({
        "eligible": trace.eligible,
        "matched": trace.matched,
        "deductible": {
            "nominal": trace.nominal,
            "adjusted": trace.adjusted,
            "chain": or_null(&trace.chain),
            "paid_before": trace.chain_before,
            "met": trace.met,
        },
        "segments": segments.collect::<Vec<_>>(),
    })
}

fn floor(trace: &proto::FloorTrace) -> Value {
    json!({
        "measured": trace.measured,
        "remaining": trace.owed,
        "matched": trace.matched,
        "ratio": or_null(&trace.ratio),
        "patient_at_most": or_null(&trace.patient_at_most),
        "limit": or_null(&trace.limit),
        "reached": or_null(&trace.reached),
        "shortfall": or_null(&trace.shortfall),
    })
}

fn accumulators(accumulators: Option<&proto::Accumulators>) -> Value {
    let Some(year) = accumulators else { return Value::Null };
    let mut steps = Map::new();
    for step in &year.steps {
        let year = json!({
            "eligible": step.eligible,
            "paid": step.paid,
            "allowed": step.allowed,
            "measured": step.measured,
            "remaining": step.remaining,
        });
        steps.insert(step.step.clone(), year);
    }
    let mut chains = json!({});
    for chain in &year.chains {
        chains[&chain.step][&chain.chain] = json!(chain.met);
    }
    json!({
        "version": year.version,
        "admissions": year.admissions,
        "total": year.total,
        "parts": parts(year.parts.as_ref()),
        "patient_pay": year.patient_pay,
        "steps": steps,
        "chains": chains,
    })
}

/// What of the expectation the answer does not meet. An absent sum is 0, an absent list empty; the codes of refusals are
/// everybody's own, and sources are not ordered, so neither is compared.
pub(super) fn differences(expected: &Value, got: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut expected = expected.clone();
    if let Some(Value::Array(warnings)) = expected.pointer_mut("/result/warnings") {
        warnings.sort_by_key(ToString::to_string);
    }
    let expected = &expected;
    if let (Some(code), true) = (expected.get("refused"), got.get("refused").is_some()) {
        if code == "moved" || code == "later-stand" {
            compare(expected, got, "", &mut found);
        }
        return found;
    }
    compare(expected, got, "", &mut found);
    found
}

/// Keys whose values are everybody's own.
const NOT_COMPARED: [&str; 2] = ["refused", "sources"];

fn compare(expected: &Value, got: &Value, path: &str, found: &mut Vec<String>) {
    match (expected, got) {
        (Value::Object(a), Value::Object(b)) => {
            if a.contains_key("refused") != b.contains_key("refused") {
                found.push(format!("`{path}` expected {expected}, got {got}"));
                return;
            }
            for name in a.keys().chain(b.keys().filter(|name| !a.contains_key(*name))) {
                if NOT_COMPARED.contains(&name.as_str()) {
                    continue;
                }
                let of = |map: &Map<String, Value>| map.get(name).cloned().unwrap_or(Value::Null);
                compare(&of(a), &of(b), &format!("{path}.{name}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                compare(a, b, &format!("{path}[{index}]"), found);
            }
        }
        (a, b) if nothing(a) && nothing(b) => {}
        (a, b) if a == b || is_same_number(a, b) => {}
        (a, b) => found.push(format!("`{path}` expected {a}, got {b}")),
    }
}

fn nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => !text.is_empty() && text.bytes().all(|byte| b"0.".contains(&byte)),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(nothing),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn is_same_number(a: &Value, b: &Value) -> bool {
    let plain = |value: &Value| {
        let text = value.as_str()?;
        let numeric = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        (numeric && text.contains('.'))
            .then(|| text.trim_end_matches('0').trim_end_matches('.').to_owned())
    };
    plain(a).is_some_and(|a| plain(b) == Some(a))
}
