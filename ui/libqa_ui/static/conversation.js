// The conversation: example questions, citation numbers and copying are clicks on elements that come and go.
const copy = async (text) => {
  if (window.isSecureContext && navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  // Served over plain http inside a house, the page has no clipboard object; the older way still works there.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "offscreen";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
};

// The style of references chosen once holds for all answers, also for those that are still to come.
let style = "gbt7714";
const dress = () => element.querySelectorAll("select.style").forEach((choice) => { choice.value = style; });
element.addEventListener("change", (event) => {
  if (!event.target.matches("select.style")) return;
  style = event.target.value;
  dress();
});

element.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { example, citation, turn } = button.dataset;
  if (example !== undefined) {
    trigger("example_select", { question: example });
  } else if (citation !== undefined) {
    trigger("select", { turn: Number(turn), number: Number(citation) });
  } else if (button.classList.contains("copy")) {
    const label = button.textContent;
    const text = button.dataset.references === undefined ? button.dataset.copy : button.dataset[style];
    const done = await copy(text).catch(() => false);
    button.textContent = done ? button.dataset.copied : button.dataset.failed;
    window.setTimeout(() => { button.textContent = label; }, 2000);
  }
});

// A new question is brought to the top of the page, so that its answer unfolds in view.
let shown = 0;
watch("value", () => {
  dress();
  const turns = element.querySelectorAll(".turn");
  if (turns.length > shown) {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    turns[turns.length - 1].scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  }
  shown = turns.length;
  // A clicked example is gone now; where there is a keyboard, typing goes on in the question box.
  const lost = document.activeElement === document.body || document.activeElement === null;
  if (lost && window.matchMedia("(hover: hover)").matches) document.querySelector("#libqa-question textarea").focus();
});
