/** What panels of one result say to each other, and to their kernel. */

/** @typedef {import("./types.js").Bridge} Bridge */

/** @param {import("./types.js").Panel} panel @param {Bridge} [bridge] @returns {() => void} what ends it */
export function wire({ spec, own, root, state, dom: { page, view, on } }, bridge) {
  let moved = false;
  /** @param {string} what */
  const say = (what, values = state.snapshot()) => {
    if (spec.uid) page.dispatchEvent(new view.CustomEvent("jacmagic:" + what, { detail: { uid: spec.uid, source: own, root, values, serials: Object.fromEntries(state.serials) } }));
  };
  state.hears.sent = () => {
    moved = true;
    const values = state.snapshot();
    bridge?.onChange?.(values);
    say("values", values);
  };
  if (spec.uid) {
    const home = (/** @type {any} */ node) => node?.closest?.(".jp-NotebookPanel");
    /** From another panel of this result, not of a copy of its notebook beside it. @param {any} detail */
    const meant = (detail) => detail?.uid === spec.uid && detail.source !== own && !(home(root) && home(detail.root) && home(root) !== home(detail.root));
    on(page, "jacmagic:values", ({ detail }) => { if (meant(detail)) state.receive(detail.values, detail.serials); });
    // A panel that comes says what it has, and whoever has newer values answers. The kernel, when it has made its result,
    // hears of what the hand has moved since the last panel came; all else it knows better.
    on(page, "jacmagic:hello", ({ detail }) => {
      if (!meant(detail) || !root.isConnected) return;
      if (detail.source === "kernel") {
        if (moved) say("values");
        return;
      }
      moved = false;
      state.receive(detail.values, detail.serials);
      if ([...state.serials].some(([key, serial]) => serial > (detail.serials?.[key] ?? -1))) say("values");
    });
    say("hello");
  }
  return bridge?.subscribe?.((news) => state.receive(news)) ?? (() => {});
}
