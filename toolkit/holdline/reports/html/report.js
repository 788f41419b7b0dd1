"use strict";
(() => {
  const PAGE = 200; // rows added at a time: all of them would take seconds
  const [PATH, CATEGORY, COUNTS, HUNKS] = [0, 1, 2, 3];
  const [FILE, RULE, LINE, COLUMN, SOURCE, REMEDY, MESSAGE, HINT, REASON, HUNK] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const REMEDY_WORDS = { safe: "safe fix", unsafe: "needs --unsafe", manual: "by hand" };

  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, "\u00a0");
  const counted = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

  /** A new element. What comes from the repository is only ever set as text. */
  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  // ---- theme

  const theme = byId("theme");
  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (systemIsDark.matches ? "dark" : "light")) === "dark";
  const showTheme = () => theme.setAttribute("aria-pressed", String(isDark()));
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    showTheme();
  });
  systemIsDark.addEventListener("change", showTheme);
  showTheme();

  // ---- filters

  const search = byId("search");
  const selects = { rule: byId("rule"), category: byId("category"), remedy: byId("remedy") };
  let folder = ""; // the chosen folder with its slash, or a file's path
  const texts = data.violations.map((row) =>
    [data.files[row[FILE]][PATH], data.rules[row[RULE]][0], row[SOURCE], data.texts[row[MESSAGE]]].join("\n").toLowerCase(),
  );

  function fill(select, names) {
    names.forEach((name, index) => {
      const option = make("option", "", name);
      option.value = String(index);
      select.append(option);
    });
  }
  fill(selects.rule, data.rules.map((rule) => [rule[0], rule[1]].filter(Boolean).join(" ")));
  fill(selects.category, data.categories);
  fill(selects.remedy, data.remedies.map((name) => REMEDY_WORDS[name]));

  const isWithin = (path) => folder === "" || path === folder || (folder.endsWith("/") && path.startsWith(folder));

  function matching() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wants = (select, value) => select.value === "" || Number(select.value) === value;
    const within = data.files.map((file) => isWithin(file[PATH]) && wants(selects.category, file[CATEGORY]));
    const found = [];
    data.violations.forEach((row, index) => {
      if (!within[row[FILE]] || !wants(selects.rule, row[RULE]) || !wants(selects.remedy, row[REMEDY])) return;
      if (words.every((word) => texts[index].includes(word))) found.push(row);
    });
    return found;
  }

  // ---- rows

  const rows = byId("rows");
  const more = byId("more");
  let found = [];
  let drawn = 0;

  function badge(row) {
    const name = data.remedies[row[REMEDY]];
    return make("span", `badge ${name}`, REMEDY_WORDS[name]);
  }

  function hunkView(hunk, isOther) {
    const view = make("pre");
    view.tabIndex = 0; // so that a wide one can be scrolled by keyboard
    view.setAttribute("role", "region");
    view.setAttribute("aria-label", isOther ? "Another change to the file" : "Proposed change");
    view.append(make("span", "at", `@@ -${hunk[0]} +${hunk[1]} @@`));
    for (const line of hunk[2]) {
      const kind = { "+": "add", "-": "del", "\\": "at" }[line[0]] || "";
      view.append(make("span", kind, line || " "));
    }
    return view;
  }

  function fillDetail(detail, row) {
    const file = data.files[row[FILE]];
    detail.append(make("p", "", `${data.texts[row[MESSAGE]]} (line ${row[LINE]}, column ${row[COLUMN]})`));
    if (data.texts[row[HINT]]) detail.append(make("p", "note", data.texts[row[HINT]]));
    if (data.texts[row[REASON]]) detail.append(make("p", "", `Left: ${data.texts[row[REASON]]}`));
    if (row[HUNK] === null) {
      const source = make("pre");
      source.append(make("span", "", row[SOURCE]));
      source.tabIndex = 0;
      source.setAttribute("role", "region");
      source.setAttribute("aria-label", "Source line");
      detail.append(source);
      return;
    }
    detail.append(hunkView(file[HUNKS][row[HUNK]], false));
    // the imports that the new text needs: a change that no violation lies in
    const mine = new Set(data.violations.filter((other) => other[FILE] === row[FILE]).map((other) => other[HUNK]));
    const others = file[HUNKS].filter((hunk, index) => !mine.has(index));
    if (others.length) detail.append(make("p", "note more", "With it, in the same file:"));
    detail.append(...others.map((hunk) => hunkView(hunk, true)));
  }

  function rowView(row) {
    const view = make("details", "row");
    const head = make("summary");
    head.append(
      make("span", "line", number(row[LINE])),
      make("span", "code", data.rules[row[RULE]][0]),
      make("span", "source", row[SOURCE].trim() || " "),
      badge(row),
    );
    view.append(head);
    view.addEventListener("toggle", () => {
      if (!view.open || view.children.length > 1) return;
      const detail = make("div", "detail");
      fillDetail(detail, row);
      view.append(detail);
    });
    return view;
  }

  function drawTo(end) {
    const part = document.createDocumentFragment();
    for (; drawn < Math.min(end, found.length); drawn++) {
      const row = found[drawn];
      const isFirst = drawn === 0 || found[drawn - 1][FILE] !== row[FILE];
      const isLast = drawn + 1 === found.length || found[drawn + 1][FILE] !== row[FILE];
      if (isFirst) {
        const file = data.files[row[FILE]];
        const head = make("div", "file");
        const total = file[COUNTS].reduce((sum, count) => sum + count, 0);
        head.append(make("h3", "path", file[PATH]), make("span", "note", counted(total, "violation")));
        part.append(head);
      }
      const view = rowView(row);
      view.classList.toggle("last", isLast);
      part.append(view);
    }
    rows.append(part);
    const left = found.length - drawn;
    more.hidden = left === 0;
    more.textContent = `Show ${number(Math.min(PAGE, left))} more of ${number(left)}`;
  }

  function update() {
    found = matching();
    drawn = 0;
    rows.replaceChildren();
    drawTo(PAGE);
    const files = new Set(found.map((row) => row[FILE])).size;
    const where = folder ? ` in ${folder}` : "";
    byId("shown").textContent = `${counted(found.length, "violation")} in ${counted(files, "file")}${where}`;
  }

  more.addEventListener("click", () => {
    const next = rows.querySelectorAll("summary").length;
    drawTo(drawn + PAGE);
    rows.querySelectorAll("summary")[next].focus(); // the button may be gone
  });

  // ---- directory tree: https://www.w3.org/WAI/ARIA/apg/patterns/treeview/

  const tree = byId("tree");
  const newNode = (name, path) => ({ name, path, count: 0, dirty: 0, checked: 0, children: new Map() });
  const top = newNode("all files", "");

  /** The nodes from the top to a path; those that are missing are made where that is asked for. */
  function nodesTo(path, isMade) {
    const nodes = [top];
    for (const key of path.match(/[^/]*\/|[^/]+$/g) || []) {
      const node = nodes[nodes.length - 1];
      if (!node.children.has(key)) {
        if (!isMade) break;
        node.children.set(key, newNode(key, node.path + key));
      }
      nodes.push(node.children.get(key));
    }
    return nodes;
  }

  function grow() {
    for (const file of data.files) {
      for (const node of nodesTo(file[PATH], true)) {
        node.count += file[COUNTS].reduce((sum, part) => sum + part, 0);
        node.dirty += 1;
      }
    }
    for (const [folder, checked] of data.folders) {
      for (const node of nodesTo(folder && `${folder}/`, false)) node.checked += checked;
    }
  }

  /** As Python's `Score.percent`: 100.0 only where every file is clean. */
  function score(node) {
    if (node.dirty === 0) return "100.0";
    return Math.min(99.9, Math.max(0, (100 * (node.checked - node.dirty)) / node.checked)).toFixed(1);
  }

  /** A chain of folders that hold nothing but the next is one line. */
  function shortened(node) {
    let name = node.name;
    while (node.children.size === 1 && node.path) {
      const [only] = node.children.values();
      if (!only.path.endsWith("/")) break;
      node = only;
      name += only.name;
    }
    return { ...node, name };
  }

  function itemView(node, level) {
    const item = make("li");
    item.setAttribute("role", "treeitem");
    item.setAttribute("aria-level", String(level));
    item.setAttribute("aria-selected", "false");
    const isFolder = node.children.size > 0;
    const clean = isFolder && node.checked ? `, ${score(node)} % of ${counted(node.checked, "file")} clean` : "";
    item.setAttribute("aria-label", `${node.name}, ${counted(node.count, "violation")}${clean}`);
    item.tabIndex = -1;
    item.node = node;
    const line = make("div", "node");
    line.append(make("span", "twist", ""), make("span", "label", node.name));
    if (clean) line.append(make("span", "count", `${score(node)} %`));
    line.append(make("span", "count total", number(node.count)));
    item.append(line);
    if (isFolder) setExpanded(item, false);
    return item;
  }

  const isExpanded = (item) => item.getAttribute("aria-expanded") === "true";
  const groupOf = (item) => item.querySelector(":scope > [role=group]");

  function setExpanded(item, expanded) {
    item.setAttribute("aria-expanded", String(expanded));
    item.querySelector(":scope > .node > .twist").textContent = expanded ? "\u25be" : "\u25b8";
    let group = groupOf(item);
    if (expanded && !group) {
      group = make("ul");
      group.setAttribute("role", "group");
      const level = Number(item.getAttribute("aria-level")) + 1;
      const children = [...item.node.children.values()].map(shortened);
      children.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
      group.append(...children.map((child) => itemView(child, level)));
      item.append(group);
    }
    if (group) group.hidden = !expanded;
  }

  function focusItem(item) {
    for (const other of tree.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    item.tabIndex = 0;
    item.focus();
  }

  function choose(item) {
    for (const other of tree.querySelectorAll('[aria-selected="true"]')) other.setAttribute("aria-selected", "false");
    if (item) item.setAttribute("aria-selected", "true");
    folder = item ? item.node.path : folder;
    update();
  }

  const visibleItems = () => [...tree.querySelectorAll("[role=treeitem]")].filter((item) => !item.closest("[hidden]"));

  function step(item, key) {
    const items = visibleItems();
    const at = items.indexOf(item);
    const parent = item.parentElement.closest("[role=treeitem]");
    switch (key) {
      case "ArrowDown": return items[at + 1];
      case "ArrowUp": return items[at - 1];
      case "Home": return items[0];
      case "End": return items[items.length - 1];
      case "ArrowRight":
        if (!item.hasAttribute("aria-expanded")) return undefined;
        if (isExpanded(item)) return groupOf(item).firstElementChild;
        setExpanded(item, true);
        return item;
      case "ArrowLeft":
        if (!isExpanded(item)) return parent;
        setExpanded(item, false);
        return item;
      default: return null;
    }
  }

  tree.addEventListener("keydown", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") {
      choose(item);
    } else {
      const next = step(item, event.key);
      if (next === null) return;
      if (next) focusItem(next);
    }
    event.preventDefault();
  });
  tree.addEventListener("click", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    if (item.hasAttribute("aria-expanded") && item.node.path) {
      const isTwist = event.target.classList.contains("twist");
      setExpanded(item, isTwist ? !isExpanded(item) : true);
      if (isTwist) return;
    }
    focusItem(item);
    choose(item);
  });

  // ---- the rest

  let typed = 0;
  search.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(update, 120);
  });
  for (const select of Object.values(selects)) select.addEventListener("change", update);

  function reset() {
    search.value = "";
    for (const select of Object.values(selects)) select.value = "";
    folder = "";
  }
  byId("reset").addEventListener("click", () => {
    reset();
    choose(tree.firstElementChild);
    search.focus();
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-rule], [data-path]");
    if (!link) return;
    event.preventDefault();
    reset();
    if (link.dataset.rule) {
      selects.rule.value = String(data.rules.findIndex((rule) => rule[0] === link.dataset.rule));
      choose(tree.firstElementChild);
    } else {
      folder = link.dataset.path;
      choose(null);
    }
    byId("violations").focus();
    byId("violations").scrollIntoView();
  });

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    search.focus();
    search.select();
  });

  // what is not drawn is not printed
  addEventListener("beforeprint", () => drawTo(Math.min(found.length, 5 * PAGE)));

  grow();
  const all = itemView(top, 1);
  all.tabIndex = 0;
  tree.append(all);
  if (top.children.size) setExpanded(all, true);
  for (const id of ["theme", "filters", "columns"]) byId(id).hidden = false;
  choose(all);
})();
