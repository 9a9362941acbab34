/**
 * Signs a token, as the app's back end does for each of its users: once the app knows who is there.
 *
 *     PARLEY_SECRET=… node sign-token.mjs alice
 *     PARLEY_SECRET=… node sign-token.mjs anna admin
 */
import { SignJWT } from "jose";

const secret = new TextEncoder().encode(process.env.PARLEY_SECRET);

/** @param role `"admin"` for those who may do everything; leave it out for all others */
function signToken(user, role) {
  return new SignJWT(role === undefined ? {} : { role })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(user)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(secret);
}

const [user, role] = process.argv.slice(2);
console.log(await signToken(user, role));
