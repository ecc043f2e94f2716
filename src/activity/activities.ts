import { numbering } from '../accounts/accounts.js';
import type { PlatformName } from '../devices/device.entity.js';
import type { Method } from '../outbox/delivery.entity.js';
import { clientNetworks } from '../places/client-network.js';
import type { Places } from '../places/places.js';
import { constant, type Fragment, raw, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import type { ActivityTypeName } from './activity.entity.js';

/** What happened, as it is written in the transaction in which it happened. */
export interface NewActivity {
  readonly accountId: string;
  readonly type: ActivityTypeName;
  /** What happened with it, at the same moment: an entry of its own, behind that one. */
  readonly also?: ActivityTypeName | null;
  readonly deviceId: string | null;
  readonly deviceName: string;
  readonly platform: PlatformName;
  readonly ipAddress: string;
  readonly method?: Method | null;
  readonly isNewDevice?: boolean;
  /** Whether a product's backend did it: where that stands is no place of the person's, so no country is known by it. */
  readonly isByProduct?: boolean;
}

/** Entries of which a flood becomes one, with a count: per account, address (of IPv6, /48) and hour. */
const floods: readonly ActivityTypeName[] = ['WRONG_PASSWORD'];

/** The sign-in activity of accounts. */
export class Activities {
  constructor(private readonly places: Places) {}

  /**
   * Writes entries. They take their numbers from the account's row, which stays locked until the commit: so numbers become
   * visible in their order, and a cursor never skips one. The account must be locked by this transaction.
   */
  record(tx: Tx, ...entries: readonly NewActivity[]): void {
    for (const entry of entries) {
      tx.wake(`account:${entry.accountId}`);
      tx.write(this.insertion(entry));
    }
  }

  /**
   * SQL of `with` for a statement that ends sessions: an entry for each device that is in `ended` or `gone`. Nobody was
   * there for it, so it makes no country known. The account must be locked by this transaction.
   * @param ipAddress whence came what they had to end for
   */
  signedOut(accountId: string, ipAddress: string): Fragment {
    return sql`signed_out as (
        select d.id, d.name, d.platform, row_number() over (order by d.id) as nth from device d
        where d.id in (select device_id from ended union select device_id from gone)),
      numbered as (
        ${numbering(accountId, raw('exists (select 1 from signed_out)'), raw('(select count(*) from signed_out)'))}),
      noted as (
        insert into activity (account_id, number, type, device_id, device_name, platform, ip_address, is_new_device, is_new_location)
        select ${accountId}::uuid, activity_count - nth + 1, 'SIGNED_OUT', signed_out.id, name, platform, ${ipAddress}::text, false, false
        from signed_out, numbered)`;
  }

  private insertion(entry: NewActivity): Fragment {
    const place = entry.isByProduct ? null : this.places.of(entry.ipAddress);
    const countryCode = place?.kind === 'known' ? place.countryCode : null;
    const isFlood = floods.includes(entry.type);
    const types = entry.also ? [entry.type, entry.also] : [entry.type];
    const count = constant(types.length);
    return sql`with ${isFlood ? again(entry) : raw('')} numbered as (
        ${numbering(entry.accountId, isFlood ? raw('not exists (select 1 from again)') : raw('true'), count)})
      insert into activity (account_id, number, type, device_id, device_name, platform, method, ip_address,
        country_code, is_new_device, is_new_location)
      select id, activity_count - ${count} + nth, happened.type, ${entry.deviceId}::uuid, ${entry.deviceName}::text, ${entry.platform}::text,
        ${entry.method ?? null}::text, ${entry.ipAddress}::text, ${countryCode}::text, ${entry.isNewDevice ?? false}::boolean,
        ${countryCode !== null} and nth = 1 and not ${this.isCountryKnown(entry.accountId, countryCode)}
      from numbered, unnest(${types}::text[]) with ordinality as happened (type, nth)`;
  }

  /** Only who got in makes a country known: failed tries must not take the mark off the one that succeeds. */
  private isCountryKnown(accountId: string, countryCode: string | null) {
    return sql`exists (select 1 from activity known where known.account_id = ${accountId}
      and known.country_code = ${countryCode}::text
      and known.type not in ('WRONG_PASSWORD', 'CODE_REQUESTED', 'WRONG_CODE', 'CHALLENGE_LOCKED', 'LOGIN_DENIED',
        'CONFIRMATION_DENIED'))`;
  }
}

/** The entry of the same flood, of which there is one more. */
function again(entry: NewActivity): Fragment {
  return sql`again as (
      update activity set count = count + 1
      where account_id = ${entry.accountId} and type = ${entry.type} and device_id is not distinct from ${entry.deviceId}::uuid
        and ip_address::inet <<= ${clientNetworks(entry.ipAddress).wide ?? entry.ipAddress}::inet
        and occurred_at >= date_trunc('hour', clock_timestamp())
      returning 1),`;
}
