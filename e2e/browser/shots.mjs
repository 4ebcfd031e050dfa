// Takes a picture of every page, by role, width and mode, into the folder that
// GUICHET_SHOTS names, and prints their names.

import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { launch, visit } from './house.mjs';
import { enter, visits } from './pages.mjs';

const folder = process.env.GUICHET_SHOTS;
if (!folder) throw new Error('GUICHET_SHOTS names no folder: the pictures are taken by make shots');

// Paper is A4 at 96 dots an inch, less the margins of print.
const modes = [
  { name: '1280-light', width: 1280, media: 'screen', colorScheme: 'light' },
  { name: '1280-dark', width: 1280, media: 'screen', colorScheme: 'dark' },
  { name: '390-light', width: 390, media: 'screen', colorScheme: 'light' },
  { name: '390-dark', width: 390, media: 'screen', colorScheme: 'dark' },
  { name: 'print', width: 718, media: 'print', colorScheme: 'light' },
];

const tallest = 12_000; // px: Chromium pictures nothing beyond 16384

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const browser = await launch();
try {
  for (const role of visits) {
    const { context, page } = await visit(browser, role);
    await enter(page, role);
    for (const { name, open } of role.pages) {
      await open(page);
      for (const mode of modes) {
        await page.setViewportSize({ width: mode.width, height: 900 });
        await page.emulateMedia({ media: mode.media, colorScheme: mode.colorScheme });
        const file = `${role.language}-${role.role}-${name}-${mode.name}.png`;
        const height = Math.min(tallest, await page.evaluate(() => document.documentElement.scrollHeight));
        await page.screenshot({ path: path.join(folder, file), fullPage: true, clip: { x: 0, y: 0, width: mode.width, height } });
        console.log(file);
      }
      await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
    }
    await context.close();
  }
} finally {
  await browser.close();
}
