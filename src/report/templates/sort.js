
"use strict";
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  if (body.rows.length < 2) continue;
  const value = (row, at) => {
    const cell = row.cells[at];
    if (cell.classList.contains("none")) return null;
    const key = cell.dataset.sort;
    return key === undefined ? cell.textContent : Number(key);
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en");
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.replaceChildren(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      const rows = [...body.rows].map((row) => [value(row, at), row]);
      rows.sort(([a], [b]) =>
        a === null || b === null ? (a === null) - (b === null) : way * compare(a, b));
      body.append(...rows.map(([, row]) => row));
    });
  });
}
