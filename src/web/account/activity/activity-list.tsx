import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useViewer } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Segments } from '../../ui/segments.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { ActivityItem } from './activity-item.tsx';
import styles from './activity-list.module.css';
import { byDay } from './days.ts';
import { type Happening, happeningsOf } from './happenings.ts';
import { type ActivityKind, typesOf } from './kinds.ts';
import { mayBeAnothers, NotMeDialog } from './not-me-dialog.tsx';
import { useActivity } from './use-activity.ts';
import { useActivitySentence } from './use-activity-sentence.ts';
import { useIsFromNewCountry } from './use-latest-activity.ts';

const filters = ['all', 'signIns', 'refused', 'changes'] as const;
type Filter = (typeof filters)[number];

/** What happened at the account's door, as it happens. */
export function ActivityCard() {
  const { t } = useTranslation('account');
  const [filter, setFilter] = useState<Filter>('all');
  return (
    <Card title={t('activity.list.title')} lead={t('activity.list.lead')}>
      <div>
        <Segments
          label={t('activity.list.filter')}
          options={filters.map((value) => ({ value, text: t(`activity.filter.${value}`) }))}
          value={filter}
          onChange={setFilter}
        />
      </div>
      <Entries key={filter} kind={filter === 'all' ? null : filter} />
    </Card>
  );
}

function Entries({ kind }: { readonly kind: ActivityKind | null }) {
  const { t, i18n } = useTranslation(['account', 'common']);
  const types = useMemo(() => kind && typesOf(kind), [kind]);
  const { pages, fault, isLoading, latest, more, refresh } = useActivity(types);
  const sentence = useActivitySentence();
  const { currentDevice } = useViewer();
  const isFromNewCountry = useIsFromNewCountry();
  const [disowned, disown] = useState<Happening | null>(null);
  const end = useRef<HTMLParagraphElement>(null);
  const wasAsked = useRef(false);

  // The button goes with the last page: the focus stays where it was.
  const isComplete = pages?.next === null;
  useEffect(() => {
    if (isComplete && wasAsked.current) end.current?.focus();
  }, [isComplete]);
  const readOn = () => {
    wasAsked.current = true;
    more();
  };

  return (
    <>
      <p className="visually-hidden" role="status">
        {latest && sentence(latest)}
      </p>
      {!pages && !fault && <Waiting />}
      {pages?.entries.length === 0 && <p className={styles.none}>{t(`activity.none.${kind ?? 'all'}`)}</p>}
      {byDay(happeningsOf(pages?.entries ?? []), i18n.language).map(({ name, entries }) => (
        <section key={name}>
          <h3 className={styles.day}>{name}</h3>
          <ul className={styles.list}>
            {entries.map((happening) => (
              <ActivityItem
                key={happening.id}
                happening={happening}
                isFromNewCountry={isFromNewCountry(happening)}
                onNotMe={mayBeAnothers(happening, currentDevice.id) ? () => disown(happening) : undefined}
              />
            ))}
          </ul>
        </section>
      ))}
      {fault && (
        <Notice look="alarm" title={fault}>
          <Button onPress={refresh}>{t('tryAgain', { ns: 'common' })}</Button>
        </Notice>
      )}
      {pages?.next && (
        <div>
          <Button isPending={isLoading} onPress={readOn}>
            {t('activity.list.more')}
          </Button>
        </div>
      )}
      {pages && pages.entries.length > 0 && isComplete && (
        <p ref={end} tabIndex={-1} className={styles.end}>
          {t('activity.list.end')}
        </p>
      )}
      <NotMeDialog happening={disowned} onClose={() => disown(null)} />
    </>
  );
}
