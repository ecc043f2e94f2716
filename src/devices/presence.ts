import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../bus/bus.js';
import type { Limits } from '../config/limits.js';
import type { Sql } from '../sql/database.js';
import type { Pulse } from '../sql/pulse.js';
import { countOf, rowOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';

/** Devices whose coming and going is written down in one statement. */
const MOST_AT_ONCE = 1_000;
/** For how long they are collected. */
const COLLECT_MS = 10;

/**
 * Which devices hold an open subscription on this server. A row says which server a device is at, and one row a server
 * that it lives, renewed on a timer and void when it is not: so a killed server's devices do not stay online, and what
 * lives costs the same with any number of devices.
 */
export class Presence {
  private readonly open = new Map<string, { readonly accountId: string; subscriptions: number }>();
  /** Devices of which the rows do not say yet whether they are here, and their accounts. */
  private readonly unwritten = new Map<string, string>();
  private writing: Promise<void> | null = null;
  private renewedAt = Number.NEGATIVE_INFINITY;
  private wasUsed = false;
  private isClosed = false;

  constructor(
    private readonly db: Sql,
    private readonly bus: Pick<Bus, 'publish'>,
    private readonly serverId: string,
    private readonly limits: Pick<Limits, 'PRESENCE_SECONDS'>,
    private readonly onError: (error: unknown) => void,
    pulse: Pick<Pulse, 'add'>,
  ) {
    pulse.add({
      what: 'presence cannot be renewed',
      everySeconds: limits.PRESENCE_SECONDS,
      isIdle: () => this.isClosed || (this.open.size === 0 && this.unwritten.size === 0),
      run: async (connection) => {
        await this.renew(connection);
        this.writeSoon();
      },
    });
  }

  /** Counts an open subscription of a device. */
  comes(accountId: string, deviceId: string): void {
    this.wasUsed = true;
    const device = this.open.get(deviceId) ?? { accountId, subscriptions: 0 };
    this.open.set(deviceId, device);
    device.subscriptions += 1;
    if (device.subscriptions === 1) this.note(deviceId, accountId);
  }

  /** The end of one. */
  goes(deviceId: string): void {
    const device = this.open.get(deviceId);
    if (!device) return;
    device.subscriptions -= 1;
    if (device.subscriptions > 0) return;
    this.open.delete(deviceId);
    this.note(deviceId, device.accountId);
  }

  private note(deviceId: string, accountId: string): void {
    this.unwritten.set(deviceId, accountId);
    this.writeSoon();
  }

  /** What comes and goes at the same time is written together; what failed is tried again with the next that comes, or renewal. */
  private writeSoon(): void {
    // A subscription that ends late: its device is offline already, and the database perhaps away.
    if (this.isClosed || this.unwritten.size === 0) return;
    this.writing ??= sleep(COLLECT_MS)
      .then(() => this.writeAll())
      .catch(this.onError)
      .finally(() => {
        this.writing = null;
      });
  }

  private async writeAll(): Promise<void> {
    while (this.unwritten.size > 0 && !this.isClosed) {
      const devices = [...this.unwritten].slice(0, MOST_AT_ONCE);
      for (const [deviceId] of devices) this.unwritten.delete(deviceId);
      try {
        await this.write(devices.map(([deviceId]) => deviceId));
      } catch (error) {
        for (const [deviceId, accountId] of devices) this.unwritten.set(deviceId, accountId);
        throw error;
      }
      for (const accountId of new Set(devices.map(([, id]) => id))) this.bus.publish(`presence:${accountId}`);
    }
  }

  /** Where it is now, not what it did: a device that comes back at once is not overtaken by its own leaving. */
  private write(deviceIds: readonly string[]): Promise<unknown> {
    const here = deviceIds.filter((id) => this.open.has(id));
    const gone = deviceIds.filter((id) => !this.open.has(id));
    const isRenewed = performance.now() - this.renewedAt < 2_000 * this.limits.PRESENCE_SECONDS;
    return this.db.together((connection) =>
      Promise.all([
        !isRenewed && this.renew(connection),
        here.length > 0 &&
          countOf(
            connection,
            // For ever as far as a server of an older version can tell: that one looks at no other row than this.
            sql`insert into presence (device_id, server_id, renewed_at)
                select d.id, sv.id, 'infinity' from device d, api_server sv
                where d.id = any(${here}) and sv.id = ${this.serverId}
                on conflict (device_id, server_id) do nothing`,
          ),
        gone.length > 0 &&
          countOf(
            connection,
            sql`delete from presence where device_id = any(${gone}) and server_id = ${this.serverId}`,
          ),
      ]),
    );
  }

  /** Forgets servers that were killed, too. One that was forgotten, and lives, says anew who is here. */
  private async renew(db: Sql): Promise<void> {
    const renewed = await rowOf<{ isNew: boolean }>(
      db,
      sql`with killed as (
            delete from api_server where id <> ${this.serverId}
              and renewed_at < clock_timestamp() - make_interval(secs => ${6 * this.limits.PRESENCE_SECONDS})
            returning id),
          left_behind as (delete from presence where server_id in (select id from killed))
          insert into api_server (id) values (${this.serverId})
          on conflict (id) do update set renewed_at = clock_timestamp() returning xmax = 0 as "isNew"`,
    );
    this.renewedAt = performance.now();
    if (!renewed?.isNew) return;
    for (const [deviceId, { accountId }] of this.open) this.unwritten.set(deviceId, accountId);
  }

  /** Takes all of this server's devices offline; what comes after that writes nothing. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.writing;
    // Where none was ever online, the tables may not be there yet.
    if (this.wasUsed) await this.allGo().catch(this.onError);
  }

  private async allGo(): Promise<void> {
    await countOf(
      this.db,
      sql`with gone as (delete from presence where server_id = ${this.serverId})
          delete from api_server where id = ${this.serverId}`,
    );
    for (const { accountId } of this.open.values()) this.bus.publish(`presence:${accountId}`);
  }
}

/** Takes a device offline on every server: it was removed. */
export function forgetPresence(tx: Tx, deviceId: string): void {
  tx.write(sql`delete from presence where device_id = ${deviceId}`);
}
