// The panel beside the conversation: opens at the marked span, closes with its button or Escape, gives the focus back.
let opener = null;
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-citation], [data-action=documents]");
  if (button && !element.contains(button)) opener = button;
});

const shut = () => {
  document.documentElement.classList.remove("reading");
  if (opener && opener.isConnected) opener.focus();
  trigger("collapse");
};

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.action === "shut") shut();
  else if (button.dataset.citation !== undefined)
    trigger("select", { turn: Number(button.dataset.turn), number: Number(button.dataset.citation) });
  else if (button.dataset.document !== undefined) trigger("option_select", { document: button.dataset.document });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.documentElement.classList.contains("reading")) shut();
});

watch("value", () => {
  const panel = element.querySelector(".panel");
  document.documentElement.classList.toggle("reading", Boolean(panel));
  if (!panel) return;
  const scroll = panel.querySelector(".scroll");
  const mark = panel.querySelector("#quote");
  scroll.scrollTop = 0;
  panel.querySelector("h2").focus({ preventScroll: true });
  if (mark) {
    // What precedes a short document, its date and sources, stays in view where the quote is in view with it.
    const { top, bottom } = mark.getBoundingClientRect();
    const room = scroll.getBoundingClientRect();
    if (bottom > room.bottom - 48) scroll.scrollTop = top - room.top - room.height / 3;
  }
});
