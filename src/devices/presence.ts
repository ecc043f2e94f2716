import type { Bus } from '../bus/bus.js';
import type { Limits } from '../config/limits.js';
import type { Sql } from '../sql/database.js';
import { countOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';

/**
 * Which devices hold an open subscription on this server: a row per device, renewed on a timer and void when it is not,
 * so that a killed server's devices do not stay online.
 */
export class Presence {
  private readonly open = new Map<string, { accountId: string; subscriptions: number }>();
  private readonly timer: NodeJS.Timeout;
  private writing: Promise<void> = Promise.resolve();
  private wasUsed = false;
  private isClosed = false;

  constructor(
    private readonly db: Sql,
    private readonly bus: Pick<Bus, 'publish'>,
    private readonly serverId: string,
    limits: Limits,
    private readonly onError: (error: unknown) => void,
  ) {
    this.timer = setInterval(() => this.write(() => this.renew()), limits.PRESENCE_SECONDS * 1000).unref();
  }

  /** Counts an open subscription of a device. @returns call it once, when the subscription ends */
  subscribed(accountId: string, deviceId: string): () => void {
    this.wasUsed = true;
    const device = this.open.get(deviceId) ?? { accountId, subscriptions: 0 };
    this.open.set(deviceId, device);
    device.subscriptions += 1;
    if (device.subscriptions === 1) this.write(() => this.comes(accountId, deviceId));
    return () => {
      device.subscriptions -= 1;
      if (device.subscriptions > 0) return;
      this.open.delete(deviceId);
      this.write(() => this.goes(accountId, deviceId));
    };
  }

  /** One after the other: a device that comes back at once must not be overtaken by its own leaving. */
  private write(work: () => Promise<void>): void {
    // A subscription that ends late: its device is offline already, and the database perhaps away.
    if (this.isClosed) return;
    this.writing = this.writing.then(work).catch(this.onError);
  }

  private async comes(accountId: string, deviceId: string): Promise<void> {
    await countOf(
      this.db,
      sql`insert into presence (device_id, server_id) values (${deviceId}, ${this.serverId})
          on conflict (device_id, server_id) do update set renewed_at = clock_timestamp()`,
    );
    this.bus.publish(`account:${accountId}`);
  }

  private async goes(accountId: string, deviceId: string): Promise<void> {
    if (this.open.has(deviceId)) return;
    await countOf(this.db, sql`delete from presence where device_id = ${deviceId} and server_id = ${this.serverId}`);
    this.bus.publish(`account:${accountId}`);
  }

  private async renew(): Promise<void> {
    const deviceIds = [...this.open.keys()];
    if (deviceIds.length === 0) return;
    await countOf(
      this.db,
      sql`insert into presence (device_id, server_id)
          select id, ${this.serverId} from device where id = any(${deviceIds})
          on conflict (device_id, server_id) do update set renewed_at = clock_timestamp()`,
    );
  }

  /** Takes all of this server's devices offline; what comes after that writes nothing. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    // Where none was ever online, the tables may not be there yet.
    if (this.wasUsed) this.write(() => this.allGo());
    this.isClosed = true;
    await this.writing;
  }

  private async allGo(): Promise<void> {
    await countOf(this.db, sql`delete from presence where server_id = ${this.serverId}`);
    for (const { accountId } of this.open.values()) this.bus.publish(`account:${accountId}`);
  }
}

/** Takes a device offline on every server: it was removed. */
export function forgetPresence(tx: Tx, deviceId: string): void {
  tx.write(sql`delete from presence where device_id = ${deviceId}`);
}
