// What the page shows: every text stands in it already, hidden until it is true.

export function all(root, selector) {
  return Array.from(root.querySelectorAll(selector));
}

export function show(element, visible) {
  if (element) element.hidden = !visible;
}

/** Show the message of a name, or hide it. */
export function say(root, name, visible = true) {
  all(root, `[data-key-say="${name}"]`).forEach((one) => show(one, visible));
}

/** Hide every message but those that stand in a message which is shown itself. */
export function hush(root, ...names) {
  for (const name of names) say(root, name, false);
}

/** Put a text into its place. */
export function fill(root, name, text) {
  for (const one of all(root, `[data-key-fill="${name}"]`)) one.textContent = text;
}

/** Call `act` when the button of a name is pressed. */
export function onAct(root, name, act) {
  for (const one of all(root, `[data-key-act="${name}"]`)) one.addEventListener("click", act);
}

/** Press the button of a name when Enter is hit in a field; the form around it is not sent. */
export function onEnter(root, fields, name) {
  for (const field of fields) {
    field?.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      root.querySelector(`[data-key-act="${name}"]`).click();
    });
  }
}

/** Give a file to the person at once, and leave a link to save it again. */
export function handOut(root, name, type, content) {
  const link = root.querySelector("[data-key-download]");
  if (link.href) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
}

/** Let what was shown just now be drawn, before the processor is busy. */
export function drawn() {
  return new Promise((resolve) => setTimeout(resolve, 30));
}
