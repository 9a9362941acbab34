import { login } from "parley/client";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";

const root = createRoot(document.getElementById("root") ?? document.body);

async function getToken(user: string): Promise<string> {
  const response = await fetch(`/chat-token?user=${user}`);
  if (!response.ok) throw new Error(`The back end gave no token: ${await response.text()}`);
  return response.text();
}

async function enter(user: string): Promise<void> {
  root.render("Logging in…");
  try {
    const chat = await login({ url: "http://127.0.0.1:4000/graphql", user, token: () => getToken(user) });
    chat.on("error", (error) => console.error(error));
    root.render(<App chat={chat} />);
  } catch (error) {
    root.render(<p role="alert">{String(error)}</p>);
  }
}

const user = new URLSearchParams(location.search).get("user");
if (user === null) {
  root.render(
    <nav>
      <a href="?user=alice">I am alice</a>
      <a href="?user=bob">I am bob</a>
    </nav>,
  );
} else {
  void enter(user);
}
