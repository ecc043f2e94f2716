import type { Platform } from '../../api/operations.ts';
import styles from './platform-icon.module.css';

const shapes: Record<Platform, 'phone' | 'computer' | 'browser' | 'other'> = {
  ANDROID: 'phone',
  IOS: 'phone',
  LINUX: 'computer',
  MACOS: 'computer',
  WINDOWS: 'computer',
  WEB: 'browser',
  OTHER: 'other',
};

/** What kind of device it is, drawn; its name says the same. */
export function PlatformIcon({ platform }: { readonly platform: Platform }) {
  return (
    <span className={styles.icon}>
      <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
        {drawings[shapes[platform]]}
      </svg>
    </span>
  );
}

const drawings = {
  phone: (
    <>
      <rect x="7" y="2.75" width="10" height="18.5" rx="2.25" />
      <path d="M10.75 18.25h2.5" />
    </>
  ),
  computer: (
    <>
      <rect x="4.25" y="4.75" width="15.5" height="11" rx="1.75" />
      <path d="M2.5 19.25h19" />
    </>
  ),
  browser: (
    <>
      <rect x="3.25" y="4.25" width="17.5" height="15.5" rx="2" />
      <path d="M3.25 8.75h17.5M6.25 6.5h.01M8.75 6.5h.01" />
    </>
  ),
  other: (
    <>
      <circle cx="12" cy="12" r="8.75" />
      <path d="M12 8v4.25l2.75 1.75" />
    </>
  ),
};
