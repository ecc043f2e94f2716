import type { AccountRow } from '../accounts/account.entity.js';
import { noticeAddressOf } from '../accounts/addresses.js';
import type { EventTypeName } from '../events/event.entity.js';
import { tell } from '../events/events.js';
import type { NoticeKind } from '../mail/mail-data.js';
import { deliverNotice } from '../outbox/outbox.js';
import type { Tx } from '../sql/transactions.js';
import type { Activities, NewActivity } from './activities.js';
import type { ActivityTypeName } from './activity.entity.js';

/** Who is told of something: the account's activity, its mailbox, the feeds of products' backends. */
interface Told {
  /** Null: what it is about has entries of its own. */
  readonly activity: ActivityTypeName | null;
  /** Null: whoever does it knows what to do, and nobody else has to. */
  readonly mail: NoticeKind | null;
  /** Whether the mail names the device: not where nobody on it has proven a password. */
  readonly namesDevice: boolean;
  /** Null: none, or the statement that does it tells of each row. */
  readonly event: EventTypeName | null;
}

/** What more than the activity is told of. Everything else is noted there alone, by `Activities`; new devices are counted first. */
const told = {
  PASSWORD_CHANGED: {
    activity: 'PASSWORD_CHANGED',
    mail: 'PASSWORD_CHANGED',
    namesDevice: true,
    event: 'PASSWORD_CHANGED',
  },
  PASSWORD_RESET: { activity: 'PASSWORD_RESET', mail: 'PASSWORD_RESET', namesDevice: false, event: 'PASSWORD_CHANGED' },
  TWO_STEP_ENABLED: {
    activity: 'TWO_STEP_ENABLED',
    mail: 'TWO_STEP_ENABLED',
    namesDevice: true,
    event: 'TWO_STEP_ENABLED',
  },
  TWO_STEP_DISABLED: {
    activity: 'TWO_STEP_DISABLED',
    mail: 'TWO_STEP_DISABLED',
    namesDevice: true,
    event: 'TWO_STEP_DISABLED',
  },
  DEVICE_REMOVED: { activity: 'DEVICE_REMOVED', mail: 'DEVICE_REMOVED', namesDevice: true, event: null },
  LOGIN_DENIED: { activity: 'LOGIN_DENIED', mail: 'LOGIN_DENIED', namesDevice: true, event: 'LOGIN_DENIED' },
  CONFIRMATION_DENIED: {
    activity: 'CONFIRMATION_DENIED',
    mail: null,
    namesDevice: false,
    event: 'CONFIRMATION_DENIED',
  },
  COPIED_TOKEN: { activity: null, mail: 'COPIED_TOKEN', namesDevice: true, event: 'COPIED_TOKEN' },
  CODES_TURNED_ON: { activity: null, mail: 'CODES_TURNED_ON', namesDevice: true, event: null },
  CODES_TURNED_OFF: { activity: null, mail: 'CODES_TURNED_OFF', namesDevice: true, event: null },
  WRONG_CODES: { activity: null, mail: 'WRONG_CODES', namesDevice: true, event: null },
} as const satisfies Record<string, Told>;

/** What happened on which device, and from where. */
export interface Happening extends Omit<NewActivity, 'accountId' | 'type'> {
  /** The session that did it, for the feed. */
  readonly sessionId?: string;
  /** The prompt that was answered, for the feed. */
  readonly promptId?: string;
  /** The backend's own id of it, and for what it asked; null where none did. */
  readonly requestId?: string | null;
  readonly purpose?: string | null;
}

/** What happens to an account's security, told to all who have to know. */
export class SecurityEvents {
  constructor(private readonly activities: Activities) {}

  /** Tells of it in the transaction in which it happens, which has locked the account. */
  tell(tx: Tx, account: AccountRow, kind: keyof typeof told, happening: Happening): void {
    const { activity, mail, namesDevice, event }: Told = told[kind];
    const { sessionId, promptId, requestId, purpose, ...entry } = happening;
    const { deviceId, deviceName, platform, ipAddress } = entry;
    if (event) tell(tx, { type: event, accountId: account.id, sessionId, deviceId, promptId, requestId, purpose });
    if (activity) this.activities.record(tx, { ...entry, accountId: account.id, type: activity });
    if (!mail) return;
    const device = namesDevice ? { deviceName, platform } : { deviceName: null, platform: null };
    deliverNotice(tx, { ...account, email: noticeAddressOf(account) }, mail, { ...device, ipAddress });
  }
}
