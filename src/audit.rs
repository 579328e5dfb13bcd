//! The audit (审计): who did what, when and from where, which reversals should be looked at, and who looked at whose record. Pure.

use crate::calendar::Day;
use crate::extract::Extract;
use crate::extract::Kind;
use crate::id::masked;
use crate::report::Cell;
use crate::report::Report;
use crate::report::Title;

use std::collections::BTreeMap;

/// A reversal so many days after what it undoes is late.
const LATE_DAYS: usize = 7;
/// So many reversals of one operator on one day are unusual.
const REPEATED: u64 = 5;

/// What is looked for. What is empty is all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Recorded on or after this day.
    pub from: Day,
    /// Recorded on or before this day.
    pub to: Day,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Of this facility or office.
    pub writer: String,
    /// Of this operator.
    pub operator: String,
    /// Looks at this person's record.
    pub person: String,
}

impl Wanted {
    fn has(&self, extract: &Extract) -> bool {
        let fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        self.from <= extract.recorded_on
            && extract.recorded_on <= self.to
            && self.kind.is_none_or(|kind| kind == extract.kind)
            && fits(&self.writer, &extract.writer)
            && fits(&self.operator, &extract.operator)
    }
}

/// A look at persons' records (查阅).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Its number in the trail.
    pub number: u64,
    /// When, with the offset of Asia/Shanghai.
    pub at: String,
    /// The day of that.
    pub on: Day,
    /// Who.
    pub who: String,
    /// From where.
    pub from: String,
    /// How.
    pub how: String,
    /// Whose records. Personal data.
    pub persons: Vec<String>,
}

/// A reversal, as far as rules look at it.
#[derive(Debug)]
struct Reversal {
    row: Vec<Cell>,
    late: bool,
    same_operator: bool,
    admission: (String, String),
    by_day: (String, String, Day),
}

/// An audit that is being made.
#[derive(Debug)]
pub struct Audit {
    wanted: Wanted,
    log: Vec<Vec<Cell>>,
    looks: Vec<Vec<Cell>>,
    reversals: Vec<Reversal>,
    of_admission: BTreeMap<(String, String), u64>,
    of_day: BTreeMap<(String, String, Day), u64>,
}

impl Audit {
    /// Without any entry yet.
    pub fn new(wanted: Wanted) -> Audit {
        Audit {
            wanted,
            log: Vec::new(),
            looks: Vec::new(),
            reversals: Vec::new(),
            of_admission: BTreeMap::new(),
            of_day: BTreeMap::new(),
        }
    }

    /// Adds an entry. Reversals count for the rules also where the log leaves them out.
    pub fn add(&mut self, extract: &Extract) {
        let is_wanted = self.wanted.has(extract);
        if is_wanted {
            self.log.push(log_row(extract));
        }
        let (Kind::Reversal, Some(undone), Some(settled)) =
            (extract.kind, &extract.undoes, &extract.settled)
        else {
            return;
        };
        let admission = (settled.facility.clone(), settled.admission.clone());
        let by_day = (extract.writer.clone(), extract.operator.clone(), extract.recorded_on);
        *self.of_admission.entry(admission.clone()).or_default() += 1;
        *self.of_day.entry(by_day.clone()).or_default() += 1;
        if !is_wanted {
            return;
        }
        let last_in_time = (0..LATE_DAYS)
            .try_fold(undone.recorded_on, |day, _| day.after())
            .unwrap_or(undone.recorded_on);
        self.reversals.push(Reversal {
            row: vec![
                Cell::Count(extract.number),
                Cell::text(&extract.recorded_at),
                Cell::text(&extract.writer),
                Cell::text(&extract.operator),
                Cell::text(&extract.terminal),
                Cell::text(&settled.admission),
                Cell::Count(undone.number),
                Cell::Day(undone.recorded_on),
                Cell::Money(settled.total),
                Cell::text(&extract.remark),
            ],
            late: last_in_time < extract.recorded_on,
            same_operator: !extract.operator.is_empty() && extract.operator == undone.operator,
            admission,
            by_day,
        });
    }

    /// Adds a look; a row for each person, who is never shown whole.
    pub fn add_look(&mut self, look: &Look) {
        let wanted = &self.wanted;
        let fits = wanted.from <= look.on
            && look.on <= wanted.to
            && wanted.kind.is_none()
            && (wanted.operator.is_empty() || wanted.operator == look.who);
        let of = |person: &&String| wanted.person.is_empty() || wanted.person == **person;
        for person in look.persons.iter().filter(of).filter(|_| fits) {
            self.looks.push(vec![
                Cell::Count(look.number),
                Cell::text(&look.at),
                Cell::text(&look.who),
                Cell::text(&look.from),
                Cell::text(&look.how),
                Cell::text(masked(person)),
            ]);
        }
    }

    /// Which reversals should be looked at, each with the rules that say so; the log; and the looks.
    pub fn reports(self) -> [Report; 3] {
        let title = ("需复核的撤销", "Reversals to look at");
        let mut unusual = Report::new("unusual-reversals", title, &UNUSUAL);
        for reversal in self.reversals {
            let again = self.of_admission.get(&reversal.admission).is_some_and(|count| 1 < *count);
            let often = self.of_day.get(&reversal.by_day).is_some_and(|count| REPEATED <= *count);
            let rules = [
                (reversal.late, "late"),
                (again, "repeated-admission"),
                (often, "repeated-operator"),
                (reversal.same_operator, "same-operator"),
            ];
            let broken: Vec<&str> =
                rules.into_iter().filter(|(broken, _)| *broken).map(|(_, rule)| rule).collect();
            if !broken.is_empty() {
                let rules = Cell::text(broken.join(" "));
                unusual.rows.push(std::iter::once(rules).chain(reversal.row).collect());
            }
        }
        let mut log = Report::new("log", ("操作日志", "Who did what"), &LOG);
        log.rows = self.log;
        let mut looks = Report::new("looks", ("查阅记录", "Who looked at whose record"), &LOOKS);
        looks.rows = self.looks;
        [unusual, log, looks]
    }
}

fn log_row(extract: &Extract) -> Vec<Cell> {
    let kind = match extract.kind {
        Kind::Settlement => Cell::Words("结算", "settlement"),
        Kind::Reversal => Cell::Words("撤销", "reversal"),
        Kind::Opening => Cell::Words("期初余额", "opening balance"),
        Kind::Register => Cell::Words("登记", "register"),
        Kind::Office => Cell::Words("后台", "back office"),
        Kind::Interface => Cell::Words("国家接口", "national interface"),
    };
    let settled = extract.settled.as_ref();
    vec![
        Cell::Count(extract.number),
        Cell::text(&extract.recorded_at),
        kind,
        Cell::text(&extract.writer),
        Cell::text(&extract.operator),
        Cell::text(&extract.terminal),
        Cell::text(&extract.request_id),
        Cell::text(settled.map_or("", |settled| &settled.admission)),
        Cell::money(settled.map(|settled| settled.total)),
        Cell::text(&extract.remark),
    ]
}

const LOOKS: [Title; 6] = [
    ("编号", "Number"),
    ("时间", "When"),
    ("查阅人", "Who"),
    ("来源", "From"),
    ("方式", "How"),
    ("人员", "Person"),
];

const UNUSUAL: [Title; 11] = [
    ("规则", "Rules"),
    ("撤销号", "Number"),
    ("时间", "When"),
    ("机构", "By whom"),
    ("经办人", "Operator"),
    ("终端", "Terminal"),
    ("就诊", "Admission"),
    ("原结算号", "Of number"),
    ("原结算日期", "Settled on"),
    ("金额", "Amount"),
    ("原因", "Reason"),
];

const LOG: [Title; 10] = [
    ("流水号", "Number"),
    ("时间", "When"),
    ("类别", "Kind"),
    ("机构", "By whom"),
    ("经办人", "Operator"),
    ("终端", "Terminal"),
    ("报文编号", "Request id"),
    ("就诊", "Admission"),
    ("金额", "Amount"),
    ("说明", "What"),
];
