/* Suggestions under the search box: a combobox of ARIA's kind, the focus stays in the box. The server says what could be typed
   next; an option puts its text in the place of characters from data-start to data-end. Terms are tinted by a copy of the text
   that lies under the box, so it stays a plain field. The page works without it. */
(() => {
  const doc = document, DELAY_MS = 150;
  const box = () => doc.getElementById('search'), list = () => doc.getElementById('suggest');
  const options = () => [...list().querySelectorAll('[role=option]')];
  let open = false, active = '', timer = 0, asking = null;
  const letters = text => [...text].length;  // as the server counts: an emoji is one

  function paint() {
    const input = box();
    if (!input) return;
    list().parentElement.hidden = !open;
    input.setAttribute('aria-expanded', open);
    if (active) input.setAttribute('aria-activedescendant', active); else input.removeAttribute('aria-activedescendant');
    options().forEach(it => it.setAttribute('aria-selected', it.id === active));
  }
  function close() {
    clearTimeout(timer); asking?.abort();
    open = false; active = '';
    paint();
  }
  async function ask(step = 0) {
    clearTimeout(timer); asking?.abort();
    asking = new AbortController();
    const input = box(), typed = input.value, url = new URL(input.dataset.suggest, location);
    url.searchParams.set('query', typed);
    url.searchParams.set('at', letters(typed.slice(0, input.selectionStart)));
    let html = '';
    try {
      const answer = await fetch(url, {signal: asking.signal, headers: {'HX-Request': 'true', 'HX-Request-Type': 'partial'}});
      if (answer.status === 200) html = await answer.text();
    } catch { return; }  // a newer question, or no connection: what is typed can be searched anyway
    if (box().value !== typed || doc.activeElement !== box()) return;
    list().innerHTML = html;
    list().scrollTop = 0;
    open = html !== ''; active = '';
    if (open && step) move(step); else paint();
  }
  function choose(option) {
    const input = box(), all = [...input.value], before = all.slice(0, +option.dataset.start).join('');
    const end = before.length + all.slice(+option.dataset.start, +option.dataset.end).join('').length;
    input.setRangeText(option.dataset.insert, before.length, end, end < input.selectionStart ? 'preserve' : 'end');
    close();
    input.scrollLeft = input.selectionStart >= input.value.trimEnd().length ? input.scrollWidth : input.scrollLeft;
    input.dispatchEvent(new Event('input', {bubbles: true}));
  }
  function move(step) {
    const all = options(), at = all.findIndex(it => it.id === active), next = at + step;
    active = at < 0 ? all.at(step > 0 ? 0 : -1).id : all[next]?.id || '';  // past an end: in the box again
    paint();
    doc.getElementById(active)?.scrollIntoView({block: 'nearest'});
  }

  doc.addEventListener('input', e => {
    if (e.target !== box() || e.isComposing) return;
    clearTimeout(timer);
    const before = e.target.value.slice(0, e.target.selectionStart);
    if (!before || /\s$/.test(before)) close();  // nothing has been begun: only if asked for
    else timer = setTimeout(ask, DELAY_MS);
  });
  doc.addEventListener('keydown', e => {
    if (e.target !== box() || e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return;
    const chosen = active && doc.getElementById(active);
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { const step = e.key === 'ArrowDown' ? 1 : -1; if (open) move(step); else ask(step); }
    else if (open && chosen && (e.key === 'Enter' || (e.key === 'Tab' && !e.shiftKey))) choose(chosen);
    else if (open && e.key === 'Escape') { e.stopPropagation(); close(); }
    else { if (e.key === 'Enter' || e.key === 'Tab') close(); return; }
    e.preventDefault();
  }, true);
  doc.addEventListener('mousedown', e => { if (e.target.closest('.combo .menu')) e.preventDefault(); });  // the box keeps the focus
  doc.addEventListener('click', e => {
    const option = e.target.closest('#suggest [role=option]');
    if (option) choose(option);
  });
  doc.addEventListener('focusout', e => { if (e.target === box()) close(); });
  const TERM = /(!?)(?:[A-Za-z_][\w.-]*|tags\[[^\]]+\]|"[^"]+"):(?!\s|:|\/\/|$)(?:\[[^\]]*\]?|(?:[<>]=?)?(?:"(?:\\.|[^"\\])*"?|(?:\\.|[^\s"()\\])*))/g;
  function tint() {
    const ghost = doc.getElementById('ghost'), text = box()?.value, wrong = doc.querySelector('#mistake u')?.textContent;
    if (!ghost) return;
    let done = 0;
    const parts = [];
    for (const term of text.matchAll(TERM)) {
      const part = Object.assign(doc.createElement('span'), {textContent: term[0], className: wrong && term[0].includes(wrong) ? 'bad' : term[1] && 'not'});
      parts.push(text.slice(done, term.index), part);
      done = term.index + term[0].length;
    }
    ghost.replaceChildren(...parts, text.slice(done), '    ');  // the box scrolls a little further than its text
    ghost.scrollLeft = box().scrollLeft;
  }
  doc.addEventListener('input', e => { if (e.target === box()) tint(); });
  doc.addEventListener('scroll', e => { if (e.target === box()) doc.getElementById('ghost').scrollLeft = box().scrollLeft; }, true);
  tint();

  // a key that waits for its value is no search yet, nor a mistake: the list stays as it is
  doc.addEventListener('htmx:before:request', e => {
    if (e.target === box() && /:(\[|[<>]=?)?$/.test(box().value)) e.preventDefault();
  });
  doc.addEventListener('htmx:after:swap', () => { paint(); tint(); });  // a list that was drawn anew says that nothing is open
})();
