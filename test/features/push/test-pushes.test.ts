import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { deviceOf, letIn } from '../../support/owner.js';
import {
  type BrowserSubscription,
  hasPush,
  setReceivesCodes,
  subscribePush,
  TEST_PUSH,
  UNREGISTER_PUSH,
  vapidKeys,
} from '../../support/push.js';
import { PUSH_HERE, PushService } from '../../support/push-service.js';
import { Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

let servers: Servers;
let service: PushService;

beforeAll(async () => {
  service = await PushService.start();
  servers = await Servers.start({ env: { ...PUSH_HERE, VAPID_KEYS: vapidKeys }, limits: { TEST_PUSHES_PER_HOUR: 2 } });
});
beforeEach(() => service.answer(() => ({})));
afterAll(async () => {
  await servers[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

/** A trusted phone that is woken by the push service. */
async function pushed(): Promise<{ phone: Handset; phoneId: string; browser: BrowserSubscription }> {
  const phone = await servers.trusted();
  const browser = service.subscription();
  await subscribePush(phone, browser);
  return { phone, browser, phoneId: (await deviceOf(phone)).id };
}

/** Why a device may not send itself one. */
async function refusal(handset: Handset): Promise<Record<string, unknown> | undefined> {
  const answer: { errors?: readonly { extensions?: Record<string, unknown> }[] } = await handset.graphql(TEST_PUSH);
  return answer.errors?.[0]?.extensions;
}

/** What was wrong with the one of a device, once it is done with. */
async function faultOf(phoneId: string): Promise<string | null> {
  const ended = async () => {
    const sql = "select fault from push where is_test and state <> 'PENDING' and device_id = $1";
    const [row] = await servers.database.query<{ fault: string | null }>(sql, [phoneId]);
    return row;
  };
  return ((await until(ended, 'what became of it')) as { fault: string | null }).fault;
}

describe('test messages', () => {
  test('go the way of prompts, and look like them from outside', async () => {
    const { phone, phoneId, browser } = await pushed();
    expect(await phone.ask(TEST_PUSH)).toMatchObject({ id: phoneId, hasPush: true });
    const message = await service.nth(browser);
    const { text, content } = service.read(message);
    expect(content).toEqual({ kind: 'TEST', id: expect.stringMatching(/^tst_[0-9a-f-]{36}$/) });
    expect([text.length, message.body.length]).toEqual([128, 231]);
    expect(message.headers).toMatchObject({
      urgency: 'high',
      topic: expect.stringMatching(/^[\w-]{32}$/),
      ttl: expect.stringMatching(/^(?:60|5\d)$/),
    });
    expect(await faultOf(phoneId)).toBeNull();

    // A prompt comes beside it.
    asA('Challenge', await phone.another('Laptop').signIn());
    const prompt = await service.nth(browser, 1);
    expect(service.read(prompt).content).toMatchObject({ kind: 'LOGIN' });
    expect(prompt.body).toHaveLength(231);
    expect(prompt.headers.topic).not.toBe(message.headers.topic);
  });

  test('are TEST_PUSHES_PER_HOUR of a device, and there is one again when the oldest is an hour old', async () => {
    const { phone, phoneId, browser } = await pushed();
    const laptop = phone.another('Laptop');
    await letIn(phone, laptop);
    const other = service.subscription();
    await subscribePush(laptop, other);
    await phone.ask(TEST_PUSH);
    await servers.database.age('push', '50 minutes', 'is_test and device_id = $1', [phoneId]);
    await phone.ask(TEST_PUSH);
    const refused = await refusal(phone);
    expect(refused).toMatchObject({ code: 'RATE_LIMITED', retryAt: expect.any(String) });
    expect(refused?.retryInSeconds).toBeGreaterThan(500);
    expect(refused?.retryInSeconds).toBeLessThanOrEqual(600);
    // Another device has its own.
    await laptop.ask(TEST_PUSH);
    await service.nth(other);
    await servers.database.age('push', '11 minutes', 'is_test and device_id = $1', [phoneId]);
    await phone.ask(TEST_PUSH);
    expect(await refusal(phone)).toMatchObject({ code: 'RATE_LIMITED' });
    const rows = await servers.database.count('push', 'is_test and device_id = $1', [phoneId]);
    expect(rows).toBe(3);
    await until(() => service.of(browser).length >= 2, 'what was sent');
  });

  test('are for trusted devices that a push would bring a code', async () => {
    const { phone, phoneId } = await pushed();
    const guest = phone.another('Guest');
    await letIn(phone, guest, false);
    expect(await refusal(guest)).toMatchObject({ code: 'FORBIDDEN' });
    await setReceivesCodes(phone, phoneId, false);
    expect(await refusal(phone)).toMatchObject({ code: 'NOT_FOUND' });
    await setReceivesCodes(phone, phoneId, true);
    await phone.ask(UNREGISTER_PUSH);
    expect(await refusal(phone)).toMatchObject({ code: 'NOT_FOUND' });
    // What is refused is not counted.
    for (let nth = 0; nth < 2; nth += 1) expect(await refusal(phone)).toMatchObject({ code: 'NOT_FOUND' });
    const nobody = await phone.graphql(TEST_PUSH, {}, { token: null });
    expect(nobody).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(await servers.database.count('push', 'is_test and device_id = $1', [phoneId])).toBe(0);
  });

  test('tell of a subscription that is gone, and go nowhere once their device may not be woken', async () => {
    const { phone, phoneId, browser } = await pushed();
    service.answer(() => ({ status: 410 }));
    await phone.ask(TEST_PUSH);
    expect(await faultOf(phoneId)).toBe('GONE');
    expect(await hasPush(phone, phoneId)).toBe(false);

    const { phone: late, phoneId: lateId, browser: held } = await pushed();
    service.answer(() => ({ status: 503, headers: { 'retry-after': '2' } }));
    await late.ask(TEST_PUSH);
    await service.nth(held);
    await setReceivesCodes(late, lateId, false);
    service.answer(() => ({}));
    expect(await faultOf(lateId)).toBe('NO_SUBSCRIPTION');
    expect([service.of(browser).length, service.of(held).length]).toEqual([1, 1]);
  });
});
