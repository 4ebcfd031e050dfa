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
const widths = [1280, 390, 320];
const schemes = ['light', 'dark'];
const heaviest = 80_000; // bytes, without the font: the browser keeps it

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

let runs = 0;
for (const role of visits) {
  describe(role.role, () => {
    let visitor;
    before(async () => {
      visitor = await visit(browser);
      await enter(visitor.page, role);
    });
    after(() => visitor.context.close());

    for (const { name, open, fictitious } of role.pages) {
      test(name, async () => {
        const { page, troubles } = visitor;
        await page.setViewportSize({ width: widths[0], height: 900 });
        const weigh = await scales(page);
        await open(page);
        const problems = [];
        const weight = await weigh();
        if (!fictitious && weight > heaviest) problems.push(`${weight} bytes, want ${heaviest} at most`);
        await page.evaluate(axe);
        for (const width of widths) {
          await page.setViewportSize({ width, height: 900 });
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          if (overflow > 0) problems.push(`${width} px: ${overflow} px too wide`);
          for (const colorScheme of schemes) {
            await page.emulateMedia({ colorScheme });
            problems.push(...(await violations(page, colorScheme)).map((violation) => `${width} px, ${colorScheme}: ${violation}`));
          }
        }
        assert.deepEqual(problems, []);
        assert.deepEqual(troubles.splice(0), []); // the next page has its own
      });
    }
  });
}

after(() => console.log(`${runs} runs of axe-core, one for each page, width and scheme`));

/**
 * Runs axe-core with every rule it has on by default, and that for the size of
 * targets (WCAG 2.2). Only colours differ in the dark. A page that paints no
 * background leaves colours to the browser, where axe cannot see them.
 */
async function violations(page, colorScheme) {
  runs++;
  const found = await page.evaluate(async (dark) => {
    const painted = [document.documentElement, document.body].some((element) => getComputedStyle(element).backgroundColor !== 'rgba(0, 0, 0, 0)');
    if (dark && !painted) return [];
    const result = await window.axe.run(document, {
      ...(dark ? { runOnly: ['color-contrast'] } : { rules: { 'color-contrast': { enabled: painted }, 'target-size': { enabled: true } } }),
      resultTypes: ['violations'],
      preload: false,
    });
    return result.violations.map(({ id, nodes }) => ({ id, where: nodes.map((node) => node.target.join(' ')) }));
  }, colorScheme === 'dark');
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
