function (given) {
  "use strict";

  // Runs on a page that is not ours: no markup is parsed, no style attribute is written and nothing is
  // evaluated, so the page's Content-Security-Policy has nothing to refuse. A shadow root keeps its
  // styles out of here, and ours out of there.
  const CLOSED = "__sentry_reportdialog_closed__"; // what SDKs listen for to call `onClose`
  const ID = "lighttrace-report";
  const texts = given.texts;
  const address = document.currentScript && document.currentScript.src;
  if (!address || document.getElementById(ID)) return;

  const CSS = `
    :host { all: initial; }
    dialog {
      box-sizing: border-box; width: 30rem; max-width: calc(100vw - 2rem); max-height: calc(100vh - 2rem);
      padding: 1.5rem; border: 1px solid #7b7788; border-radius: 10px; overflow: auto;
      background: #fff; color: #1f1b2d; color-scheme: light; font: 16px/1.45 system-ui, sans-serif;
      box-shadow: 0 12px 40px rgb(0 0 0 / .3);
    }
    dialog::backdrop { background: rgb(20 16 31 / .55); }
    h2 { margin: 0 0 .25rem; font-size: 1.25rem; line-height: 1.3; }
    p { margin: 0 0 1rem; }
    label { display: block; margin: 0 0 .25rem; font-weight: 600; }
    input, textarea {
      box-sizing: border-box; width: 100%; margin: 0 0 1rem; padding: .5rem .6rem; border: 1px solid #7b7788;
      border-radius: 6px; background: #fff; color: inherit; font: inherit;
    }
    textarea { min-height: 6rem; resize: vertical; }
    [aria-invalid="true"] { border-color: #c0262d; }
    .error { color: #b3141c; font-weight: 600; }
    .error:empty { display: none; }
    .row { display: flex; flex-wrap: wrap; gap: .6rem; justify-content: flex-end; }
    button {
      min-height: 2.75rem; padding: .4rem 1.1rem; border: 1px solid #7b7788; border-radius: 6px;
      background: transparent; color: inherit; font: inherit; font-weight: 600; cursor: pointer;
    }
    button.main { border-color: #4a3aa7; background: #4a3aa7; color: #fff; }
    button:disabled { opacity: .6; cursor: default; }
    :focus-visible { outline: 3px solid #7a6ad8; outline-offset: 2px; }
    @media (prefers-color-scheme: dark) {
      dialog { background: #1d1a27; color: #efedf6; color-scheme: dark; border-color: #8d88a0; }
      input, textarea { background: #14111c; border-color: #8d88a0; }
      button { border-color: #8d88a0; }
      button.main { border-color: #6f5fd6; background: #5b4bc4; color: #fff; }
      .error { color: #ff8f8f; }
    }`;

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  function field(tag, name, label, value, properties) {
    const control = make(tag, { id: name, name, value, ...properties });
    return [make("label", { htmlFor: name, textContent: label }), control];
  }

  function show() {
    const host = make("div", { id: ID });
    const shadow = host.attachShadow({ mode: "open" });
    if ("adoptedStyleSheets" in shadow && "replaceSync" in CSSStyleSheet.prototype) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      shadow.adoptedStyleSheets = [sheet];
    }

    const [nameLabel, name] = field("input", "name", texts.labelName, given.name, { maxLength: 128, autocomplete: "name" });
    const [emailLabel, email] = field("input", "email", texts.labelEmail, given.email, {
      type: "email", maxLength: 254, autocomplete: "email",
    });
    const [commentsLabel, comments] = field("textarea", "comments", texts.labelComments, "", {
      required: true, maxLength: 8000,
    });
    const error = make("p", { className: "error", id: "error" });
    error.setAttribute("role", "alert");
    const submit = make("button", { type: "submit", className: "main", textContent: texts.labelSubmit });
    const cancel = make("button", { type: "button", textContent: texts.labelClose });
    const title = make("h2", { id: "title", textContent: texts.title });
    const form = make(
      "form", { noValidate: true, method: "dialog" },
      make("p", { textContent: `${texts.subtitle} ${texts.subtitle2}` }),
      nameLabel, name, emailLabel, email, commentsLabel, comments, error,
      make("div", { className: "row" }, cancel, submit),
    );
    const dialog = make("dialog", {}, title, form);
    dialog.setAttribute("aria-labelledby", "title");
    if (/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/.test(given.lang)) dialog.lang = given.lang;

    function say(text, ...wrong) {
      error.textContent = text;
      for (const control of [email, comments]) {
        control.setAttribute("aria-invalid", String(wrong.includes(control)));
        control.setAttribute("aria-describedby", wrong.includes(control) ? "error" : "");
      }
      if (wrong.length) wrong[0].focus();
    }

    function thank() {
      const done = make("button", { type: "button", className: "main", textContent: texts.labelClose });
      const said = make("p", { textContent: texts.successMessage });
      said.setAttribute("role", "status");
      done.addEventListener("click", () => dialog.close());
      form.replaceWith(said, make("div", { className: "row" }, done));
      done.focus();
    }

    async function send(event) {
      event.preventDefault();
      const wrong = [email, comments].filter((control) => !control.checkValidity() || (control === comments && !control.value.trim()));
      if (wrong.length) {
        say(texts.errorFormEntry, ...wrong);
        return;
      }
      say("");
      submit.disabled = true;
      try {
        // form-encoded, so that the browser asks no permission first
        const body = new URLSearchParams({ name: name.value, email: email.value, comments: comments.value });
        const answer = await fetch(address, { method: "POST", body, mode: "cors", credentials: "omit" });
        if (answer.ok) thank();
        else say(answer.status === 400 ? texts.errorFormEntry : texts.errorGeneric);
      } catch {
        say(texts.errorGeneric);
      } finally {
        submit.disabled = false;
      }
    }

    form.addEventListener("submit", send);
    cancel.addEventListener("click", () => dialog.close());
    // what is typed in here is not the page's: its shortcuts must not fire
    for (const kind of ["keydown", "keyup", "keypress"]) host.addEventListener(kind, (event) => event.stopPropagation());
    dialog.addEventListener("close", () => {
      host.remove();
      window.postMessage(CLOSED, "*");
    });
    shadow.append(dialog);
    document.body.append(host);
    dialog.showModal();
    (given.name ? (given.email ? comments : email) : name).focus();
  }

  if (document.body) show();
  else document.addEventListener("DOMContentLoaded", show, { once: true });
}
