import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from '@jest/globals';
import {
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Browser as Program,
} from 'playwright-core';
import { installed } from './programs.js';
import { Servers, type ServersOptions } from './servers.js';
import { DEADLINE_MS, until } from './waiting.js';

/**
 * Where Chromium is installed: the path of its program, null where there is none.
 * @throws Error where there is none and CI is set
 */
const chromiumAvailable = () => installed('chromium', 'chromium-browser', 'google-chrome-stable');

/** What a person sits in front of. */
export const screens = {
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  laptop: { viewport: { width: 1280, height: 800 } },
} satisfies Record<string, BrowserContextOptions>;

// A sandbox wants a user other than root; the rest keeps Chromium from asking the outside world for anything.
const programOptions = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function startOptions() {
  const executablePath = chromiumAvailable();
  if (!executablePath) throw new Error('there is no Chromium here');
  return { executablePath, args: programOptions };
}

/**
 * Chromium hands requests over from the first on. Asked for only once a page stands, as its first `page.route` does, that
 * comes into force some time after Chromium has said so: what the page asks for before passes by, and Playwright, which
 * waits for the page's request to be handed over, tells neither of it nor of its answer.
 */
async function interceptFromTheStart(context: BrowserContext): Promise<void> {
  await context.route('nothing:', (route) => route.continue());
}

/** Opens an address in a Chromium whose owner has turned cookies off, and with them all that pages keep. */
export async function openWithoutCookies(url: string): Promise<Page> {
  const profile = await mkdtemp(path.join(tmpdir(), 'doorstep-chromium-'));
  await mkdir(path.join(profile, 'Default'));
  const preferences = { profile: { default_content_setting_values: { cookies: BLOCKED } } };
  await writeFile(path.join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
  const program = await chromium.launchPersistentContext(profile, { ...startOptions(), locale: 'en-US' });
  program.setDefaultTimeout(DEADLINE_MS);
  await interceptFromTheStart(program);
  program.on('close', () => rm(profile, { recursive: true, force: true, maxRetries: 10 }));
  const page = await program.newPage();
  await page.goto(url);
  return page;
}

/** As Chromium's preferences say it. */
const BLOCKED = 2;

const axeScript = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core is asked for: WCAG 2.2 at level AA, and what it calls best practice. */
const axeTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** A Chromium in which several people, or one with several devices, open pages; no two of them share anything. */
export class Browser implements AsyncDisposable {
  /** What pages complained of: uncaught errors, refused scripts and styles, requests that left this machine. */
  readonly complaints: string[] = [];
  /** What was opened since a test began. */
  private readonly ofTest: BrowserContext[] = [];

  private constructor(private readonly program: Program) {}

  static async start(): Promise<Browser> {
    return new Browser(await chromium.launch(startOptions()));
  }

  /** A device with cookies and storage of its own, on which nothing was opened yet. */
  async device(options: BrowserContextOptions = screens.laptop): Promise<BrowserContext> {
    const context = await this.program.newContext({ locale: 'en-US', reducedMotion: 'reduce', ...options });
    // Less than a whole test may take, so that what fails says what it waited for.
    context.setDefaultTimeout(DEADLINE_MS);
    await interceptFromTheStart(context);
    context.on('page', (page) => this.watch(page));
    this.ofTest.push(context);
    return context;
  }

  /** What stands by now is for more than one test. */
  beginTest(): void {
    this.ofTest.length = 0;
  }

  /** Closes what the test has opened: each page that stays goes on working, and takes its part of the machine. */
  async endTest(): Promise<void> {
    await Promise.all(this.ofTest.splice(0).map((context) => context.close()));
  }

  /** Opens an address on a device of its own. */
  async open(url: string, options?: BrowserContextOptions): Promise<Page> {
    const page = await (await this.device(options)).newPage();
    await page.goto(url);
    return page;
  }

  private watch(page: Page): void {
    page.on('pageerror', (error) => this.complaints.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) this.complaints.push(`${page.url()}: ${message.text()}`);
    });
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      const isLocal = ['data:', 'blob:'].includes(protocol) || /^(127\.0\.0\.1|(.*\.)?localhost)$/.test(hostname);
      if (!isLocal) this.complaints.push(`${page.url()}: asked ${hostname}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program.close();
  }
}

/** Servers of the product and a Chromium beside them, while the tests of a suite run. */
export interface Site {
  readonly servers: Servers;
  readonly browser: Browser;
}

/** A suite whose tests look at pages in Chromium, none of which may complain; left out where there is no Chromium. */
export function describeInBrowser(
  name: string,
  options: ServersOptions | (() => Promise<ServersOptions>),
  define: (site: Site) => void,
): void {
  const suite = chromiumAvailable() ? describe : describe.skip;
  suite(name, () => {
    const site = {} as { servers: Servers; browser: Browser };
    beforeAll(async () => {
      const settings = typeof options === 'function' ? await options() : options;
      [site.servers, site.browser] = await Promise.all([Servers.start({ pages: true, ...settings }), Browser.start()]);
    });
    beforeEach(() => site.browser.beginTest());
    afterEach(async () => {
      await site.browser.endTest();
      expect(site.browser.complaints.splice(0)).toEqual([]);
    });
    afterAll(async () => {
      await site.browser[Symbol.asyncDispose]();
      await site.servers[Symbol.asyncDispose]();
    });
    define(site);
  });
}

/** Colours that are on their way to others are neither: two frames later, and when what has an end has ended, they are there. */
const drawn = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))).then(() => Promise.allSettled(
  document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map(({ finished }) => finished)))`;

/** What axe-core finds on a page as it stands, a line each; empty where all is well. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Through the debugger: the page's own policy lets no script in that it does not bring.
  const session = await page.context().newCDPSession(page);
  const { result } = await session.send('Runtime.evaluate', {
    expression: `${axeScript}; ${drawn}.then(() => axe.run({ runOnly: ${JSON.stringify(axeTags)} }))
      .then(({ violations }) => violations)`,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  const violations: readonly Violation[] = result.value;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}

/** The same of an open page in both themes. Chromium takes over the colours of the other one piece by piece. */
export async function faultsInBothThemes(page: Page): Promise<string[]> {
  const faults: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    let found: string[] = [];
    const isClean = async () => {
      found = await accessibilityFaults(page);
      return found.length === 0;
    };
    await until(isClean, 'a page without faults').catch(() => faults.push(...found));
  }
  return faults;
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}
