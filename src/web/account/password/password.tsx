import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { ChangePasswordDocument } from '../../api/operations.ts';
import { useFaultText } from '../../api/use-fault-text.ts';
import { NewPasswordField } from '../../passwords/new-password-field.tsx';
import { useViewer } from '../../session/session.tsx';
import { DoorForm } from '../../sign-in/door.tsx';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Checkbox } from '../../ui/checkbox.tsx';
import { Notice } from '../../ui/notice.tsx';
import { PasswordField } from '../../ui/text-field.tsx';
import { useSubmission } from '../../ui/use-submission.ts';
import { Page } from '../page.tsx';
import styles from './password.module.css';

/** Another password, with the one before. */
export function Password() {
  const { t } = useTranslation('account');
  return (
    <Page title={t('password.title')} lead={t('password.lead')}>
      <Card title={t('password.formTitle')}>
        <div className={styles.form}>
          <PasswordForm />
        </div>
      </Card>
    </Page>
  );
}

/** What was wrong with which field, or else. */
interface Faults {
  readonly current?: string;
  readonly advice?: readonly string[];
  readonly other?: string;
}

function PasswordForm() {
  const { t } = useTranslation('account');
  const { email } = useViewer();
  const faultText = useFaultText();
  const [, change] = useMutation(ChangePasswordDocument);
  const [currentPassword, setCurrentPassword] = useState('');
  const [newPassword, setNewPassword] = useState('');
  const [signOutOtherDevices, setSignOutOtherDevices] = useState(true);
  const [faults, setFaults] = useState<Faults>({});
  const [done, setDone] = useState<string | null>(null);
  const result = useRef<HTMLDivElement>(null);

  // The button is of no use again until there is another password: the focus goes to what was done.
  useEffect(() => {
    if (done) result.current?.focus();
  }, [done]);

  const { isPending, submit } = useSubmission(async () => {
    setFaults({});
    setDone(null);
    const { data, error } = await change({ currentPassword, newPassword, signOutOtherDevices });
    if (error) return setFaults({ other: faultText(error) });
    const outcome = data?.changePassword;
    switch (outcome?.__typename) {
      case 'WrongPassword':
        return setFaults({ current: outcome.message });
      case 'WeakPassword':
        return setFaults({ advice: [outcome.message, ...outcome.suggestions] });
      case 'PasswordChanged':
        setCurrentPassword('');
        setNewPassword('');
        return setDone(
          signOutOtherDevices ? t('sessionsEnded', { count: outcome.sessionsEnded }) : t('password.othersStay'),
        );
    }
  });

  return (
    <DoorForm onSubmit={() => submit()} faults={faults}>
      {/* Tells a password manager whose password it is. */}
      <input type="text" autoComplete="username" value={email} readOnly hidden />
      <PasswordField
        label={t('password.current')}
        autoComplete="current-password"
        value={currentPassword}
        onChange={setCurrentPassword}
        error={faults.current}
        isRequired
      />
      <NewPasswordField
        label={t('password.new')}
        value={newPassword}
        onChange={setNewPassword}
        words={[email]}
        advice={faults.advice ?? []}
      />
      <Checkbox
        isSelected={signOutOtherDevices}
        onChange={setSignOutOtherDevices}
        description={t('password.signOutMeans')}
      >
        {t('password.signOut')}
      </Checkbox>
      {faults.other && (
        <Notice look="alarm">
          <p>{faults.other}</p>
        </Notice>
      )}
      <div role="status">
        {done && (
          <div ref={result} tabIndex={-1} className={styles.done}>
            <p className={styles.doneTitle}>{t('password.done')}</p>
            <p>{done}</p>
          </div>
        )}
      </div>
      <div>
        <Button
          type="submit"
          look="primary"
          isPending={isPending}
          isDisabled={currentPassword === '' || newPassword === ''}
        >
          {t('password.submit')}
        </Button>
      </div>
    </DoorForm>
  );
}
