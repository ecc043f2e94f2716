import type { Words } from './words.ts';

/** The names of what the page needs, below the base path: the worker has them with it, no server is asked. */
export const STYLE = 'offline-page.css';
export const SCRIPT = 'offline-page.js';

/** What is shown where a page of ours cannot be fetched: what is so, and the same page as soon as it can be. */
export function offlinePage({ language, direction, productName, texts }: Words, basePath: string, isOnline: boolean) {
  const { title, text } = isOnline ? texts.unreachable : texts.offline;
  return `<!doctype html>
<html lang="${html(language)}" dir="${direction}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${html(`${title} · ${productName}`)}</title>
    <link rel="stylesheet" href="${basePath}/${STYLE}" />
    <script src="${basePath}/${SCRIPT}" defer></script>
  </head>
  <body>
    <main>
      <p class="name">${html(productName)}</p>
      <h1>${html(title)}</h1>
      <p>${html(text)}</p>
      <p><a href="">${html(texts.tryAgain)}</a></p>
    </main>
  </body>
</html>
`;
}

function html(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

/** As ui/theme.css has it. */
export const style = `
:root { color-scheme: light dark; }
* { box-sizing: border-box; margin: 0; }
body {
  display: grid; place-content: center; min-height: 100dvh; padding: 1.5rem;
  background: light-dark(#f4f6f6, #121618); color: light-dark(#182022, #e6ebec); font: 1rem / 1.5 system-ui, sans-serif;
}
main { display: grid; gap: 0.75rem; max-width: 26rem; }
h1 { font-size: 1.75rem; font-weight: 650; line-height: 1.25; text-wrap: balance; }
.name { color: light-dark(#566365, #a0adb1); font-weight: 600; }
a {
  display: inline-block; margin-top: 0.5rem; padding: 0.625rem 1.125rem; border-radius: 0.5rem; text-decoration: none; font-weight: 600;
  background: light-dark(#0b6b5d, #62cdb9); color: light-dark(#fff, #06231e);
}
a:focus-visible { outline: 2px solid light-dark(#0b6b5d, #62cdb9); outline-offset: 2px; }
`;

const ASK_AGAIN_MS = 5_000;

/** The page that was asked for comes by itself, once its server answers. */
export const script = `
const ask = () => fetch(location.href, { method: 'HEAD', cache: 'no-store' }).then(() => location.reload(), () => {});
addEventListener('online', ask);
setInterval(() => document.visibilityState === 'visible' && ask(), ${ASK_AGAIN_MS});
`;
