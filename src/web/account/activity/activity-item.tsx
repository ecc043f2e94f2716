import { useTranslation } from 'react-i18next';
import type { ActivityFieldsFragment, ActivityType } from '../../api/operations.ts';
import { Button } from '../../ui/button.tsx';
import { Badge } from '../badge.tsx';
import styles from './activity-item.module.css';
import { ActivitySentence } from './activity-sentence.tsx';
import type { Happening } from './happenings.ts';
import { type ActivityKind, isMarkedBlocked, kindOf } from './kinds.ts';
import { useActivitySentence } from './use-activity-sentence.ts';

/** What is about a code; with the rest, how one came before says nothing. */
const tellsMethod: readonly ActivityType[] = ['SIGNED_IN', 'CODE_REQUESTED'];

export interface ActivityItemProps {
  readonly happening: Happening;
  readonly isFromNewCountry: boolean;
  /** Given where it may have been somebody else. */
  readonly onNotMe: (() => void) | undefined;
}

/** One thing that happened: what, where and when, with a mark on what is new or was blocked; its steps once it is opened. */
export function ActivityItem({ happening, isFromNewCountry, onNotMe }: ActivityItemProps) {
  const { t } = useTranslation('account');
  const timeOf = useTimeOf();
  const sentence = useActivitySentence();
  const { head, steps, isNewDevice, failures } = happening;
  const kind = kindOf(head.type);
  return (
    <li className={styles.entry}>
      <KindIcon kind={kind} />
      <div className={styles.about}>
        <details>
          <summary className={styles.summary}>
            <span className={styles.sentence}>
              <ActivitySentence entry={head} />{' '}
              {isMarkedBlocked(head.type) && <Badge look="alarm">{t('activity.mark.refused')}</Badge>}
              {isNewDevice && <Badge look="warn">{t('activity.mark.newDevice')}</Badge>}
              {isFromNewCountry && <Badge look="warn">{t('activity.mark.newCountry')}</Badge>}
              {failures > 0 && <Badge look="quiet">{t('activity.mark.wrong', { count: failures })}</Badge>}
              {head.count > 1 && <Badge look="quiet">{t('activity.mark.times', { count: head.count })}</Badge>}
            </span>
            <span className={styles.detail}>
              <time dateTime={head.occurredAt}>{timeOf(head)}</time> · <span>{head.location.label}</span>
            </span>
            <svg className={styles.arrow} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
              <path d="M6 3.5 10.5 8 6 12.5" />
            </svg>
          </summary>
          <div className={styles.more}>
            {steps.length > 1 && <Steps steps={steps} />}
            <Facts entry={head} />
          </div>
        </details>
        {onNotMe && (
          <div className={styles.actions}>
            <Button
              look="plain"
              isSmall
              onPress={onNotMe}
              aria-label={t('activity.notMe.askNamed', { what: sentence(head) })}
            >
              {t('activity.notMe.ask')}
            </Button>
          </div>
        )}
      </div>
    </li>
  );
}

function Steps({ steps }: Pick<Happening, 'steps'>) {
  const { t } = useTranslation('account');
  const timeOf = useTimeOf();
  const textOf = ({ type, count }: ActivityFieldsFragment) =>
    t(`activity.step.${type}`) + (count > 1 ? ` (${t('activity.mark.times', { count })})` : '');
  return (
    <ol className={styles.steps}>
      {steps.map((step) => (
        <li key={step.id}>
          <time className={styles.time} dateTime={step.occurredAt}>
            {timeOf(step)}
          </time>
          <span>{textOf(step)}</span>
        </li>
      ))}
    </ol>
  );
}

function Facts({ entry }: { readonly entry: ActivityFieldsFragment }) {
  const { t } = useTranslation('account');
  return (
    <p className={styles.detail}>
      {entry.method && tellsMethod.includes(entry.type) && <span>{`${t(`activity.by.${entry.method}`)} · `}</span>}
      <span>{t(`platform.${entry.platform}`)}</span> · <bdi>{entry.ipAddress}</bdi>
    </p>
  );
}

function useTimeOf(): (entry: ActivityFieldsFragment) => string {
  const { i18n } = useTranslation();
  const format = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'short' });
  return ({ occurredAt }) => format.format(new Date(occurredAt));
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
