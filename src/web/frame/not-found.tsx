import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Door } from '../sign-in/door.tsx';

/** An address that is no page. */
export function NotFound() {
  const { t } = useTranslation();
  return (
    <Door title={t('notFound.title')} lead={t('notFound.text')}>
      <Link href="/">{t('notFound.toStart')}</Link>
    </Door>
  );
}
