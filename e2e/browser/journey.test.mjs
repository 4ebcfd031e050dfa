// Each person of the demo goes the whole way, with JavaScript and without.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { launch, people, portal, reportWith, signIn, signOut, visit } from './house.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const javaScriptEnabled of [false, true]) {
  describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    for (const person of people('patient', 'guardian')) {
      test(`${person.login} reads their own record, and signs out`, async () => {
        const { context, page, troubles } = await visit(browser, { javaScriptEnabled });
        await signIn(page, person);
        assert.equal(new URL(page.url()).pathname, '/');
        const text = await page.innerText('body');
        assert.ok(text.includes(person.name), 'home shows the name');
        assert.ok(await page.$('#last-login'), 'home shows the last sign-in');

        await page.click('nav a[href="/reports"]');
        const link = page.locator('#reports a[href^="/reports/"]').first();
        const address = await link.getAttribute('href');
        await link.click();
        assert.equal(new URL(page.url()).pathname, address);
        assert.ok((await page.locator('tr[data-code]').count()) > 0, 'the report shows results');

        await page.click('nav a[href="/access-log"]');
        const latest = await page.locator('#access-log [data-trace]').first().innerText();
        assert.match(latest, /Vous[\s\S]*lu un compte rendu/);

        await signOut(page);
        assert.equal(await page.getAttribute('#session-ended', 'data-reason'), 'logout');
        assert.ok(!(await page.innerText('body')).includes(person.traits.given), 'the last page names nobody');
        assert.deepEqual(await context.cookies(portal), []);
        assert.deepEqual(troubles, []);
        await context.close();
      });
    }

    test('the original is downloaded, under a name that says nothing', async () => {
      const { context, page, troubles } = await visit(browser, { javaScriptEnabled });
      await signIn(page, people('patient')[0]);
      await reportWith(page, /class="btn" href="[^"]*\/original.pdf"/);
      const [download] = await Promise.all([page.waitForEvent('download'), page.click('a.btn[href$="/original.pdf"]')]);
      assert.equal(download.suggestedFilename(), 'compte-rendu.pdf');
      const content = await readFile(await download.path());
      assert.equal(content.subarray(0, 5).toString(), '%PDF-');
      assert.deepEqual(troubles, []);
      await context.close();
    });

    for (const person of people('unknown')) {
      test(`${person.login}, unknown to the hospital, is refused`, async () => {
        const { context, page, troubles } = await visit(browser, { javaScriptEnabled });
        await signIn(page, person);
        assert.match(await page.innerText('h1'), /n’a pas pu être reliée à un dossier/);
        assert.equal(await page.$('form[action="/logout"]'), null);
        await page.goto(`${portal}/reports`);
        assert.equal(page.url(), `${portal}/`);
        assert.deepEqual(troubles, []);
        await context.close();
      });
    }

    for (const person of people('physician', 'nurse')) {
      test(`nothing is shared with ${person.login} yet`, async () => {
        const { context, page, troubles } = await visit(browser, { javaScriptEnabled });
        await signIn(page, person);
        assert.match(await page.innerText('h1'), /Aucun dossier ne vous est encore partagé/);
        await signOut(page);
        assert.deepEqual(troubles, []);
        await context.close();
      });
    }
  });
}
