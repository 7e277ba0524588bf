//! The documentation of scripts and libraries: its web site in a real browser, in a network that has nothing
//! but loopback; and what it says beside what the real nmap says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::lab::{self, Lab, Output};
use serde_json::Value;

const SITE: &str = "/run/lab/site";
const INSTALLED: &str = "/usr/share/nmap";

fn read(path: &Path) -> String {
    #[allow(clippy::disallowed_methods, reason = "a test looks at what a program wrote")]
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    #[allow(clippy::disallowed_methods, reason = "a test looks at what a program wrote")]
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn good(output: Output) -> String {
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:#?}");
    output.stdout
}

fn doc(lab: &Lab, args: &[&str]) -> String {
    good(lab.nseer(&[&["doc"], args].concat()))
}

/// The values of an attribute.
fn attributes<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
    let start = format!(" {name}=\"");
    page.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

/// Every link leads to a page that is there, and to a place on it. Gives how many links and pages there are.
fn check_links(site: &str) -> (usize, usize) {
    let pages: BTreeMap<PathBuf, String> =
        files(Path::new(site)).into_iter().map(|path| (path.clone(), read(&path))).collect();
    let mut places: BTreeMap<&Path, BTreeSet<&str>> = BTreeMap::new();
    for (path, page) in
        pages.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "html"))
    {
        let ids = attributes(page, "id");
        let once: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(once.len(), ids.len(), "a place is there twice on {}", path.display());
        places.insert(path, once);
    }
    let mut links = 0;
    for (path, page) in &pages {
        let all = attributes(page, "href").into_iter().chain(attributes(page, "src"));
        for link in all.filter(|link| !link.contains("://")) {
            links += 1;
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let to = if file.is_empty() { path.clone() } else { plain(&path.with_file_name(file)) };
            assert!(pages.contains_key(&to), "{}: {link}", path.display());
            let is_there = place.is_empty() || places[to.as_path()].contains(place);
            assert!(is_there, "{}: {link}", path.display());
        }
    }
    (links, places.len())
}

#[test]
fn no_link_is_broken() {
    lab::run("doc_site::no_link_is_broken", |lab| {
        let told = doc(lab, &["-o", SITE]);
        assert!(told.ends_with(&format!(": {SITE}/index.html\n")), "{told}");
        let (links, pages) = check_links(SITE);
        assert!(links > 300 && pages > 15, "{links} links on {pages} pages");
        let told = doc(lab, &[INSTALLED, "-o", "/run/lab/a/new/folder"]);
        assert!(told.starts_with("604 scripts and 1"), "{told}");
        let (links, pages) = check_links("/run/lab/a/new/folder");
        assert!(links > 20_000 && pages > 740, "{links} links on {pages} pages");
    });
}

#[test]
fn search_and_keys_lead_to_pages() {
    lab::run("doc_site::search_and_keys_lead_to_pages", |lab| {
        doc(lab, &[INSTALLED, "-o", SITE]);
        let mut page = lab.browser(&format!("{SITE}/index.html"));
        let at = |end: &str| {
            format!("location.pathname === '{SITE}/{end}' && document.readyState === 'complete'")
        };
        let first = "document.querySelector('#results li[aria-selected=true] .name')?.textContent";

        // The index is read when it is needed first.
        assert_eq!(page.value("typeof window.nseerIndex"), "undefined");
        page.press("/");
        page.write("http title");
        page.wait_until(&format!("{first} === 'http-title'"));
        page.press("ArrowDown");
        page.wait_until(&format!("{first} !== 'http-title'"));
        page.press("ArrowUp");
        page.press("Enter");
        page.wait_until(&at("scripts/http-title.html"));
        assert_eq!(page.value("document.querySelector('h1').textContent"), "http-title");

        // From a page in a folder too; a function has its place on its library's page.
        page.press("/");
        page.write("get_script_args");
        page.wait_until(&format!("{first} === 'stdnse.get_script_args'"));
        page.click("#results li");
        page.wait_until(&format!(
            "{} && location.hash === '#stdnse.get_script_args'",
            at("lib/stdnse.html")
        ));

        page.press("/");
        page.write("no such words anywhere");
        page.wait_until("document.querySelector('#results .none') !== null");
        page.press("Escape");
        page.wait_until("document.getElementById('results').hidden && document.activeElement !== document.getElementById('search')");

        // Links lead on: to the list, a category, a script and what it requires.
        page.click("nav a[href$='scripts.html']");
        page.wait_until(&at("scripts.html"));
        page.wait_until("document.getElementById('count').textContent === '604 scripts'");
        page.click("#filter");
        page.write("ssh hostkey");
        page.wait_until(
            "[...document.querySelectorAll('#rows tr')].filter(r => !r.hidden).length < 5",
        );
        page.click("#rows tr:not([hidden]) .chip");
        page.wait_until(
            "location.pathname.includes('/categories/') && document.readyState === 'complete'",
        );
        page.click("#rows a");
        page.wait_until(
            "location.pathname.includes('/scripts/') && document.readyState === 'complete'",
        );
        page.click("#facts a[href*='lib/']");
        page.wait_until(
            "location.pathname.includes('/lib/') && document.readyState === 'complete'",
        );

        // The first stop of the Tab key leads past the head.
        page.press("Tab");
        page.wait_until("document.activeElement.matches('a.skip')");
        page.press("Enter");
        page.wait_until("document.activeElement.id === 'content'");
    });
}

#[test]
fn the_site_is_light_or_dark_and_runs_nothing_else() {
    lab::run("doc_site::the_site_is_light_or_dark_and_runs_nothing_else", |lab| {
        doc(lab, &["-o", SITE]);
        let mut page = lab.browser(&format!("{SITE}/scripts/banner.html"));
        let back = "getComputedStyle(document.body).backgroundColor";
        page.prefer("screen", "light");
        let light = page.value(back);
        page.prefer("screen", "dark");
        assert_ne!(page.value(back), light);
        let title = page.value("document.title");
        page.value(
            "(() => { const s = document.createElement('script'); \
             s.textContent = \"document.title = 'owned'\"; document.body.append(s); })()",
        );
        assert_eq!(page.value("document.title"), title);
    });
}

/// What stands between tags of an XML document without other markup.
fn between<'x>(xml: &'x str, open: &str, close: &str) -> Vec<&'x str> {
    xml.split(open).skip(1).filter_map(|rest| rest.split(close).next()).collect()
}

fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for (name, c) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#45;", "-"),
        ("&#xa;", "\n"),
        ("&#xd;", "\r"),
        ("&#x9;", "\t"),
        ("&amp;", "&"),
    ] {
        text = text.replace(name, c);
    }
    text
}

#[test]
fn heads_are_read_as_nmap_runs_them() {
    lab::run("doc_site::heads_are_read_as_nmap_runs_them", |lab| {
        let theirs = lab.nmap(&["--script-help", "all", "-oX", "-"]).stdout;
        let ours: Value =
            serde_json::from_str(&doc(lab, &[INSTALLED, "--format", "json"])).expect("JSON");
        let ours: BTreeMap<&str, &Value> = ours["scripts"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|s| (s["name"].as_str().expect("a name"), s))
            .collect();
        let mut compared = 0;
        for script in between(&theirs, "<script filename=\"", "</script>") {
            let path = script.split('"').next().unwrap_or_default();
            let name = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".nse");
            let own = ours[name];
            let categories =
                between(script, "<category>", "</category>").into_iter().map(Value::from);
            let mut categories: Vec<Value> = categories.collect();
            let mut said = own["categories"].as_array().expect("a list").clone();
            categories.sort_by_key(Value::to_string);
            said.sort_by_key(Value::to_string);
            assert_eq!(said, categories, "{name}");
            let description = between(script, "<description>", "</description>").concat();
            let description = unescaped(&description);
            let own = own["description"].as_str().expect("a text");
            // The document cannot hold each byte, and a script may compute the end of its text.
            if own.is_ascii() {
                assert!(description.trim().starts_with(own), "{name}: {own:?} {description:?}");
                compared += usize::from(own == description.trim());
            }
        }
        assert!(compared > 590, "{compared} descriptions are the same");
    });
}

#[test]
fn one_file_and_other_formats() {
    lab::run("doc_site::one_file_and_other_formats", |lab| {
        let script = lab.script("structured");
        let told = doc(lab, &[&script, "-o", SITE, "--format", "markdown"]);
        assert_eq!(told, format!("1 script and 0 libraries: {SITE}/README.md\n"));
        let page = read(&Path::new(SITE).join("scripts/structured.md"));
        assert!(page.starts_with("# structured\n\n"), "{page}");
        let json: Value = serde_json::from_str(&doc(lab, &["--format=json"])).expect("JSON");
        let names: Vec<&str> = json["scripts"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|s| s["name"].as_str())
            .collect();
        assert!(names.contains(&"banner"), "{names:?}");
        let function = &json["libraries"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|l| l["name"] == "comm")
            .expect("comm")["functions"][0];
        assert!(
            function["description"].as_str().is_some_and(|text| !text.is_empty()),
            "{function}"
        );
    });
}

#[test]
fn scripts_are_listed_and_explained() {
    lab::run("doc_site::scripts_are_listed_and_explained", |lab| {
        let script = |args: &[&str]| lab.nseer(&[&["script"], args].concat());
        let list = good(script(&["list", "safe and not banner"]));
        let row = list.lines().find(|line| line.starts_with("auth-owners ")).expect("it is safe");
        assert!(row.contains("  default, safe  ") && !list.contains("banner  "), "{list}");
        let all: Value = serde_json::from_str(&good(script(&[
            "list",
            "--datadir",
            INSTALLED,
            "--format",
            "json",
        ])))
        .expect("JSON");
        assert_eq!(all.as_array().map(Vec::len), Some(604));
        let info = good(script(&["info", "ssh-hostkey", "--datadir", INSTALLED]));
        for line in [
            &format!("Path:           {INSTALLED}/scripts/ssh-hostkey.nse") as &str,
            "Rules:          portrule, postrule",
            "Categories:     safe, default, discovery",
        ] {
            assert!(info.lines().any(|own| own == line), "{line}: {info}");
        }
        let help = good(script(&["help", "http-title", "--datadir", INSTALLED]));
        for part in [
            "\nArguments\n  http-title.url\n",
            "\nArguments of the library http\n  http.max-cache-size\n",
        ] {
            assert!(help.contains(part), "{part}: {help}");
        }
        // What the engine has itself is told too; a method is found by its class.
        for (name, call) in [
            ("nmap.new_socket", "nmap.new_socket(proto, family)\n"),
            ("nmap.Socket:connect", "Socket:connect(host, port, proto)\n"),
            ("Socket:connect", "Socket:connect(host, port, proto)\n"),
            ("stdnse.get_script_args", "stdnse.get_script_args(...)\n"),
        ] {
            let help = good(script(&["help", name]));
            assert!(help.starts_with(call) && help.lines().count() > 3, "{help}");
        }
        for (args, error) in [
            (
                &["help", "baner"][..],
                "no script or library is called 'baner'; did you mean banner?",
            ),
            (&["help", "comm.xyzzy"], "the library comm documents no 'comm.xyzzy'"),
            (
                &["help", "nmap.new_sockt"],
                "the library nmap documents no 'nmap.new_sockt'; did you mean nmap.new_socket?",
            ),
            (
                &["help", "/run/lab/nothing.nse"],
                "cannot read '/run/lab/nothing.nse': no such file or directory",
            ),
            (
                &["info", "comm"],
                "'comm' is a library: nseer script help comm shows its documentation",
            ),
            (
                &["list", "no-such-*"],
                "'no-such-*' did not match a category, filename, or directory",
            ),
            (&["list", "--datadir", "/nowhere"], "'/nowhere' (--datadir) is not a directory"),
        ] {
            let output = script(args);
            assert_eq!(
                (output.code, output.stderr.trim_end()),
                (1, format!("nseer: {error}").as_str())
            );
            assert_eq!(output.stdout, "");
        }
    });
}

#[test]
fn what_cannot_be_documented_is_named() {
    lab::run("doc_site::what_cannot_be_documented_is_named", |lab| {
        for (args, error) in [
            (
                &["-o", "/run/lab/x", "/nowhere"][..],
                "cannot read '/nowhere': no such file or directory",
            ),
            (
                &["-o", "/run/lab/x", "/etc/hostname"],
                "'/etc/hostname' is neither a script (.nse) nor a library (.lua)",
            ),
            (
                &["-o", "/run/lab/x", "/proc/self/fd"],
                "no scripts (.nse) and no libraries (.lua) are in '/proc/self/fd'",
            ),
            (&["-o", "/etc/hostname"], "'/etc/hostname' (-o) is a file, and a folder is needed"),
            (
                &["--format", "pdf", "-o", "/run/lab/x"],
                "'pdf' is no format (--format): write one of html, markdown, json",
            ),
            (&[], "the documentation is many files: name a folder for them (-o DIR)"),
        ] {
            let output = lab.nseer(&[&["doc"], args].concat());
            assert_eq!(
                (output.code, output.stderr.trim_end()),
                (1, format!("nseer: {error}").as_str()),
                "{args:?}"
            );
        }
        assert!(!Path::new("/run/lab/x").exists(), "nothing was written");
        let output = lab.nseer(&["doc", "-o", "/proc/site"]);
        assert!(
            output.code == 1
                && output.stderr.starts_with("nseer: cannot write '/proc/site/site.css': "),
            "{output:#?}"
        );
    });
}
