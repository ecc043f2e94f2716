import { useEffect } from 'react';
import { useProductName } from '../session/use-product-name.ts';

let product = '';
let page = '';
let notice: string | null = null;

function write(): void {
  document.title = `${notice ?? page} · ${product}`;
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
    notice = text;
    write();
    return () => {
      notice = null;
      write();
    };
  }, [text]);
}
