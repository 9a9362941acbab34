/** The signed-in chat, for whatever is shown of it. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Chat, ConnectionState, Conversation, Observable } from "../../client/index.ts";

export interface ChatSession {
  readonly chat: Chat;
  /** Leaves, and erases what is kept here. */
  readonly signOut: () => void;
  /** Leaves, to sign in anew; what is kept stays. */
  readonly leave: () => void;
}

export const ChatContext = createContext<ChatSession | null>(null);

export function useSession(): ChatSession {
  const session = useContext(ChatContext);
  if (session === null) throw new Error("there is no chat here");
  return session;
}

export function useChat(): Chat {
  return useSession().chat;
}

export function useObservable<T>(observable: Observable<T>): T {
  return useSyncExternalStore(observable.subscribe, observable.getSnapshot);
}

export function useConnection(): ConnectionState {
  return useObservable(useChat().connection);
}

export function useConversations(): readonly Conversation[] {
  return useObservable(useChat().conversations);
}

export function useConversation(peer: string): Conversation | null {
  return useConversations().find((conversation) => conversation.peer.id === peer) ?? null;
}
