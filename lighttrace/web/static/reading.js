/* The page of an issue: copying it as Markdown; names while a comment is written. Pages work without it. */
(() => {
  /* data-copy-url: a link to a text; the text is copied instead of being opened, with the event that is shown by now */
  document.addEventListener('click', async e => {
    const link = e.target.closest('[data-copy-url]');
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    const label = link.querySelector('span') || link, before = link.dataset.label ||= label.textContent;
    try {
      const at = new URL(link.href), shown = document.getElementById('shown-event');
      if (shown) at.searchParams.set('event', shown.value);
      const answer = await fetch(at);
      if (!answer.ok) throw answer;
      await navigator.clipboard.writeText(await answer.text());
      label.textContent = 'Copied';
      setTimeout(() => { label.textContent = before; }, 1600);
    } catch { location.assign(link.href); }  // no clipboard over plain http: there it can be marked and copied
  });

  /* after an @, those whose names begin so; arrows, enter and tab choose, esc closes */
  const doc = document, menu = Object.assign(doc.createElement('ul'), {className: 'menu names', hidden: true, id: 'names'});
  const box = Object.assign(doc.createElement('div'), {className: 'names-at'});  // takes no room: what is below stays where it is
  box.append(menu);
  let field = null;
  menu.setAttribute('role', 'listbox');
  menu.setAttribute('aria-label', 'People');
  const begun = () => /(?:^|[\s(])@([\w.+-]*)$/.exec(field.value.slice(0, field.selectionStart));
  const close = () => { menu.hidden = true; field?.removeAttribute('aria-activedescendant'); };
  function mark(at) {
    [...menu.children].forEach((row, i) => row.setAttribute('aria-selected', i === at));
    field.setAttribute('aria-activedescendant', `names-${at}`);
  }
  function show() {
    const word = begun()?.[1].toLowerCase();
    if (word === undefined) return close();
    const people = [...doc.querySelectorAll('#who option')].filter(it => (it.value + ' ' + it.text).toLowerCase().split(/[\s.]+/).some(part => part.startsWith(word)) || it.value.startsWith(word)).slice(0, 6);
    menu.replaceChildren(...people.map((it, i) => {
      const row = Object.assign(doc.createElement('li'), {id: `names-${i}`, role: 'option'}), name = doc.createElement('b');
      row.dataset.name = it.value; name.textContent = it.text; row.append(name, ` @${it.value}`);
      return row;
    }));
    if (!people.length) return close();
    field.after(box);
    field.setAttribute('aria-controls', 'names');
    menu.hidden = false;
    mark(0);
  }
  function choose(row) {
    const at = field.selectionStart, start = at - begun()[1].length;
    field.setRangeText(row.dataset.name + ' ', start, at, 'end');
    close(); field.focus();
  }
  doc.addEventListener('input', e => { if (e.target.matches('[data-mention]')) { field = e.target; show(); } });
  doc.addEventListener('focusout', e => { if (e.target === field && !menu.contains(e.relatedTarget)) close(); });
  menu.addEventListener('mousedown', e => { e.preventDefault(); const row = e.target.closest('li'); if (row) choose(row); });
  doc.addEventListener('keydown', e => {
    if (menu.hidden || e.target !== field) return;
    const rows = [...menu.children], at = rows.findIndex(row => row.getAttribute('aria-selected') === 'true');
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') mark((at + (e.key === 'ArrowDown' ? 1 : rows.length - 1)) % rows.length);
    else if (e.key === 'Enter' || e.key === 'Tab') choose(rows[at]);
    else if (e.key === 'Escape') close();
    else return;
    e.preventDefault(); e.stopPropagation();
  }, true);
})();
