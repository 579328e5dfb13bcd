//! Stays and their bills, as the counters of several hospitals would send them.

use crate::simulation::days::day;
use crate::simulation::fen::yuan;
use crate::simulation::random::Random;
use crate::simulation::world::World;

use onestop::proto;

/// National charge categories; the first three are drugs.
const CATEGORIES: [&str; 5] = ["09", "10", "11", "03", "14"];
const MED_TYPES: [&str; 10] = ["21", "21", "21", "21", "2101", "52", "2106", "14", "14", "11"];
const DIAGNOSES: [&str; 5] = ["A15.001", "A18", "J18.9", "I10.X", "j45.0"];

/// A stay that ends about today.
pub(crate) fn admission(
    (id, person, facility): (String, &str, &str),
    today: i64,
    random: &mut Random,
) -> proto::Admission {
    let discharged = (today - random.within(0, 12)).max(0);
    let admitted = discharged - random.within(0, 20);
    let referral = match random.below(10) {
        0 => "emergency",
        1 => "registered",
        2 => "none",
        _ => "",
    };
    let diagnoses = random.below(3);
    let episode = if random.chance(30) { format!("E{}", random.below(3)) } else { String::new() };
    proto::Admission {
        id,
        person: person.to_owned(),
        facility: facility.to_owned(),
        admitted_on: day(admitted),
        discharged_on: day(discharged),
        med_type: (*random.pick(&MED_TYPES)).to_owned(),
        referral: referral.to_owned(),
        diagnoses: (0..diagnoses).map(|_| (*random.pick(&DIAGNOSES)).to_owned()).collect(),
        episode,
        work_injury: false,
    }
}

/// An amount: mostly small, at times a very dear stay.
fn amount(random: &mut Random) -> i64 {
    match random.below(20) {
        0 => 0,
        1 => random.within(1, 99),
        2 | 3 => random.within(1_000_000, 30_000_000),
        _ => random.within(100, 1_500_000),
    }
}

/// A bill of totals or of lines.
pub(crate) fn bill(world: &World, random: &mut Random) -> proto::Bill {
    let mut bill = if random.chance(60) { totals(random) } else { lines(world, random) };
    bill.noncompliant = random.chance(3);
    bill
}

fn totals(random: &mut Random) -> proto::Bill {
    let mut rest = || if random.chance(50) { amount(random) / 10 } else { 0 };
    let (copay_first, over_limit, own_expense, facility_borne) =
        (rest(), rest(), rest(), rest() / 10);
    let in_scope = amount(random);
    let parts = proto::Parts {
        in_scope: yuan(in_scope),
        copay_first: yuan(copay_first),
        over_limit: yuan(over_limit),
        own_expense: yuan(own_expense),
        facility_borne: if facility_borne == 0 { String::new() } else { yuan(facility_borne) },
    };
    let total = in_scope + copay_first + over_limit + own_expense + facility_borne;
    proto::Bill {
        total: yuan(total),
        totals: Some(proto::Totals { parts: Some(parts), ..proto::Totals::default() }),
        ..proto::Bill::default()
    }
}

fn lines(world: &World, random: &mut Random) -> proto::Bill {
    let mut lines: Vec<proto::Line> = Vec::new();
    let mut total = 0;
    for index in 0..random.within(1, 8) {
        let item = random.pick(&world.items);
        let quantity = random.within(1, 40);
        let price = random.within(1, 20_000);
        let code = if random.chance(5) { "UNLISTED" } else { &item.code };
        let line = proto::Line {
            id: format!("L{index}"),
            code: code.to_owned(),
            category: (*random.pick(&CATEGORIES)).to_owned(),
            quantity: quantity.to_string(),
            price: yuan(price),
            amount: yuan(quantity * price),
            noncompliant: random.chance(3),
            ..proto::Line::default()
        };
        total += quantity * price;
        if random.chance(20) {
            let back = random.within(1, quantity);
            lines.push(line.clone());
            total -= back * price;
            lines.push(proto::Line {
                id: format!("R{index}"),
                quantity: format!("-{back}"),
                amount: yuan(-back * price),
                refund_of: line.id.clone(),
                noncompliant: false,
                ..line
            });
        } else {
            lines.push(line);
        }
    }
    let total = if random.chance(50) { yuan(total) } else { String::new() };
    proto::Bill { total, lines, ..proto::Bill::default() }
}

/// What a year had in another system.
pub(crate) fn balances(random: &mut Random) -> proto::Accumulators {
    let mut some = || {
        let amount = amount(random) / 4;
        if amount == 0 { String::new() } else { yuan(amount) }
    };
    let step = |step: &str| proto::StepYear { step: step.to_owned(), ..proto::StepYear::default() };
    let basic = proto::StepYear { eligible: some(), paid: some(), ..step("basic") };
    let critical = proto::StepYear { eligible: some(), paid: some(), ..step("critical") };
    let topup =
        proto::StepYear { measured: some(), remaining: some(), paid: some(), ..step("topup") };
    let chain =
        proto::ChainYear { step: "basic".to_owned(), chain: "episode:E0".to_owned(), met: some() };
    let (in_scope, patient_pay) = (some(), some());
    let mut steps = vec![basic, critical, topup];
    steps.truncate(usize::try_from(random.below(4)).unwrap());
    if let Some(topup) = steps.get_mut(2)
        && random.chance(50)
    {
        topup.allowed = "123.45678901".to_owned();
    }
    let chains = if random.chance(30) { vec![chain] } else { Vec::new() };
    proto::Accumulators {
        version: 0,
        admissions: random.below(4),
        total: in_scope.clone(),
        parts: Some(proto::Parts { in_scope, ..proto::Parts::default() }),
        patient_pay,
        steps,
        chains,
    }
}
