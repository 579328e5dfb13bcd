//! Instructions a round of every task, counted by running this program again under `valgrind`.

use crate::tasks;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// What a task may cost more than is written down.
const DEARER_MAX: f64 = 0.05;

pub(crate) fn all() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/core/instructions.txt");
    let known: BTreeMap<String, u64> = std::fs::read_to_string(&path)
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, count)| (name.trim().to_owned(), count.parse().unwrap()))
        .collect();
    let mut text = String::new();
    let mut dearer = Vec::new();
    for name in tasks::NAMES {
        let count = (under_valgrind(name, 60) - under_valgrind(name, 10)) / 50;
        let change = known.get(name).map(|known| count as f64 / *known as f64 - 1.0);
        let shown = change.map_or("new".to_owned(), |change| format!("{:+.1} %", change * 100.0));
        println!("{name:40} {count:>10} instructions  {shown}");
        text += &format!("{name:40} {count}\n");
        if change.is_some_and(|change| change > DEARER_MAX) {
            dearer.push(name);
        }
    }
    if std::env::var_os("UPDATE_INSTRUCTIONS").is_some() {
        std::fs::write(&path, text).unwrap();
    } else if !dearer.is_empty() {
        println!("dearer than in {}: {dearer:?}", path.display());
        std::process::exit(1);
    }
}

/// All instructions of the program with so many rounds of a task.
fn under_valgrind(name: &str, rounds: u32) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["rounds", name, &rounds.to_string()])
        .output()
        .expect("valgrind, which Debian's package `valgrind` installs");
    let said = String::from_utf8(output.stderr).unwrap();
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    collected.unwrap_or_else(|| panic!("{said}")).1.trim().parse().unwrap()
}
