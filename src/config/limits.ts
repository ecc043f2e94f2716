import { availableParallelism } from 'node:os';

interface Limit {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly meaning: string;
}

const limit = (value: number, min: number, max: number, meaning: string): Limit => ({
  default: value,
  min,
  max,
  meaning,
});

const DAY_SECONDS = 86_400;

/**
 * Every number that bounds what people, devices and strangers may do: one entry each, under the name of its environment
 * variable. Sources: NIST SP 800-63B-4, OWASP ASVS 5.0 (chapters 6 and 7), the OWASP Password Storage Cheat Sheet.
 */
export const limitTable = {
  CODE_DIGITS: limit(6, 6, 12, 'digits of a SIGN_IN code; NIST SP 800-63B-4 3.1.3, ASVS 6.5.4'),
  OPEN_CODE_DIGITS: limit(8, 6, 12, 'digits of codes whose challenge a stranger can start, or that mail alone carries'),
  CHALLENGE_SECONDS: limit(600, 30, 600, 'life of a challenge and of its code; ASVS 6.5.5: at most 10 minutes'),
  CHALLENGE_TRIES: limit(5, 1, 10, 'codes compared per challenge, over every channel and resend'),
  ACCOUNT_TRIES_BEFORE_PAUSE: limit(10, 1, 50, 'wrong SIGN_IN codes in a row per account; then new devices wait'),
  ACCOUNT_PAUSE_SECONDS: limit(900, 1, DAY_SECONDS, 'that wait; it doubles with each 5 more, up to a day'),
  ACCOUNT_TRIES_BEFORE_STOP: limit(
    50,
    1,
    100,
    'then no new device until the password changes; NIST 3.2.2: at most 100',
  ),
  RESEND_SECONDS: limit(30, 1, 600, 'between two sends of one challenge by the same method'),
  CHALLENGE_SENDS: limit(5, 1, 20, 'sends per challenge, the first included'),
  MAILS_PER_ADDRESS_HOUR: limit(
    10,
    1,
    1000,
    'codes of SIGN_IN and ENABLE_TWO_STEP mailed to one address in an hour, by home',
  ),
  OPEN_MAILS_PER_ADDRESS_HOUR: limit(
    10,
    1,
    1000,
    'codes of SIGN_UP and RESET_PASSWORD asked for one address in an hour',
  ),
  OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: limit(
    3,
    1,
    1000,
    'the same, by home; twice that by site, and never the last one',
  ),
  CHALLENGES_PER_ACCOUNT_HOUR: limit(30, 1, 10_000, 'challenges started with the right password in an hour, by home'),
  CHALLENGES_PER_IP_HOUR: limit(
    100,
    1,
    1_000_000,
    'SIGN_IN challenges of unknown devices by /32 or /64; ten times that by /48',
  ),
  OPEN_CHALLENGES_PER_IP_HOUR: limit(
    100,
    1,
    1_000_000,
    'SIGN_UP and RESET_PASSWORD challenges by /32 or /64; ten times that by /48',
  ),
  PROMPTS_UNANSWERED: limit(
    10,
    1,
    1000,
    'live prompts on trusted devices in the window, by home; past it a request waits silently',
  ),
  PROMPTS_WINDOW_SECONDS: limit(600, 1, DAY_SECONDS, 'the window of PROMPTS_UNANSWERED'),
  DENIALS_BEFORE_PAUSE: limit(
    3,
    1,
    1000,
    "'not me' answers in the window; then new devices wait ACCOUNT_PAUSE_SECONDS",
  ),
  DENIALS_WINDOW_SECONDS: limit(600, 1, DAY_SECONDS, 'the window of DENIALS_BEFORE_PAUSE'),
  PASSWORD_FAILURES_FREE: limit(
    5,
    1,
    100,
    'wrong passwords per address and client network before tries are slowed down',
  ),
  PASSWORD_DELAY_MAX_SECONDS: limit(900, 1, DAY_SECONDS, 'the longest delay; it starts at 1 s and doubles'),
  PASSWORD_FAILURES_PER_IP_HOUR: limit(
    100,
    1,
    1_000_000,
    'wrong passwords per client network over all addresses in an hour',
  ),
  PASSWORD_FAILURES_PER_ADDRESS_HOUR: limit(
    100,
    1,
    1_000_000,
    'wrong passwords for one address in an hour, over all networks; 10 count by /24 or /48, and each then has one try a minute',
  ),
  SIGN_INS_PER_ACCOUNT_HOUR: limit(
    200,
    1,
    1_000_000,
    'sign-ins with the right password on devices that an account does not know in an hour; as many tries on each that it knows',
  ),
  SIGN_INS_PER_IP_HOUR: limit(
    2000,
    1,
    1_000_000,
    'sign-ins of unknown devices, right or wrong, by /32 or /64; ten times that by /48',
  ),
  PASSWORD_MIN_LENGTH: limit(12, 8, 64, 'code points; NIST SP 800-63B-4 3.1.1.2'),
  PASSWORD_MAX_LENGTH: limit(256, 64, 1024, 'code points'),
  JUDGEMENTS_PER_CHALLENGE: limit(
    20,
    1,
    1000,
    'new passwords judged for one RESET_PASSWORD challenge; then it is locked',
  ),
  ARGON2_MEMORY_KIB: limit(19_456, 8192, 4_194_304, 'argon2id memory; OWASP minimum'),
  ARGON2_PASSES: limit(2, 1, 100, 'argon2id iterations'),
  ARGON2_LANES: limit(1, 1, 64, 'argon2id parallelism'),
  HASHES_AT_ONCE: limit(availableParallelism(), 1, 1024, 'passwords hashed at the same time'),
  HASHES_WAITING: limit(
    64,
    0,
    100_000,
    'requests that may wait for a hash, or for a judgement of a new password; then OVERLOADED, at once',
  ),
  SESSION_IDLE_DAYS: limit(7, 1, 365, 'a session not used so long is over; ASVS 7.3'),
  SESSION_MAX_DAYS: limit(30, 1, 365, 'a session opened so long ago is over; ASVS 7.3'),
  SESSIONS_PER_DEVICE: limit(5, 1, 1000, 'live sessions of a device; the one unused longest makes room'),
  SESSIONS_PER_ACCOUNT: limit(200, 1, 10_000, 'live sessions of an account; the one unused longest makes room'),
  TRUSTED_SESSION_IDLE_DAYS: limit(
    90,
    1,
    365,
    'a session of a trusted device not used so long is over, while two-step is on',
  ),
  TRUSTED_SESSION_MAX_DAYS: limit(
    365,
    1,
    365,
    'a session of a trusted device opened so long ago is over, while two-step is on',
  ),
  TRUST_IDLE_DAYS: limit(90, 1, 3650, 'a trusted device not used so long is asked again'),
  TRUST_MAX_DAYS: limit(365, 1, 3650, 'a device trusted so long ago is asked again'),
  NEW_DEVICE_NOTICES_HOUR: limit(
    5,
    1,
    1000,
    'mails in an hour that a new device has signed in; then one that tells how many more',
  ),
  RESET_HOLD_HOURS: limit(
    24,
    0,
    8760,
    'after a reset, codes by mail only to devices trusted at that moment; 0 turns it off',
  ),
  REPORTS_PER_CHALLENGE: limit(3, 1, 1000, 'support reports per challenge'),
  REPORTS_PER_ACCOUNT_HOUR: limit(
    10,
    1,
    1000,
    'support reports per account in an hour; of those who are not signed in, by home',
  ),
  TRUSTED_DEVICES: limit(20, 1, 1000, 'trusted devices per account; the one unused longest makes room'),
  DEVICES: limit(100, 1, 10_000, 'devices per account; the one unused longest makes room, untrusted ones first'),
  ACTIVITY_DAYS: limit(180, 1, 3650, 'how long sign-in activity is kept'),
  EVENTS_DAYS: limit(7, 1, 90, "how long the feed of products' backends goes back"),
  ENDED_DAYS: limit(30, 1, 3650, 'how long ended challenges, deliveries, sessions and support reports are kept'),
  UNUSED_SESSION_SECONDS: limit(600, 30, DAY_SECONDS, 'a session opened by a challenge and never used goes after this'),
  ANSWER_SECONDS: limit(120, 1, 3600, 'for how long an answer over HTTP may be made and read'),
  WS_INIT_SECONDS: limit(3, 1, 60, 'time for connection_init on a socket'),
  WS_PAYLOAD_BYTES: limit(16_384, 1024, 16_777_216, 'longest message on a socket'),
  WS_SUBSCRIPTIONS: limit(10, 1, 1000, 'subscriptions on a socket at the same time'),
  WS_MESSAGES_PER_MINUTE: limit(60, 1, 100_000, 'messages that a socket may send'),
  WS_SOCKETS_PER_SESSION: limit(20, 1, 10_000, 'sockets of one session on one server'),
  WS_ANONYMOUS_SOCKETS_PER_IP: limit(50, 1, 1_000_000, 'sockets without a session per client network on one server'),
  WS_RECHECK_SECONDS: limit(
    15,
    1,
    300,
    'how often the sessions of sockets are read again, besides before each event, and lost wake-ups are made up for',
  ),
  PRESENCE_SECONDS: limit(15, 1, 300, 'how often presence is renewed; it is void after three times that'),
  SMTP_GREETING_SECONDS: limit(
    60,
    1,
    300,
    'until a mail server is reached, has greeted and stands on TLS; RFC 5321 4.5.3.2',
  ),
  SMTP_ENVELOPE_SECONDS: limit(60, 1, 720, 'then for login, sender and recipient, up to the mail itself; the same'),
  SMTP_DATA_SECONDS: limit(600, 1, 600, 'from there on until it has answered whether it took the mail; the same'),
  RECEIPT_SECONDS: limit(
    60,
    10,
    300,
    'life of what a backend redeems once: the receipt of a verification, and the code that the pages give a person along',
  ),
  CONFIRM_TRIES_BEFORE_PAUSE: limit(
    10,
    1,
    50,
    'wrong codes of CONFIRM and DISABLE_TWO_STEP in a row per account; then nothing is confirmed for ACCOUNT_PAUSE_SECONDS',
  ),
  CONFIRMS_PER_ACCOUNT_HOUR: limit(60, 1, 10_000, 'CONFIRM and DISABLE_TWO_STEP challenges of an account in an hour'),
  CONFIRM_MAILS_PER_ACCOUNT_HOUR: limit(10, 1, 1000, 'their codes that are mailed in an hour'),
  HANDOVER_SECONDS: limit(60, 10, 300, 'life of the code by which an app opens the pages'),
  KEYS_PER_CLIENT: limit(
    2,
    1,
    10,
    'live keys of an API client: two, so that they can be exchanged one after the other',
  ),
  KEY_FAILURES_PER_IP_HOUR: limit(100, 1, 1_000_000, 'wrong API keys per client network in an hour; a right one works'),
  UNPROVEN_MAILS_DAY: limit(
    3,
    1,
    1000,
    "codes mailed in a day to a subject's address that nobody has proven, per client and address",
  ),
  ADDRESS_CHANGES_DAY: limit(
    3,
    1,
    1000,
    'other addresses that a backend asks for in a day, and deletions that wait, per subject',
  ),
  VETO_FAILURES_PER_IP_HOUR: limit(
    100,
    1,
    1_000_000,
    'wrong codes that would stop a change, per client network in an hour; a right one works',
  ),
  CHECK_KEEP_SECONDS: limit(
    10,
    0,
    60,
    'for how long a backend with an open feed may keep the answer of a session check',
  ),
  FEEDS_PER_CLIENT: limit(100, 1, 10_000, 'sockets of an API client on one server, and feeds on all of them'),
  ACCESS_TOKEN_SECONDS: limit(120, 30, 600, "life of an access token for one of the product's services"),
  WEBHOOKS_PER_CLIENT: limit(5, 0, 100, 'addresses of an API client that webhooks go to'),
  WEBHOOK_SECONDS: limit(5, 1, 30, 'how long an address may take to answer a webhook'),
  WEBHOOK_DAYS: limit(3, 1, 30, 'for how long a webhook is tried; no longer than EVENTS_DAYS'),
  PUSH_SECONDS: limit(10, 1, 30, 'how long a push service may take to answer'),
  PUSH_DEVICES: limit(20, 1, 1000, 'push subscriptions per account, one a device; the one unused longest makes room'),
  TEST_PUSHES_PER_HOUR: limit(6, 1, 1000, 'test messages by push that a device may send itself in an hour'),
  FALLBACK_SECONDS: limit(
    0,
    0,
    600,
    'an APP code that nobody has seen for so long goes by mail by itself, once, where mail is open to it; 0: never',
  ),
  AUDIENCES: limit(20, 0, 1000, 'audiences of an API client'),
  GRAPHQL_TOKENS: limit(1000, 100, 100_000, 'lexical tokens of a GraphQL document'),
  GRAPHQL_DEPTH: limit(8, 3, 100, 'nesting of a GraphQL document'),
  GRAPHQL_ALIASES: limit(15, 1, 1000, 'aliases in a GraphQL document'),
  GRAPHQL_OBJECT_ALIASES: limit(2, 1, 100, 'of these, aliases of fields that lead to objects'),
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limitTable;

/** The limits in force: whole numbers, in the unit that the name says. */
export type Limits = { readonly [Name in LimitName]: number };
