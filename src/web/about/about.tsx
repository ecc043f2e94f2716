import { useTranslation } from 'react-i18next';
import { PageHeading } from '../ui/page-heading.tsx';
import styles from './about.module.css';

const truths = ['mailbox', 'reset', 'trusted', 'phishing', 'accepted', 'places'] as const;

/** What two-step verification does here, and what it does not. */
export function About() {
  const { t } = useTranslation('signIn');
  return (
    <article className={styles.about}>
      <PageHeading>{t('about.title')}</PageHeading>
      <p className={styles.lead}>{t('about.lead')}</p>
      <h2>{t('about.honest')}</h2>
      <dl>
        {truths.map((truth) => (
          <div key={truth}>
            <dt>{t(`about.${truth}.title`)}</dt>
            <dd>{t(`about.${truth}.text`)}</dd>
          </div>
        ))}
      </dl>
    </article>
  );
}
