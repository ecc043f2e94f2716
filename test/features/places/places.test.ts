import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { projectRoot } from '../../../src/config/project.js';
import { canonicalIp, clientNetworks } from '../../../src/places/client-network.js';
import { type KnownPlace, Places, placeLabel } from '../../../src/places/places.js';
import { activityOf } from '../../support/activity.js';
import { asA } from '../../support/outcomes.js';
import { letIn } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import { Visitor } from '../../support/visitor.js';

const fixture = path.join(projectRoot, 'test/fixtures/GeoIP2-City-Test.mmdb');
const silent = pino({ level: 'silent' });

describe('the place of an address', () => {
  let places: Places;
  beforeAll(async () => {
    places = new Places(fixture, silent);
    await places.refresh();
  });
  afterAll(() => places.close());

  test('is city, region, country and coordinates where the database has them', () => {
    expect(places.of('81.2.69.160')).toEqual({
      kind: 'known',
      city: 'London',
      region: 'England',
      countryCode: 'GB',
      latitude: 51.5142,
      longitude: -0.0931,
      accuracyRadiusKm: 100,
    });
    expect(places.of('89.160.20.112')).toMatchObject({ city: 'Linköping', countryCode: 'SE' });
  });

  test('is found for IPv6, and for IPv4 written as IPv6', () => {
    expect(places.of('2001:218::1')).toMatchObject({ kind: 'known', city: null, region: null, countryCode: 'JP' });
    expect(places.of('::ffff:81.2.69.160')).toEqual(places.of('81.2.69.160'));
  });

  test.each([
    ['127.0.0.1', '10.1.2.3', '172.31.255.255', '192.168.0.1', '169.254.9.9', '100.64.0.1'],
    ['::1', 'fe80::1', 'fe80::1%eth0', 'fd12:3456::1', '::ffff:192.168.0.1'],
  ])('is private for %s and the like', (...addresses) => {
    for (const address of addresses) expect(places.of(address)).toEqual({ kind: 'private' });
  });

  test.each(['8.8.8.8', '0.0.0.0', '2001:db8::1', '', 'localhost', '1.2.3', '999.1.1.1', '127.1', '81.2.69.160 '])(
    "is unknown for '%s'",
    (address) => {
      expect(places.of(address)).toEqual({ kind: 'unknown' });
    },
  );

  test('is unknown where there is no database', async () => {
    const without = new Places(null, silent);
    await without.refresh();
    expect(without.of('81.2.69.160')).toEqual({ kind: 'unknown' });
    expect(without.of('127.0.0.1')).toEqual({ kind: 'private' });
    without.close();
  });
});

describe('the location database', () => {
  let folder: string;
  let file: string;
  let places: Places;
  let logged: { level: number; msg: string }[];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'doorstep-places-'));
    file = path.join(folder, 'city.mmdb');
    logged = [];
  });
  afterEach(async () => {
    places.close();
    await rm(folder, { recursive: true });
  });

  async function watch(): Promise<void> {
    places = new Places(file, pino({}, { write: (line: string) => void logged.push(JSON.parse(line)) }));
    await places.refresh();
  }

  const cityOf = (ip: string) => (places.of(ip) as Partial<KnownPlace>).city;
  const warnings = () => logged.filter(({ level }) => level === 40).length;

  async function replaceWith(content: Buffer): Promise<void> {
    await writeFile(`${file}.new`, content);
    await rename(`${file}.new`, file);
  }

  /** The fixture with another London. */
  async function withAnotherLondon(): Promise<Buffer> {
    const content = await readFile(fixture);
    for (let at = content.indexOf('London'); at >= 0; at = content.indexOf('London', at)) content.write('Nodnol', at);
    return content;
  }

  test('is picked up by itself when it appears, and its absence is told once', async () => {
    await watch();
    await places.refresh();
    await places.refresh();
    expect(cityOf('81.2.69.160')).toBeUndefined();
    expect(warnings()).toBe(1);
    await copyFile(fixture, file);
    while (cityOf('81.2.69.160') !== 'London') await sleep(50);
  });

  test('is read again when another takes its place', async () => {
    await copyFile(fixture, file);
    await watch();
    expect(cityOf('81.2.69.160')).toBe('London');
    await replaceWith(await withAnotherLondon());
    await places.refresh();
    expect(cityOf('81.2.69.160')).toBe('Nodnol');
  });

  test('that is broken leaves the last good one in use, is told once, and is left when a good one comes', async () => {
    await copyFile(fixture, file);
    await watch();
    const content = await withAnotherLondon();
    for (const bytes of [0, 1, 1000, 5000, content.length / 2, content.length - 200]) {
      await writeFile(file, content.subarray(0, bytes));
      await places.refresh();
      expect(cityOf('81.2.69.160')).toBe('London');
    }
    expect(warnings()).toBe(1);
    await writeFile(file, content);
    await places.refresh();
    expect(cityOf('81.2.69.160')).toBe('Nodnol');
  });

  test('may go and come back, the same as it was, and then be missed again', async () => {
    await copyFile(fixture, file);
    await watch();
    for (const absences of [1, 2]) {
      await rename(file, `${file}.away`);
      await places.refresh();
      expect(cityOf('81.2.69.160')).toBe('London');
      expect(warnings()).toBe(absences);
      await rename(`${file}.away`, file);
      await places.refresh();
    }
  });

  test.each([
    ['text', Buffer.from('not a database, however long it is. '.repeat(1000))],
    ['gzip', Buffer.from('1f8b0800000000000003', 'hex')],
  ])('that is %s makes every place unknown, and nothing worse', async (_, content) => {
    await writeFile(file, content);
    await watch();
    expect(places.of('81.2.69.160')).toEqual({ kind: 'unknown' });
    expect(warnings()).toBe(1);
  });

  test('of IPv4 alone knows no place of an IPv6 address', async () => {
    const content = await readFile(fixture);
    // After the key: one control byte, then the number.
    content[content.lastIndexOf('ip_version') + 'ip_version'.length + 1] = 4;
    await writeFile(file, content);
    await watch();
    expect(logged.map(({ level }) => level)).toEqual([30]);
    expect(places.of('2001:218::1')).toEqual({ kind: 'unknown' });
  });

  test('that is damaged inside gives a place or none, and never throws', async () => {
    const content = await readFile(fixture);
    // The metadata at the end stays whole, so that the file opens.
    for (let at = 0; at < content.length - 1000; at += 7) content[at] = (at * 31) & 0xff;
    await writeFile(file, content);
    await watch();
    for (let host = 0; host < 2000; host += 1) {
      expect(['known', 'unknown']).toContain(places.of(`81.${host & 255}.${host >> 3}.9`).kind);
    }
  });
});

describe('without a location database that can be read', () => {
  const london = { 'x-forwarded-for': '81.2.69.160' };
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'doorstep-places-'));
    const content = await readFile(fixture);
    await writeFile(path.join(folder, 'broken.mmdb'), content.subarray(0, content.length / 2));
    await writeFile(path.join(folder, 'damaged.mmdb'), content.fill(0xa5, 0, content.length - 1000));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(['missing', 'broken', 'damaged'])('people sign in all the same, from a place unknown: %s', async (name) => {
    const env = { TRUST_PROXY: '127.0.0.1/32', GEOIP_DATABASE: path.join(folder, `${name}.mmdb`) };
    await using servers = await Servers.start({ env });
    const phone = servers.stranger().twin(new Visitor(servers.client().url, london));
    const challenge = asA('Challenge', await phone.signUp());
    asA('SignedIn', await phone.verify(challenge, await servers.mailbox.code(phone.owner.email)));
    await phone.turnOnTwoStep();
    await letIn(phone, phone.another('Laptop'));
    const [entered] = await activityOf(phone, { types: ['SIGNED_IN'], first: 1 });
    expect(entered).toMatchObject({
      ipAddress: '81.2.69.160',
      location: { label: 'Unknown location', city: null, countryCode: null },
      isNewLocation: false,
    });
  });
});

describe('the label of a place', () => {
  const texts = { privateNetwork: 'Privates Netz', unknownPlace: 'Unbekannter Ort' };
  const lisbon: KnownPlace = {
    kind: 'known',
    city: 'Lisbon',
    region: 'Lisbon District',
    countryCode: 'PT',
    latitude: 38.7,
    longitude: -9.1,
    accuracyRadiusKm: 20,
  };

  test.each([
    ['Lisbon, Portugal', 'en', lisbon],
    ['Lisbon District, Portugal', 'en', { ...lisbon, city: null }],
    ['Deutschland', 'de', { ...lisbon, city: null, region: null, countryCode: 'DE' }],
    ['Lisbon', 'en', { ...lisbon, countryCode: null }],
    ['Singapore', 'en', { ...lisbon, city: 'Singapore', countryCode: 'SG' }],
    ['Lisbon, XQ', 'en', { ...lisbon, countryCode: 'XQ' }],
    ['Lisbon, PT', 'not a locale', lisbon],
    ['Privates Netz', 'de', { kind: 'private' }],
    ['Unbekannter Ort', 'de', { kind: 'unknown' }],
  ] as const)("reads '%s' in '%s'", (label, locale, place) => {
    expect(placeLabel(place, locale, texts)).toBe(label);
  });
});

describe('a client by its address', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:201', '192.0.2.1'],
    ['2001:DB8:0:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['', '0.0.0.0'],
    ['unknown', '0.0.0.0'],
    ['192.0.2.1:443', '192.0.2.1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[::ffff:192.0.2.1]:443', '192.0.2.1'],
    ['[fe80::1%eth0]:443', 'fe80::1'],
    ['192.0.2.1:443:443', '0.0.0.0'],
    ['[192.0.2.1:443', '0.0.0.0'],
    ['2001:db8::1:443', '2001:db8::1:443'],
    ['010.0.0.1', '0.0.0.0'],
    ['%', '0.0.0.0'],
  ])("'%s' is %s", (text, canonical) => {
    expect(canonicalIp(text)).toBe(canonical);
  });

  test.each([
    ['192.0.2.1', '192.0.2.1/32', null],
    ['::ffff:192.0.2.1', '192.0.2.1/32', null],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64', '2001:db8:1::/48'],
    ['fe80::1%eth0', 'fe80::/64', 'fe80::/48'],
    ['nonsense', '0.0.0.0/32', null],
  ])("'%s' counts under %s and %s", (ip, narrow, wide) => {
    expect(clientNetworks(ip)).toEqual({ narrow, wide });
  });
});
