import { HttpClient } from '../load/http-client.js';
import { asA, ENABLE_TWO_STEP, type Outcome, SIGN_UP, START_TWO_STEP_SETUP, VERIFY_CODE } from './documents.js';
import type { Mail } from './mail.js';
import { PASSWORD } from './people.js';

const EMAIL = 'first@bench.example';

/**
 * Signs somebody up by the API, and turns two-step verification on: from then on the device is trusted.
 * @returns the address of the account
 */
export async function signUpFirst(url: string, mail: Mail): Promise<string> {
  using client = new HttpClient(url, 1);
  const device = { name: 'Phone', platform: 'ANDROID' };
  const ask = (query: string, variables: object, token: string | null = null) =>
    client.result<Outcome>(query, variables, token);
  const signUp = asA('Challenge', await ask(SIGN_UP, { input: { email: EMAIL, password: PASSWORD, device } }));
  const code = await mail.code(EMAIL);
  const { sessionToken } = asA('SignedIn', await ask(VERIFY_CODE, { token: signUp.token, code }));
  const setup = asA('Challenge', await ask(START_TWO_STEP_SETUP, {}, sessionToken));
  const enabled = await ask(ENABLE_TWO_STEP, { token: setup.token, code: await mail.code(EMAIL) }, sessionToken);
  if (enabled.__typename !== 'TwoStepEnabled') throw new Error(`two-step is not on: ${JSON.stringify(enabled)}`);
  return EMAIL;
}
