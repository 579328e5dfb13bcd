//! `onestop quote` on JSON lines: how many six-step admissions one core settles in a second.
//!
//! `cargo bench --bench quote`. Workload: bills of totals of registered poor persons at their county hospital under the demo pack,
//! whose six enabled steps all run for them; amounts, persons, dates and diagnoses vary by line. Input and output are files, and the
//! output is what a user gets without any option but `--jobs 1`. `ONESTOP_BENCH_LINES` is how many (400,000 by default); the files
//! stand in the directory that `ONESTOP_BENCH_DIR` names and are kept, or in the temporary one.
//!
//! The rate is by processor time, user and system, of the whole process with its start: other load on the machine hardly moves it.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "a benchmark may fail loudly, prints, and reports times"
)]

use std::fs;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const PERSONS: usize = 10_000;

/// The enabled steps of the demo pack.
const STEPS: usize = 6;

const RUNS: usize = 3;

fn main() {
    let lines = std::env::var("ONESTOP_BENCH_LINES").map_or(400_000, |text| text.parse().unwrap());
    let kept = std::env::var_os("ONESTOP_BENCH_DIR");
    let base = kept.as_ref().map_or_else(std::env::temp_dir, Into::into);
    let directory = base.join(format!("onestop-bench-quote-{}", std::process::id()));
    fs::create_dir_all(directory.join("registers")).unwrap();
    registers(&directory.join("registers"));
    admissions(&directory.join("admissions.jsonl"), lines);
    for _ in 0..RUNS {
        quote(&directory, lines);
    }
    check(&directory.join("answers.jsonl"), lines);
    if kept.is_none() {
        fs::remove_dir_all(&directory).unwrap();
    }
}

fn registers(folder: &Path) {
    let mut persons = BufWriter::new(File::create(folder.join("persons.csv")).unwrap());
    writeln!(
        persons,
        "person,name,certificate_no,birth,place,insutype,insured_from,insured_to,identity,\
         identity_from,identity_to"
    )
    .unwrap();
    for person in 0..PERSONS {
        let (year, month) = (1935 + person % 75, 1 + person % 12);
        writeln!(
            persons,
            "P{person:08},,,{year}-{month:02}-15,000001,390,2012-01-01,,2302,2016-01-01,"
        )
        .unwrap();
    }
    persons.flush().unwrap();
    let facilities = "facility,name,place,level,tier,tags,from,to\n\
                      H0001,,000001,1,township,,2010-01-01,\n\
                      H0002,,000001,2,county,,2010-01-01,\n";
    fs::write(folder.join("facilities.csv"), facilities).unwrap();
}

/// As a hospital's software sends them: every field of an inpatient's admission, in the contract's JSON form.
fn admissions(path: &Path, lines: usize) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    for index in 0..lines {
        let person = index * 7919 % PERSONS;
        let facility = 1 + index % 2;
        let (month, day) = (1 + index % 12, 1 + index % 17);
        let fen = [
            200_000 + index * 37 % 3_000_000,
            index * 11 % 100_000,
            index * 5 % 30_000,
            index * 3 % 50_000,
        ];
        let yuan = |fen: usize| format!("{}.{:02}", fen / 100, fen % 100);
        let total = yuan(fen.iter().sum());
        let [in_scope, copay_first, over_limit, own_expense] = fen.map(yuan);
        let diagnosis = ["J18.9", "I10", "E11.9", "K35.8"][index % 4];
        writeln!(
            file,
            r#"{{"admission":{{"id":"A{index:09}","person":"P{person:08}","facility":"H000{facility}","admittedOn":"2018-{month:02}-{day:02}","dischargedOn":"2018-{month:02}-{out:02}","medType":"21","referral":"none","diagnoses":["{diagnosis}","I25.1"]}},"bill":{{"total":"{total}","totals":{{"parts":{{"inScope":"{in_scope}","copayFirst":"{copay_first}","overLimit":"{over_limit}","ownExpense":"{own_expense}"}}}}}}}}"#,
            out = day + 9,
        )
        .unwrap();
    }
    file.flush().unwrap();
}

fn quote(directory: &Path, lines: usize) {
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("settlement-rules");
    let (before, start) = (processor_seconds_of_children(), Instant::now());
    let status = Command::new(env!("CARGO_BIN_EXE_onestop"))
        .args(["quote", "--jobs", "1", "--packs"])
        .arg(packs)
        .arg("--registers")
        .arg(directory.join("registers"))
        .arg(directory.join("admissions.jsonl"))
        .stdout(File::create(directory.join("answers.jsonl")).unwrap())
        // The program reads what begins with its name as configuration.
        .env_remove("ONESTOP_BENCH_LINES")
        .env_remove("ONESTOP_BENCH_DIR")
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    let wall = start.elapsed().as_secs_f64();
    let processor = processor_seconds_of_children() - before;
    let lines = lines as f64;
    println!(
        "quote --jobs 1: {:.0} admissions a second of processor time ({processor:.2} s), {:.0} by the clock",
        lines / processor,
        lines / wall
    );
}

/// User and system time of the children that have ended, in hundredths of a second as Linux counts them.
fn processor_seconds_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, behind_name) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = behind_name.split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<f64>().unwrap();
    (ticks(13) + ticks(14)) / 100.0
}

/// Every admission was quoted, and all of its steps ran.
fn check(answers: &Path, lines: usize) {
    let mut answered = 0;
    for answer in BufReader::new(File::open(answers).unwrap()).lines() {
        let answer = answer.unwrap();
        assert_eq!(answer.matches(r#""ran":true"#).count(), STEPS, "{answer}");
        answered += 1;
    }
    assert_eq!(answered, lines);
}
