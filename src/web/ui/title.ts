import { useEffect } from 'react';

let page = '';
let notice: string | null = null;

function write(): void {
  document.title = `${notice ?? page} · Doorstep`;
}

/** Names the tab after the page that it shows. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    page = title;
    write();
  }, [title]);
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
