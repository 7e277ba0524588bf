//! Completion scripts for bash, zsh and fish, made from the tables of options and of commands.
//!
//! Only options that this version accepts are offered.

use std::fmt::Write as _;

use crate::options::{self, Complete, Opt, Shape, Value};
use crate::workbench::{TOOLS, Tool};

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
        let action = bash_action(opt.complete);
        let _ = write!(
            cases,
            "        {})\n            {action}\n            return\n            ;;\n",
            opt.names.join("|")
        );
    }
    let (mut tools, mut tool_names) = (String::new(), Vec::new());
    for tool in TOOLS {
        tools.push_str(&bash_tool(tool));
        tool_names.push(tool.name);
    }
    let tool_names = tool_names.join(" ");
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
             if (( COMP_CWORD > 1 )); then\n        \
                 case ${{COMP_WORDS[1]}} in\n{tools}        esac\n    \
             fi\n    \
             case $prev in\n{cases}    esac\n    \
             local names=(\n{names}    )\n    \
             if [[ $cur == -* ]]; then\n        \
                 mapfile -t COMPREPLY < <(compgen -W \"${{names[*]}}\" -- \"$cur\")\n    \
             else\n        \
                 mapfile -t COMPREPLY < <(compgen -A hostname -- \"$cur\")\n        \
                 if (( COMP_CWORD == 1 )); then\n            \
                     mapfile -t -O ${{#COMPREPLY[@]}} COMPREPLY \\\n                \
                         < <(compgen -W '{tool_names}' -- \"$cur\")\n        \
                 fi\n    \
             fi\n\
         }}\n\
         complete -o filenames -F _nseer nseer\n"
    )
}

fn bash_action(complete: Complete) -> String {
    match complete {
        Complete::Nothing => "COMPREPLY=()".to_owned(),
        Complete::Files => "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")".to_owned(),
        Complete::Folders => "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")".to_owned(),
        Complete::Words(words) => {
            format!("mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")", words.join(" "))
        }
    }
}

/// The case of a command: its options, their values, and files.
fn bash_tool(tool: &Tool) -> String {
    let mut text = format!("            {})\n                case $prev in\n", tool.name);
    let mut names = Vec::new();
    for option in tool.options {
        let action = bash_action(option.complete);
        let _ = writeln!(
            text,
            "                    {})\n                        {action}",
            option.name
        );
        text.push_str("                        return\n                        ;;\n");
        names.push(option.name);
    }
    let files = bash_action(Complete::Files);
    let names = names.join(" ");
    let _ = write!(
        text,
        "                esac\n                if [[ $cur == -* ]]; then\n                    \
         mapfile -t COMPREPLY < <(compgen -W '{names}' -- \"$cur\")\n                \
         else\n                    {files}\n                fi\n                \
         return\n                ;;\n"
    );
    text
}

/// The script for zsh.
#[must_use]
pub fn zsh() -> String {
    let (mut tools, mut cases) = (String::new(), String::new());
    for tool in TOOLS {
        let _ = writeln!(tools, "        '{}:{}'", tool.name, zsh_escape(tool.short));
        cases.push_str(&zsh_tool(tool));
    }
    let mut specs = String::new();
    for (opt, name) in offered() {
        let action = zsh_action(opt.complete);
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
         _nseer_first() {{\n    \
             local -a tools=(\n{tools}    )\n    \
             _describe command tools\n    \
             _hosts\n\
         }}\n\
         if (( CURRENT > 2 )); then\n    \
             case $words[2] in\n{cases}    esac\n\
         fi\n\
         _arguments \\\n{specs}    '1:target or command:_nseer_first' \\\n    '*:target:_hosts'\n"
    )
}

fn zsh_action(complete: Complete) -> String {
    match complete {
        Complete::Nothing => String::new(),
        Complete::Files => "_files".to_owned(),
        Complete::Folders => "_files -/".to_owned(),
        Complete::Words(words) => format!("({})", words.join(" ")),
    }
}

/// The case of a command.
fn zsh_tool(tool: &Tool) -> String {
    let mut text = format!(
        "        {})\n            shift words\n            (( CURRENT-- ))\n            _arguments \\\n",
        tool.name
    );
    for option in tool.options {
        let join = if option.name.starts_with("--") { "=" } else { "+" };
        let what = zsh_escape(option.short);
        let action = zsh_action(option.complete);
        let (name, value) = (option.name, option.value);
        let _ = writeln!(text, "                '*{name}{join}[{what}]:{value}:{action}' \\");
    }
    text.push_str("                '*:file:_files'\n            return\n            ;;\n");
    text
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
    text.push_str(&fish_tools());
    for (opt, name) in offered() {
        let word = name.trim_start_matches('-');
        let switch = match opt.shape(name) {
            Shape::Long => 'l',
            Shape::Short => 's',
            Shape::Scan | Shape::Ping | Shape::Pair => 'o',
        };
        let _ = write!(text, "complete -c nseer -{switch} {word}");
        if matches!(opt.value, Value::Required(_)) {
            text.push_str(&fish_action(opt.complete));
        }
        let _ = writeln!(text, " -d '{}'", fish_escape(opt.short));
    }
    text
}

fn fish_action(complete: Complete) -> String {
    match complete {
        Complete::Nothing => " -x".to_owned(),
        Complete::Files => " -r -F".to_owned(),
        Complete::Folders => " -x -a '(__fish_complete_directories)'".to_owned(),
        Complete::Words(words) => format!(" -x -a '{}'", words.join(" ")),
    }
}

fn fish_escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

fn fish_tools() -> String {
    let mut text = String::new();
    for tool in TOOLS {
        let (name, what) = (tool.name, fish_escape(tool.short));
        let _ = writeln!(text, "complete -c nseer -n __fish_use_subcommand -a {name} -d '{what}'");
        let seen = format!("complete -c nseer -n '__fish_seen_subcommand_from {name}'");
        let _ = writeln!(text, "{seen} -F");
        for option in tool.options {
            let switch = if option.name.starts_with("--") { 'l' } else { 's' };
            let word = option.name.trim_start_matches('-');
            let (action, what) = (fish_action(option.complete), fish_escape(option.short));
            let _ = writeln!(text, "{seen} -{switch} {word}{action} -d '{what}'");
        }
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
            for tool in TOOLS {
                assert!(text.contains(tool.name), "{script} does not offer {}", tool.name);
            }
        }
    }
}
