// Pictures of the web client for the README, taken from a server that runs (npm start) and shows its inbox:
//   npm run screenshots [-- URL]
// Every page in both themes goes to docs/images/pages (not committed), the README's own to docs/images. Needs Chromium,
// and for the moving one ImageMagick (convert).

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const url = process.argv[2] ?? process.env.DOORSTEP_URL ?? 'http://localhost:4000';
const images = path.join(import.meta.dirname, '..', 'docs', 'images');
const pagesFolder = path.join(images, 'pages');
const framesFolder = path.join(images, 'frames');
const password = 'quartz-lantern-92-orbit';
const email = `ada-${Date.now().toString(36)}@example.com`;

const laptopScreen = { viewport: { width: 1280, height: 800 } };
const phoneScreen = { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

for (const folder of [pagesFolder, framesFolder]) mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});

async function device(options) {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  return context.newPage();
}

/** The code in the newest mail that has one and came after `count` others. */
async function mailedCode(count) {
  for (;;) {
    const mails = await (await fetch(`${url}/inbox/mails`)).json();
    const codes = mails.filter(({ envelope, code }) => code && envelope.to.includes(email));
    if (codes.length > count) return codes[0].code;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function enterPassword(page) {
  await page.goto(url);
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel(/^Code/).waitFor();
}

/** A page in both themes, with all of it below the fold. */
async function shoot(page, name, folder = pagesFolder) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(400);
    await page.screenshot({ path: path.join(folder, `${name}-${colorScheme}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

const phone = await device(phoneScreen);
await phone.goto(url);
await phone.getByRole('heading', { level: 1 }).first().waitFor();
await shoot(phone, 'sign-in-phone');
await phone.goto(`${url}/sign-up`);
await phone.getByLabel('Email address').fill(email);
await phone.getByLabel('Password', { exact: true }).fill(password);
await phone.getByText('Very strong').waitFor();
await shoot(phone, 'sign-up-phone');
await phone.getByRole('button', { name: 'Create account' }).click();
await phone.getByLabel(/^Code/).waitFor();
await shoot(phone, 'code-by-mail-phone');
await phone.getByLabel(/^Code/).fill(await mailedCode(0));
await phone.waitForURL('**/account');
await phone.getByRole('button', { name: 'Turn on two-step verification' }).click();
await phone.getByRole('button', { name: 'Send code' }).click();
await phone.getByLabel(/^Code/).fill(await mailedCode(1));
await phone.getByRole('button', { name: 'Done' }).click();
await shoot(phone, 'overview-phone');

const laptop = await device(laptopScreen);
await laptop.goto(url);
await laptop.getByRole('heading', { level: 1 }).first().waitFor();
await shoot(laptop, 'sign-in');
await enterPassword(laptop);
const prompt = phone.getByRole('alertdialog');
await prompt.waitFor();
await shoot(laptop, 'code');
await shoot(phone, 'prompt-phone');
const code = (await prompt.getByRole('status').first().textContent()).replace(/\D/g, '');
await laptop.getByLabel(/^Code/).fill(code);
await laptop.waitForURL('**/account');

const tablet = await device(laptopScreen);
await enterPassword(tablet);
await laptop.getByRole('alertdialog').waitFor();
await shoot(laptop, 'prompt');
await laptop.getByRole('button', { name: 'This was not me' }).click();
await tablet.getByText('Blocked on a trusted device').first().waitFor();
await shoot(tablet, 'refused');
await laptop.getByRole('alertdialog', { name: 'Sign-in blocked' }).waitFor();
await shoot(laptop, 'not-me');
await laptop.getByRole('alertdialog').getByRole('button', { name: 'Later' }).click();

for (const name of ['', 'devices', 'activity', 'password', 'support']) {
  for (const [page, suffix] of [
    [laptop, ''],
    [phone, '-phone'],
  ]) {
    await page.goto(`${url}/account/${name}`.replace(/\/$/, ''));
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await shoot(page, `${name || 'overview'}${suffix}`);
  }
}
for (const name of ['about', 'reset-password', 'inbox']) {
  await tablet.goto(`${url}/${name}`);
  await tablet.getByRole('heading', { level: 1 }).first().waitFor();
  await shoot(tablet, name);
}

// The README's own: the activity and the devices as they are, and the live code as it comes.
await laptop.goto(`${url}/account/devices`);
await laptop.getByRole('heading', { name: 'Trusted devices' }).waitFor();
await laptop.screenshot({ path: path.join(images, 'devices.png') });
await recordLiveCode();
await browser.close();

/** Phone and laptop side by side on one page, a picture for each step. */
async function recordLiveCode() {
  const asking = await device({ viewport: { width: 760, height: 720 } });
  const stage = [];
  const take = async (milliseconds) => {
    const nth = String(stage.length).padStart(2, '0');
    const [left, right] = ['asking', 'phone'].map((who) => path.join(framesFolder, `${nth}-${who}.png`));
    await asking.screenshot({ path: left });
    await phone.screenshot({ path: right });
    stage.push({ left, right, milliseconds });
  };
  await asking.goto(url);
  await asking.getByLabel('Email address').fill(email);
  await asking.getByLabel('Password', { exact: true }).fill(password);
  await take(1500);
  await asking.getByRole('button', { name: 'Sign in' }).click();
  await phone.getByRole('alertdialog').waitFor();
  await asking.getByText('Shown on').waitFor();
  await phone.waitForTimeout(400);
  await take(2500);
  const digits = (await phone.getByRole('alertdialog').getByRole('status').first().textContent()).replace(/\D/g, '');
  for (const length of [2, 4, 5]) {
    await asking.getByLabel(/^Code/).fill(digits.slice(0, length));
    await take(350);
  }
  await asking.getByLabel(/^Code/).fill(digits);
  await asking.waitForURL('**/account');
  await phone.getByRole('alertdialog').waitFor({ state: 'detached' });
  await asking.waitForTimeout(600);
  await take(3000);
  const frames = stage.flatMap(({ left, right, milliseconds }) => [
    ...['(', '(', left, '-resize', 'x560', ')', '(', right, '-resize', 'x560', ')'],
    ...['-background', '#dde3e3', '+smush', '24', '-set', 'delay', String(milliseconds / 10), ')'],
  ]);
  const target = path.join(images, 'live-code.gif');
  execFileSync('convert', [...frames, '+dither', '-colors', '96', '-layers', 'optimize', '-loop', '0', target]);
  rmSync(framesFolder, { recursive: true });
}
