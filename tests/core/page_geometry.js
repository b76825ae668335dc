/**
 * What is wrong with how the page lies before somebody, in sentences; none where nothing is.
 * `finger`: how many px wide and high a control has to be; 0 where a mouse points.
 */
(finger) => {
  const CONTROLS = 'button, a[href], input:not([type=file]), select, summary, textarea';
  const FLOATS = '[role=dialog], .latest, .drop'; // they lie over the page, and go again
  const CUTS = ['hidden', 'clip'];
  const SCROLLS = ['auto', 'scroll'];
  const LEAST_SHARE = 0.3; // of a phone, that the conversation has
  const faults = new Set();

  const named = (element) => {
    const kind = element.getAttribute('class') ?? '';
    const words = (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().replace(/\s+/g, ' ');
    return `${element.localName}${kind && `.${kind.trim().replace(/\s+/g, '.')}`} "${words.slice(0, 40)}"`;
  };
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !aloud(element);
  function aloud(element) {
    for (let one = element; one; one = one.parentElement) if (styleOf(one).clipPath === 'inset(50%)') return true;
    return false; // what is for ears alone has no place
  }
  const rounded = (rect) => [rect.left, rect.top, rect.right, rect.bottom].map(Math.round).join(' ');
  const known = new Map(); // how an element and all around it are styled is asked for again and again
  function styleOf(element) {
    if (!known.has(element)) {
      const { overflowX, overflowY, clipPath } = getComputedStyle(element);
      known.set(element, { overflowX, overflowY, clipPath });
    }
    return known.get(element);
  }
  const overflow = (element, axis) => styleOf(element)[`overflow${axis}`];
  function scrollerOf(element) {
    for (let one = element.parentElement; one; one = one.parentElement)
      if (SCROLLS.includes(overflow(one, 'Y')) && one.scrollHeight > one.clientHeight) return one;
    return null;
  }

  if (document.documentElement.scrollWidth > innerWidth) faults.add(`the page is ${document.documentElement.scrollWidth} px wide`);
  if (document.documentElement.scrollHeight > innerHeight) faults.add(`the page is ${document.documentElement.scrollHeight} px high`);

  for (const box of document.body.querySelectorAll('*')) {
    const inside = box.closest('svg, input, select, video, progress');
    if (inside || !seen(box) || box.clientWidth === 0 || overflow(box, 'X') === 'visible') continue;
    if (box.scrollWidth > box.clientWidth + 1) faults.add(`${named(box)} hides ${box.scrollWidth - box.clientWidth} px at its side`);
  }

  const talk = document.querySelector('.page:has(.controls) .timeline');
  if (talk && talk.clientHeight < innerHeight * LEAST_SHARE) faults.add(`the conversation is only ${talk.clientHeight} px high`);

  for (const control of document.querySelectorAll(CONTROLS)) {
    if (!seen(control)) continue;
    const scroller = scrollerOf(control);
    const was = scroller?.scrollTop;
    if (scroller) {
      const [mine, around] = [control.getBoundingClientRect(), scroller.getBoundingClientRect()];
      scroller.scrollTop += mine.top + mine.height / 2 - around.top - around.height / 2;
    }
    const rect = control.getBoundingClientRect();
    if (rect.left < -0.5 || rect.right > innerWidth + 0.5 || rect.top < -0.5 || rect.bottom > innerHeight + 0.5)
      faults.add(`${named(control)} is outside: ${rounded(rect)}`);
    if (rect.width < finger - 0.5 || rect.height < finger - 0.5)
      faults.add(`${named(control)} is too small for a finger: ${Math.round(rect.width)} x ${Math.round(rect.height)}`);
    for (const [across, down] of [[0.5, 0.5], [0.2, 0.2], [0.8, 0.2], [0.2, 0.8], [0.8, 0.8]]) {
      const top = document.elementFromPoint(rect.left + rect.width * across, rect.top + rect.height * down);
      if (!top || top === control || control.contains(top) || top.contains(control)) continue;
      if (top.closest(FLOATS) && !control.closest(`${FLOATS}, .controls, .bar`)) continue;
      faults.add(`${named(control)} is covered by ${named(top)}`);
    }
    if (scroller) scroller.scrollTop = was;
  }

  const letters = document.createElement('canvas').getContext('2d');
  for (const input of document.querySelectorAll('input[placeholder]')) {
    if (!seen(input) || input.value) continue;
    const style = getComputedStyle(input);
    letters.font = style.font;
    const room = input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (letters.measureText(input.placeholder).width > room) faults.add(`"${input.placeholder}" does not fit in ${Math.round(room)} px`);
  }

  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest('option, script, style') || !seen(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      if (rect.width < 1) continue;
      if (rect.left < -0.5 || rect.right > innerWidth + 0.5) faults.add(`"${node.data.slice(0, 40)}" is outside: ${rounded(rect)}`);
      let scroller = null;
      let shown = rect.bottom > 0 && rect.top < innerHeight;
      for (let one = parent; one && one !== document.documentElement; one = one.parentElement) {
        const [across, down] = [overflow(one, 'X'), overflow(one, 'Y')];
        if (one.ownerSVGElement || (across === 'visible' && down === 'visible')) continue;
        const box = one.getBoundingClientRect();
        if (across !== 'visible' && (rect.left < box.left - 0.5 || rect.right > box.right + 0.5))
          faults.add(`"${node.data.slice(0, 40)}" is cut by ${named(one)}`);
        if (!scroller && CUTS.includes(down) && (rect.top < box.top - 1 || rect.bottom > box.bottom + 1))
          faults.add(`"${node.data.slice(0, 40)}" is cut by ${named(one)}`);
        if (SCROLLS.includes(down)) {
          scroller ??= one;
          shown &&= rect.bottom > box.top && rect.top < box.bottom;
        }
      }
      const slack = rect.height * 0.2; // a font's own room above and below its letters
      texts.push({ node, scroller, shown, float: parent.closest(FLOATS), left: rect.left, right: rect.right, top: rect.top + slack, bottom: rect.bottom - slack });
    }
  }
  for (const [at, one] of texts.entries())
    for (const other of texts.slice(at + 1)) {
      const together = one.scroller === other.scroller || (one.shown && other.shown);
      if (one.node === other.node || one.float !== other.float || !together) continue;
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (across > 1.5 && down > 1.5) faults.add(`"${one.node.data.slice(0, 40)}" lies over "${other.node.data.slice(0, 40)}"`);
    }
  return [...faults];
}
