/** Which keys the panel keeps to itself. */

/**
 * Whether a key is the business of the panel's control that has it: such a key goes no further, since slides and
 * notebooks listen above and would turn the page or press nothing.
 * @param {{key: string, ctrlKey: boolean, metaKey: boolean, defaultPrevented: boolean, target: any}} event
 */
export function owns({ key, ctrlKey, metaKey, defaultPrevented, target }) {
  if (defaultPrevented) return true;
  if (ctrlKey || metaKey) return false;
  if (target.matches("button, summary")) return key === " " || key === "Enter";
  return target.matches("input, select") && (key.length === 1 || /^(Arrow|Page|Home|End|Enter|Backspace|Delete)/.test(key));
}
