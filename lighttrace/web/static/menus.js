/* Menus that act (details.acting): a key opens one at its first entry, the arrows move, choosing closes it. Pages work without. */
(() => {
  const doc = document, items = menu => [...menu.querySelectorAll('.menu :is(a,button)')];
  doc.addEventListener('keydown', e => {
    const menu = e.target.closest('details.acting'), step = {ArrowDown: 1, ArrowUp: -1}[e.key];
    if (!menu?.open || !step || e.target.matches('input,select')) return;
    const all = items(menu), at = all.indexOf(e.target);
    all[at < 0 ? 0 : (at + step + all.length) % all.length].focus();
    e.preventDefault();
  });
  doc.addEventListener('click', e => {
    const menu = e.target.closest('details.acting');
    if (!menu) return;
    // a click without a pointer is a key: whoever opens with one goes on with one
    if (e.target.closest('summary') && !menu.open && e.detail === 0) { e.preventDefault(); menu.open = true; items(menu)[0]?.focus(); }
    if (e.target.closest('.menu button')) setTimeout(() => { menu.open = false; });
  });
})();
