import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useStore } from '../api/store.ts';
import { choose, type Language, languages } from '../i18n/i18n.ts';
import { useSession } from '../session/session.tsx';
import { useProductName } from '../session/use-product-name.ts';
import styles from './frame.module.css';
import { useIsOnline } from './use-is-online.ts';

/** What stands around every page: the name, how the line to the server stands, the language. */
export function Frame({ children }: { readonly children: ReactNode }) {
  const { t, i18n } = useTranslation();
  const { isLoading } = useSession();
  const productName = useProductName();
  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#content">
        {t('skip')}
      </a>
      <header className={styles.header}>
        <Link href="/" className={styles.name}>
          <Mark />
          <span>{productName}</span>
        </Link>
        <LineNote />
      </header>
      <main id="content" tabIndex={-1} className={styles.main}>
        {children}
      </main>
      <footer className={isLoading ? `${styles.footer} ${styles.waiting}` : styles.footer}>
        <Link href="/about">{t('footer.about')}</Link>
        <label className={styles.language}>
          <span className="visually-hidden">{t('footer.language')}</span>
          <select value={i18n.language} onChange={({ target }) => void choose(target.value as Language)}>
            {Object.entries(languages).map(([code, name]) => (
              <option key={code} value={code} lang={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </footer>
    </div>
  );
}

/** Says so while what is shown may be old. */
function LineNote() {
  const { api } = useSession();
  const { t } = useTranslation();
  const line = useStore(api.line);
  const isOnline = useIsOnline();
  return (
    <p className={styles.line} role="status">
      {!isOnline ? t('line.offline') : line === 'lost' && t('line.lost')}
    </p>
  );
}

/** A door that stands open, on its step. */
function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" className={styles.mark}>
      <path d="M8 27V11a8 8 0 0 1 16 0v16M4 27h24" />
      <circle cx="19.5" cy="18.5" r="1.6" />
    </svg>
  );
}
