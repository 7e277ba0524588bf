//! Completion scripts for bash, zsh and fish, made from the tables of options and of commands.
//!
//! Only options that this version accepts are offered.

use std::fmt::Write as _;

use crate::options::{self, Complete, Opt, Shape, Value};
use crate::workbench::{GROUPS, TOOLS, Tool};

/// Each name of each option that is offered.
fn offered() -> impl Iterator<Item = (&'static Opt, &'static str)> {
    options::all()
        .filter(|opt| opt.is_listed())
        .flat_map(|opt| opt.names.iter().map(move |name| (opt, *name)))
}

/// The words that may stand first, with their texts: commands and groups of them.
fn first_words(tools: &'static [Tool]) -> Vec<(&'static str, &'static str)> {
    let mut words: Vec<(&str, &str)> = Vec::new();
    for tool in tools {
        match tool.name.split_once(' ') {
            None => words.push((tool.name, tool.short)),
            Some((group, _)) if words.iter().any(|(word, _)| *word == group) => {}
            Some((group, _)) => {
                let about = GROUPS.iter().find(|known| known.name == group);
                words.push((group, about.map_or("", |group| group.short)));
            }
        }
    }
    words
}

/// The second words after this first one.
fn second_words(tools: &'static [Tool], first: &str) -> Vec<(&'static Tool, &'static str)> {
    let within = tools.iter().filter_map(|tool| Some((tool, tool.name.split_once(' ')?)));
    within.filter(|(_, (group, _))| *group == first).map(|(tool, (_, word))| (tool, word)).collect()
}

/// Moves the lines of a text to the right.
fn indent(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    text.lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{pad}{line}\n") })
        .collect()
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
    let tools = indent(&bash_tools(TOOLS), 12);
    let tool_names: Vec<&str> = first_words(TOOLS).into_iter().map(|(word, _)| word).collect();
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

/// The cases of all first words.
fn bash_tools(tools: &'static [Tool]) -> String {
    let mut text = String::new();
    for (first, _) in first_words(tools) {
        let seconds = second_words(tools, first);
        if let Some(tool) = tools.iter().find(|tool| tool.name == first) {
            text.push_str(&bash_tool(first, tool));
            continue;
        }
        let words: Vec<&str> = seconds.iter().map(|(_, word)| *word).collect();
        let _ = write!(
            text,
            "{first})\n    if (( COMP_CWORD == 2 )); then\n        \
             mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")\n        \
             return\n    fi\n    case ${{COMP_WORDS[2]}} in\n",
            words.join(" ")
        );
        for (tool, word) in seconds {
            text.push_str(&indent(&bash_tool(word, tool), 8));
        }
        text.push_str("    esac\n    return\n    ;;\n");
    }
    text
}

/// The case of a command: its options, their values, and files.
fn bash_tool(word: &str, tool: &Tool) -> String {
    let mut text = format!("{word})\n    case $prev in\n");
    for option in tool.options.iter().filter(|option| !option.value.is_empty()) {
        let action = bash_action(option.complete);
        let name = option.name;
        let _ = write!(
            text,
            "        {name})\n            {action}\n            return\n            ;;\n"
        );
    }
    let files = bash_action(Complete::Files);
    let names = tool.options.iter().map(|option| option.name).collect::<Vec<_>>().join(" ");
    let _ = write!(
        text,
        "    esac\n    if [[ $cur == -* ]]; then\n        \
         mapfile -t COMPREPLY < <(compgen -W '{names}' -- \"$cur\")\n    \
         else\n        {files}\n    fi\n    return\n    ;;\n"
    );
    text
}

/// The script for zsh.
#[must_use]
pub fn zsh() -> String {
    let mut tools = String::new();
    for (word, short) in first_words(TOOLS) {
        let _ = writeln!(tools, "        '{word}:{}'", zsh_escape(short));
    }
    let cases = indent(&zsh_tools(TOOLS), 8);
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

/// The cases of all first words.
fn zsh_tools(tools: &'static [Tool]) -> String {
    let mut text = String::new();
    for (first, _) in first_words(tools) {
        if let Some(tool) = tools.iter().find(|tool| tool.name == first) {
            text.push_str(&zsh_tool(first, tool));
            continue;
        }
        let mut words = String::new();
        let mut cases = String::new();
        for (tool, word) in second_words(tools, first) {
            let _ = writeln!(words, "            '{word}:{}'", zsh_escape(tool.short));
            cases.push_str(&indent(&zsh_tool(word, tool), 8));
        }
        let _ = write!(
            text,
            "{first})\n    shift words\n    (( CURRENT-- ))\n    if (( CURRENT == 2 )); then\n        \
             local -a commands=(\n{words}        )\n        _describe command commands\n        \
             return\n    fi\n    case $words[2] in\n{cases}    esac\n    return\n    ;;\n"
        );
    }
    text
}

/// The case of a command.
fn zsh_tool(word: &str, tool: &Tool) -> String {
    let mut text = format!("{word})\n    shift words\n    (( CURRENT-- ))\n    _arguments \\\n");
    for option in tool.options {
        let join = if option.name.starts_with("--") { "=" } else { "+" };
        let what = zsh_escape(option.short);
        let action = zsh_action(option.complete);
        let _ = match (option.name, option.value) {
            (name, "") => writeln!(text, "        '*{name}[{what}]' \\"),
            (name, value) => {
                writeln!(text, "        '*{name}{join}[{what}]:{value}:{action}' \\")
            }
        };
    }
    text.push_str("        '*:file:_files'\n    return\n    ;;\n");
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
    text.push_str(&fish_tools(TOOLS));
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

fn fish_tools(tools: &'static [Tool]) -> String {
    let mut text = String::new();
    for (first, what) in first_words(tools) {
        let what = fish_escape(what);
        let _ = writeln!(text, "complete -c nseer -n __fish_use_subcommand -a {first} -d '{what}'");
        let seen = format!("__fish_seen_subcommand_from {first}");
        if let Some(tool) = tools.iter().find(|tool| tool.name == first) {
            fish_tool(&mut text, &seen, tool);
            continue;
        }
        let seconds = second_words(tools, first);
        let words: Vec<&str> = seconds.iter().map(|(_, word)| *word).collect();
        let words = words.join(" ");
        for (tool, word) in seconds {
            let what = fish_escape(tool.short);
            let _ = writeln!(
                text,
                "complete -c nseer -n '{seen}; and not __fish_seen_subcommand_from {words}' \
                 -f -a {word} -d '{what}'"
            );
            let seen = format!("{seen}; and __fish_seen_subcommand_from {word}");
            fish_tool(&mut text, &seen, tool);
        }
    }
    text
}

fn fish_tool(text: &mut String, seen: &str, tool: &Tool) {
    let seen = format!("complete -c nseer -n '{seen}'");
    let _ = writeln!(text, "{seen} -F");
    for option in tool.options {
        let switch = if option.name.starts_with("--") { 'l' } else { 's' };
        let word = option.name.trim_start_matches('-');
        let action = match option.value {
            "" => String::new(),
            _ => fish_action(option.complete),
        };
        let what = fish_escape(option.short);
        let _ = writeln!(text, "{seen} -{switch} {word}{action} -d '{what}'");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbench::tests::SAMPLE;

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
            for word in TOOLS.iter().flat_map(|tool| tool.name.split(' ')) {
                assert!(text.contains(word), "{script} does not offer {word}");
            }
        }
    }

    #[test]
    fn commands_of_a_group_are_offered_after_its_word() {
        let bash = bash_tools(SAMPLE);
        assert!(bash.starts_with("script)\n    if (( COMP_CWORD == 2 )); then\n"), "{bash}");
        assert!(bash.contains("compgen -W 'check run' -- "), "{bash}");
        assert!(bash.contains("        check)\n            case $prev in\n"), "{bash}");
        assert!(bash.contains("compgen -W '--loud --only' -- "), "{bash}");
        assert!(!bash.contains("--loud)"), "a flag has no value to offer: {bash}");
        let zsh = zsh_tools(SAMPLE);
        assert!(zsh.contains("            'run:look at scripts'\n"), "{zsh}");
        assert!(zsh.contains("'*--loud[say more]' \\\n"), "{zsh}");
        assert!(zsh.contains("'*--only=[look for one thing]:RULE:(x y)' \\\n"), "{zsh}");
        let fish = fish_tools(SAMPLE);
        let seen = "__fish_seen_subcommand_from script; and";
        for line in [
            "complete -c nseer -n __fish_use_subcommand -a script -d 'write, check and test scripts'",
            &format!(
                "complete -c nseer -n '{seen} not __fish_seen_subcommand_from check run' -f -a run \
                 -d 'look at scripts'"
            ),
            &format!(
                "complete -c nseer -n '{seen} __fish_seen_subcommand_from check' -l loud -d 'say more'"
            ),
        ] {
            assert!(fish.lines().any(|found| found == line), "{line}\n{fish}");
        }
    }
}
