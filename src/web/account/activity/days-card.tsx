import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { ActivityByDayDocument, type ActivityByDayQuery } from '../../api/operations.ts';
import { useFaultText } from '../../api/use-fault-text.ts';
import { Card } from '../../ui/card.tsx';
import { Details } from '../../ui/details.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Segments } from '../../ui/segments.tsx';
import styles from './days-card.module.css';
import { DaysChart } from './days-chart.tsx';

/** The counts of one day, at 00:00 UTC. */
export type ActivityDay = NonNullable<ActivityByDayQuery['viewer']>['loginActivityByDay'][number];

const spans = ['30', '90'] as const;

/** Sign-ins and refusals over time: drawn, summed up, and as a table. */
export function DaysCard() {
  const { t } = useTranslation('account');
  const faultText = useFaultText();
  const [span, setSpan] = useState<(typeof spans)[number]>('30');
  const [{ data, error }] = useQuery({ query: ActivityByDayDocument, variables: { days: Number(span) } });
  const days = data?.viewer?.loginActivityByDay ?? null;
  return (
    <Card
      title={t('activity.days.title')}
      aside={
        <Segments
          label={t('activity.days.span')}
          options={spans.map((value) => ({ value, text: t('activity.days.lastDays', { count: Number(value) }) }))}
          value={span}
          onChange={setSpan}
        />
      }
    >
      {error && !data && (
        <Notice look="alarm">
          <p>{faultText(error)}</p>
        </Notice>
      )}
      {days ? <Days days={days} /> : <div className={styles.waiting} />}
    </Card>
  );
}

function Days({ days }: { readonly days: readonly ActivityDay[] }) {
  const { t } = useTranslation('account');
  const signedIn = days.reduce((sum, day) => sum + day.signedIn, 0);
  const refused = days.reduce((sum, day) => sum + day.refused, 0);
  const summary = `${t('activity.days.signedIn', { count: signedIn })}, ${t('activity.days.refused', { count: refused })}`;
  return (
    <div className={styles.days}>
      <ul className={styles.legend}>
        <li>
          <span className={styles.signedIn} aria-hidden="true" />
          <span>{t('activity.days.signedIn', { count: signedIn })}</span>
        </li>
        <li>
          <span className={styles.refused} aria-hidden="true" />
          <span>{t('activity.days.refused', { count: refused })}</span>
        </li>
      </ul>
      <DaysChart days={days} title={t('activity.days.title')} description={summary} />
      <Table days={days} />
    </div>
  );
}

function Table({ days }: { readonly days: readonly ActivityDay[] }) {
  const { t, i18n } = useTranslation('account');
  const id = useId();
  const format = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeZone: 'UTC' });
  const busy = days.filter(({ signedIn, refused }) => signedIn + refused > 0).reverse();
  return (
    <Details summary={t('activity.days.asTable')}>
      <p id={id} className={styles.note}>
        {t(busy.length > 0 ? 'activity.days.utc' : 'activity.days.nothing')}
      </p>
      {busy.length > 0 && (
        <table className={styles.table} aria-describedby={id}>
          <thead>
            <tr>
              <th scope="col">{t('activity.days.day')}</th>
              <th scope="col">{t('activity.days.signIns')}</th>
              <th scope="col">{t('activity.days.refusals')}</th>
            </tr>
          </thead>
          <tbody>
            {busy.map(({ day, signedIn, refused }) => (
              <tr key={day}>
                <th scope="row">{format.format(new Date(day))}</th>
                <td>{signedIn}</td>
                <td>{refused}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Details>
  );
}
