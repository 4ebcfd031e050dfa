// After signing out, Back shows nothing: neither from the cache, nor from a
// page that the browser has kept alive.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { launch, people, portal, signIn, signOut, visit } from './house.mjs';

// A page that was kept alive comes back without loading. It is asked from here
// whether it is there: where scripts are off, a page may run no timer of its own.
async function back(page) {
  await page.goBack({ waitUntil: 'commit' });
  const deadline = Date.now() + 10_000;
  while ((await page.evaluate(() => document.readyState).catch(() => 'on the way')) !== 'complete') {
    assert.ok(Date.now() < deadline, `${page.url()} did not come back`);
    await setTimeout(50);
  }
}

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const javaScriptEnabled of [false, true]) {
  test(`after signing out, Back shows nothing, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
    const [person] = people('patient');
    const { context, page, troubles } = await visit(browser, { javaScriptEnabled });
    await signIn(page, person);
    await page.click('nav a[href="/reports"]');
    await page.locator('#reports a[href^="/reports/"]').first().click();
    await page.click('nav a[href="/access-log"]');

    // Back works as long as one is signed in: what follows is due to signing out.
    // A page that was kept alive is empty until the server has answered (DT10.b).
    await back(page);
    await page.waitForSelector('tr[data-code]', { state: 'attached' });
    await back(page);
    await page.waitForSelector('#reports', { state: 'attached' });
    await page.goto(`${portal}/access-log`);
    const visited = await page.evaluate(() => history.length);

    await signOut(page);
    for (let steps = 0; steps < visited; steps++) {
      await back(page);
      if (page.url() === 'about:blank') break;
      if (new URL(page.url()).origin !== portal) continue; // the provider's form names everybody
      const content = await page.content();
      for (const secret of [person.traits.family, person.traits.given, person.traits.birthdate, 'data-code', 'data-trace', 'href="/reports/']) {
        assert.ok(!content.includes(secret), `step ${steps + 1} back, at ${page.url()}: shows ${secret}`);
      }
    }
    assert.deepEqual(troubles, []);
    await context.close();
  });
}

test('a tab that was left open shows nothing more once the session is over', async () => {
  const [person] = people('patient');
  const { context, page } = await visit(browser);
  await signIn(page, person);
  const other = await context.newPage();
  await other.goto(`${portal}/reports`);
  await signOut(page);
  await other.reload();
  assert.ok(!(await other.content()).includes(person.traits.family));
  assert.equal(await other.$('#reports'), null);
  await context.close();
});
