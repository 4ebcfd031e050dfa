// What the browser's tests and the pictures share: the demo they visit, the
// browser they visit it with, and the way in.
//
// GUICHET_PSQL is PostgreSQL's client, GUICHET_PROGRAM is guichet itself, GUICHET_READY names the demo's ready.json, GUICHET_GALLERY the addresses of
// pages that nobody can be led to, GUICHET_CHROMIUM the browser, and
// GUICHET_KEYS the keys of the demo's servers (SHA-256 of each public key, in
// base64): the browser accepts certificates of those keys and of no others.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const ready = JSON.parse(readFileSync(wanted('GUICHET_READY'), 'utf8'));
export const portal = ready.urls.public;
/** Pages that nobody can be led to: addresses by language and name. */
export const gallery = JSON.parse(wanted('GUICHET_GALLERY'));

function wanted(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: these tests are run by go test ./e2e`);
  return value;
}

/** The people of some roles, in the order of ready.json. */
export function people(...roles) {
  const found = ready.people.filter((person) => roles.includes(person.role));
  if (found.length === 0) throw new Error(`ready.json has nobody who is one of ${roles}`);
  return found;
}

/** Starts Chromium as people have it: pages may be kept for Back, too. */
export function launch() {
  return chromium.launch({
    executablePath: wanted('GUICHET_CHROMIUM'),
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: [
      '--no-sandbox', // of no use to root, and tests may be run by root
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking', // it is the portal that is visited, and nothing else
      '--disable-component-update',
      '--disable-sync',
      `--ignore-certificate-errors-spki-list=${wanted('GUICHET_KEYS')}`,
    ],
  });
}

/**
 * Somebody new at a browser. `troubles` gathers what goes wrong in its pages:
 * console errors, violations of the content policy, failed requests, and
 * anything asked of a server that is not the demo's.
 */
export async function visit(browser, { javaScriptEnabled = true, locale = 'fr-FR', width = 1280, height = 900 } = {}) {
  const context = await browser.newContext({ javaScriptEnabled, locale, timezoneId: 'Europe/Paris', viewport: { width, height } });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const troubles = [];
  const own = [portal, ready.urls.franceconnect, ready.urls.proSanteConnect, ...Object.values(gallery)].map((url) => new URL(url).origin);
  page.on('console', (message) => {
    // A page of a refusal is a page: Chromium reports its status as an error.
    const refusal = message.text().startsWith('Failed to load resource') && message.location().url === page.url();
    if (['error', 'warning'].includes(message.type()) && !refusal) troubles.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => troubles.push(`${page.url()}: ${error.message}`));
  page.on('requestfailed', (request) => {
    // The browser itself gives up what a page that it leaves still wanted, and
    // the navigation that turns out to be a download.
    const reason = request.failure().errorText;
    if (reason !== 'net::ERR_ABORTED') troubles.push(`${request.url()}: ${reason}`);
  });
  page.on('request', (request) => {
    if (!own.includes(new URL(request.url()).origin)) troubles.push(`${request.url()} is not the demo's`);
  });
  return { context, page, troubles };
}

/** Signs in through the landing page and the provider's form. */
export async function signIn(page, person) {
  await page.goto(portal);
  await page.click(`a[href="/login/${person.provider}"]`);
  await page.selectOption('select[name=login]', person.login);
  await page.click('button[type=submit]');
  await page.waitForURL((url) => url.origin === portal);
}

/** Signs out by the button that is on every page. */
export async function signOut(page) {
  await page.click('form[action="/logout"] button');
  await page.waitForSelector('#session-ended');
}

/** Goes to a patient's latest report whose page has something in it. */
export async function reportWith(page, ...somethings) {
  await page.goto(`${portal}/reports`);
  const links = await page.$$eval('#reports a[href^="/reports/"]', (found) => found.map((link) => link.getAttribute('href')));
  for (const link of links) {
    const answer = await page.request.get(portal + link);
    const text = await answer.text();
    if (somethings.every((something) => something.test(text))) return page.goto(portal + link);
  }
  throw new Error(`no report has ${somethings}`);
}

/** Goes to the report that has the most results. */
export async function longestReport(page) {
  await page.goto(`${portal}/reports`);
  const links = await page.$$eval('#reports a[href^="/reports/"]', (found) => found.map((link) => link.getAttribute('href')));
  let longest = { link: links[0], rows: 0 };
  for (const link of links.slice(0, 40)) {
    const rows = (await (await page.request.get(portal + link)).text()).split('data-code=').length - 1;
    if (rows > longest.rows) longest = { link, rows };
  }
  return page.goto(portal + longest.link);
}

/** Runs a command of guichet, as somebody else would on another machine, and returns what it prints. */
export const guichet = (...words) => execFileSync(wanted('GUICHET_PROGRAM'), words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Opens a page that a line of somebody else's in the access log leads to. */
export async function ofALine(page, ending) {
  await page.goto(`${portal}/access-log?who=others`);
  await page.locator(`#access-log a[href$="${ending}"]`).first().click();
}

/** Runs a statement as the tables' owner, and returns what it prints. */
function query(statement) {
  const settings = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set', 'ON_ERROR_STOP=1'];
  return execFileSync(wanted('GUICHET_PSQL'), [...settings, '--dbname', ready.database.owner, '--command', 'SET ROLE guichet_data', '--command', statement], { encoding: 'utf8' }).trim();
}

/**
 * Time passes for every session, as the server sees it: in tests nobody waits.
 * `used` says that the person was there all the while.
 */
export function pass(seconds, { used = false } = {}) {
  const back = (column) => `${column} = ${column} - interval '${seconds} seconds'`;
  query(`UPDATE guichet.session SET ${['opened', 'expires', 'present', ...(used ? [] : ['seen'])].map(back).join(', ')}`);
}

/** Every session is left as many seconds as `seconds` until it was idle too long, of `limit`. */
export function leave(seconds, limit) {
  query(`UPDATE guichet.session SET seen = clock_timestamp() - interval '${limit - seconds} seconds'`);
}

/** How many sessions the server has ended for a reason. */
export const ends = (reason) => Number(query(`SELECT count(*) FROM guichet.session_end WHERE reason = '${reason}'`));

/** When a browser last said that it is there, in seconds. */
export const present = () => Number(query('SELECT coalesce(extract(epoch FROM max(present)), 0) FROM guichet.session'));
