import { useTranslation } from 'react-i18next';
import { useSettings } from '../../session/session.tsx';
import { useProductName } from '../../session/use-product-name.ts';
import { SupportReport } from '../../support/support-report.tsx';
import { Card } from '../../ui/card.tsx';
import { Page } from '../page.tsx';
import { SupportContact } from './support-contact.tsx';

/** What helps where codes do not come, whom to ask, and the report that support wants. */
export function Support() {
  const { t } = useTranslation('account');
  const { supportContact } = useSettings();
  const productName = useProductName();
  return (
    <Page title={t('support.title')} lead={t('support.lead')}>
      <Card title={t('support.codes.title')}>
        <ul>
          <li>{t('support.codes.app', { productName })}</li>
          <li>{t('support.codes.spam')}</li>
          <li>{t('support.codes.slow')}</li>
          <li>{t('support.codes.same')}</li>
        </ul>
      </Card>
      <Card title={t('support.report.title')}>
        {supportContact && (
          <p>
            <span>{t('support.report.contact')}</span> <SupportContact contact={supportContact} />
          </p>
        )}
        <SupportReport />
      </Card>
    </Page>
  );
}
