// Every page there is, by role, each with the way to it.

import { people, portal, reportWith, signIn, signOut } from './house.mjs';

const go = (path) => (page) => page.goto(portal + path);

/**
 * The pages of each role, in the order in which they are visited by one and the
 * same person. `person` is who signs in first; without one, nobody does.
 */
export const visits = [
  {
    role: 'signed-out',
    pages: [
      { name: 'landing', open: go('/') },
      { name: 'sign-in-failed', open: go('/callback/franceconnect?error=access_denied&state=none') },
      { name: 'not-found', open: go('/nothing') },
      { name: 'refused-by-firewall', open: go("/?q=1'%20OR%20'1'%3D'1") },
      { name: 'franceconnect', open: go('/login/franceconnect'), fictitious: true },
      { name: 'pro-sante-connect', open: go('/login/psc'), fictitious: true },
    ],
  },
  {
    role: 'patient',
    person: people('patient')[0],
    again: true, // the second visit shows the last one
    pages: [
      { name: 'home', open: go('/') },
      { name: 'reports', open: go('/reports') },
      { name: 'report', open: (page) => reportWith(page, /<tr [^>]*class="out /) },
      { name: 'report-with-original', open: (page) => reportWith(page, /class="btn" href="[^"]*\/original.pdf"/) },
      { name: 'report-corrected', open: (page) => reportWith(page, /class="tag corr"/) },
      { name: 'access-log', open: go('/access-log') },
      { name: 'not-found', open: go('/reports/0b6f6f5e-2f57-4a3f-9a39-5d3f3f0e7c11') },
      { name: 'session-ended', open: async (page) => { await page.goto(portal); await signOut(page); } },
    ],
  },
  {
    role: 'patient-first-visit',
    person: people('patient').at(-1),
    pages: [{ name: 'home', open: go('/') }],
  },
  {
    role: 'guardian',
    person: people('guardian')[0],
    pages: [
      { name: 'home', open: go('/') },
      { name: 'report', open: (page) => reportWith(page, /<tr [^>]*data-code=/) },
      { name: 'access-log', open: go('/access-log') },
    ],
  },
  { role: 'unknown', pages: [{ name: 'refused', open: (page) => signIn(page, people('unknown')[0]) }] },
  { role: 'physician', person: people('physician')[0], again: true, pages: [{ name: 'home', open: go('/') }, { name: 'not-found', open: go('/reports') }] },
];

/** Brings the browser to where a role's pages can be opened. */
export async function enter(page, { person, again }) {
  if (!person) return;
  await signIn(page, person);
  if (!again) return;
  await signOut(page);
  await signIn(page, person);
}
