//! What may differ between the documents and an answer, all of it: numbers that a server gives out, and times. Everything else is
//! compared as it is written.
//!
//! A number must have the form that the documents show, and must go on naming the same thing: what a later request of the
//! documents says is replaced by what the server has said for it.

use crate::his::pages::tree::Tree;

use std::collections::BTreeMap;
use std::io::Cursor;
use std::io::Read;

/// Numbers that a server gives out.
const NUMBERS: [&str; 5] = ["mdtrt_id", "setl_id", "init_setl_id", "sign_no", "file_qury_no"];
/// The same under the names of 100001.
const NUMBERS_OF_ITEMS: [&str; 2] = ["mdtrtId", "setlId"];
/// Times at which it does something, and what has them in it.
const TIMES: [&str; 7] = [
    "inf_refmsgid",
    "refmsg_time",
    "respond_time",
    "sign_time",
    "setl_time",
    "dld_endtime",
    "opt_time",
];

/// What the documents say, and what the server said for it.
#[derive(Default)]
pub(super) struct Same {
    numbers: BTreeMap<String, String>,
    days: BTreeMap<String, String>,
    /// Whether what is read says how somebody is today (1101), and not at a settlement.
    today: bool,
}

/// Digits are the same as other digits.
fn shape(text: &str) -> String {
    text.chars().map(|sign| if sign.is_ascii_digit() { '0' } else { sign }).collect()
}

impl Same {
    /// A request of the documents, with the server's numbers and days in it.
    pub(super) fn sent(&self, request: Tree) -> Tree {
        match request {
            Tree::Object(fields) => {
                let replace = |(name, value)| (name, self.sent(value));
                Tree::Object(fields.into_iter().map(replace).collect())
            }
            Tree::List(all) => Tree::List(all.into_iter().map(|one| self.sent(one)).collect()),
            Tree::Leaf(text) => {
                let real = self.numbers.get(&text).or_else(|| self.days.get(&text));
                Tree::Leaf(real.cloned().unwrap_or(text))
            }
        }
    }

    /// An answer with the numbers and times of the documents in it, where those may stand for the server's. When the documents
    /// are written anew, what does not fit is kept as the server said it.
    pub(super) fn answered(&mut self, real: Tree, shown: &Tree, update: bool) -> Tree {
        match (real, shown) {
            (Tree::Object(fields), Tree::Object(theirs)) => {
                let mut normal = Vec::new();
                for (name, value) in fields {
                    let nothing = Tree::Leaf(String::new());
                    let found = theirs.iter().find(|(their, _)| *their == name);
                    let shown = found.map_or(&nothing, |(_, value)| value);
                    self.today = name == "\"baseinfo\"" || self.today;
                    let value = match value {
                        Tree::Leaf(real) => self.leaf(name.trim_matches('"'), real, shown, update),
                        other @ (Tree::Object(_) | Tree::List(_)) => {
                            self.answered(other, shown, update)
                        }
                    };
                    self.today &= name != "\"baseinfo\"";
                    normal.push((name, value));
                }
                Tree::Object(normal)
            }
            (Tree::List(all), shown) => {
                let theirs: &[Tree] = if let Tree::List(theirs) = shown { theirs } else { &[] };
                let nothing = Tree::Object(Vec::new());
                let each = all.into_iter().enumerate().map(|(index, one)| {
                    self.answered(one, theirs.get(index).unwrap_or(&nothing), update)
                });
                Tree::List(each.collect())
            }
            (Tree::Object(fields), Tree::Leaf(_) | Tree::List(_)) => {
                self.answered(Tree::Object(fields), &Tree::Object(Vec::new()), update)
            }
            (real, _) => real,
        }
    }

    fn leaf(&mut self, name: &str, real: String, shown: &Tree, update: bool) -> Tree {
        let Tree::Leaf(shown) = shown else { return Tree::Leaf(real) };
        let alike = shape(&real) == shape(shown);
        if TIMES.contains(&name) {
            let day = |text: &str| text.get(1..11).map(|day| format!("\"{day}\""));
            if name == "setl_time"
                && let (true, Some(shown), Some(real)) = (alike, day(shown), day(&real))
            {
                self.days.insert(shown, real);
            }
            return Tree::Leaf(if alike { shown.clone() } else { real });
        }
        if name == "age" && self.today && alike {
            return Tree::Leaf(shown.clone());
        }
        if !NUMBERS.contains(&name) && !NUMBERS_OF_ITEMS.contains(&name) || real == "\"\"" {
            return Tree::Leaf(real);
        }
        match self.numbers.get(shown) {
            Some(before) if *before == real => Tree::Leaf(shown.clone()),
            None if alike => {
                self.numbers.insert(shown.clone(), real);
                Tree::Leaf(shown.clone())
            }
            Some(_) | None if update => {
                let known = self.numbers.iter().find(|(_, known)| **known == real);
                let known = known.map_or(real.clone(), |(shown, _)| shown.clone());
                self.numbers.insert(known.clone(), real);
                Tree::Leaf(known)
            }
            Some(_) | None => Tree::Leaf(real),
        }
    }

    /// The text of the one file in a ZIP, with the documents' numbers in it.
    pub(super) fn file(&self, zipped: &[u8]) -> String {
        let mut archive = zip::ZipArchive::new(Cursor::new(zipped)).unwrap();
        assert_eq!(archive.len(), 1);
        let mut text = String::new();
        archive.by_index(0).unwrap().read_to_string(&mut text).unwrap();
        let unquoted = |(shown, real): (&String, &String)| {
            (real.trim_matches('"').to_owned(), shown.trim_matches('"').to_owned())
        };
        let known: BTreeMap<_, _> = self.numbers.iter().map(unquoted).collect();
        let row = |row: &str| {
            let cells =
                row.split('\t').map(|cell| known.get(cell).map_or(cell, |shown| shown.as_str()));
            cells.collect::<Vec<_>>().join("\t")
        };
        text.lines().map(row).collect::<Vec<_>>().join("\n")
    }
}
