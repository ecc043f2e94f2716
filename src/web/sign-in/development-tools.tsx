import { useTranslation } from 'react-i18next';
import styles from './development-tools.module.css';

const known = { '/inbox': 'tools.inbox', '/playground': 'tools.playground' } as const;

/** Where a developer finds what this server has beside the client; it names them on its own machine alone. */
export function DevelopmentTools() {
  const { t } = useTranslation('signIn');
  const named = document.querySelector<HTMLMetaElement>('meta[name="development-tools"]')?.content.split(' ') ?? [];
  const tools = named.filter((path): path is keyof typeof known => path in known);
  if (tools.length === 0) return null;
  return (
    <p className={styles.tools}>
      {t('tools.lead')}
      {tools.map((path) => (
        <a key={path} href={path}>
          {t(known[path])}
        </a>
      ))}
    </p>
  );
}
