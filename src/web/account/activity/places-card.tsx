import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFaultText } from '../../api/use-fault-text.ts';
import { BrokenPage, fetched, Mishap } from '../../frame/mishap.tsx';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { Badge } from '../badge.tsx';
import { type PlaceCount, placesOf } from './places.ts';
import styles from './places-card.module.css';
import { useLatestActivity } from './use-latest-activity.ts';

// The outlines of the world weigh more than the page: fetched when somebody wants to see them.
const PlacesMap = fetched(() => import('./places-map.tsx'));

/** Where sign-ins came from: a map once it is asked for, and a list of the same. Not there where no place is known. */
export function PlacesCard() {
  const { t } = useTranslation('account');
  const faultText = useFaultText();
  const [isOpen, open] = useState(false);
  const { entries, error } = useLatestActivity();
  const places = entries && placesOf(entries);
  if (places?.length === 0 || (!places && !error)) return null;
  return (
    <Card
      title={t('activity.places.title')}
      lead={t('activity.places.lead')}
      aside={
        <Button isSmall aria-expanded={isOpen} onPress={() => open(!isOpen)}>
          {t(isOpen ? 'activity.places.hide' : 'activity.places.show')}
        </Button>
      }
    >
      {isOpen && error && !places && (
        <Notice look="alarm">
          <p>{faultText(error)}</p>
        </Notice>
      )}
      {isOpen && places && <Places places={places} />}
    </Card>
  );
}

function Places({ places }: { readonly places: readonly PlaceCount[] }) {
  const { t } = useTranslation('account');
  return (
    <>
      <Mishap instead={<BrokenPage />}>
        <Suspense fallback={<Waiting />}>
          <PlacesMap places={places} title={t('activity.places.mapTitle', { count: places.length })} />
        </Suspense>
      </Mishap>
      <ul className={styles.list} aria-label={t('activity.places.list')}>
        {places.map((place) => (
          <li key={`${place.label} ${place.latitude} ${place.longitude}`} className={styles.place}>
            <span className={styles.label}>{place.label}</span>
            {place.refused > 0 && <Badge look="alarm">{t('activity.places.refused', { count: place.refused })}</Badge>}
            <span className={styles.count}>{t('activity.places.times', { count: place.count })}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
