#!/usr/bin/env python3
"""Renders a report of `kullback drift --report report.html` in headless Chromium and checks it.

    scripts/report_in_browser.py report.html [FOLDER-FOR-PICTURES]

At 390 and 1280 pixels, light and dark: no message in the console, no request besides the file itself, nothing wider than
the page, text with a contrast of at least 4.5 to its background, one h1 and no heading that skips a level, and names for
everything that is an image. Also prints to PDF. Needs Chromium (`chromium`, `chromium-browser` or `google-chrome`, or
what CHROMIUM names), nothing else besides Python; it is no part of `.ci/run`.
"""

import base64
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

WIDTHS = [390, 1280]
SCHEMES = ["light", "dark"]
CONTRAST = 4.5

FACTS = r"""
(() => {
  const page = document.documentElement;
  const wide = [...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll') &&
    e.getBoundingClientRect().right > page.clientWidth + 0.5).map(e => e.tagName + '.' + (e.className.baseVal ?? e.className));
  const numbers = c => (c.match(/[\d.]+/g) || []).map(Number);
  const luminance = c => numbers(c).slice(0, 3).map(x => x / 255)
    .map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
    .reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor, n = numbers(c);
      if (n.length < 4 || n[3] > 0) return c;
    }
    return 'rgb(255, 255, 255)';
  };
  let least = Infinity, where = '';
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue;
    if (['STYLE', 'TITLE', 'DESC'].includes(e.tagName.toUpperCase())) continue;
    const style = getComputedStyle(e);
    const [a, b] = [luminance(e.closest('svg') ? style.fill : style.color), luminance(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least) { least = ratio; where = e.tagName + ': ' + e.textContent.slice(0, 40); }
  }
  const headings = [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]));
  const text = id => (document.getElementById(id)?.textContent || '').trim();
  const unnamed = [...document.querySelectorAll('svg,[role=img]')].filter(e =>
    !(e.getAttribute('aria-label') || (e.getAttribute('aria-labelledby') || '').split(' ').some(text))).length;
  const bare = [...document.querySelectorAll('table')].filter(t => !t.caption ||
    [...t.querySelectorAll('th')].some(th => !th.scope)).length;
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  return JSON.stringify({wide: wide.slice(0, 5), scroll: page.scrollWidth - page.clientWidth, least, where, headings, unnamed, bare,
    twice: ids.filter((id, i) => ids.indexOf(id) != i).slice(0, 5), height: page.scrollHeight,
    background: getComputedStyle(document.body).backgroundColor});
})()
"""


class Browser:
    """Chromium behind a pair of pipes that carry JSON, each message ended by a zero byte."""

    def __init__(self, program, profile):
        (their_in, self.out), (self.back, their_out) = os.pipe(), os.pipe()
        # The browser reads descriptor 3 and writes 4.
        command = f'exec "$0" "$@" 3<&{their_in} 4>&{their_out}'
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
                     f"--user-data-dir={profile}", "--no-first-run", "about:blank"]
        self.process = subprocess.Popen(["bash", "-c", command, program, *arguments], pass_fds=[their_in, their_out],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(their_in)
        os.close(their_out)
        self.numbers, self.events, self.rest = itertools.count(1), [], b""

    def read(self):
        while b"\0" not in self.rest:
            chunk = os.read(self.back, 1 << 16)
            if not chunk:
                raise SystemExit("the browser has gone away")
            self.rest += chunk
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, session=None, **params):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        while True:
            answer = self.read()
            if answer.get("id") == number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.read())

    def close(self):
        self.process.terminate()
        self.process.wait()


def look(browser, address, width, scheme, folder):
    """What is wrong with the page at this width, in this scheme."""
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ["Page", "Network", "Runtime", "Log"]:
        browser.ask(f"{domain}.enable", session)
    browser.ask("Emulation.setDeviceMetricsOverride", session, width=width, height=800, deviceScaleFactor=1,
                mobile=width < 600)
    browser.ask("Emulation.setEmulatedMedia", session,
                features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.events.clear()
    browser.ask("Page.navigate", session, url=address)
    browser.wait("Page.loadEventFired")
    evaluate = lambda text: browser.ask("Runtime.evaluate", session, expression=text)["result"]["value"]
    closed = json.loads(evaluate(FACTS))
    picture = lambda name: (folder / name).write_bytes(base64.b64decode(browser.ask(
        "Page.captureScreenshot", session, captureBeyondViewport=True,
        clip={"x": 0, "y": 0, "width": width, "height": min(closed["height"], 16000), "scale": 1})["data"]))
    picture(f"{width}-{scheme}.png")
    if width == max(WIDTHS) and scheme == "light":
        pdf = browser.ask("Page.printToPDF", session, paperWidth=8.27, paperHeight=11.69)["data"]
        (folder / "paper.pdf").write_bytes(base64.b64decode(pdf))
    evaluate("document.querySelectorAll('details').forEach(d => d.open = true); 0")
    opened = json.loads(evaluate(FACTS))
    faults = []
    for state, facts in [("", closed), ("with all details open, ", opened)]:
        if facts["scroll"] > 0 or facts["wide"]:
            faults.append(f"{state}wider than the page by {facts['scroll']}: {facts['wide']}")
        if facts["least"] < CONTRAST:
            faults.append(f"{state}contrast {facts['least']:.2f} of {facts['where']}")
    for key in ["unnamed", "bare"]:
        if opened[key]:
            faults.append(f"{opened[key]} {'images without a name' if key == 'unnamed' else 'tables without caption or scope'}")
    if opened["twice"]:
        faults.append(f"ids that stand twice: {opened['twice']}")
    levels = opened["headings"]
    if levels.count(1) != 1 or any(b > a + 1 for a, b in zip(levels, levels[1:])):
        faults.append(f"headings {levels}")
    dark = sum(int(x) for x in opened["background"].strip("rgb()").split(",")) < 3 * 128
    if dark != (scheme == "dark"):
        faults.append(f"background {opened['background']}")
    for event in browser.events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent" and params["request"]["url"] != address:
            faults.append(f"request for {params['request']['url'][:80]}")
        if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            faults.append(f"console: {json.dumps(params)[:200]}")
    browser.ask("Target.closeTarget", targetId=target)
    print(f"{width:5} {scheme:5}: {closed['height']} pixels high, least contrast {closed['least']:.1f}, "
          f"{'fine' if not faults else '; '.join(faults)}")
    return faults


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    named = [os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    program = next(filter(None, map(shutil.which, filter(None, named))), None)
    if program is None:
        raise SystemExit("no Chromium here; install one, or name it in CHROMIUM")
    page = pathlib.Path(sys.argv[1]).resolve()
    if not page.is_file():
        raise SystemExit(f"{page}: no such file; expected a report of `kullback drift --report report.html`")
    folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ".").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            faults = [fault for width in WIDTHS for scheme in SCHEMES
                      for fault in look(browser, page.as_uri(), width, scheme, folder)]
        finally:
            browser.close()
    print(f"pictures and paper.pdf are in {folder}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
