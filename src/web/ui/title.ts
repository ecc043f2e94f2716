import { useEffect } from 'react';
import { useProductName } from '../session/use-product-name.ts';

let product = '';
let page = '';
/** What waits in the tab, by whoever says so: the one that came last is read. */
const notices = new Map<symbol, string>();

function write(): void {
  document.title = `${[...notices.values()].at(-1) ?? page} · ${product}`;
}

/** Names the tab after the page that it shows. */
export function usePageTitle(title: string): void {
  const productName = useProductName();
  useEffect(() => {
    product = productName;
    page = title;
    write();
  }, [title, productName]);
}

/** Names the tab after what waits in it, before the page: it is read among other tabs. Null: nothing waits. */
export function useTitleNotice(text: string | null): void {
  useEffect(() => {
    if (text === null) return;
    const notice = Symbol(text);
    notices.set(notice, text);
    write();
    return () => {
      notices.delete(notice);
      write();
    };
  }, [text]);
}
