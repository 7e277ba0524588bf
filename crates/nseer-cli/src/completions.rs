//! Completion scripts for bash, zsh and fish, made from the table of options.
//!
//! Only options that this version accepts are offered.

use std::fmt::Write as _;

use crate::options::{self, Complete, Opt, Shape, Value};

/// Each name of each option that is offered.
fn offered() -> impl Iterator<Item = (&'static Opt, &'static str)> {
    options::all()
        .filter(|opt| opt.is_listed())
        .flat_map(|opt| opt.names.iter().map(move |name| (opt, *name)))
}

/// The script for bash.
#[must_use]
pub fn bash() -> String {
    let mut cases = String::new();
    for opt in options::all().filter(|opt| opt.is_listed()) {
        // Values that can only be glued on do not follow as a word of their own.
        if !matches!(opt.value, Value::Required(_)) {
            continue;
        }
        let action = match opt.complete {
            Complete::Nothing => "COMPREPLY=()".to_owned(),
            Complete::Files => "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")".to_owned(),
            Complete::Folders => "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")".to_owned(),
            Complete::Words(words) => {
                format!("mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")", words.join(" "))
            }
        };
        let _ = write!(
            cases,
            "        {})\n            {action}\n            return\n            ;;\n",
            opt.names.join("|")
        );
    }
    let mut names = String::new();
    for (_, name) in offered() {
        let _ = writeln!(names, "        {name}");
    }
    format!(
        "# Completions of nseer for bash. Made from the table of options; not edited by hand.\n\
         _nseer() {{\n    \
             local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}}\n    \
             # bash cuts --option=value into three words.\n    \
             if [[ $cur == \"=\" ]]; then\n        \
                 cur=\"\"\n    \
             elif [[ $prev == \"=\" && $COMP_CWORD -ge 2 ]]; then\n        \
                 prev=${{COMP_WORDS[COMP_CWORD-2]}}\n    \
             fi\n    \
             case $prev in\n{cases}    esac\n    \
             local names=(\n{names}    )\n    \
             if [[ $cur == -* ]]; then\n        \
                 mapfile -t COMPREPLY < <(compgen -W \"${{names[*]}}\" -- \"$cur\")\n    \
             else\n        \
                 mapfile -t COMPREPLY < <(compgen -A hostname -- \"$cur\")\n    \
             fi\n\
         }}\n\
         complete -o filenames -F _nseer nseer\n"
    )
}

/// The script for zsh.
#[must_use]
pub fn zsh() -> String {
    let mut specs = String::new();
    for (opt, name) in offered() {
        let action = match opt.complete {
            Complete::Nothing => String::new(),
            Complete::Files => "_files".to_owned(),
            Complete::Folders => "_files -/".to_owned(),
            Complete::Words(words) => format!("({})", words.join(" ")),
        };
        // `=` after a name: the value may follow after an equals sign; `+`: it may be glued on.
        let (join, value) = match (opt.value, opt.shape(name)) {
            (Value::None, _) => ("", String::new()),
            (Value::Required(word), Shape::Long) => ("=", format!(":{word}:{action}")),
            (Value::Required(word), _) => ("+", format!(":{word}:{action}")),
            (Value::Optional(word), Shape::Long) => ("=-", format!("::{word}:{action}")),
            (Value::Optional(word), _) => ("-", format!("::{word}:{action}")),
        };
        let text = zsh_escape(opt.short);
        let _ = writeln!(specs, "    '*{name}{join}[{text}]{value}' \\");
    }
    format!(
        "#compdef nseer\n\
         # Completions of nseer for zsh. Made from the table of options; not edited by hand.\n\
         _arguments \\\n{specs}    '*:target:_hosts'\n"
    )
}

fn zsh_escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\'' => escaped.push_str("'\\''"),
            '[' | ']' | ':' | '\\' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

/// The script for fish.
#[must_use]
pub fn fish() -> String {
    let mut text = String::from(
        "# Completions of nseer for fish. Made from the table of options; not edited by hand.\n\
         complete -c nseer -f -a '(__fish_print_hostnames)'\n",
    );
    for (opt, name) in offered() {
        let word = name.trim_start_matches('-');
        let switch = match opt.shape(name) {
            Shape::Long => 'l',
            Shape::Short => 's',
            Shape::Scan | Shape::Ping | Shape::Pair => 'o',
        };
        let _ = write!(text, "complete -c nseer -{switch} {word}");
        if matches!(opt.value, Value::Required(_)) {
            match opt.complete {
                Complete::Nothing => text.push_str(" -x"),
                Complete::Files => text.push_str(" -r -F"),
                Complete::Folders => text.push_str(" -x -a '(__fish_complete_directories)'"),
                Complete::Words(words) => {
                    let _ = write!(text, " -x -a '{}'", words.join(" "));
                }
            }
        }
        let _ = writeln!(text, " -d '{}'", opt.short.replace('\\', "\\\\").replace('\'', "\\'"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_offers_what_is_accepted() {
        for (script, text) in [("bash", bash()), ("zsh", zsh()), ("fish", fish())] {
            for (opt, name) in offered() {
                let word = match (script, opt.shape(name)) {
                    ("bash", _) => format!("        {name}\n"),
                    ("zsh", _) => format!("'*{name}"),
                    (_, Shape::Long) => format!("-l {} ", &name[2..]),
                    (_, Shape::Short) => format!("-s {} ", &name[1..]),
                    _ => format!("-o {} ", &name[1..]),
                };
                assert!(text.contains(&word), "{script} does not offer {name}");
            }
            assert!(!text.contains("spoof-mac"), "{script} offers what is not built");
        }
    }
}
