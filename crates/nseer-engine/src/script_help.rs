//! `--script-help`: what is told of scripts without running them.

use crate::script::ScriptInfo;

/// The text for people: for each script its ID, categories and description.
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
        for line in lines(description) {
            if !line.is_empty() {
                out.extend(b"  ");
                out.extend(line);
            }
            out.push(b'\n');
        }
    }
    out
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_prefix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.split(|b| *b == b'\n')
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
        out.push_str("<categories>\n");
        for category in &script.categories {
            out.push_str(&format!("<category>{}</category>\n", escape(category.as_bytes())));
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
