// The bar at the top: the chosen language goes into the address, so that a reload or a shared link keeps it.
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.language) {
    const address = new URL(window.location.href);
    address.searchParams.set("lang", button.dataset.language);
    window.history.replaceState(null, "", address);
    trigger("option_select", { language: button.dataset.language });
  } else if (button.dataset.action === "documents") {
    trigger("expand");
  }
});
const apply = () => {
  const bar = element.querySelector("[data-interface]");
  if (bar) document.documentElement.lang = bar.dataset.interface;
};
watch("value", apply);
apply();
