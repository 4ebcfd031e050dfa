// What every page must be, for everybody: accessible, no wider than its screen,
// light to load, and without an error in the console. The widths are those of a
// desk, of a telephone and of the smallest one.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { launch, visit } from './house.mjs';
import { enter, visits } from './pages.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const modes = [
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
  // A telephone has the layout of 320 px, with more room: with make shots only.
  ...(process.env.GUICHET_FULL ? [{ width: 390, colorScheme: 'light' }, { width: 390, colorScheme: 'dark' }] : []),
  { width: 320, colorScheme: 'light' },
  { width: 718, colorScheme: 'dark', media: 'print' }, // the dark does not reach paper
];
const heaviest = 80_000; // bytes, without the font: the browser keeps it

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

let runs = 0;
for (const role of visits) {
  describe(`${role.language}, ${role.role}`, () => {
    let visitor;
    before(async () => {
      visitor = await visit(browser, role);
      await enter(visitor.page, role);
    });
    after(() => visitor.context.close());

    for (const { name, open, fictitious } of role.pages) {
      test(name, async () => {
        const { page, troubles } = visitor;
        await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
        await page.setViewportSize({ width: modes[0].width, height: 900 });
        const weigh = await scales(page);
        await open(page);
        const problems = [];
        const language = await page.getAttribute('html', 'lang');
        if (language !== role.language && !fictitious) problems.push(`the page is in ${language}`);
        const weight = await weigh();
        if (!fictitious && weight > heaviest) problems.push(`${weight} bytes, want ${heaviest} at most`);
        await page.evaluate(axe);
        for (const { width, colorScheme, media = 'screen' } of modes) {
          await page.setViewportSize({ width, height: 900 });
          await page.emulateMedia({ media, colorScheme });
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          if (overflow > 0) problems.push(`${width} px, ${media}: ${overflow} px too wide`);
          const coloursOnly = colorScheme === 'dark'; // nothing else differs
          problems.push(...(await violations(page, coloursOnly)).map((violation) => `${width} px, ${colorScheme}, ${media}: ${violation}`));
        }
        assert.deepEqual(problems, []);
        assert.deepEqual(troubles.splice(0), []); // the next page has its own
      });
    }
  });
}

after(() => console.log(`${runs} runs of axe-core, one for each page and mode`));

/**
 * Runs axe-core with every rule it has on by default, and that for the size of
 * targets (WCAG 2.2). Only colours differ in the dark. A page that paints no
 * background leaves colours to the browser, where axe cannot see them.
 */
async function violations(page, coloursOnly) {
  runs++;
  const found = await page.evaluate(async (coloursOnly) => {
    const painted = [document.documentElement, document.body].some((element) => getComputedStyle(element).backgroundColor !== 'rgba(0, 0, 0, 0)');
    if (coloursOnly && !painted) return [];
    const result = await window.axe.run(document, {
      ...(coloursOnly ? { runOnly: ['color-contrast'] } : { rules: { 'color-contrast': { enabled: painted }, 'target-size': { enabled: true } } }),
      resultTypes: ['violations'],
      preload: false,
    });
    return result.violations.map(({ id, nodes }) => ({ id, where: nodes.map((node) => node.target.join(' ')) }));
  }, coloursOnly);
  return found.map(({ id, where }) => `${id} at ${where.slice(0, 3).join(', ')}${where.length > 3 ? ` and ${where.length - 3} more` : ''}`);
}

/** Weighs what the page opened next transfers, with an empty cache. */
async function scales(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  const fonts = new Set();
  let total = 0;
  session.on('Network.requestWillBeSent', ({ requestId, type }) => {
    if (type === 'Document') total = 0; // only what the last page needs
    if (type === 'Font') fonts.add(requestId);
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (!fonts.has(requestId)) total += encodedDataLength;
  });
  return async () => {
    await page.waitForLoadState();
    await session.detach();
    return total;
  };
}
