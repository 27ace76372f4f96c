// The list of stories, and one story: when each outlet told it, and why each article belongs to it.

views.set("stories", showStories);
views.set("story", showStory);

const STORY_ORDERS = [["", "most articles first"], ["sites", "most outlets first"], ["newest", "newest first"], ["oldest", "oldest first"], ["close", "most alike first"]];
const STORY_KINDS = [["", "all"], ["event", "events"], ["series", "series"]];
const SERIES_WORDS = { dates: "a series: about as many articles every day", form: "a series: reports on one form" };
const WORDS_SHOWN = 8; // of a story in a list
const FAMILIES_SHOWN = 8; // passages of a story

const storyLink = (table, story) => link("story", [idOf(table, story.row)]);
const siteOf = (table, row) => (table.has(row) ? overview.sites[table.get("site", row)] || "" : "");
const storyHead = (table, story) => headOf(table, story.typical >= 0 ? story.typical : story.row);

/** The names among the words of a story, to be found in any case. */
const namesOf = (story) => ({ names: new Set((story.names || []).map((each) => each.toLowerCase())), has(word) { return this.names.has(word.toLowerCase()); } });

/** The words of a story, the most telling first; names are bold. */
function storyWords(story, most = WORDS_SHOWN) {
  const names = namesOf(story);
  return story.words.slice(0, most).flatMap((each, place) => [place ? ", " : "", names.has(each) ? h("strong", {}, own(each)) : own(each)]);
}

const seriesTag = (story) => (story.series ? h("span", { class: "tag series", title: pick(SERIES_WORDS, story.series, "a series") }, "series") : null);

/** The copies of the articles of a story, in words; outlets that have a copy only count as its outlets. */
const copiesIn = (story) => (story.documents > story.articles ? counted(story.documents - story.articles, "copy", "copies") : "");

const storySize = (story) => h("span", {}, count(story.articles), copiesIn(story) ? h("span", { class: "facts" }, ` + ${copiesIn(story)}`) : null);

/** A story in a list: the headline of its typical article, and its words. */
function storyName(table, story) {
  return h("span", { class: "name" },
    h("a", { href: storyLink(table, story), "data-entry": "" }, own(storyHead(table, story), { class: "head" })),
    h("span", { class: "facts" }, seriesTag(story), story.series ? " · " : "", storyWords(story)));
}

const storyTimes = (table, story) => timesOf(table, story.members.map((each) => each.row));

async function showStories(parts, query) {
  if (!overview.sought.stories) return lost("Stories are not in this result", "They were not looked for (--find …,stories).");
  const [table, { list: all }] = await Promise.all([documents(), stories()]);
  const asked = { q: query.q || "", show: query.show || "", sort: query.sort || "" };
  const dated = all.some((each) => each.first_date);
  const sited = all.some((each) => each.sites > 0);
  const list = new PagedTable([
    { label: "story, by its typical article", header: true, cell: (each) => storyName(table, each) },
    dated ? { label: "when", class: "when", cell: (each) => timeStrip(storyTimes(table, each), "article") } : null,
    { label: "articles", class: "number", cell: (each) => storySize(each) },
    sited ? { label: "outlets", class: "number", cell: (each) => count(each.sites) } : null,
  ].filter(Boolean), { caption: "Stories", quiet: true, size: 25, onpage: (page) => remember({ page: page > 1 ? page : "" }), empty: all.length ? "No such story." : "No two articles report one event." });
  const said = h("p", { class: "quiet", role: "status" });
  const update = (page = 1) => {
    const ofKind = all.filter((each) => !asked.show || (asked.show === "series") === Boolean(each.series));
    const chosen = sortedStories(table, filtered(ofKind, asked.q, (each) => storyLookup(table, each)), asked.sort);
    fill(said, `${counted(chosen.length, "story", "stories")} of ${counted(chosen.reduce((sum, each) => sum + each.articles, 0), "article")}`);
    list.set(chosen, page);
    remember({ ...asked, page: page > 1 ? page : "" });
  };
  const node = h("div", {}, viewTitle("Stories"),
    h("p", { class: "lede" }, "Articles that report one event, in the same words or in others. Copies count once. A story never leads to a removal."),
    h("div", { class: "controls" }, filterBox("Filter by words, headline or outlet", asked.q, (value) => { asked.q = value; update(); }),
      all.some((each) => each.series) ? chooser("Show", STORY_KINDS, asked.show, (value) => { asked.show = value; update(); }) : null,
      chooser("Order", STORY_ORDERS.filter(([name]) => (dated || !["newest", "oldest"].includes(name)) && (sited || name !== "sites")), asked.sort, (value) => { asked.sort = value; update(); })),
    said, list.node, leftOut("stories", "members of stories"));
  return { title: "Stories", section: "stories", node, shown: () => update(query.page) };
}

function storyLookup(table, story) {
  story.lookup ??= `${searchable(story.words.join(" "))} ${story.members.filter((each) => table.has(each.row)).map((each) => lookupOf(table, each.row)).join(" ")}`;
  return story.lookup;
}

function sortedStories(table, list, order) {
  const edge = (each, end) => storyTimes(table, each).at(end);
  const compare = {
    "": (a, b) => Boolean(a.series) - Boolean(b.series) || b.articles - a.articles,
    sites: (a, b) => b.sites - a.sites || b.articles - a.articles,
    newest: (a, b) => (edge(b, -1) ?? -Infinity) - (edge(a, -1) ?? -Infinity) || 0,
    oldest: (a, b) => (edge(a, 0) ?? Infinity) - (edge(b, 0) ?? Infinity) || 0,
    close: (a, b) => b.similarity - a.similarity,
  };
  return [...list].sort((a, b) => pick(compare, order, compare[""])(a, b) || a.place - b.place);
}

async function showStory([id], query) {
  const [table, held, passed] = await Promise.all([documents(), stories(), families()]);
  const row = table.rowOf.get(id);
  const story = row === undefined ? null : held.of(row)[0];
  if (!story) return lost("No such story in this report", row === undefined ? documentsLeftOut() : h("a", { href: articleLink(table, row) }, own(headOf(table, row))), leftOut("stories"));
  const members = [...story.members].sort((a, b) => (timeOf(table, a.row) ?? Infinity) - (timeOf(table, b.row) ?? Infinity) || a.row - b.row);
  const list = new PagedTable(storyColumns(table, story), { caption: "Articles of the story", quiet: true, size: 25, class: "members", onpage: (page) => remember({ page: page > 1 ? page : "" }) });
  const times = storyTimes(table, story);
  const copies = copiesIn(story);
  const facts = [`${counted(story.articles, "article")}${copies ? ` and ${copies}` : ""}${story.sites > 1 ? ` of ${counted(story.sites, "outlet")}` : ""}`, periodOf(times)];
  const node = h("article", { class: "story" },
    viewTitle(unseen("Story: "), own(storyHead(table, story))),
    h("p", { class: "lede" }, storyWords(story)),
    h("p", { class: "facts" }, dotted([...facts, story.series ? pick(SERIES_WORDS, story.series, "a series") : null])),
    story.series ? h("p", { class: "notice" }, `This is ${pick(SERIES_WORDS, story.series, "a series")}, not one event.`) : null,
    outletTimeline(table, storyDots(table, story, members), "When each outlet told it", [["when-dot", "an article"], ["when-dot typical", "the typical one"], ...(copies ? [["when-dot copied", "a copy"]] : [])]),
    h("div", { class: "two story-facts" }, typicalOf(table, story), termsOf(story)),
    h("section", { "aria-labelledby": "members" }, h("h2", { id: "members" }, "Its articles, and why each belongs"),
      h("p", { class: "quiet" }, times.length ? `In order of time.${undatedSaid(table, members)}` : "No article has a date, so there is no timeline; they stand in order of id."), list.node),
    storyFamilies(table, story, passed), leftOut("members of stories"));
  return { title: storyHead(table, story), section: "stories", node, shown: () => list.set(members, query.page) };
}

function undatedSaid(table, members) {
  const undated = members.filter((each) => timeOf(table, each.row) === null).length;
  return undated ? ` ${counted(undated, "article")} without a date ${undated === 1 ? "stands" : "stand"} at the end.` : "";
}

function storyDots(table, story, members) {
  return members.map((each) => ({
    row: each.row, id: idOf(table, each.row), name: siteOf(table, each.row),
    class: each.copy_of >= 0 ? "copied" : each.row === story.typical ? "typical" : "",
    told: [siteOf(table, each.row), timeOf(table, each.row) === null ? "" : dayName(timeOf(table, each.row)), headOf(table, each.row)].filter(Boolean).join(" · "),
  }));
}

/** The article that is most like all others, with its first words. */
function typicalOf(table, story) {
  if (story.typical < 0) return null;
  const box = h("blockquote", { dir: "auto" }, "…");
  textOf(story.typical).then((text) => fill(box, text ? excerptOf(text.clean, 420) : "Its text is not in this page.")).catch((error) => fill(box, String(error.message)));
  return h("section", { "aria-labelledby": "typical" }, h("h2", { id: "typical" }, "If you read only one"), articleName(table, story.typical), box);
}

/** The words that make the articles alike, each with its share. */
function termsOf(story) {
  const names = namesOf(story);
  const most = Math.max(...story.shares, 1e-9);
  return h("section", { "aria-labelledby": "terms" }, h("h2", { id: "terms" }, "What they have in common"),
    h("table", { class: "tally terms" }, h("caption", { class: "quiet" }, `The words that make them alike (mean similarity ${score(story.similarity)}), names in bold.`),
      h("thead", { class: "unseen" }, h("tr", {}, h("th", { scope: "col" }, "word"), h("th", { scope: "col" }, "share of the similarity"))),
      h("tbody", {}, story.words.slice(0, 12).map((each, place) => {
        const bar = h("span", { class: "tally-bar", "aria-hidden": "true" });
        bar.style.width = `${((story.shares[place] || 0) / most) * 100}%`;
        return h("tr", {}, h("th", { scope: "row" }, names.has(each) ? h("strong", {}, own(each)) : own(each)), h("td", {}, bar, h("span", {}, percent(story.shares[place] || 0))));
      }))));
}

function storyColumns(table, story) {
  return [
    { label: "article", header: true, cell: (each) => articleName(table, each.row) },
    { label: "why it belongs", cell: (each) => whyMember(table, story, each) },
    { label: "alike", class: "number", note: "mean similarity to the others", cell: (each) => (each.copy_of >= 0 ? "" : score(each.similarity)) },
  ];
}

/** Why an article is in its story: the words it has in common, and the text it shares. */
function whyMember(table, story, each) {
  if (each.copy_of >= 0) return h("span", {}, "a copy of ", h("a", { href: pairLink(table, each.row, each.copy_of) }, own(headOf(table, each.copy_of))));
  const names = namesOf(story);
  const told = (each.words || []).flatMap((word, place) => [place ? ", " : "", names.has(word) ? h("strong", {}, own(word)) : own(word)]);
  const shared = each.shares_text_with
    ? h("span", { class: "facts" }, `shares text with ${counted(each.shares_text_with, "other")}`, each.closest >= 0 ? [", closest: ", relationTag(each.relation), " ", h("a", { href: pairLink(table, each.row, each.closest) }, own(headOf(table, each.closest)))] : "")
    : h("span", { class: "facts" }, "in other words: no passage in common");
  return h("span", { class: "name" }, h("span", {}, each.row === story.typical ? "the typical article: " : "", told), shared);
}

/** The passages that stand in two articles of the story or more. */
function storyFamilies(table, story, passed) {
  const sums = new Map();
  for (const { row } of story.members) for (const each of passed.of(row)) sums.set(each, (sums.get(each) || 0) + 1);
  const found = [...sums].filter(([each, value]) => value > 1 && !isRepetitive(each)).sort((a, b) => b[1] - a[1] || a[0].place - b[0].place).slice(0, FAMILIES_SHOWN);
  if (!found.length) return null;
  return h("section", { "aria-labelledby": "story-families" }, h("h2", { id: "story-families" }, "Passages that stand in several of them"),
    h("ul", { class: "wordings" }, found.map(([each, value]) => h("li", {}, familyName(table, each), h("span", { class: "facts" }, `in ${counted(value, "article")} of this story`)))));
}
