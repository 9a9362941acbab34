/** The chat page: made with the SDK and nothing else of the server's, like an app's own. */
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import "./base.css";
import { startTranslating } from "./i18n/i18n.ts";
import { followTheme } from "./shared/preferences.ts";

followTheme();
void startTranslating().then(() => {
  const root = document.querySelector("#root");
  if (root !== null) createRoot(root).render(<App />);
});
