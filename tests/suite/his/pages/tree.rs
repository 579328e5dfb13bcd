//! JSON with its fields in order and its numbers as they are written, and the form in which the documents show it.

/// A piece of JSON.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Object(Vec<(String, Tree)>),
    List(Vec<Tree>),
    /// Anything else, as it is written.
    Leaf(String),
}

/// The longest line that holds more than a leaf. Unit: signs.
const LINE_SIGNS_MAX: usize = 100;

impl Tree {
    /// Reads a text that is JSON.
    pub(super) fn read(text: &str) -> Tree {
        let _: serde_json::Value =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let mut rest = text;
        read(&mut rest)
    }

    /// On one line.
    pub(super) fn line(&self) -> String {
        let joined = |all: Vec<String>| all.join(", ");
        match self {
            Tree::Object(fields) => {
                let field = |(name, value): &(String, Tree)| format!("{name}: {}", value.line());
                format!("{{{}}}", joined(fields.iter().map(field).collect()))
            }
            Tree::List(all) => format!("[{}]", joined(all.iter().map(Tree::line).collect())),
            Tree::Leaf(text) => text.clone(),
        }
    }

    /// On as many lines as it needs: fields follow each other on a line where there is room.
    pub(super) fn shown(&self) -> String {
        let mut out = String::new();
        self.show(&mut out, 0);
        out
    }

    fn show(&self, out: &mut String, depth: usize) {
        let line = self.line();
        let (open, close, parts) = match self {
            _ if depth > 0 && depth * 2 + line.chars().count() < LINE_SIGNS_MAX => {
                return out.push_str(&line);
            }
            Tree::Leaf(text) => return out.push_str(text),
            Tree::Object(fields) => {
                let parts = fields.iter().map(|(name, value)| (format!("{name}: "), value));
                ('{', '}', parts.collect::<Vec<_>>())
            }
            Tree::List(all) => ('[', ']', all.iter().map(|value| (String::new(), value)).collect()),
        };
        out.push(open);
        let indent = "  ".repeat(depth + 1);
        let mut room = 0;
        for (index, (name, value)) in parts.iter().enumerate() {
            let length = name.chars().count() + value.line().chars().count() + 2;
            let leaf = matches!(value, Tree::Leaf(_));
            if leaf && length <= room {
                out.push(' ');
                room -= length;
            } else {
                out.push('\n');
                out.push_str(&indent);
                room = if leaf { LINE_SIGNS_MAX.saturating_sub(indent.len() + length) } else { 0 };
            }
            out.push_str(name);
            value.show(out, depth + 1);
            if index + 1 < parts.len() {
                out.push(',');
            }
        }
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
        out.push(close);
    }
}

/// Reads one value; the text is known to be JSON.
fn read(rest: &mut &str) -> Tree {
    *rest = rest.trim_start();
    match rest.as_bytes()[0] {
        b'{' => {
            let mut fields = Vec::new();
            while next(rest, '}') {
                let name = leaf(rest);
                *rest = rest.trim_start().strip_prefix(':').unwrap();
                fields.push((name, read(rest)));
            }
            Tree::Object(fields)
        }
        b'[' => {
            let mut all = Vec::new();
            while next(rest, ']') {
                all.push(read(rest));
            }
            Tree::List(all)
        }
        _ => Tree::Leaf(leaf(rest)),
    }
}

/// Passes the sign before the next value; whether there is one before the end of what is read.
fn next(rest: &mut &str, end: char) -> bool {
    let passed = rest.trim_start().strip_prefix(['{', '[', ',']);
    *rest = passed.unwrap_or(rest).trim_start();
    match rest.strip_prefix(end) {
        Some(behind) => {
            *rest = behind;
            false
        }
        None => true,
    }
}

fn leaf(rest: &mut &str) -> String {
    let mut escaped = false;
    let is_end = |(index, sign): &(usize, char)| {
        let end = *sign == '"' && *index > 0 && !escaped;
        escaped = *sign == '\\' && !escaped;
        end
    };
    let length = if rest.starts_with('"') {
        rest.char_indices().find(is_end).unwrap().0 + 1
    } else {
        rest.find([',', '}', ']', ' ', '\n']).unwrap_or(rest.len())
    };
    let (leaf, behind) = rest.split_at(length);
    *rest = behind;
    leaf.to_owned()
}
