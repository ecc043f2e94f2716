import { useTranslation } from 'react-i18next';
import type { ActivityFieldsFragment, ActivityType } from '../../api/operations.ts';
import { Badge } from '../badge.tsx';
import styles from './activity-item.module.css';
import { ActivitySentence } from './activity-sentence.tsx';
import { type ActivityKind, kindOf } from './kinds.ts';

/** What is about a code; with the rest, how one came before says nothing. */
const tellsMethod: readonly ActivityType[] = ['SIGNED_IN', 'CODE_REQUESTED', 'WRONG_CODE'];

/** One thing that happened: what, how, from where, when, with a mark on what is new or was refused. */
export function ActivityItem({ entry }: { readonly entry: ActivityFieldsFragment }) {
  const { t, i18n } = useTranslation('account');
  const kind = kindOf(entry.type);
  const time = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'short' }).format(new Date(entry.occurredAt));
  const method = tellsMethod.includes(entry.type) && entry.method;
  const about = [
    ...(method ? [t(`activity.by.${method}`)] : []),
    t(`platform.${entry.platform}`),
    entry.location.label,
  ];
  return (
    <li className={styles.entry}>
      <KindIcon kind={kind} />
      <div className={styles.about}>
        <p className={styles.sentence}>
          <ActivitySentence entry={entry} />{' '}
          {kind === 'refused' && <Badge look="alarm">{t('activity.mark.refused')}</Badge>}
          {entry.isNewDevice && <Badge look="warn">{t('activity.mark.newDevice')}</Badge>}
          {entry.isNewLocation && <Badge look="warn">{t('activity.mark.newCountry')}</Badge>}
          {entry.count > 1 && <Badge look="quiet">{t('activity.mark.times', { count: entry.count })}</Badge>}
        </p>
        <p className={styles.detail}>
          <span>{`${about.join(' · ')} ·`}</span> <bdi>{entry.ipAddress}</bdi>
        </p>
      </div>
      <time className={styles.time} dateTime={entry.occurredAt}>
        {time}
      </time>
    </li>
  );
}

function KindIcon({ kind }: { readonly kind: ActivityKind }) {
  return (
    <svg className={`${styles.icon} ${styles[kind]}`} viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      {drawings[kind]}
    </svg>
  );
}

const drawings: Record<ActivityKind, React.ReactNode> = {
  signIns: (
    <path d="M8.5 3.75h5.75a1.5 1.5 0 0 1 1.5 1.5v9.5a1.5 1.5 0 0 1-1.5 1.5H8.5M3.75 10h7.5M8.5 7.25L11.25 10 8.5 12.75" />
  ),
  refused: <path d="M10 2.75a7.25 7.25 0 1 0 0 14.5 7.25 7.25 0 0 0 0-14.5zM5 5l10 10" />,
  changes: <path d="M4 14.75V16h1.25l8.9-8.9-1.25-1.25L4 14.75zM12.1 4.5l1.15-1.15 3.4 3.4-1.15 1.15" />,
};
