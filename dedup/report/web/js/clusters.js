// The list of clusters, and one cluster: who stands for it, who is a member, why.

views.set("clusters", showClusters);
views.set("cluster", showCluster);

const CLUSTER_ORDERS = [["size", "largest first"], ["removed", "most removed first"], ["name", "by id"]];

async function showClusters(parts, query) {
  const [table, found] = await Promise.all([documents(), clusters()]);
  const all = [...found.values()];
  const asked = { q: query.q || "", sort: query.sort || "size" };
  const list = new PagedTable([
    { label: "article that stands for the cluster", header: true, cell: (each) => articleName(table, each.row, clusterLink(table, each.row)) },
    { label: "articles", class: "number", cell: (each) => count(each.members.length) },
    { label: "removed", class: "number", cell: (each) => count(each.removed) },
    { label: "kept", class: "number middle", cell: (each) => count(each.members.length - each.removed) },
  ], { caption: "Clusters", quiet: true, onpage: (page) => remember({ page: page > 1 ? page : "" }), empty: all.length ? "No cluster is called like that." : sought("duplicates") ? "No article is a copy of another one, so there are no clusters." : "Copies were not looked for, so there are no clusters." });
  const said = h("p", { class: "quiet", role: "status" });
  const update = (page = 1) => {
    const chosen = sortedClusters(table, filtered(all, asked.q, (each) => lookupOf(table, each.row)), asked.sort);
    const members = chosen.reduce((sum, each) => sum + each.members.length, 0);
    fill(said, `${counted(chosen.length, "cluster")} of ${counted(members, "article")}`);
    list.set(chosen, page);
    remember({ ...asked, sort: asked.sort === "size" ? "" : asked.sort, page: page > 1 ? page : "" });
  };
  const node = h("div", {}, viewTitle("Clusters"),
    h("p", { class: "lede" }, "An article and its copies. One stands for all and stays; articles without a copy are in the ", h("a", { href: "#/articles" }, "list of articles"), "."),
    h("div", { class: "controls" }, filterBox("Filter by id, first words or site", asked.q, (value) => { asked.q = value; update(); }),
      chooser("Order", CLUSTER_ORDERS, asked.sort, (value) => { asked.sort = value; update(); })),
    said, list.node, leftOut("documents"));
  return { title: "Clusters", section: "clusters", node, shown: () => update(query.page) };
}

function sortedClusters(table, list, order) {
  const size = (each) => each.members.length;
  const compare = {
    size: (a, b) => size(b) - size(a) || a.row - b.row,
    removed: (a, b) => b.removed - a.removed || size(b) - size(a) || a.row - b.row,
    name: (a, b) => a.row - b.row,
  };
  return [...list].sort(pick(compare, order, compare.size));
}

async function showCluster([id], query) {
  const [table, found] = await Promise.all([documents(), clusters()]);
  const row = table.rowOf.get(id);
  if (row === undefined) return unknownArticle(id);
  const leader = table.get("cluster", row);
  const cluster = found.get(leader);
  if (!cluster) return alone(table, row);
  const chosen = [];
  const open = h("a", { class: "button strong", href: "#/", "aria-disabled": "true" }, "Side by side");
  const said = h("span", { class: "quiet", role: "status" });
  const update = () => {
    fill(said, ["Tick two articles to see them side by side.", "Tick one more article."][chosen.length] || "Two articles ticked.");
    open.setAttribute("aria-disabled", String(chosen.length < 2));
    if (chosen.length < 2) open.removeAttribute("href");
    else open.setAttribute("href", ownLink(pairLink(table, chosen[0], chosen[1])));
  };
  const list = new PagedTable(memberColumns(table, leader, chosen, update), {
    caption: "Members, the one that stands for the cluster first", quiet: true, empty: "", onpage: (page) => remember({ page: page > 1 ? page : "" }),
  });
  const head = own(headOf(table, leader));
  const node = h("div", {}, viewTitle(unseen("Cluster: "), head),
    h("p", { class: "lede" }, `${counted(cluster.members.length, "article")}: ${count(cluster.members.length - cluster.removed)} kept, ${count(cluster.removed)} removed. The first one stands for the cluster; scores compare each member with the article that replaces it or stands for it.`),
    h("div", { class: "controls stick" }, open, said), list.node);
  update();
  return { title: headOf(table, leader), section: "clusters", node, shown: () => list.set(cluster.members, query.page) };
}

function memberColumns(table, leader, chosen, update) {
  const tick = (row) => h("input", {
    type: "checkbox", checked: chosen.includes(row), "aria-label": `Compare ${idOf(table, row)}`,
    onchange: (event) => {
      if (event.target.checked) chosen.push(row);
      else chosen.splice(chosen.indexOf(row), 1);
      if (chosen.length > 2) {
        const dropped = chosen.shift();
        for (const each of document.querySelectorAll("td.tick input")) {
          if (each.getAttribute("aria-label") === `Compare ${idOf(table, dropped)}`) each.checked = false;
        }
      }
      update();
    },
  });
  const value = (name, write = score) => (row) => (row === leader ? "" : write(table.get(name, row)));
  const against = (row) => {
    const other = table.get("duplicate_of", row);
    return other >= 0 && other !== row ? other : leader;
  };
  return [
    { label: "", note: "compare", class: "tick", cell: tick },
    { label: "article", header: true, cell: (row) => articleName(table, row) },
    { label: "", note: "kept or removed", cell: (row) => verdict(table, row) },
    { label: "relation", class: "middle", cell: (row) => (row === leader ? h("span", { class: "tag" }, "stands for all") : relationTag(table.get("relation", row))) },
    { label: "Jaccard", class: "number middle", cell: value("jaccard") },
    { label: "contained", class: "number wide", note: "share of this article that stands in the other", cell: value("containment") },
    { label: "coverage", class: "number wide", cell: value("coverage", covered) },
    { label: "", note: "side by side", class: "middle", cell: (row) => (row === leader ? "" : h("a", { href: pairLink(table, row, against(row)) }, "compare", unseen(` ${idOf(table, row)} with ${idOf(table, against(row))}`))) },
  ];
}

function alone(table, row) {
  const id = idOf(table, row);
  return { ...lost("This article has no copies", h("span", {}, own(id, { class: "id" }), " is in no cluster. ", h("a", { href: articleLink(table, row) }, "See the article"), ".")), section: "clusters" };
}
