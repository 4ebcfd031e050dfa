// A session's end, as a person sees it: asked two minutes before, brought back
// afterwards, and nothing left on the screen (DT9, DT10, AA13). The server's
// time passes in the database, the browser's by Playwright's clock.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, beforeEach, afterEach, describe, test } from 'node:test';
import { ends, gallery, launch, leave, pass, people, portal, present, reportWith, signIn, signOut, visit } from './house.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const minute = 60;
const idle = 15 * minute;
const lifetime = 8 * 60 * minute;
const [person, other] = people('patient');
const dialog = 'dialog#session';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

let visitor;
beforeEach(async () => {
  visitor = await visit(browser);
  await visitor.context.clock.install();
});
afterEach(async () => {
  const troubles = visitor.troubles.splice(0);
  await visitor.context.close();
  assert.deepEqual(troubles, []); // among them violations of the content policy
});

/** Time passes, at the server and in every tab. */
async function passes(seconds, options) {
  pass(seconds, options);
  await visitor.context.clock.fastForward(seconds * 1000);
}

/** Signs in, and waits for the script to know how the session stands. */
async function enter(page, path = '/reports', who = person) {
  await signIn(page, who);
  await arrive(page, () => page.goto(portal + path));
}

async function arrive(page, go) {
  await go();
  const answered = page.waitForResponse(`${portal}/session/presence`);
  await page.clock.fastForward(3000);
  await (await answered).finished();
}

const shown = (page) => page.waitForSelector(dialog, { state: 'visible' });
const hidden = (page) => page.waitForSelector(dialog, { state: 'hidden' });
/** Time passes until so many seconds are left, however long the test has taken. */
async function passesUntil(seconds) {
  leave(seconds, idle);
  await visitor.context.clock.fastForward((idle - seconds) * 1000);
}

const words = async (page, selector) => (await page.locator(selector).innerText()).replaceAll('\u00a0', ' ');
const spoken = async (page) => (await page.locator('#session-left').textContent()).replaceAll('\u00a0', ' ');
const holds = async (page, text) => (await page.content()).includes(text);

describe('the question', () => {
  test('comes two minutes before the end, over an empty page, and lengthens the session', async () => {
    const { page } = visitor;
    await enter(page);
    const link = page.locator('#reports a[href^="/reports/"]').nth(8);
    await link.focus();
    const scrolled = await page.evaluate(() => scrollY);
    await passes(idle - 3 * minute);
    assert.equal(await page.isVisible(dialog), false, 'it comes too early');
    await passesUntil(2 * minute);
    await shown(page);
    assert.equal(await page.locator('#reports').count(), 0, 'the page is still there');
    assert.ok(!await holds(page, person.traits.family.toUpperCase()), 'the page still names its reader');
    assert.equal(await page.locator(`${dialog} button:focus`).innerText(), 'Continuer ma session');
    const text = (await words(page, dialog)).split(/\n+/);
    assert.match(text.splice(2, 1)[0], /^Fermeture à \d{1,2} h \d\d\.$/);
    assert.deepEqual(text, ['Êtes-vous toujours là ?', 'Pour protéger vos données, la session se ferme après 15 minutes sans action.', 'Fermeture dans 2 minutes.', 'Continuer ma session', 'Se déconnecter',
      'Après la fermeture, une nouvelle connexion vous ramène à cette page.']);

    await page.keyboard.press('Enter');
    await hidden(page);
    await page.waitForSelector('#reports');
    assert.ok(await link.evaluate((element) => element === document.activeElement), 'the focus is elsewhere');
    assert.equal(await page.evaluate(() => scrollY), scrolled, 'the page stands elsewhere');
    await passes(idle - 2 * minute - 10);
    assert.equal(await page.isVisible(dialog), false, 'the session was not lengthened');
    await page.click('nav a[href="/access-log"]');
    await page.waitForSelector('#access-log');
  });

  test('is answered by Escape too, and stays within the dialog by the keyboard', async () => {
    const { page } = visitor;
    await enter(page);
    await passes(idle - minute);
    await shown(page);
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press('Tab');
      assert.ok(await page.evaluate(() => document.activeElement === document.body || document.querySelector('dialog').contains(document.activeElement)), 'the focus left the dialog');
    }
    await page.keyboard.press('Escape');
    await hidden(page);
    await page.waitForSelector('#reports');
    await passes(idle - 3 * minute);
    assert.equal(await page.isVisible(dialog), false);
  });

  test('is spoken at two minutes, one minute and thirty seconds only', async () => {
    const { page } = visitor;
    await enter(page);
    await page.evaluate(() => {
      window.spoken = [];
      new MutationObserver((changes) => {
        for (const { target } of changes) if (target.id === 'session-left') window.spoken.push(target.textContent.replaceAll('\u00a0', ' '));
      }).observe(document.body, { childList: true, subtree: true });
    });
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000)); // it passes by the steps below alone
    await passesUntil(2 * minute - 1); // a second past each mark: on it, who is first would decide
    await shown(page);
    for (const [seconds, left, times] of [[20, 99, 1], [40, 59, 2], [10, 49, 2], [20, 29, 3], [10, 19, 3]]) {
      leave(left, idle);
      await page.clock.fastForward(seconds * 1000);
      await page.waitForFunction((times) => window.spoken.length === times, times, { polling: 20 });
    }
    assert.deepEqual(await page.evaluate(() => window.spoken), ['Fermeture dans 2 minutes.', 'Fermeture dans 1 minute.', 'Fermeture dans 30 secondes.']);
    assert.equal(await page.getAttribute('#session-left', 'aria-live'), 'assertive');
  });

  test('is accessible, and does not reach paper', async () => {
    const { page } = visitor;
    await enter(page);
    for (const expected of ['Êtes-vous', 'Are you']) {
      if (expected === 'Are you') await arrive(page, () => page.click('form[action="/language"] button'));
      await passes(idle - 2 * minute);
      await shown(page);
      assert.match(await page.innerText(dialog), new RegExp(expected));
      await page.evaluate(axe);
      for (const colorScheme of ['light', 'dark']) {
        for (const width of [1280, 320]) {
          await page.setViewportSize({ width, height: 700 });
          await page.emulateMedia({ media: 'screen', colorScheme });
          const found = await page.evaluate(async () => (await window.axe.run(document, { rules: { 'target-size': { enabled: true } }, resultTypes: ['violations'] })).violations.map(({ id, nodes }) => `${id} ${nodes[0].target}`));
          assert.deepEqual(found, [], `${width} px, ${colorScheme}`);
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px: too wide`);
        }
      }
      await page.emulateMedia({ media: 'print' });
      assert.equal(await page.isVisible(dialog), false);
      await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
      await page.keyboard.press('Escape');
      await hidden(page);
    }
  });

  test('leads out by its second button', async () => {
    const { page, context } = visitor;
    await enter(page);
    await passes(idle - minute);
    await shown(page);
    await page.click(`${dialog} button[formaction="/logout"]`);
    await page.waitForSelector('#session-ended[data-reason=logout]');
    assert.deepEqual(await context.cookies(portal), []);
  });

  test('says so when the server does not answer', async () => {
    const { page, context, troubles } = visitor;
    await enter(page);
    await passes(idle - minute);
    await shown(page);
    await context.setOffline(true);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#session-failed', { state: 'visible' });
    assert.equal(await page.locator('#reports').count(), 0);
    await context.setOffline(false);
    await page.keyboard.press('Enter');
    await hidden(page);
    await page.waitForSelector('#reports');
    troubles.splice(0); // that of being offline
  });

  test('comes five minutes before the end that nothing lengthens, and says so', async () => {
    const { page } = visitor;
    await enter(page);
    await passes(lifetime - 5 * minute + 1, { used: true });
    await page.waitForSelector(`${dialog} >> text=La session va se fermer`);
    assert.match(await page.innerText(dialog), /ne peut pas être prolongée[\s\S]*Revenir à la page/);
    assert.equal(await spoken(page), 'Fermeture dans 5 minutes.');
    await page.keyboard.press('Enter');
    await hidden(page);
    await page.waitForSelector('#reports');
    await passes(4 * minute, { used: true });
    await shown(page); // once more in the last minute
    await page.keyboard.press('Escape');
    await page.waitForSelector('#reports');
    await passes(minute, { used: true });
    await page.waitForSelector('#session-ended[data-reason=expired]');
  });
});

describe('the end', () => {
  test('clears the page, and signing in again leads back to it, once', async () => {
    const { page } = visitor;
    const before = ends('idle');
    await signIn(page, person);
    await reportWith(page, /<tr [^>]*data-code=/);
    const address = page.url();
    await arrive(page, () => page.reload());
    await passes(idle);
    await page.waitForSelector('#session-ended[data-reason=idle]');
    assert.equal(page.url(), `${portal}/session-ended`);
    assert.match(await page.innerText('#session-ended'), /Une nouvelle connexion vous ramène à la même page/);
    assert.ok(!await holds(page, person.traits.family));
    assert.equal(ends('idle'), before + 1);
    const kept = await visitor.context.cookies(portal);
    assert.ok(!JSON.stringify(kept).includes(address.slice(-12)), 'the address lies in the browser');

    await page.goBack({ waitUntil: 'commit' });
    await page.waitForFunction(() => document.readyState === 'complete');
    assert.equal(await page.locator('tr[data-code]').count(), 0, 'Back shows the page');

    await signIn(page, person);
    assert.equal(page.url(), address);
    await page.waitForSelector('tr[data-code]');
    await signOut(page);
    await signIn(page, person);
    assert.equal(page.url(), `${portal}/`);
  });

  test('does not lead somebody else back', async () => {
    const { page } = visitor;
    await enter(page);
    await passes(idle);
    await page.waitForSelector('#session-ended[data-reason=idle]');
    await signIn(page, other);
    assert.equal(page.url(), `${portal}/`);
  });

  test('comes with a sign-in elsewhere, and the page says so without being asked', async () => {
    const { page } = visitor;
    await enter(page);
    const elsewhere = await visit(browser);
    await signIn(elsewhere.page, person);
    await page.clock.fastForward(61_000); // the next sign of the browser
    await page.waitForSelector('#session-ended[data-reason=replaced]');
    assert.ok(!await holds(page, person.traits.family));
    await signIn(page, person); // the other one ends in turn
    assert.equal(page.url(), `${portal}/reports`);
    await elsewhere.page.reload();
    await elsewhere.page.waitForSelector('#session-ended[data-reason=replaced]');
    await elsewhere.context.close();
  });

  test('is not put off by the signs of the browser', async () => {
    const { page } = visitor;
    await enter(page);
    let last = present();
    for (let i = 0; i < 12; i++) {
      const answered = page.waitForResponse(`${portal}/session/presence`);
      await passes(minute + 1);
      await answered;
      const now = present();
      assert.ok(now > last - minute, 'the browser was not noted');
      last = now;
    }
    await passes(3 * minute);
    await page.waitForSelector('#session-ended[data-reason=idle]');
  });

  test('comes at once when the machine wakes up', async () => {
    const { page } = visitor;
    await enter(page);
    pass(3 * 60 * minute);
    await page.clock.setFixedTime(Date.now() + 3 * 3600 * 1000); // timers and the monotonic clock have stood still
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await page.waitForSelector('#session-ended[data-reason=idle]');
  });

  test('is the server\'s to say: a clock that is set does not end a session', async () => {
    const { page } = visitor;
    await enter(page);
    await page.clock.setFixedTime(Date.now() + 3 * 3600 * 1000);
    const answered = page.waitForResponse(`${portal}/session/presence`);
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await answered;
    await page.waitForSelector('#reports');
    assert.equal(await page.isVisible(dialog), false);
  });
});

describe('a page that the browser kept alive', () => {
  const rows = 'tr[data-code]';
  for (const [how, meanwhile, then] of [
    ['is there again once the server has answered', () => {}, rows],
    ['is gone once the session was idle too long', () => pass(idle), '#session-ended[data-reason=idle]'],
    ['is gone after a sign-in elsewhere', signInElsewhere, '#session-ended[data-reason=replaced]'],
  ]) {
    test(`${how}, and shows nothing before`, async () => {
      const { page } = visitor;
      // This hears that the page is back before its own script does.
      await page.addInitScript(() => addEventListener('pageshow', ({ persisted }) => window.tell?.({ persisted, body: document.body.innerHTML })));
      await enter(page);
      await page.locator('#reports a[href^="/reports/"]').first().click();
      await page.waitForSelector(rows);
      await page.evaluate(() => { window.back = new Promise((resolve) => { window.tell = resolve; }); });
      const presence = `${portal}/session/presence`;
      let answer;
      const answered = new Promise((resolve) => { answer = resolve; });
      await page.route(presence, async (route) => { await answered; await route.continue(); });
      await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000)); // nothing comes of waiting

      await page.goto(gallery['fr/wait']); // what the portal's own pages tell each other would end a page that is kept
      await meanwhile();
      const asked = page.waitForRequest(presence).catch(() => null);
      await page.goBack({ waitUntil: 'commit' });
      const back = await page.evaluate(() => window.back);
      assert.ok(back?.persisted, 'Chromium has loaded it again: this shows nothing of a page that is kept');
      assert.equal(back.body, '', 'it was kept with what it shows');
      assert.ok(await asked, 'it does not ask');
      const content = await page.content();
      for (const secret of [person.traits.family, person.traits.given, 'data-code']) assert.ok(!content.includes(secret), `it shows ${secret} before the server has answered`);
      answer();
      await page.waitForSelector(then);
      assert.equal(await page.locator(rows).count() > 0, then === rows);
    });
  }

  async function signInElsewhere() {
    const elsewhere = await visit(browser);
    await signIn(elsewhere.page, person);
    await elsewhere.context.close();
  }
});

test('an answer older than the doubt brings nothing back', async () => {
  const { page } = visitor;
  await enter(page);
  await passes(idle - minute);
  await shown(page);
  const answer = {};
  for (const path of ['continue', 'presence']) {
    const answered = new Promise((resolve) => { answer[path] = resolve; });
    await page.route(`${portal}/session/${path}`, async (route) => { await answered; await route.continue(); });
  }
  await Promise.all([page.waitForRequest(`${portal}/session/continue`), page.keyboard.press('Enter')]);
  await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  const asked = page.waitForRequest(`${portal}/session/presence`);
  answer.continue();
  await hidden(page);
  await asked;
  assert.equal(await page.locator('#reports').count(), 0);
  answer.presence();
  await page.waitForSelector('#reports');
});

describe('two tabs', () => {
  test('an answer in one is an answer in both', async () => {
    const { page, context } = visitor;
    await enter(page);
    const second = await context.newPage();
    await arrive(second, () => second.goto(`${portal}/access-log`));
    await passes(idle - minute);
    await Promise.all([shown(page), shown(second)]);
    await second.bringToFront();
    await second.keyboard.press('Enter');
    await Promise.all([hidden(page), hidden(second)]);
    await Promise.all([page.waitForSelector('#reports'), second.waitForSelector('#access-log')]);
  });

  test('use of one answers the question in the other', async () => {
    const { page, context } = visitor;
    await enter(page);
    const second = await context.newPage();
    await second.goto(`${portal}/help`);
    await passes(idle - minute);
    await shown(page);
    await second.goto(`${portal}/access-log`);
    await hidden(page);
    await page.waitForSelector('#reports');
  });

  test('signing out in one clears the other', async () => {
    const { page, context } = visitor;
    await enter(page);
    const second = await context.newPage();
    await arrive(second, () => second.goto(`${portal}/access-log`));
    await signOut(second);
    await page.waitForURL((url) => ['/', '/session-ended'].includes(url.pathname));
    assert.ok(!await holds(page, person.traits.family));
    assert.equal(await page.locator('#reports').count(), 0);
  });

  test('somebody else who signs in in one does not find the page of the first in the other', async () => {
    const { page, context } = visitor;
    await enter(page);
    const second = await context.newPage();
    await second.goto(`${portal}/login/${other.provider}`);
    await second.selectOption('select[name=login]', other.login);
    await second.click('button[type=submit]');
    await second.waitForURL(`${portal}/`);
    await page.clock.fastForward(61_000);
    await page.waitForURL(`${portal}/`);
    assert.ok(!await holds(page, person.traits.family));
  });
});

test('the browser keeps nothing, and pages without a session have no script', async () => {
  const { page } = visitor;
  const landing = await page.goto(portal);
  assert.doesNotMatch(landing.headers()['content-security-policy'], /script-src|connect-src/);
  assert.equal(await page.locator('script').count(), 0);
  await signIn(page, person);
  const home = await page.goto(`${portal}/reports`);
  assert.match(home.headers()['content-security-policy'], /script-src 'self'; connect-src 'self'$/);
  assert.equal(home.headers().refresh, undefined);
  assert.equal(await page.locator('meta[http-equiv=refresh]').count(), 0, 'a browser with scripts is led away all the same');
  await arrive(page, () => page.reload());
  assert.deepEqual(await page.evaluate(async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, (await caches.keys()).length, document.cookie]), [0, 0, 0, 0, '']);
  await signOut(page);
  assert.equal(await page.locator('script').count(), 0);
});

describe('without JavaScript', () => {
  /** Signs in, and opens a page that leaves after a second instead of idle + 5 s. */
  async function leaves(page, path) {
    await signIn(page, person);
    await page.route(portal + path, async (route) => {
      const response = await route.fetch();
      const body = await response.text();
      assert.match(body, /<noscript><meta http-equiv="refresh" content="905; url=/);
      await route.fulfill({ response, body: body.replace('content="905;', 'content="1;') });
    }, { times: 1 });
    await page.goto(portal + path);
  }

  test('the page leaves by itself, and signing in again leads back to it', async () => {
    const { page, context } = await visit(browser, { javaScriptEnabled: false });
    await leaves(page, '/reports?flagged=yes');
    pass(idle);
    await page.waitForSelector('#session-ended[data-reason=idle]');
    await signIn(page, person);
    assert.equal(page.url(), `${portal}/reports?flagged=yes`);
    await context.close();
  });

  test('while another tab is used the page is hidden, which lengthens nothing, and one button brings it back', async () => {
    const { page, context } = await visit(browser, { javaScriptEnabled: false });
    await leaves(page, '/reports?flagged=yes');
    pass(10 * minute);
    await page.waitForSelector('#still-open');
    assert.ok(!await holds(page, person.traits.family));
    assert.match(await page.content(), /content="(29\d|30\d); url=\/reports\?flagged=yes&amp;unattended=1"/);
    await page.click('#still-open button:not([formaction])');
    assert.equal(page.url(), `${portal}/reports?flagged=yes`);
    await page.waitForSelector('#reports');
    await signOut(page);
    await context.close();
  });
});
