import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { SignOutDocument } from '../api/operations.ts';
import { useSession, useViewer } from '../session/session.tsx';
import { Button } from '../ui/button.tsx';
import styles from './account.module.css';

/** Account → Login security: everything that somebody who is signed in sees. */
export default function Account() {
  const { t } = useTranslation('account');
  const viewer = useViewer();
  const { leave } = useSession();
  const [{ fetching }, signOut] = useMutation(SignOutDocument);
  const goAway = () => leave(async () => !(await signOut({})).error);
  return (
    <div className={styles.account}>
      <header className={styles.head}>
        <div>
          <h1>{t('title')}</h1>
          <p className={styles.email}>{viewer.email}</p>
        </div>
        <Button isPending={fetching} onPress={() => void goAway()}>
          {t('signOut')}
        </Button>
      </header>
    </div>
  );
}
