// Asks the browser's authenticators, for forms that need a passkey's answer.
//
// A form says what it needs: data-passkey="sign-in" or "register" on the button that sends it,
// or a field step_up (an officer's decision). The answer goes into a hidden field, and the form is
// sent as it would be without a script. Texts for people stand in the page, in its language.
"use strict";

(() => {
  const box = document.getElementById("passkey-trouble");
  const able = Boolean(window.PublicKeyCredential && navigator.credentials);
  let busy = false;

  const octets = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));

  const text = (buffer) =>
    btoa(Array.from(new Uint8Array(buffer), (one) => String.fromCharCode(one)).join(""))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  function tell(trouble) {
    box.querySelector("[data-says]").textContent = box.dataset[trouble] || box.dataset.failed;
    box.hidden = false;
    box.focus();
  }

  function descriptors(list) {
    return (list || []).map((one) => ({ ...one, id: octets(one.id) }));
  }

  async function ask(path, body) {
    const json = typeof body === "string";
    const answer = await fetch(path, {
      method: "POST",
      body,
      headers: json ? { "Content-Type": "application/json" } : {},
      credentials: "same-origin",
      redirect: "error",
    });
    if (answer.ok) return answer.json();
    const problem = await answer.json().catch(() => ({}));
    const slug = String(problem.type || "").split("/").pop();
    throw Object.assign(new Error(slug), { trouble: slug === "no-passkey-yet" ? "none" : "refused" });
  }

  async function assertion(options) {
    const publicKey = {
      ...options,
      challenge: octets(options.challenge),
      allowCredentials: descriptors(options.allowCredentials),
    };
    const made = await navigator.credentials.get({ publicKey });
    const { clientDataJSON, authenticatorData, signature, userHandle } = made.response;
    return JSON.stringify({
      id: made.id,
      rawId: text(made.rawId),
      type: made.type,
      response: {
        clientDataJSON: text(clientDataJSON),
        authenticatorData: text(authenticatorData),
        signature: text(signature),
        userHandle: userHandle ? text(userHandle) : null,
      },
    });
  }

  async function registration(options) {
    const publicKey = {
      ...options,
      challenge: octets(options.challenge),
      user: { ...options.user, id: octets(options.user.id) },
      excludeCredentials: descriptors(options.excludeCredentials),
    };
    const made = await navigator.credentials.create({ publicKey });
    const { clientDataJSON, attestationObject } = made.response;
    return JSON.stringify({
      id: made.id,
      rawId: text(made.rawId),
      type: made.type,
      response: {
        clientDataJSON: text(clientDataJSON),
        attestationObject: text(attestationObject),
        transports: made.response.getTransports ? made.response.getTransports() : [],
      },
    });
  }

  function keep(form, name, value) {
    let field = form.querySelector(`input[type="hidden"][name="${name}"]`);
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      form.append(field);
    }
    field.value = value;
  }

  function fieldsOf(form, button) {
    const fields = [...new FormData(form)];
    if (button && button.name) fields.push([button.name, button.value]);
    return fields;
  }

  async function answerFor(form, kind, button) {
    if (kind === "step-up") {
      const target = (button && button.getAttribute("formaction")) || form.getAttribute("action");
      const path = decodeURIComponent(new URL(target || "", location.href).pathname);
      const body = JSON.stringify({ path, fields: fieldsOf(form, button) });
      return ["step_up", await assertion(await ask("/enrollment/v1/step-up", body))];
    }
    const token = new URLSearchParams({ form_token: form.elements.form_token.value });
    const options = await ask(button.dataset.question, token);
    if (kind === "register") return ["credential", await registration(options)];
    return ["assertion", await assertion(options)];
  }

  function troubleOf(error) {
    if (error.trouble) return error.trouble;
    if (error.name === "NotAllowedError" || error.name === "AbortError") return "cancelled";
    if (error.name === "InvalidStateError") return "present";
    if (error instanceof TypeError) return "away";
    return "failed";
  }

  async function confirm(form, kind, button) {
    busy = true;
    box.hidden = true;
    try {
      const [name, value] = await answerFor(form, kind, button);
      keep(form, name, value);
      // A form that is sent by script leaves its button's own field out.
      if (button && button.name) keep(form, button.name, button.value);
      if (button && button.hasAttribute("formaction")) {
        form.setAttribute("action", button.getAttribute("formaction"));
      }
      HTMLFormElement.prototype.submit.call(form);
      // A form that hands out a file leaves the page where it is.
      setTimeout(() => { busy = false; }, 2000);
    } catch (error) {
      busy = false;
      tell(troubleOf(error));
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    const kind = (button && button.dataset.passkey) || (form.elements.step_up ? "step-up" : "");
    if (!kind) return;
    event.preventDefault();
    if (!able) tell("unable");
    else if (!busy) confirm(form, kind, button);
  });

  if (!able && document.querySelector("[data-passkey]")) tell("unable");
})();
