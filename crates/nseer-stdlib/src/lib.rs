//! The embedded shelf: script libraries, scripts, service probes, service names, port frequencies,
//! names of IP protocols and vendors of network hardware, as bytes in the program. It knows no Lua and reads no files; what the
//! bytes do is decided in `nselib`, `scripts` and `probes`.

pub mod probes;
pub mod services;

/// All files, sorted by path; the list is made by the build script.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The embedded files: path and content, sorted by path in byte order. Paths are those of a data
/// directory, with `/` on every system: `nselib/stdnse.lua`, `scripts/banner.nse`,
/// `scripts/script.db`, `nmap-mac-prefixes`, `nmap-os-db`.
#[must_use]
pub fn files() -> &'static [(&'static str, &'static [u8])] {
    FILES
}

/// The content of one embedded file, `None` if there is no file at exactly this path.
#[must_use]
pub fn file(path: &str) -> Option<&'static [u8]> {
    let at = FILES.binary_search_by(|(known, _)| (*known).cmp(path)).ok()?;
    FILES.get(at).map(|(_, content)| *content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str) -> &'static str {
        let content = file(path).unwrap_or_else(|| panic!("{path} is embedded"));
        std::str::from_utf8(content).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    fn scripts() -> impl Iterator<Item = &'static str> {
        files().iter().map(|(path, _)| *path).filter(|path| path.ends_with(".nse"))
    }

    /// The strings of the table that a script assigns to `name`, sorted as in `script.db`.
    fn strings_of(source: &str, name: &str) -> Option<Vec<String>> {
        let start = source.find(&format!("\n{name} = {{"))?;
        let table = source.get(start..)?.split_once('{')?.1.split_once('}')?.0;
        let mut strings: Vec<String> =
            table.split(',').map(|word| word.trim().trim_matches('"').to_lowercase()).collect();
        strings.retain(|word| !word.is_empty());
        strings.sort_unstable();
        Some(strings)
    }

    #[test]
    fn files_are_found_by_path() {
        for (path, content) in files() {
            assert_eq!(file(path), Some(*content), "{path}");
        }
        for missing in
            ["", "nselib", "nselib/", "stdnse.lua", "nselib/stdnse", "scripts/BANNER.nse"]
        {
            assert_eq!(file(missing), None, "{missing:?}");
        }
    }

    #[test]
    fn the_database_lists_the_scripts() {
        let expected: String = scripts()
            .map(|path| {
                let name = path.trim_start_matches("scripts/");
                let categories = strings_of(text(path), "categories")
                    .unwrap_or_else(|| panic!("{path} says its categories in one table"));
                let quoted: String =
                    categories.iter().map(|category| format!("\"{category}\", ")).collect();
                format!("Entry {{ filename = \"{name}\", categories = {{ {quoted}}} }}\n")
            })
            .collect();
        assert_eq!(text("scripts/script.db"), expected, "update scripts/script.db");
    }

    #[test]
    fn scripts_and_libraries_are_documented() {
        let is_source = |path: &str| path.ends_with(".nse") || path.ends_with(".lua");
        for (path, content) in files().iter().filter(|(path, _)| is_source(path)) {
            let source = String::from_utf8_lossy(content);
            let mut wanted = vec!["\n---\n"];
            if path.ends_with(".nse") {
                wanted.extend(["\ndescription = [[", "\nauthor = ", "-- @usage", "-- @output"]);
                wanted.push("\nlicense = \"MIT OR Apache-2.0\"");
            } else {
                wanted.push("\n-- @copyright MIT OR Apache-2.0\n-- @class module\n-- @name ");
            }
            for part in wanted {
                assert!(format!("\n{source}").contains(part), "{path} lacks {part:?}");
            }
        }
    }

    #[test]
    fn every_vendor_is_found() {
        let text = file("nmap-mac-prefixes").expect("it is embedded");
        let table = nseer_core::vendor_table::VendorTable::new(text.to_vec());
        assert_eq!(table.broken_line(), None);
        let name = |address| table.vendor(address).map(String::from_utf8_lossy);
        // An MA-L block, an MA-M block, an MA-S block within one of the registry's own, and what QEMU gives.
        assert_eq!(name([0x00, 0x00, 0x0c, 1, 2, 3]).as_deref(), Some("Cisco Systems, Inc"));
        assert_eq!(name([0xb8, 0x4c, 0x87, 0x4f, 2, 3]).as_deref(), Some("Blum Novotest GmbH"));
        let small = name([0x8c, 0x1f, 0x64, 0xaf, 0xaf, 3]);
        assert_eq!(small.as_deref(), Some("DATA ELECTRONIC DEVICES, INC"));
        assert_eq!(name([0x52, 0x54, 0x00, 1, 2, 3]).as_deref(), Some("QEMU"));
        assert_eq!(name([0x02, 0, 0, 1, 2, 3]), None, "locally administered");
    }

    #[test]
    fn protocols_have_names() {
        let text = file("nmap-protocols").expect("it is embedded");
        let table = nseer_core::protocol_table::ProtocolTable::new(text);
        for (number, name) in
            [(1, "icmp"), (2, "igmp"), (17, "udp"), (47, "gre"), (58, "ipv6-icmp"), (132, "sctp")]
        {
            assert_eq!(table.name(number), Some(name.as_bytes()));
            assert_eq!(table.number(name.as_bytes()), Some(number));
        }
        assert_eq!(table.numbers_named(|_| true).len(), 148, "each number once");
        assert_eq!(table.name(200), None, "nobody has it");
    }

    #[test]
    fn known_systems_say_what_they_were_made_from() {
        let text = std::str::from_utf8(file("nmap-os-db").expect("it is embedded")).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        let mut known = 0;
        for (number, line) in
            lines.iter().enumerate().filter(|(_, l)| l.starts_with("Fingerprint "))
        {
            known += 1;
            assert!(lines[number - 1].starts_with("# "), "{line} has no comment above it");
            assert!(lines[number + 1].starts_with("Class "), "{line} has no class");
        }
        assert!(known >= 3, "only {known}");
    }

    #[test]
    fn every_public_function_has_a_comment() {
        let mut functions = 0;
        for (path, _) in files().iter().filter(|(path, _)| path.ends_with(".lua")) {
            let lines: Vec<&str> = text(path).lines().collect();
            for (i, line) in lines.iter().enumerate() {
                // Metamethods are not called by name.
                if !line.starts_with("function ") {
                    continue;
                }
                functions += 1;
                let above = lines[..i].iter().rev().take_while(|l| l.starts_with("--"));
                let block: Vec<&&str> = above.collect();
                assert!(
                    block.last().is_some_and(|first| first.starts_with("---")),
                    "{path}:{}: {line}",
                    i + 1
                );
            }
        }
        assert!(functions > 60, "only {functions} functions were looked at");
    }
}
