import { useTranslation } from 'react-i18next';
import { Page } from '../page.tsx';
import { ActivityCard } from './activity-list.tsx';
import { DaysCard } from './days-card.tsx';
import { PlacesCard } from './places-card.tsx';

/** Login activity: over time, by place, and one by one. */
export default function Activity() {
  const { t } = useTranslation('account');
  return (
    <Page title={t('activity.title')} lead={t('activity.lead')}>
      <DaysCard />
      <PlacesCard />
      <ActivityCard />
    </Page>
  );
}
