// What the page shows: every text stands in it already, hidden until it is true.

export function find(selector, root = document) {
  return root.querySelector(selector);
}

export function show(element, visible = true) {
  if (element) element.hidden = !visible;
}

/** Show the one text of a group that has this name, and no other; none for null. */
export function say(group, name) {
  for (const one of document.querySelectorAll(`[data-${group}]`)) {
    show(one, one.getAttribute(`data-${group}`) === name);
  }
}

/** Return the text of a name in the page's language. */
export function word(group, name) {
  const found = find(`[data-${group}="${name}"]`);
  return found ? found.textContent.trim() : name;
}

/** Add an element with a text to another one. */
export function add(parent, tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  parent.append(made);
  return made;
}

/** Write a day, or a day and the time, as Cambodia does. */
export function written(instant, withTime = false) {
  const form = { timeZone: "Asia/Phnom_Penh", day: "2-digit", month: "2-digit", year: "numeric" };
  if (withTime) Object.assign(form, { hour: "2-digit", minute: "2-digit" });
  return new Intl.DateTimeFormat("en-GB", form).format(new Date(instant)).replace(",", "");
}

/** Return what was chosen before on this device, or null. Nothing of a pass is ever kept. */
export function chosen(name) {
  try {
    return localStorage.getItem(`camtrust-verify-${name}`);
  } catch (error) {
    return null;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(`camtrust-verify-${name}`, value);
  } catch (error) {
    // A browser that keeps nothing asks again.
  }
}
