// A real OpenID Connect provider (npm `oidc-provider`) for journeys. Whoever signs in as NAME is NAME@example.org;
// a name with "unverified" in it has an address that nobody has verified. Its keys are made anew at each start.
//
//   node provider.mjs PORT REDIRECT_URI CLIENT_ID CLIENT_SECRET RS256|ES256
import { generateKeyPairSync, randomUUID } from 'node:crypto'

import Provider from 'oidc-provider'

const [port, redirect_uri, client_id, client_secret, algorithm] = process.argv.slice(2)

const made =
  algorithm === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
const key = { ...made.privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: algorithm }

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id,
      client_secret,
      redirect_uris: [redirect_uri],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      id_token_signed_response_alg: algorithm,
    },
  ],
  jwks: { keys: [key] },
  cookies: { keys: [randomUUID()] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  pkce: { required: () => true },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      email: `${id}@example.org`,
      email_verified: !id.includes('unverified'),
    }),
  }),
})
provider.on('server_error', (_context, error) => console.error(error))
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'))
