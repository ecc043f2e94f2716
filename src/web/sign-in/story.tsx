import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { DevelopmentTools } from './development-tools.tsx';
import { Scene } from './scene.tsx';
import styles from './story.module.css';

const facts = ['live', 'notMe'] as const;

/** What two-step verification does for whoever signs in. */
export function Story() {
  const { t } = useTranslation('signIn');
  const id = useId();
  return (
    <section className={styles.story} aria-labelledby={id}>
      <Scene />
      <header>
        <h2 id={id}>{t('story.title')}</h2>
        <p>{t('story.lead')}</p>
      </header>
      <ul>
        {facts.map((fact) => (
          <li key={fact}>
            <h3>{t(`story.${fact}.title`)}</h3>
            <p>{t(`story.${fact}.text`)}</p>
          </li>
        ))}
      </ul>
      <DevelopmentTools />
    </section>
  );
}
