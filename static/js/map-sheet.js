// The sheet that comes up from below: one case in short, or the cases of one point. Closed by its button, Escape, a
// tap on the map or the way back; the focus returns to where it came from.
export default class Sheet {
  constructor(box, fragment, failed) {
    Object.assign(this, { box, fragment, failed, body: box.querySelector("[data-sheet-body]") });
    box.querySelector("[data-sheet-close]").addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    addEventListener("popstate", ({ state }) => (state?.sheet ? this.open(state.sheet, null, state.title, true) : this.hide()));
  }

  // `known`: the address of the page says already that the sheet is open.
  async open(address, opener, title = "", known = false) {
    try {
      const html = await this.fragment(address);
      this.body.innerHTML = html;
      if (title) {
        const heading = document.createElement("h2");
        Object.assign(heading, { tabIndex: -1, textContent: title });
        this.body.prepend(heading);
      }
      if (!known) history[this.box.hidden ? "pushState" : "replaceState"]({ sheet: address, title }, "", location.href);
      this.box.hidden = false;
      this.box.scrollTop = 0;
      this.opener = opener || this.opener;
      this.body.querySelector("h2")?.focus({ preventScroll: true });
    } catch {
      this.failed();
    }
  }

  close() {
    if (this.box.hidden) return;
    if (history.state?.sheet) history.back();
    else this.hide();
  }

  hide() {
    if (this.box.hidden) return;
    this.box.hidden = true;
    const element = this.opener?.getElement?.();
    (element || document.querySelector("[data-map]")).focus({ preventScroll: true });
    this.opener = null;
  }
}
