"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const root = document.currentScript.dataset.root;
  const search = $("search"), results = $("results"), filter = $("filter");
  const MOST = 40;
  $("find").hidden = false;

  // The index is loaded when it is needed first. A script may be loaded from a file; nothing else may.
  let loading = false;
  const load = () => {
    if (loading) return;
    loading = true;
    const script = document.createElement("script");
    script.src = `${root}search.js`;
    script.addEventListener("load", show);
    document.head.append(script);
  };

  // The better a name fits, the smaller the number; 0 is no fit.
  const kinds = ["script", "library", "category", "function", "table", "argument"];
  const rank = ([kind, name, , line], words) => {
    const low = name.toLowerCase();
    let sum = 0;
    for (const word of words) {
      const at = low.indexOf(word);
      if (low === word) sum += 1;
      else if (at === 0) sum += 2;
      else if (at > 0) sum += /[^a-z0-9]/.test(low[at - 1]) ? 3 : 4;
      else if (line.toLowerCase().includes(word)) sum += 8;
      else return 0;
    }
    return sum + kinds.indexOf(kind) / 10 + low.length / 1000;
  };

  let chosen = -1;
  const choose = (number) => {
    const items = results.querySelectorAll("li[data-href]");
    if (chosen >= 0) items[chosen]?.setAttribute("aria-selected", "false");
    chosen = items.length ? Math.max(-1, Math.min(items.length - 1, number)) : -1;
    const item = items[chosen];
    if (item) {
      item.setAttribute("aria-selected", "true");
      item.scrollIntoView({ block: "nearest" });
      search.setAttribute("aria-activedescendant", item.id);
    } else {
      search.removeAttribute("aria-activedescendant");
    }
  };
  const close = () => {
    results.hidden = true;
    search.setAttribute("aria-expanded", "false");
    choose(-1);
  };
  const part = (name, text) => {
    const span = document.createElement("span");
    span.className = name;
    span.textContent = text;
    return span;
  };
  const row = ([kind, name, href, line], number) => {
    const item = document.createElement("li");
    item.id = `result-${number}`;
    item.role = "option";
    item.dataset.href = root + href;
    item.setAttribute("aria-selected", "false");
    item.append(part("name", name), part("kind", kind), part("line", line));
    return item;
  };
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length || !window.nseerIndex) return close();
    const ranked = [];
    for (const entry of window.nseerIndex) {
      const number = rank(entry, words);
      if (number) ranked.push([number, entry]);
    }
    ranked.sort((a, b) => a[0] - b[0]);
    const rows = ranked.slice(0, MOST).map(([, entry], number) => row(entry, number));
    if (!rows.length) {
      const none = document.createElement("li");
      none.className = "none";
      none.textContent = "Nothing has these words.";
      rows.push(none);
    }
    results.replaceChildren(...rows);
    results.hidden = false;
    search.setAttribute("aria-expanded", "true");
    chosen = -1;
    choose(0);
  };
  const go = (item) => {
    if (!item?.dataset.href) return;
    close();
    location.href = item.dataset.href;
  };

  search.addEventListener("focus", load);
  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(Math.max(0, chosen - 1));
    else if (event.key === "Enter") go(results.querySelectorAll("li[data-href]")[chosen]);
    else if (event.key === "Escape") {
      search.value = "";
      close();
      search.blur();
    } else return;
    event.preventDefault();
  });
  results.addEventListener("mousedown", (event) => event.preventDefault());
  results.addEventListener("click", (event) => go(event.target.closest("li")));
  search.addEventListener("blur", close);
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key !== "/") return;
    event.preventDefault();
    search.focus();
  });

  if (filter) {
    const rows = [...$("rows").rows], count = $("count");
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const narrow = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, number) => {
        row.hidden = !words.every((word) => texts[number].includes(word));
        if (!row.hidden) shown += 1;
      });
      const all = `${rows.length} ${count.dataset.kind}`;
      count.textContent = shown === rows.length ? all : `${shown} of ${all}`;
    };
    $("narrow").hidden = false;
    filter.addEventListener("input", narrow);
    narrow();
  }
})();
