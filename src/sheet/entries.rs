//! Other answers in words: a year's accumulators, an opening balance, a reversal, who a person is to the policy. Spec 8 and 9.

use crate::id;
use crate::proto;
use crate::refusal::Lang;
use crate::sheet::figures;
use crate::sheet::head;
use crate::sheet::layout::NOTHING;
use crate::sheet::layout::Page;
use crate::sheet::layout::Side;
use crate::sheet::words;
use crate::sheet::words::pick;

/// Writes what a person's benefit year has (年度累计).
///
/// Spec 8.1.
pub fn accumulators(accumulators: &proto::Accumulators, lang: Lang) -> String {
    let mut page = Page::new(lang);
    page.heading(pick(lang, "年度累计", "The year so far"));
    year(&mut page, accumulators, &[], lang);
    page.text()
}

/// The accumulators' figures; steps by their titles where these are known.
pub(super) fn year(
    page: &mut Page,
    year: &proto::Accumulators,
    steps: &[proto::StepResult],
    lang: Lang,
) {
    sums(page, year, year.version.to_string(), steps, lang);
}

/// The figures with a version, which is empty for a loaded balance: it has none.
fn sums(
    page: &mut Page,
    year: &proto::Accumulators,
    version: String,
    steps: &[proto::StepResult],
    lang: Lang,
) {
    let amount = |text: &str| figures::amount(figures::or_zero(text));
    page.pairs(&[
        (pick(lang, "累计版本", "version"), version),
        (pick(lang, "就诊次数", "admissions"), year.admissions.to_string()),
        (pick(lang, "费用总额", "total"), amount(&year.total)),
        (pick(lang, "个人负担", "patient pays"), amount(&year.patient_pay)),
    ]);
    let parts = year.parts.as_ref().map(words::parts);
    let parts: Vec<String> = parts
        .iter()
        .flatten()
        .filter(|(_, amount)| !figures::is_zero(amount))
        .map(|(name, amount)| format!("{} {}", words::part(name, lang), figures::amount(amount)))
        .collect();
    if !parts.is_empty() {
        page.pairs(&[(pick(lang, "费用构成", "parts"), words::list(&parts, lang))]);
    }
    let name = |id: &str| {
        let step = steps.iter().find(|step| step.id == id);
        step.map_or(id.to_owned(), |step| words::title(step.title.as_ref(), id, lang).to_owned())
    };
    if !year.steps.is_empty() {
        page.line("");
        by_step(page, year, &name, lang);
    }
    for chain in &year.chains {
        let (step, met) = (name(&chain.step), words::yuan(&chain.met, lang));
        let chain = words::chain(&chain.chain, lang);
        page.item(
            "",
            &say!(
                lang,
                "{step}：{chain} 已扣起付线 {met}。",
                "{step}: {chain} has met {met} of its deductible."
            ),
        );
    }
}

fn by_step(page: &mut Page, year: &proto::Accumulators, name: &dyn Fn(&str) -> String, lang: Lang) {
    let heads = match lang {
        Lang::Zh => ["步骤", "已计入", "已支付", "兜底基数", "可留个人", "留在个人"],
        Lang::En => ["step", "eligible", "paid", "measured", "allowed", "remaining"],
    };
    let shown = |amount: &str| {
        if figures::is_zero(amount) { NOTHING.to_owned() } else { figures::amount(amount) }
    };
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for step in &year.steps {
        let figures = [&step.eligible, &step.paid, &step.measured, &step.allowed, &step.remaining];
        let mut row = vec![name(&step.step)];
        row.extend(figures.map(|amount| shown(amount)));
        rows.push(row);
    }
    let mut sides = [Side::Right; 6];
    sides[0] = Side::Left;
    page.table(&sides, &rows);
}

/// Writes an opening balance as the ledger holds it (期初余额).
///
/// Spec 8.3. Personal data: the person is shown masked.
pub fn opening(opening: &proto::Opening, lang: Lang) -> String {
    let mut page = Page::new(lang);
    let number = opening.number;
    let standing = match opening.reversed_by {
        0 => pick(lang, "有效", "effective").to_owned(),
        by => say!(lang, "已撤销，见 {by} 号", "reversed by no. {by}"),
    };
    page.title(
        pick(lang, "期初余额", "Opening balance"),
        &say!(lang, "{number} 号  {standing}", "no. {number}  {standing}"),
    );
    if let Some(request) = &opening.request {
        page.pairs(&[
            (pick(lang, "人员", "person"), id::masked(&request.person)),
            (pick(lang, "来源号", "reference"), request.id.clone()),
            (pick(lang, "规则包", "family"), request.family.clone()),
            (pick(lang, "险种", "insurance"), words::insutype(&request.insutype, lang)),
            (pick(lang, "待遇年度", "year"), request.benefit_year.to_string()),
        ]);
        written(&mut page, request.writer.as_ref(), lang);
    }
    recorded(&mut page, &opening.recorded_at, &opening.digest, lang);
    if let Some(balances) = opening.request.as_ref().and_then(|request| request.balances.as_ref()) {
        page.heading(pick(lang, "导入的余额", "What was loaded"));
        sums(&mut page, balances, String::new(), &[], lang);
    }
    if let Some(after) = &opening.accumulators {
        page.heading(pick(lang, "导入后的年度累计", "The year after it"));
        year(&mut page, after, &[], lang);
    }
    page.text()
}

/// Writes a reversal (撤销).
///
/// Spec 9.5. Personal data: the person is shown masked.
pub fn reversal(reversal: &proto::Reversal, lang: Lang) -> String {
    let mut page = Page::new(lang);
    let (number, of) = (reversal.number, reversal.of_number);
    page.title(
        pick(lang, "结算撤销单", "Reversal"),
        &say!(lang, "{number} 号  撤销 {of} 号", "no. {number}  undoes no. {of}"),
    );
    page.pairs(&[
        (pick(lang, "原业务号", "undone"), reversal.of_id.clone()),
        (pick(lang, "撤销原因", "reason"), reversal.reason.clone()),
    ]);
    if let Some(key) = &reversal.key {
        page.pairs(&[
            (pick(lang, "人员", "person"), id::masked(&key.person)),
            (pick(lang, "险种", "insurance"), words::insutype(&key.insutype, lang)),
            (pick(lang, "规则包", "family"), key.family.clone()),
            (pick(lang, "待遇年度", "year"), key.benefit_year.to_string()),
        ]);
    }
    written(&mut page, reversal.writer.as_ref(), lang);
    recorded(&mut page, &reversal.recorded_at, &reversal.digest, lang);
    if let Some(after) = &reversal.accumulators {
        page.heading(pick(lang, "撤销后的年度累计", "The year after it"));
        year(&mut page, after, &[], lang);
    }
    page.text()
}

/// Who wrote it, and where.
fn written(page: &mut Page, writer: Option<&proto::Writer>, lang: Lang) {
    if let Some(writer) = writer {
        page.pairs(&[
            (pick(lang, "经办机构", "written by"), writer.facility.clone()),
            (pick(lang, "经办人", "operator"), writer.operator.clone()),
        ]);
    }
}

/// When it was recorded, and under which digest.
fn recorded(page: &mut Page, at: &str, digest: &str, lang: Lang) {
    page.pairs(&[
        (pick(lang, "入账时间", "recorded"), head::instant(at)),
        (pick(lang, "摘要号", "digest"), head::digest(digest)),
    ]);
}

/// Writes who a person is to the policy on a day (待遇检查).
///
/// Spec 3, packs 6.
pub fn eligibility(reply: &proto::EligibilityReply, lang: Lang) -> String {
    let mut page = Page::new(lang);
    page.title(pick(lang, "待遇检查", "Eligibility"), "");
    if let Some(facts) = &reply.facts {
        head::persons(&mut page, facts, reply.benefit_year, lang);
    }
    if let Some(pack) = &reply.pack {
        page.pairs(&[(pick(lang, "规则包", "pack"), head::pack_name(pack, lang))]);
    }
    let source = reply.deposit_source.as_ref().filter(|_| reply.deposit_exempt);
    let source = words::source(source, lang);
    let deposit = match reply.deposit_exempt {
        true => say!(lang, "不得收取（先诊疗后付费）{source}", "may not be asked{source}"),
        false => pick(lang, "可以收取", "may be asked").to_owned(),
    };
    page.pairs(&[(pick(lang, "押金", "deposit"), deposit)]);
    if let Some(so_far) = &reply.accumulators {
        page.heading(pick(lang, "本年度累计", "The year so far"));
        year(&mut page, so_far, &[], lang);
    }
    page.text()
}
