//! The embedded probes of version detection: what to send to a port and how to read the answer. It knows no
//! patterns and no sockets; the language is read by `nseer-probes`.

/// Joins the files of the folder `probes`, in the order given.
macro_rules! joined {
    ($($name:literal),* $(,)?) => {
        const TEXT: &str = concat!($(include_str!(concat!("../probes/", $name, ".probes"))),*);
        #[cfg(test)]
        const NAMES: &[&str] = &[$($name),*];
    };
}

// By name: a file may go on with the probe of the file before it.
joined![
    "00-remote",
    "02-ftp",
    "04-mail",
    "06-unasked",
    "20-text",
    "30-http",
    "31-http-servers",
    "32-http-rest",
    "34-http-more",
    "40-tls",
    "42-windows",
    "50-rpc",
    "54-databases",
    "58-messaging",
    "70-industrial",
    "80-udp",
];

/// The probe file of nseer, in the language of service probes. Written from protocol documents and from
/// what servers answer; the head of each part names its sources.
#[must_use]
pub fn service_probes() -> &'static [u8] {
    TEXT.as_bytes()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the tests compare the list with the folder")]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_list_is_the_content_of_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("probes");
        let entries = std::fs::read_dir(folder).expect("the folder of probes");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort_unstable();
        let listed: Vec<String> = NAMES.iter().map(|name| format!("{name}.probes")).collect();
        assert_eq!(listed, names, "add or remove the lines in src/probes.rs");
    }

    #[test]
    fn each_file_says_what_it_is_and_ends_its_last_line() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("probes");
        for name in NAMES {
            let path = folder.join(format!("{name}.probes"));
            let text = std::fs::read_to_string(path).expect("a file of the list");
            assert!(text.starts_with("# "), "{name} begins with what it is");
            assert!(text.ends_with('\n'), "{name} ends with a line end");
            assert!(text.lines().count() <= 500, "split {name} by topic");
        }
    }
}
