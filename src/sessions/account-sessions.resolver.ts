import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { Account } from '../accounts/account.types.js';
import type { Context } from '../api/context.js';
import { NotFound } from '../api/errors.js';
import { Device } from '../devices/device.types.js';
import type { Devices } from '../devices/devices.js';
import { AccountSession } from './session.types.js';
import type { Sessions } from './sessions.js';

@Resolver(() => Account)
export class AccountSessionsResolver {
  /** An account object lives for one answer, whose fields share one look at its sessions. */
  private readonly seen = new WeakMap<Account, Promise<AccountSession[]>>();

  constructor(
    private readonly operations: Sessions,
    private readonly devices: Devices,
  ) {}

  @FieldResolver(() => AccountSession, { description: 'The session that asks.' })
  async currentSession(@Root() account: Account, @Ctx() context: Context): Promise<AccountSession> {
    const sessions = await this.sessions(account, context);
    const current = sessions.find(({ isCurrent }) => isCurrent);
    // It ended between the look at who asks and the look at the sessions.
    if (!current) throw new NotFound('session');
    return current;
  }

  @FieldResolver(() => [AccountSession], { description: 'Its live sessions, the latest used first.' })
  sessions(@Root() account: Account, @Ctx() { db }: Context): Promise<AccountSession[]> {
    const seen = this.seen.get(account) ?? this.read(db, account);
    this.seen.set(account, seen);
    return seen;
  }

  private async read(db: Context['db'], { id, session: current }: Account): Promise<AccountSession[]> {
    const [sessions, devices] = await db.together((connection) =>
      Promise.all([this.operations.list(connection, id), this.devices.list(connection, id)]),
    );
    const deviceById = new Map(devices.map((row) => [row.id, new Device(row, current.deviceId)]));
    return sessions.flatMap((session) => {
      const device = deviceById.get(session.deviceId);
      // A device that was removed in between has no sessions any more.
      return device ? [new AccountSession(session, device, session.id === current.id)] : [];
    });
  }
}
