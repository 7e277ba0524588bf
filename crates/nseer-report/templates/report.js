"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const summary = $("summary"), tools = $("tools"), main = $("hosts");
  // The summary is written last, when everything is known, and belongs before the hosts.
  if (summary) main.before(summary);
  main.before(tools);
  tools.hidden = false;
  // Hosts were written as they were done; people look for them by address.
  const hosts = [...document.querySelectorAll("details.host")];
  const place = document.createComment("hosts");
  if (hosts.length) hosts[0].before(place);
  const byNumber = new Intl.Collator("en", { numeric: true });
  const address = new Map(hosts.map((host) => [host, host.querySelector("h3").firstChild.data]));
  hosts.sort((a, b) => byNumber.compare(address.get(a), address.get(b)));
  for (const host of hosts) place.before(host);
  const search = $("search"), service = $("service"), only = $("only"), count = $("count");
  const texts = new Map();
  const textOf = (host) => {
    if (!texts.has(host)) texts.set(host, host.textContent.toLowerCase());
    return texts.get(host);
  };
  const services = new Set();
  for (const host of hosts) {
    for (const row of host.querySelectorAll("tr[data-service]")) services.add(row.dataset.service);
  }
  for (const name of [...services].sort()) service.add(new Option(name, name));
  const fits = {
    all: () => true,
    open: (host) => host.dataset.open !== "0",
    scripts: (host) => host.dataset.scripts !== "0",
    trouble: (host) => host.dataset.trouble !== "0",
  };
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const name = service.value, fit = fits[only.value];
    let shown = 0;
    for (const host of hosts) {
      const rows = name ? [...host.querySelectorAll("tr[data-service]")] : [];
      const ok = fit(host) && (!name || rows.some((row) => row.dataset.service === name))
        && words.every((word) => textOf(host).includes(word));
      host.hidden = !ok;
      if (ok) shown += 1;
    }
    const all = hosts.length === 1 ? "1 host" : `${hosts.length} hosts`;
    count.textContent = shown === hosts.length ? all : `${shown} of ${all}`;
    $("nothing").hidden = shown > 0 || hosts.length === 0;
  };
  for (const control of [search, service, only]) control.addEventListener("input", filter);
  const setAll = (open) => hosts.forEach((host) => { if (!host.hidden) host.open = open; });
  $("expand").addEventListener("click", () => setAll(true));
  $("collapse").addEventListener("click", () => setAll(false));
  document.addEventListener("click", (event) => {
    const fold = event.target.closest(".script > button");
    if (fold) fold.setAttribute("aria-expanded", fold.getAttribute("aria-expanded") === "false");
  });
  document.addEventListener("click", (event) => {
    const pick = event.target.closest("button[data-pick]");
    if (!pick) return;
    service.value = service.value === pick.dataset.pick ? "" : pick.dataset.pick;
    filter();
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape" && (search.value || service.value || only.value !== "all")) {
      search.value = service.value = "";
      only.value = "all";
      filter();
    } else if (typing || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    } else if (event.key === "/") {
      event.preventDefault();
      search.focus();
    } else if (event.key === "j" || event.key === "k") {
      const heads = hosts.filter((host) => !host.hidden).map((host) => host.firstElementChild);
      const at = heads.indexOf(document.activeElement) + (event.key === "j" ? 1 : -1);
      if (heads.length) heads[Math.max(0, Math.min(heads.length - 1, at))].focus();
    }
  });
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));
  if (location.hash) {
    const target = document.querySelector(`details${CSS.escape ? "#" + CSS.escape(location.hash.slice(1)) : ""}`);
    if (target) target.open = true;
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#host-']");
    const target = link && $(link.hash.slice(1));
    if (target) { target.hidden = false; target.open = true; }
  });
  if (hosts.length <= 3) setAll(true);
  filter();
})();
