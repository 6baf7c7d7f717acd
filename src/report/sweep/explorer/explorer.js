"use strict";
// Draws the variants of the page's data by the page's Vega-Lite specifications and answers choices of the reader.
const data = JSON.parse(document.getElementById("data").textContent);
const specs = JSON.parse(document.getElementById("specs").textContent);
const byId = (id) => document.getElementById(id);
const count = data.names.length;
const all = Array.from({ length: count }, (_, at) => at);
const VERDICTS = { m: "meets", x: "misses", u: "undecided", n: "not judged" };
const verdict = (at) => VERDICTS[data.verdicts[at]];
const isHollow = (at) => "xu".includes(data.verdicts[at]);

/** Creates an element with text or children. Text stays text: nothing here is parsed as markup. */
function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// ---- columns: keys and figures ---------------------------------------------------------------------------------
// Each has: title, unit, number(at) for ranges and axes, text(at), and for a figure its interval and direction.
const keys = data.keys.map((key, n) => {
  const choice = (at) => key.at[at];
  const text = (at) => (choice(at) < 0 ? key.base : key.texts[choice(at)]);
  const number = (at) => (!key.numbers ? null : choice(at) < 0 ? key.base_number : key.numbers[choice(at)]);
  return { ...key, id: `k${n}`, isKey: true, choice, text, number, wanted: null };
});
const figures = data.figures.map((figure, n) => {
  const part = (values) => (at) => (values ? values[at] : null);
  const [number, low, high] = [figure.value, figure.low, figure.high].map(part);
  return { ...figure, id: `f${n}`, isKey: false, number, low, high, text: (at) => shown(figure, number(at), low(at), high(at)) };
});
const columns = [...keys, ...figures];
const column = (id) => columns.find((one) => one.id === id);
const isNumber = (one) => !one.isKey || one.numbers !== null;
const known = (values) => values.filter((value) => value !== null && value !== undefined);
const extent = (one) => {
  const values = known(all.map(one.number));
  return values.length ? [Math.min(...values), Math.max(...values)] : null;
};
/** Returns the value of an axis: a number, or the text of a key that is none. */
const place = (one, at) => (isNumber(one) ? one.number(at) : one.text(at));

/** Returns the number of decimals: three digits, or fewer if the interval supports fewer. */
function decimals(value, half) {
  // Of a share near one, the digits are those of its distance to one.
  const size = (number) => (number === 0 ? 0 : Math.floor(Math.log10(Math.abs(number))));
  const most = half > 0 ? 1 - size(half) : 12;
  return Math.min(Math.max(Math.min(2 - size(value), most), 0), 12);
}
function shown({ prefix, suffix }, value, low, high) {
  if (value === null || value === undefined) return "no value";
  const rest = 100 - value;
  const half = high > low ? (high - low) / 2 : 0;
  const count = decimals(suffix === "%" && rest > 0 && rest < 10 ? rest : value, half);
  const text = (number, least) => number.toLocaleString("en", { maximumFractionDigits: count, minimumFractionDigits: least });
  const gap = suffix && !suffix.startsWith("/") ? "\u00a0" : "";
  const found = prefix + text(value, half > 0 ? count : 0) + gap + suffix;
  return half > 0 ? `${found} (${text(low, count)} to ${text(high, count)})` : found;
}
const changes = (at) => keys.filter((key) => key.choice(at) >= 0);
const descriptions = all.map((at) => changes(at).map((key) => `${key.title}=${key.text(at)}`).join(", ") || "as the file is");
const words = (at) => descriptions[at];

// ---- state -----------------------------------------------------------------------------------------------------
const state = {
  x: data.start.x,
  y: data.start.y,
  wanted: {},
  picked: data.start.picked,
  onlyMet: false,
  // Filters by column: { choices: Set } or { low, high }.
  filters: new Map(),
  // Columns with a filter on the page, and axes of the second chart.
  filtered: [],
  axes: new Set(),
};
const wanted = (one) => state.wanted[one.id] ?? one.wanted ?? "";

function passes(at) {
  if (state.onlyMet && data.verdicts[at] !== "m") return false;
  for (const [id, filter] of state.filters) {
    const one = column(id);
    if (filter.choices && !filter.choices.has(one.choice(at))) return false;
    const value = filter.choices ? null : one.number(at);
    const limited = filter.low !== null || filter.high !== null;
    if (!filter.choices && limited && (value === null || value === undefined)) return false;
    if (!filter.choices && filter.low !== null && value < filter.low) return false;
    if (!filter.choices && filter.high !== null && value > filter.high) return false;
  }
  return true;
}

/** Returns the variants that no other one beats on both axes; empty where a direction is unknown. */
function front(passing, x, y) {
  const sign = { less: 1, more: -1 };
  const [sx, sy] = [sign[wanted(x)], sign[wanted(y)]];
  if (!sx || !sy || x === y || !isNumber(x) || !isNumber(y)) return null;
  const both = passing.filter((at) => known([x.number(at), y.number(at)]).length === 2);
  const order = both.sort((a, b) => sx * (x.number(a) - x.number(b)) || sy * (y.number(a) - y.number(b)));
  let best = Infinity;
  return order.filter((at) => sy * y.number(at) < best && ((best = sy * y.number(at)), true));
}

// ---- charts ----------------------------------------------------------------------------------------------------
const views = {};
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function theme() {
  const [ink, soft, rule] = ["ink", "soft", "rule"].map(color);
  const font = getComputedStyle(document.body).fontFamily;
  const axis = { labelColor: soft, titleColor: ink, gridColor: rule, domainColor: soft, tickColor: soft };
  const texts = { labelFont: font, titleFont: font, labelFontSize: 12, titleFontSize: 13, titleFontWeight: 500 };
  return {
    background: null, font, view: { stroke: null }, axis: { ...axis, ...texts },
    style: {
      interval: { color: soft }, front: { color: color("link") }, bound: { color: color("bad") },
      variant: { color: color("link"), stroke: color("link") }, picked: { color: ink },
      line: { color: color("link") }, faint: { color: soft }, axis: { color: soft },
      value: { color: ink, font }, halo: { color: color("paper"), stroke: color("paper"), font },
    },
  };
}

async function draw(name, spec, rows, listen) {
  const place = byId(name);
  const compiled = vegaLite.compile({ ...spec, config: theme() }, { logger: vega.logger(vega.Error) }).spec;
  const old = views[name];
  const runtime = vega.parse(compiled, null, { ast: true });
  const lines = Object.values(rows).reduce((sum, one) => sum + one.length, 0);
  const renderer = lines > 4000 ? "canvas" : "svg";
  place.replaceChildren();
  const view = new vega.View(runtime, { expr: vega.expressionInterpreter, renderer, logLevel: vega.Error });
  for (const [data, values] of Object.entries(rows)) view.data(data, values);
  if (old) old.finalize();
  views[name] = view.initialize(place);
  listen(view);
  await view.runAsync();
}

function channel(one, values) {
  const made = structuredClone(one.channel);
  if (isNumber(one)) {
    // Sizes of several orders of magnitude do not fit on a linear axis.
    const numbers = known(values);
    if (numbers.length && Math.min(...numbers) > 0 && Math.max(...numbers) > 30 * Math.min(...numbers)) {
      made.scale = { ...made.scale, type: "log" };
      made.title += ", log scale";
    }
  }
  // On a narrow screen the unit has a line of its own.
  if (innerWidth < 560) made.title = made.title.replace(/ \(/, "\n(").split("\n");
  return made;
}

function scatterRows(passing) {
  const [x, y] = [column(state.x), column(state.y)];
  const row = (at) => ({
    at, x: place(x, at), y: place(y, at), verdict: verdict(at), hollow: isHollow(at), words: words(at),
    x_low: x.isKey ? null : x.low(at), x_high: x.isKey ? null : x.high(at),
    y_low: y.isKey ? null : y.low(at), y_high: y.isKey ? null : y.high(at),
  });
  const points = passing.map(row).filter((row) => known([row.x, row.y]).length === 2);
  const best = front(passing, x, y);
  const found = (one) => data.demands.filter((d) => d.figure !== null && figures[d.figure] === one && d.bound !== null);
  const bound = (one, values) => found(one).map((d) => d.bound).filter((value) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const slack = (high - low) * 0.5 || Math.abs(high);
    return value >= low - slack && value <= high + slack;
  });
  const bounds = points.length === 0 ? [] : [
    ...bound(x, points.map((row) => row.x)).map((bound) => ({ x_bound: bound })),
    ...bound(y, points.map((row) => row.y)).map((bound) => ({ y_bound: bound })),
  ];
  return {
    points,
    intervals: points.filter((row) => row.x_low !== null || row.y_low !== null),
    front: (best || []).map(row).map((row, order) => ({ ...row, order })),
    picked: points.filter((row) => row.at === state.picked),
    x_bounds: bounds.filter((row) => "x_bound" in row),
    y_bounds: bounds.filter((row) => "y_bound" in row),
    hasFront: best !== null,
  };
}

function drawScatter(passing) {
  const [x, y] = [column(state.x), column(state.y)];
  const { hasFront, ...rows } = scatterRows(passing);
  const width = byId("scatter").clientWidth;
  const spec = structuredClone(specs.scatter);
  spec.width = width;
  spec.height = Math.round(Math.min(Math.max(width * 0.5, 290), 440));
  spec.encoding.x = { ...channel(x, rows.points.map((row) => row.x)), field: "x" };
  spec.encoding.y = { ...channel(y, rows.points.map((row) => row.y)), field: "y" };
  const said = [`${rows.points.length} of ${count} variants.`];
  if (hasFront) {
    const best = rows.front.length;
    said.push(best === 1 ? "One of them is best on both axes." : `The line joins the ${best} that no other beats on both axes.`);
  } else {
    said.push("No front: choose for both axes whether less or more is better.");
  }
  if (rows.x_bounds.length + rows.y_bounds.length > 0) said.push("Dashed: the objective.");
  byId("scatter-caption").textContent = said.join(" ");
  byId("scatter").setAttribute("aria-label", `${y.title} over ${x.title}. ${said.join(" ")} Arrow keys move to the next variant.`);
  const near = (view, event) => {
    const [left, top] = vega.point(event, views.scatter.container().querySelector("svg, canvas"));
    const origin = view.origin();
    const at = (row) => [view.scale("x")(row.x) ?? 0, view.scale("y")(row.y) ?? 0];
    const half = (scale) => (scale.bandwidth ? scale.bandwidth() / 2 : 0);
    const [hx, hy] = [half(view.scale("x")), half(view.scale("y"))];
    let best = [24 * 24, null];
    for (const row of rows.points) {
      const [px, py] = at(row);
      const far = (px + hx + origin[0] - left) ** 2 + (py + hy + origin[1] - top) ** 2;
      if (far < best[0]) best = [far, row.at];
    }
    return best[1];
  };
  return draw("scatter", spec, rows, (view) => {
    view.addEventListener("click", (event) => {
      const at = near(view, event);
      if (at !== null) pick(at);
    });
  });
}

/** Breaks a long path at its points, so that titles of neighbouring axes do not meet. */
const broken = (title, most) => {
  const lines = [""];
  for (const part of title.split(/(?<=[.@= -])/)) {
    if ((lines.at(-1) + part).length > most && lines.at(-1)) lines.push("");
    lines[lines.length - 1] += part;
  }
  return lines.join("\n");
};

const linesWidth = (axes) => Math.max(byId("lines").parentElement.clientWidth, axes * 92);

function linesRows(passing) {
  const shownAxes = columns.filter((one) => state.axes.has(one.id));
  const inside = new Set(passing);
  const letters = Math.floor(linesWidth(shownAxes.length) / Math.max(shownAxes.length, 1) / 7);
  const scales = shownAxes.map((one) => {
    const label = broken(one.unit ? `${one.title} (${one.unit})` : one.title, letters);
    if (isNumber(one)) {
      const [low, high] = extent(one) || [0, 1];
      const share = (value) => (value === null || value === undefined ? null : high > low ? (value - low) / (high - low) : 0.5);
      const ticks = one.isKey && new Set(all.map(one.text)).size <= 8
        ? [...new Map(all.map((at) => [one.text(at), one.number(at)]))]
        : [low, high].map((value) => [shown({ prefix: one.prefix, suffix: "" }, value, null, null), value]);
      return { one, label, value: (at) => share(one.number(at)), ticks: ticks.map(([text, value]) => [text, share(value)]), back: (v) => low + v * (high - low) };
    }
    const texts = [...new Set(all.map(one.text))];
    const share = (text) => (texts.length > 1 ? texts.indexOf(text) / (texts.length - 1) : 0.5);
    return { one, label, value: (at) => share(one.text(at)), ticks: texts.slice(0, 24).map((text) => [text, share(text)]) };
  });
  const row = (at) => scales.map((scale) => ({ at, axis: scale.label, v: scale.value(at), dashed: verdict(at) === "misses" }));
  const range = ({ one, label }) => {
    const filter = state.filters.get(one.id);
    if (!filter || filter.choices) return [];
    const [low, high] = extent(one) || [0, 1];
    const bound = (value, otherwise) => (value === null ? otherwise : Math.min(Math.max((value - low) / (high - low || 1), 0), 1));
    return [{ axis: label, v: bound(filter.low, 0), v_high: bound(filter.high, 1) }];
  };
  return {
    scales,
    rows: {
      lines: all.filter((at) => inside.has(at)).flatMap(row),
      faint: all.filter((at) => !inside.has(at)).slice(0, 400).flatMap(row),
      picked: inside.has(state.picked) ? row(state.picked) : [],
      axes: scales.map(({ label }) => ({ axis: label, v: 0, v_high: 1 })),
      ticks: scales.flatMap(({ label, ticks }) => ticks.map(([text, v]) => ({ axis: label, v, text: text.length > 18 ? `${text.slice(0, 17)}…` : text }))),
      ranges: scales.flatMap(range),
    },
  };
}

/** The filter that the rectangle under the pointer stands for. */
let brushed = null;

function drawLines(passing) {
  const { scales, rows } = linesRows(passing);
  const spec = structuredClone(specs.lines);
  spec.width = linesWidth(scales.length);
  // Many lines would hide each other.
  spec.layer.find((layer) => layer.data.name === "lines").mark.opacity = Math.min(0.5, Math.max(0.06, 60 / Math.max(passing.length, 1)));
  const high = Math.max(1, ...scales.map((scale) => scale.label.split("\n").length));
  spec.encoding.x.axis.labelPadding = 14 * high - 4;
  spec.encoding.x.sort = scales.map((scale) => scale.label);
  spec.encoding.x.scale = { ...spec.encoding.x.scale, domain: scales.map((scale) => scale.label) };
  const caption = `A line is a variant. Drag over an axis to keep the variants of that part; the filters show the same.`;
  byId("lines-caption").textContent = scales.length < 2 ? "Choose two or more axes." : caption;
  byId("lines").setAttribute("aria-label", `Parallel coordinates over ${scales.map((s) => s.one.title).join(", ")}`);
  return draw("lines", spec, rows, (view) => {
    view.addSignalListener("brush", (_, value) => {
      brushed = value && value.v && value.axis ? () => brush(scales, value) : null;
    });
  });
}

/** Turns a rectangle over axes into filters of their columns. */
function brush(scales, { axis, v }) {
  const [low, high] = [Math.min(...v), Math.max(...v)];
  for (const scale of scales.filter((one) => axis.includes(one.label))) {
    const { one } = scale;
    const choices = all.filter((at) => scale.value(at) >= low && scale.value(at) <= high);
    const isChoice = one.isKey && isChoices(one);
    const filter = isChoice
      ? { choices: new Set(choices.map(one.choice)) }
      : { low: low <= 0 ? null : scale.back(low), high: high >= 1 ? null : scale.back(high) };
    state.filters.set(one.id, filter);
    if (!state.filtered.includes(one.id)) state.filtered.push(one.id);
  }
  showFilters();
  update();
}

// ---- filters ---------------------------------------------------------------------------------------------------
const isChoices = (one) => one.isKey && (!isNumber(one) || one.texts.length <= 12);

function showFilters() {
  const rows = state.filtered.map((id) => {
    const one = column(id);
    const filter = state.filters.get(id);
    const legend = make("legend", {}, one.title);
    if (isChoices(one)) {
      const kinds = [...new Set(all.map(one.choice))].sort((a, b) => a - b);
      const boxes = kinds.map((kind) => {
        const box = make("input", { type: "checkbox" });
        box.checked = !filter || filter.choices.has(kind);
        box.addEventListener("change", () => {
          const now = state.filters.get(id)?.choices ?? new Set(kinds);
          if (box.checked) now.add(kind);
          else now.delete(kind);
          if (now.size === kinds.length) state.filters.delete(id);
          else state.filters.set(id, { choices: now });
          update();
        });
        return make("label", {}, box, ` ${kind < 0 ? `${one.base} (as in the file)` : one.texts[kind]}`);
      });
      return make("fieldset", {}, legend, ...boxes);
    }
    const [low, high] = extent(one) || [0, 0];
    const box = (side, limit, word) => {
      const value = filter?.[side];
      const input = make("input", { type: "number", step: "any", placeholder: String(Number(limit.toPrecision(4))) });
      if (value !== null && value !== undefined) input.value = Number(value.toPrecision(4));
      input.addEventListener("input", () => {
        const now = { low: null, high: null, ...state.filters.get(id) };
        now[side] = input.value === "" ? null : Number(input.value);
        if (now.low === null && now.high === null) state.filters.delete(id);
        else state.filters.set(id, now);
        update();
      });
      return make("label", {}, `${word} `, input);
    };
    const unit = one.unit ? ` ${one.unit}` : "";
    return make("fieldset", {}, legend, box("low", low, "from"), " ", box("high", high, "to"), unit);
  });
  byId("filters").replaceChildren(...rows);
  byId("reset").disabled = state.filters.size === 0 && !state.onlyMet;
}

// ---- one variant -----------------------------------------------------------------------------------------------
/** Quotes a word for a shell. */
const quoted = (word) => (/^[\w./@:=+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** Lets a path break after its points. */
const soft = (text) => text.split(/(?<=[.@=\]])/).flatMap((part) => [part, make("wbr")]);

function table(caption, headings, rows) {
  const head = make("tr", {}, ...headings.map((text) => make("th", { scope: "col" }, text)));
  const body = rows.map(([first, ...rest]) =>
    make("tr", {}, make("th", { scope: "row" }, ...soft(first)), ...rest.map((text) => make("td", {}, text))));
  return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption },
    make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body)));
}

function showPicked() {
  const at = state.picked;
  const name = data.names[at];
  const parts = [make("h2", { id: "variant-heading" }, `Variant ${name}`)];
  if (data.demands.length > 0) {
    const outcome = { h: ["meets", "good"], f: ["misses", "bad"], i: ["undecided:", "unsure"], n: ["not judged:", "plain"] };
    const lines = data.demands.filter((demand) => demand.outcomes[at] !== "-").map((demand) => {
      const [word, style] = outcome[demand.outcomes[at]];
      const figure = demand.figure === null ? "" : ` · ${figures[demand.figure].text(at)}`;
      return make("li", {}, make("span", { class: style }, word), ` ${demand.text}${figure}`);
    });
    parts.push(make("ul", { class: "demands" }, ...lines));
  }
  const here = (key) => (key.text(at) === key.base ? "the same" : key.text(at));
  const changed = changes(at).map((key) => [key.title, key.base, here(key)]);
  parts.push(changed.length
    ? table("Keys that it sets", ["key", "in the file", "here"], changed)
    : make("p", {}, "No key is changed: the scenario as the file is."));
  const row = (one) => [one.title, one.text(at)];
  const first = figures.filter((one) => one.head || one.id === state.x || one.id === state.y);
  const rest = figures.filter((one) => !first.includes(one));
  if (first.length) parts.push(table("Figures", ["figure", "value"], first.map(row)));
  if (rest.length) {
    parts.push(make("details", {}, make("summary", {}, `${rest.length} more figures`), table("More figures", ["figure", "value"], rest.map(row))));
  }
  const sets = changes(at).map((key) => ` --set ${quoted(`${key.title}=${key.text(at)}`)}`);
  parts.push(make("p", {}, "This variant alone:"), make("pre", { tabindex: "0" }, make("code", {}, data.command.map(quoted).join(" ") + sets.join(""))));
  parts.push(make("p", {}, make("a", { href: `../${name}/report.html` }, "Its report")));
  byId("variant").replaceChildren(...parts);
}

function pick(at) {
  state.picked = at;
  byId("choice").value = String(at);
  showPicked();
  const passing = all.filter(passes);
  const rows = scatterRows(passing);
  views.scatter.data("picked", rows.picked).runAsync();
  if (views.lines) views.lines.data("picked", linesRows(passing).rows.picked).runAsync();
}

/** Moves to the next passing variant along the horizontal axis. */
function step(by) {
  const x = column(state.x);
  const passing = scatterRows(all.filter(passes)).points.map((row) => row.at);
  const order = passing.sort((a, b) => (isNumber(x) ? x.number(a) - x.number(b) : x.choice(a) - x.choice(b)) || a - b);
  if (order.length === 0) return;
  const now = order.indexOf(state.picked);
  pick(order[now < 0 ? 0 : Math.min(Math.max(now + by, 0), order.length - 1)]);
}

// ---- the page --------------------------------------------------------------------------------------------------
function options(select, chosen, wants = () => true) {
  const group = (label, list) => {
    const made = list.filter(wants).map((one) => make("option", { value: one.id }, one.title));
    return made.length ? [make("optgroup", { label }, ...made)] : [];
  };
  const rest = figures.filter((one) => !one.head);
  select.replaceChildren(...group("Keys", keys), ...group("Figures of the sweep", figures.filter((one) => one.head)), ...group("All other figures", rest));
  select.value = chosen;
}

let drawing = Promise.resolve();
function update() {
  const passing = all.filter(passes);
  const out = data.total === count ? "" : ` (of ${data.total} in the sweep)`;
  byId("passing").textContent = `${passing.length} of ${count} variants pass${out}.`;
  byId("reset").disabled = state.filters.size === 0 && !state.onlyMet;
  const choice = byId("choice");
  const option = (at, note) => make("option", { value: at }, `${data.names[at]}: ${words(at)}${note}`);
  const other = passing.includes(state.picked) ? [] : [option(state.picked, " (does not pass)")];
  choice.replaceChildren(...other, ...passing.map((at) => option(at, "")));
  choice.value = String(state.picked);
  for (const axis of ["x", "y"]) byId(`${axis}-wanted`).value = wanted(column(state[axis]));
  drawing = drawing.then(() => drawScatter(passing)).then(() => drawLines(passing));
  return drawing;
}

function showAxes() {
  const candidates = [...keys, ...figures.filter((one) => one.head || one.id === state.x || one.id === state.y)];
  byId("axes").replaceChildren(...candidates.map((one) => {
    const box = make("input", { type: "checkbox" });
    box.checked = state.axes.has(one.id);
    box.addEventListener("change", () => {
      if (box.checked) state.axes.add(one.id);
      else state.axes.delete(one.id);
      update();
    });
    return make("label", {}, box, ` ${one.title}`);
  }));
}

function begin() {
  if (count === 0 || !column(state.x) || !column(state.y)) {
    byId("passing").textContent = "No variant has a figure.";
    return;
  }
  for (const axis of ["x", "y"]) {
    options(byId(axis), state[axis]);
    byId(axis).addEventListener("change", (event) => {
      const old = state[axis];
      state[axis] = event.target.value;
      const other = axis === "x" ? state.y : state.x;
      if (!column(old).isKey && old !== other) state.axes.delete(old);
      state.axes.add(state[axis]);
      showAxes();
      update();
    });
    byId(`${axis}-wanted`).addEventListener("change", (event) => {
      state.wanted[state[axis]] = event.target.value;
      update();
    });
  }
  state.filtered = [...new Set([...data.start.filters, state.x, state.y])].filter((id) => column(id));
  state.axes = new Set([...data.start.axes, state.x, state.y]);
  options(byId("add-filter"), "", (one) => isNumber(one) || one.isKey);
  byId("add-filter").prepend(make("option", { value: "" }, "Filter by …"));
  byId("add-filter").value = "";
  byId("add-filter").addEventListener("change", (event) => {
    if (event.target.value && !state.filtered.includes(event.target.value)) state.filtered.push(event.target.value);
    event.target.value = "";
    showFilters();
  });
  byId("only-met").parentElement.hidden = data.demands.length === 0;
  byId("only-met").addEventListener("change", (event) => {
    state.onlyMet = event.target.checked;
    update();
  });
  byId("reset").addEventListener("click", () => {
    state.filters.clear();
    state.onlyMet = byId("only-met").checked = false;
    showFilters();
    update();
  });
  byId("choice").addEventListener("change", (event) => pick(Number(event.target.value)));
  byId("scatter").addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (by) {
      event.preventDefault();
      step(by);
    }
  });
  // The chart has read the last move of the pointer a moment after it is released.
  addEventListener("pointerup", () => setTimeout(() => {
    const filter = brushed;
    brushed = null;
    if (filter) filter();
  }, 60));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", update);
  let width = innerWidth;
  let waiting = 0;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(update, 150);
  });
  showFilters();
  showAxes();
  showPicked();
  return update().then(() => document.documentElement.setAttribute("data-drawn", "yes"));
}
begin();
