import { useTranslation } from 'react-i18next';
import { Page } from '../page.tsx';
import { ActivityCard } from './activity-list.tsx';
import { DaysCard } from './days-card.tsx';
import { PlacesCard } from './places-card.tsx';

/** Sign-in activity: one by one, over time, and by place. */
export default function Activity() {
  const { t } = useTranslation('account');
  return (
    <Page title={t('activity.title')} lead={t('activity.lead')}>
      <ActivityCard />
      <DaysCard />
      <PlacesCard />
    </Page>
  );
}
