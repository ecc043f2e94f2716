import { useSession } from './session.tsx';

/** What the product calls itself: as the server says, until then as its document does. */
export function useProductName(): string {
  const { settings } = useSession();
  return settings?.productName ?? nameOfDocument();
}

function nameOfDocument(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="application-name"]')?.content ?? '';
}
