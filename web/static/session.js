// Watches over the session of a signed-in page (DT9, DT10, AA8.c): tells the
// server each minute that the browser is there, asks the person before the
// session ends, and clears the page once it has. When that is, the server says:
// another tab may have used the session, and the clock here may be wrong.
// Nothing is stored, and every sentence comes from the server.
'use strict';

(() => {
  const presence = 60; // seconds between two signs of the browser (AA8.c)
  const retry = 5; // where nothing can be shown before the server has answered
  const finals = [60, 300]; // seconds before the end that nothing lengthens
  const spoken = [30, 60, 120, 300]; // never each second: it is read aloud

  const { session, idle, leave: way } = document.currentScript.dataset;
  const channel = new BroadcastChannel('guichet-session');

  // One clock may stand still in sleep, the other may be set: the further counts.
  const clock = () => ({ mono: performance.now(), wall: Date.now() }); // taken before asking: what is left is never overrated
  const since = (then) => Math.max(performance.now() - then.mono, Date.now() - then.wall) / 1000;

  let standing = { idle: Number(idle), ends: Infinity, lead: 0 }; // as of `known`
  let known = { mono: 0, wall: Date.now() - performance.now() }; // when it was asked for
  let tried; // when the server was last asked
  let busy = false;
  let doubts = 0; // how often there was reason to doubt
  let heard = 0; // of these, before the server was last asked
  let doubtful = false; // the page stays hidden until the server has answered
  let gone = false; // to another page
  let dialog; // while it asks
  let mode; // what it asks: idle or final
  let warned = Infinity; // of `finals`, the last that was shown
  let said; // of `spoken`, the last that was
  let leaving = false; // signing out
  let timer;
  let page; // what was hidden
  let place; // where the person was in it

  const left = () => Math.min(standing.idle, standing.ends) - since(known);
  const isFinal = () => standing.ends <= standing.idle;
  const tell = (what) => channel.postMessage(what);

  // Takes the page out of the document, so that nothing reads it (DT9.a).
  function hide() {
    if (page) return;
    place = { focus: document.activeElement, x: scrollX, y: scrollY };
    page = document.createDocumentFragment();
    page.append(...document.body.childNodes);
  }

  function show() {
    if (!page) return;
    document.body.prepend(page);
    page = undefined;
    scrollTo(place.x, place.y);
    place.focus?.focus({ preventScroll: true });
  }

  function leave(to) {
    gone = true;
    clearTimeout(timer);
    hide();
    page = undefined;
    dialog?.remove();
    location.replace(to);
  }

  // Returns whether the server says that the session lives.
  async function ask(path) {
    busy = true;
    heard = doubts;
    const asked = tried = clock();
    let answer;
    try {
      const response = await fetch(path, { method: 'POST', body: new URLSearchParams(), headers: { Accept: 'application/json' }, redirect: 'manual' });
      if (response.type === 'opaqueredirect') answer = { ended: true }; // as any page of a session that is over
      else if (response.ok) answer = await response.json();
    } catch {} // no answer: what was known before holds
    busy = false;
    if (!answer || gone) return false;
    if (answer.ended) {
      tell('ended');
      leave(way);
      return false;
    }
    if (answer.session !== session) { // somebody has signed in, in another tab
      leave('/');
      return false;
    }
    const first = standing.ends === Infinity;
    [standing, known] = [answer, asked];
    if (doubts === heard) doubtful = false; // else this answer is older than the doubt
    if (first && isFinal()) warned = finals.find((mark) => left() <= mark) ?? Infinity; // the page before has warned
    return true;
  }

  function open(as, mark) {
    if (as === 'final') warned = mark;
    dialog?.remove();
    hide();
    [mode, said] = [as, undefined];
    dialog = document.adoptNode(new DOMParser().parseFromString(standing.question, 'text/html').querySelector('dialog'));
    dialog.addEventListener('submit', answer);
    dialog.addEventListener('cancel', (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
  }

  function close() {
    dialog?.remove();
    mode = dialog = undefined;
  }

  function speak() {
    const mark = spoken.find((seconds) => left() <= seconds);
    if (mark === said) return;
    said = mark;
    if (mark - left() < 5) dialog.querySelector('#session-left').textContent = dialog.querySelector(`[data-left="${mark}"]`).textContent;
  }

  const mark = () => (isFinal() ? finals.find((seconds) => left() <= seconds) : left() <= standing.lead ? standing.lead : undefined);
  const isDue = () => (isFinal() ? mark() < warned : mark() !== undefined && mode !== 'idle');

  // Shows what is right at this moment, and waits for the next one.
  function settle() {
    if (gone) return;
    if (left() <= 0) {
      leave(way);
      return;
    }
    if (heard < doubts) { // while it was asked
      tick();
      return;
    }
    const due = isDue();
    if (due && standing.question) open(isFinal() ? 'final' : 'idle', mark());
    else if (mode === 'idle' && (isFinal() || mark() === undefined)) close(); // lengthened in another tab
    if (mode) speak();
    else if (!doubtful) show();
    const marks = mode ? spoken : isFinal() ? finals : [standing.lead];
    const moments = [left(), presence - since(tried), ...marks.map((seconds) => left() - seconds)].filter((seconds) => seconds > 0);
    if (doubtful || (due && !mode)) moments.push(retry);
    clearTimeout(timer);
    timer = setTimeout(tick, Math.min(...moments) * 1000 + 10);
  }

  async function tick() {
    if (busy || gone) return;
    if (doubtful || left() <= 0 || isDue() || !tried || since(tried) >= presence) await ask('/session/presence');
    settle();
  }

  // Shows nothing before the server has said that there still is a session.
  function doubt() {
    hide();
    doubts++;
    doubtful = true;
    tick();
  }

  async function goOn() {
    if (busy || gone) return;
    const lengthened = await ask('/session/continue');
    if (gone) return;
    if (lengthened) {
      close();
      tell('used');
    } else if (dialog) {
      dialog.querySelector('#session-failed').hidden = false;
    }
    settle();
  }

  function answer(event) {
    if (event.submitter?.hasAttribute('formaction')) return; // signs out
    event.preventDefault();
    goOn();
  }

  // Escape is to go on, too.
  addEventListener('keydown', (event) => {
    if (!mode || event.key !== 'Escape') return;
    event.preventDefault();
    goOn();
  });

  channel.addEventListener('message', ({ data }) => {
    if (data === 'ended' && !gone) doubt();
    else if (mode && !busy && !gone) ask('/session/presence').then((lives) => { if (lives && mode === 'final') close(); settle(); });
  });

  // The other tabs are told once the server has ended the session.
  addEventListener('submit', (event) => {
    leaving = (event.submitter?.getAttribute('formaction') ?? event.target.getAttribute('action')) === '/logout';
  });
  addEventListener('pagehide', (event) => {
    if (leaving) tell('ended');
    if (!event.persisted) return;
    doubts++;
    doubtful = true;
    hide(); // so that Back shows nothing
  });
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    leaving = false;
    doubt();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden || gone) return;
    if (left() <= 0) doubt(); // the machine has slept
    else tick();
  });
  addEventListener('online', tick);

  tell('used');
  timer = setTimeout(tick, 3000); // who soon goes on costs no request
})();
