import type { ReactNode } from 'react';
import { Checkbox as AriaCheckbox, type CheckboxProps as AriaProps } from 'react-aria-components';
import styles from './checkbox.module.css';

export interface CheckboxProps extends Omit<AriaProps, 'className' | 'style' | 'children'> {
  readonly children: ReactNode;
  readonly description?: string;
}

/** A box to tick, with what that means below it. */
export function Checkbox({ children, description, ...props }: CheckboxProps) {
  return (
    <AriaCheckbox {...props} className={styles.checkbox ?? ''}>
      <span className={styles.box}>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M3 8.5l3.2 3.2L13 5" />
        </svg>
      </span>
      <span>
        <span>{children}</span>
        {description && <span className={styles.description}>{description}</span>}
      </span>
    </AriaCheckbox>
  );
}
