// The certified provider of auth's tests: oidc-provider, configured like
// FranceConnect+ or like Pro Santé Connect, over TLS on a port of its own
// choosing. It says its issuer on one line of standard output, signs in the
// person it was told without asking, and ends with its standard input.
//
//   node provider.mjs SETTINGS      (JSON: kind, certificate, key, client, person)
import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';

import Provider, { interactionPolicy } from 'oidc-provider';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const plus = settings.kind === 'franceconnect';

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
setTimeout(() => process.exit(3), 5 * 60 * 1000).unref(); // whatever becomes of the test

const server = createServer({ cert: settings.certificate, key: settings.key });
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `https://127.0.0.1:${server.address().port}`;

const { privateKey } = plus
  ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
  : generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })).export({ format: 'jwk' });

// One prompt, for the sign-in; consent is given with it.
const policy = interactionPolicy.base();
policy.remove('consent');

const provider = new Provider(issuer, {
  clients: [settings.client],
  jwks: { keys: [{ ...jwk, use: 'sig', alg: plus ? 'ES256' : 'RS256' }] },
  acrValues: plus ? ['eidas2', 'eidas3'] : ['eidas1'],
  claims: plus
    ? { openid: ['sub'], acr: null, amr: null, auth_time: null, identite_pivot: Object.keys(settings.person) }
    : { openid: ['sub'], acr: null, auth_time: null, scope_all: Object.keys(settings.person) },
  scopes: plus ? ['openid', 'identite_pivot'] : ['openid', 'scope_all'],
  subjectTypes: plus ? ['pairwise'] : ['public'],
  pairwiseIdentifier: (_, account, client) => createHash('sha256').update(`${client.clientId} ${account}`).digest('hex') + 'v1',
  features: {
    devInteractions: { enabled: false },
    claimsParameter: { enabled: true },
    encryption: { enabled: true },
    jwtUserinfo: { enabled: true },
    rpInitiatedLogout: { enabled: true, logoutSource: (ctx, form) => { ctx.body = form; } },
  },
  enabledJWA: {
    idTokenSigningAlgValues: [plus ? 'ES256' : 'RS256'],
    userinfoSigningAlgValues: [plus ? 'ES256' : 'RS256'],
    idTokenEncryptionAlgValues: ['RSA-OAEP-256', 'ECDH-ES'], idTokenEncryptionEncValues: ['A256GCM'],
    userinfoEncryptionAlgValues: ['RSA-OAEP-256', 'ECDH-ES'], userinfoEncryptionEncValues: ['A256GCM'],
    clientAuthSigningAlgValues: ['ES256'],
  },
  clientAuthMethods: ['client_secret_post', 'client_secret_basic', 'private_key_jwt'],
  pkce: { required: () => !plus },
  ttl: { AuthorizationCode: 30, AccessToken: 60, IdToken: 60, Interaction: 600, Session: 600, Grant: 600 },
  cookies: { keys: ['of the tests'] },
  interactions: { policy, url: (_, interaction) => `/sign-in/${interaction.uid}` },
  conformIdTokenClaims: true,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...settings.person }) }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope([...ctx.oidc.requestParamScopes].join(' '));
    await grant.save();
    return grant;
  },
  // By itself it fetches nothing from this machine.
  fetch: (url, options) => globalThis.fetch(url, { headers: options.headers, signal: options.signal }),
});

const answer = provider.callback();
server.on('request', async (request, response) => {
  if (!request.url.startsWith('/sign-in/')) {
    answer(request, response);
    return;
  }
  try {
    const { params } = await provider.interactionDetails(request, response);
    await provider.interactionFinished(request, response, {
      login: { accountId: 'somebody', acr: params.acr_values.split(' ')[0], amr: ['pwd', 'mfa'], remember: true },
    });
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
provider.on('server_error', (_, error) => console.error(error));
for (const event of ['grant.error', 'authorization.error', 'userinfo.error']) {
  provider.on(event, (_, error) => console.error(event, error.error, error.error_description, error.error_detail ?? '', error.cause ?? ''));
}
console.log(issuer);
