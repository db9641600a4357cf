"""How to upload source maps: what to paste into a build, with a project's own address and name."""

from dataclasses import dataclass

from markupsafe import Markup

from lighttrace.web import snippets

CLI = """\
export SENTRY_URL={url} SENTRY_ORG=lighttrace SENTRY_PROJECT={project}
export SENTRY_AUTH_TOKEN=…   # of your build's secrets
sentry-cli sourcemaps inject dist
sentry-cli sourcemaps upload --release {release} dist"""
VITE = """\
import {{ sentryVitePlugin }} from "@sentry/vite-plugin";

export default {{
  build: {{ sourcemap: "hidden" }},
  plugins: [
    sentryVitePlugin({{
      url: "{url}",
      org: "lighttrace",
      project: "{project}",
      authToken: process.env.SENTRY_AUTH_TOKEN,
      telemetry: false,
    }}),
  ],
}};"""
ESBUILD = """\
const {{ sentryEsbuildPlugin }} = require("@sentry/esbuild-plugin");

require("esbuild").build({{
  sourcemap: true,
  plugins: [
    sentryEsbuildPlugin({{
      url: "{url}",
      org: "lighttrace",
      project: "{project}",
      authToken: process.env.SENTRY_AUTH_TOKEN,
      telemetry: false,
    }}),
  ],
}});"""
CURL = """\
curl -fsS -H "Authorization: Bearer $SENTRY_AUTH_TOKEN" \\
  -F file=@dist/main.js -F file=@dist/main.js.map -F url_prefix='~/static' \\
  {url}/api/0/projects/lighttrace/{project}/releases/{release}/files/"""
SERVER = """\
lighttrace sourcemaps upload dist --project {project} --release {release} \\
  --url-prefix '~/static/'"""
WAYS = (
    ("cli", "sentry-cli", "bash", CLI),
    ("vite", "Vite", "javascript", VITE),
    ("esbuild", "esbuild", "javascript", ESBUILD),
    ("curl", "curl", "bash", CURL),
    ("server", "on the server, without a token", "bash", SERVER),
)


@dataclass(frozen=True, slots=True)
class Way:
    id: str
    name: str
    text: str
    coloured: Markup


def ways(base_url: str, project: str, release: str) -> list[Way]:
    """The ways there are; the first is the one for who has no bundler's plugin."""
    values = {"url": base_url, "project": project, "release": release}
    found = []
    for id_, name, lexer, text in WAYS:
        filled = text.format(**values)
        found.append(Way(id_, name, filled, snippets.highlighted(filled, lexer)))
    return found
