/** Who are you: with a click on a server in development, else with a token of the app's. */
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { isLanguage, TRANSLATIONS } from "../i18n/i18n.ts";
import { Avatar } from "../shared/avatar.tsx";
import { preferences } from "../shared/preferences.ts";
import { Problem } from "../shared/problem.tsx";
import ui from "../shared/ui.module.css";
import { hasDevelopmentTokens, type Identity, userOf } from "./session.ts";
import styles from "./sign-in.module.css";

const READY_MADE = ["alice", "bob"];

interface SignInProps {
  /** Whether it is being tried now. */
  readonly busy: boolean;
  readonly problem: string | null;
  readonly onSignIn: (identity: Identity) => void;
}

export function SignIn({ busy, problem, onSignIn }: SignInProps) {
  const { t, i18n } = useTranslation();
  const [name, setName] = useState("");
  const [token, setToken] = useState("");
  const [noToken, setNoToken] = useState(false);
  const inDevelopment = hasDevelopmentTokens();

  const asOther = (event: FormEvent) => {
    event.preventDefault();
    onSignIn({ by: "development", user: name.trim() });
  };
  const withToken = (event: FormEvent) => {
    event.preventDefault();
    const pasted = token.trim().replace(/^(Authorization:\s*)?Bearer\s+/i, "");
    const user = userOf(pasted);
    setNoToken(user === null);
    if (user !== null) onSignIn({ by: "token", user, token: pasted });
  };

  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <h1>{t("signIn.title")}</h1>
        {inDevelopment && (
          <>
            <p className={ui.hint}>{t("signIn.development")}</p>
            <div className={styles.people}>
              {READY_MADE.map((user) => (
                <button
                  key={user}
                  type="button"
                  className={styles.person}
                  disabled={busy}
                  onClick={() => onSignIn({ by: "development", user })}
                >
                  <Avatar of={{ id: user, nickname: null, avatarUrl: null }} />
                  <span>{t("signIn.as", { name: user })}</span>
                </button>
              ))}
            </div>
            <form className={styles.line} onSubmit={asOther}>
              <label className={ui.field}>
                {t("signIn.other")}
                <input
                  value={name}
                  required
                  maxLength={128}
                  pattern="[A-Za-z0-9_.@+\|\-]+"
                  placeholder={t("signIn.otherHint")}
                  autoCapitalize="none"
                  autoComplete="off"
                  spellCheck={false}
                  onChange={(event) => setName(event.target.value)}
                />
              </label>
              <button type="submit" className={ui.button} disabled={busy}>
                {t("signIn.go")}
              </button>
            </form>
          </>
        )}
        <details className={styles.token} open={!inDevelopment}>
          <summary>{t("signIn.paste")}</summary>
          <form className={ui.form} onSubmit={withToken}>
            <label className={ui.field}>
              <span className={ui.hint}>{t("signIn.pasteHint")}</span>
              <textarea
                rows={4}
                value={token}
                required
                spellCheck={false}
                autoComplete="off"
                aria-label={t("signIn.paste")}
                onChange={(event) => setToken(event.target.value)}
              />
            </label>
            <Problem reason={noToken ? t("signIn.notAToken") : null} />
            <button type="submit" className={`${ui.button} ${ui.primary}`} disabled={busy}>
              {t("signIn.go")}
            </button>
          </form>
        </details>
        <p className={styles.state} role="status">
          {busy ? t("signIn.busy") : ""}
        </p>
        <Problem reason={problem === null || busy ? null : t("signIn.failed", { reason: problem })} />
        <div className={styles.languages}>
          {Object.entries(TRANSLATIONS).map(([language, { languageName }]) => (
            <button
              key={language}
              type="button"
              lang={language}
              aria-pressed={i18n.language === language}
              onClick={() => isLanguage(language) && preferences.change({ language })}
            >
              {languageName}
            </button>
          ))}
        </div>
      </div>
    </main>
  );
}
