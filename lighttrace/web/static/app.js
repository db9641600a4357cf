/* LightTrace's own script: keys, copy, dialogs, toasts. Pages work without it. Templates declare, this obeys:
   data-key="e"      clicks (or focuses) this element; "g s" is a sequence; inside the current row first
   data-rows         j k move aria-current over its children, enter opens the link
   data-copy="#id"   data-dialog="#id"   data-timer="8000" (toasts)   data-submit (its form, on change)
   data-timezone     gets the browser's zone      data-strength   lights the four bars after it */
(() => {
  const doc = document, all = (sel, from = doc) => [...from.querySelectorAll(sel)];
  const on = (name, f, capture) => doc.addEventListener(name, f, capture);
  const seen = el => el.getClientRects().length && !el.disabled;
  const TEXT = 'input:not([type=checkbox],[type=radio]),textarea,select';

  /* keys */
  let pending = '', until = 0;
  const current = () => doc.querySelector('[data-rows] > [aria-current=true]');
  function move(step) {
    const rows = all('[data-rows] > *').filter(seen), at = rows.indexOf(current());
    const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1)];
    if (!next) return;
    current()?.removeAttribute('aria-current');
    next.setAttribute('aria-current', 'true');
    next.querySelector('a[href]')?.focus({preventScroll: true});
    next.scrollIntoView({block: 'nearest'});
  }
  function find(key) {
    const sel = `[data-key="${CSS.escape(key)}"]`, row = current();
    const own = row && all(sel, row).find(seen), others = all(sel).filter(el => seen(el) && !el.closest('[data-rows]'));
    return own || others.find(el => !el.closest('.toast')) || others.pop();  // of several undos the newest
  }
  on('keydown', e => {
    const at = e.target;
    if (e.key === 'Escape') {
      const menu = all('details.drop[open]').pop();
      if (menu) { menu.open = false; menu.firstElementChild.focus(); } else if (at.matches(TEXT)) at.blur();
    }
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || at.matches(TEXT) || doc.documentElement.dataset.keys
      || doc.querySelector('dialog[open]')) return;
    const key = until > e.timeStamp ? pending + ' ' + e.key : e.key, el = find(key);
    until = 0;
    if (el) { if (el.matches(TEXT)) { el.focus(); el.select?.(); } else el.click(); }
    else if (key === 'j' || key === 'k') move(key === 'j' ? 1 : -1);
    else if (key === 'Enter' && current() && !at.closest('a,button,summary,input')) current().querySelector('a[href]')?.click();
    else if (key.length === 1 && doc.querySelector(`[data-key^="${CSS.escape(key)} "]`)) { pending = key; until = e.timeStamp + 1500; }
    else return;
    e.preventDefault();
  });

  /* copy, dialogs, menus, forms */
  async function copy(button) {
    const text = doc.querySelector(button.dataset.copy).textContent, label = button.querySelector('span') || button;
    let done = true;
    try { await navigator.clipboard.writeText(text); } catch {  // plain http has no clipboard API
      const area = Object.assign(doc.createElement('textarea'), {value: text, className: 'vh'});
      doc.body.append(area); area.select(); done = doc.execCommand('copy'); area.remove(); button.focus();
    }
    const before = button.dataset.label ||= label.textContent;
    label.textContent = done ? 'Copied' : 'Not copied';
    setTimeout(() => { label.textContent = before; }, 1600);
  }
  on('click', e => {
    const button = e.target.closest('[data-copy],[data-dialog]');
    if (button?.dataset.copy) copy(button);
    else if (button) doc.querySelector(button.dataset.dialog).showModal();
    if (e.target.matches('dialog')) e.target.close();  // the backdrop
    all('details.drop[open]').forEach(menu => { if (!menu.contains(e.target)) menu.open = false; });
  });
  on('change', e => { if (e.target.closest('[data-submit]')) e.target.form.requestSubmit(); });
  on('input', e => {
    if (!e.target.matches('[data-strength]')) return;
    const n = e.target.value.length, lit = [1, 12, 16, 22].filter(least => n >= least).length;
    all('span', e.target.nextElementSibling).forEach((bar, i) => bar.classList.toggle('on', i < lit));
  });

  /* toasts: the timer rests while one is under the pointer or has the focus */
  const toasts = doc.getElementById('toasts');
  function start(toast) {
    let timer;
    const run = () => { halt(); timer = setTimeout(() => toast.remove(), +toast.dataset.timer || 8000); }, halt = () => clearTimeout(timer);
    for (const name of ['mouseenter', 'focusin']) toast.addEventListener(name, halt);
    for (const name of ['mouseleave', 'focusout']) toast.addEventListener(name, run);
    run();
  }
  function say(text) {
    if (!all('.toast', toasts).some(toast => toast.textContent === text))
      toasts.append(Object.assign(doc.createElement('div'), {className: 'toast', textContent: text}));
  }
  new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(node => {
    if (node.matches?.('.toast')) start(node);
    while (toasts.children.length > 4) toasts.firstElementChild.remove();
  }))).observe(toasts, {childList: true});
  all('.toast').forEach(start);

  /* htmx: failures must show; polls rest in hidden tabs */
  on('htmx:response:error', e => {
    const {response: {status}, text, sourceElement: source} = e.detail.ctx;
    if (status < 402 || status === 409 || status === 422 || source.matches('[data-poll]')) return;  // shown in place, or tried again
    say(new DOMParser().parseFromString(text || '', 'text/html').querySelector('h1')?.textContent || 'Not saved. Try again.');
  });
  on('htmx:error', e => {
    const stream = e.detail.ctx?.sourceElement?.hasAttribute('hx-sse:connect');  // polling stands in for it
    if (e.detail.error?.name !== 'AbortError' && !doc.hidden && !stream) say('No connection. What you see may be old.');
  });
  on('every', e => { if (doc.hidden) e.stopImmediatePropagation(); }, true);

  all('[data-timezone]').forEach(el => { el.value = Intl.DateTimeFormat().resolvedOptions().timeZone || ''; });
})();
