import { useTranslation } from 'react-i18next';
import { basePath } from '../api/base-path.ts';
import styles from './development-tools.module.css';

const known = { '/inbox': 'tools.inbox', '/playground': 'tools.playground' } as const;
type Tool = keyof typeof known;

/** What a server names on its developer's own machine alone. */
function namedTools(): Tool[] {
  const named = document.querySelector<HTMLMetaElement>('meta[name="development-tools"]')?.content.split(' ') ?? [];
  return named.filter((path): path is Tool => path in known);
}

/** Where a developer finds what this server has beside the client. */
export function DevelopmentTools() {
  return <Tools paths={namedTools()} />;
}

/** Where a developer finds a mail that is waited for; in a tab of its own, since the code is typed in this one. */
export function DevelopmentInbox() {
  return <Tools paths={namedTools().filter((path) => path === '/inbox')} target="_blank" />;
}

function Tools({ paths, target }: { readonly paths: readonly Tool[]; readonly target?: '_blank' }) {
  const { t } = useTranslation('signIn');
  if (paths.length === 0) return null;
  return (
    <p className={styles.tools}>
      <span>{t('tools.lead')}</span>
      {paths.map((path) => (
        <a key={path} href={`${basePath}${path}`} target={target}>
          {t(known[path])}
        </a>
      ))}
    </p>
  );
}
