import { stat } from 'node:fs/promises';
import type { CityResponse, Reader } from 'maxmind';
import type { BaseLogger } from 'pino';
import { type IpAddress, parseIp } from './client-network.js';

/** Where an address is registered. Nothing is allowed or refused because of it. */
export type Place = KnownPlace | { readonly kind: 'private' } | { readonly kind: 'unknown' };

/** A place with a city or a country; the names are English, as the database has them. */
export interface KnownPlace {
  readonly kind: 'known';
  readonly city: string | null;
  readonly region: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string | null;
  /** Degrees, WGS 84, of the middle of the area. */
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly accuracyRadiusKm: number | null;
}

const POLL_MS = 5_000;

/** CGNAT (RFC 6598) too: behind it is a provider's network, not a place. */
const PRIVATE_RANGES = ['private', 'loopback', 'linkLocal', 'carrierGradeNat', 'uniqueLocal', 'deprecatedSiteLocal'];

/**
 * Finds places of IP addresses in an MMDB city file (DB-IP Lite, GeoLite2). The file is read again when it changes and
 * picked up when it appears; until another one opens, the last good one answers.
 */
export class Places {
  private reader: Reader<CityResponse> | null = null;
  private version: string | null = null;
  private refreshing: Promise<void> | null = null;
  private hasFailed = false;
  private readonly timer: NodeJS.Timeout | undefined;

  /** @param file null where there is none: every public address is then somewhere unknown */
  constructor(
    private readonly file: string | null,
    private readonly logger: Pick<BaseLogger, 'info' | 'warn'>,
  ) {
    if (file === null) return;
    this.timer = setInterval(() => void this.refresh(), POLL_MS).unref();
    void this.refresh();
  }

  /** The place of an address; unknown for what is no address. Never throws. */
  of(ip: string): Place {
    const address = parseIp(ip);
    if (!address) return { kind: 'unknown' };
    if (PRIVATE_RANGES.includes(address.range())) return { kind: 'private' };
    try {
      return placeOf(this.lookUp(address));
    } catch {
      // The file has a fault at this spot.
      return { kind: 'unknown' };
    }
  }

  /** Reads the file if it changed. Runs every five seconds by itself; never rejects. */
  refresh(): Promise<void> {
    this.refreshing ??= this.readIfChanged().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  /** Stops watching the file. */
  close(): void {
    clearInterval(this.timer);
  }

  private lookUp(address: IpAddress): CityResponse | null {
    // A file of IPv4 alone would take an IPv6 address for the IPv4 address of its first bytes.
    if (!this.reader || (address.kind() === 'ipv6' && this.reader.metadata.ipVersion === 4)) return null;
    return this.reader.get(address.toString());
  }

  private async readIfChanged(): Promise<void> {
    if (this.file === null) return;
    const version = await versionOf(this.file);
    if (version === this.version) return;
    // Remembered before it is read: a broken file is tried once, not every five seconds.
    this.version = version;
    try {
      const { open } = await import('maxmind');
      const reader = await open<CityResponse>(this.file);
      if ((await versionOf(this.file)) !== version) {
        // Changed under our hands: what was read may be half one file, half the other.
        this.version = null;
        return;
      }
      this.reader = reader;
      this.hasFailed = false;
      const { databaseType, buildEpoch } = reader.metadata;
      this.logger.info({ file: this.file, databaseType, builtAt: buildEpoch }, 'Read the location database');
    } catch (error) {
      this.failed(error as Error);
    }
  }

  private failed(error: Error): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    const meanwhile = this.reader ? 'the one before stays in use' : 'places are unknown';
    this.logger.warn(
      { file: this.file, reason: error.message },
      `The location database cannot be read: ${meanwhile} until it can`,
    );
  }
}

/** What the label says where there is no name to say, in the reader's language. */
export interface PlaceTexts {
  readonly privateNetwork: string;
  readonly unknownPlace: string;
}

/**
 * A place for people: 'Lisbon, Portugal', the country's name in the language of `locale`.
 * @param locale BCP 47
 */
export function placeLabel(place: Place, locale: string, texts: PlaceTexts): string {
  if (place.kind === 'private') return texts.privateNetwork;
  if (place.kind === 'unknown') return texts.unknownPlace;
  const country = place.countryCode === null ? null : countryName(place.countryCode, locale);
  const names = [place.city ?? place.region, country].filter((name) => name !== null);
  // 'Singapore' rather than 'Singapore, Singapore'.
  return [...new Set(names)].join(', ');
}

function countryName(code: string, locale: string): string {
  try {
    return new Intl.DisplayNames([locale, 'en'], { type: 'region' }).of(code) ?? code;
  } catch {
    // Thrown for a locale or a code that is not well-formed; the code says enough.
    return code;
  }
}

/** Changes whenever the file does, be it replaced, written in place, removed or put back. */
async function versionOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (error) {
    return String(error);
  }
}

/** Trusts nothing of the record's shape: DB-IP leaves out what MaxMind has, and the file may be of another kind. */
function placeOf(record: CityResponse | null): Place {
  const city = text(record?.city?.names?.en);
  const countryCode = isoCountry(record?.country?.iso_code);
  const radius = number(record?.location?.accuracy_radius);
  if (city === null && countryCode === null) return { kind: 'unknown' };
  return {
    kind: 'known',
    city,
    region: text(record?.subdivisions?.[0]?.names?.en),
    countryCode,
    latitude: number(record?.location?.latitude),
    longitude: number(record?.location?.longitude),
    accuracyRadiusKm: radius === null ? null : Math.round(radius),
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** ZZ is 'unknown' (a user-assigned code of ISO 3166-1 that CLDR and DB-IP use so). */
function isoCountry(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Z]{2}$/.test(value) && value !== 'ZZ' ? value : null;
}
