//! What refusals say, in both languages. Texts name no person.

use crate::refusal::EntryName;
use crate::refusal::Lang;
use crate::refusal::Refusal;
use crate::refusal::VisitBar;

/// How much of a sentence is kept from its beginning and from its end. Unit: signs.
const BEGINNING: usize = 600;
const ENDING: usize = 200;
/// Most entries that a sentence names.
const NAMED_MAX: usize = 20;

impl Refusal {
    /// What was wrong, and where. Names no person. At most some hundred signs, none of them a control character, whatever
    /// somebody sent: a status travels in a header, which has little room.
    pub fn sentence(&self, lang: Lang) -> String {
        let sentence = match lang {
            Lang::En => self.english(),
            Lang::Zh => self.chinese(),
        };
        presentable(&sentence)
    }

    #[expect(clippy::too_many_lines, reason = "one closed list")]
    fn english(&self) -> String {
        match self {
            Refusal::Malformed { field, want } => format!("`{field}` should be {}", want.0),
            Refusal::Number { field, text, why } => format!("`{field}` = `{}` {why}", short(text)),
            Refusal::TooMany { what, max } => format!("more than {max} {what}"),
            Refusal::SpanOrder { place, span } => {
                format!("`{place}`: the span {span} ends before it begins")
            }
            Refusal::SpansMeet { place, first, second } => {
                format!("`{place}`: the spans {first} and {second} meet")
            }
            Refusal::FirstCopay { code } => {
                format!("item `{code}`: class B needs a first-copay rate, other classes have none")
            }
            Refusal::UnknownPerson => "the register does not hold this person".to_owned(),
            Refusal::UnknownFacility { facility } => {
                format!("the register does not hold facility `{facility}`")
            }
            Refusal::Dates { admitted_on, discharged_on } => {
                format!("discharge on {discharged_on} is before admission on {admitted_on}")
            }
            Refusal::WorkInjury => "a work-injury bill is not settled here".to_owned(),
            Refusal::NotInsured { on } => format!("the person is not insured on {on}"),
            Refusal::NotDesignated { facility, on } => {
                format!("facility `{facility}` is not designated on {on}")
            }
            Refusal::TotalsSum { stated, sum } => {
                format!("the five parts sum to {sum}, the stated total is {stated}")
            }
            Refusal::LinesSum { stated, sum } => {
                format!("the lines sum to {sum}, the stated total is {stated}")
            }
            Refusal::BillTooLarge => "the bill reaches 10000000000 yuan".to_owned(),
            Refusal::Drugs => {
                "`drugs` and `class_c_drugs` must both be given, class_c_drugs at most \
                 drugs and at most own_expense, drugs at most the total"
                    .to_owned()
            }
            Refusal::LineId { position, line } => {
                format!("line {position}: its id `{line}` is empty, too long or used twice")
            }
            Refusal::LineAmount { line, amount } => {
                format!("line `{line}`: {amount} is not quantity × unit price to within a fen")
            }
            Refusal::LineFacts { line } => {
                format!("line `{line}` carries catalogue facts, which this server does not allow")
            }
            Refusal::RefundLine { line, why } => format!("refund line `{line}`: {}", why.0),
            Refusal::AccountPay { account_pay, patient_pay } => {
                format!("account_pay {account_pay} is more than the patient's {patient_pay}")
            }
            Refusal::NoPack { place, insutype, on } => format!(
                "no rule pack governs insured place {place}, insurance type {insutype} on {on}"
            ),
            Refusal::UnknownFamily { family } => format!("there is no pack family `{family}`"),
            Refusal::FamilyType { family, insutype } => {
                format!("pack family `{family}` does not have insurance type `{insutype}`")
            }
            Refusal::UnknownStep { family, step } => {
                format!("pack family `{family}` has no step `{step}`")
            }
            Refusal::RequestIdReused { field } => {
                format!("this request id was used with other content: `{field}` differs")
            }
            Refusal::AlreadySettled { settlement } => format!(
                "admission `{}` is settled already, as number {}",
                settlement.id, settlement.sequence
            ),
            Refusal::AlreadyLoaded { opening } => format!(
                "opening balance `{}` is loaded already, as number {}",
                opening.id, opening.sequence
            ),
            Refusal::Moved { patient_pay, version, since } => format!(
                "what was expected has moved: the patient would pay {patient_pay} at version \
                 {version}; since then: {}",
                names(since, "nothing")
            ),
            Refusal::Busy => "others were faster every time; nothing was written".to_owned(),
            Refusal::UnknownEntry { name } => format!("the ledger has no `{name}`"),
            Refusal::AlreadyReversed { entry } => {
                format!("`{}`, number {}, was reversed before", entry.id, entry.sequence)
            }
            Refusal::LaterStand { later } => {
                format!("later entries stand: {}", names(later, "none"))
            }
            Refusal::AlreadySigned { number } => {
                format!("the reconciliation {number} is signed off")
            }
            Refusal::MonthOpen { month } => format!("the month {month} is not over"),
            Refusal::AlreadyClosed { number } => {
                format!("this statement is closed, under number {number}")
            }
            Refusal::ManyPersons => {
                "several persons of the register have this document number".to_owned()
            }
            Refusal::UnknownVisit { visit } => format!("there is no visit `{}`", short(visit)),
            Refusal::VisitBarred { visit, bar } => format!("visit `{visit}` {}", bar.words().0),
            Refusal::LineTaken { line } => {
                format!("fee line `{line}` was uploaded before, with other content")
            }
            Refusal::UnknownLine { line } => format!("the visit has no fee line `{}`", short(line)),
            Refusal::LineHeld { line } => {
                format!("fee line `{line}` is settled, or a refund line stands upon it")
            }
            Refusal::RequestCancelled => {
                "this request id was taken back before the request arrived".to_owned()
            }
        }
    }

    #[expect(clippy::too_many_lines, reason = "one closed list")]
    fn chinese(&self) -> String {
        match self {
            Refusal::Malformed { field, want } => format!("字段 {field} 应为{}", want.1),
            Refusal::Number { field, text, why } => {
                format!("字段 {field} 的值 {} {}", short(text), why.zh())
            }
            Refusal::TooMany { what, max } => format!("{what} 超过上限 {max}"),
            Refusal::SpanOrder { place, span } => format!("{place}:期间 {span} 止日早于起日"),
            Refusal::SpansMeet { place, first, second } => {
                format!("{place}:期间 {first} 与 {second} 重叠")
            }
            Refusal::FirstCopay { code } => {
                format!("项目 {code}:乙类必须有先行自付比例,其他类别不得有")
            }
            Refusal::UnknownPerson => "登记库中没有该人员".to_owned(),
            Refusal::UnknownFacility { facility } => format!("登记库中没有机构 {facility}"),
            Refusal::Dates { admitted_on, discharged_on } => {
                format!("出院日期 {discharged_on} 早于入院日期 {admitted_on}")
            }
            Refusal::WorkInjury => "工伤医疗费用不在本系统结算".to_owned(),
            Refusal::NotInsured { on } => format!("该人员 {on} 未参保"),
            Refusal::NotDesignated { facility, on } => format!("机构 {facility} 在 {on} 不是定点"),
            Refusal::TotalsSum { stated, sum } => {
                format!("五部分合计 {sum},与申报总额 {stated} 不符")
            }
            Refusal::LinesSum { stated, sum } => {
                format!("明细合计 {sum},与申报总额 {stated} 不符")
            }
            Refusal::BillTooLarge => "费用总额达到或超过 10000000000 元".to_owned(),
            Refusal::Drugs => "药品费与丙类药品费须同时填写,丙类药品费不得大于药品费或全自费金额,\
                 药品费不得大于总额"
                .to_owned(),
            Refusal::LineId { position, line } => {
                format!("第 {position} 行明细的编号 {line} 为空、过长或重复")
            }
            Refusal::LineAmount { line, amount } => {
                format!("明细 {line}:金额 {amount} 与数量×单价相差一分及以上")
            }
            Refusal::LineFacts { line } => format!("明细 {line} 自带目录属性,本服务不允许"),
            Refusal::RefundLine { line, why } => format!("退费明细 {line}:{}", why.1),
            Refusal::AccountPay { account_pay, patient_pay } => {
                format!("个人账户支付 {account_pay} 大于个人负担 {patient_pay}")
            }
            Refusal::NoPack { place, insutype, on } => {
                format!("参保地 {place}、险种 {insutype} 在 {on} 没有生效的政策规则包")
            }
            Refusal::UnknownFamily { family } => format!("没有规则包 {family}"),
            Refusal::FamilyType { family, insutype } => {
                format!("规则包 {family} 不含险种 {insutype}")
            }
            Refusal::UnknownStep { family, step } => format!("规则包 {family} 没有步骤 {step}"),
            Refusal::RequestIdReused { field } => {
                format!("该请求编号已用于其他内容:字段 {field} 不同")
            }
            Refusal::AlreadySettled { settlement } => {
                format!("就诊 {} 已结算,结算号 {}", settlement.id, settlement.sequence)
            }
            Refusal::AlreadyLoaded { opening } => {
                format!("期初余额 {} 已导入,流水号 {}", opening.id, opening.sequence)
            }
            Refusal::Moved { patient_pay, version, since } => format!(
                "金额已变动:现个人应付 {patient_pay},累计版本 {version};期间发生:{}",
                names(since, "无")
            ),
            Refusal::Busy => "同一人员并发业务过多,本次未写入".to_owned(),
            Refusal::UnknownEntry { name } => format!("账本中没有 {name}"),
            Refusal::AlreadyReversed { entry } => {
                format!("{}(流水号 {})此前已撤销", entry.id, entry.sequence)
            }
            Refusal::LaterStand { later } => format!("其后仍有有效业务:{}", names(later, "无")),
            Refusal::AlreadySigned { number } => format!("对账结果 {number} 已签认"),
            Refusal::MonthOpen { month } => format!("{month} 月份尚未结束"),
            Refusal::AlreadyClosed { number } => format!("该月清算单已关账,编号 {number}"),
            Refusal::ManyPersons => "登记库中有多人使用该证件号码".to_owned(),
            Refusal::UnknownVisit { visit } => format!("没有就诊 {}", short(visit)),
            Refusal::VisitBarred { visit, bar } => format!("就诊 {visit} {}", bar.words().1),
            Refusal::LineTaken { line } => format!("费用明细流水号 {line} 已上传,且内容不同"),
            Refusal::UnknownLine { line } => format!("该就诊没有费用明细 {}", short(line)),
            Refusal::LineHeld { line } => format!("费用明细 {line} 已结算,或已有退费明细冲减"),
            Refusal::RequestCancelled => "该报文ID在业务到达之前已被冲正".to_owned(),
        }
    }

    /// What to do next.
    pub fn advice(&self, lang: Lang) -> &'static str {
        let (en, zh) = self.advice_in_both();
        match lang {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }

    #[expect(clippy::too_many_lines, reason = "one closed list")]
    fn advice_in_both(&self) -> (&'static str, &'static str) {
        match self {
            Refusal::Malformed { .. } | Refusal::Number { .. } => {
                ("correct the field and send again", "请改正该字段后重新发送。")
            }
            Refusal::TooMany { .. } => ("split the request", "请拆分后分次发送。"),
            Refusal::SpanOrder { .. } | Refusal::SpansMeet { .. } => {
                ("end the earlier span first, then send again", "请先终止前一期间,再重新发送。")
            }
            Refusal::FirstCopay { .. } => {
                ("correct the catalogue entry", "请改正目录中的先行自付比例。")
            }
            Refusal::UnknownPerson => (
                "check the person number, or have the person entered in the register",
                "请核对人员编号,或先由经办机构登记该人员。",
            ),
            Refusal::UnknownFacility { .. } => (
                "check the facility code, or have the facility entered in the register",
                "请核对机构编号,或先由经办机构登记该机构。",
            ),
            Refusal::Dates { .. } => ("correct the dates", "请改正入出院日期。"),
            Refusal::WorkInjury => {
                ("send it to the work-injury insurance office", "请转工伤保险经办机构办理。")
            }
            Refusal::NotInsured { .. } => (
                "check the person's insurance on the discharge date",
                "请核对该人员出院日的参保状态。",
            ),
            Refusal::NotDesignated { .. } => (
                "only an emergency is settled here; otherwise check the designation",
                "仅急诊可结算;否则请核对机构定点资格。",
            ),
            Refusal::TotalsSum { .. } | Refusal::LinesSum { .. } => {
                ("correct the amounts so that they sum to the total", "请改正金额,使合计等于总额。")
            }
            Refusal::BillTooLarge => ("check the amounts", "请核对金额。"),
            Refusal::Drugs => ("correct the drug amounts or leave both out", "请改正或都不填写。"),
            Refusal::LineId { .. } => ("give each line its own id", "请为每行明细编不同的号。"),
            Refusal::LineAmount { .. } => {
                ("correct quantity, unit price or amount", "请改正数量、单价或金额。")
            }
            Refusal::LineFacts { .. } => (
                "leave the facts out; the catalogue register decides",
                "请去掉明细自带的目录属性,以目录登记为准。",
            ),
            Refusal::RefundLine { .. } => {
                ("correct the refund or the line that it takes back", "请改正退费或原明细。")
            }
            Refusal::AccountPay { .. } => ("lower account_pay", "请减少个人账户支付金额。"),
            Refusal::NoPack { .. } => (
                "have the place's rule pack for that day loaded",
                "请由经办机构装入该地该日的规则包。",
            ),
            Refusal::UnknownFamily { .. }
            | Refusal::FamilyType { .. }
            | Refusal::UnknownStep { .. } => {
                ("correct the opening balance", "请改正期初余额中的名称。")
            }
            Refusal::RequestIdReused { .. } => {
                ("send it under a new request id", "请改用新的请求编号发送。")
            }
            Refusal::AlreadySettled { .. } => {
                ("reverse the settlement before settling again", "如需重新结算,请先撤销原结算。")
            }
            Refusal::AlreadyLoaded { .. } => (
                "reverse it before loading another under this reference",
                "如需重新导入,请先撤销原期初余额。",
            ),
            Refusal::Moved { .. } => (
                "show the new amount to the patient and settle with it",
                "请将新金额告知患者,确认后重新结算。",
            ),
            Refusal::Busy => {
                ("send it again under the same request id", "请用原请求编号重新发送。")
            }
            Refusal::UnknownEntry { .. } => ("check the number or id", "请核对编号。"),
            Refusal::AlreadyReversed { .. } => ("nothing is left to do", "无需再次撤销。"),
            Refusal::LaterStand { .. } => (
                "reverse the later ones first, in the order given",
                "请按所列顺序先撤销其后的业务。",
            ),
            Refusal::AlreadySigned { .. } => (
                "nothing is left to do; reconcile again to record what has changed since",
                "无需再次签认;如有变化,请重新对账。",
            ),
            Refusal::MonthOpen { .. } => {
                ("close it after its last day", "请在该月最后一日之后关账。")
            }
            Refusal::AlreadyClosed { .. } => (
                "show the closed statement; what came later belongs to the month in which it happened",
                "请查看已关账的清算单;其后的业务计入发生的月份。",
            ),
            Refusal::ManyPersons => {
                ("ask by the person number", "请改用人员编号(psn_no)查询,并请经办机构核对登记。")
            }
            Refusal::UnknownVisit { .. } => (
                "check mdtrt_id and the facility code, or register the visit first",
                "请核对就诊ID与机构编号,或先办理入院登记(2401)。",
            ),
            Refusal::VisitBarred { bar, .. } => bar.advice(),
            Refusal::LineTaken { .. } => (
                "delete the line (2302) before uploading it again, or give it a number of its own",
                "请先撤销该明细(2302)再上传,或改用新的流水号。",
            ),
            Refusal::UnknownLine { .. } => ("check feedetl_sn", "请核对费用明细流水号。"),
            Refusal::LineHeld { .. } => (
                "reverse the settlement, or delete the refund line first",
                "请先撤销结算(2305),或先撤销冲减它的退费明细(2302)。",
            ),
            Refusal::RequestCancelled => {
                ("send it under a new request id", "请改用新的报文ID重新办理。")
            }
        }
    }
}

impl VisitBar {
    /// What stands in the way, in English and Chinese.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            VisitBar::Cancelled => ("was taken back", "已撤销入院登记"),
            VisitBar::Settled => ("is settled", "已结算"),
            VisitBar::HasLines => ("still has fee lines", "仍有费用明细"),
            VisitBar::NoLines => ("has no fee lines to settle", "没有待结算的费用明细"),
            VisitBar::NotDischarged => ("has no discharge", "尚未办理出院"),
            VisitBar::Discharged => ("has a discharge", "已办理出院"),
            VisitBar::Open => ("is this stay, registered before", "就是该住院号此前办理的入院登记"),
        }
    }

    fn advice(self) -> (&'static str, &'static str) {
        match self {
            VisitBar::Cancelled => ("register it anew", "请重新办理入院登记(2401)。"),
            VisitBar::Settled => ("reverse the settlement first", "请先撤销结算(2305)。"),
            VisitBar::HasLines => {
                ("delete all lines first", "请先撤销全部费用明细(2302,流水号 0000)。")
            }
            VisitBar::NoLines => ("upload the lines first", "请先上传费用明细(2301)。"),
            VisitBar::NotDischarged => ("nothing is left to undo", "无需撤销出院。"),
            VisitBar::Discharged => ("undo the discharge first", "请先撤销出院(2405)。"),
            VisitBar::Open => ("go on with this visit", "请沿用该就诊ID,或先撤销该登记(2404)。"),
        }
    }
}

/// At most forty signs of what somebody sent.
fn short(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(40).chain("…".chars()).collect()
}

/// How many signs an identity number (公民身份号码) has, and how many of them may be shown.
const IDENTITY_SIGNS: usize = 18;
const IDENTITY_SHOWN: usize = 4;

/// Hides identity numbers that somebody gave where something else belongs: seventeen digits and a digit or X, of which the seventh to
/// the fourteenth are a date of birth.
fn hide_identity_numbers(signs: &mut [char]) {
    for word in signs.split_mut(|sign| !sign.is_ascii_alphanumeric()) {
        let number = |from: usize, to: usize| {
            let mut digits = word.get(from..to)?.iter().map(|sign| sign.to_digit(10));
            digits.try_fold(0, |number, digit| Some(number * 10 + digit?))
        };
        let (year, month, day) = (number(6, 10), number(10, 12), number(12, 14));
        let is_birth = year.is_some_and(|year| (1850..2150).contains(&year))
            && month.is_some_and(|month| (1..=12).contains(&month))
            && day.is_some_and(|day| (1..=31).contains(&day));
        let is_ended =
            word.last().is_some_and(|last| last.is_ascii_digit() || matches!(last, 'X' | 'x'));
        let is_place = number(0, 6).is_some() && number(14, 17).is_some();
        if word.len() == IDENTITY_SIGNS && is_birth && is_ended && is_place {
            word.iter_mut().rev().skip(IDENTITY_SHOWN).for_each(|sign| *sign = '*');
        }
    }
}

/// Cuts a long text in its middle, and shows control characters as what they are.
fn presentable(text: &str) -> String {
    let plain = |sign: char| if sign.is_control() { '\u{fffd}' } else { sign };
    let mut signs: Vec<char> = text.chars().map(plain).collect();
    hide_identity_numbers(&mut signs);
    if signs.len() <= BEGINNING + ENDING {
        return signs.into_iter().collect();
    }
    let (beginning, ending) = (&signs[..BEGINNING], &signs[signs.len() - ENDING..]);
    beginning.iter().chain(&['…']).chain(ending).collect()
}

fn names(entries: &[EntryName], none: &str) -> String {
    if entries.is_empty() {
        return none.to_owned();
    }
    let name = |entry: &EntryName| format!("{} ({})", entry.id, entry.sequence);
    let mut names: Vec<String> = entries.iter().take(NAMED_MAX).map(name).collect();
    if NAMED_MAX < entries.len() {
        names.push(format!("… (+{})", entries.len() - NAMED_MAX));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::presentable;

    #[test]
    fn an_identity_number_is_hidden_wherever_it_stands_and_nothing_else_is() {
        for (given, shown) in [
            ("`total` = `510999199001010011` is", "`total` = `**************0011` is"),
            ("没有就诊 51099919900101001X。", "没有就诊 **************001X。"),
            ("510999199013010011", "510999199013010011"),
            ("5109991990010100112", "5109991990010100112"),
            ("A10999199001010011", "A10999199001010011"),
            ("2018050210101000000001", "2018050210101000000001"),
        ] {
            assert_eq!(presentable(given), shown);
        }
    }
}
