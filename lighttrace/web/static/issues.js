/* The list of issues and the page of one: selection, acting on the row under the cursor, folded parts that are fetched when
   they are opened. Pages work without it. */
(() => {
  const doc = document, all = (sel, from = doc) => [...from.querySelectorAll(sel)];
  const boxes = () => all('[data-rows] .cb'), current = () => doc.querySelector('[data-rows] > [aria-current=true]');

  /* selection */
  function count() {
    const picked = boxes().filter(box => box.checked), every = doc.querySelector('[data-all]'), said = doc.querySelector('[data-picked]');
    if (said) said.textContent = picked.length ? `${picked.length} selected` : '';
    if (every) { every.checked = picked.length > 0 && picked.length === boxes().length; every.indeterminate = picked.length > 0 && !every.checked; }
    doc.getElementById('bulk')?.classList.toggle('on', picked.length > 0);
  }
  doc.addEventListener('change', e => {
    if (e.target.matches('[data-all]')) boxes().forEach(box => { box.checked = e.target.checked; });
    if (e.target.matches('.cb')) count();
  });
  let last = null;
  doc.addEventListener('click', e => {
    const box = e.target.closest('[data-rows] .cb');
    if (box) {  // with shift: everything from the last one to here
      const rows = boxes(), from = rows.indexOf(last), to = rows.indexOf(box);
      if (e.shiftKey && from >= 0) rows.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(it => { it.checked = box.checked; });
      last = box; count();
    }
    if (e.target.closest('[data-bulk]') && !boxes().some(it => it.checked)) {  // nothing ticked: the row under the cursor
      const own = current()?.querySelector('.cb');
      if (own) own.checked = true; else { e.preventDefault(); e.stopPropagation(); }
    }
  }, true);

  /* the cursor stays where it was while rows leave */
  let place = -1;
  doc.addEventListener('htmx:before:request', () => { const rows = all('[data-rows] > *'); place = rows.indexOf(current()); });
  doc.addEventListener('htmx:after:swap', () => {
    const rows = all('[data-rows] > *'), search = doc.getElementById('search');
    if (place >= 0 && rows.length && !current()) {
      const next = rows[Math.min(place, rows.length - 1)];
      next.setAttribute('aria-current', 'true');
      if (doc.activeElement === doc.body) next.querySelector('a[href]')?.focus({preventScroll: true});
    }
    if (search && doc.activeElement !== search) search.value = search.defaultValue;  // morphing keeps what was typed
    const seen = doc.querySelector('#seen [name=seen]');  // rows may have left
    if (seen) seen.value = rows.map(row => row.id.slice(2)).join();
    if (doc.querySelector('#list #bulk') && !rows.length) htmx.trigger('#renew', 'renew');
    count();
  });
  doc.addEventListener('issues-undone', () => all('.toast:has(form)').forEach(toast => toast.remove()));
  doc.addEventListener('keydown', e => {
    const search = doc.getElementById('search');
    if (e.key !== '/' || !search || doc.documentElement.dataset.keys || e.target.matches('input,textarea,select')) return;
    e.preventDefault(); search.focus(); search.select();
  }, true);

  /* the page of an issue is told when it is this one that changed */
  doc.addEventListener('issues-changed', e => {
    const page = doc.querySelector('[data-issue]'), {ids, all: many} = JSON.parse(e.detail.data || '{"all":true}');
    if (page && (many || ids.includes(+page.dataset.issue))) htmx.trigger(page, 'issue-changed');
  });

  /* folded parts: the link inside says where they are */
  function fetchPart(more) {
    const box = more.parentElement;
    htmx.ajax('GET', more.href.split('#')[0], {source: more, target: box, swap: 'outerHTML', headers: {'HX-Target': `div#${box.id}`}});
  }
  doc.addEventListener('toggle', e => {
    const more = e.target.open && e.target.matches('[data-lazy]') && e.target.querySelector('[data-more]');
    if (!more) return;
    e.target.removeAttribute('data-lazy');
    fetchPart(more);
  }, true);
  doc.addEventListener('click', e => {
    const more = e.target.closest('[data-more]');
    if (!more) return;
    e.preventDefault();
    fetchPart(more);
  });
  count();
})();
