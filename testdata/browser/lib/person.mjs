// A person without a browser: follows redirects, keeps cookies, fills forms in. For tests that are about the protocol.
export class Person {
  #cookies = new Map();

  // go follows redirects until a page comes, or until one leads to stopAt, whose URL is then returned.
  async go(url, { stopAt, ...init } = {}) {
    for (let hops = 0; hops < 20; hops++) {
      if (stopAt && url.startsWith(stopAt)) return { url: new URL(url) };
      const response = await fetch(url, {
        ...init, redirect: "manual", signal: AbortSignal.timeout(60_000),
        headers: { ...init.headers, cookie: [...this.#cookies].map(([k, v]) => `${k}=${v}`).join("; ") },
      });
      for (const line of response.headers.getSetCookie()) this.#keep(line);
      const location = response.headers.get("location");
      if (!location) return { url: new URL(url), status: response.status, html: await response.text() };
      [url, init] = [new URL(location, url).href, {}];
    }
    throw new Error("more than 20 redirects");
  }

  // submit sends a form of a page with the given values on top of its hidden fields.
  submit(page, id, values, options) {
    const form = page.html.match(new RegExp(`<form[^>]*\\sid="?${id}["\\s>][\\s\\S]*?</form>`))?.[0];
    if (!form) throw new Error(`no form#${id} on ${page.url.pathname} (status ${page.status})`);
    const action = attribute(form.match(/<form[^>]*>/)[0], "action") ?? page.url.href;
    const body = new URLSearchParams(values);
    for (const [input] of form.matchAll(/<input[^>]*>/g)) {
      if (attribute(input, "type") === "hidden") body.append(attribute(input, "name"), attribute(input, "value") ?? "");
    }
    return this.go(new URL(action, page.url).href, { ...options, method: "POST", body });
  }

  #keep(line) {
    const [pair, ...attributes] = line.split(";");
    const at = pair.indexOf("=");
    const gone = attributes.some((a) => /^\s*max-age=(0|-\d+)\s*$/i.test(a));
    if (gone) this.#cookies.delete(pair.slice(0, at).trim());
    else this.#cookies.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  }
}

function attribute(tag, name) {
  const value = tag.match(new RegExp(`\\s${name}="([^"]*)"`))?.[1];
  return value?.replace(/&amp;/g, "&").replace(/&#43;/g, "+").replace(/&#34;/g, '"').replace(/&#39;/g, "'").replace(/&lt;/g, "<").replace(/&gt;/g, ">");
}
