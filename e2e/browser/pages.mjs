// Every page there is, by language and role, each with the way to it.

import { gallery, longestReport, ofALine, people, portal, reportWith, signIn, signOut } from './house.mjs';

const go = (path) => (page) => page.goto(portal + path);

/** The pages of advice and of law, which are open to anyone. */
const guides = ['/help', '/help/security', '/contact', '/contact/phishing', '/legal/notice', '/legal/privacy', '/legal/accessibility', '/legal/terms'].map((path) => ({
  name: path.slice(1).replace('/', '-'),
  open: go(path),
}));

const report = (name, ...somethings) => ({ name: `report-${name}`, open: (page) => reportWith(page, ...somethings) });

/**
 * The pages of each role, in the order in which they are visited by one and the
 * same person. `person` is who signs in first; without one, nobody does.
 */
const roles = (language) => [
  {
    role: 'signed-out',
    pages: [
      { name: 'landing', open: go('/') },
      ...guides,
      { name: 'sign-in-failed', open: go('/callback/franceconnect?error=access_denied&state=none') },
      { name: 'not-found', open: go('/nothing') },
      ...(language === 'fr' ? [
        { name: 'refused-by-firewall', open: go("/?q=1'%20OR%20'1'%3D'1") },
        { name: 'franceconnect', open: go('/login/franceconnect'), fictitious: true },
        { name: 'pro-sante-connect', open: go('/login/psc'), fictitious: true },
      ] : []),
    ],
  },
  {
    role: 'patient',
    person: people('patient')[0],
    again: true, // the second visit shows the last one
    pages: [
      { name: 'home', open: go('/') },
      { name: 'reports', open: go('/reports') },
      { name: 'reports-filtered', open: go('/reports?flagged=yes&period=5y&text=a') },
      { name: 'reports-none-left', open: go('/reports?text=introuvable') },
      report('flagged', /<tr [^>]*class="out /),
      report('with-original', /class="btn" href="[^"]*\/original.pdf"/),
      report('corrected', /class="tag corr"/),
      { name: 'trend', open: async (page) => { await reportWith(page, /<tr [^>]*class="out /); await page.click('tr.out th a'); } },
      { name: 'access-log', open: go('/access-log') },
      { name: 'access-log-filtered', open: go('/access-log?who=others&act=deposit&period=1y') },
      { name: 'access-log-none-left', open: go('/access-log?who=others&act=log') },
      { name: 'access-log-months', open: go('/access-log?months=yes') },
      { name: 'proof', open: (page) => ofALine(page, '/proof') },
      { name: 'report-access', open: (page) => ofALine(page, '/report') },
      { name: 'access-reported', open: async (page) => { await ofALine(page, '/report'); await page.click('form[action$="/report"] button'); } },
      { name: 'account', open: go('/account') },
      { name: 'close-account', open: go('/account/close') },
      { name: 'still-open', open: go('/reports?unattended=1') },
      { name: 'help', open: go('/help') },
      { name: 'not-found', open: go('/reports/0b6f6f5e-2f57-4a3f-9a39-5d3f3f0e7c11') },
      { name: 'session-ended', open: async (page) => { await page.goto(portal); await signOut(page); } },
    ],
  },
  ...people('patient').slice(1).map((person) => ({
    role: `patient-${person.login.replaceAll('.', '-')}`,
    person,
    pages: [
      { name: 'home', open: go('/') },
      { name: 'longest-report', open: longestReport },
      { name: 'trend', open: async (page) => { await longestReport(page); await page.locator('tr[data-code] th a').first().click(); } },
    ],
  })),
  {
    role: 'guardian',
    person: people('guardian')[0],
    pages: [
      { name: 'home', open: go('/') },
      report('any', /<tr [^>]*data-code=/),
      { name: 'access-log', open: go('/access-log') },
    ],
  },
  { role: 'unknown', pages: [{ name: 'refused', open: (page) => signIn(page, people('unknown')[0]) }] },
  {
    role: 'physician',
    person: people('physician')[0],
    again: true,
    pages: [{ name: 'home', open: go('/') }, { name: 'account', open: go('/account') }, { name: 'help', open: go('/help') }, { name: 'not-found', open: go('/reports') }],
  },
  {
    role: 'gallery',
    pages: Object.entries(gallery).filter(([name]) => name.startsWith(`${language}/`)).map(([name, address]) => ({ name: name.slice(3), open: (page) => page.goto(address) })),
  },
];

/** Every role in every language. */
export const visits = [
  ...roles('fr').map((role) => ({ ...role, language: 'fr', locale: 'fr-FR' })),
  ...roles('en').map((role) => ({ ...role, language: 'en', locale: 'en-GB' })),
];

/** Brings the browser to where a role's pages can be opened. */
export async function enter(page, { person, again }) {
  if (!person) return;
  await signIn(page, person);
  if (!again) return;
  await signOut(page);
  await signIn(page, person);
}
