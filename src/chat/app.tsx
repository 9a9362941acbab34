/** Signed in or not. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type Chat, login } from "../client/index.ts";
import { type Identity, keepIdentity, readIdentity, tokenFor } from "./session/session.ts";
import { SignIn } from "./session/sign-in.tsx";
import { ChatContext } from "./shared/chat-context.ts";
import { ToastProvider, useReason } from "./shared/toasts.tsx";
import { Shell } from "./shell/shell.tsx";

export function App() {
  return (
    <ToastProvider>
      <Gate />
    </ToastProvider>
  );
}

function Gate() {
  const [identity, setIdentity] = useState(readIdentity);
  const [chat, setChat] = useState<Chat | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const reasonOf = useReason();
  const explain = useRef(reasonOf);
  explain.current = reasonOf;

  useEffect(() => {
    if (identity === null) return;
    let gone = false;
    let opened: Chat | null = null;
    const enter = async () => {
      try {
        opened = await login({
          url: new URL("/graphql", location.href).href,
          user: identity.user,
          token: tokenFor(identity),
          platform: "WEB",
        });
        if (gone) return opened.close();
        keepIdentity(identity);
        setChat(opened);
      } catch (error) {
        if (gone) return;
        keepIdentity(null);
        setIdentity(null);
        setProblem(explain.current(error));
      }
    };
    void enter();
    return () => {
      gone = true;
      opened?.close();
      setChat(null);
    };
  }, [identity]);

  const forget = useCallback(() => {
    keepIdentity(null);
    setIdentity(null);
    location.hash = "#/";
  }, []);
  const session = useMemo(() => {
    if (chat === null) return null;
    // What the server says to it changes nothing here.
    return {
      chat,
      leave: forget,
      signOut: () =>
        void chat
          .logout()
          .catch(() => {})
          .then(forget),
    };
  }, [chat, forget]);
  const signIn = (wanted: Identity) => {
    setProblem(null);
    setIdentity(wanted);
  };

  if (session === null) return <SignIn busy={identity !== null} problem={problem} onSignIn={signIn} />;
  return (
    <ChatContext value={session}>
      <Shell />
    </ChatContext>
  );
}
