import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { CreateSupportReportDocument } from '../api/operations.ts';
import { useFaultText } from '../api/use-fault-text.ts';
import { Button } from '../ui/button.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { useSubmission } from '../ui/use-submission.ts';
import styles from './support-report.module.css';

/** Makes the report that a person sends to support, shows it, and copies it. */
export function SupportReport({ challengeToken = null }: { readonly challengeToken?: string | null }) {
  const { t } = useTranslation();
  const faultText = useFaultText();
  const [{ data, error }, create] = useMutation(CreateSupportReportDocument);
  const { isPending, submit } = useSubmission(() => create({ challengeToken }));
  const report = data?.createSupportReport;
  return (
    <div className={styles.report}>
      <p>{t('report.lead')}</p>
      {report ? (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls takes the focus, so that keys can scroll it */}
          <section className={styles.text} tabIndex={0} aria-label={t('report.title')}>
            <pre>{report.text}</pre>
          </section>
          <div>
            <CopyButton isSmall text={report.text} label={t('report.copy')} />
          </div>
        </>
      ) : (
        <div>
          <Button isSmall isPending={isPending} onPress={() => submit()}>
            {t('report.create')}
          </Button>
        </div>
      )}
      {error && <p role="alert">{faultText(error)}</p>}
    </div>
  );
}
