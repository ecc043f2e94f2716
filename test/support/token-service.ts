import { createInterface } from 'node:readline';
import { createRemoteJWKSet, type errors, jwtVerify } from 'jose';

// A service that verifies access tokens by itself: each line that it reads is one, each that it prints what became of it.
// It fetches the keys once and never again, as one that keeps them for as long as it may.

const [, , keySet = '', issuer = '', audience = ''] = process.argv;
const keys = createRemoteJWKSet(new URL(keySet), { cacheMaxAge: Infinity, cooldownDuration: Infinity });

for await (const token of createInterface(process.stdin)) {
  try {
    const options = { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] };
    const { payload, protectedHeader } = await jwtVerify(token, keys, options);
    say({ claims: payload, header: protectedHeader });
  } catch (error) {
    say({ fault: (error as errors.JOSEError).code });
  }
}

function say(verdict: object): void {
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
}
