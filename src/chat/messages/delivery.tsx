/** How far an own message has come. */

import { useTranslation } from "react-i18next";
import type { MessageStatus } from "../../client/index.ts";
import { Check, CheckCheck, CircleAlert, Clock } from "../shared/icons.ts";
import styles from "./delivery.module.css";

const ICONS = {
  sending: Clock,
  failed: CircleAlert,
  sent: Check,
  delivered: CheckCheck,
  read: CheckCheck,
  received: null,
};

export function Delivery({ status }: { readonly status: MessageStatus }) {
  const { t } = useTranslation();
  const Icon = ICONS[status];
  if (Icon === null) return null;
  const label = t(`message.status.${status}`);
  return (
    <span className={styles.delivery} data-status={status} title={label}>
      <Icon size={16} strokeWidth={2.2} aria-hidden="true" />
      <span className="visually-hidden">{label}</span>
    </span>
  );
}
