//! Fee lines: 2301 upload, 2302 deletion, 5204 query.

use crate::bill::LINES_MAX;
use crate::his::Gateway;
use crate::his::amounts::FourParts;
use crate::his::amounts::number;
use crate::his::codes;
use crate::his::envelope::Asked;
use crate::his::fields::Fields;
use crate::his::fields::kept;
use crate::his::fields::malformed;
use crate::his::fields::row;
use crate::his::fields::some_rows;
use crate::his::json::Json;
use crate::his::reply::Replied;
use crate::his::reply::Reply;
use crate::his::settlement::person_of;
use crate::his::settlement::settlement_of;
use crate::his::visit::same_person;
use crate::id::PersonId;
use crate::money::Money;
use crate::proto;
use crate::refusal::Refusal;
use crate::service::Failure;
use crate::service::visit::Kept;
use crate::service::visit::Upload;
use crate::wire::from_proto;
use crate::wire::to_proto;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Fields of a line that have a place of their own in what is kept.
const KNOWN: &[&str] = &[
    "feedetl_sn",
    "init_feedetl_sn",
    "mdtrt_id",
    "psn_no",
    "fee_ocur_time",
    "med_list_codg",
    "det_item_fee_sumamt",
    "cnt",
    "pric",
];

const OF_A_VISIT: (&str, &str) = ("the same in all rows", "每行相同的就诊ID");
const A_REFUND: (&str, &str) =
    ("the line that this refund takes back", "退费明细须填写被退的费用明细流水号");
/// No limit of the price, as platforms write it.
const NO_LIMIT: &str = "999999";

/// The visit that all rows name.
fn one_visit<'j>(rows: &[Fields<'j>]) -> Result<&'j str, Refusal> {
    let mut ids = rows.iter().map(|row| row.given("mdtrt_id"));
    let first = ids.next().unwrap_or_else(|| Err(malformed("mdtrt_id", OF_A_VISIT)))?;
    for id in ids {
        if id? != first {
            return Err(malformed("mdtrt_id", OF_A_VISIT));
        }
    }
    Ok(first)
}

/// 2301
pub(super) async fn upload_2301(gateway: &Gateway, asked: &Asked) -> Replied {
    let rows = some_rows(&asked.input, "feedetail")?;
    if LINES_MAX < rows.len() {
        return Err(Refusal::TooMany { what: "feedetail".to_owned(), max: LINES_MAX }.into());
    }
    let id = one_visit(&rows)?;
    let visit = gateway.service.visit(&asked.facility, id)?;
    for row in &rows {
        same_person(*row, &visit.visit)?;
    }
    let lines = read(gateway, &visit, &rows)?;
    let classified = classify(gateway, asked, &visit, &lines)?;
    let upload = Upload { lines };
    gateway.service.upload_lines(&gateway.writing(asked, id), &upload).await?;
    let results = upload.lines.iter().filter_map(|line| classified.row(line.line.as_ref()?));
    Ok(Json::object([("result", Json::List(results.collect()))]).into())
}

/// Lines in the form in which they are kept.
fn read(
    gateway: &Gateway,
    visit: &Kept,
    rows: &[Fields<'_>],
) -> Result<Vec<proto::FeeLine>, Failure> {
    let mut lines = Vec::new();
    for row in rows {
        let refund_of = row.text_or_empty("init_feedetl_sn");
        let quantity = row.number("cnt").unwrap_or_default();
        if quantity.starts_with('-') && refund_of.is_empty() {
            return Err(malformed("init_feedetl_sn", A_REFUND).into());
        }
        let line = proto::Line {
            id: row.given("feedetl_sn")?.to_owned(),
            code: row.given("med_list_codg")?.to_owned(),
            category: row.text_or_empty("med_chrgitm_type"),
            quantity: quantity.to_owned(),
            price: row.number("pric").unwrap_or_default().to_owned(),
            amount: row.number("det_item_fee_sumamt").unwrap_or_default().to_owned(),
            refund_of,
            ..proto::Line::default()
        };
        lines.push(proto::FeeLine {
            line: Some(line),
            occurred_at: row.time("fee_ocur_time")?,
            other: row.others(KNOWN)?,
        });
    }
    let day = visit.last_day(&lines)?;
    let person = PersonId::parse(&visit.visit.person).ok_or(Refusal::UnknownPerson)?;
    let codes: BTreeSet<&str> =
        lines.iter().flat_map(|line| &line.line).map(|line| line.code.as_str()).collect();
    let items = gateway.service.items_on(&person, day, &codes)?;
    for line in lines.iter_mut().flat_map(|line| &mut line.line) {
        if line.category.is_empty() {
            let listed = items.get(&line.code).and_then(|item| item.category.clone());
            line.category = listed.unwrap_or_else(|| codes::category(&line.code).to_owned());
        }
    }
    // Read as the service reads bills, and kept in its one form.
    let bill = proto::Bill {
        lines: lines.iter().filter_map(|line| line.line.clone()).collect(),
        ..proto::Bill::default()
    };
    let stored = to_proto::bill(&from_proto::bill(Some(&bill))?).lines;
    for (line, stored) in lines.iter_mut().zip(stored) {
        line.line = Some(stored);
    }
    Ok(lines)
}

/// How lines fall: what the quote of a bill of them says. A refund falls as what it takes back would, negated.
struct Classified {
    results: BTreeMap<String, proto::LineResult>,
}

fn classify(
    gateway: &Gateway,
    asked: &Asked,
    visit: &Kept,
    lines: &[proto::FeeLine],
) -> Result<Classified, Failure> {
    let mut seen = BTreeSet::new();
    let mut charged: Vec<proto::FeeLine> = lines.to_vec();
    // A number that stands twice is for the upload to judge.
    charged.retain(|line| line.line.as_ref().is_some_and(|line| seen.insert(line.id.clone())));
    for line in charged.iter_mut().flat_map(|line| &mut line.line) {
        if !line.refund_of.is_empty() {
            line.refund_of.clear();
            line.quantity = line.quantity.trim_start_matches('-').to_owned();
            line.amount = line.amount.trim_start_matches('-').to_owned();
        }
    }
    let day = visit.last_day(lines)?;
    let quote = gateway.service.quote(&visit.quoted(&asked.facility, day, charged))?;
    let results = quote.lines.into_iter().map(|line| (line.id.clone(), line)).collect();
    Ok(Classified { results })
}

impl Classified {
    /// A row of 2301's result.
    fn row(&self, line: &proto::Line) -> Option<Json> {
        let result = self.results.get(&line.id)?;
        let parts = FourParts::of(result.parts.as_ref()).ok()?;
        let mut fields = vec![
            ("feedetl_sn", Json::text(&*line.id)),
            ("det_item_fee_sumamt", Json::Number(line.amount.clone())),
            ("cnt", Json::Number(line.quantity.clone())),
            ("pric", Json::Number(line.price.clone())),
        ];
        fields.extend(fall(line, result, parts));
        fields.extend([("memo", Json::text(reason(result))), ("exp_content", Json::text(""))]);
        Some(Json::Object(fields.into_iter().map(|(name, value)| (name.into(), value)).collect()))
    }
}

fn reason(result: &proto::LineResult) -> &'static str {
    match result.reason.as_str() {
        "noncompliant" => "不合规,由医院负担",
        "waiver" => "政策减免,由医院负担",
        _ if result.listed.is_none() => "目录中没有该项目,按丙类全自费",
        _ => "",
    }
}

/// The fields that say how a line fell, of 2301 and 5204 alike.
fn fall(
    line: &proto::Line,
    result: &proto::LineResult,
    parts: FourParts,
) -> Vec<(&'static str, Json)> {
    let refund = !line.refund_of.is_empty();
    let amount = |money: Money| number(if refund { Money::ZERO - money } else { money });
    let listed = result.listed.clone().unwrap_or_default();
    let class = if result.class.is_empty() { listed.class.as_str() } else { result.class.as_str() };
    let share = match (class, result.first_copay_rate.as_str()) {
        ("B", rate) if !rate.is_empty() => rate,
        ("A", _) => "0",
        _ => "1",
    };
    let limit = if listed.price_limit.is_empty() { NO_LIMIT } else { &listed.price_limit };
    let flag = |name, tag: &str| {
        let has = listed.tags.iter().any(|one| one == tag);
        (name, Json::text(if has { "1" } else { "0" }))
    };
    vec![
        ("pric_uplmt_amt", Json::Number(limit.to_owned())),
        ("selfpay_prop", Json::Number(share.to_owned())),
        ("fulamt_ownpay_amt", amount(parts.own)),
        ("overlmt_amt", amount(parts.over)),
        ("preselfpay_amt", amount(parts.first)),
        ("inscp_scp_amt", amount(parts.in_scope)),
        ("chrgitm_lv", Json::text(codes::class(class))),
        ("med_chrgitm_type", Json::text(&*line.category)),
        flag("bas_medn_flag", "essential_drug"),
        flag("hi_nego_drug_flag", "negotiated_drug"),
        flag("chld_medc_flag", "child_drug"),
        flag("list_sp_item_flag", "special_item"),
        ("lmt_used_flag", Json::text("0")),
        ("drt_reim_flag", Json::text("0")),
    ]
}

/// 2302
pub(super) async fn delete_2302(gateway: &Gateway, asked: &Asked) -> Replied {
    let rows = some_rows(&asked.input, "data")?;
    let id = one_visit(&rows)?;
    let visit = gateway.service.visit(&asked.facility, id)?;
    let mut lines = Vec::new();
    for row in &rows {
        same_person(*row, &visit.visit)?;
        lines.push(row.given("feedetl_sn")?.to_owned());
    }
    gateway.service.delete_lines(&gateway.writing(asked, id), &lines).await?;
    Ok(Reply::nothing())
}

/// 5204: of a settlement if one is named, else the open lines of the visit.
pub(super) fn lines_5204(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let id = data.given("mdtrt_id")?;
    let mut persons = Vec::new();
    let (number, results, billed) = match data.text("setl_id") {
        Some(_) => {
            let settlement = settlement_of(gateway, asked, data)?;
            persons.extend(person_of(&settlement).map(str::to_owned));
            let bill = settlement.request.and_then(|request| request.bill).unwrap_or_default();
            let results = settlement.statement.map(|statement| statement.lines);
            (settlement.number.to_string(), results.unwrap_or_default(), Some(bill.lines))
        }
        None => (String::new(), Vec::new(), None),
    };
    let kept_lines = match gateway.service.visit(&asked.facility, id) {
        Ok(visit) => {
            same_person(data, &visit.visit)?;
            persons.push(visit.visit.person);
            gateway.service.fee_lines(&asked.facility, id)?
        }
        // One settled over the contract has no visit here.
        Err(_) if billed.is_some() => Vec::new(),
        Err(unknown) => return Err(unknown),
    };
    let by_id = |line: proto::FeeLine| Some((line.line.as_ref()?.id.clone(), line));
    let kept_lines: BTreeMap<_, _> = kept_lines.into_iter().filter_map(by_id).collect();
    let lines: Vec<proto::Line> = match billed {
        Some(lines) => lines,
        None => kept_lines.values().filter_map(|line| line.line.clone()).collect(),
    };
    let results = match results.is_empty() && !lines.is_empty() {
        true => shown_results(gateway, asked, id, &kept_lines)?,
        false => results.into_iter().map(|line| (line.id.clone(), line)).collect(),
    };
    let row = |line: &proto::Line| {
        let kept_line = kept_lines.get(&line.id).cloned().unwrap_or_default();
        let said = |name: &str| Json::text(kept(&kept_line.other, name));
        // A line that was refunded whole has no result of its own.
        let result = results.get(&line.id).cloned().unwrap_or_default();
        let parts = FourParts::of(result.parts.as_ref())?;
        let mut fields = vec![
            ("mdtrt_id", Json::text(id)),
            ("setl_id", Json::text(&*number)),
            ("feedetl_sn", Json::text(&*line.id)),
            ("init_feedetl_sn", Json::text(&*line.refund_of)),
            ("rx_drord_no", said("drord_no")),
            ("med_type", said("med_type")),
            ("fee_ocur_time", Json::text(&*kept_line.occurred_at)),
            ("cnt", Json::Number(line.quantity.clone())),
            ("pric", Json::Number(line.price.clone())),
            ("det_item_fee_sumamt", Json::Number(line.amount.clone())),
            ("hilist_code", Json::text(&*line.code)),
            ("hilist_name", Json::text("")),
            ("list_type", Json::text("")),
            ("med_list_codg", Json::text(&*line.code)),
            ("medins_list_name", said("medins_list_name")),
            ("prodname", said("prodname")),
            ("spec", said("spec")),
            ("dosform_name", said("dosform_name")),
        ];
        fields.extend(fall(line, &result, parts));
        for name in AS_SAID {
            fields.push((name, said(name)));
        }
        fields.extend([
            ("opter_id", Json::text("")),
            ("opter_name", Json::text("")),
            ("opt_time", Json::text(&*kept_line.occurred_at)),
        ]);
        Ok(Json::Object(fields.into_iter().map(|(name, value)| (name.into(), value)).collect()))
    };
    let rows: Vec<Json> = lines.iter().map(row).collect::<Result<_, Failure>>()?;
    Ok(Reply::from(Json::List(rows)).showing(persons))
}

/// What a line's uploader said, shown as he said it.
const AS_SAID: [&str; 17] = [
    "medins_list_codg",
    "bilg_dept_codg",
    "bilg_dept_name",
    "bilg_dr_codg",
    "bilg_dr_name",
    "acord_dept_codg",
    "acord_dept_name",
    "orders_dr_code",
    "orders_dr_name",
    "hosp_appr_flag",
    "tcmdrug_used_way",
    "etip_flag",
    "etip_hosp_code",
    "dscg_tkdrug_flag",
    "matn_fee_flag",
    "comb_no",
    "memo",
];

fn shown_results(
    gateway: &Gateway,
    asked: &Asked,
    id: &str,
    kept_lines: &BTreeMap<String, proto::FeeLine>,
) -> Result<BTreeMap<String, proto::LineResult>, Failure> {
    let visit = gateway.service.visit(&asked.facility, id)?;
    let lines: Vec<proto::FeeLine> = kept_lines.values().cloned().collect();
    Ok(classify(gateway, asked, &visit, &lines)?.results)
}
