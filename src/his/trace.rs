//! 100001 policy items (政策项): the trace of a settlement in the interface's own words, a row for every deductible, segment and
//! ceiling.

use crate::his::Gateway;
use crate::his::amounts::FourParts;
use crate::his::codes;
use crate::his::codes::FundField;
use crate::his::envelope::Asked;
use crate::his::fields::row;
use crate::his::json::Json;
use crate::his::reply::Replied;
use crate::his::reply::Reply;
use crate::his::settlement::settlement_of;
use crate::money::Money;
use crate::money::Rate;
use crate::proto;
use crate::proto::step_result::Basis;
use crate::refusal::Refusal;
use crate::service::Failure;
use crate::wire::from_proto;

/// A policy item.
struct Item {
    code: String,
    name: String,
    person: String,
    person_share: String,
    fund: String,
    fund_share: String,
    whole: String,
}

/// The codes of a fund's items: deductible, segments, how many segments have a code, and what lies above the ceiling.
fn vocabulary(field: FundField) -> Option<(&'static str, &'static str, usize)> {
    match field {
        FundField::Hifp => Some(("S001", "C00", 4)),
        FundField::Hifmi => Some(("PS01", "PL0", 7)),
        FundField::Hifob => Some(("S001", "L00", 4)),
        FundField::Cvlserv => Some(("GBS1", "GB0", 4)),
        FundField::Hifes | FundField::Maf | FundField::Hifdm | FundField::Other => None,
    }
}

/// 100001
pub(super) fn items_100001(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let record = settlement_of(gateway, asked, data)?;
    let statement = record.statement.clone().unwrap_or_default();
    let request = record.request.clone().unwrap_or_default();
    let admission = request.admission.unwrap_or_default();
    let visit = if request.visit.is_empty() { admission.id } else { request.visit };
    let mut items = Vec::new();
    for step in statement.steps.iter().filter(|step| step.ran) {
        let (field, fund) = codes::fund(&gateway.config, &step.fund);
        of_step(step, field, fund, &mut items)?;
    }
    let parts = FourParts::of(statement.parts.as_ref())?;
    for (code, name, amount) in [
        ("101", "全自费总金额", parts.own),
        ("102", "先支付总金额", parts.first),
        ("103", "超限价总金额", parts.over),
    ] {
        items.push(Item::borne(code, name, amount));
    }
    let rows = items.into_iter().map(|item| {
        Json::object([
            ("setlId", Json::text(record.number.to_string())),
            ("mdtrtId", Json::text(&*visit)),
            ("psnNo", Json::text(&*admission.person)),
            ("polItemCode", Json::text(item.code)),
            ("polItemName", Json::text(item.name)),
            ("selfPayAmt", Json::Number(item.person)),
            ("selfPayProp", Json::Number(item.person_share)),
            ("fundPayAmt", Json::Number(item.fund)),
            ("fundPayProp", Json::Number(item.fund_share)),
            ("polItemPaySum", Json::Number(item.whole)),
        ])
    });
    let output = Json::List(rows.collect());
    Ok(Reply::from(output).showing([admission.person]))
}

impl Item {
    /// What the person bears whole.
    fn borne(code: &str, name: &str, amount: Money) -> Item {
        Item {
            code: code.to_owned(),
            name: name.to_owned(),
            person: amount.text(),
            person_share: "1".to_owned(),
            fund: "0".to_owned(),
            fund_share: "0".to_owned(),
            whole: amount.text(),
        }
    }
}

fn of_step(
    step: &proto::StepResult,
    field: FundField,
    fund: &str,
    items: &mut Vec<Item>,
) -> Result<(), Failure> {
    let title = step.title.as_ref().map_or("", |title| title.zh.as_str());
    let amount = |text: &str| from_proto::money(text, "amount");
    let paid = amount(&step.payment)?;
    let words = vocabulary(field);
    match &step.basis {
        Some(Basis::Share(share)) => {
            let (deductible, segment, segments) = words.unwrap_or((fund, "", 0));
            let met = amount(&share.met)?;
            if !met.is_zero() {
                items.push(Item::borne(deductible, &format!("{title}起付标准"), met));
            }
            for (index, one) in share.segments.iter().enumerate() {
                let within = amount(&one.amount)?;
                if within.is_zero() {
                    continue;
                }
                let named = index < segments;
                let code = if named { format!("{segment}{}", index + 1) } else { fund.to_owned() };
                items.push(Item::segment(
                    code,
                    &format!("{title}第 {} 段", index + 1),
                    one,
                    within,
                )?);
            }
        }
        Some(Basis::Floor(floor)) => {
            let owed = amount(&floor.owed)?;
            items.push(Item {
                code: fund.to_owned(),
                name: title.to_owned(),
                person: owed.less(paid).text(),
                person_share: "0".to_owned(),
                fund: paid.text(),
                fund_share: "0".to_owned(),
                whole: owed.text(),
            });
        }
        None => {}
    }
    let uncapped = amount(&step.uncapped)?;
    if paid < uncapped {
        // 基本医疗超封顶段, in the words of whichever fund it is.
        items.push(Item::borne("EC01", &format!("{title}超封顶"), uncapped - paid));
    }
    Ok(())
}

impl Item {
    fn segment(
        code: String,
        name: &str,
        segment: &proto::Segment,
        within: Money,
    ) -> Result<Item, Refusal> {
        let unreadable =
            |why| Refusal::Number { field: "rate".to_owned(), text: segment.rate.clone(), why };
        let rate = Rate::parse(&segment.rate).map_err(unreadable)?;
        let pays = (within * rate).round2();
        Ok(Item {
            code,
            name: name.to_owned(),
            person: (within - pays).text(),
            person_share: rate.complement().to_string(),
            fund: pays.text(),
            fund_share: rate.to_string(),
            whole: within.text(),
        })
    }
}
