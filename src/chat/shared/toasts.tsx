/** Short words at the bottom of the page: what went wrong, and what was done. */
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ParleyError } from "../../client/index.ts";
import styles from "./toasts.module.css";

/** Milliseconds that one stays. */
const STAYS = 6_000;

interface Toast {
  readonly id: number;
  readonly text: string;
}

interface Toasts {
  readonly say: (text: string) => void;
  /** Runs it, and says why where it fails. */
  readonly attempt: (work: () => Promise<unknown>, name?: string) => void;
}

const ToastContext = createContext<Toasts>({ say() {}, attempt() {} });

export function useToasts(): Toasts {
  return useContext(ToastContext);
}

/** Why something failed, in the user's language where the code is a known one. */
export function useReason(): (error: unknown, name?: string) => string {
  const { t, i18n } = useTranslation();
  return useCallback(
    (error, name = "") => {
      if (!(error instanceof ParleyError)) return error instanceof Error ? error.message : String(error);
      const key = `errors.${error.code}`;
      return i18n.exists(key) ? String(t(key as "errors.OFFLINE", { name })) : error.message;
    },
    [t, i18n],
  );
}

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const nextId = useRef(0);
  const reasonOf = useReason();
  const say = useCallback((text: string) => {
    nextId.current += 1;
    const toast = { id: nextId.current, text };
    setToasts((before) => [...before.filter((other) => other.text !== text).slice(-2), toast]);
    setTimeout(() => setToasts((before) => before.filter((other) => other !== toast)), STAYS);
  }, []);
  const value = useMemo<Toasts>(
    () => ({
      say,
      attempt: (work, name) => {
        work().catch((error: unknown) => say(reasonOf(error, name)));
      },
    }),
    [say, reasonOf],
  );
  return (
    <ToastContext value={value}>
      {children}
      <div className={styles.toasts} role="status">
        {toasts.map(({ id, text }) => (
          <p key={id} className={styles.toast}>
            {text}
          </p>
        ))}
      </div>
    </ToastContext>
  );
}
