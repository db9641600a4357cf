// A provider of OpenID Connect, as strict as they come: `node provider.mjs SETTINGS.json`.
// Prints {"issuer": …} when it listens; ends with its standard input.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const server = createServer();

server.listen(settings.port, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [settings.client],
    jwks: { keys: settings.keys },
    cookies: { keys: ['only for tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    conformIdTokenClaims: settings.claims_at_userinfo,
    pkce: { required: () => true },
    findAccount: (_, id) => {
      const claims = settings.people[id];
      return claims && { accountId: id, claims: () => ({ sub: id, ...claims }) };
    },
    // whoever signs in has agreed already
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid email profile groups');
      await grant.save();
      return grant;
    },
  });
  server.on('request', provider.callback());
  console.log(JSON.stringify({ issuer }));
});

process.stdin.on('end', () => process.exit(0)).resume();
