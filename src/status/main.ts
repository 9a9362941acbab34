/** The status page: asks the server for its numbers every few seconds, while somebody can see it. */
import { span } from "../numbers/units.ts";
import { type Answer, ask } from "./ask.ts";
import { element, part } from "./elements.ts";
import { panels } from "./panels.ts";
import { currentToken, forgetToken, keepToken } from "./session.ts";
import "./style.css";

const REFRESH_MS = 5_000;

const content = part("content");
const about = part("about");
const trouble = part("trouble");
const leave = part("leave");

let timer: number | undefined;
/** Counts the questions: an answer to one that is not the last says nothing any more. */
let asked = 0;

function say(text: string): void {
  if (trouble.textContent !== text) trouble.textContent = text;
}

function showForm(reason: string): void {
  const field = element("input", {
    id: "token",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    required: "",
    "aria-describedby": "token-hint",
  });
  const form = element(
    "form",
    {},
    element("label", { for: "token" }, "Token of an admin"),
    field,
    element(
      "p",
      { id: "token-hint" },
      "It is kept until this tab is closed. Your app signs one, or: parley token <user> --admin",
    ),
    element("button", { type: "submit" }, "Show the status"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keepToken(field.value);
    void refresh();
  });
  content.className = "";
  content.replaceChildren(form);
  about.textContent = "";
  leave.hidden = true;
  say(reason);
  field.focus();
}

function show(answer: Answer): void {
  switch (answer.kind) {
    case "numbers": {
      const { stats } = answer;
      content.className = "panels";
      content.replaceChildren(...panels(stats));
      about.textContent = `Version ${stats.version}, up ${span(Date.parse(stats.at) - Date.parse(stats.startedAt))}`;
      leave.hidden = false;
      say("");
      break;
    }
    case "refused":
      forgetToken();
      showForm(answer.reason);
      break;
    case "away":
      content.classList.add("stale");
      say("The server does not answer. It is asked again every few seconds.");
      break;
    default:
      answer satisfies never;
  }
}

async function refresh(): Promise<void> {
  clearTimeout(timer);
  asked += 1;
  const mine = asked;
  let answer: Answer;
  try {
    const token = await currentToken();
    if (token === null) {
      showForm("");
      return;
    }
    answer = await ask(token);
  } catch {
    answer = { kind: "away" };
  }
  if (mine !== asked) return;
  show(answer);
  if (answer.kind !== "refused" && !document.hidden) timer = setTimeout(() => void refresh(), REFRESH_MS);
}

leave.addEventListener("click", () => {
  clearTimeout(timer);
  asked += 1;
  forgetToken();
  showForm("");
});
document.addEventListener("visibilitychange", () => {
  // A form that waits for a token is left alone.
  if (!document.hidden && content.querySelector("form") === null) void refresh();
});
void refresh();
