// What a patient does with the log of accesses: filters it, takes it away, proves
// a line to somebody who trusts nobody, and reports one.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { guichet, launch, ofALine, people, portal, signIn, visit } from './house.mjs';

let browser;
let folder;
before(async () => {
  browser = await launch();
  folder = await mkdtemp(path.join(tmpdir(), 'guichet-proof-'));
});
after(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});

/** Clicks on what leads to a file, and keeps the file. */
async function keep(page, selector) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(selector)]);
  const file = path.join(folder, download.suggestedFilename());
  await download.saveAs(file);
  return file;
}

/** The rows of a table as RFC 4180 has them. */
function parse(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text.replace(/^\ufeff/, '').matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ',') rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}

for (const javaScriptEnabled of [false, true]) {
  describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    let context, page, troubles;
    before(async () => {
      ({ context, page, troubles } = await visit(browser, { javaScriptEnabled }));
      await signIn(page, people('patient')[0]);
    });
    after(async () => {
      assert.deepEqual(troubles, []);
      await context.close();
    });

    test('a line is proved to a stranger', async () => {
      await ofALine(page, '/proof');
      assert.match(await page.innerText('main'), /Preuve vérifiée à l’instant/);
      const file = await keep(page, 'a[href$=".tlog-proof"]');
      assert.match(path.basename(file), /^guichet-\d+\.tlog-proof$/);
      const key = path.join(folder, 'traces.pub');
      await writeFile(key, await (await fetch(`${portal}/legal/traces.pub`)).text());
      assert.match(guichet('traces', 'verify', '--proof', file, '--key', key), /^La trace \d+ \(report\.deposit, granted, .*est à la place \d+ du journal/);

      const forged = path.join(folder, 'forged.tlog-proof');
      const lines = (await readFile(file, 'utf8')).split('\n');
      const extra = lines.findIndex((line) => line.startsWith('extra '));
      const entry = Buffer.from(lines[extra].slice('extra '.length), 'base64').toString().replace('outcome granted', 'outcome refused');
      lines[extra] = `extra ${Buffer.from(entry).toString('base64')}`;
      await writeFile(forged, lines.join('\n'));
      assert.throws(() => guichet('traces', 'verify', '--proof', forged, '--key', key), /NE VAUT PAS/);
      assert.match(await (await fetch(`${portal}/legal/checkpoint`)).text(), /\n— \S+\/traces /);
    });

    test('the table has the lines that the page counts', async () => {
      await page.goto(`${portal}/access-log`);
      await page.selectOption('select[name=who]', 'others');
      await page.selectOption('select[name=act]', 'deposit');
      await page.click('form[action="/access-log"] button');
      assert.equal(new URL(page.url()).searchParams.get('who'), 'others');
      const count = Number((await page.innerText('#access-count')).match(/^[\d\s]+/)[0].replaceAll(/\s/g, ''));
      assert.ok(count > 0);
      const rows = parse(await readFile(await keep(page, 'a[href^="/access-log.csv"]'), 'utf8'));
      assert.equal(rows.length, 1 + count);
      assert.ok(rows.every((row) => row.length === rows[0].length));
      assert.ok(rows.slice(1).every((row) => /déposé|mis à jour/.test(row[4])), 'each is a deposit');
      const document = await readFile(await keep(page, 'a[href^="/access-log.pdf"]'));
      assert.equal(document.subarray(0, 5).toString(), '%PDF-');
    });

    test('an access is reported, and twice is once', async () => {
      const references = [];
      for (const choice of ['not-understood', 'not-right']) {
        await ofALine(page, '/report');
        await page.check(`input[value="${choice}"]`);
        await page.click('form[action$="/report"] button');
        references.push(await page.innerText('#reference'));
      }
      assert.match(references[0], /^\d+$/);
      assert.equal(references[1], references[0]);
      await page.click('#access-reported a[href="/access-log"]');
      assert.match(await page.innerText('#access-log'), /avez signalé un accès/);
    });
  });
}
