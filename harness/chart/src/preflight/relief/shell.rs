//! Shell scripts, read as far as it takes to find a command: words, variables, loops over words.

/// A variable with the values that it takes.
pub(super) type Variable = (String, Vec<String>);

/// The variables that are known.
pub(super) type Variables = Vec<Variable>;

/// The commands of a script, each as its words.
pub(super) fn commands(script: &str) -> Vec<Vec<String>> {
    let script = marked(&script.replace("\\\n", " "));
    let lines = script.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let lines = lines.map(|line| line.split(" #").next().unwrap_or_default());
    let parts = lines.flat_map(|line| line.split([';', '|', '&', '(', ')', '{', '}', '`']));
    parts
        .map(|part| part.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect())
        .filter(|words: &Vec<String>| !words.is_empty())
        .collect()
}

/// Marks of a variable's begin and end, which no script holds: its braces are no borders of commands.
const BEGIN: char = '\u{1}';
const END: char = '\u{2}';

fn marked(script: &str) -> String {
    let mut told = String::new();
    let mut rest = script;
    while let Some(at) = rest.find("${") {
        told.push_str(&rest[..at]);
        let name = &rest[at + 2..];
        match name.find('}') {
            Some(end) => {
                told.extend([BEGIN.to_string(), name[..end].to_owned(), END.to_string()]);
                rest = &name[end + 1..];
            }
            None => rest = name,
        }
    }
    told.push_str(rest);
    told
}

/// `NAME=value`, and `for NAME in one other`.
pub(super) fn assignments(command: &[String], known: &mut Variables) {
    let words = match command {
        [first, rest @ ..] if ["export", "local", "do", "then"].contains(&first.as_str()) => rest,
        words => words,
    };
    match words {
        [first, name, word, values @ ..] if first == "for" && word == "in" => {
            let values = values.iter().flat_map(|value| expanded(value, known)).collect();
            known.push((name.clone(), values));
        }
        [first, ..] => {
            if let Some((name, value)) = first.split_once('=')
                && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            {
                let values = expanded(value.trim_matches(['"', '\'']), known);
                known.push((name.to_owned(), values));
            }
        }
        [] => {}
    }
}

/// A word with its variables; more than one where a variable takes several values.
pub(super) fn expanded(word: &str, known: &[Variable]) -> Vec<String> {
    let mut words = vec![word.to_owned()];
    for (name, values) in known.iter().rev() {
        let (short, long) = (format!("${name}"), format!("{BEGIN}{name}{END}"));
        words = words
            .into_iter()
            .flat_map(|word| {
                if word.contains(&long) || ends_name(&word, &short) {
                    values.iter().map(|value| word.replace(&long, value).replace(&short, value)).collect()
                } else {
                    vec![word]
                }
            })
            .collect();
    }
    words
}

/// Whether a text has this variable, and none with a longer name.
fn ends_name(text: &str, variable: &str) -> bool {
    text.find(variable).is_some_and(|at| {
        !text[at + variable.len()..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
    })
}
