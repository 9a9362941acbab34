/** The app's back end, as far as Parley is concerned: it says who somebody is. */
import { createServer } from "node:http";
import { SignJWT } from "jose";

const secret = new TextEncoder().encode(process.env.PARLEY_SECRET);
const users = ["alice", "bob"];

const server = createServer(async (request, response) => {
  // Here people are who they say they are. Yours looks at its session instead, and never at what the page asks for.
  const user = new URL(request.url, "http://localhost").searchParams.get("user");
  if (!users.includes(user)) return response.writeHead(403).end("Nobody of that name.");
  const token = await new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(user)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(secret);
  response.end(token);
});

server.listen(process.env.PORT ?? 8080, "127.0.0.1", () => console.log(`The back end is on ${server.address().port}.`));
