import { useTranslation } from 'react-i18next';
import { SupportReport } from '../../support/support-report.tsx';
import { Card } from '../../ui/card.tsx';
import { Page } from '../page.tsx';

/** What helps where codes do not come, and the report that support wants. */
export function Support() {
  const { t } = useTranslation('account');
  return (
    <Page title={t('support.title')} lead={t('support.lead')}>
      <Card title={t('support.codes.title')}>
        <ul>
          <li>{t('support.codes.app')}</li>
          <li>{t('support.codes.spam')}</li>
          <li>{t('support.codes.slow')}</li>
          <li>{t('support.codes.same')}</li>
        </ul>
      </Card>
      <Card title={t('support.report.title')}>
        <SupportReport />
      </Card>
    </Page>
  );
}
