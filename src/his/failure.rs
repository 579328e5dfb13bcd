//! What a HIS is told when something is refused or fails: one Chinese sentence that says what to do, from the refusal or the
//! fault, here and nowhere else.

use crate::metrics;
use crate::refusal::Lang;
use crate::refusal::Refusal;
use crate::service::Failure;
use crate::store::fault::Fault;
use crate::store::fault::chain;
use crate::traces;

/// The longest `err_msg`. Unit: signs.
const SIGNS_MAX: usize = 200;

/// How the service calls a field, and how a HIS does; the end of a longer name counts.
const FIELDS: &[(&str, &str)] = &[
    ("admission.admitted_on", "begntime"),
    ("admission.discharged_on", "dscgTime"),
    ("admission.person", "psn_no"),
    ("admission.facility", "fixmedins_code"),
    ("admission.med_type", "med_type"),
    ("admission.id", "mdtrt_id"),
    ("admission.referral", "IPT_TYPE"),
    ("admission.diagnoses", "diag_code"),
    ("bill.total", "medfee_sumamt"),
    ("account_pay", "acct_pay"),
    ("writer.request_id", "msgid"),
    ("writer.facility", "fixmedins_code"),
    ("writer.operator", "opter"),
    ("writer.terminal", "dev_no"),
    ("].code", "med_list_codg"),
    ("].category", "med_chrgitm_type"),
    ("].quantity", "cnt"),
    ("].price", "pric"),
    ("].amount", "det_item_fee_sumamt"),
];

/// The sentence for a failure.
pub(super) fn message(failure: &Failure) -> String {
    match failure {
        Failure::Refusal(refusal) => {
            metrics::refused(refusal.code());
            traces::refused(refusal.code());
            of_refusal(refusal)
        }
        Failure::Fault(fault) => of_fault(fault),
    }
}

fn of_refusal(refusal: &Refusal) -> String {
    let mut known = refusal.clone();
    if let Refusal::Malformed { field, .. } | Refusal::Number { field, .. } = &mut known {
        *field = as_known(field);
    }
    let ending = format!("。{}[{}]", known.advice(Lang::Zh), known.code());
    let room = SIGNS_MAX.saturating_sub(ending.chars().count());
    let sentence = known.sentence(Lang::Zh);
    let cut = if sentence.chars().count() <= room {
        sentence
    } else {
        sentence.chars().take(room.saturating_sub(1)).chain(['…']).collect()
    };
    cut + &ending
}

fn of_fault(fault: &Fault) -> String {
    tracing::error!(error = chain(fault), "a request of the national interface failed");
    if fault.certainly_not_written() {
        "系统暂时无法办理,本次未写入。请稍后用原报文ID重新发送。".to_owned()
    } else {
        "系统暂时无法确认是否已办理。请稍后用原报文ID重新发送,或以 2601 冲正。".to_owned()
    }
}

fn as_known(field: &str) -> String {
    let found = FIELDS.iter().find(|(own, _)| {
        if own.starts_with(']') { field.ends_with(own) } else { field.starts_with(own) }
    });
    match (found, field.split_once("lines[").and_then(|(_, rest)| rest.split_once(']'))) {
        (Some((_, theirs)), Some((index, _))) => {
            let place = index.parse::<u64>().map_or(0, |index| index + 1);
            format!("第 {place} 条明细 {theirs}")
        }
        (Some((_, theirs)), None) => (*theirs).to_owned(),
        (None, _) => field.to_owned(),
    }
}
