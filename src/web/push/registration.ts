import { basePath } from '../api/base-path.ts';

/**
 * The service worker of these pages, which is fetched where it is not there yet.
 * @returns null where the browser has none or lets these pages have none
 */
export async function registerWorker(): Promise<ServiceWorkerRegistration | null> {
  // It is built with the pages; while they are worked on there is none.
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return null;
  try {
    return await navigator.serviceWorker.register(`${basePath}/service-worker.js`, { updateViaCache: 'none' });
  } catch {
    return null;
  }
}

/** The service worker that is there already; null where there is none. */
export async function registeredWorker(): Promise<ServiceWorkerRegistration | null> {
  if (!('serviceWorker' in navigator)) return null;
  try {
    return (await navigator.serviceWorker.getRegistration(`${basePath}/`)) ?? null;
  } catch {
    return null;
  }
}
