//! One settlement, built by hand, that has a bit of everything: chain, adjustments, segments, a cap, a guarantee that is
//! missed, a skipped step, financing, checks and warnings. Its amounts fit together as the specification asks.

use crate::proto::step_result::Basis;
use crate::proto::*;

fn text(text: &str) -> String {
    text.to_owned()
}

fn source(text: &str) -> Option<Source> {
    Some(Source { text: text.to_owned(), assumed: text.starts_with("assumed") })
}

fn title(zh: &str, en: &str) -> Option<Title> {
    Some(Title { zh: zh.to_owned(), en: en.to_owned() })
}

fn parts(amounts: [&str; 5]) -> Option<Parts> {
    let [in_scope, copay_first, over_limit, own_expense, facility_borne] = amounts.map(text);
    Some(Parts { in_scope, copay_first, over_limit, own_expense, facility_borne })
}

fn pack() -> Option<PackName> {
    Some(PackName {
        id: text("000000-demo"),
        effective_from: text("2018-01-01"),
        digest: text("9b1c"),
        title: title("示例市城乡居民基本医疗保险", "Demo City, residents"),
    })
}

fn facts() -> Option<Facts> {
    Some(Facts {
        place: text("000001"),
        insutype: text("390"),
        identities: vec![Identity {
            key: text("registered_poor"),
            title: title("建档立卡贫困人口", "registered poor"),
        }],
        locality: text("city"),
        level: Some(3),
        tier: text("city"),
        facility_tags: Vec::new(),
        med_type: text("21"),
        referral: text("registered"),
        diagnoses: vec![text("I21.0"), text("E11.9")],
        compliant: Some(true),
        ordinal: 2,
        age: 67,
        insured_years: 9,
        admitted_on: text("2018-03-01"),
        discharged_on: text("2018-03-08"),
    })
}

fn step(id: &str, zh: &str, en: &str) -> StepResult {
    StepResult {
        id: text(id),
        title: title(zh, en),
        payer: text("fund"),
        ran: true,
        ..Default::default()
    }
}

fn segment([from, up_to, nominal, rate, amount, pays]: [&str; 6], from_text: &str) -> Segment {
    Segment {
        from: text(from),
        up_to: text(up_to),
        nominal_rate: text(nominal),
        rate: text(rate),
        amount: text(amount),
        pays: text(pays),
        source: source(from_text),
    }
}

fn basic() -> StepResult {
    let share = ShareTrace {
        eligible: text("15520.00"),
        eligible_before: text("0.00"),
        nominal: text("500.00"),
        nominal_source: source("assumed: third-level deductible of a neighbouring city"),
        adjusted: text("250.00"),
        adjustments: vec![
            Adjustment {
                deductible_multiply: text("0.5"),
                source: source("notice 二(一)2"),
                ..Default::default()
            },
            Adjustment {
                rate_add: text("0.05"),
                source: source("notice 二(一)3"),
                ..Default::default()
            },
        ],
        chain: text("episode:EP-7"),
        chain_source: source("notice 二(一)4"),
        chain_before: text("100.00"),
        met: text("150.00"),
        matched: true,
        origin: text("deductible"),
        segments: vec![
            segment(["0.00", "10000.00", "0.6", "0.65", "10000.00", "6500"], "demo 第八条"),
            segment(["10000.00", "", "0.65", "0.7", "5370.00", "3759"], "demo 第八条"),
        ],
    };
    StepResult {
        kind: text("share"),
        period: text("admission"),
        fund: text("390100"),
        payment: text("9999.95"),
        from: parts(["9999.95", "0.00", "0.00", "0.00", "0.00"]),
        base: vec![text("in_scope")],
        uncapped: text("10259.00"),
        cap: Some(CapResult {
            year: text("120000.00"),
            paid_before: text("110000.05"),
            bound: text("year"),
            bound_at: text("9999.95"),
            source: source("demo 第十条"),
            ..Default::default()
        }),
        basis: Some(Basis::Share(share)),
        ..step("basic", "基本医保", "basic insurance")
    }
}

/// A step over the year, with cost before.
pub(super) fn critical() -> StepResult {
    let share = ShareTrace {
        eligible: text("5800.05"),
        eligible_before: text("4000.00"),
        nominal: text("3500.00"),
        nominal_source: source("demo 第十二条"),
        adjusted: text("3500.00"),
        chain_before: text("0.00"),
        met: text("0.00"),
        matched: true,
        origin: text("deductible"),
        segments: vec![
            segment(["0.00", "5000.00", "0.555", "0.555", "4500.00", "2497.5"], "demo 第十三条"),
            segment(["5000.00", "", "0.65", "0.65", "1300.05", "845.0325"], "demo 第十三条"),
        ],
        ..Default::default()
    };
    StepResult {
        kind: text("share"),
        period: text("year"),
        fund: text("390200"),
        payment: text("3342.53"),
        from: parts(["3342.53", "0.00", "0.00", "0.00", "0.00"]),
        base: vec![text("in_scope"), text("copay_first")],
        uncapped: text("3342.53"),
        basis: Some(Basis::Share(share)),
        ..step("critical", "大病保险", "critical-illness insurance")
    }
}

fn tilted() -> StepResult {
    let floor = FloorTrace {
        measured: text("15800.00"),
        owed: text("2457.52"),
        matched: true,
        ratio: text("0.9"),
        source: source("notice 二(二)"),
        allowed_before: text("0"),
        measured_before: text("0.00"),
        remaining_before: text("0.00"),
        allowed: text("1580"),
        limit: text("1580.00"),
        remaining: text("1957.52"),
        reached: text("0.8761"),
        shortfall: text("377.52"),
        ..Default::default()
    };
    let piece = |from: &str, share: &str, amount: &str| FinancingPiece {
        from: text(from),
        share: text(share),
        amount: text(amount),
        source: source("notice 二(三)2"),
    };
    StepResult {
        kind: text("floor"),
        period: text("admission"),
        payer: text("government"),
        fund: text("999997"),
        payment: text("500.00"),
        from: parts(["500.00", "0.00", "0.00", "0.00", "0.00"]),
        base: vec![text("in_scope"), text("copay_first")],
        uncapped: text("877.52"),
        cap: Some(CapResult {
            admission: text("500.00"),
            paid_before: text("0.00"),
            bound: text("admission"),
            bound_at: text("500.00"),
            source: source("assumed: a limit for one admission"),
            ..Default::default()
        }),
        financing: vec![
            piece("province", "0.3", "150.00"),
            piece("city", "0.3", "150.00"),
            piece("county", "0.4", "200.00"),
        ],
        basis: Some(Basis::Floor(floor)),
        fund_source: source("assumed: no national code"),
        ..step("tilted", "倾斜支付", "tilted payment")
    }
}

fn aid() -> StepResult {
    let share = ShareTrace {
        eligible: text("1677.52"),
        eligible_before: text("4000.00"),
        origin: text("deductible"),
        ..Default::default()
    };
    StepResult {
        kind: text("share"),
        period: text("year"),
        payer: text("government"),
        fund: text("610100"),
        payment: text("0.00"),
        from: parts(["0.00"; 5]),
        base: vec![text("in_scope")],
        uncapped: text("0.00"),
        basis: Some(Basis::Share(share)),
        ..step("aid", "医疗救助", "medical assistance")
    }
}

fn steps() -> Vec<StepResult> {
    let supplement = StepResult {
        ran: false,
        kind: text("share"),
        period: text("admission"),
        payer: text("commercial"),
        fund: text("390300"),
        payment: text("0.00"),
        ..step("supplement", "补充医疗保险", "supplementary cover")
    };
    vec![basic(), critical(), supplement, tilted(), aid()]
}

fn checks() -> Vec<CheckResult> {
    vec![
        CheckResult {
            id: text("own"),
            measure: text("own_expense_share"),
            threshold: text("0.02"),
            on_breach: text("facility_borne"),
            measured: true,
            part: text("500.00"),
            whole: text("16650.00"),
            excess: text("167.00"),
            moved: text("167.00"),
            source: source("notice 三(一)"),
        },
        CheckResult {
            id: text("drugs"),
            measure: text("catalogue_drug_share"),
            threshold: text("0.95"),
            on_breach: text("warn"),
            measured: true,
            part: text("500.00"),
            whole: text("4500.00"),
            excess: text("275.00"),
            moved: text("0.00"),
            source: source("assumed: the neighbouring city's"),
        },
    ]
}

fn listed(class: &str, rate: &str, limit: &str) -> Option<ItemFacts> {
    Some(ItemFacts {
        class: text(class),
        first_copay_rate: text(rate),
        price_limit: text(limit),
        tags: Vec::new(),
    })
}

fn line(id: &str, amount: &str, reason: &str, class: &str, split: [&str; 5]) -> LineResult {
    LineResult {
        id: text(id),
        amount: text(amount),
        reason: text(reason),
        class: text(class),
        parts: parts(split),
        ..Default::default()
    }
}

fn lines() -> Vec<LineResult> {
    let zero = "0.00";
    vec![
        LineResult {
            listed: listed("A", "", ""),
            ..line("1", "12000.00", "class", "A", ["12000.00", zero, zero, zero, zero])
        },
        LineResult {
            listed: listed("B", "0.1", "280"),
            first_copay_rate: text("0.1"),
            ..line("2", "3000.00", "class", "B", ["2520.00", "280.00", "200.00", zero, zero])
        },
        line("3", "500.00", "class", "C", [zero, zero, zero, "500.00", zero]),
        LineResult {
            listed: listed("B", "0.2", ""),
            source: source("assumed: essential drugs count as class A"),
            ..line("4", "1000.00", "class", "A", ["1000.00", zero, zero, zero, zero])
        },
        LineResult {
            source: source("notice 二(四)1"),
            ..line("5", "50.00", "waiver", "", [zero, zero, zero, zero, "50.00"])
        },
        line("6", "100.00", "noncompliant", "", [zero, zero, zero, zero, "100.00"]),
    ]
}

/// The statement.
pub(super) fn statement() -> Statement {
    let payer = |payer: &str, amount: &str| PayerSum { payer: text(payer), amount: text(amount) };
    Statement {
        pack: pack(),
        benefit_year: 2018,
        version: 3,
        facts: facts(),
        deposit_exempt: true,
        deposit_source: source("notice 二(二)6"),
        total: text("16650.00"),
        parts: parts(["15520.00", "280.00", "200.00", "333.00", "317.00"]),
        lines: lines(),
        checks: checks(),
        warnings: vec![Warning {
            kind: text("not-in-catalogue"),
            code: text("XC07AB12"),
            sentence: None,
        }],
        steps: steps(),
        patient_pay: text("2490.52"),
        payments: text("13842.48"),
        facility_borne: text("317.00"),
        by_payer: vec![
            payer("fund", "13342.48"),
            payer("commercial", "0.00"),
            payer("government", "500.00"),
        ],
        account_pay: text("500.00"),
        deposit: text("3000.00"),
        cash_due: text("0.00"),
        refund: text("1009.48"),
        actual_ratio: text("0.8475"),
        policy_scope_ratio: text("0.8919"),
    }
}

/// The amounts of a quote, without a trace.
pub(super) fn quoted() -> Statement {
    let steps = steps().into_iter().map(|step| StepResult { basis: None, ..step });
    Statement {
        lines: Vec::new(),
        steps: steps.collect(),
        account_pay: String::new(),
        deposit: String::new(),
        cash_due: text("2490.52"),
        refund: text("0.00"),
        ..statement()
    }
}

/// The year after it.
pub(super) fn accumulators() -> Accumulators {
    let year = |step: &str, eligible: &str, paid: &str| StepYear {
        step: text(step),
        eligible: text(eligible),
        paid: text(paid),
        ..Default::default()
    };
    Accumulators {
        version: 4,
        admissions: 2,
        total: text("36650.00"),
        parts: parts(["33520.00", "680.00", "800.00", "1333.00", "317.00"]),
        patient_pay: text("6490.52"),
        steps: vec![
            year("basic", "33520.00", "120000.00"),
            year("critical", "9800.05", "3620.03"),
            StepYear {
                step: text("tilted"),
                paid: text("500.00"),
                allowed: text("1580"),
                measured: text("15800.00"),
                remaining: text("1957.52"),
                ..Default::default()
            },
        ],
        chains: vec![ChainYear {
            step: text("basic"),
            chain: text("episode:EP-7"),
            met: text("250.00"),
        }],
    }
}

fn writer() -> Option<Writer> {
    Some(Writer {
        facility: text("H00000100001"),
        request_id: text("R-1"),
        operator: text("王敏"),
        terminal: text("W3"),
    })
}

/// The settlement.
pub(super) fn record() -> SettlementRecord {
    SettlementRecord {
        number: 1024,
        digest: text("3f2a9c0d5e7b11846a90d2c4e8f7b35a0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f"),
        recorded_at: text("2018-03-08T10:12:30.123+08:00"),
        request: Some(SettleRequest {
            writer: writer(),
            admission: Some(Admission {
                id: text("ADM-2018-0042"),
                person: text("110101199003070017"),
                facility: text("H00000100001"),
                episode: text("EP-7"),
                ..Default::default()
            }),
            ..Default::default()
        }),
        statement: Some(statement()),
        accumulators: Some(accumulators()),
        reversed_by: 0,
    }
}

/// An opening balance.
pub(super) fn opening() -> Opening {
    Opening {
        number: 7,
        digest: text("3f2a9c0d5e7b1184aa"),
        recorded_at: text("2018-01-02T09:00:00+08:00"),
        request: Some(LoadOpeningRequest {
            writer: writer(),
            id: text("OLD-HIS-2018"),
            person: text("110101199003070017"),
            insutype: text("390"),
            family: text("000000-demo"),
            benefit_year: 2018,
            balances: Some(Accumulators { version: 0, ..accumulators() }),
        }),
        accumulators: Some(accumulators()),
        reversed_by: 9,
    }
}

/// A reversal.
pub(super) fn reversal() -> Reversal {
    Reversal {
        number: 1025,
        digest: text("77aa9c0d5e7b1184aa"),
        recorded_at: text("2018-03-08T11:00:00+08:00"),
        writer: writer(),
        of_number: 1024,
        of_id: text("ADM-2018-0042"),
        key: Some(AccumulatorKey {
            person: text("110101199003070017"),
            insutype: text("390"),
            family: text("000000-demo"),
            benefit_year: 2018,
        }),
        accumulators: Some(Accumulators { version: 5, ..Default::default() }),
        reason: text("出院诊断录入错误"),
    }
}

/// An eligibility reply.
pub(super) fn eligibility() -> EligibilityReply {
    EligibilityReply {
        pack: pack(),
        benefit_year: 2018,
        facts: facts(),
        deposit_exempt: true,
        deposit_source: source("notice 二(二)6"),
        accumulators: Some(accumulators()),
    }
}
