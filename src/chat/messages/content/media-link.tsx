/** A link to media: where it lies on this server, and the link has run out, the way is asked for anew. */
import type { CSSProperties, MouseEvent, ReactNode } from "react";
import type { Chat, Message } from "../../../client/index.ts";
import { useChat } from "../../shared/chat-context.ts";

interface MediaLinkProps {
  readonly message: Message;
  readonly url: string;
  readonly className: string | undefined;
  readonly style?: CSSProperties;
  readonly title?: string;
  readonly children: ReactNode;
}

/** Whether the server still answers to this link. */
async function isGood(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { method: "HEAD" })).status !== 403;
  } catch {
    // A bucket that it leads to does not let scripts look.
    return true;
  }
}

async function freshUrl(chat: Chat, message: Message, url: string): Promise<string> {
  if (await isGood(url)) return url;
  const fresh = await chat.reload(message).catch(() => null);
  const content = fresh?.content ?? null;
  return content !== null && "url" in content ? content.url : url;
}

export function MediaLink({ message, url, children, ...rest }: MediaLinkProps) {
  const chat = useChat();
  const open = (event: MouseEvent) => {
    if (message.id === null || new URL(url, location.href).origin !== location.origin) return;
    event.preventDefault();
    // Browsers open windows at a click alone, not after it.
    const tab = window.open("", "_blank");
    if (tab === null) return;
    tab.opener = null;
    void freshUrl(chat, message, url).then((fresh) => tab.location.replace(fresh));
  };
  return (
    <a href={url} target="_blank" rel="noopener noreferrer" onClick={open} {...rest}>
      {children}
    </a>
  );
}
