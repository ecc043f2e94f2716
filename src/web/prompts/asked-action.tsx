import type { ConfirmationFieldsFragment } from '../api/operations.ts';
import styles from './confirmations.module.css';

/**
 * What a code stands for, word for word: each part by itself, in its own direction, so that none reaches into another, and
 * left alone by whoever translates the page.
 */
export function AskedAction({ action: { title, fields } }: Pick<ConfirmationFieldsFragment, 'action'>) {
  return (
    <div className={styles.asked} translate="no">
      <p className={styles.title} dir="auto">
        {title}
      </p>
      {fields.length > 0 && (
        <dl className={styles.fields}>
          {fields.map(({ label, value }, nth) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the fields of one action never change, and two may be the same
            <div key={nth} className={styles.field}>
              <dt dir="auto">{label}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
