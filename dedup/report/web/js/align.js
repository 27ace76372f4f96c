// Two boxes that scroll together, so that what stands in both stays at the same height.

const READING = 0.25; // where one reads: this far down in a box

/** The chain of passages in the same order in both texts that weighs most; through one if asked. */
function chainOf(passageList, through) {
  const fits = (a, b) => a.end_a <= b.start_a && a.end_b <= b.start_b;
  const list = passageList.filter((each) => !through || each === through || fits(each, through) || fits(through, each));
  list.sort((a, b) => a.start_a - b.start_a);
  const best = [];
  for (const [place, each] of list.entries()) {
    best[place] = { weight: each.tokens, before: -1 };
    for (let other = 0; other < place; other++) {
      const weight = best[other].weight + each.tokens;
      if (fits(list[other], each) && weight > best[place].weight) best[place] = { weight, before: other };
    }
  }
  let place = best.reduce((most, each, at) => (most < 0 || each.weight > best[most].weight ? at : most), -1);
  const chain = [];
  for (; place >= 0; place = best[place].before) chain.unshift(list[place]);
  return chain;
}

/** Return the value at x of the line through some points; it goes on with slope 1 at both ends. */
function between(points, x) {
  const next = points.findIndex((each) => each[0] >= x);
  if (next < 0) return points.at(-1)[1] + (x - points.at(-1)[0]);
  if (next === 0) return points[0][1] - (points[0][0] - x);
  const [[x0, y0], [x1, y1]] = [points[next - 1], points[next]];
  return x1 === x0 ? y1 : y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}

/** Keeps two boxes together; `passageList` have { start_a, …, marks: { a: [first, last], b: … } }. */
class Together {
  constructor(boxes, passageList) {
    this.boxes = boxes;
    this.passages = passageList;
    this.on = true;
    this.through = null;
    this.expected = { a: -1, b: -1 };
    for (const side of ["a", "b"]) {
      boxes[side].addEventListener("scroll", () => this.follow(side), { passive: true });
    }
    new ResizeObserver(() => { this.points = null; }).observe(boxes.a);
  }

  /** Heights in both boxes that belong together. */
  anchors() {
    if (this.points) return this.points;
    const height = (side, element, bottom) => {
      const box = this.boxes[side].getBoundingClientRect();
      const rect = element.getBoundingClientRect();
      return (bottom ? rect.bottom : rect.top) - box.top + this.boxes[side].scrollTop;
    };
    const points = [];
    for (const { marks } of chainOf(this.passages, this.through)) {
      if (!marks.a.length || !marks.b.length) continue;
      points.push([height("a", marks.a[0]), height("b", marks.b[0])]);
      points.push([height("a", marks.a.at(-1), true), height("b", marks.b.at(-1), true)]);
    }
    const { a, b } = this.boxes;
    const ends = [[READING * a.clientHeight, READING * b.clientHeight],
      [a.scrollHeight - (1 - READING) * a.clientHeight, b.scrollHeight - (1 - READING) * b.clientHeight]];
    this.points = monotone(points, ends);
    return this.points;
  }

  follow(side) {
    const box = this.boxes[side];
    if (Math.abs(box.scrollTop - this.expected[side]) < 2) return;
    this.expected[side] = -1;
    if (!this.on) return;
    const other = side === "a" ? "b" : "a";
    const points = this.anchors().map(([a, b]) => (side === "a" ? [a, b] : [b, a]));
    this.put(other, between(points, box.scrollTop + READING * box.clientHeight) - READING * this.boxes[other].clientHeight);
  }

  put(side, top) {
    const box = this.boxes[side];
    const most = box.scrollHeight - box.clientHeight;
    const wanted = Math.round(Math.min(Math.max(0, top), most));
    this.expected[side] = wanted;
    box.scrollTop = wanted;
    this.expected[side] = box.scrollTop;
  }

  /** Bring a passage to where one reads, in both boxes; what follows is scrolled from there. */
  goTo(passage) {
    this.through = passage;
    this.points = null;
    for (const side of ["a", "b"]) {
      const mark = passage.marks[side][0];
      if (!mark) continue;
      const box = this.boxes[side];
      const top = mark.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
      this.put(side, top - READING * box.clientHeight);
    }
  }
}

/** Points that rise in both coordinates, with the ends where these do not contradict them. */
function monotone(points, [begin, end]) {
  const found = [];
  for (const each of points) {
    if (!found.length || (each[0] >= found.at(-1)[0] && each[1] >= found.at(-1)[1])) found.push(each);
  }
  if (!found.length || (begin[0] < found[0][0] && begin[1] < found[0][1])) found.unshift(begin);
  if (end[0] > found.at(-1)[0] && end[1] > found.at(-1)[1]) found.push(end);
  return found;
}
