/* LightTrace's own script: keys, copy, dialogs, toasts. Everything here is a convenience; pages work without it.

   Templates declare, this file obeys:
     data-key="e"        pressed → this element is clicked (links, buttons) or focused (inputs); "g s" is a sequence
     data-rows           j k move aria-current over its children, enter opens the first link, x ticks the checkbox
     data-copy="#id"     copies that element's text          data-dialog="#id"  opens that <dialog>
     data-timer="8000"   a toast that leaves by itself       data-submit        its form is sent on change
     data-timezone       gets the browser's zone             data-strength      lights the four bars after it */
(() => {
  const root = document.documentElement, all = (sel, from = document) => [...from.querySelectorAll(sel)];
  const seen = el => el.getClientRects().length > 0 && !el.disabled;
  const typing = el => el.closest?.('input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable]');

  /* keys */
  let pending = '', pendingUntil = 0;
  const rows = () => all('[data-rows] > :not([hidden])').filter(seen);
  const current = () => all('[data-rows] > [aria-current=true]')[0];
  function move(step) {
    const list = rows(), at = list.indexOf(current());
    const next = list[at < 0 ? (step > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + step, 0), list.length - 1)];
    if (!next) return;
    current()?.removeAttribute('aria-current');
    next.setAttribute('aria-current', 'true');
    next.querySelector('a[href]')?.focus({preventScroll: true});
    next.scrollIntoView({block: 'nearest'});
  }
  function press(el) {
    if (el.matches('input:not([type=checkbox],[type=radio]),textarea,select')) { el.focus(); el.select?.(); } else el.click();
  }
  function find(key) {
    const sel = `[data-key="${CSS.escape(key)}"]`, row = current();
    return (row && all(sel, row).find(seen)) || all(sel).filter(el => !el.closest('[data-rows]')).find(seen);
  }
  document.addEventListener('keydown', e => {
    if (e.key === 'Escape') {
      const open = all('details.drop[open]').pop();
      if (open) { open.open = false; open.querySelector('summary').focus(); } else if (typing(e.target)) e.target.blur();
      return;
    }
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || typing(e.target) || root.dataset.keys === 'off') return;
    if (document.querySelector('dialog[open]')) return;
    const key = pendingUntil > e.timeStamp ? pending + ' ' + e.key : e.key;
    pendingUntil = 0;
    const el = find(key);
    if (el) press(el);
    else if (key === 'j' || key === 'k') move(key === 'j' ? 1 : -1);
    else if (all(`[data-key^="${CSS.escape(key)} "]`).length) { pending = key; pendingUntil = e.timeStamp + 1500; }
    else if (key === 'Enter' && current() && !e.target.closest('a,button,summary,input')) current().querySelector('a[href]')?.click();
    else return;
    e.preventDefault();
  });

  /* copy, dialogs, menus */
  async function copy(button) {
    const text = document.querySelector(button.dataset.copy).textContent, label = button.querySelector('span') || button;
    let done = true;
    try { await navigator.clipboard.writeText(text); } catch {  // plain http has no clipboard API
      const area = Object.assign(document.createElement('textarea'), {value: text, className: 'vh'});
      document.body.append(area); area.select(); done = document.execCommand('copy'); area.remove(); button.focus();
    }
    const before = button.dataset.label ||= label.textContent;
    label.textContent = done ? 'Copied' : 'Press Ctrl C';
    setTimeout(() => { label.textContent = before; }, 1600);
  }
  document.addEventListener('click', e => {
    const button = e.target.closest('[data-copy],[data-dialog]');
    if (button?.dataset.copy) copy(button);
    else if (button) document.querySelector(button.dataset.dialog).showModal();
    if (e.target.matches('dialog')) e.target.close();  // the backdrop
    all('details.drop[open]').forEach(menu => { if (!menu.contains(e.target)) menu.open = false; });
  });
  document.addEventListener('change', e => { if (e.target.closest('[data-submit]')) e.target.form.requestSubmit(); });
  document.addEventListener('input', e => {
    if (!e.target.matches('[data-strength]')) return;
    const n = e.target.value.length, lit = n < 1 ? 0 : n < 12 ? 1 : n < 16 ? 2 : n < 22 ? 3 : 4;
    all('span', e.target.nextElementSibling).forEach((bar, i) => bar.classList.toggle('on', i < lit));
  });

  /* toasts: the timer stands still while one is under the pointer or has the focus */
  const toasts = document.getElementById('toasts');
  function start(toast) {
    let left = +toast.dataset.timer || 8000, timer, since;
    const run = () => { since = Date.now(); timer = setTimeout(() => toast.remove(), left); };
    const halt = () => { clearTimeout(timer); left = Math.max(1500, left - (Date.now() - since)); };
    toast.addEventListener('mouseenter', halt); toast.addEventListener('mouseleave', run);
    toast.addEventListener('focusin', halt); toast.addEventListener('focusout', run);
    run();
  }
  function say(text) {
    if (all('.toast', toasts).some(t => t.textContent === text)) return;
    toasts.append(Object.assign(document.createElement('div'), {className: 'toast', textContent: text}));
  }
  new MutationObserver(changes => changes.forEach(c => c.addedNodes.forEach(n => {
    if (n.classList?.contains('toast')) { start(n); while (toasts.children.length > 4) toasts.firstElementChild.remove(); }
  }))).observe(toasts, {childList: true});
  all('.toast', toasts).forEach(start);

  /* htmx: failures must show; polls rest in hidden tabs */
  document.addEventListener('htmx:response:error', e => {
    const {response, text, sourceElement} = e.detail.ctx;
    if (response.status === 401 || (sourceElement.matches('[data-poll]') && response.status < 500)) return;
    const title = new DOMParser().parseFromString(text || '', 'text/html').querySelector('h1')?.textContent;
    if (response.status >= 500 || [403, 404, 405, 413, 429].includes(response.status)) say(title || 'Not saved. Try again.');
  });
  document.addEventListener('htmx:error', e => {
    if (e.detail.error?.name === 'AbortError' || document.hidden) return;
    say('No connection. What you see may be old.');
  });
  document.addEventListener('every', e => { if (document.hidden) e.stopImmediatePropagation(); }, true);

  all('[data-timezone]').forEach(el => { try { el.value = Intl.DateTimeFormat().resolvedOptions().timeZone || ''; } catch { /* stays empty: UTC */ } });
})();
