//! The HTML report in a real browser, in a network that has nothing but loopback.

use crate::lab::{self, Lab, Peer};

const PAGE: &str = "/run/lab/report.html";

/// What hosts are shown, by address.
const SHOWN: &str = "[...document.querySelectorAll('details.host')].filter(h => !h.hidden)\
    .map(h => h.querySelector('h3').firstChild.data.trim()).join(' ')";

/// What hosts are open.
const OPENED: &str = "document.querySelectorAll('details.host[open]').length";

/// Six hosts: one with web and odd services, two with SSH alone, others with nothing.
fn scan(lab: &Lab) {
    lab.sshd(22);
    lab.oidentd();
    let hostile = b"</pre></script><script>document.title='owned'</script><img src=x \
        onerror=\"document.title='owned'\">\x00\xff\x1b[31m' \" --> ]]>\r\n";
    lab.peer(7001, Peer::Says(hostile));
    let scripts = ["structured", "raises", "odd-bytes"].map(|name| lab.script(name)).join(",");
    let scripts = format!("banner,{scripts}");
    let output = lab.nseer(&[
        "-n",
        "-Pn",
        "-p20-25,113,7001",
        "--script",
        &scripts,
        "--report",
        PAGE,
        "-oX",
        "/run/lab/x.xml",
        "127.0.0.1-6",
    ]);
    assert!(output.stdout.contains("6 hosts up"), "{output:#?}");
}

#[test]
fn search_filters_and_folding_work() {
    lab::run("report_page::search_filters_and_folding_work", |lab| {
        scan(lab);
        let mut page = lab.browser(PAGE);
        let all = "127.0.0.1 127.0.0.2 127.0.0.3 127.0.0.4 127.0.0.5 127.0.0.6";
        assert_eq!(page.value(SHOWN), all, "sorted by address");
        assert_eq!(page.value("document.getElementById('count').textContent"), "6 hosts");
        assert_eq!(page.value(OPENED), 0);

        page.press("/");
        page.write("127.0.0.4");
        page.wait_until(&format!("{SHOWN} === '127.0.0.4'"));
        let count = page.value("document.getElementById('count').textContent");
        assert_eq!(count, "1 of 6 hosts");
        page.press("Escape");
        page.wait_until(&format!("{SHOWN} === '{all}'"));
        page.write("no such words");
        page.wait_until(&format!("{SHOWN} === ''"));
        assert_eq!(page.value("document.getElementById('nothing').hidden"), false);
        page.press("Escape");

        // What a script said is found too.
        page.write("OpenSSH_");
        page.wait_until(&format!("{SHOWN} === '{all}'"));
        page.press("Escape");

        page.click("#expand");
        page.wait_until(&format!("{OPENED} === 6"));
        page.click("#collapse");
        page.wait_until(&format!("{OPENED} === 0"));
        page.click("details.host > summary");
        page.wait_until(&format!("{OPENED} === 1"));
        let said =
            "getComputedStyle(document.querySelector('details.host .script > button + *')).display";
        assert_ne!(page.value(said), "none");
        page.click("details.host .script > button");
        page.wait_until(&format!("{said} === 'none'"));

        // A bar of the chart chooses a service; the same once more chooses all.
        page.value("document.body.focus()");
        let services =
            page.value("[...document.getElementById('service').options].map(o => o.value)");
        assert!(services.as_array().is_some_and(|s| s.contains(&"ssh".into())), "{services}");
        page.click("button[data-pick='ssh']");
        page.wait_until("document.getElementById('service').value === 'ssh'");
        page.click("button[data-pick='ssh']");
        page.wait_until("document.getElementById('service').value === ''");
    });
}

#[test]
fn keys_are_enough() {
    lab::run("report_page::keys_are_enough", |lab| {
        scan(lab);
        let mut page = lab.browser(PAGE);
        let focused = "document.activeElement.closest('details.host')?.querySelector('h3').firstChild.data.trim()";
        page.press("j");
        page.press("j");
        page.wait_until(&format!("{focused} === '127.0.0.2'"));
        page.press("k");
        page.wait_until(&format!("{focused} === '127.0.0.1'"));
        page.press("Enter");
        page.wait_until(&format!("{OPENED} === 1"));
        page.press("Tab");
        page.wait_until("document.activeElement.matches('.script > button')");
        page.press("Enter");
        page.wait_until("document.activeElement.getAttribute('aria-expanded') === 'false'");
        page.press("/");
        page.wait_until("document.activeElement.id === 'search'");
        page.write("j");
        page.wait_until("document.getElementById('search').value === 'j'");
    });
}

#[test]
fn nothing_in_a_banner_becomes_markup() {
    lab::run("report_page::nothing_in_a_banner_becomes_markup", |lab| {
        scan(lab);
        for file in [PAGE, "/run/lab/converted.html"] {
            if file != PAGE {
                let args = ["convert", "/run/lab/x.xml", "--to", "html", "-o", file];
                assert_eq!(lab.nseer(&args).code, 0);
            }
            let mut page = lab.browser(file);
            assert_eq!(page.value("document.querySelectorAll('script').length"), 1, "{file}");
            assert_eq!(page.value("document.querySelectorAll('img').length"), 0, "{file}");
            let title = page.value("document.title");
            assert!(title.as_str().is_some_and(|t| t.starts_with("Scan of ")), "{title}");
            let shown = page.value("document.body.textContent");
            let shown = shown.as_str().unwrap_or_default();
            assert!(shown.contains("<script>document.title='owned'</script>"), "{file}");
            assert!(!shown.contains('\u{1b}') && !shown.contains('\0'), "{file}");
            // Should markup ever get in, the page's policy keeps it from running.
            page.value(
                "(() => { const s = document.createElement('script'); \
                 s.textContent = \"document.title = 'owned'\"; document.body.append(s); })()",
            );
            assert_eq!(page.value("document.title"), title, "{file}");
        }
    });
}

#[test]
fn the_page_adapts_and_prints() {
    lab::run("report_page::the_page_adapts_and_prints", |lab| {
        scan(lab);
        let mut page = lab.browser(PAGE);
        let back = "getComputedStyle(document.body).backgroundColor";
        page.prefer("screen", "light");
        let light = page.value(back);
        page.prefer("screen", "dark");
        assert_ne!(page.value(back), light);
        page.prefer("print", "light");
        assert_eq!(
            page.value("getComputedStyle(document.getElementById('tools')).display"),
            "none"
        );
        // What a script said goes on on the next page, and is not told twice.
        let style = |selector: &str, name: &str| {
            format!("getComputedStyle(document.querySelector('details.host {selector}')).{name}")
        };
        assert_eq!(page.value(&style("tr.results", "breakInside")), "auto");
        assert_eq!(page.value(&style("tr.port", "breakInside")), "avoid");
        assert_eq!(page.value(&style(".raw + pre", "display")), "none");
        page.prefer("screen", "light");
        // Printing opens everything, and folds it again.
        let pdf = page.print();
        assert!(pdf.len() > 10_000, "{}", pdf.len());
        assert_eq!(page.value(OPENED), 0);
        // The summary is there, first, and says what the hosts say.
        let first = page.value(
            "document.getElementById('summary').compareDocumentPosition(document.getElementById('hosts'))",
        );
        assert_eq!(first, 4, "the hosts follow the summary");
        let tiles =
            page.value("[...document.querySelectorAll('.tiles dd')].map(d => d.textContent)");
        assert_eq!((&tiles[0], &tiles[1]), (&"6".into(), &"6".into()), "{tiles}");
        let open = page.value("document.querySelectorAll('td.state-open').length");
        assert_eq!(tiles[2], open.to_string(), "{tiles}");
        // Nothing is fetched from anywhere.
        let loaded = page.value("performance.getEntriesByType('resource').length");
        assert_eq!(loaded, 0);
    });
}
