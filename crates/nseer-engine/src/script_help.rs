//! `--script-help`: what is told of scripts without running them.

use crate::script::ScriptInfo;

/// The text for people: for each script its ID, categories and description. A description that does not end its last
/// line does so only at the end, where nothing follows; Nmap not even there.
#[must_use]
pub fn text(scripts: &[&ScriptInfo]) -> Vec<u8> {
    let mut out = Vec::new();
    for script in scripts {
        out.extend(format!("\n{}\n", script.id).into_bytes());
        out.extend(format!("Categories: {}\n", script.categories.join(" ")).into_bytes());
        if script.from_data_dir {
            out.extend(format!("https://nmap.org/nsedoc/scripts/{}.html\n", script.id).bytes());
        }
        let Some(description) = &script.description else { continue };
        for line in description.split_inclusive(|b| *b == b'\n') {
            if line != b"\n" {
                out.extend(b"  ");
            }
            out.extend(line);
        }
    }
    if out.last().is_some_and(|last| *last != b'\n') {
        out.push(b'\n');
    }
    out
}

/// The XML document. `escape` turns bytes into XML text; `directories` are those of scripts and
/// libraries, where there are any.
#[must_use]
pub fn xml(
    scripts: &[&ScriptInfo],
    directories: &[(&str, String)],
    escape: impl Fn(&[u8]) -> String,
) -> String {
    let mut out = String::from("<nse-scripts>\n");
    for (name, path) in directories {
        out.push_str(&format!(
            "<directory name=\"{name}\" path=\"{}\"></directory>\n",
            escape(path.as_bytes())
        ));
    }
    for script in scripts {
        out.push_str(&format!("<script filename=\"{}\">\n", escape(script.path.as_bytes())));
        out.push_str("<categories>");
        for category in &script.categories {
            out.push_str(&format!("<category>{}</category>", escape(category.as_bytes())));
        }
        out.push_str("</categories>\n");
        if let Some(description) = &script.description {
            out.push_str(&format!("<description>{}</description>\n", escape(description)));
        }
        out.push_str("</script>\n");
    }
    out.push_str("</nse-scripts>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(description: Option<&str>, from_data_dir: bool) -> ScriptInfo {
        ScriptInfo {
            id: "aa".into(),
            path: "/data/scripts/aa.nse".to_owned(),
            categories: vec!["safe".to_owned(), "Own".to_owned()],
            description: description.map(|text| text.as_bytes().to_vec()),
            dependencies: Vec::new(),
            phases: Vec::new(),
            selected_by_name: true,
            forced: false,
            from_data_dir,
            level: 1,
        }
    }

    fn check(description: Option<&str>, expected: &str) {
        let script = script(description, false);
        let text = String::from_utf8(text(&[&script])).expect("text");
        let head = "\naa\nCategories: safe Own\n";
        assert_eq!(text.strip_prefix(head), Some(expected), "for {description:?}");
    }

    #[test]
    fn descriptions_are_indented() {
        check(None, "");
        check(Some(""), "");
        check(Some("One."), "  One.\n");
        check(Some("One.\n\n  two\n"), "  One.\n\n    two\n");
        check(Some("\nOne.\n \n"), "\n  One.\n   \n");
    }

    #[test]
    fn a_last_line_without_an_end_is_ended_by_what_follows() {
        let (without, with) = (script(Some("One."), false), script(Some("One.\n"), false));
        let head = "\naa\nCategories: safe Own\n";
        let text = String::from_utf8(text(&[&without, &with, &without])).expect("text");
        assert_eq!(text, format!("{head}  One.{head}  One.\n{head}  One.\n"));
    }

    #[test]
    fn only_scripts_of_a_data_directory_have_a_page() {
        let text = String::from_utf8(text(&[&script(None, true)])).expect("text");
        assert!(text.ends_with("\nhttps://nmap.org/nsedoc/scripts/aa.html\n"), "{text}");
    }

    #[test]
    fn xml_layout() {
        let (with, without) = (script(Some("a<b"), true), script(None, true));
        let escape = |text: &[u8]| String::from_utf8_lossy(text).replace('<', "&lt;");
        let xml = xml(&[&with, &without], &[("scripts", "/data/scripts/".to_owned())], escape);
        let head = "<script filename=\"/data/scripts/aa.nse\">\n\
                    <categories><category>safe</category><category>Own</category></categories>\n";
        let expected = [
            "<nse-scripts>\n<directory name=\"scripts\" path=\"/data/scripts/\"></directory>\n",
            head,
            "<description>a&lt;b</description>\n</script>\n",
            head,
            "</script>\n</nse-scripts>\n",
        ];
        assert_eq!(xml, expected.concat());
    }
}
