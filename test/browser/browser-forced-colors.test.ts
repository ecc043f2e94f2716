import { beforeAll, expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { describeInBrowser, screens } from '../support/browser.js';
import type { Owner } from '../support/handset.js';
import { enterPassword, signedIn, typeCode } from '../support/pages.js';

/** The contrast by which a state has to be seen: WCAG 2.2, 1.4.11. */
const SEEN = 3;

describeInBrowser('where the system chooses the colours,', {}, (site) => {
  let blank: Page;
  beforeAll(async () => {
    blank = await site.browser.open('about:blank');
  });

  async function entering(owner: Owner, colorScheme: 'light' | 'dark'): Promise<Page> {
    const page = await site.browser.open(site.servers.client().url, {
      ...screens.laptop,
      forcedColors: 'active',
      colorScheme,
    });
    await enterPassword(page, owner);
    return page;
  }

  /** The strongest contrast between two pictures, over pixels at the same place. */
  const contrast = (one: Picture, other: Picture) =>
    blank.evaluate<number>(`(async () => {
      const pixels = async (picture) => {
        const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + picture)).blob());
        const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
        canvas.drawImage(image, 0, 0);
        return canvas.getImageData(0, 0, image.width, image.height).data;
      };
      const light = (value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
      const luminance = (data, at) =>
        0.2126 * light(data[at]) + 0.7152 * light(data[at + 1]) + 0.0722 * light(data[at + 2]);
      const [a, b] = await Promise.all([${JSON.stringify(one)}, ${JSON.stringify(other)}].map(pixels));
      let strongest = 1;
      for (let at = 0; at < a.length; at += 4) {
        const [low, high] = [luminance(a, at), luminance(b, at)].sort((x, y) => x - y);
        strongest = Math.max(strongest, (high + 0.05) / (low + 0.05));
      }
      return strongest;
    })()`);

  test.each(['light', 'dark'] as const)('what is on or chosen looks other than what is not, in %s', async (scheme) => {
    const phone = await site.servers.trusted();
    const page = await entering(phone.owner, scheme);
    const box = page.locator('[class*=checkbox] [class*=box]');
    const ticked = await look(box);
    await page.getByText('Trust this device').click();
    const seen: Record<string, number> = { checkbox: await contrast(ticked, await look(box)) };
    await page.getByText('Trust this device').click();
    await typeCode(page, (await phone.viewer())?.loginRequests[0]?.code ?? '');
    await signedIn(page);

    const without = await entering((await site.servers.signedUp()).owner, scheme);
    await signedIn(without);
    const track = (one: Page) => look(one.locator('[class*=track]'));
    seen.switch = await contrast(await track(page), await track(without));

    await page.getByRole('link', { name: 'Activity', exact: true }).click();
    for (const name of ['90 days', 'Blocked']) {
      const segment = page.getByRole('radio', { name });
      const before = await look(segment);
      await segment.click();
      seen[name] = await contrast(before, await look(segment));
    }
    const legend = page.locator('[class*=legend] [aria-hidden]');
    seen.legend = await contrast(await look(legend.first()), await look(legend.last()));

    await page.getByRole('link', { name: 'Devices', exact: true }).click();
    const links = page.getByRole('navigation').getByRole('link');
    seen.here = await contrast(await edge(links.getByText('Devices')), await edge(links.getByText('Password')));
    seen.online = await contrast(await dot(page.getByText('Online now')), await dot(page.getByRole('main')));
    expect(Object.entries(seen).filter(([, strength]) => strength < SEEN)).toEqual([]);
  });
});

/** PNG, in base64. */
type Picture = string;

/** How a part of a page looks while nothing points at it. */
function look(part: Locator): Promise<Picture> {
  return picture(part, (box) => box);
}

/** Its upper edge, where no letter reaches. */
function edge(part: Locator): Promise<Picture> {
  return picture(part, ({ x, y }) => ({ x: x + 8, y: y + 1, width: 16, height: 2 }));
}

/** The room of a dot in front of it. */
function dot(part: Locator): Promise<Picture> {
  return picture(part, ({ x, y }) => ({ x, y, width: 8, height: 20 }));
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

async function picture(part: Locator, cut: (box: Box) => Box): Promise<Picture> {
  const page = part.page();
  await part.scrollIntoViewIfNeeded();
  await page.mouse.move(0, 0);
  const box = await part.boundingBox();
  if (!box) throw new Error('a part that is looked at is not shown');
  return (await page.screenshot({ clip: cut(box), animations: 'disabled' })).toString('base64');
}
