// A real OpenID provider (npm oidc-provider) on the loopback. What it asks a person for is the least that shows two factors:
// a name, and a code where the second factor is wanted.
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import Provider, { interactionPolicy } from "oidc-provider";

export const PASSWORD_ACR = "urn:test:password";
export const TWO_FACTORS_ACR = "urn:test:two-factors";
export const CLIENT = { id: "chengdang", secret: "a secret of the browser test" };

/** A port that nobody uses now: the service's address is registered at the provider before the service runs. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a provider that knows the service at `address`. */
export async function startProvider(address) {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration(address));
  provider.on("backchannel.error", (_, error) => console.error(`the back channel: ${error.message} ${error.cause ?? ""}`));
  const oidc = provider.callback();
  server.on("request", (request, response) => {
    const isInteraction = request.url.startsWith("/interaction/");
    if (!isInteraction) return oidc(request, response);
    interact(provider, request, response).catch((error) => { response.statusCode = 500; response.end(String(error)); });
  });
  return { issuer, stop: () => { server.closeAllConnections(); server.close(); } };
}

function configuration(address) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const policy = interactionPolicy.base();
  // Core §3.1.2.1: `acr_values` is a wish; this provider grants it.
  policy.get("login").checks.add(new interactionPolicy.Check("acr_wanted", "a second factor is wanted", ({ oidc }) => {
    const wanted = oidc.params.acr_values?.split(" ") ?? [];
    return wanted.length > 0 && !wanted.includes(oidc.acr);
  }));
  return {
    acrValues: [PASSWORD_ACR, TWO_FACTORS_ACR],
    clients: [{
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      redirect_uris: [`${address}/login/return`],
      backchannel_logout_uri: `${address}/api/v1/back-channel-logout`,
      backchannel_logout_session_required: true,
      require_auth_time: true,
    }],
    cookies: { keys: ["of the browser test"] },
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { policy, url: (_, interaction) => `/interaction/${interaction.uid}` },
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "key-1" }] },
    // The service is the city's own: nobody is asked whether it may know who signs in.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid");
      await grant.save();
      return grant;
    },
    // To the loopback of this machine, from which its own dispatcher keeps it.
    fetch: (url, options) => globalThis.fetch(url, { ...options, dispatcher: undefined }),
  };
}

async function interact(provider, request, response) {
  const { params, session } = await provider.interactionDetails(request, response);
  const wantsCode = params.acr_values?.split(" ").includes(TWO_FACTORS_ACR) ?? false;
  if (request.method === "GET") {
    response.setHeader("content-type", "text/html; charset=utf-8");
    const name = session ? `<p>${session.accountId}</p>` : '<label>Name <input name="name" required></label>';
    const code = wantsCode ? '<label>Code <input name="code" required></label>' : "";
    response.end(`<!doctype html><title>Provider</title><form method="post">${name}${code}<button type="submit">Sign in</button></form>`);
    return;
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  const form = new URLSearchParams(body);
  const accountId = session?.accountId ?? form.get("name");
  const isStrong = wantsCode && form.get("code") === "123456";
  const login = { accountId, acr: isStrong ? TWO_FACTORS_ACR : PASSWORD_ACR, amr: isStrong ? ["pwd", "otp"] : ["pwd"] };
  await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
}
