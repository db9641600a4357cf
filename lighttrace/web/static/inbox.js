/* The inbox: rows open in place (space, or a click on the impact), once fetched they are kept; a cursor is there from the
   start. Selection and acting on the row under the cursor: issues.js. The page works without this. */
(() => {
  const doc = document, all = (sel, from = doc) => [...from.querySelectorAll(sel)];
  const current = () => doc.querySelector('[data-rows] > [aria-current=true]');

  function point(row) {  // the cursor goes here
    if (current() === row) return;
    current()?.removeAttribute('aria-current');
    row.setAttribute('aria-current', 'true');
  }
  function toggle(opener) {
    const peek = doc.getElementById(opener.getAttribute('aria-controls'));
    const opens = peek.hidden;
    all('[data-rows] .peek:not([hidden])').forEach(other => {
      other.hidden = true;
      other.closest('.iss').querySelector('[data-peek]').setAttribute('aria-expanded', 'false');
    });
    point(opener.closest('.iss'));
    if (!opens) return;
    peek.hidden = false;
    opener.setAttribute('aria-expanded', 'true');
    if (peek.childElementCount) peek.scrollIntoView({block: 'nearest'});
    else htmx.ajax('GET', opener.dataset.peek, {source: opener, target: peek, swap: 'innerHTML'})
      .then(() => peek.scrollIntoView({block: 'nearest'}));
  }
  doc.addEventListener('click', e => {
    const opener = e.target.closest('[data-peek]');
    if (!opener || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
    e.preventDefault();
    toggle(opener);
  });
  doc.addEventListener('keydown', e => {
    if (e.key !== ' ' || e.ctrlKey || e.metaKey || e.altKey || doc.documentElement.dataset.keys || doc.querySelector('dialog[open]')) return;
    const at = e.target, row = current();
    if (!row || at.closest('input,textarea,select,button,summary,[tabindex="0"]') || (at.closest('a') && !row.contains(at))) return;
    e.preventDefault();
    toggle(row.querySelector('[data-peek]'));
  });
  doc.addEventListener('keydown', e => {
    const open = e.key === 'Escape' && !doc.querySelector('details.drop[open]') && doc.querySelector('.peek:not([hidden])');
    if (open) toggle(open.closest('.iss').querySelector('[data-peek]'));
  }, true);

  /* what was done to a row closes its peek, which would say what is no longer so; the keys go on with the cursor */
  let acted = false;
  doc.addEventListener('htmx:before:request', e => {
    const form = e.target.closest?.('form[action$="/inbox/change"]');
    if (!form) return;
    acted = true;
    all('.peek').forEach(peek => {
      const row = peek.closest('.iss'), box = row.querySelector('.cb');
      if (!(form.id === 'bulk' ? box.checked : form.closest('.iss') === row)) return;
      peek.hidden = true;
      row.querySelector('[data-peek]').setAttribute('aria-expanded', 'false');
      peek.dataset.stale = '';
    });
  });
  doc.addEventListener('htmx:after:swap', () => {
    all('.peek[data-stale]').forEach(peek => { peek.replaceChildren(); delete peek.dataset.stale; });
    if (acted) {  // rows that stay are no longer ticked: the next key is for the row under the cursor
      all('[data-rows] .cb:checked').forEach(box => { box.checked = false; box.dispatchEvent(new Event('change', {bubbles: true})); });
      acted = false;
    }
    const row = current(), at = doc.activeElement;
    if (row && (at === doc.body || (at.closest('[data-rows]') && !row.contains(at)))) row.querySelector('a[href]').focus({preventScroll: true});
  });

  /* news replace the number: what it says of the peek stays true */
  doc.addEventListener('htmx:after:swap', () => all('.peek:not([hidden])').forEach(peek =>
    peek.closest('.iss').querySelector('[data-peek]').setAttribute('aria-expanded', 'true')));
})();
